import BossCodec
import BossTestSupport
import Testing

@testable import BossSimulator
@testable import BossStorage

/// Files that hold what belongs to others, or what only a newer program reads.
extension SalvageTests {
    /// The path of the root that counts, and what it says.
    private func newestRoot(_ files: SimulatedFileSystem) throws -> (path: String, root: ManifestRoot) {
        let root = try Manifest(fileSystem: files).newest(nil)
        return (ManifestRoot.path(number: root.number), root)
    }

    /// Names of bricks that are wrong and that nothing tells of.
    private func silent(
        _ database: RichDatabase, _ report: SalvageReport, _ engine: StorageEngine
    ) throws -> [String] {
        let view = try engine.view()
        var found: [String] = []
        for key in database.keys where key.group.channel != 4 {
            if report.stretches.contains(where: { $0.contains(key) }) { continue }
            let losses = report.losses.filter { $0.group == key.group && $0.morton == key.morton }
            let page = try engine.resolve(try view.locate(key.group, codes: [key.morton])[0], key.group)
            for (brick, content) in database.state.contents(of: key).enumerated() {
                let voxels = try database.bricks.voxels(page.source(ofBrick: brick), engine)
                if voxels == database.bricks.bytes(content) { continue }
                let isNamed = losses.contains { loss in
                    switch loss.extent {
                    case .bricks(let bricks): bricks.contains(brick)
                    case .cuboid(let held), .someBricks(let held): !held.contains(brick)
                    }
                }
                if !isNamed {
                    found.append("channel \(key.group.channel) cuboid \(key.morton) brick \(brick)")
                }
            }
        }
        return found
    }

    /// Every file in the place of every other one, without its header, without its footer, and without both.
    @Test("pages of another file or database never pass for a file's own without a word", arguments: 0..<3)
    func foreignPages(_ cut: Int) throws {
        let seed = Self.seed &+ UInt64(cut)
        let database = try RichDatabase(seed: seed, closes: true)
        let other = try RichDatabase(seed: seed &+ 1000, closes: true)
        let live = Set(
            try newestRoot(database.files.clone()).root.logs.map {
                SegmentReference.path(role: .log, identifier: $0)
            })
        let segments = database.files.fileNames.filter { $0.hasSuffix(".seg") }
        let contents = segments.map { database.files.contents($0) ?? [] }
        let foreign = other.files.fileNames.filter { $0.hasSuffix(".seg") }.map {
            other.files.contents($0) ?? []
        }
        var (replaced, told) = (0, 0)
        for path in segments where !live.contains(path) {
            for bytes in contents + foreign.prefix(6) where bytes != database.files.contents(path) {
                let source = database.files.clone()
                var bytes = bytes
                if cut != 1 { bytes.removeFirst(SegmentHeader.byteCount) }
                if cut != 0 { bytes.removeLast(SegmentFooter.byteCount) }
                // The same with all places as they were.
                if replaced % 2 == 1, cut != 1 {
                    bytes = [UInt8](repeating: 0, count: SegmentHeader.byteCount) + bytes
                }
                try source.replace(path, with: bytes)
                let (report, engine) = try salvage(source, seed: seed)
                let silent = try silent(database, report, engine)
                #expect(silent == [], "\(path), cut \(cut), seed \(seed): \(report.notes)")
                #expect(report.findings == [], "\(path), cut \(cut), seed \(seed)")
                replaced += 1
                if !report.stretches.isEmpty { told += 1 }
            }
        }
        print("files replaced: \(replaced), of these with lost stretches: \(told), cut \(cut)")
        #expect(replaced > 50 && told > replaced / 2)
    }

    /// As when a disk loses a write, and the place shows what lay there before.
    @Test("an older load in the place of a newer one is not taken for it without a word")
    func olderLoad() throws {
        let files = SimulatedFileSystem(seed: Self.seed)
        let bricks = TestBricks(brickByteCount: 512)
        var options = RichDatabase.options()
        options.bulkSegmentByteCount = 1 << 20
        let engine = try StorageEngine.open(
            fileSystem: files, mode: .readWrite(create: true), options: options)
        var loads: [String] = []
        for load in UInt32(0)..<2 {
            let before = Set(files.fileNames)
            let bulk = try engine.beginBulk()
            for code in UInt64(0)..<2 {
                let contents = (UInt32(0)..<4).map {
                    BrickContent(number: load * 100 + UInt32(code) * 4 + $0 + 1)
                }
                try bulk.add(try bricks.page(CuboidKey(1, code), .full(contents)), dependsOnBase: false)
            }
            try bulk.commit()
            loads.append(try #require(files.fileNames.first { $0.hasPrefix("seg/") && !before.contains($0) }))
        }
        try engine.close()
        let source = files.clone()
        var old = try #require(source.contents(loads[0]))
        old.removeFirst(SegmentHeader.byteCount)
        old.removeLast(SegmentFooter.byteCount)
        try source.replace(loads[1], with: old)
        // The older file is gone, so that no index has its pages.
        try source.replace(loads[0], with: [UInt8](repeating: 0, count: 64))
        let (report, saved) = try salvage(source)
        for code in UInt64(0)..<2 {
            #expect(report.stretches.contains { $0.path == loads[1] && $0.contains(CuboidKey(1, code)) })
        }
        #expect(report.remarks.contains { $0.contains(loads[1]) }, "\(report.remarks)")
        try saved.close()
    }

    @Test("a file that lost its header or some bytes at its start keeps what its index leads to")
    func withoutHeaders() throws {
        let database = try RichDatabase(seed: Self.seed, closes: true)
        let live = try newestRoot(database.files.clone()).root.logs.map {
            SegmentReference.path(role: .log, identifier: $0)
        }
        for isShifted in [false, true] {
            let source = database.files.clone()
            for path in source.fileNames where path.hasSuffix(".seg") && !live.contains(path) {
                var bytes = Array((source.contents(path) ?? []).dropFirst(SegmentHeader.byteCount))
                if !isShifted { bytes = [UInt8](repeating: 7, count: SegmentHeader.byteCount) + bytes }
                try source.replace(path, with: bytes)
            }
            let (report, engine) = try salvage(source)
            #expect(report.losses == [] && report.stretches == [] && report.remarks == [], "\(report)")
            #expect(!report.notes.isEmpty)
            #expect(
                try database.bricks.difference(engine, engine.view(), database.state, keys: database.keys)
                    == nil)
        }
    }

