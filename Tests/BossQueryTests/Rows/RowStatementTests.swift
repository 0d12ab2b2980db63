import BossDatabase
import BossTestSupport
import BossVoxels
import Testing

@testable import BossQuery

/// Voxels under points, hints, long lists, and statements made to break things.
@Suite("Statements over rows")
struct RowStatementTests {
    private static func world(_ seed: UInt64) throws -> (ResourceFixture, [UInt64]) {
        var random = SeededGenerator(seed: seed)
        let fixture = try ResourceFixture.withChannels()
        let chosen: [UInt64] = [0, 3, 8, 1 << 63, .max, 77]
        let voxels = (0..<20 * 80 * 100).map { _ in chosen.randomElement(using: &random) ?? 0 }
        try fixture.run(
            "USE lab/mouse; INSERT CUTOUT INTO seg VALUES $1",
            parameters: [.volume(try ResourceFixture.volume(.uint64, [20, 80, 100], voxels))])
        return (fixture, voxels)
    }

    /// A row a point: HISTOGRAM counts bins from 0, from which the coordinates are computed.
    @Test("VALUE_AT is the voxel of the array, NULL outside, in every clause")
    func voxelsAtPoints() throws {
        let (fixture, voxels) = try Self.world(5)
        let point = "bin * 7 % 130, bin * 13 % 80, bin % 20"
        let rows = try fixture.lines(
            "SELECT bin, VALUE_AT(seg, \(point)) AS v FROM HISTOGRAM(seg X 0:4 BINS 500) ORDER BY bin")
        func voxel(_ bin: Int) -> UInt64? {
            let (x, y, z) = (bin * 7 % 130, bin * 13 % 80, bin % 20)
            return x < 100 ? voxels[(z * 80 + y) * 100 + x] : nil
        }
        #expect(rows == (0..<500).map { "\($0) \(voxel($0).map(String.init) ?? "NULL")" })
        let counted = try fixture.lines(
            "SELECT VALUE_AT(seg, \(point)) AS v, COUNT(*) FROM HISTOGRAM(seg X 0:4 BINS 500)"
                + " WHERE VALUE_AT(seg, \(point)) > 3 GROUP BY v ORDER BY v DESC")
        let found = (0..<500).compactMap(voxel).filter { $0 > 3 }
        #expect(counted == Set(found).sorted(by: >).map { id in "\(id) \(found.count { $0 == id })" })
        // A point that depends on the row around a query is read when it is asked for.
        let nested = try fixture.lines(
            "SELECT id, (SELECT MAX(VALUE_AT(seg, i.id, b.bin, 0)) FROM HISTOGRAM(seg X 0:4 BINS 80) AS b) AS v"
                + " FROM IDS(seg) AS i WHERE id < 10")
        #expect(
            nested
                == [3, 8].map { x in "\(x) \((0..<80).map { voxels[$0 * 100 + x] }.max() ?? 0)" })
        #expect(
            try fixture.lines(
                "SELECT VALUE_AT(em, 1, 2, 3, 2) AS v, VALUE_AT(em, 1, 2, 3, 3) AS none FROM IDS(seg) LIMIT 1"
            )
                == ["0 NULL"])
        #expect(fixture.refusal("SELECT VALUE_AT(seg, 1, 2, 3 RES 4) FROM IDS(seg)") == "22V06 17")
    }

    @Test("many points are read brick by brick, each once")
    func batches() throws {
        let (fixture, _) = try Self.world(6)
        let result = try fixture.session.query(
            "SELECT COUNT(VALUE_AT(seg, bin % 100, DIV(bin, 100) % 80, 3)) FROM HISTOGRAM(em X 0:1 Y 0 Z 0 BINS 8000)"
        )
        // 100 x 80 voxels of one plane lie in 2 x 2 bricks of 64 x 64 x 16; em holds nothing.
        #expect(result.statistics.read.brickCount == 4)
        guard case .rows(let rows) = result.value else { throw CaseError("no rows") }
        #expect(rows.rows == [[.integer(8000)]])
    }

    @Test("lists of any length are looked up, and parts of them compared by value")
    func lists() throws {
        let (fixture, _) = try Self.world(7)
        let many = Parameter.list(
            (0..<50_000).map { .unsigned(UInt64($0) &* 11) } + [.unsigned(.max), .null])
        #expect(
            try fixture.lines("SELECT id FROM IDS(seg) WHERE id IN $1 ORDER BY id", [many]) == [
                "77", "18446744073709551615",
            ])
        #expect(try fixture.lines("SELECT id FROM IDS(seg) WHERE id NOT IN $1", [many]).isEmpty)
        let mixed = Parameter.list([
            .float(9_223_372_036_854_775_808), .float(3.5), .integer(8), .integer(-3),
        ])
        #expect(
            try fixture.lines("SELECT id FROM IDS(seg) WHERE id IN $1 ORDER BY id", [mixed]) == [
                "8", "9223372036854775808",
            ])
        #expect(try fixture.lines("SELECT id FROM IDS(seg) WHERE id IN $1", [.list([])]).isEmpty)
        #expect(
            fixture.refusal("SELECT id FROM IDS(seg) WHERE id IN $1", [.list([.text("a")])]) == "42804 37")
    }

    @Test("texts of a user are values, never SQL; long chains and many sources end with a result or an error")
    func hostile() throws {
        let (fixture, _) = try Self.world(8)
        #expect(
            try fixture.lines(
                "SELECT $1 || '''; DROP TABLE s0; --' AS \"a\"\"b\" FROM IDS(seg) LIMIT 1",
                [.text("x' OR 1=1")])
                == ["x' OR 1=1'; DROP TABLE s0; --"])
        let chain = (0..<3000).map { "id = \($0)" }.joined(separator: " OR ")
        #expect(try fixture.lines("SELECT id FROM IDS(seg) WHERE \(chain)") == ["3", "8", "77"])
        let tables = (0..<70).map { "sys.frames AS f\($0)" }.joined(separator: ", ")
        #expect(fixture.refusal("SELECT COUNT(*) FROM \(tables)").hasPrefix("54001"))
        #expect(
            try fixture.lines(
                "SELECT LEAST(\((1...100).map(String.init).joined(separator: ","))) FROM sys.frames") == ["1"]
        )
        #expect(
            fixture.refusal(
                "SELECT LEAST(\((1...101).map(String.init).joined(separator: ","))) FROM sys.frames")
                == "42883 8")
        #expect(
            fixture.refusal("SELECT COUNT(VALUE_AT(seg, 1, 2, b.id)) FROM IDS(seg) AS b WHERE 1 = 1 / 0")
                == "22012 70")
    }

    @Test("what binding refuses is refused before anything is read")
    func bindsFirst() throws {
        let (fixture, _) = try Self.world(9)
        // The region is refused by the table function, the column before that.
        #expect(fixture.refusal("SELECT size FROM IDS(seg X 0:5000)") == "42703 8")
        #expect(fixture.refusal("SELECT id FROM IDS(seg X 0:5000)") == "22V01 24")
    }

    @Test("hints are what the conditions leave, whatever their form")
    func hints() throws {
        let fixture = try ResourceFixture.withChannels()
        try fixture.run("USE lab/mouse")
        let forms: [(String, String)] = [
            ("id = 7", "id 7"), ("7 < id AND 12 >= id", "id 8 to 12"), ("id IN (3, 1, 2, 9)", "id 1 to 3, 9"),
            ("NOT (id < 5 OR id > 9)", "id 5 to 9"),
            ("id NOT BETWEEN 1 AND 18446744073709551614", "id 0, 18446744073709551615"),
            ("id = 5 AND id = 6", "id none"), ("id > 5 OR voxels > 3", ""), ("id + 0 = 5", ""),
            ("id > 4.5 AND id < 6.5", "id 5 to 6"),
            ("id = -1", "id none"), ("id <> 5", "id 0 to 4, 6 to 18446744073709551615"),
            ("id = (SELECT 5 FROM sys.frames)", ""), ("id IN (5, NULL)", ""),
        ]
        for (condition, expected) in forms {
            let lines = try fixture.lines("EXPLAIN SELECT COUNT(*) FROM IDS(seg) WHERE \(condition)")
            let line = lines.first { $0.contains(" IDS ") } ?? ""
            let hint = line.contains("; ") ? String(line.split(separator: "; ")[1]) : ""
            #expect(hint.replacing(" NULL NULL", with: "") == expected, "\(condition)")
        }
    }
}
