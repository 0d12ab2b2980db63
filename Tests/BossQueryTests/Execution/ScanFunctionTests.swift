import BossDatabase
import BossQuery
import BossTestSupport
import Testing

/// Table functions over single voxels, runs and pairs of labels, against loops over plain arrays.
@Suite("Functions over voxels")
struct ScanFunctionTests {
    @Test(
        "agree with loops over arrays, with merged IDs, time samples and an older version",
        arguments: [UInt64(0x5CA7), 0xFACE, 0x0A17])
    func random(seed: UInt64) throws {
        var model = try ScanModel(seed: seed)
        for step in 0..<30 {
            try model.change()
            if step == 10 { try model.keepVersion() }
            if step % 8 == 7 { try model.merge() }
            try model.compare(step)
        }
    }

    @Test("of a box of background touch and count nothing, and show its voxels")
    func background() throws {
        let fixture = try ResourceFixture.withChannels()
        try fixture.run("USE lab/mouse")
        for call in ["RUNS(seg)", "CONTACTS(seg)", "OVERLAP(seg, seg)", "PAGES(seg)", "RUNS(seg OF ID 7)"] {
            #expect(try fixture.lines("SELECT * FROM \(call)").isEmpty, "\(call)")
        }
        #expect(try fixture.lines("SELECT * FROM VOXELS(seg X 3:5 Y 0 Z 0)") == ["3 0 0 0 0", "4 0 0 0 0"])
        #expect(try fixture.lines("SELECT * FROM SAMPLE(seg AT ((3, 2, 1)))") == ["1 3 2 1 0 0"])
    }

    @Test("are refused where they make no sense")
    func refusals() throws {
        let fixture = try ResourceFixture.withChannels()
        try fixture.run("USE lab/mouse")
        for (statement, code) in [
            ("SELECT * FROM RUNS(em)", "22V08"), ("SELECT * FROM CONTACTS(em)", "22V08"),
            ("SELECT * FROM OVERLAP(em, seg)", "22V08"), ("SELECT * FROM OVERLAP(seg, em)", "22V08"),
            ("SELECT * FROM PAGES(em OF ID 7)", "22V08"),
            ("SELECT * FROM SAMPLE(seg AT ((1, 2, 3)) X 3)", "42601"),
            ("SELECT * FROM SAMPLE(seg AT ((1, 2, 5000)))", "22V01"),
            ("SELECT * FROM DIFF(em FROM main TO main BY ID)", "22V08"),
        ] {
            #expect(fixture.refusal(statement).hasPrefix(code), "\(statement): \(fixture.refusal(statement))")
        }
        let points: [(Parameter, String)] = [
            (.integer(1), "42804"), (.list([.integer(1)]), "42804"),
            (.list([.list([.integer(1), .integer(2)])]), "42804"),
            (.list([.list([.integer(1), .integer(2), .float(3)])]), "42804"),
        ]
        for (points, code) in points {
            let found = fixture.refusal("SELECT * FROM SAMPLE(seg AT $1)", [points])
            #expect(found.hasPrefix(code), "\(points): \(found)")
        }
        let valid = Parameter.list([.list([.integer(1), .integer(2), .integer(3)])])
        #expect(try fixture.lines("SELECT value FROM SAMPLE(seg AT $1)", [valid]) == ["0"])
        #expect(try fixture.lines("SELECT value FROM SAMPLE(seg AT $1)", [.list([])]).isEmpty)
    }
}

/// Two label channels of two time samples in a database, and as arrays.
private struct ScanModel {
    private static let lower = [5, 3, 2]
    private static let shape = [41, 33, 17]
    private static let times = 2
    private static let ids: [UInt64] = [0, 1, 2, 7, 1 << 63, .max]

    /// By time sample; x fastest.
    private typealias Voxels = [[UInt64]]

    private let fixture: ResourceFixture
    private var random: SeededGenerator
    private var seg: Voxels
    private var other: Voxels
    /// What a merged ID reads as.
    private var roots: [UInt64: UInt64] = [:]
    private var kept: (seg: Voxels, roots: [UInt64: UInt64])?
    private var step = 0

    private struct Region {
        let ranges: [Range<Int>]
        let times: Range<Int>

