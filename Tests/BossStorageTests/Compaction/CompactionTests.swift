import Glibc
import Testing

@testable import BossSimulator
@testable import BossStorage

/// What compaction leaves, where the scenarios do not look.
@Suite("Compaction")
struct CompactionTests {
    private func prepared(_ name: String) throws -> Session {
        let scenario = try #require(CrashScenario.all.first { $0.name == name })
        let session = Session(files: SimulatedFileSystem(seed: 61), options: scenario.options)
        try scenario.prepare(session)
        try session.open()
        return session
    }

    @Test("that is given up leaves neither files nor bytes that count")
    func givenUp() throws {
        var givenUpCount = 0
        for ordinal in 1..<20 {
            let session = try prepared("compaction")
            let engine = try #require(session.engine)
            try session.checkpoint()
            session.files.setFaults(.failAtOperation(ordinal, errno: EIO, kinds: [.write]))
            let error = #expect(throws: StorageError.self) {
                try engine.compact()
                throw StorageError.closed
            }
            session.files.setFaults(.none)
            // A root that could not be written stops the writer, and the next one removes the files.
            guard error != .closed, engine.writer.withLock({ $0.failure }) == nil else { continue }
            givenUpCount += 1
            try refuseStrays(session, engine, rootLimit: .max)
            #expect(engine.spaceUsage.inFlight == 0, "operation \(ordinal)")
            _ = try session.state(of: try engine.view(), engine)
        }
        #expect(givenUpCount > 2)
    }

    @Test("is not needed for a channel that is dropped right before the end to give its space back")
    func droppedBeforeClosing() throws {
        let session = Session(files: SimulatedFileSystem(seed: 64), options: CrashScenario.smallOptions)
        try session.open()
        try session.bulk([(CuboidKey(2, 0), session.full())])
        let before = session.files.usedByteCount
        try session.bulk((0..<64).map { (CuboidKey(1, $0), session.full()) })
        #expect(session.files.usedByteCount > before + 128 << 10)
        try session.drop(channel: 1)
        try session.close()
        #expect(session.files.usedByteCount < before + 16 << 10)
        try session.open()
        try session.expectAcknowledged()
        try refuseStrays(session, try #require(session.engine))
    }

    @Test("takes the older half of the history at a time when space gets short", arguments: [false, true])
    func halves(isBulk: Bool) throws {
        var options = CrashScenario.smallOptions
        options.spaceSlackByteCount = 6 << 20
        options.compactionByteCount = 512 << 10
        let session = Session(
            files: SimulatedFileSystem(seed: 63), options: options, brickByteCount: 16 << 10)
        try session.open()
        let engine = try #require(session.engine)
        try engine.setRetention(microseconds: 1 << 50)
        var moves = 0
        var oldest = engine.history.oldest
        for number in UInt64(0)..<500 {
            let change = [(CuboidKey(1, number % 16), session.full())]
            if isBulk { try session.bulk(change) } else { try session.commit(change) }
            let kept = session.acknowledgedSequence - oldest
            try engine.maintainAll()
            let left = session.acknowledgedSequence - engine.history.oldest
            if engine.history.oldest > oldest {
                moves += 1
                #expect(left >= kept / 2, "commit \(number): \(kept) commits were kept, now \(left)")
            }
            oldest = engine.history.oldest
            #expect(engine.spaceUsage.total <= engine.spaceUsage.bound)
        }
        #expect(moves > 1, "\(engine.spaceUsage), oldest \(oldest)")
        try session.expectAcknowledged()
    }

    @Test(
        "gives back the space of a channel that was dropped while its pages were in the log",
        arguments: [false, true])
    func droppedInLog(isReopened: Bool) throws {
        let session = Session(files: SimulatedFileSystem(seed: 62), options: CrashScenario.sealingOptions)
        try session.open()
        try session.commit([(CuboidKey(2, 0), session.full())])
        try session.checkpoint()
        try session.engine?.maintainAll()
        let before = session.files.usedByteCount
        for code in UInt64(0)..<40 { try session.commit([(CuboidKey(1, code), session.full())]) }
        try session.drop(channel: 1)
        if isReopened {
            session.kill()
            try session.open()
        }
        try session.expectAcknowledged()
        try session.checkpoint()
        try session.engine?.maintainAll()
        try session.expectAcknowledged()
        let engine = try #require(session.engine)
        // What stays are notes of 41 commits and headers of files.
        #expect(session.files.usedByteCount - before < 41 * 1024 + 32 << 10)
        #expect(engine.spaceUsage.dead == 0)
        #expect(engine.writer.withLock { $0.root.droppedChannels } == [])
        #expect(try engine.check(.full) == [])
    }

    /// With little to compact, its record is looked at while segments still hold what it hides.
    @Test(
        "a deletion hides what it hid at every step of upkeep, while older commits show it",
        arguments: ["compaction", "checkpoint"])
    func deletionStays(_ name: String) throws {
        let session = try prepared(name)
        let engine = try #require(session.engine)
        let group = CuboidKey(1, 0).group
        try session.checkpoint()
        try session.delete(ModelBox(group, around: 0, 3))
        try session.commit([(CuboidKey(1, 1), session.full())])
        try session.checkpoint()
        var stepCount = 0
        repeat {
            _ = try session.state(of: try engine.view(), engine)
            try session.checkPast()
            stepCount += 1
        } while try engine.maintain() != nil
        #expect(stepCount > 1)
    }

    /// The entry that the deletion leaves for each cuboid is what tells.
    @Test("a deletion is still a conflict when its record and all that it hid are gone")
    func deletionConflicts() throws {
        let session = try prepared("delete box")
        let engine = try #require(session.engine)
        try session.checkpoint()
        let key = CuboidKey(1, 0)
        var late = WriteBatch(base: try engine.view())
        late.put(try session.bricks.page(key, session.full()), dependsOnBase: true)
        try session.setRetention(0)
        try session.delete(ModelBox(key.group, around: 0, 3))
        try session.compact()
        try session.maintain()
        #expect(engine.publishedView.state.rangeTombstones.isEmpty)
        #expect(throws: StorageError.writeConflict) { try engine.commit(late) }
    }
}
