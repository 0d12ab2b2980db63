import Testing

@testable import BossSimulator
@testable import BossStorage

/// In a large database maintenance looks for files that no root names, not the open.
@Suite("Search for files that no root names")
struct SweepTests {
    @Test("removes what a dead writer left, and nothing of logs and loads that are under way")
    func underWay() throws {
        let scenario = try #require(CrashScenario.all.first { $0.name == "move to shards" })
        let session = Session(files: SimulatedFileSystem(seed: 91), options: scenario.options)
        try scenario.prepare(session)
        try scenario.run(session)
        session.options.sweptShardLimit = 0
        let left = "seg/ab/ab" + String(repeating: "0", count: 30) + ".seg"
        try session.files.createDirectory("seg/ab")
        _ = try session.files.open(left, mode: .createNew)
        try session.open()
        let engine = try #require(session.engine)
        #expect(!engine.publishedView.state.table.shards.isEmpty)
        #expect(session.files.fileNames.contains(left))
        let bulk = try engine.beginBulk()
        let key = CuboidKey(9, 0)
        let change = session.full()
        try bulk.add(try session.bricks.page(key, change), dependsOnBase: false)
        try session.commit([(CuboidKey(1, 1), session.full())])
        try session.maintain()
        #expect(!session.files.fileNames.contains(left))
        let sequence = try bulk.commit()
        var state = session.acknowledged
        state.apply(key, change)
        session.touch(key)
        session.settle(state, sequence: sequence)
        try session.close()
        try session.open()
        let after = try #require(session.engine)
        _ = try session.state(of: try after.view(), after)
        try refuseStrays(session, after, rootLimit: .max)
    }
}
