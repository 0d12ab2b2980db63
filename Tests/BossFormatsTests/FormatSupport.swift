import BossFormats
import BossGeometry
import BossVoxels
import FoundationEssentials
import Testing

/// A temporary folder, removed when the value goes.
final class FormatFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/bossformats-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and gives its path.
    @discardableResult
    func write(_ bytes: [UInt8], _ name: String) throws -> String {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }

    /// Writes a fixture under its own name.
    @discardableResult
    func fixture(_ name: String) throws -> String { try write(try fixtureBytes(name), name) }
}

func fixtureBytes(_ name: String) throws -> [UInt8] {
    let text = try #require(FormatFixtures.base64[name], "no fixture \(name)")
    return Array(try #require(Data(base64Encoded: text)))
}

/// The voxels that `make.py` describes.
func expectedVoxels(_ voxelType: VoxelType, count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for index in 0..<count {
        let width = voxelType.byteCount
        var bits = (UInt64(index) &* 0x9E37_79B9_7F4A_7C15) >> UInt64(64 - 8 * width)
        if voxelType == .float32 { bits = UInt64((Float(index) * 0.75 - 10).bitPattern) }
        if voxelType == .float64 { bits = (Double(index) * 0.75 - 10).bitPattern }
        for byte in 0..<width { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(8 * byte))) }
    }
    return bytes
}

/// All voxels of a volume, read in slabs of a few slices.
func readAll(_ reader: any VolumeReader, slab: Int = 2) throws -> [UInt8] {
    var voxels = [UInt8](
        repeating: 0xEE, count: reader.timeSampleCount * reader.extent.z * reader.sliceByteCount)
    var offset = 0
    for time in 0..<reader.timeSampleCount {
        for start in stride(from: 0, to: reader.extent.z, by: slab) {
            let range = start..<min(start + slab, reader.extent.z)
            let count = range.count * reader.sliceByteCount
            try voxels.withUnsafeMutableBytes { buffer in
                try reader.read(
                    z: range, time: time,
                    into: UnsafeMutableRawBufferPointer(rebasing: buffer[offset..<offset + count]))
            }
            offset += count
        }
    }
    return voxels
}

func readFile(_ path: String, _ format: VolumeFormat? = nil) throws -> [UInt8] {
    try readAll(try VolumeFiles.open(pattern: path, format: format))
}

/// The error of opening and reading, or nil.
func failure(_ path: String, _ format: VolumeFormat? = nil, raw: RawLayout? = nil) throws -> FormatError? {
    do {
        _ = try readAll(try VolumeFiles.open(pattern: path, format: format, raw: raw))
        return nil
    } catch let error as FormatError {
        return error
    }
}

extension FormatError {
    /// The name of the case.
    var kind: String {
        String(
            String(reflecting: Mirror(reflecting: self).children.first?.label ?? "").filter { $0.isLetter })
    }
}

/// Volumes of a type with the letters of numpy.
let typeLetters: [(String, VoxelType)] = [
    ("u1", .uint8), ("u2", .uint16), ("u4", .uint32), ("u8", .uint64), ("i1", .int8), ("i2", .int16),
    ("i4", .int32), ("i8", .int64), ("f4", .float32), ("f8", .float64),
]
