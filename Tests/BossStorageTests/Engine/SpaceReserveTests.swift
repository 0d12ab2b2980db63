import Testing

@testable import BossSimulator
@testable import BossStorage

/// What goes on working on a disk without a free byte.
@Suite("Reserve for a full disk")
struct SpaceReserveTests {
    private static let seed: UInt64 = 0xB055

    private static let options: StorageOptions = {
        var options = CrashScenario.sealingOptions
        options.levelZeroLimit = 2
        return options
    }()

    /// Two channels of bulk data, one of small commits, a snapshot.
    private func prepared() throws -> Session {
        let session = Session(files: SimulatedFileSystem(seed: Self.seed), options: Self.options)
        try session.open()
        try session.bulk((0..<32).map { (CuboidKey(1, $0), session.full()) })
        try session.bulk((0..<24).map { (CuboidKey(2, $0), session.full()) })
        for code in UInt64(0)..<12 { try session.commit([(CuboidKey(3, code), session.full())]) }
        try session.engine?.createSnapshot("kept", scope: 0)
        return session
    }

    /// Refused, and nothing is changed by it.
    private func expectFull(_ session: Session) throws {
        session.isRefusedWhenFull = true
        session.continuesAfterErrors = true
        defer { session.continuesAfterErrors = false }
        let before = session.errors.count
        // The log may have some room left.
        for _ in 0..<20 where session.errors.count == before {
            try session.commit([(CuboidKey(3, 50), session.full())])
        }
        try session.bulk([(CuboidKey(1, 0), session.full())])
        let errors = session.errors.dropFirst(before)
        for error in errors {
            guard case .diskFull = error else { throw TestFailure("\(error)") }
        }
        guard errors.count == 2 else { throw TestFailure("a write on a full disk went through") }
        try session.expectAcknowledged()
    }

