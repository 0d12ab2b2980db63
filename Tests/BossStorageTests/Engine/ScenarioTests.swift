import BossTestSupport
import Testing

@testable import BossSimulator
@testable import BossStorage

/// The scenarios of the crash simulation without any crash: a quick look at everything that the engine does.
@Suite("Scenarios of the engine")
struct ScenarioTests {
    private static let scenarios = CrashScenario.all.filter { $0.quotaByteCount == nil }

    @Test(
        "voxels, snapshots and older commits stay what they were, through restarts, upkeep and compaction",
        arguments: scenarios)
    func scenario(_ scenario: CrashScenario) throws {
        let session = try run(scenario, scenario.options)
        try check(session)
        session.kill()
        try session.open()
        try check(session)
        try session.checkpoint()
        try session.maintain()
        try check(session, isMaintained: true)
        session.kill()
        try session.open()
        try session.compact()
        try check(session, isMaintained: true)
        try session.close()
        try session.open()
        try check(session)
    }

    /// Files are closed and lists forgotten all the time.
    @Test("a single open file, a single list and hardly any cache show the same", arguments: scenarios)
    func leastMemory(_ scenario: CrashScenario) throws {
        var options = scenario.options
        options.openSegmentLimit = 1
        options.shardByteCount = 1
        options.poolByteCount = 32 << 10
        options.directoryCacheByteCount = 32 << 10
        let session = try run(scenario, options)
        try check(session)
        try session.open()
        try check(session)
        try session.compact()
        try check(session, isMaintained: true)
    }

    private func run(_ scenario: CrashScenario, _ options: StorageOptions) throws -> Session {
        let session = Session(files: SimulatedFileSystem(seed: 31), options: options)
        try scenario.prepare(session)
        session.kill()
        try scenario.run(session)
        return session
    }

    /// Everything that can be read, against the model.
    private func check(_ session: Session, isMaintained: Bool = false) throws {
        // A handle that was closed was checked when it was open.
        guard let engine = session.engine else { return }
        let view = try engine.view()
        _ = try session.state(of: view, engine)
        try session.checkPast()
        // Every commit says something about itself, loads too.
        let all = Array(1..<view.sequence + 1)
        if !all.isEmpty { #expect(try engine.notedCommits(1...view.sequence, in: view) == all) }
        for commit in all { #expect(try engine.note(of: commit, in: view) != nil, "commit \(commit)") }
        if isMaintained { try checkUpkeep(engine, session.files, hasLoads: false) }
    }
}
