import BossCodec
import BossStorage
import BossTestSupport
import BossVoxels
import Foundation

/// What a process that has just been started pays for a database of some size.
struct ScaleMeasurement {
    let database: GeneratedDatabase

    /// Memory for decoded bricks: none are decoded here.
    private static let poolByteCount = 64 << 20
    private static let lookupCount = 10_000
    private let group = PageGroup(channel: GeneratedSegment.channel, resolution: 0, time: 0)

    /// One line of the table.
    struct Row: Codable {
        var name: String
        var milliseconds: Double
        var residentKibibytes: Int
        var anonymousKibibytes: Int
        var openFileCount: Int
    }

    private func open(_ mode: OpenMode) throws -> StorageEngine {
        var options = StorageOptions()
        options.poolByteCount = Self.poolByteCount
        let files = try PosixFileSystem(directory: database.path, createIfMissing: false)
        return try StorageEngine.open(fileSystem: files, mode: mode, options: options)
    }

    /// All rows, in the order of the work.
    func run() throws -> [Row] {
        var rows: [Row] = []
        measured("nothing yet", &rows) {}
        dropFromPageCache("MANIFEST")
        let reader = try measured("open to read, cold", &rows) { try open(.readOnly) }
        try reader.close()
        dropFromPageCache("MANIFEST")
        var engine = try measured("open to write, cold", &rows) { try open(.readWrite(create: false)) }
        try measured("close", &rows) { try engine.close() }
        engine = try measured("open to write again", &rows) { try open(.readWrite(create: false)) }
        try lookups(engine, &rows)
        try commits(engine, &rows)
        try maintenance(engine, &rows)
        try measured("close", &rows) { try engine.close() }
        engine = try measured("open after that", &rows) { try open(.readWrite(create: false)) }
        try engine.close()
        return rows
    }

    private func lookups(_ engine: StorageEngine, _ rows: inout [Row]) throws {
        var random = SeededGenerator(seed: 1)
        let numbers = database.segmentsWithFiles
        func code(_ index: Int) -> UInt64 {
            let segment = database.segment(numbers[index % numbers.count])
            return segment.firstMorton + UInt64.random(in: 0..<UInt64(segment.pageCount), using: &random)
        }
        dropFromPageCache("seg")
        let first = code(numbers.count / 2)
        try measured("first lookup, files cold", &rows) { try find(first, engine) }
        try measured("the same again", &rows) { try find(first, engine) }
        let all = numbers.indices.map(code)
        try measured("one lookup in each of \(all.count) files", &rows) {
            for each in all { try find(each, engine) }
        }
        let many = (0..<Self.lookupCount).map { _ in code(Int.random(in: 0..<numbers.count, using: &random)) }
        try measured("\(many.count) random lookups in them", &rows) {
            for each in many { try find(each, engine) }
        }
        let near = (0..<Self.lookupCount).map { code(numbers.count / 2 + $0 % min(16, numbers.count)) }
        try measured("\(near.count) lookups in 16 neighbours", &rows) {
            for each in near { try find(each, engine) }
        }
    }

    /// Finds a cuboid, and makes sure that the right version was found.
    private func find(_ code: UInt64, _ engine: StorageEngine) throws {
        let page = try engine.view().locate(group, codes: [code]).first
        let expected = code / UInt64(database.segment(0).pageCount) + 1
        guard page?.newestSequence == expected else { throw ScaleError.wrongVersion(code: code) }
    }

    private func commits(_ engine: StorageEngine, _ rows: inout [Row]) throws {
        let pages = ScalePages(group: group)
        for name in ["first small commit (makes a log)", "second small commit"] {
            try measured(name, &rows) {
                var batch = WriteBatch(base: try engine.view())
                batch.put(try pages.page(0), dependsOnBase: true)
                try engine.commit(batch)
            }
        }
        for name in ["first bulk commit", "second bulk commit"] {
            try measured(name, &rows) {
                let bulk = try engine.beginBulk()
                try bulk.add(try pages.page(1), dependsOnBase: true)
                try bulk.commit()
            }
        }
    }

    /// Steps until there is nothing left, at most some seconds long.
    private func maintenance(_ engine: StorageEngine, _ rows: inout [Row]) throws {
        var longest = 0.0
        var count = 0
        let clock = ContinuousClock()
        var all: [Row] = []
        try measured("", &all) {
            let end = clock.now + .seconds(20)
            while clock.now < end {
                let start = clock.now
                let step = try engine.maintain()
                longest = max(longest, Self.milliseconds(clock.now - start))
                if step == nil { break }
                count += 1
            }
        }
        for var row in all {
            let text = String(format: "%.1f", longest)
            row.name = "\(count) steps of maintenance, the longest \(text) ms"
            rows.append(row)
        }
    }

    private static func milliseconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) * 1e3 + Double(duration.components.attoseconds) / 1e15
    }

    private func measured<R>(_ name: String, _ rows: inout [Row], _ body: () throws -> R) rethrows -> R {
        let start = ContinuousClock.now
        let result = try body()
        let time = ContinuousClock.now - start
        rows.append(
            Row(
                name: name, milliseconds: Self.milliseconds(time),
                residentKibibytes: ProcessStatus.kibibytes("VmRSS"),
                anonymousKibibytes: ProcessStatus.kibibytes("RssAnon"),
                openFileCount: ProcessStatus.openFileCount))
        return result
    }

    /// Asks the system to forget what it holds of files in a folder.
    private func dropFromPageCache(_ folder: String) {
        guard let names = FileManager.default.enumerator(atPath: "\(database.path)/\(folder)") else { return }
        for case let name as String in names {
            ProcessStatus.dropFromPageCache("\(database.path)/\(folder)/\(name)")
        }
    }
}

/// Pages of one raw brick.
private struct ScalePages {
    let group: PageGroup
    private static let brickByteCount = 64 << 10

    func page(_ morton: UInt64) throws -> EncodedPage {
        let encoder = BrickEncoder(
            voxelType: .uint8, brickByteCount: Self.brickByteCount, preference: .none)
        var builder = PageBuilder(
            key: CuboidKey(group: group, morton: morton), kind: .full, encoder: encoder, voxelByteCount: 1,
            brickByteCount: Self.brickByteCount, brickCapacity: 1, baseSequence: 0,
            scratch: VoxelStorage(byteCount: BrickEncoder.outputBound(Self.brickByteCount), zeroed: false))
        var random = SeededGenerator(seed: morton)
        try builder.append(brick: 0) { bytes in
            for index in bytes.indices { bytes[index] = UInt8.random(in: 0...255, using: &random) }
        }
        return builder.finish()
    }
}

/// Why a measurement ended.
enum ScaleError: Error {
    /// The engine found another version of a cuboid than was generated.
    case wrongVersion(code: UInt64)
    /// The process that measures failed.
    case measurementFailed(status: Int32)
}
