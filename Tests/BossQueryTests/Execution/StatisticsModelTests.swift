import BossDatabase
import BossQuery
import BossTestSupport
import BossVoxels
import Testing

/// STATS by cuboid, section, time sample and label against loops over plain arrays.
@Suite("Statistics of regions")
struct StatisticsModelTests {
    @Test("say what loops over arrays say", arguments: [0x57A7, 0x57A8, 0x57A9] as [UInt64])
    func model(seed: UInt64) throws {
        var model = try StatisticsModel(seed: seed)
        for step in 0..<24 {
            try model.change(step)
            if step == 12 { try model.keepVersion() }
            try model.compare()
        }
    }

    @Test("BY PAGE has rows of written cuboids alone")
    func writtenPages() throws {
        let fixture = try ResourceFixture.withChannels()
        try fixture.run("USE lab/mouse")
        let pages = "SELECT x0, y0, z0, t, count, sum FROM STATS(em T * BY PAGE)"
        #expect(try fixture.lines(pages).isEmpty)
        let block = try ResourceFixture.volume(.uint8, [1, 1, 2], filledWith: 3)
        _ = try fixture.tag("INSERT CUTOUT INTO em X 63:65 Y 70 Z 19 T 2 VALUES $1", [.volume(block)])
        #expect(try fixture.lines(pages) == ["0 64 16 2 4096 3.0", "64 64 16 2 2304 3.0"])
        // A part of a cuboid starts where the region does.
        #expect(
            try fixture.lines(
                "SELECT x0, y0, z0, t, count, sum FROM STATS(em X 60:64 Y 66: Z 18: T 2 BY PAGE)")
                == ["60 66 18 2 112 3.0"])
        try fixture.run("DELETE CUTOUT FROM em T *")
        #expect(try fixture.lines(pages).isEmpty)
    }

    @Test("are refused where levels, time samples or groups do not fit")
    func refusals() throws {
        let fixture = try ResourceFixture.withChannels()
        try fixture.run(
            """
            CREATE EXPERIMENT lab/one FRAME f LEVELS 5;
            CREATE CHANNEL lab/one/seg TYPE ANNOTATION DATATYPE UINT64;
            USE lab/mouse;
            """)
        for (name, type) in [("em", "uint8"), ("seg", "uint64")] {
            let block = try ResourceFixture.volume(
                type == "uint8" ? .uint8 : .uint64, [1, 1, 4], filledWith: 3)
            _ = try fixture.tag("INSERT CUTOUT INTO \(name) X 0:4 Y 0 Z 0 VALUES $1", [.volume(block)])
        }
        try fixture.run("DOWNSAMPLE em")
        for (statement, code) in [
            // The image has the level, its labels do not.
            ("STATS OF em WITHIN seg RES 1", "22V06"),
            ("STATS OF em WITHIN lab/one/seg T 0:2", "22V01"),
            ("STATS OF em WITHIN seg BY PAGE", "0A000"), ("STATS OF em WITHIN em BY T", "22V08"),
            ("STATS OF em BY ID", "22V08"),
            // The first point says nothing of the level: it lies outside.
            ("SELECT * FROM SAMPLE(seg AT ((9000, 0, 0), (1, 0, 0)) RES 1 OUTSIDE FILL 9)", "22V06"),
        ] {
            #expect(fixture.refusal(statement).hasPrefix(code), "\(statement): \(fixture.refusal(statement))")
        }
        #expect(try fixture.lines("SELECT id, count FROM STATS(em WITHIN seg T *)") == ["3 4"])
    }

    @Test("VOXELS gives 2,097,152 rows and not one more")
    func limit() throws {
        let fixture = try ResourceFixture()
        try fixture.run(
            """
            CREATE FRAME f X 0:2049 Y 0:1024 Z 0:1 VOXEL 4nm, 4nm, 40nm;
            CREATE COLLECTION c; CREATE EXPERIMENT c/e FRAME f;
            CREATE CHANNEL c/e/em TYPE IMAGE DATATYPE UINT8; USE c/e;
            """)
        #expect(try fixture.lines("SELECT COUNT(*) FROM VOXELS(em X 0:2048)") == ["2097152"])
        #expect(fixture.refusal("SELECT COUNT(*) FROM VOXELS(em X 0:2049)").hasPrefix("53200"))
        #expect(try fixture.lines("SELECT COUNT(*) FROM VOXELS(em WHERE VALUE > 0)") == ["0"])
    }

    @Test("EXPLAIN names the step, and PAGES scans no brick")
    func explain() throws {
        let fixture = try ResourceFixture.withChannels()
        try fixture.run("USE lab/mouse")
        for (call, name, reads) in [
            ("PAGES(seg)", "PAGES", false), ("CONTACTS(seg)", "CONTACTS", true), ("RUNS(seg)", "RUNS", true),
            ("OVERLAP(seg, seg)", "OVERLAP", true), ("STATS(em BY PAGE)", "STATS", true),
        ] {
            let nodes = try fixture.column("node", of: "EXPLAIN SELECT * FROM \(call)")
            #expect(nodes.first == "locate pages" && nodes.contains(name), "\(call): \(nodes)")
            #expect(nodes.contains("scan bricks") == reads, "\(call): \(nodes)")
        }
    }
}