        var text: String {
            zip(["X", "Y", "Z"], ranges).map { "\($0) \($1.lowerBound):\($1.upperBound)" }
                .joined(separator: " ") + " T \(times.lowerBound):\(times.upperBound)"
        }

        /// x, y, z, t of every voxel, x fastest.
        var voxels: [[Int]] {
            times.flatMap { t in
                ranges[2].flatMap { z in ranges[1].flatMap { y in ranges[0].map { x in [x, y, z, t] } } }
            }
        }

        func contains(_ voxel: [Int]) -> Bool { zip(ranges, voxel).allSatisfy { $0.contains($1) } }
    }

    init(seed: UInt64) throws {
        fixture = try ResourceFixture()
        random = SeededGenerator(seed: seed)
        let empty = Array(repeating: UInt64(0), count: Self.shape.reduce(1, *))
        seg = Array(repeating: empty, count: Self.times)
        other = seg
        try fixture.run(
            """
            CREATE FRAME f X 5:46 Y 3:36 Z 2:19 VOXEL 4nm, 5nm, 40nm;
            CREATE COLLECTION c; CREATE EXPERIMENT c/e FRAME f TIME 2;
            CREATE CHANNEL c/e/seg TYPE ANNOTATION DATATYPE UINT64 CUBOID 16,16,16;
            CREATE CHANNEL c/e/other TYPE ANNOTATION DATATYPE UINT64 CUBOID 32,16,16;
            USE c/e;
            """)
    }

    private var context: Comment { "step \(step), seed \(random.seed)" }

    private mutating func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

    private mutating func region() -> Region {
        let ranges = (0..<3).map { axis -> Range<Int> in
            let start = below(Self.shape[axis])
            let end = start + 1 + below(Self.shape[axis] - start)
            return Self.lower[axis] + start..<Self.lower[axis] + end
        }
        let time = below(3)
        return Region(ranges: ranges, times: time == 2 ? 0..<2 : time..<time + 1)
    }

    private static func index(_ voxel: [Int]) -> Int {
        ((voxel[2] - lower[2]) * shape[1] + voxel[1] - lower[1]) * shape[0] + voxel[0] - lower[0]
    }

    private func shown(_ voxels: Voxels, _ voxel: [Int]) -> UInt64 {
        let stored = voxels[voxel[3]][Self.index(voxel)]
        return roots[stored] ?? stored
    }

    mutating func change() throws {
        let (region, id, isOther) = (region(), Self.ids[below(Self.ids.count)], below(3) == 0)
        for voxel in region.voxels {
            if isOther {
                other[voxel[3]][Self.index(voxel)] = id
            } else {
                seg[voxel[3]][Self.index(voxel)] = id
            }
        }
        _ = try fixture.tag(
            "UPDATE CUTOUT \(isOther ? "other" : "seg") \(region.text) SET ID = $1", [.unsigned(id)])
        if below(4) == 0 { try fixture.run("CHECKPOINT") }
        step += 1
    }

    mutating func merge() throws {
        let free = Self.ids.dropFirst().filter { roots[$0] == nil }
        guard free.count > 2 else { return }
        let (from, into) = (free[0], free[1 + below(free.count - 1)])
        try fixture.run("MERGE IDS \(from) INTO \(into) IN seg")
        for (id, root) in roots where root == from { roots[id] = into }
        roots[from] = into
    }

    mutating func keepVersion() throws {
        try fixture.run("CREATE SNAPSHOT kept OF c/e")
        kept = (seg, roots)
    }

    mutating func compare(_ step: Int) throws {
        let region = region()
        try compareVoxels(region, seg, "seg")
        try compareRuns(region)
        try compareContacts(region)
        try compareOverlap(region)
        try comparePages(region)
        try compareSample()
        guard let kept else { return }
        try compareDifferences(region, from: kept.seg)
        let now = roots
        roots = kept.roots
        try compareVoxels(region, kept.seg, "seg@kept")
        roots = now
    }

    private func expect(_ statement: String, _ expected: [[Value]]) throws {
        let found = try fixture.lines(statement)
        let lines = expected.map { $0.map(ResourceFixture.text).joined(separator: " ") }
        #expect(found == lines, "\(statement), \(context)")
    }

    private static func integers(_ numbers: [Int]) -> [Value] { numbers.map { .integer(Int64($0)) } }