    @Test("a lost brick is not written, so that it reads as its channel's background")
    func lostBricks() throws {
        let files = SimulatedFileSystem(seed: Self.seed)
        let bricks = TestBricks(brickByteCount: 512)
        let engine = try StorageEngine.open(
            fileSystem: files, mode: .readWrite(create: true), options: RichDatabase.options())
        let bulk = try engine.beginBulk()
        let contents = (UInt32(1)...4).map { BrickContent(number: $0) }
        try bulk.add(try bricks.page(CuboidKey(1, 0), .full(contents)), dependsOnBase: false)
        try bulk.add(try bricks.page(CuboidKey(1, 1), .constant(5)), dependsOnBase: false)
        try bulk.commit()
        var batch = WriteBatch(base: try engine.view())
        batch.put(
            try bricks.page(CuboidKey(1, 1), .delta([2: contents[0], 3: contents[1]]), over: 1),
            dependsOnBase: false)
        try engine.commit(batch)
        try engine.checkpoint()
        try engine.close()
        let source = files.clone()
        for path in source.fileNames where path.hasSuffix(".seg") {
            guard
                let page = source.segmentLayout(path)?.pages.first(where: { $0.header.key.group.channel == 1 }
                )
            else { continue }
            try source.corrupt(path, offset: page.offset + Int(page.entries[1].offset), bit: 0)
        }
        let (report, saved) = try salvage(source)
        func brickSource(_ code: UInt64, _ brick: Int) throws -> BrickSource {
            let key = CuboidKey(1, code)
            let page = try saved.view().locate(key.group, codes: [code])[0]
            return try saved.resolve(page, key.group).source(ofBrick: brick)
        }
        guard case .background = try brickSource(0, 1) else {
            Issue.record("\(try brickSource(0, 1))")
            return
        }
        #expect(try bricks.voxels(try brickSource(0, 2), saved) == bricks.bytes(contents[2]))
        // Above a cuboid of one value a lost brick shows that value, which the list says.
        guard case .constant(5) = try brickSource(1, 3) else {
            Issue.record("\(try brickSource(1, 3))")
            return
        }
        #expect(try bricks.voxels(try brickSource(1, 2), saved) == bricks.bytes(contents[0]))
        let substitutes = Dictionary(uniqueKeysWithValues: report.losses.map { ($0.morton, $0.substitute) })
        #expect(substitutes == [0: .background, 1: .olderVersion(commit: 1)], "\(report.losses)")
        #expect(report.cuboidCount >= 2 && report.findings == [])
        try saved.close()
    }

    // MARK: Newer formats

    @Test("a root or a segment file of a newer format is refused by name")
    func newerFormats() throws {
        let database = try RichDatabase(seed: Self.seed, closes: true)
        let (path, root) = try newestRoot(database.files.clone())
        let segment = try #require(root.segments.first).path
        let log = try #require(database.files.fileNames.first { $0.hasPrefix("wal/") })
        let version = UnknownFormat.version(found: 2, supported: 1)
        for (file, offset, unknown) in [
            (path, 4, version), (path, 12, .features(1 << 33)), (segment, 4, version),
            (segment, 12, .features(1 << 33)), (log, 12, .features(1 << 33)),
        ] {
            let source = database.files.clone()
            var bytes = try #require(source.contents(file))
            bytes[offset] = 2
            let end = file.hasSuffix(".seg") ? 80 : bytes.count - 4
            let checksum = bytes[0..<end].withUnsafeBytes { CRC32C.checksum($0) }
            withUnsafeBytes(of: checksum.littleEndian) { bytes.replaceSubrange(end..<end + 4, with: $0) }
            try source.replace(file, with: bytes)
            source.setFaults(.none)
            let expected = StorageError.unsupportedFormat(file: file, unknown)
            #expect(throws: expected, "\(file) byte \(offset)") {
                try Salvage(source: source, destination: SimulatedFileSystem(seed: 2)).run()
            }
        }
    }
}
