import BossTestSupport
import Glibc
import Testing

@testable import BossSimulator
@testable import BossStorage

/// Operations fail, one or all from one on; the disk is full.
@Suite("I/O errors in the engine")
struct EngineFaultTests {
    private static let seed: UInt64 = 0xB055

    @Test(
        "each failing operation is reported, loses nothing and is followed by no repeated flush",
        arguments: CrashScenario.all.filter { !$0.hasReader }.filter { $0.quotaByteCount == nil })
    func failingOperations(_ scenario: CrashScenario) throws {
        var run = try FaultRun(scenario, seed: Self.seed)
        try run.run(limit: 4)
        print(
            "failing runs: \(run.runCount), failed operations: \(run.injectedCount), seed \(Self.seed) (\(scenario.name))"
        )
        #expect(run.injectedCount >= run.runCount)
    }

    /// The quota is swept from what is used at first to what is enough.
    @Test(
        "a full disk refuses whole commits, loses nothing, and writing goes on when there is room",
        arguments: CrashScenario.all.filter { !$0.hasReader }.filter {
            $0.quotaByteCount == nil && $0.name != "create"
        })
    func fullDisk(_ scenario: CrashScenario) throws {
        let base = Session(files: SimulatedFileSystem(seed: Self.seed), options: scenario.options)
        try scenario.prepare(base)
        base.kill()
        let start = base.files.usedByteCount
        var refusedCount = 0
        for quota in stride(from: start, to: start + 400 << 10, by: 14 << 10) {
            let session = Session(continuing: base, files: base.files.clone(faults: .quota(byteCount: quota)))
            do {
                refusedCount += try fillDisk(scenario, session)
            } catch {
                throw TestFailure(
                    "\(scenario.name), seed \(Self.seed), quota \(quota): \(error), errors \(session.errors)")
            }
        }
        print("commits refused by a full disk: \(refusedCount) (\(scenario.name))")
    }

    private func fillDisk(_ scenario: CrashScenario, _ session: Session) throws -> Int {
        session.continuesAfterErrors = true
        session.isRefusedWhenFull = true
        try scenario.run(session)
        for error in session.errors {
            // A snapshot whose creation was refused is not there to be dropped.
            if case .noSnapshot = error { continue }
            guard case .diskFull = error else { throw TestFailure("an error of the wrong kind") }
        }
        let refusedCount = session.errors.count
        session.continuesAfterErrors = false
        if let engine = session.engine {
            try expectAcknowledged(session, engine)
            try refuseStrays(session, engine)
        }
        try readOnFullDisk(session)
        try deleteOnFullDisk(session)
        session.files.setFaults(.none)
        try session.open()
        try session.commit([(CuboidKey(8, 0), session.full())])
        try session.bulk([(CuboidKey(8, 1), session.full())])
        try session.checkpoint()
        try session.commit([(CuboidKey(8, 1), .delta([1: session.content()]))])
        if let engine = session.engine { try expectAcknowledged(session, engine) }
        try session.close()
        try session.open()
        if let engine = session.engine {
            try expectAcknowledged(session, engine)
            try refuseStrays(session, engine)
        }
        return refusedCount
    }

    /// Once a writer has the reserve, everything can be deleted without further room.
    private func deleteOnFullDisk(_ session: Session) throws {
        guard let engine = session.engine, session.files.fileNames.contains(SpaceReserve.path) else { return }
        session.files.setFaults(.quota(byteCount: session.files.usedByteCount))
        // Nothing may be committed to a channel that is gone.
        let dropped = session.acknowledged.droppedChannels
        let channels = Set(session.keys.map(\.group.channel)).subtracting(dropped).sorted()
        for channel in channels.dropFirst() { try session.delete(channel: channel, 0..<32) }
        if let first = channels.first { try session.drop(channel: first) }
        try expectAcknowledged(session, engine)
        try engine.maintainAll()
        try expectAcknowledged(session, engine)
        try refuseStrays(session, engine)
    }

    /// Without room a reader still opens.
    private func readOnFullDisk(_ session: Session) throws {
        let reader = try? StorageEngine.open(
            fileSystem: session.files.sharedHandle(), mode: .readOnly, options: session.options)
        if let reader {
            try expectAcknowledged(session, reader)
        } else if session.isCreated {
            throw TestFailure("no reader on a full disk")
        }
    }

    private func expectAcknowledged(_ session: Session, _ engine: StorageEngine) throws {
        let view = try engine.view()
        if let difference = try session.bricks.difference(
            engine, view, session.acknowledged, keys: session.keys)
        {
            throw TestFailure(difference)
        }
    }
}
