import BossCodec
import BossVoxels

@testable import BossStorage

/// A small database with every kind of file, page and codec, and the voxels that it holds.
final class SampleDatabase: Sendable {
    static let shared = Result { try SampleDatabase() }
    static let brickByteCount = 256
    static let brickCount = 4

    let files: SimulatedFileSystem
    /// The bricks of every cuboid with a version.
    let model: [CuboidKey: [[UInt8]]]
    /// Paths, sorted.
    let paths: [String]
    /// The newest commit.
    let sequence: UInt64

    /// What is written to a cuboid: brick numbers, by index in a delta.
    private enum Change {
        case full([UInt32])
        case delta([Int: UInt32])
        case constant(UInt8, isTombstone: Bool)
    }

    private init() throws {
        files = SimulatedFileSystem(seed: 0xB055)
        let engine = try StorageEngine.open(
            fileSystem: files, mode: .readWrite(create: true), options: EngineReading.options)
        var model: [CuboidKey: [[UInt8]]] = [:]
        try Self.write(1, .lz4, engine, &model)
        try engine.checkpoint()
        try Self.write(2, .zstd, engine, &model)
        sequence = try engine.view().sequence
        try engine.close()
        self.model = model
        paths = files.fileNames
    }

    /// Roots, oldest first.
    var roots: [[UInt8]] { contents { $0.hasSuffix(".mf") } }
    /// Sealed files, of bulk loads and of a log.
    var segmentFiles: [[UInt8]] {
        contents { $0.hasSuffix(".seg") }.filter {
            $0.number(UInt32.self, at: $0.count - SegmentFooter.byteCount) == Magic.footer
        }
    }
    /// Logs that are not sealed.
    var logFiles: [[UInt8]] {
        contents { $0.hasPrefix("wal/") }.filter {
            $0.number(UInt32.self, at: $0.count - SegmentFooter.byteCount) != Magic.footer
        }
    }

    private func contents(_ isWanted: (String) -> Bool) -> [[UInt8]] {
        paths.filter(isWanted).compactMap { files.contents($0) }
    }

    /// A bulk load of some files, then two commits.
    private static func write(
        _ channel: UInt32, _ preference: CompressionPreference, _ engine: StorageEngine,
        _ model: inout [CuboidKey: [[UInt8]]]
    ) throws {
        func key(_ code: UInt64, time: UInt32 = 0) -> CuboidKey {
            CuboidKey(group: PageGroup(channel: channel, resolution: 0, time: time), morton: code)
        }
        func page(_ key: CuboidKey, _ change: Change) throws -> EncodedPage {
            apply(change, to: &model[key])
            switch change {
            case .full(let numbers):
                let bricks = numbers.enumerated().map { ($0.offset, $0.element) }
                return try SampleBricks.page(key, .full, bricks, brickByteCount, preference)
            case .delta(let numbers):
                let bricks = numbers.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
                return try SampleBricks.page(key, .delta, bricks, brickByteCount, preference)
            case .constant(let value, let isTombstone):
                return .constant(key: key, bits: UInt64(value), voxelByteCount: 1, isTombstone: isTombstone)
            }
        }
        let bulk = try engine.beginBulk()
        for code in UInt64(0)..<5 {
            let first = UInt32(code) * 8 + channel * 100
            try bulk.add(
                page(key(code), .full([first, first + 1, first + 2, first + 3])), dependsOnBase: false)
        }
        try bulk.add(page(key(5), .constant(200, isTombstone: false)), dependsOnBase: false)
        try bulk.commit()
        let commits: [[(CuboidKey, Change)]] = [
            [
                (key(0), .delta([1: 1001, 3: 1003])), (key(1), .constant(0, isTombstone: true)),
                (key(9), .constant(17, isTombstone: false)), (key(10), .full([41, 42, 43, 44])),
            ],
            [(key(0), .delta([0: 1005])), (key(11, time: 1), .full([51, 51, 54, 52]))],
        ]
        for changes in commits {
            var batch = WriteBatch(base: try engine.view())
            for (key, change) in changes { batch.put(try page(key, change), dependsOnBase: false) }
            try engine.commit(batch)
        }
    }

    private static func apply(_ change: Change, to bricks: inout [[UInt8]]?) {
        let background = [UInt8](repeating: 0, count: brickByteCount)
        var new = bricks ?? Array(repeating: background, count: brickCount)
        switch change {
        case .full(let numbers): new = numbers.map { SampleBricks.voxels($0, brickByteCount) }
        case .delta(let numbers):
            for (index, number) in numbers { new[index] = SampleBricks.voxels(number, brickByteCount) }
        case .constant(let value, _):
            new = Array(repeating: [UInt8](repeating: value, count: brickByteCount), count: brickCount)
        }
        bricks = new
    }
}

/// Comparing.
extension SampleDatabase {
    /// Reads every cuboid, and one that does not exist, and compares.
    ///
    /// - Throws: `FuzzFailure` for wrong voxels, `StorageError` for damage that was noticed.
    func compare(_ engine: StorageEngine) throws {
        let view = try engine.view()
        try FuzzFailure.require(
            view.sequence == sequence, "commit \(view.sequence) is newest, not \(sequence)")
        for (group, keys) in Dictionary(grouping: model.keys, by: \.group).sorted(by: { $0.key < $1.key }) {
            let codes = keys.map(\.morton).sorted()
            try FuzzFailure.require(
                try view.writtenCodes(group, in: 0...1000) == codes, "written codes of \(group)")
            for page in try view.locate(group, codes: codes + [77]) {
                let key = CuboidKey(group: group, morton: page.morton)
                let resolved = try engine.resolve(page, group)
                for index in 0..<Self.brickCount {
                    let found = try Self.bytes(of: resolved.source(ofBrick: index), engine)
                    let expected = model[key]?[index] ?? [UInt8](repeating: 0, count: Self.brickByteCount)
                    try FuzzFailure.require(found == expected, "wrong voxels in brick \(index) of \(key)")
                }
            }
        }
    }

    private static func bytes(of source: BrickSource, _ engine: StorageEngine) throws -> [UInt8] {
        switch source {
        case .background: return [UInt8](repeating: 0, count: brickByteCount)
        case .constant(let bits):
            try FuzzFailure.require(bits <= 255, "a constant of \(bits)")
            return [UInt8](repeating: UInt8(bits), count: brickByteCount)
        case .stored(let brick):
            var cost = BrickReadCost()
            let voxels = try engine.decoded(brick, hint: .scan, cost: &cost)
            return voxels.withUnsafeBytes { Array($0.prefix(brick.brickByteCount)) }
        }
    }
}
