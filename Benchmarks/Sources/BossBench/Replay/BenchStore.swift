import BossQL
import Foundation

/// A database with the one channel that is measured.
final class BenchStore {
    let path: String
    private let extent: VoxelExtent
    private let voxelType: VoxelType
    private let options: DatabaseOptions
    private var opened: (database: Database, channel: Channel)?

    /// A store that is neither made nor open yet.
    init(path: String, extent: VoxelExtent, voxelType: VoxelType, options: DatabaseOptions) {
        (self.path, self.extent, self.voxelType, self.options) = (path, extent, voxelType, options)
    }

    private static let channelPath = "bench/volume/voxels"

    /// Whether voxels are labels: those of 8 bytes.
    var isAnnotation: Bool { voxelType == .uint64 }

    /// The open channel.
    var channel: Channel {
        get throws {
            guard let opened else { throw BenchError.unsupported("a store that is not open") }
            return opened.channel
        }
    }

    /// Where the bytes of the open store are.
    var statistics: StorageStatistics? { opened?.database.storageStatistics }

    /// Removes what there is and makes an empty store with one channel and two resolution levels.
    func create() throws {
        try remove()
        let database = try Database.open(path, options: options)
        try database.createCollection("bench")
        let box = VoxelBox(origin: VoxelPoint(x: 0, y: 0, z: 0), extent: extent)
        try database.createFrame("space", box: box, voxelSize: PhysicalSize(x: 8, y: 8, z: 40))
        try database.createExperiment("bench/volume", frame: "space", levelCount: 2)
        let channel = try database.createChannel(
            Self.channelPath, kind: isAnnotation ? .annotation : .image, voxelType: voxelType)
        opened = (database, channel)
    }

    /// Opens the store.
    func open() throws {
        let database = try Database.open(path, options: options)
        opened = (database, try database.channel(Self.channelPath))
    }

    /// Closes the store; closing twice does nothing.
    func close() throws {
        try opened?.database.close()
        opened = nil
    }

    /// Closes the store and removes its folder.
    func remove() throws {
        try close()
        if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
    }

    /// Copies whole planes of a raw volume into the channel, durable when it returns.
    ///
    /// Slabs of up to 64 MiB, each a commit of its own: the library has no public bulk load over several writes.
    /// - Parameter offset: planes that the channel's are above the raw volume's.
    func ingest(_ raw: RawVolume, z: Range<Int>, offset: Int = 0) throws {
        let channel = try channel
        let depth = max(16, (64 << 20) / raw.planeByteCount / 16 * 16)
        // One block of memory for all slabs: fresh pages cost more than the copy into them.
        var slab: AnyVolume?
        for lower in stride(from: z.lowerBound, to: z.upperBound, by: depth) {
            let part = lower..<min(lower + depth, z.upperBound)
            if slab?.length(.z) != part.count {
                slab = try AnyVolume(
                    voxelType: voxelType, axes: [.z, .y, .x], shape: [part.count, extent.y, extent.x],
                    zeroed: false)
            }
            slab?.withUnsafeMutableBytes { $0.copyMemory(from: raw.planes(part)) }
            if let slab { try channel.write(slab, at: VoxelPoint(x: 0, y: 0, z: part.lowerBound + offset)) }
        }
    }

    /// Closes the store, drops its files from the page cache, and opens it again.
    ///
    /// - Returns: bytes of its files that stayed in the page cache all the same.
    func reopenCold() throws -> Int {
        try close()
        let files = StoreFiles(path)
        files.dropFromPageCache()
        let resident = files.residentByteCount()
        try open()
        return resident
    }
}
