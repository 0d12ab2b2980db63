import BossCatalog
import BossGeometry
import BossVoxels

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A directory of its own for one test, removed with its files at the end.
final class TemporaryDirectory {
    let path: String

    init() {
        var template = Array("/tmp/bosscatalog-XXXXXX".utf8CString)
        let made = mkdtemp(&template) != nil
        precondition(made, "no temporary directory")
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        chmod(path, 0o755)
    }

    deinit {
        chmod(path, 0o755)
        for name in names { unlink(path + "/" + name) }
        rmdir(path)
    }

    var file: String { path + "/catalog.sqlite" }

    /// Names of the files inside, sorted.
    var names: [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}

/// The bytes of a file; empty if it cannot be read.
func readBytes(_ path: String) -> [UInt8] {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while case let count = read(descriptor, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
    return bytes
}

/// Makes a file of these bytes, replacing what was there.
func writeBytes(_ bytes: [UInt8], to path: String) {
    unlink(path)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    precondition(descriptor >= 0, "cannot write \(path)")
    defer { close(descriptor) }
    let written = write(descriptor, bytes, bytes.count)
    precondition(written == bytes.count, "cannot write \(path)")
}

/// Opens a file, makes a catalog if there is none.
func openCatalog(_ path: String) throws -> Catalog {
    try Catalog.open(path: path, mode: .readWrite(create: true))
}

/// A frame of 4096 x 4096 x 512 voxels of 4 x 4 x 40 nm.
func standardFrame(_ name: String = "frame") -> NewCoordinateFrame {
    NewCoordinateFrame(
        name: name, stop: VoxelPoint(x: 4096, y: 4096, z: 512), voxelSize: PhysicalSize(x: 4, y: 4, z: 40))
}

/// A catalog in memory with collection `lab`, frame `frame`, experiment `lab/mouse` of 3 levels and 5 time
/// samples, channels `em` (image) and `seg` (annotation derived from `em`).
func populatedCatalog() throws -> Catalog {
    let catalog = try Catalog.inMemory()
    try populate(catalog)
    return catalog
}

func populate(_ catalog: Catalog) throws {
    try catalog.createCollection(NewCollection(name: "lab", description: "a lab", creator: "ann"))
    try catalog.createCoordinateFrame(standardFrame())
    try catalog.createExperiment(
        in: "lab",
        NewExperiment(
            name: "mouse", coordinateFrame: "frame", levelCount: 3, timeSampleCount: 5, timeStep: 12.5,
            timeStepUnit: .milliseconds))
    try catalog.createChannel(in: "lab", "mouse", NewChannel(name: "em", kind: .image, voxelType: .uint8))
    try catalog.createChannel(
        in: "lab", "mouse",
        NewChannel(name: "seg", kind: .annotation, voxelType: .uint64, sources: ["em"]))
}

/// Puts bytes into a file that stays the same file for those that have it open.
func overwrite(_ bytes: [UInt8], _ path: String) {
    let descriptor = open(path, O_WRONLY)
    precondition(descriptor >= 0, "cannot write \(path)")
    defer { close(descriptor) }
    let written = write(descriptor, bytes, bytes.count)
    precondition(written == bytes.count, "cannot write \(path)")
}
