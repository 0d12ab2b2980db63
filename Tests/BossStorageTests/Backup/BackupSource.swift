import Synchronization
import Testing

@testable import BossSimulator
@testable import BossStorage

/// A small database with everything that a backup has to bring: sealed logs, bulk segments, lists of segments,
/// deletions, a dropped channel, snapshots, older versions, and a live log over all of it.
final class BackupSource {
    let session: Session
    let engine: StorageEngine
    /// What each snapshot shows.
    private(set) var snapshots: [(name: String, sequence: UInt64, state: ModelState)] = []

    static let options: StorageOptions = {
        var options = CrashScenario.smallOptions
        options.rootSegmentLimit = 6
        options.bulkSegmentByteCount = 4 << 10
        options.smallSegmentByteCount = 1 << 10
        return options
    }()

    init(seed: UInt64) throws {
        session = Session(files: SimulatedFileSystem(seed: seed), options: Self.options)
        try session.open()
        engine = try #require(session.engine)
        try engine.setRetention(microseconds: 1 << 50)
        try session.bulk((0..<10).map { (CuboidKey(1, $0), session.full()) })
        try session.bulk((0..<6).map { (CuboidKey(3, $0), session.full()) })
        try snapshot("first")
        try session.commit([(CuboidKey(1, 0), session.full()), (CuboidKey(2, 0), .constant(9))])
        try session.commit([(CuboidKey(1, 1), .delta([1: session.content()])), (CuboidKey(1, 2), .tombstone)])
        try engine.checkpoint()
        try delete(channel: 1, 4...5)
        try session.drop(channel: 3)
        // A dropped channel is gone from snapshots too.
        for index in snapshots.indices { snapshots[index].state.drop(channel: 3) }
        try session.bulk((6..<12).map { (CuboidKey(1, $0), session.full()) })
        try snapshot("second")
        try writeLive()
    }

    /// Small commits that stay in the live log.
    func writeLive() throws {
        try session.commit([(CuboidKey(1, 1), .delta([3: session.content()]))])
        try session.commit([(CuboidKey(1, 7), session.full()), (CuboidKey(2, 1, time: 2), session.full())])
        try delete(channel: 1, 8...9)
        try session.commit([(CuboidKey(1, 8), session.full()), (CuboidKey(2, 5), .constant(3))])
    }

    /// More of everything, and some maintenance, so that a second backup has files to bring and to remove.
    func goOn() throws {
        try session.bulk((0..<8).map { (CuboidKey(1, $0), session.full()) })
        try writeLive()
        try engine.checkpoint()
        if snapshots.contains(where: { $0.name == "first" }) { try drop("first") }
        try engine.setRetention(microseconds: 0)
        try engine.compact()
        try engine.setRetention(microseconds: 1 << 50)
        try snapshot("third")
        try writeLive()
    }

    func drop(_ name: String) throws {
        try engine.dropSnapshot(name, scope: 0)
        snapshots.removeAll { $0.name == name }
    }

    func snapshot(_ name: String) throws {
        let made = try engine.createSnapshot(name, scope: 0)
        snapshots.append((name, made.sequence, session.acknowledged))
    }

    /// Deletes a row of cuboids, two by two along x.
    func delete(channel: UInt32, _ codes: ClosedRange<UInt64>) throws {
        var batch = WriteBatch(base: try engine.view())
        batch.delete(CuboidKey(channel, 0).group, lowest: codes.lowerBound, highest: codes.upperBound)
        let sequence = try engine.commit(batch)
        var next = session.acknowledged
        for code in codes { next.apply(CuboidKey(channel, code), .tombstone) }
        session.settle(next, sequence: sequence)
    }

    /// What a backup of this moment has to show.
    var expectation: BackupExpectation {
        BackupExpectation(
            state: session.acknowledged, sequence: session.acknowledgedSequence, snapshots: snapshots,
            keys: session.keys, identifier: engine.identifier)
    }
}

/// What a database has to show, found out without it.
struct BackupExpectation {
    let state: ModelState
    let sequence: UInt64
    let snapshots: [(name: String, sequence: UInt64, state: ModelState)]
    let keys: Set<CuboidKey>
    let identifier: String

    /// The first difference, or nil.
    func difference(_ engine: StorageEngine) throws -> String? {
        let bricks = TestBricks(brickByteCount: 512)
        let view = try engine.view()
        guard view.sequence == sequence else { return "commit \(view.sequence), not \(sequence)" }
        guard engine.identifier == identifier else { return "another database" }
        if let difference = try bricks.difference(engine, view, state, keys: keys) { return difference }
        let names = try engine.snapshots().map(\.name)
        guard names == snapshots.map(\.name) else { return "snapshots \(names)" }
        for (name, sequence, state) in snapshots {
            let older = try engine.view(at: sequence)
            if let difference = try bricks.difference(engine, older, state, keys: keys) {
                return "\(name): \(difference)"
            }
        }
        let noted = try engine.notedCommits(1...sequence, in: view)
        guard noted == Array(1...sequence) else { return "noted commits \(noted)" }
        return nil
    }

    /// Opens a backup for reading and compares everything.
    ///
    /// - Throws: `TestFailure`, also for files that the backup does not need.
    func verifyReading(_ files: SimulatedFileSystem) throws {
        let names = files.fileNames
        guard !names.contains("LOCK"), !names.contains(where: { $0.contains("tmp.") }) else {
            throw TestFailure("left over: \(names)")
        }
        var options = BackupSource.options
        options.takesLease = false
        let reader = try StorageEngine.open(fileSystem: files, mode: .readOnly, options: options)
        if let difference = try difference(reader) { throw TestFailure("reader: \(difference)") }
        guard reader.followedLogs.isEmpty else { throw TestFailure("a live log in a backup") }
        let named = try reader.namedFiles()
        let strays = names.filter { !named.contains($0) && !$0.hasSuffix(".mf") }
        guard strays.isEmpty, named.isSubset(of: names) else { throw TestFailure("left over: \(strays)") }
    }

    /// Opens a backup for reading and as a writer, compares everything, and goes on in a copy of it.
    func verify(_ files: SimulatedFileSystem) throws {
        try verifyReading(files)
        let copy = files.clone()
        let writer = try StorageEngine.open(
            fileSystem: copy.sharedHandle(), mode: .readWrite(create: false), options: BackupSource.options)
        if let difference = try difference(writer) { throw TestFailure("writer: \(difference)") }
        for segment in try writer.publishedView.state.table.all() {
            try segment.verifyPages(leaves: LeafCache(budget: 1 << 16))
        }
        try writer.compact()
        var batch = WriteBatch(base: try writer.view())
        let bricks = TestBricks(brickByteCount: 512)
        batch.put(try bricks.page(CuboidKey(9, 9), .constant(4)), dependsOnBase: false)
        try writer.commit(batch)
        var next = state
        next.apply(CuboidKey(9, 9), .constant(4))
        let view = try writer.view()
        if let difference = try bricks.difference(writer, view, next, keys: keys.union([CuboidKey(9, 9)])) {
            throw TestFailure("writer goes on: \(difference)")
        }
        try writer.close()
    }
}

extension StorageEngine {
    /// Logs of the root that a reader follows.
    var followedLogs: [FileIdentifier] { follower.withLock { $0.root?.logs ?? [] } }
}
