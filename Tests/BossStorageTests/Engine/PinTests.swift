import Testing

@testable import BossSimulator
@testable import BossStorage

/// Files that a view goes by, while compaction replaces them.
@Suite("Files that views need")
struct PinTests {
    /// Segments that overlap, few of them open at a time, and no history.
    private func prepared() throws -> Session {
        let scenario = try #require(CrashScenario.all.first { $0.name == "compaction" })
        let session = Session(files: SimulatedFileSystem(seed: 51), options: scenario.options)
        session.options.openSegmentLimit = 1
        try scenario.prepare(session)
        try session.open()
        try session.setRetention(0)
        return session
    }

    /// Replaces every file.
    private func replaceFiles(_ session: Session) throws {
        try session.commit([(CuboidKey(1, 0), session.full()), (CuboidKey(2, 1), session.full())])
        try session.compact()
        try session.maintain()
    }

    @Test("stay while an older view of the process is held, and go with it")
    func ownViews() throws {
        let session = try prepared()
        let engine = try #require(session.engine)
        var views: [(view: View, state: ModelState)] = []
        for _ in 0..<3 {
            views.append((try engine.view(), session.acknowledged))
            try replaceFiles(session)
        }
        for (view, state) in views {
            #expect(try session.bricks.difference(engine, view, state, keys: session.keys) == nil)
        }
        #expect(!engine.retiredFiles.isEmpty)
        views = []
        try session.maintain()
        #expect(engine.retiredFiles == [])
        try refuseStrays(session, engine, rootLimit: .max)
    }

    @Test("stay while a reader of another process holds an older view beside a newer one, and go with it")
    func readersViews() throws {
        let session = try prepared()
        let engine = try #require(session.engine)
        do {
            let reader = try StorageEngine.open(
                fileSystem: session.files.sharedHandle(), mode: .readOnly, options: session.options)
            var views: [(view: View, state: ModelState)] = []
            for _ in 0..<3 {
                views.append((try reader.view(), session.acknowledged))
                try replaceFiles(session)
            }
            for (view, state) in views {
                #expect(try session.bricks.difference(reader, view, state, keys: session.keys) == nil)
            }
            #expect(!engine.retiredFiles.isEmpty)
            views = []
            try reader.close()
        }
        try session.maintain()
        #expect(engine.retiredFiles == [])
    }
}
