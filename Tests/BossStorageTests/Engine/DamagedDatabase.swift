import BossCodec
import BossTestSupport

@testable import BossSimulator
@testable import BossStorage

/// A small database with every kind of file, page and codec, and the verdict on what damage does to it.
struct DamagedDatabase {
    typealias Verdict = ClosedDatabase.Verdict

    let files: SimulatedFileSystem
    private(set) var state = ModelState()
    private(set) var sequence: UInt64 = 0
    let options: StorageOptions
    /// Codecs of all stored bricks.
    private(set) var codecs: Set<BrickCodec> = []
    private let brickByteCount = 1024
    /// The same for all verdicts, so that every brick is read in every way.
    private let reader = TestBricks(brickByteCount: 1024)
    private var contentNumber: UInt32 = 4

    init(seed: UInt64) throws {
        var options = StorageOptions()
        options.bulkSegmentByteCount = 6 << 10
        options.logByteCount = 1 << 20
        options.bootIdentifier = 1
        self.options = options
        files = SimulatedFileSystem(seed: seed)
        let engine = try StorageEngine.open(
            fileSystem: files, mode: .readWrite(create: true), options: options)
        try write(.lz4, channel: 1, engine)
        try engine.checkpoint()
        try write(.zstd, channel: 2, engine)
        sequence = try engine.view().sequence
        try engine.close()
    }

    private mutating func full() -> PageChange {
        contentNumber += 4
        return .full((0..<4).map { BrickContent(number: contentNumber + $0) })
    }

    private mutating func page(_ bricks: TestBricks, _ key: CuboidKey, _ change: PageChange) throws
        -> EncodedPage
    {
        state.apply(key, change)
        let page = try bricks.page(key, change)
        codecs.formUnion(page.entries.map(\.codec))
        return page
    }

    /// A bulk load of several files, then two commits.
    private mutating func write(
        _ preference: CompressionPreference, channel: UInt32, _ engine: StorageEngine
    ) throws {
        let bricks = TestBricks(brickByteCount: brickByteCount, preference: preference)
        let bulk = try engine.beginBulk()
        for code in UInt64(0)..<5 {
            try bulk.add(try page(bricks, CuboidKey(channel, code), full()), dependsOnBase: false)
        }
        try bulk.add(try page(bricks, CuboidKey(channel, 5), .constant(200)), dependsOnBase: false)
        try bulk.commit()
        let commits: [[(CuboidKey, PageChange)]] = [
            [
                (
                    CuboidKey(channel, 0),
                    .delta([1: BrickContent(number: 1001), 3: BrickContent(number: 1002)])
                ),
                (CuboidKey(channel, 1), .tombstone), (CuboidKey(channel, 9), .constant(17)),
                (CuboidKey(channel, 10), full()),
            ],
            [
                (CuboidKey(channel, 0), .delta([0: BrickContent(number: 1003)])),
                (CuboidKey(channel, 11, time: 1), full()),
            ],
        ]
        for changes in commits {
            var batch = WriteBatch(base: try engine.view())
            for (key, change) in changes { batch.put(try page(bricks, key, change), dependsOnBase: false) }
            try engine.commit(batch)
        }
    }

    /// Opens a damaged copy and reads everything, also one cuboid where nothing is.
    ///
    /// - Throws: `TestFailure` when voxels are wrong without an error.
    func verdict(on copy: SimulatedFileSystem, asWriter: Bool, _ what: () -> String) throws -> Verdict {
        let keys = state.cuboids.keys + [CuboidKey(1, 77)]
        let groups = Dictionary(grouping: keys, by: \.group).sorted { $0.key < $1.key }
        let closed = ClosedDatabase(
            files: files, options: options, sequence: sequence, state: state,
            groups: groups.map { ($0.key, $0.value.map(\.morton).sorted()) })
        return try closed.verdict(on: copy, asWriter: asWriter, reader, what)
    }

    /// Paths by what they are.
    var newestRoot: String { files.fileNames.last { $0.hasSuffix(".mf") } ?? "" }
    var segments: [String] { files.fileNames.filter { $0.hasSuffix(".seg") } }
}
