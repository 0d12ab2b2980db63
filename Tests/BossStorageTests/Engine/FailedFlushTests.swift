import Glibc
import Testing

@testable import BossSimulator
@testable import BossStorage

/// What a failed flush leaves is read from the page cache, and is gone after a power failure.
@Suite("After a failed flush")
struct FailedFlushTests {
    private static let damages: [UInt64] = [0, 1] + (2..<12)

    /// A writer that comes next, and the power failure after it.
    private func expectSurvival(_ session: Session, _ what: String) throws {
        for damage in Self.damages {
            let after = Session(
                continuing: session, files: session.files.clone().crash(damageSeed: damage))
            after.options.bootIdentifier = 2
            do {
                try after.open()
                let engine = try #require(after.engine)
                _ = try after.state(of: try engine.view(), engine)
                try refuseStrays(after, engine, rootLimit: .max)
            } catch { throw TestFailure("\(what), damage \(damage): \(error)") }
        }
    }

    @Test("a log is not continued behind a closing record that may not be on the disk")
    func closingRecord() throws {
        let session = Session(files: SimulatedFileSystem(seed: 41), options: CrashScenario.smallOptions)
        try session.open()
        try session.commit([(CuboidKey(1, 0), session.full())])
        session.files.setFaults(.failAtOperation(1, errno: EIO, kinds: [.sync]))
        #expect(throws: StorageError.self) { try session.close() }
        session.files.setFaults(.none)
        try session.open()
        for code in UInt64(1)..<4 {
            try session.commit([(CuboidKey(1, code), session.full())])
            try expectSurvival(session, "commit \(code)")
        }
    }

    @Test("nothing is removed for a root that may not be on the disk")
    func foundRoot() throws {
        let scenario = try #require(CrashScenario.all.first { $0.name == "compaction" })
        var failureCount = 0
        for ordinal in 1..<8 {
            let session = Session(files: SimulatedFileSystem(seed: 42), options: scenario.options)
            try scenario.prepare(session)
            try session.open()
            session.files.setFaults(.failAtOperation(ordinal, errno: EIO, kinds: [.syncDirectory]))
            session.continuesAfterErrors = true
            try session.compact()
            failureCount += session.errors.count
            session.continuesAfterErrors = false
            session.kill()
            session.files.setFaults(.none)
            try session.open()
            try expectSurvival(session, "flush \(ordinal) of a folder failed, then opened")
            try session.commit([(CuboidKey(1, 1), session.full())])
            try expectSurvival(session, "flush \(ordinal) of a folder failed, then committed")
        }
        #expect(failureCount > 2)
    }
}