    @Test("deletions, drops and maintenance succeed without a free byte, and give space back")
    func deleting() throws {
        for room in stride(from: 0, to: 24 << 10, by: 1500) {
            let base = try prepared()
            try base.close()
            let session = Session(continuing: base, files: base.files.clone())
            try session.open()
            let engine = try #require(session.engine)
            let used = session.files.usedByteCount
            session.files.setFaults(.quota(byteCount: used + room))
            do {
                if room == 0 { try expectFull(session) }
                try session.delete(channel: 1, 0..<16)
                try session.expectAcknowledged()
                try engine.dropSnapshot("kept", scope: 0)
                try session.drop(channel: 2)
                try session.delete(keys: [CuboidKey(3, 0), CuboidKey(3, 1)])
                try engine.maintainAll()
                try session.expectAcknowledged()
                // Three eighths and all of the second channel are gone.
                let left = session.files.usedByteCount
                guard left < used * 6 / 10 else { throw TestFailure("\(used) before, \(left) after") }
                // Without being opened again, on the same disk.
                try session.commit([(CuboidKey(3, 50), session.full())])
                try session.bulk((0..<4).map { (CuboidKey(1, $0), session.full()) })
                try session.expectAcknowledged()
                guard session.files.fileNames.contains("RESERVE") else { throw TestFailure("no reserve") }
                try session.close()
                try session.open()
                try session.expectAcknowledged()
                try refuseStrays(session, try #require(session.engine))
            } catch {
                throw TestFailure("seed \(Self.seed), room \(room): \(error)")
            }
        }
    }

    @Test("writes are refused while the reserve is missing, and go on as soon as there is room")
    func refusing() throws {
        let session = try prepared()
        let engine = try #require(session.engine)
        session.files.setFaults(.quota(byteCount: session.files.usedByteCount))
        for code in UInt64(0)..<400 where session.files.fileNames.contains("RESERVE") {
            try session.delete(channel: 1, code % 32..<code % 32 + 1)
        }
        #expect(!session.files.fileNames.contains("RESERVE"))
        try expectFull(session)
        guard case .diskFull(let file) = session.errors.last else { throw TestFailure("\(session.errors)") }
        #expect(file == "RESERVE")
        #expect(engine.spaceUsage.isShort)
        session.files.setFaults(.quota(byteCount: session.files.usedByteCount + (256 << 10)))
        try session.commit([(CuboidKey(3, 50), session.full())])
        #expect(session.files.fileNames.contains("RESERVE"))
        #expect(!engine.spaceUsage.isShort)
        try session.expectAcknowledged()
    }

    @Test("a writer that was killed is recovered on a full disk with the reserve")
    func recovery() throws {
        let session = try prepared()
        try session.commit([(CuboidKey(3, 7), session.full()), (CuboidKey(3, 1), session.full())])
        session.kill()
        session.files.setFaults(.quota(byteCount: session.files.usedByteCount))
        try session.open()
        try session.expectAcknowledged()
        try session.delete(channel: 1, 0..<32)
        try session.engine?.dropSnapshot("kept", scope: 0)
        try session.drop(channel: 2)
        try session.engine?.maintainAll()
        try session.commit([(CuboidKey(3, 50), session.full())])
        try session.expectAcknowledged()
        try session.close()
    }

    @Test("a long log of a writer that was killed is recovered where it is on a full disk")
    func recoveryInPlace() throws {
        for room in [0, 1000, 20 << 10] {
            let files = SimulatedFileSystem(seed: Self.seed)
            let session = Session(files: files, options: CrashScenario.smallOptions)
            try CrashScenario.longLog(session)
            let log = try #require(files.fileNames.first { $0.hasPrefix("wal/") })
            session.kill()
            #expect((files.contents(log)?.count ?? 0) > room + 2 * Int(session.options.reserveByteCount))
            files.setFaults(.quota(byteCount: files.usedByteCount + room))
            try session.open()
            #expect(files.fileNames.contains(log))
            try session.expectAcknowledged()
            try session.delete(keys: (0..<30).map { CuboidKey(1, $0) })
            try session.drop(channel: 2)
            try session.engine?.maintainAll()
            try session.commit([(CuboidKey(3, 50), session.full())])
            try session.expectAcknowledged()
            try session.close()
            try session.open()
            try session.expectAcknowledged()
            try refuseStrays(session, try #require(session.engine))
        }
    }

    @Test("the history gives way to new data when nothing else is left, and snapshots do not")
    func history() throws {
        let session = try prepared()
        let engine = try #require(session.engine)
        try engine.setRetention(microseconds: 1 << 50)
        let snapshot = session.acknowledged
        for _ in 0..<3 { try session.bulk((0..<16).map { (CuboidKey(1, $0), session.full()) }) }
        try engine.maintainAll()
        let used = session.files.usedByteCount
        session.files.setFaults(.quota(byteCount: used))
        try expectFull(session)
        try engine.maintainAll()
        #expect(session.files.usedByteCount < used)
        try session.commit([(CuboidKey(3, 50), session.full())])
        try session.expectAcknowledged()
        let first = try #require(try engine.snapshots().first)
        #expect(engine.history.oldest > first.sequence)
        let view = try engine.view(at: first.sequence)
        #expect(try session.bricks.difference(engine, view, snapshot, keys: session.keys) == nil)
    }

    @Test("grows with the database up to its limit, and is no part of its size")
    func length() throws {
        var options = StorageOptions()
        options.bootIdentifier = 1
        let files = SimulatedFileSystem(seed: 1)
        let session = Session(files: files, options: options, brickByteCount: 64 << 10)
        try session.open()
        #expect(!files.fileNames.contains("RESERVE"))
        try session.commit([(CuboidKey(1, 0), session.full())])
        #expect(files.contents("RESERVE")?.count == 64 << 10)
        for part in UInt64(0)..<4 {
            try session.bulk((0..<40).map { (CuboidKey(1, part * 40 + $0), session.full()) })
        }
        let length = try #require(files.contents("RESERVE")?.count)
        #expect(length > 512 << 10 && length <= 4 << 20)
        let usage = try #require(session.engine?.spaceUsage)
        let lengths = files.fileNames.filter { $0.hasSuffix(".seg") }.map { files.contents($0)?.count ?? 0 }
        #expect(usage.total == UInt64(lengths.reduce(0, +)))
    }
}

extension Session {
    /// Compares the newest state with what was acknowledged.
    func expectAcknowledged() throws {
        guard let engine else { throw TestFailure("not opened") }
        if let difference = try bricks.difference(engine, try engine.view(), acknowledged, keys: keys) {
            throw TestFailure(difference)
        }
    }

    /// Deletes cuboids one by one in one commit.
    func delete(keys: [CuboidKey]) throws { try commit(keys.map { ($0, .tombstone) }) }
}

extension StorageEngine {
    /// Does all maintenance there is.
    func maintainAll(limit: Int = 5000) throws {
        for _ in 0..<limit where try maintain() == nil { return }
        throw TestFailure("maintenance does not end")
    }
}
