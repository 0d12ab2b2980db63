import BossVoxels
import Testing

@testable import BossSimulator
@testable import BossStorage

/// Notes of bulk loads, in a database that is only loaded in bulk.
@Suite("Notes of bulk loads")
struct NoteSettlingTests {
    private static let seed: UInt64 = 0x907E

    private func session() throws -> Session {
        var options = CrashScenario.sealingOptions
        options.rootNoteLimit = 3
        let session = Session(files: SimulatedFileSystem(seed: Self.seed), options: options)
        try session.open()
        return session
    }

    private func load(_ session: Session, _ codes: Range<UInt64>) throws {
        for code in codes { try session.bulk([(CuboidKey(1, code), session.full())]) }
    }

    private func noteCount(_ session: Session) throws -> Int {
        try #require(session.engine).writer.withLock { $0.root.bulkNotes.count }
    }

    private func expectAllNoted(_ session: Session, _ count: Int) throws {
        let engine = try #require(session.engine)
        let view = try engine.view()
        let commits = try engine.notedCommits(0...UInt64.max, in: view)
        #expect(commits.count == count)
        var last: Int64 = .min
        for commit in commits {
            let note = try #require(try engine.note(of: commit, in: view))
            #expect(note.channels == [1] && note.microseconds > last)
            last = note.microseconds
        }
    }

    @Test("stay in the root while there are few, and leave it when there are more")
    func limit() throws {
        let session = try session()
        try load(session, 0..<3)
        try session.engine?.maintainAll()
        #expect(try noteCount(session) == 3)
        try load(session, 3..<4)
        try session.engine?.maintainAll()
        #expect(try noteCount(session) == 0)
        try expectAllNoted(session, 4)
        for first in stride(from: UInt64(4), to: 24, by: 5) {
            try load(session, first..<first + 5)
            try session.engine?.maintainAll()
            #expect(try noteCount(session) <= 3)
        }
        try expectAllNoted(session, 24)
        try session.expectAcknowledged()
        #expect(try #require(session.engine).check(.full) == [])
        session.kill()
        try session.open()
        try expectAllNoted(session, 24)
        try session.expectAcknowledged()
    }

    @Test("of an impossible length are refused with the root")
    func forged() throws {
        for count in [0, PageLimits.brickByteCount + 1] {
            var root = try #require(try session().engine).writer.withLock { $0.root }
            root.bulkNotes = [.init(sequence: 1, bytes: [UInt8](repeating: 0, count: count))]
            let (bytes, number) = (root.encoded(), root.number)
            #expect(throws: StorageError.self) {
                _ = try bytes.withUnsafeBytes { try ManifestRoot($0, file: "root", number: number) }
            }
        }
    }
}
