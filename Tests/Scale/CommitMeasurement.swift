import BossCodec
import BossSimulator
import BossStorage
import BossVoxels
import Foundation
import Synchronization

/// How many small durable commits the engine makes a second, by some threads at once.
///
/// Each commit replaces one small cuboid that is already encoded, so that what is measured is the commit: its log
/// record, the flush that it shares with others, and its publication.
struct CommitMeasurement {
    let folder: String
    /// Milliseconds by which every flush of the log is made longer, for disks that are slower than this one.
    let flushMilliseconds: Int
    let seconds: Double

    struct Row {
        let threadCount: Int
        let commitCount: Int
        let flushCount: Int
        let seconds: Double
        var rate: Double { Double(commitCount) / seconds }
    }

    func run(threadCount: Int) throws -> Row {
        let path = "\(folder)/commits-\(flushMilliseconds)-\(threadCount).bossdb"
        let flushes = Atomic<Int>(0)
        let delay = UInt32(flushMilliseconds * 1000)
        let files = HookedFileSystem(try PosixFileSystem(directory: path, createIfMissing: true)) {
            operation in
            guard operation.kind == .sync, operation.path.hasPrefix("wal/") else { return }
            flushes.add(1, ordering: .relaxed)
            if delay > 0 { usleep(delay) }
        }
        let engine = try StorageEngine.open(
            fileSystem: files, mode: .readWrite(create: true), options: StorageOptions())
        let isDone = Atomic<Bool>(false)
        let commits = Atomic<Int>(0)
        let failure = Mutex<(any Error)?>(nil)
        let ended = DispatchSemaphore(value: 0)
        try commit(engine, thread: 0, number: 0)
        flushes.store(0, ordering: .relaxed)
        let start = ContinuousClock.now
        for thread in 0..<threadCount {
            Thread.detachNewThread {
                defer { ended.signal() }
                var number: UInt64 = 1
                do {
                    while !isDone.load(ordering: .relaxed) {
                        try commit(engine, thread: thread, number: number)
                        commits.add(1, ordering: .relaxed)
                        number += 1
                    }
                } catch { failure.withLock { $0 = error } }
            }
        }
        Thread.sleep(forTimeInterval: seconds)
        isDone.store(true, ordering: .relaxed)
        for _ in 0..<threadCount { ended.wait() }
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        if let error = failure.withLock({ $0 }) { throw error }
        let row = Row(
            threadCount: threadCount, commitCount: commits.load(ordering: .relaxed),
            flushCount: flushes.load(ordering: .relaxed), seconds: elapsed)
        try engine.close()
        try FileManager.default.removeItem(atPath: path)
        return row
    }

    private func commit(_ engine: StorageEngine, thread: Int, number: UInt64) throws {
        let key = CuboidKey(
            group: PageGroup(channel: UInt32(thread + 1), resolution: 0, time: 0), morton: number % 1024)
        var builder = PageBuilder(
            key: key, kind: .full,
            encoder: BrickEncoder(voxelType: .uint8, brickByteCount: 4096, preference: .none),
            voxelByteCount: 1, brickByteCount: 4096, brickCapacity: 1,
            scratch: VoxelStorage(byteCount: BrickEncoder.outputBound(4096), zeroed: false))
        try builder.append(brick: 0) { voxels in
            for index in voxels.indices {
                voxels[index] = UInt8(truncatingIfNeeded: UInt64(index) &* 31 &+ number)
            }
        }
        var batch = WriteBatch(base: try engine.view())
        batch.put(builder.finish(), dependsOnBase: true)
        try engine.commit(batch)
    }

    /// Measures one writer and eight, on the disk as it is and with slower flushes, and prints a table.
    static func report(folder: String) throws {
        print("\nsmall durable commits of the engine, one cuboid of 4 KiB each")
        print("flush made longer by   writers   commits/s   ratio   commits a flush")
        for milliseconds in [0, 2, 5] {
            var first = 0.0
            for threadCount in [1, 8] {
                let measurement = CommitMeasurement(
                    folder: folder, flushMilliseconds: milliseconds, seconds: 4)
                let row = try measurement.run(threadCount: threadCount)
                if threadCount == 1 { first = row.rate }
                print(
                    String(
                        format: "%15d ms   %7d   %9.0f   %5.2f   %15.2f", milliseconds, threadCount, row.rate,
                        row.rate / first, Double(row.commitCount) / Double(max(1, row.flushCount))))
                fflush(nil)
            }
        }
    }
}