/// An image and labels of two time samples in a database, and as arrays.
private struct StatisticsModel {
    private static let lower = [5, 3, 2]
    private static let shape = [41, 33, 17]
    private static let ids: [UInt64] = [0, 1, 2, 7, 1 << 63]
    private static let background: UInt64 = 5

    /// What both channels hold; x fastest, the second time sample behind the first.
    private struct State {
        var image: [UInt64]
        var labels: [UInt64]
        /// Cuboids of the image that were written: x, y, z, t.
        var written: Set<[Int]> = []
        /// What a merged ID reads as.
        var roots: [UInt64: UInt64] = [:]
    }

    private let fixture: ResourceFixture
    private var random: SeededGenerator
    private var now: State
    private var kept: State?
    private var step = 0

    init(seed: UInt64) throws {
        fixture = try ResourceFixture()
        random = SeededGenerator(seed: seed)
        let count = 2 * Self.shape.reduce(1, *)
        now = State(
            image: Array(repeating: Self.background, count: count), labels: Array(repeating: 0, count: count))
        try fixture.run(
            """
            CREATE FRAME f X 5:46 Y 3:36 Z 2:19 VOXEL 4nm, 5nm, 40nm;
            CREATE COLLECTION c; CREATE EXPERIMENT c/e FRAME f TIME 2;
            CREATE CHANNEL c/e/em TYPE IMAGE DATATYPE UINT8 BACKGROUND 5 CUBOID 16,16,16;
            CREATE CHANNEL c/e/seg TYPE ANNOTATION DATATYPE UINT64 CUBOID 32,16,16;
            USE c/e;
            """)
    }

    private struct Region {
        /// Of x, y, z and t.
        let ranges: [Range<Int>]

        var text: String {
            zip(["X", "Y", "Z", "T"], ranges).map { "\($0) \($1.lowerBound):\($1.upperBound)" }
                .joined(separator: " ")
        }

        /// x, y, z, t of every voxel, x fastest.
        var voxels: [[Int]] {
            ranges[3].flatMap { t in
                ranges[2].flatMap { z in ranges[1].flatMap { y in ranges[0].map { x in [x, y, z, t] } } }
            }
        }
    }

    private mutating func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

    private mutating func region() -> Region {
        let ranges = (0..<3).map { axis -> Range<Int> in
            let start = below(Self.shape[axis])
            let end = start + 1 + below(Self.shape[axis] - start)
            return Self.lower[axis] + start..<Self.lower[axis] + end
        }
        let time = below(3)
        return Region(ranges: ranges + [time == 2 ? 0..<2 : time..<time + 1])
    }

    private static func index(_ voxel: [Int]) -> Int {
        let (x, y, z) = (voxel[0] - lower[0], voxel[1] - lower[1], voxel[2] - lower[2])
        return ((voxel[3] * shape[2] + z) * shape[1] + y) * shape[0] + x
    }

    // MARK: Changes

    mutating func change(_ step: Int) throws {
        self.step = step
        let region = region()
        switch step % 8 {
        case 7: try merge()
        case 0, 2, 5:
            let values = region.voxels.map { _ in [0, 1, 200, 255][below(4)] as UInt64 }
            for (voxel, value) in zip(region.voxels, values) {
                now.image[Self.index(voxel)] = value
                now.written.insert([voxel[0] / 16, voxel[1] / 16, voxel[2] / 16, voxel[3]])
            }
            let shape = region.ranges.reversed().map(\.count)
            _ = try fixture.tag(
                "INSERT CUTOUT INTO em \(region.text) VALUES $1",
                [.volume(ResourceFixture.volume(.uint8, shape, values))])
        default:
            let id = Self.ids[below(Self.ids.count)]
            for voxel in region.voxels { now.labels[Self.index(voxel)] = id }
            _ = try fixture.tag("UPDATE CUTOUT seg \(region.text) SET ID = $1", [.unsigned(id)])
        }
        if below(4) == 0 { try fixture.run("CHECKPOINT") }
    }

