import BossQL
import Foundation
import Synchronization

/// Writes the same region again and again, and watches how much of the disk the database takes meanwhile.
struct OverwriteBenchmark {
    /// How the region is overwritten.
    enum Work: String, CaseIterable {
        /// All of it, in pieces of some 64 MiB.
        case whole
        /// Cubes of 64 voxels on the grid at random places.
        case random
        /// Strokes of 24 x 24 x 4 voxels, off the grid, as a person proofreads.
        case strokes
    }

    /// One pass over as many bytes as the region has, or as a pass of small writes is to have.
    struct Pass {
        var seconds: Double
        var voxelByteCount: Int
        var writeCount: Int
        /// What the engine says of its files at the end.
        var storage: StorageStatistics?
    }

    /// What the sampler saw.
    struct Space: Sendable {
        var peak = 0
        /// The highest part of the bound that was taken.
        var worst = 0.0
        var violationCount = 0
        var sampleCount = 0
        var last = 0
    }

    let folder: String
    /// Edge lengths of the region.
    let extent: VoxelExtent
    /// Live bytes that the bound is computed from: those of the region, stored raw.
    private var liveByteCount: Int { extent.x * extent.y * extent.z }
    private static let slack = 2 << 30

    /// Bytes that the database may take.
    var bound: Int { liveByteCount / 2 * 3 + Self.slack }

    /// Overwrites and reports each pass.
    ///
    /// - Parameter passByteCount: voxel bytes of a pass of small writes.
    func run(
        _ work: Work, passes: Int, passByteCount: Int, report: (Int, Pass, Space) -> Void
    ) throws -> Space {
        let store = BenchStore(
            path: folder + "/overwrite.bossdb", extent: extent, voxelType: .uint8, options: DatabaseOptions())
        try store.create()
        defer { try? store.remove() }  // The measurement counts, not what is left of it.
        let sampler = SpaceSampler(path: store.path, bound: bound)
        let channel = try store.channel
        var random = SeededGenerator(seed: 7)
        if work != .whole { _ = try overwrite(channel, &random) }
        for pass in 0..<passes {
            let start = Clock.wall()
            let (byteCount, writeCount) =
                switch work {
                case .whole: try overwrite(channel, &random)
                case .random: try scatter(channel, edge: (64, 64, 64), grid: 64, passByteCount, &random)
                case .strokes: try scatter(channel, edge: (24, 24, 4), grid: 1, passByteCount, &random)
                }
            report(
                pass,
                Pass(
                    seconds: Clock.wall() - start, voxelByteCount: byteCount, writeCount: writeCount,
                    storage: store.statistics),
                sampler.space)
        }
        sampler.stop()
        try store.close()
        return sampler.space
    }

    private func overwrite(_ channel: Channel, _ random: inout SeededGenerator) throws -> (Int, Int) {
        let depth = max(16, (64 << 20) / (extent.x * extent.y) / 16 * 16)
        var count = 0
        for z in stride(from: 0, to: extent.z, by: depth) {
            let shape = [min(depth, extent.z - z), extent.y, extent.x]
            let slab = try Self.noise(shape, &random)
            try channel.write(slab, at: VoxelPoint(x: 0, y: 0, z: z))
            count += 1
        }
        return (liveByteCount, count)
    }

    private func scatter(
        _ channel: Channel, edge: (x: Int, y: Int, z: Int), grid: Int, _ byteCount: Int,
        _ random: inout SeededGenerator
    ) throws -> (Int, Int) {
        var written = 0
        var count = 0
        while written < byteCount {
            let block = try Self.noise([edge.z, edge.y, edge.x], &random)
            func place(_ length: Int, _ edge: Int) -> Int {
                Int.random(in: 0...(length - edge) / grid, using: &random) * grid
            }
            let origin = VoxelPoint(
                x: place(extent.x, edge.x), y: place(extent.y, edge.y), z: place(extent.z, edge.z))
            try channel.write(block, at: origin)
            written += block.voxelCount
            count += 1
        }
        return (written, count)
    }

    /// Noise of about 7 bits, which no codec makes smaller, and which differs each time.
    private static func noise(_ shape: [Int], _ random: inout SeededGenerator) throws -> AnyVolume {
        var volume = try AnyVolume(voxelType: .uint8, axes: [.z, .y, .x], shape: shape, zeroed: false)
        volume.withUnsafeMutableBytes { bytes in
            var word = 0
            while word + 8 <= bytes.count {
                bytes.storeBytes(of: random.next(), toByteOffset: word, as: UInt64.self)
                word += 8
            }
        }
        return volume
    }
}

/// Sums the lengths of a directory's files from a thread of its own, every 50 ms.
final class SpaceSampler: Sendable {
    private let state = Mutex(OverwriteBenchmark.Space())
    private let isStopped = Atomic<Bool>(false)
    private let ended = DispatchSemaphore(value: 0)
    private static let intervalMicroseconds: UInt32 = 50_000

    /// Starts to watch.
    init(path: String, bound: Int) {
        let thread = Thread { [self] in
            while !isStopped.load(ordering: .relaxed) {
                let total = StoreFiles(path).byteCount
                state.withLock { space in
                    space.sampleCount += 1
                    space.last = total
                    space.peak = max(space.peak, total)
                    space.worst = max(space.worst, Double(total) / Double(bound))
                    if total > bound { space.violationCount += 1 }
                }
                usleep(Self.intervalMicroseconds)
            }
            ended.signal()
        }
        thread.start()
    }

    /// What was seen so far.
    var space: OverwriteBenchmark.Space { state.withLock { $0 } }

    /// Stops to watch.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
        ended.wait()
    }
}
