import BossCodec
import BossTestSupport
import Foundation
import Synchronization
import Testing

@testable import BossSimulator
@testable import BossStorage

/// A check finds nothing in a sound database, and every changed byte in a damaged one.
@Suite("Check of a database")
struct CheckTests {
    private static let seed: UInt64 = 0xC4EC
    /// `BOSSQL_FLIPS` asks for more bytes.
    private static let flipCount: Int = {
        let asked = ProcessInfo.processInfo.environment["BOSSQL_FLIPS"].flatMap { Int($0) }
        return max(1200, asked ?? 0)
    }()

    @Test("the database of these tests has every kind of file and page")
    func database() throws {
        let database = try RichDatabase(seed: Self.seed)
        let engine = try #require(database.engine)
        let root = engine.writer.withLock { $0.root }
        let segments = try engine.published.withLock { $0 }.table.all().map(\.reference)
        #expect(Set(segments.map(\.role)) == [.log, .bulk, .compacted])
        #expect(!root.shards.isEmpty && !root.logs.isEmpty && !root.snapshots.isEmpty)
        #expect(!root.rangeTombstones.isEmpty && !root.droppedChannels.isEmpty && !root.bulkNotes.isEmpty)
        let kinds = database.files.fileNames.compactMap(database.files.segmentLayout).flatMap(\.pages)
        #expect(Set(kinds.map(\.header.kind)) == [.full, .delta, .constant, .tombstone, .rangeTombstone])
        #expect(
            try database.bricks.difference(engine, engine.view(), database.state, keys: database.keys) == nil)
    }

    @Test("finds nothing in a sound database, open, closed, or left by a dead process")
    func sound() throws {
        let database = try RichDatabase(seed: Self.seed)
        let engine = try #require(database.engine)
        for depth in [CheckDepth.quick, .full] {
            #expect(try engine.check(depth) == [])
            #expect(try engine.check(depth, channel: 5) == [])
            #expect(try StorageCheck.run(fileSystem: database.files.clone(), depth: depth) == [])
            let reader = try StorageEngine.open(
                fileSystem: database.files.sharedHandle(), mode: .readOnly, options: database.options)
            #expect(try reader.check(depth) == [])
            try reader.close()
        }
        while try engine.maintain() != nil {}
        var findings = try engine.check(.full)
        #expect(findings == [])
        try engine.checkpoint()
        while try engine.maintain() != nil {}
        findings = try engine.check(.full)
        #expect(findings == [])
        try database.close()
        #expect(try StorageCheck.run(fileSystem: database.files, depth: .full) == [])
        #expect(throws: StorageError.closed) { try engine.check(.quick) }
    }

    @Test("reads every byte of pages in a full check, none in a quick one, and ends when asked to")
    func progress() throws {
        let database = try RichDatabase(seed: Self.seed, closes: true)
        var last = CheckProgress()
        _ = try StorageCheck.run(fileSystem: database.files, depth: .full, progress: { last = $0 })
        #expect(last.segmentCount == last.segmentTotal && last.segmentTotal > 5 && last.byteCount > 0)
        _ = try StorageCheck.run(fileSystem: database.files, depth: .quick, progress: { last = $0 })
        #expect(last.segmentCount == last.segmentTotal && last.byteCount == 0)
        #expect(throws: StorageError.closed) {
            try StorageCheck.run(
                fileSystem: database.files, depth: .full,
                control: { () throws(StorageError) in throw .closed })
        }
        #expect(throws: StorageError.self) {
            try StorageCheck.run(fileSystem: SimulatedFileSystem(seed: 1), depth: .quick)
        }
    }

    /// Bytes that a check does not cover are those of its documentation, and no others.
    private func isUnchecked(_ path: String, _ offset: Int, _ layout: SegmentLayout?) -> Bool {
        if path == "LOCK" { return offset < 4096 }
        if path.hasPrefix("readers/") { return true }
        return layout?.page(at: offset)?.isGap(offset) ?? false
    }

    @Test("finds every changed byte of every file", arguments: 0..<4)
    func flips(_ part: Int) throws {
        let database = try RichDatabase(seed: Self.seed, closes: true)
        var random = SeededGenerator(seed: Self.seed &+ UInt64(part))
        var (found, quick, unchecked) = (0, 0, 0)
        // Files of a dropped channel hold pages that nobody reads.
        let dropped = Set(
            database.files.fileNames.filter { path in
                database.files.segmentLayout(path)?.pages.contains { $0.header.key.group.channel == 4 }
                    ?? false
            })
        for (index, path) in database.files.fileNames.enumerated() where index % 4 == part {
            let length = database.files.contents(path)?.count ?? 0
            // Nothing is kept in the reserve.
            guard length > 0, !path.hasPrefix("readers/"), path != "RESERVE" else { continue }
            let layout = database.files.segmentLayout(path)
            for offset in Self.offsets(path, length, layout, &random) {
                if dropped.contains(path), layout?.page(at: offset)?.header.key.group.channel == 4 {
                    continue
                }
                let copy = database.files.clone()
                try copy.corrupt(path, offset: offset, bit: Int.random(in: 0..<8, using: &random))
                let isQuick = try !StorageCheck.run(fileSystem: copy, depth: .quick).isEmpty
                let isFound = try isQuick || !StorageCheck.run(fileSystem: copy, depth: .full).isEmpty
                if isUnchecked(path, offset, layout) {
                    unchecked += 1
                    #expect(!isFound, "byte \(offset) of \(path), seed \(Self.seed)")
                } else {
                    found += 1
                    quick += isQuick ? 1 : 0
                    #expect(isFound, "byte \(offset) of \(path), seed \(Self.seed)")
                }
            }
        }
        print("bytes changed: \(found), of these \(quick) found by a quick check; not covered: \(unchecked)")
        #expect(found > 0)
    }

    /// Everything that is not padding, as far as the budget goes, and a sample of the rest.
    private static func offsets(
        _ path: String, _ length: Int, _ layout: SegmentLayout?, _ random: inout SeededGenerator
    ) -> [Int] {
        let budget = flipCount / 40
        var wanted: [Int] = []
        if path.hasSuffix(".mf") || path.hasSuffix(".ms") { wanted += 0..<length }
        if path == "LOCK" { wanted += [0, 200, 300] + Array(4096..<4160) }
        if let layout {
            wanted += Array(0..<84) + Array(length - 4096..<length - 4096 + 108)
            for page in layout.pages {
                wanted += page.offset..<page.offset + PageHeader.byteCount + page.header.directoryByteCount
            }
        }
        wanted.shuffle(using: &random)
        wanted = Array(wanted.prefix(budget))
        return wanted + (0..<budget / 2).map { _ in Int.random(in: 0..<length, using: &random) }
    }

    @Test("names what is missing, cut, swapped or left over, and goes on")
    func files() throws {
        let database = try RichDatabase(seed: Self.seed, closes: true)
        let segments = database.files.fileNames.filter { $0.hasSuffix(".seg") || $0.hasSuffix(".ms") }
        for path in segments {
            for length in [nil, 0, 1, 63, 64, 84, 100, 4095] {
                let copy = database.files.clone()
                if let length {
                    guard length < copy.contents(path)?.count ?? 0 else { continue }
                    try copy.truncateForTest(path, byteCount: length)
                } else {
                    try copy.unlink(path)
                }
                let findings = try StorageCheck.run(fileSystem: copy, depth: .quick)
                #expect(
                    findings.contains { $0.severity == .error && $0.object.hasSuffix(path) },
                    "\(path), \(length ?? -1) bytes")
            }
        }
        // The live log, which is no segment file yet.
        let open = try RichDatabase(seed: Self.seed)
        let log = try #require(open.engine?.writer.withLock { $0.root.logs.last })
        for length in [0, 1, 63, 64, 84, 100] {
            let copy = open.files.clone()
            let path = SegmentReference.path(role: .log, identifier: log)
            try copy.truncateForTest(path, byteCount: length)
            let findings = try StorageCheck.run(fileSystem: copy, depth: .full)
            #expect(findings.contains { $0.severity == .error }, "\(path), \(length) bytes")
        }
        let copy = database.files.clone()
        for path in segments { try copy.unlink(path) }
        let missing = try StorageCheck.run(fileSystem: copy, depth: .full)
        let recent = database.files.fileNames.filter { $0.hasSuffix(".ms") }.count
        #expect(missing.filter { $0.severity == .error }.count >= recent + 2)
        let extra = database.files.clone()
        let name = "seg/00/00000000000000000000000000000000.seg"
        try extra.createDirectory("seg/00")
        _ = try extra.open(name, mode: .createNew)
        let leftovers = try StorageCheck.run(fileSystem: extra, depth: .quick)
        #expect(leftovers.map(\.object) == [name] && leftovers.map(\.severity) == [.warning])
    }

    @Test("finds no error in what random work leaves, in an open handle and in what a dead process leaves")
    func randomWork() throws {
        var checked = 0
        for seed in Self.seed..<Self.seed + 24 {
            let simulation = Simulation(seed: seed, isCalm: true, operationCount: 30 + Int(seed % 5) * 25)
            // What a run itself finds wrong is reported by the tests of the simulation.
            guard (try? simulation.run()) != nil else { continue }
            simulation.machine.setFaults(.none)
            if let engine = simulation.writer?.engine, engine.writer.withLock({ $0.failure }) == nil {
                let findings = try engine.check(.full).filter(Self.isDefect)
                #expect(findings == [], "seed \(seed)")
                while try engine.maintain() != nil {}
                #expect(try engine.check(.full).filter(Self.isDefect) == [], "seed \(seed), maintained")
                checked += 1
            }
            guard !simulation.machine.fileNames.filter({ $0.hasSuffix(".mf") }).isEmpty else { continue }
            let left = try StorageCheck.run(fileSystem: simulation.machine.clone(), depth: .full)
            #expect(left.filter { $0.severity == .error } == [], "seed \(seed)")
            checked += 1
        }
        #expect(checked > 30)
    }

    /// Files that a failure left and that the next open removes are no defects, nor are long chains, which only the
    /// facade avoids.
    private static func isDefect(_ finding: CheckFinding) -> Bool {
        finding.severity == .error
            || (finding.remedy != CheckRemedy.nextOpen && finding.remedy != CheckRemedy.none
                && !finding.message.contains("deltas stand"))
    }

    @Test("scrubbing reads each segment once and remembers what is damaged")
    func scrubbing() throws {
        let database = try RichDatabase(seed: Self.seed)
        let engine = try #require(database.engine)
        let count = try engine.published.withLock { $0 }.table.all().count
        var done: [String] = []
        while let step = try engine.scrub(byteCount: 700) { if step.isFileDone { done.append(step.path) } }
        #expect(done.count == count && Set(done).count == count)
        #expect(engine.metDamage == [])

        let copy = database.files.clone()
        let path = try #require(done.first { $0.hasPrefix("seg/") })
        let page = try #require(
            copy.segmentLayout(path)?.pages.first {
                $0.header.kind == .full && $0.header.key.group.channel != 4
            })
        let brick = try #require(page.entries.first { $0.codec != .constant })
        let other = try StorageEngine.open(
            fileSystem: copy, mode: .readWrite(create: false), options: database.options)
        try copy.corrupt(path, offset: page.offset + Int(brick.offset), bit: 3)
        while try other.scrub(byteCount: 1 << 20) != nil {}
        #expect(other.metDamage.count == 1 && other.metDamage.first?.object.contains(path) == true)
        #expect(try other.check(.quick) == other.metDamage)
        #expect(try other.check(.full).count == 1)
    }
}
