import BossCatalog
import BossFormats
import BossGeometry
import BossTestSupport
import BossVoxels
import Foundation
import Synchronization
import Testing

@testable import BossDatabase

/// Readers beside a writer, writers beside each other, tasks.
@Suite("Concurrency")
struct ConcurrencyTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("lab.bossdb")
    }

    private func readOnly() throws -> Database {
        var options = DatabaseOptions()
        options.access = .readOnly
        return try Database.open(path, options: options)
    }

    private let region = CutoutRegion(box: VoxelBox(x: 5..<46, y: 3..<36, z: 2..<19))

    private func constant(_ value: UInt8) throws -> AnyVolume {
        try ModelVolume(region.box, filledWith: UInt64(value)).volume(.uint8)
    }

    @Test(
        "a reader that is not asked anything keeps no file that the writer has replaced; one in the midst of work does"
    )
    func idleReader() throws {
        let writer = try Database.open(path, options: smallOptions(bulk: 20_000))
        try writer.setHistoryRetention(microseconds: 0)
        let image = try writer.make(ChannelPlan())
        try image.write(try constant(1), at: region.box.lower)
        let reader = try readOnly()
        var view: DatabaseView? = try reader.view()
        for value in UInt8(2)..<5 {
            try image.write(try constant(value), at: region.box.lower)
            try writer.compact()
        }
        #expect(writer.storageStatistics.readerByteCount > 0)
        let old = try reader.channel("lab/exp/data").read(region, view: view)
        #expect(old.bits.allSatisfy { $0 == 1 })
        view = nil
        let end = ContinuousClock.now + .seconds(60)
        while writer.storageStatistics.readerByteCount > 0, ContinuousClock.now < end {
            Thread.sleep(forTimeInterval: 0.05)
        }
        #expect(writer.storageStatistics.readerByteCount == 0)
        try reader.close()
        try writer.close()
    }

    @Test("a reader sees every commit once it returned, and none in part")
    func besideWriter() throws {
        var options = DatabaseOptions()
        options.bulkByteCount = 20_000
        let writer = try Database.open(path, options: options)
        let image = try writer.make(ChannelPlan())
        let labels = try writer.add(ChannelPlan(name: "labels", kind: .annotation, voxelType: .uint64))
        let reader = try readOnly()
        let acknowledged = Atomic<Int>(0)
        let isDone = Atomic<Bool>(false)
        let reads = Atomic<Int>(0)
        let failures = Mutex<[String]>([])
        let clock = ContinuousClock()
        let region = region
        let readerEnded = DispatchSemaphore(value: 0)
        // A thread of its own: those of a queue may all be busy with other tests.
        Thread.detachNewThread {
            defer { readerEnded.signal() }
            do {
                let (image, labels) = (
                    try reader.channel("lab/exp/data"), try reader.channel("lab/exp/labels")
                )
                var last = 0
                while !isDone.load(ordering: .acquiring) {
                    let before = acknowledged.load(ordering: .sequentiallyConsistent)
                    let view = try reader.view()
                    let values = Set(try image.read(region, view: view).bits).union(
                        try labels.read(region, view: view).bits)
                    reads.add(1, ordering: .relaxed)
                    let value = Int(values.first ?? 0)
                    if values.count != 1 || value < before || value < last {
                        failures.withLock { $0.append("\(values) after \(before), before that \(last)") }
                    }
                    last = value
                }
            } catch {
                failures.withLock { $0.append("reader: \(error)") }
            }
        }
        do {
            let end = clock.now + .milliseconds(1500)
            var number = 0
            while (clock.now < end && number < 250)
                || (reads.load(ordering: .relaxed) == 0 && failures.withLock(\.isEmpty))
            {
                number += 1
                try commit(number, writer, image, labels)
                acknowledged.store(number, ordering: .sequentiallyConsistent)
            }
        } catch {
            failures.withLock { $0.append("writer: \(error)") }
        }
        isDone.store(true, ordering: .releasing)
        readerEnded.wait()
        #expect(failures.withLock { $0.prefix(5) } == [])
        #expect(reads.load(ordering: .relaxed) > 0 && acknowledged.load(ordering: .relaxed) > 0)
        let last = UInt64(acknowledged.load(ordering: .relaxed))
        #expect(try reader.channel("lab/exp/labels").read(region).bits.allSatisfy { $0 == last })
        try reader.close()
        try writer.close()
    }

    /// Sets both channels to a number, in ways that take turns.
    private func commit(_ number: Int, _ writer: Database, _ image: Channel, _ labels: Channel) throws {
        let transaction = try writer.beginTransaction()
        let bytes = try ModelVolume(region.box, filledWith: UInt64(number)).volume(.uint8)
        let words = try ModelVolume(region.box, filledWith: UInt64(number)).volume(.uint64)
        try image.write(bytes, at: region.box.lower, in: transaction)
        try labels.write(words, at: region.box.lower, in: transaction)
        try transaction.commit()
        if number % 40 == 0 { try writer.checkpoint() }
        // A bulk load of what is there already changes nothing.
        if number % 15 == 0 { try labels.write(words, at: region.box.lower, mode: .preserve) }
    }

    @Test("writers on several threads all succeed, in one brick and in bulk", arguments: [8 << 20, 1])
    func concurrentWriters(bulkByteCount: Int) throws {
        let simulated = try SimulatedDatabase(options: smallOptions(bulk: bulkByteCount, workers: 2))
        let channel = try simulated.database.make(ChannelPlan(voxelType: .uint16))
        let failures = Mutex<[String]>([])
        let perThread = bulkByteCount == 1 ? 12 : 60
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            for number in 0..<perThread {
                do {
                    let voxel = try Volume<UInt16>(
                        extent: VoxelExtent(x: 1, y: 1, z: 1), elements: [UInt16(100 * thread + number + 1)])
                    // All in the first cuboid, each thread its own voxels.
                    let point = VoxelPoint(x: 5 + number % 11, y: 3 + number / 11, z: 2 + thread)
                    let summary = try channel.write(voxel, at: point)
                    if summary.changedVoxelCount != 1 { failures.withLock { $0.append("\(summary)") } }
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
        }
        #expect(failures.withLock { $0.prefix(5) } == [])
        var expected = ModelVolume(region.box, filledWith: 0)
        for thread in 0..<4 {
            for number in 0..<perThread {
                expected[5 + number % 11, 3 + number / 11, 2 + thread] = UInt64(100 * thread + number + 1)
            }
        }
        let found = ModelVolume(try channel.read(region), in: region.box)
        #expect(expected.firstDifference(from: found) == nil)
    }

    @Test("threads that share a transaction lose none of their writes")
    func sharedTransaction() throws {
        let simulated = try SimulatedDatabase(options: smallOptions(workers: 2))
        let channel = try simulated.database.make(ChannelPlan())
        let transaction = try simulated.database.beginTransaction()
        let failures = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            for number in 0..<60 {
                do {
                    let voxel = try Volume<UInt8>(extent: VoxelExtent(x: 1, y: 1, z: 1), elements: [7])
                    let point = VoxelPoint(x: 5 + number % 11, y: 3 + number / 11, z: 2 + thread)
                    try channel.write(voxel, at: point, in: transaction)
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
        }
        try transaction.commit()
        #expect(failures.withLock { $0.prefix(5) } == [])
        #expect(try channel.read(region).bits.count { $0 == 7 } == 240)
    }

    @Test("the forms for tasks read and write the same, and stop with their task")
    func tasks() async throws {
        let simulated = try SimulatedDatabase()
        let channel = try simulated.database.make(ChannelPlan(levels: 2))
        let summary = try await channel.write(try constant(8), at: region.box.lower)
        #expect(summary.changedVoxelCount == region.box.voxelCount && summary.commit == 1)
        let read = try await channel.read(region)
        #expect(read.bits.allSatisfy { $0 == 8 })
        #expect(try await channel.downsample().count == 1)
        let (volume, region) = (try constant(9), region)
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await channel.write(volume, at: region.box.lower)
        }
        task.cancel()
        let result = await task.result
        #expect(throws: DatabaseError.self) { try result.get() }
        if case .failure(let error as DatabaseError) = result { #expect(error.sqlState == "57014") }
        #expect(try await channel.read(region) == read)
    }
}