    private func compareVoxels(_ region: Region, _ voxels: Voxels, _ name: String) throws {
        for (condition, isWanted): (String, (UInt64) -> Bool) in [
            ("", { _ in true }), ("WHERE VALUE = 7", { $0 == 7 }), ("WHERE ID > 1", { $0 > 1 }),
            ("WHERE NOT ID > 1", { $0 <= 1 }),
        ] {
            try expect(
                "SELECT * FROM VOXELS(\(name) \(region.text) \(condition))",
                region.voxels.filter { isWanted(shown(voxels, $0)) }.map {
                    Self.integers($0) + [.unsigned(shown(voxels, $0))]
                })
        }
    }

    private func compareRuns(_ region: Region) throws {
        var runs: [(id: UInt64, start: [Int], end: Int)] = []
        for voxel in region.voxels {
            let id = shown(seg, voxel)
            if let last = runs.last, last.id == id, last.end == voxel[0],
                voxel[0] != region.ranges[0].lowerBound
            {
                runs[runs.count - 1].end += 1
            } else {
                runs.append((id, voxel, voxel[0] + 1))
            }
        }
        func rows(_ isWanted: (UInt64) -> Bool) -> [[Value]] {
            runs.filter { $0.id != 0 && isWanted($0.id) }.map { run in
                [.unsigned(run.id)]
                    + Self.integers([run.start[0], run.end, run.start[1], run.start[2], run.start[3]])
            }
        }
        try expect("SELECT * FROM RUNS(seg \(region.text))", rows { _ in true })
        try expect("SELECT * FROM RUNS(seg \(region.text)) WHERE id IN (7, 2)", rows { $0 == 7 || $0 == 2 })
        try expect("SELECT * FROM RUNS(seg \(region.text) OF ID 7)", rows { $0 == 7 })
    }

    private struct Faces {
        var counts = [0, 0, 0]
        /// Of the doubled middles.
        var sums = [0, 0, 0]
    }

    private func compareContacts(_ region: Region) throws {
        func faces(_ region: Region) -> [[UInt64]: Faces] {
            var found: [[UInt64]: Faces] = [:]
            for voxel in region.voxels {
                for axis in 0..<3 {
                    var neighbour = voxel
                    neighbour[axis] += 1
                    guard region.contains(neighbour) else { continue }
                    let pair = [shown(seg, voxel), shown(seg, neighbour)].sorted()
                    guard pair[0] != pair[1], pair[0] != 0 else { continue }
                    found[pair, default: Faces()].counts[axis] += 1
                    for other in 0..<3 {
                        found[pair]?.sums[other] += 2 * voxel[other] + (other == axis ? 1 : 0)
                    }
                }
            }
            return found
        }
        func rows(_ found: [[UInt64]: Faces], _ isWanted: ([UInt64], Int) -> Bool) -> [[Value]] {
            found.filter { isWanted($0.key, $0.value.counts.reduce(0, +)) }
                .sorted { ($0.key[0], $0.key[1]) < ($1.key[0], $1.key[1]) }.map { pair, faces in
                    let count = faces.counts.reduce(0, +)
                    let area = zip(faces.counts, [5.0 * 40, 4 * 40, 4 * 5]).map { Double($0) * $1 }
                    return pair.map { .unsigned($0) } + faces.counts.map { .unsigned(UInt64($0)) }
                        + [.float(area[0] + area[1] + area[2])]
                        + faces.sums.map { .float(Double($0) / Double(2 * count)) }
                }
        }
        let inRegion = faces(region)
        try expect("SELECT * FROM CONTACTS(seg \(region.text))", rows(inRegion) { _, _ in true })
        try expect("SELECT * FROM CONTACTS(seg \(region.text) MIN 40)", rows(inRegion) { $1 >= 40 })
        // An object touches what lies around its box.
        let ends = zip(Self.lower, Self.shape).map { $0..<$0 + $1 }
        let whole = Region(ranges: ends, times: region.times)
        try expect(
            "SELECT * FROM CONTACTS(seg OF ID 7 T \(region.times.lowerBound):\(region.times.upperBound))",
            rows(faces(whole)) { pair, _ in pair.contains(7) })
    }

