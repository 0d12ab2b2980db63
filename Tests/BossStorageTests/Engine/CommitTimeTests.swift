import Testing

@testable import BossSimulator
@testable import BossStorage

/// Times of commits, on a machine whose clock is wrong for a while.
@Suite("Times of commits")
struct CommitTimeTests {
    private static let seed: UInt64 = 0xC10C
    private static let hour: Int64 = 3_600_000_000

    private func expectAscending(_ session: Session, count: Int) throws {
        let engine = try #require(session.engine)
        let view = try engine.view()
        let commits = try engine.notedCommits(0...UInt64.max, in: view)
        #expect(commits.count == count)
        var last: Int64 = .min
        for commit in commits {
            let time = try #require(try engine.note(of: commit, in: view)).microseconds
            #expect(time > last, "commit \(commit), seed \(Self.seed)")
            #expect(try engine.commit(notAfter: time, in: view) == commit)
            #expect(try engine.commit(notAfter: time - 1, in: view) == (commit == 1 ? nil : commit - 1))
            last = time
        }
    }

    @Test("grow although the clock goes back, across openings, sealed logs and bulk loads", arguments: 0..<8)
    func backwards(_ kind: Int) throws {
        let session = Session(
            files: SimulatedFileSystem(seed: Self.seed), options: CrashScenario.sealingOptions)
        try session.open()
        var count = 0
        func write() throws {
            let change = [(CuboidKey(1, UInt64(count)), session.full())]
            if kind & 1 == 0 { try session.commit(change) } else { try session.bulk(change) }
            count += 1
        }
        try write()
        session.files.advanceClock(microseconds: Self.hour)
        try write()
        session.files.advanceClock(microseconds: -Self.hour)
        if kind & 2 == 0 { try session.checkpoint() }
        for _ in 0..<3 {
            if kind & 4 == 0 { try session.close() } else { session.kill() }
            try session.open()
            try write()
            session.files.advanceClock(microseconds: -1_000_000)
            try write()
        }
        try expectAscending(session, count: count)
        try session.checkpoint()
        try session.engine?.maintainAll()
        try session.close()
        try session.open()
        try write()
        try expectAscending(session, count: count)
    }
}
