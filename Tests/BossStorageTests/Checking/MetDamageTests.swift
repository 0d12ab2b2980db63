import BossCodec
import BossTestSupport
import Synchronization
import Testing

@testable import BossSimulator
@testable import BossStorage

/// What the engine tells of damage that nobody asked it to look for.
@Suite("Damage that was met")
struct MetDamageTests {
    private static let seed: UInt64 = 0xDA3A

    /// A database with a bit of a brick flipped after the engine was opened, as in one that runs for long.
    private struct Damaged {
        let engine: StorageEngine
        let files: SimulatedFileSystem
        let path: String
        let offset: Int

        /// - Parameter channel: the file must hold only pages of this one.
        init(channel: UInt32) throws {
            let database = try RichDatabase(seed: MetDamageTests.seed, closes: true)
            files = database.files.clone()
            engine = try StorageEngine.open(
                fileSystem: files, mode: .readWrite(create: false), options: database.options)
            let references = try engine.published.withLock { $0 }.table.all().map(\.reference)
            let found = references.first { reference in
                [reference.minimumKey, reference.maximumKey].allSatisfy { $0.group.channel == channel }
            }
            path = try #require(found).path
            let page = try #require(files.segmentLayout(path)?.pages.first { $0.header.kind == .full })
            let brick = try #require(page.entries.first { $0.codec != .constant })
            offset = page.offset + Int(brick.offset)
            try flip()
        }

        func flip() throws { try files.corrupt(path, offset: offset, bit: 3) }

        func scrub() throws { while try engine.scrub(byteCount: 1 << 20) != nil {} }

        var told: String? { engine.spaceUsage.lastDamage.map { "\($0.object): \($0.message)" } }
    }

    @Test("what scrubbing finds is told with its file until the file is gone")
    func scrubbedAndDropped() throws {
        let damaged = try Damaged(channel: 6)
        #expect(damaged.told == nil)
        try damaged.scrub()
        #expect(damaged.told?.contains(damaged.path) == true, "\(damaged.told ?? "nothing")")
        // Maintenance that works does not hide it.
        _ = try damaged.engine.maintain()
        #expect(damaged.told?.contains(damaged.path) == true)
        try damaged.engine.dropChannel(6)
        while try damaged.engine.maintain() != nil {}
        #expect(damaged.told == nil && damaged.engine.metDamage == [])
        try damaged.engine.close()
    }

    @Test("what stops a compaction is told with its file until a full check finds the file whole")
    func compactedAndRepaired() throws {
        let damaged = try Damaged(channel: 6)
        // Some of the file has to be dead, else nobody would write it again.
        var batch = WriteBatch(base: try damaged.engine.view())
        batch.delete(PageGroup(channel: 6, resolution: 0, time: 0), lowest: 2, highest: 2)
        try damaged.engine.commit(batch)
        try damaged.engine.setRetention(microseconds: 0)
        let error = #expect(throws: StorageError.self) { try damaged.engine.compact() }
        #expect(error?.troubledFile == damaged.path)
        #expect(damaged.told?.contains(damaged.path) == true, "\(damaged.told ?? "nothing")")
        // Steps after it leave the file alone.
        while try damaged.engine.maintain() != nil {}
        #expect(damaged.told?.contains(damaged.path) == true)
        #expect(try damaged.engine.check(.full).count == 1)
        #expect(damaged.told?.contains(damaged.path) == true)
        try damaged.flip()
        #expect(try damaged.engine.check(.full) == [])
        #expect(damaged.told == nil)
        try damaged.engine.close()
    }

    @Test("a compaction whose own output fails tells of no damage")
    func ownOutput() throws {
        let database = try RichDatabase(seed: Self.seed, closes: true)
        let engine = try StorageEngine.open(
            fileSystem: database.files, mode: .readWrite(create: false), options: database.options)
        database.files.setFaults(.failAtOperation(1, errno: 5, kinds: [.write]))
        #expect(throws: StorageError.self) { try engine.compact() }
        database.files.setFaults(.none)
        #expect(engine.metDamage == [])
        try? engine.close()
    }
}