    private mutating func merge() throws {
        let free = Self.ids.dropFirst().filter { now.roots[$0] == nil }
        guard free.count > 1 else { return }
        let (from, into) = (free[0], free[1 + below(free.count - 1)])
        try fixture.run("MERGE IDS \(from) INTO \(into) IN seg")
        for (id, root) in now.roots where root == from { now.roots[id] = into }
        now.roots[from] = into
    }

    mutating func keepVersion() throws {
        try fixture.run("CREATE SNAPSHOT kept OF c/e")
        kept = now
    }

    // MARK: Comparing

    mutating func compare() throws {
        let region = region()
        try compare(region, now, "")
        if let kept { try compare(region, kept, "@kept") }
    }

    private func compare(_ region: Region, _ state: State, _ version: String) throws {
        let (em, seg, text) = ("em\(version)", "seg\(version)", region.text)
        func image(_ voxel: [Int]) -> UInt64? { state.image[Self.index(voxel)] }
        func label(_ voxel: [Int]) -> UInt64? {
            let stored = state.labels[Self.index(voxel)]
            return stored == 0 ? nil : state.roots[stored] ?? stored
        }
        func key(_ numbers: [Int]) -> [UInt64] { numbers.map { UInt64($0) } }
        func within(_ front: [Int], _ voxel: [Int]) -> [UInt64]? { label(voxel).map { key(front) + [$0] } }

        try expect("STATS(\(em) \(text) BY Z)", "z", groups(region, image) { key([$0[2]]) })
        try expect("STATS(\(em) \(text) BY T)", "t", groups(region, image) { key([$0[3]]) })
        try expect("STATS(\(em) WITHIN \(seg) \(text))", "id", groups(region, image) { within([], $0) })
        try expect("STATS(\(em) WITHIN \(seg) \(text) BY ID)", "id", groups(region, image) { within([], $0) })
        try expect(
            "STATS(\(em) WITHIN \(seg) \(text) BY Z)", "z, id", groups(region, image) { within([$0[2]], $0) })
        try expect(
            "STATS(\(em) WITHIN \(seg) \(text) BY T)", "t, id", groups(region, image) { within([$0[3]], $0) })
        try expect("STATS(\(seg) \(text) BY ID)", "id", groups(region, label) { within([], $0) })
        try expect(
            "STATS(\(em) \(text) BY PAGE)", "t, z0, y0, x0",
            groups(region, image) { voxel in
                let cuboid = [voxel[0] / 16, voxel[1] / 16, voxel[2] / 16, voxel[3]]
                guard state.written.contains(cuboid) else { return nil }
                let corner = (0..<3).map { max(cuboid[$0] * 16, region.ranges[$0].lowerBound) }
                return key([voxel[3], corner[2], corner[1], corner[0]])
            })
    }

    private struct Sum {
        var count: UInt64 = 0
        var minimum = UInt64.max
        var maximum: UInt64 = 0
        var total: UInt128 = 0
        var zeros: UInt64 = 0

        var text: String {
            "\(count) \(Double(minimum)) \(Double(maximum)) \(Double(total)) \(zeros)"
        }
    }

    private func groups(
        _ region: Region, _ value: ([Int]) -> UInt64?, by key: ([Int]) -> [UInt64]?
    ) -> [[UInt64]: Sum] {
        var groups: [[UInt64]: Sum] = [:]
        for voxel in region.voxels {
            guard let value = value(voxel), let key = key(voxel) else { continue }
            var sum = groups[key] ?? Sum()
            sum.count += 1
            sum.minimum = min(sum.minimum, value)
            sum.maximum = max(sum.maximum, value)
            sum.total += UInt128(value)
            if value == 0 { sum.zeros += 1 }
            groups[key] = sum
        }
        return groups
    }

    private func expect(_ call: String, _ keys: String, _ expected: [[UInt64]: Sum]) throws {
        let found = try fixture.lines(
            "SELECT \(keys), count, min, max, sum, zeros FROM \(call) ORDER BY \(keys)")
        let lines = expected.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { key, sum in
            key.map(String.init).joined(separator: " ") + " " + sum.text
        }
        #expect(found == lines, "\(call), step \(step), seed \(random.seed)")
    }
}
