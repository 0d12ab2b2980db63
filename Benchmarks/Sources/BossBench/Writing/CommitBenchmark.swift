import BossQL
import Foundation
import Synchronization

/// How many small writes a second become durable with several threads, beside a plain `write` and `fdatasync` of as many
/// bytes.
struct CommitBenchmark {
    let folder: String
    let seconds: Double

    /// What the writers write.
    enum Work: String, CaseIterable {
        /// 64^3 voxels of labels, a cuboid of its own for each writer; compresses to some kilobytes.
        case labels
        /// 64^3 voxels of an image, a cuboid of its own for each writer: 256 KiB that do not compress.
        case image
        /// 64^3 voxels of labels, all writers in one cuboid, a brick of its own for each.
        case sharedCuboid = "labels, one cuboid"

        var voxelType: VoxelType { self == .image ? .uint8 : .uint64 }
    }

    /// One line of the table.
    struct Row {
        var work: Work
        var writerCount: Int
        var commitsPerSecond: Double
        /// Beside one writer.
        var ratio: Double
        var p50Milliseconds: Double
        var p95Milliseconds: Double
        /// Bytes that a commit adds to the log, and how many writes of as many bytes a plain loop makes durable.
        var logByteCount: Int
        var plainPerSecond: Double
    }

    private static let edge = 64
    private static let writerLimit = 16

    /// Measures one kind of work with growing numbers of writers.
    func run(_ work: Work, writers: [Int] = [1, 2, 4, 8, 16], report: (Row) -> Void) throws {
        var single = 0.0
        for count in writers {
            let (latencies, seconds, byteCount) = try measure(work, count)
            let rate = Double(latencies.count) / seconds
            if count == 1 { single = rate }
            let logByteCount = max(1, byteCount / max(1, latencies.count))
            let sorted = latencies.sorted()
            report(
                Row(
                    work: work, writerCount: count, commitsPerSecond: rate, ratio: rate / max(single, 1e-9),
                    p50Milliseconds: Summary.percentile(sorted, 0.5) * 1e3,
                    p95Milliseconds: Summary.percentile(sorted, 0.95) * 1e3, logByteCount: logByteCount,
                    plainPerSecond: try PlainLog(path: folder + "/plain").rate(
                        byteCount: logByteCount, seconds: self.seconds / 2)))
        }
    }

    private func measure(_ work: Work, _ writerCount: Int) throws -> ([Double], Double, Int) {
        let store = BenchStore(
            path: folder + "/commits.bossdb",
            extent: VoxelExtent(x: 512 * Self.writerLimit, y: 512, z: 128), voxelType: work.voxelType,
            options: DatabaseOptions())
        try store.create()
        defer { try? store.remove() }  // The measurement counts, not what is left of it.
        var channel = try store.channel
        // A log and a base under the deltas, so that every commit is one of many.
        for writer in 0..<writerCount { try channel.write(block(work, writer, 0), at: origin(work, writer)) }
        try store.close()
        let before = StoreFiles(store.path).byteCount
        try store.open()
        channel = try store.channel
        let all = Mutex<[Double]>([])
        let start = Clock.wall()
        let end = start + seconds
        try onThreads(writerCount) { [channel] writer in
            var latencies: [Double] = []
            let blocks = try (1...2).map { try block(work, writer, $0) }
            while Clock.wall() < end {
                let began = Clock.wall()
                try channel.write(blocks[latencies.count % 2], at: origin(work, writer))
                latencies.append(Clock.wall() - began)
            }
            let own = latencies
            all.withLock { $0 += own }
        }
        let wall = Clock.wall() - start
        let latencies = all.withLock { $0 }
        // The log is cut to its length when the store is closed.
        try store.close()
        return (latencies, wall, max(0, StoreFiles(store.path).byteCount - before))
    }

    private func origin(_ work: Work, _ writer: Int) -> VoxelPoint {
        work == .sharedCuboid
            ? VoxelPoint(x: writer % 8 * Self.edge, y: writer / 8 * Self.edge, z: 0)
            : VoxelPoint(x: writer * 512, y: 0, z: 0)
    }

    private func block(_ work: Work, _ writer: Int, _ variant: Int) throws -> AnyVolume {
        let shape = [Self.edge, Self.edge, Self.edge]
        var volume = try AnyVolume(
            voxelType: work.voxelType, axes: [.z, .y, .x], shape: shape, zeroed: false)
        volume.withUnsafeMutableBytes { bytes in
            let seed = UInt64(writer * 3 + variant)
            if work == .image {
                var random = SeededGenerator(seed: seed)
                for offset in stride(from: 0, to: bytes.count, by: 8) {
                    bytes.storeBytes(of: random.next(), toByteOffset: offset, as: UInt64.self)
                }
            } else {
                // Slabs of one label each, four planes thick.
                for voxel in 0..<bytes.count / 8 {
                    let label = seed << 8 | UInt64(voxel / (4 * Self.edge * Self.edge))
                    bytes.storeBytes(of: label, toByteOffset: voxel * 8, as: UInt64.self)
                }
            }
        }
        return volume
    }
}

/// The simplest durable log: appends to one preallocated file, one `fdatasync` each.
struct PlainLog {
    let path: String

    /// Appends a second.
    func rate(byteCount: Int, seconds: Double) throws -> Double {
        let descriptor = open(path, O_CREAT | O_RDWR | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw BenchError.unsupported("a file that cannot be made: \(path)") }
        defer {
            _ = close(descriptor)
            _ = unlink(path)
        }
        let allocated = 256 << 20
        _ = posix_fallocate(descriptor, 0, off_t(allocated))
        var random = SeededGenerator(seed: 1)
        let bytes = (0..<byteCount).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        var offset = 0
        var count = 0
        let start = Clock.wall()
        while Clock.wall() < start + seconds {
            guard pwrite(descriptor, bytes, byteCount, off_t(offset)) == byteCount, fdatasync(descriptor) == 0
            else { throw BenchError.unsupported("a write that fails: \(path)") }
            offset += byteCount
            count += 1
            if offset + byteCount > allocated { offset = 0 }
        }
        return Double(count) / (Clock.wall() - start)
    }
}
