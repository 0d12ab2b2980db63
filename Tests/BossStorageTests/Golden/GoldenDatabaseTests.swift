import Foundation
import Testing

@testable import BossSimulator
@testable import BossStorage

/// Databases of every released format open for ever, hold what they held, and can be written.
@Suite("Databases of earlier formats")
struct GoldenDatabaseTests {
    /// Makes the database of the present format; done once for each format, with `BOSSQL_MAKE_GOLDEN` set.
    @Test(
        "makes the database of this format",
        .enabled(if: ProcessInfo.processInfo.environment["BOSSQL_MAKE_GOLDEN"] != nil))
    func make() throws {
        let database = try RichDatabase(seed: 11, brickByteCount: 128)
        let engine = try #require(database.engine)
        // A process that died leaves the log open.
        _ = try GoldenDatabase.generate(database.files.clone(), engine)
    }

    @Test("they have everything that may occur in one")
    func coverage() throws {
        #expect(!GoldenDatabase.formats.isEmpty)
        for format in GoldenDatabase.formats {
            let files = try GoldenDatabase(format: format).files()
            let root = try Manifest(fileSystem: files).newest(nil)
            #expect(root.logs.count == 1 && !root.shards.isEmpty && !root.snapshots.isEmpty)
            #expect(!root.rangeTombstones.isEmpty && !root.droppedChannels.isEmpty)
            let pages = files.fileNames.compactMap(files.segmentLayout).flatMap(\.pages)
            #expect(
                Set(pages.map(\.header.kind)) == [.full, .delta, .constant, .tombstone, .rangeTombstone])
            let roles = try files.fileNames.filter { $0.hasSuffix(".seg") }.map {
                try SegmentHeader.load(files.open($0, mode: .read)).role
            }
            #expect(Set(roles) == [.log, .bulk, .compacted])
        }
    }

    @Test("is sound, shows every voxel, takes writes, and is sound afterwards", arguments: [true, false])
    func opens(startsReading: Bool) throws {
        for format in GoldenDatabase.formats {
            let golden = GoldenDatabase(format: format)
            let files = try golden.files()
            let expected = try golden.contents()
            #expect(try StorageCheck.run(fileSystem: files, depth: .full) == [], "format \(format)")
            let options = RichDatabase.options()
            if startsReading {
                let reader = try StorageEngine.open(fileSystem: files, mode: .readOnly, options: options)
                #expect(try GoldenDatabase.contents(of: reader) == expected, "format \(format)")
                try reader.close()
            }
            let engine = try StorageEngine.open(
                fileSystem: files, mode: .readWrite(create: false), options: options)
            #expect(try GoldenDatabase.contents(of: engine) == expected, "format \(format)")
            try write(engine)
            #expect(try engine.check(.full) == [], "format \(format)")
            while try engine.maintain() != nil {}
            try engine.compact()
            #expect(try engine.check(.full).filter { $0.severity == .error } == [], "format \(format)")
            let now = try GoldenDatabase.contents(of: engine).filter { $0.hasPrefix("cuboid") }
            let old = expected.filter { $0.hasPrefix("cuboid") && !$0.hasPrefix("cuboid 1 0 0 ") }
            #expect(now.filter { !$0.hasPrefix("cuboid 12 ") && !$0.hasPrefix("cuboid 1 0 0 ") } == old)
            try engine.close()
            #expect(try StorageCheck.run(fileSystem: files, depth: .full) == [], "format \(format)")
        }
    }

    /// One new cuboid, and one that there was.
    private func write(_ engine: StorageEngine) throws {
        let bricks = TestBricks(brickByteCount: 128)
        let contents = (0..<4).map { BrickContent(number: 9000 + UInt32($0)) }
        var batch = WriteBatch(base: try engine.view())
        for key in [CuboidKey(12, 3), CuboidKey(1, 0)] {
            batch.put(try bricks.page(key, .full(contents)), dependsOnBase: false)
        }
        try engine.commit(batch)
        var state = ModelState()
        for key in [CuboidKey(12, 3), CuboidKey(1, 0)] { state.apply(key, .full(contents)) }
        #expect(
            try bricks.difference(engine, engine.view(), state, keys: state.cuboids.keys) == nil)
    }
}
