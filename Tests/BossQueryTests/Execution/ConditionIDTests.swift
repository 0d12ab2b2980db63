import BossDatabase
import BossQuery
import BossTestSupport
import BossVoxels
import Testing

/// Conditions over IDs that the label index is asked for, against the conditions' definitions.
@Suite("Conditions on IDs")
struct ConditionIDTests {
    /// A condition as text and as what it means. A number is one of a few around the edges of INT64, UINT64 and FLOAT64.
    private struct Condition {
        let text: String
        let holds: @Sendable (UInt64) -> Bool

        private static let symbols: [(String, @Sendable (Int128, Int128) -> Bool)] = [
            ("=", { $0 == $1 }), ("<>", { $0 != $1 }), ("<", { $0 < $1 }), ("<=", { $0 <= $1 }),
            (">", { $0 > $1 }), (">=", { $0 >= $1 }),
        ]
        private static let numbers: [Int128] = [
            -1, 0, 1, 2, 42, 9_007_199_254_740_992, 9_007_199_254_740_993, 1 << 63 - 1, 1 << 63, 1 << 63 + 1,
            Int128(UInt64.max) - 1, Int128(UInt64.max),
        ]

        init(_ random: inout SeededGenerator, depth: Int) {
            func number() -> Int128 { Self.numbers[Int(random.next() % UInt64(Self.numbers.count))] }
            switch depth > 0 ? random.next() % 7 : 3 + random.next() % 4 {
            case 0:
                let inner = Condition(&random, depth: depth - 1)
                self.init("NOT (\(inner.text))") { !inner.holds($0) }
            case 1, 2:
                let parts = (0..<2 + random.next() % 2).map { _ in Condition(&random, depth: depth - 1) }
                let isAnd = random.next() % 2 == 0
                let text = parts.map { "(\($0.text))" }.joined(separator: isAnd ? " AND " : " OR ")
                self.init(text) { id in
                    isAnd ? parts.allSatisfy { $0.holds(id) } : parts.contains { $0.holds(id) }
                }
            case 3:
                let (low, high, isNegated) = (number(), number(), random.next() % 2 == 0)
                self.init("id \(isNegated ? "NOT " : "")BETWEEN \(low) AND \(high)") {
                    (low <= Int128($0) && Int128($0) <= high) != isNegated
                }
            case 4:
                let members = (0...random.next() % 3).map { _ in number() }
                let isNegated = random.next() % 2 == 0
                let list = members.map { "\($0)" }.joined(separator: ", ")
                self.init("id \(isNegated ? "NOT " : "")IN (\(list))") {
                    members.contains(Int128($0)) != isNegated
                }
            default:
                let (symbol, compare) = Self.symbols[Int(random.next() % 6)]
                let (bound, isSwapped) = (number(), random.next() % 2 == 0)
                self.init(isSwapped ? "\(bound) \(symbol) id" : "id \(symbol) \(bound)") {
                    isSwapped ? compare(bound, Int128($0)) : compare(Int128($0), bound)
                }
            }
        }

        private init(_ text: String, _ holds: @escaping @Sendable (UInt64) -> Bool) {
            (self.text, self.holds) = (text, holds)
        }
    }

    /// Two cuboids in a segment file and one in the log, each with all IDs.
    @Test(
        "choose the IDs of their definition, in cuboids that are indexed and in part of one",
        arguments: [UInt64(0x1DC)])
    func random(seed: UInt64) throws {
        let ids: [UInt64] = [
            0, 1, 2, 41, 42, 9_007_199_254_740_992, 9_007_199_254_740_993, 1 << 63 - 1, 1 << 63, 1 << 63 + 1,
            .max - 1, .max,
        ]
        let fixture = try ResourceFixture()
        try fixture.run(
            """
            CREATE FRAME f X 0:36 Y 0:2 Z 0:2 VOXEL 4nm, 4nm, 40nm;
            CREATE COLLECTION c; CREATE EXPERIMENT c/e FRAME f;
            CREATE CHANNEL c/e/seg TYPE ANNOTATION DATATYPE UINT64 CUBOID 16,16,16;
            USE c/e;
            """)
        let row = try ResourceFixture.volume(.uint64, [1, 1, 12], ids)
        for (place, end) in [("0:12", "CHECKPOINT"), ("12:24", "CHECKPOINT"), ("24:36", "SHOW COLLECTIONS")] {
            _ = try fixture.tag("INSERT CUTOUT INTO seg X \(place) Y 0 Z 0 VALUES $1", [.volume(row)])
            try fixture.run(end)
        }
        var random = SeededGenerator(seed: seed)
        let (regions, voxels) = (["X 0:36 Y 0 Z 0", "X 3:28 Y 0 Z 0"], [0..<36, 3..<28])
        for _ in 0..<200 {
            let condition = Condition(&random, depth: 2)
            for (region, places) in zip(regions, voxels) {
                let held = places.map { ids[$0 % 12] }.filter(condition.holds)
                let found = try fixture.lines("FIND IDS IN seg \(region) WHERE \(condition.text)")
                let expected = Set(held).subtracting([0]).sorted().map { "\($0)" }
                #expect(found == expected, "\(condition.text), seed \(seed)")
                let count = try fixture.lines("COUNT VOXELS IN seg \(region) WHERE \(condition.text)")
                #expect(count == ["\(held.count)"], "\(condition.text), seed \(seed)")
            }
        }
    }

    @Test("cost no look at voxels of whole cuboids, and none at cuboids without the IDs of a change")
    func cost() throws {
        let fixture = try ResourceFixture()
        try fixture.run(
            """
            CREATE FRAME f X 0:64 Y 0:16 Z 0:16 VOXEL 4nm, 4nm, 40nm;
            CREATE COLLECTION c; CREATE EXPERIMENT c/e FRAME f;
            CREATE CHANNEL c/e/seg TYPE ANNOTATION DATATYPE UINT64 CUBOID 16,16,16;
            USE c/e;
            """)
        let labels = (0..<16_384).map { (index: Int) -> UInt64 in
            let cuboid = index % 64 / 16
            return UInt64((cuboid + 1) * 10 + index % 2)
        }
        let volume = try ResourceFixture.volume(.uint64, [16, 16, 64], labels)
        _ = try fixture.tag("INSERT CUTOUT INTO seg VALUES $1", [.volume(volume)])
        for statement in ["FIND IDS IN seg WHERE id IN (10, 31)", "COUNT VOXELS IN seg WHERE id > 30"] {
            let cost = try fixture.session.query(statement).statistics.read
            #expect(cost.brickCount == 0 && cost.pageCount == 0, "\(statement)")
        }
        #expect(try fixture.lines("COUNT VOXELS IN seg WHERE id > 30") == ["6144"])
        try fixture.run("CHECKPOINT")
        #expect(try fixture.tag("SPLIT ID 31 IN seg X 0:64 WHERE Y < 8 INTO 99") == "SPLIT 1024")
        #expect(try fixture.tag("UPDATE CUTOUT seg SET ID = 7 WHERE ID = 99 OR ID = 10") == "UPDATE 3072")
        #expect(try fixture.lines("COUNT VOXELS IN seg WHERE id = 7") == ["3072"])
    }
}
