import BossTestSupport
import Testing

@testable import BossSimulator
@testable import BossStorage

/// Damage in a log that was not closed: what tells a damaged commit from a torn one.
@Suite("Damage in a live log")
struct DamagedTailTests {
    /// Three commits and no end.
    private struct LiveLog {
        let files: SimulatedFileSystem
        let path: String
        /// Length after each commit.
        let ends: [Int]
        let states: [ModelState]
        let keys: [CuboidKey]

        init() throws {
            let session = Session(files: SimulatedFileSystem(seed: 3), options: CrashScenario.smallOptions)
            try session.open()
            var ends: [Int] = []
            var states = [session.acknowledged]
            for code in UInt64(0)..<3 {
                try session.commit([(CuboidKey(1, code), session.full()), (CuboidKey(2, 0), session.full())])
                ends.append(session.engine?.writer.withLock { Int($0.log?.flushedEnd ?? 0) } ?? 0)
                states.append(session.acknowledged)
            }
            session.kill()
            files = session.files
            path = files.fileNames.first { $0.hasPrefix("wal/") } ?? ""
            self.ends = ends
            self.states = states
            keys = Array(session.keys)
        }

        /// How many commits are found, or nil when opening fails.
        func commitCount(_ copy: SimulatedFileSystem, asWriter: Bool, boot: UInt64) throws -> Int? {
            var options = CrashScenario.smallOptions
            options.bootIdentifier = boot
            do {
                let engine = try StorageEngine.open(
                    fileSystem: copy, mode: asWriter ? .readWrite(create: false) : .readOnly, options: options
                )
                let view = try engine.view()
                let bricks = TestBricks(brickByteCount: 512)
                for (count, state) in states.enumerated()
                where try bricks.difference(engine, view, state, keys: keys) == nil { return count }
                throw TestFailure("no state of any commit")
            } catch StorageError.corrupt(let file, _, _) {
                #expect(file == path)
                return nil
            }
        }
    }

    @Test("a damaged commit that others follow is detected without any status", arguments: [true, false])
    func middle(asWriter: Bool) throws {
        let log = try LiveLog()
        for offset in stride(from: SegmentHeader.byteCount, to: log.ends[1], by: 37) {
            let copy = log.files.clone()
            try copy.corrupt(log.path, offset: offset, bit: offset % 8)
            try copy.truncateForTest("LOCK", byteCount: 0)
            let count = try log.commitCount(copy, asWriter: asWriter, boot: 2)
            // Bytes between pages are no part of anything.
            #expect(count == nil || count == 3, "offset \(offset)")
        }
    }

    @Test("a damaged last commit is told from a torn one by the status block", arguments: [UInt64(1), 2])
    func last(boot: UInt64) throws {
        let log = try LiveLog()
        for offset in stride(from: log.ends[1], to: log.ends[2], by: 37) {
            for asWriter in [true, false] {
                let copy = log.files.clone()
                try copy.corrupt(log.path, offset: offset, bit: offset % 8)
                let count = try log.commitCount(copy, asWriter: asWriter, boot: boot)
                #expect(count == nil || count == 3, "offset \(offset)")
            }
        }
    }

    /// A known limit: the status block is never flushed, so a power failure may take it, and then nothing is
    /// left that tells damage of the very last commit from a write that was torn.
    @Test("without a status block a damaged last commit counts as torn, and no other commit is lost")
    func lastWithoutStatus() throws {
        let log = try LiveLog()
        var lostCount = 0
        for offset in stride(from: log.ends[1], to: log.ends[2], by: 37) {
            let copy = log.files.clone()
            try copy.corrupt(log.path, offset: offset, bit: offset % 8)
            try copy.truncateForTest("LOCK", byteCount: 0)
            let count = try log.commitCount(copy, asWriter: true, boot: 2)
            #expect(count == 2 || count == 3, "offset \(offset)")
            if count == 2 { lostCount += 1 }
        }
        #expect(lostCount > 0)
    }

    @Test("bytes behind the last commit are cut, whatever they are")
    func tornTail() throws {
        let log = try LiveLog()
        var random = SeededGenerator(seed: 11)
        for count in [1, 40, 64, 96, 512, 4096, 5000] {
            let copy = log.files.clone()
            let garbage = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            try copy.overwriteForTest(log.path, garbage, at: log.ends[2])
            for asWriter in [false, true] {
                #expect(try log.commitCount(copy, asWriter: asWriter, boot: 2) == 3, "\(count) bytes")
            }
        }
        // The start of an older batch, repeated behind the end, is none.
        let copy = log.files.clone()
        let stale = Array(log.files.contents(log.path)?[log.ends[0]..<log.ends[1]] ?? [])
        try copy.overwriteForTest(log.path, stale, at: log.ends[2])
        #expect(try log.commitCount(copy, asWriter: true, boot: 2) == 3)
    }
}
