import BossCodec
import Foundation
import Testing

@testable import BossSimulator
@testable import BossStorage

/// Numbers of a root and of lists of segments that no program of ours wrote, under right checksums: they may be
/// refused or believed, but never end the process, and a database that was opened with them still answers.
@Suite("Forged numbers under right checksums")
struct ForgedNumberTests {
    private static let seed: UInt64 = 0xF046
    /// One of so many places; `BOSSQL_EVERY_BIT=1` takes all of them.
    private static let stride: Int = {
        ProcessInfo.processInfo.environment["BOSSQL_EVERY_BIT"] == nil ? 3 : 1
    }()
    private static let values: [UInt64] = [.max, 1 << 63, 1 << 62, 1 << 44, 1 << 32, 1, 0]
    private static let partCount = 4

    /// The files whose numbers are forged: the newest root, and the lists that it names.
    private struct Names {
        let root: String
        let shards: [ShardReference]

        init(_ files: SimulatedFileSystem) throws {
            let manifest = Manifest(fileSystem: files)
            let newest = try manifest.load(try #require(try manifest.numbers().max()))
            root = ManifestRoot.path(number: newest.number)
            shards = newest.shards
        }
    }

    private static func seal(_ bytes: inout [UInt8]) -> UInt32 {
        let end = bytes.count - 4
        let checksum = bytes.withUnsafeBytes {
            CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[0..<end]))
        }
        bytes.replaceSubrange(end..., with: withUnsafeBytes(of: checksum.littleEndian, Array.init))
        return checksum
    }

    /// Puts a number into a copy of a file, with right checksums up to the root.
    private static func forge(
        _ files: SimulatedFileSystem, _ names: Names, shard: ShardReference?, offset: Int, _ value: UInt64
    ) throws {
        let number = withUnsafeBytes(of: value.littleEndian, Array.init)
        var root = try #require(files.contents(names.root))
        if let shard {
            var bytes = try #require(files.contents(shard.path))
            bytes.replaceSubrange(offset..<offset + 8, with: number)
            let checksum = withUnsafeBytes(of: seal(&bytes).littleEndian, Array.init)
            try files.replace(shard.path, with: bytes)
            var writer = ByteWriter()
            shard.write(to: &writer)
            let start = try #require(root.firstRange(of: writer.bytes)?.lowerBound)
            root.replaceSubrange(start + 24..<start + 28, with: checksum)
        } else {
            root.replaceSubrange(offset..<offset + 8, with: number)
        }
        _ = seal(&root)
        try files.replace(names.root, with: root)
    }

    /// Everything that one does with a database.
    private static func use(_ files: SimulatedFileSystem, _ database: RichDatabase) throws {
        let engine = try StorageEngine.open(
            fileSystem: files, mode: .readWrite(create: false), options: database.options)
        let view = try engine.view()
        for key in database.keys { _ = try? view.locate(key.group, codes: [key.morton]) }
        for channel in UInt32(1)...9 {
            _ = try? view.writtenCodes(
                PageGroup(channel: channel, resolution: 0, time: 0), in: 0...UInt64.max)
        }
        _ = try? engine.notedCommits(0...UInt64.max, in: view)
        _ = try? engine.check(.full)
        var batch = WriteBatch(base: view)
        let key = CuboidKey(9, 5)
        batch.put(try database.bricks.page(key, .constant(7)), dependsOnBase: false)
        _ = try? engine.commit(batch)
        try? engine.checkpoint()
        for _ in 0..<40 where (try? engine.maintain()) == nil { break }
        try? engine.close()
    }

    @Test("end in an error or are believed", arguments: 0..<partCount)
    func forged(_ part: Int) throws {
        let database = try RichDatabase(seed: Self.seed, closes: true)
        let names = try Names(database.files)
        #expect(!names.shards.isEmpty)
        var counts = (refused: 0, opened: 0)
        for shard in [nil] + names.shards.map(Optional.some) {
            let length = try #require(database.files.contents(shard?.path ?? names.root)).count
            let places = Swift.stride(from: 0, through: length - 12, by: 4)
            for (index, offset) in places.enumerated()
            where index % Self.stride == 0 && index / Self.stride % Self.partCount == part {
                for value in Self.values {
                    let copy = database.files.clone()
                    try Self.forge(copy, names, shard: shard, offset: offset, value)
                    do {
                        try Self.use(copy, database)
                        counts.opened += 1
                    } catch is StorageError { counts.refused += 1 }
                }
            }
        }
        print("forged numbers, part \(part) of \(Self.partCount): \(counts)")
        #expect(counts.refused > 0 && counts.opened > 0, "both occur")
    }
}
