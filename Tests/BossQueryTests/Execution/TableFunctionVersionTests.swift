import BossDatabase
import BossQuery
import BossVoxels
import Testing

/// Table functions over versions, inside transactions, and what EXPLAIN says of them.
@Suite("Table functions and versions")
struct TableFunctionVersionTests {
    private let fixture: ResourceFixture

    /// `seg` has 7 in 64 x 4 x 2 voxels of the first cuboid and, behind the snapshot s, 9 in 16 x 4 x 2 of the next one; `two`
    /// has 3 where 7 is, and behind the snapshot 5 in its first 2 x 4 x 2 voxels.
    init() throws {
        fixture = try ResourceFixture.withChannels()
        try fixture.run(
            """
            CREATE CHANNEL lab/mouse/two TYPE ANNOTATION DATATYPE UINT32 CUBOID 64,64,16;
            USE lab/mouse;
            """)
        try put("seg", .uint64, x: 0..<64, 7)
        try put("two", .uint32, x: 0..<64, 3)
        try fixture.run("CREATE SNAPSHOT s OF lab/mouse")
        try put("seg", .uint64, x: 64..<80, 9)
        try put("two", .uint32, x: 0..<2, 5)
    }

    private func put(_ name: String, _ type: VoxelType, x: Range<Int>, _ id: UInt64) throws {
        let block = try ResourceFixture.volume(type, [2, 4, x.count], filledWith: id)
        _ = try fixture.tag(
            "INSERT CUTOUT INTO \(name) X \(x.lowerBound):\(x.upperBound) Y 0:4 Z 0:2 VALUES $1",
            [.volume(block)])
    }

    @Test("read the version that their paths name; two paths name the same one")
    func versions() throws {
        #expect(try fixture.lines("SELECT * FROM OVERLAP(seg, two)") == ["7 3 496", "7 5 16"])
        #expect(try fixture.lines("SELECT * FROM OVERLAP(seg@s, two@s)") == ["7 3 512"])
        for (call, column, now, then) in [
            ("CONTACTS", "faces_x", ["8"], []), ("RUNS", "DISTINCT id", ["7", "9"], ["7"]),
            ("PAGES", "x0", ["0", "64"], ["0"]), ("STATS", "count", ["640"], ["512"]),
        ] {
            #expect(try fixture.lines("SELECT \(column) FROM \(call)(seg)") == now, "\(call)")
            #expect(try fixture.lines("SELECT \(column) FROM \(call)(seg@s)") == then, "\(call)")
        }
        #expect(
            try fixture.lines("SELECT value FROM SAMPLE(seg@s AT ((63, 0, 0), (64, 0, 0)))") == ["7", "0"])
        #expect(try fixture.lines("SELECT pages FROM LEVELS(seg@s) WHERE res = 0") == ["1"])
        for statement in ["OVERLAP(seg@s, two)", "OVERLAP(seg, two@s)", "STATS(seg@s WITHIN two)"] {
            #expect(fixture.refusal("SELECT * FROM \(statement)").hasPrefix("0A000"), "\(statement)")
        }
    }

    @Test("see what the open transaction wrote, which has no commit yet")
    func transaction() throws {
        try fixture.run("BEGIN")
        try put("seg", .uint64, x: 0..<2, 11)
        #expect(
            try fixture.lines("SELECT id, x0, x1 FROM RUNS(seg Y 0 Z 0)") == ["11 0 2", "7 2 64", "9 64 80"])
        #expect(
            try fixture.lines("SELECT x0, ids, commit, written_at FROM PAGES(seg X 0:64)") == [
                "0 2 NULL NULL"
            ])
        #expect(try fixture.lines("SELECT x0, ids, commit FROM PAGES(seg X 64:)") == ["64 1 3"])
        #expect(try fixture.lines("SELECT id, commit FROM OBJECTS(seg)") == ["7 NULL", "9 3", "11 NULL"])
        #expect(try fixture.lines("SELECT id_a, id_b, faces_x FROM CONTACTS(seg)") == ["7 9 8", "7 11 8"])
        #expect(try fixture.lines("SELECT count FROM STATS(seg BY PAGE)") == ["512", "128"])
        try fixture.run("COMMIT")
        #expect(try fixture.lines("SELECT commit FROM PAGES(seg)") == ["5", "3"])
    }

    /// The value of a column of the step that EXPLAIN ANALYZE measures.
    private func measured(_ column: String, _ call: String) throws -> String? {
        try fixture.column(column, of: "EXPLAIN ANALYZE SELECT * FROM \(call)").last
    }

    @Test("count what they read of the second channel, and of the voxels beside those of a brick")
    func counts() throws {
        // Two cuboids of seg; only the first one has something in two.
        #expect(try measured("pages_read", "OVERLAP(seg, two)") == "3")
        // Of the first cuboid the voxels behind it along x, which are in the second one.
        #expect(try measured("pages_read", "CONTACTS(seg)") == "3")
        #expect(try measured("pages_read", "STATS(two WITHIN seg)") == "3")
        #expect(try measured("pages_read", "RUNS(seg)") == "2")
    }

    @Test("are told by EXPLAIN: RUNS of few IDs asks the index first, SAMPLE reads brick by brick")
    func explain() throws {
        func nodes(_ query: String) throws -> [String] {
            Array(try fixture.column("node", of: "EXPLAIN SELECT * FROM \(query)").prefix(3))
        }
        #expect(try nodes("RUNS(seg)") == ["locate pages", "scan bricks", "RUNS"])
        #expect(try nodes("RUNS(seg) WHERE id = 9") == ["locate pages", "label index", "scan bricks"])
        #expect(try nodes("RUNS(seg OF ID 9)") == ["locate pages", "label index", "scan bricks"])
        #expect(try nodes("RUNS(seg) WHERE id > 9") == ["locate pages", "scan bricks", "RUNS"])
        let details = try fixture.column("detail", of: "EXPLAIN SELECT value FROM SAMPLE(seg AT ((1, 2, 3)))")
        #expect(details.first == "columns value; the bricks of all points in Morton order")
    }
}
