import Synchronization
import Testing

@testable import BossSimulator
@testable import BossStorage

/// A compaction by hand can be given up at every page; what it had not finished is then gone.
@Suite("Compaction that is stopped")
struct StoppedCompactionTests {
    @Test("leaves every cuboid as it was and no file behind, at whatever page it is stopped")
    func everyPage() throws {
        var stopped = 0
        for limit in [1, 2, 5, 9, 14, 10_000] {
            let database = try RichDatabase(seed: 0x57 + UInt64(limit))
            let engine = try #require(database.engine)
            var pages = 0
            let count = { (byteCount: Int) throws(StorageError) in
                if byteCount > 0 { pages += 1 }
                if pages >= limit { throw StorageError.closed }
            }
            do {
                try engine.compact(control: count)
            } catch StorageError.closed {
                stopped += 1
                #expect(pages == limit)
            }
            #expect(
                try database.bricks.difference(engine, engine.view(), database.state, keys: database.keys)
                    == nil,
                "stopped at page \(limit)")
            #expect(engine.inFlightByteCount.load(ordering: .relaxed) == 0)
            // The next one does what is left, and afterwards every file has a name in the root.
            try engine.compact()
            #expect(
                try database.bricks.difference(engine, engine.view(), database.state, keys: database.keys)
                    == nil)
            #expect(try engine.check(.full) == [])
            try database.close()
            #expect(try StorageCheck.run(fileSystem: database.files, depth: .full) == [])
        }
        #expect(stopped >= 3)
    }
}