    private func compareOverlap(_ region: Region) throws {
        var counts: [[UInt64]: UInt64] = [:]
        for voxel in region.voxels {
            let pair = [shown(seg, voxel), other[voxel[3]][Self.index(voxel)]]
            if pair[0] != 0, pair[1] != 0 { counts[pair, default: 0] += 1 }
        }
        try expect(
            "SELECT * FROM OVERLAP(seg, other \(region.text))",
            counts.sorted { ($0.key[0], $0.key[1]) < ($1.key[0], $1.key[1]) }.map {
                ($0.key + [$0.value]).map { .unsigned($0) }
            })
    }

    private func comparePages(_ region: Region) throws {
        var ids: [[Int]: Set<UInt64>] = [:]
        let ends = zip(Self.lower, Self.shape).map { $0..<$0 + $1 }
        for voxel in Region(ranges: ends, times: region.times).voxels {
            let corner = (0..<3).map { max(voxel[$0] / 16 * 16, Self.lower[$0]) }
            let isTouched = (0..<3).allSatisfy {
                region.ranges[$0].overlaps(voxel[$0] / 16 * 16..<voxel[$0] / 16 * 16 + 16)
            }
            guard isTouched, shown(seg, voxel) != 0 else { continue }
            ids[corner + [voxel[3]], default: []].insert(shown(seg, voxel))
        }
        let expected = ids.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        try expect(
            "SELECT x0, y0, z0, t, ids FROM PAGES(seg \(region.text)) WHERE ids > 0 ORDER BY x0, y0, z0, t",
            expected.map { Self.integers($0.key) + [.unsigned(UInt64($0.value.count))] })
        let times = "T \(region.times.lowerBound):\(region.times.upperBound)"
        try expect(
            "SELECT COUNT(*) FROM CUBOIDS(seg OF ID 7 \(times))",
            [[.unsigned(UInt64(try wholePages(of: 7, region.times)))]])
    }

    private func wholePages(of id: UInt64, _ times: Range<Int>) throws -> Int {
        let ends = zip(Self.lower, Self.shape).map { $0..<$0 + $1 }
        let places = Region(ranges: ends, times: times).voxels.filter { shown(seg, $0) == id }
            .map { [$0[0] / 16, $0[1] / 16, $0[2] / 16, $0[3]] }
        return Set(places).count
    }

    private mutating func compareSample() throws {
        let time = below(2)
        let points = (0..<5).map { _ in (0..<3).map { Self.lower[$0] + below(Self.shape[$0] + 3) } }
        let list = points.map { "(\($0[0]), \($0[1]), \($0[2]))" }.joined(separator: ", ")
        func isInside(_ point: [Int]) -> Bool {
            (0..<3).allSatisfy { point[$0] < Self.lower[$0] + Self.shape[$0] }
        }
        let rows = points.enumerated().map { index, point -> [Value] in
            [.unsigned(UInt64(index + 1))] + Self.integers(point + [time])
                + [.unsigned(isInside(point) ? shown(seg, point + [time]) : 9)]
        }
        try expect("SELECT * FROM SAMPLE(seg AT (\(list)) T \(time) OUTSIDE FILL 9)", rows)
        try expect(
            "SELECT * FROM SAMPLE(seg AT (\(list)) T \(time) OUTSIDE CLIP)",
            zip(points, rows).filter { isInside($0.0) }.map(\.1))
    }

    private func compareDifferences(_ region: Region, from old: Voxels) throws {
        var counts: [[UInt64]: UInt64] = [:]
        var rows: [[Value]] = []
        for voxel in region.voxels {
            let pair = [old, seg].map { $0[voxel[3]][Self.index(voxel)] }
            guard pair[0] != pair[1] else { continue }
            counts[pair, default: 0] += 1
            rows.append(Self.integers(voxel) + pair.map { .unsigned($0) })
        }
        try expect("SELECT * FROM DIFF(seg FROM kept TO main \(region.text) BY VOXEL)", rows)
        try expect(
            "SELECT * FROM DIFF(seg FROM kept TO main \(region.text) BY ID)",
            counts.sorted { ($0.key[0], $0.key[1]) < ($1.key[0], $1.key[1]) }.map {
                ($0.key + [$0.value]).map { .unsigned($0) }
            })
    }
}
