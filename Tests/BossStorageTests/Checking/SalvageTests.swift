import BossCodec
import BossTestSupport
import Foundation
import Testing

@testable import BossSimulator
@testable import BossStorage

/// Salvage saves every brick that is intact, names every one that is not, and writes nothing to the source.
@Suite("Salvage")
struct SalvageTests {
    static let seed: UInt64 = 0x5A1
    /// `BOSSQL_DAMAGES` asks for more.
    private static let caseCount: Int = {
        let asked = ProcessInfo.processInfo.environment["BOSSQL_DAMAGES"].flatMap { Int($0) }
        return max(400, asked ?? 0)
    }()

    func salvage(_ source: SimulatedFileSystem, seed: UInt64 = 1) throws -> (
        report: SalvageReport, engine: StorageEngine
    ) {
        source.setFaults(.none)
        let destination = SimulatedFileSystem(seed: seed)
        let report = try Salvage(source: source, destination: destination, options: RichDatabase.options())
            .run()
        #expect(source.mutatingOperationCount == 0, "the source was written")
        let engine = try StorageEngine.open(
            fileSystem: destination, mode: .readWrite(create: false), options: RichDatabase.options())
        return (report, engine)
    }

    @Test("takes over all of a sound database, with its notes, and numbers of commits go on")
    func sound() throws {
        for closes in [true, false] {
            let database = try RichDatabase(seed: Self.seed, closes: closes)
            let source = database.files.clone()
            let (report, engine) = try salvage(source)
            #expect(report.losses == [] && report.findings == [])
            #expect(report.remarks == [] && report.stretches == [] && report.snapshotNames == ["before"])
            #expect(report.lostBrickCount == 0 && report.lostPageCount == 0 && report.rootNumber != nil)
            let view = try engine.view()
            #expect(view.sequence > database.sequence)
            #expect(
                try database.bricks.difference(engine, view, database.state, keys: database.keys) == nil)
            for (commit, action) in database.actions {
                #expect(try engine.note(of: commit, in: view)?.action == action, "commit \(commit)")
            }
            #expect(throws: StorageError.self) { try engine.view(at: database.sequence) }
            try engine.close()
        }
    }

    @Test("refuses a destination that is not empty, and a source that is no database")
    func refusals() throws {
        let database = try RichDatabase(seed: Self.seed, closes: true)
        #expect(throws: StorageError.self) {
            try Salvage(source: database.files, destination: database.files.clone()).run()
        }
        #expect(throws: StorageError.self) {
            try Salvage(source: SimulatedFileSystem(seed: 1), destination: SimulatedFileSystem(seed: 2)).run()
        }
    }

    @Test("takes over everything when no root or no list of segments is left")
    func withoutRoots() throws {
        let database = try RichDatabase(seed: Self.seed, closes: true)
        for ending in [".mf", ".ms"] {
            let source = database.files.clone()
            for path in source.fileNames where path.hasSuffix(ending) { try source.unlink(path) }
            let (report, engine) = try salvage(source)
            #expect(report.losses == [] && report.findings == [])
            #expect(!report.remarks.isEmpty)
            // Without a root nobody knows which channels were dropped.
            let keys = database.keys.filter { $0.group.channel != 4 }
            #expect(
                try database.bricks.difference(engine, engine.view(), database.state, keys: keys) == nil,
                "\(ending)")
        }
    }

    @Test("finds files under wrong names")
    func swapped() throws {
        let database = try RichDatabase(seed: Self.seed, closes: true)
        let source = database.files.clone()
        let paths = source.fileNames.filter { $0.hasPrefix("seg/") }
        for (path, other) in zip(paths, paths.dropFirst() + paths.prefix(1)) {
            try source.replace(path, with: database.files.contents(other) ?? [])
        }
        let (report, engine) = try salvage(source)
        #expect(report.losses == [] && report.findings == [])
        #expect(
            try database.bricks.difference(engine, engine.view(), database.state, keys: database.keys) == nil)
    }

    /// Some faults at once: bits, sectors, cuts, missing files.
    private func damage(
        _ files: SimulatedFileSystem, _ random: inout SeededGenerator, touched: inout [String: [Range<Int>]],
        noMetadataOfManifest: Bool
    ) throws {
        let paths = files.fileNames.filter {
            $0.hasSuffix(".seg") || (!noMetadataOfManifest && ($0.hasSuffix(".mf") || $0.hasSuffix(".ms")))
        }
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            guard let path = paths.randomElement(using: &random) else { return }
            let length = files.contents(path)?.count ?? 0
            guard length > 0 else { continue }
            let offset = Int.random(in: 0..<length, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<6:
                try files.corrupt(path, offset: offset, bit: Int.random(in: 0..<8, using: &random))
                touched[path, default: []].append(offset..<offset + 1)
            case 6..<9:
                let start = offset / 512 * 512
                let count = min(512, length - start)
                let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
                try files.overwriteForTest(path, bytes, at: start)
                touched[path, default: []].append(start..<start + count)
            default:
                try files.truncateForTest(path, byteCount: offset)
                touched[path, default: []].append(offset..<length)
            }
        }
    }

    /// What the sound database reads, brick by brick, and where it lies.
    private struct Oracle {
        /// Parts of files that a brick needs: the header and directory of its page, and its own bytes.
        /// Nil where no page holds the brick: then only an index or a deletion says what it is.
        var places: [CuboidKey: [[(path: String, range: Range<Int>)]?]] = [:]

        init(_ database: RichDatabase, _ engine: StorageEngine) throws {
            let view = try engine.view()
            for key in database.keys {
                let page = try view.locate(key.group, codes: [key.morton])[0]
                var bricks: [[(path: String, range: Range<Int>)]?] = []
                let resolved = try engine.resolve(page, key.group)
                for brick in 0..<PageChange.brickCount {
                    var isStored = false
                    var needs: [(path: String, range: Range<Int>)] = []
                    // Which page holds it is not known before all above it are read.
                    for version in page.deltas + (page.base.map { [$0] } ?? []) {
                        guard version.kind == .full || version.kind == .delta else { continue }
                        let directory = try engine.directories.directory(of: version, key: key)
                        let start = Int(version.offset)
                        let head = PageHeader.byteCount + directory.header.directoryByteCount
                        needs.append((version.store.name, start..<start + head))
                        isStored = directory.entryIndex(ofBrick: brick) != nil
                        if isStored { break }
                    }
                    if case .stored(let stored) = resolved.source(ofBrick: brick) {
                        needs.append(
                            (
                                stored.store.name,
                                Int(stored.offset)..<Int(stored.offset) + stored.storedByteCount
                            ))
                    }
                    bricks.append(isStored ? needs : nil)
                }
                places[key] = bricks
            }
        }

        func isIntact(_ key: CuboidKey, _ brick: Int, _ touched: [String: [Range<Int>]]) -> Bool {
            guard let needs = places[key]?[brick] else { return false }
            return needs.allSatisfy { place in
                !(touched[place.path] ?? []).contains { $0.overlaps(place.range) }
            }
        }
    }

    /// Manifest and indexes are left alone in half of the cases: then every loss has a name.
    @Test("saves every intact brick and names every other one", arguments: 0..<4)
    func damages(_ part: Int) throws {
        let database = try RichDatabase(seed: Self.seed &+ UInt64(part % 2), closes: part < 2)
        let sound = try StorageEngine.open(
            fileSystem: database.files.clone(), mode: .readOnly, options: database.options)
        let oracle = try Oracle(database, sound)
        var (saved, lost, unnamed, inStretch) = (0, 0, 0, 0)
        for number in 0..<Self.caseCount / 4 {
            let seed = Self.seed &+ UInt64(part * 100_000 + number)
            var random = SeededGenerator(seed: seed)
            let source = database.files.clone()
            var touched: [String: [Range<Int>]] = [:]
            try damage(source, &random, touched: &touched, noMetadataOfManifest: number % 2 == 0)
            let (report, engine) = try salvage(source, seed: seed)
            #expect(report.findings == [], "seed \(seed)")
            let view = try engine.view()
            let named = Dictionary(grouping: report.losses) {
                CuboidKey(group: $0.group, morton: $0.morton)
            }
            // What no index of a segment file knows any more has a stretch; of logs and roots it is told in general.
            let hasGeneral = !report.remarks.isEmpty
            for key in database.keys where key.group.channel != 4 {
                let page = try engine.resolve(
                    try view.locate(key.group, codes: [key.morton])[0], key.group)
                for (brick, content) in database.state.contents(of: key).enumerated() {
                    let voxels = try database.bricks.voxels(page.source(ofBrick: brick), engine)
                    let isRight = voxels == database.bricks.bytes(content)
                    let isNamed = (named[key] ?? []).contains { loss in
                        switch loss.extent {
                        case .bricks(let bricks): bricks.contains(brick)
                        case .cuboid(let held), .someBricks(let held): !held.contains(brick)
                        }
                    }
                    let isIntact = oracle.isIntact(key, brick, touched)
                    if isRight {
                        saved += 1
                        // A brick that is right may be named where only some bricks of a delta are lost.
                        let isExact = (named[key] ?? []).allSatisfy { loss in
                            if case .someBricks = loss.extent { return false }
                            return true
                        }
                        #expect(!isNamed || !isIntact || !isExact, "\(key) brick \(brick), seed \(seed)")
                        continue
                    }
                    lost += 1
                    let isInStretch = report.stretches.contains { $0.contains(key) }
                    if !isNamed { unnamed += 1 }
                    if !isNamed, isInStretch { inStretch += 1 }
                    #expect(
                        isNamed || isInStretch || hasGeneral, "silent: \(key) brick \(brick), seed \(seed)")
                    #expect(
                        !isIntact, "intact, but lost: \(key) brick \(brick), seed \(seed): \(report.remarks)")
                }
            }
        }
        print(
            "bricks saved: \(saved), lost: \(lost), of these without a name \(unnamed), in a stretch \(inStretch), part \(part)"
        )
        #expect(saved > 0 && lost > 0)
    }
}
