import BossDatabase
import BossTestSupport
import BossVoxels
import Testing

@testable import BossQuery

/// Random queries over random labels, beside an evaluation of each operator by its definition over Swift arrays.
@Suite("Row queries and a naive evaluation")
struct RowQueryModelTests {
    private typealias Row = [String: NaiveValue]

    private static let ids: [UInt64] = [
        1, 2, 3, 5, 7, 100, (1 << 63) - 1, 1 << 63, (1 << 63) + 1, (1 << 63) + 5, .max - 1, .max,
    ]

    /// Two channels of random labels, and what IDS returns of them by counting.
    private struct World {
        let fixture: ResourceFixture
        let first: [(id: UInt64, voxels: Int)]
        let second: [(id: UInt64, voxels: Int)]

        init(seed: UInt64) throws {
            var random = SeededGenerator(seed: seed)
            fixture = try ResourceFixture.withChannels()
            try fixture.run("USE lab/mouse; CREATE CHANNEL other TYPE ANNOTATION DATATYPE UINT64")
            var counts: [[(UInt64, Int)]] = []
            for name in ["seg", "other"] {
                let chosen = RowQueryModelTests.ids.filter { _ in Bool.random(using: &random) } + [0, 7]
                let voxels = (0..<40).map { _ in chosen.randomElement(using: &random) ?? 0 }
                try fixture.run(
                    "INSERT CUTOUT INTO \(name) X 0:8 Y 0:5 Z 0 VALUES $1",
                    parameters: [.volume(try ResourceFixture.volume(.uint64, [1, 5, 8], voxels))])
                let labels = Set(voxels).subtracting([0]).sorted()
                counts.append(labels.map { label in (label, voxels.count { $0 == label }) })
            }
            (first, second) = (counts[0], counts[1])
        }

        static func row(_ object: (id: UInt64, voxels: Int), _ alias: String = "") -> Row {
            [alias + "id": .integer(Int128(object.id)), alias + "voxels": .integer(Int128(object.voxels))]
        }
    }

    private static let columns: [(name: String, type: NaiveType)] = [("id", .uint64), ("voxels", .uint64)]

    /// The lines that a statement returns, or the state that it is refused with.
    private static func outcome(_ world: World, _ statement: String) -> [String] {
        do { return try world.fixture.lines(statement) } catch {
            return ["refused: \((error as? DatabaseError)?.sqlState ?? "\(error)")"]
        }
    }

    /// Compares; where the naive way refuses some row, the statement may refuse it too, or not come to compute it.
    private static func check(
        _ world: World, _ statement: String, seed: UInt64, _ expected: () throws -> [String]
    ) -> Bool {
        let found = outcome(world, statement)
        guard let lines = try? expected() else {
            let isFine = found.first.map { !$0.hasPrefix("refused") || $0.hasPrefix("refused: 220") } ?? true
            #expect(isFine, "seed \(seed): \(statement)")
            return false
        }
        #expect(found == lines, "seed \(seed): \(statement)")
        return true
    }

    private static func line(_ values: [NaiveValue]) -> String { values.map(\.text).joined(separator: " ") }

    /// NULL last.
    private static func isBefore(_ left: NaiveValue, _ right: NaiveValue, isDescending: Bool) -> Bool? {
        if left == .null || right == .null {
            return left == right ? nil : (right == .null) != isDescending
        }
        let order = left.compared(to: right)
        return order == 0 ? nil : (order < 0) != isDescending
    }

    @Test("agree on conditions, expressions, order, limit and offset")
    func selections() throws {
        var compared = 0
        for seed in 1...12 as ClosedRange<UInt64> {
            let world = try World(seed: seed)
            var terms = RandomTerms(Self.columns, seed: seed)
            for _ in 0..<40 {
                let (condition, value, key) = (terms.condition(3), terms.number(2), terms.number(1))
                let (isDescending, isDistinct) = (terms.chance(2), terms.chance(5))
                let (limit, offset) = (terms.pick([0, 1, 3, 50]), terms.pick([0, 0, 1, 2]))
                let order = isDescending ? "DESC" : "ASC"
                let statement =
                    isDistinct
                    ? "SELECT DISTINCT \(value.text) AS v FROM IDS(seg) WHERE \(condition.text) ORDER BY v \(order)"
                    : "SELECT id, \(value.text) AS v FROM IDS(seg) WHERE \(condition.text)"
                        + " ORDER BY \(Self.isPlain(key) ? "id" : key.text) \(order), id LIMIT \(limit) OFFSET \(offset)"
                let didCompare = Self.check(world, statement, seed: seed) {
                    let rows = world.first.map { World.row($0) }
                    _ = try rows.map { (try value.value($0), try key.value($0)) }
                    let kept = try rows.filter { try condition.value($0) == .boolean(true) }
                    if isDistinct {
                        var values: [NaiveValue] = []
                        for row in kept {
                            let found = try value.value(row)
                            if !values.contains(where: { $0 == found }) { values.append(found) }
                        }
                        return values.sorted { Self.isBefore($0, $1, isDescending: isDescending) ?? false }
                            .map(\.text)
                    }
                    let keyed = try kept.map { row in
                        (Self.isPlain(key) ? row["id"] ?? .null : try key.value(row), row)
                    }
                    let sorted = keyed.enumerated().sorted { left, right in
                        Self.isBefore(left.element.0, right.element.0, isDescending: isDescending)
                            ?? (left.offset < right.offset)
                    }
                    return try sorted.dropFirst(offset).prefix(limit).map {
                        Self.line([$0.element.1["id"] ?? .null, try value.value($0.element.1)])
                    }
                }
                compared += didCompare ? 1 : 0
            }
        }
        #expect(compared > 200)
    }

    /// A bare number would mean a column of the result.
    private static func isPlain(_ term: NaiveTerm) -> Bool {
        if case .constant = term { true } else { false }
    }

    @Test("agree on groups and aggregates")
    func groups() throws {
        var compared = 0
        for seed in 101...110 as ClosedRange<UInt64> {
            let world = try World(seed: seed)
            var terms = RandomTerms(Self.columns, seed: seed)
            for _ in 0..<25 {
                let (key, value) = (terms.chance(2) ? terms.condition(1) : terms.number(1), terms.number(1))
                guard !Self.isPlain(key), !Self.isPlain(value) else { continue }
                let least = terms.pick([1, 1, 2])
                let statement =
                    "SELECT \(key.text) AS k, COUNT(*), COUNT(\(value.text)), SUM(\(value.text)), MIN(\(value.text)), "
                    + "MAX(\(value.text)), COUNT(DISTINCT \(value.text)), AVG(voxels) FROM IDS(seg) GROUP BY k"
                    + " HAVING COUNT(*) >= \(least) ORDER BY k"
                let didCompare = Self.check(world, statement, seed: seed) {
                    let rows = world.first.map { World.row($0) }
                    let groups = Dictionary(grouping: rows) { (try? key.value($0)) ?? .null }
                    _ = try rows.map { try key.value($0) }
                    return try groups.sorted { Self.isBefore($0.key, $1.key, isDescending: false) ?? false }
                        .map { ($0.value.count, try Self.line([$0.key] + Self.aggregates($0.value, value))) }
                        .filter { $0.0 >= least }.map(\.1)
                }
                compared += didCompare ? 1 : 0
            }
        }
        #expect(compared > 60)
    }

    private static func aggregates(_ rows: [Row], _ term: NaiveTerm) throws -> [NaiveValue] {
        let values = try rows.map { try term.value($0) }.filter { $0 != .null }
        var sum = NaiveValue.null
        if term.type == .float, !values.isEmpty {
            // Only sums of which every order gives the same bits are compared.
            let total = values.reduce(0) { $0 + $1.double }
            guard values.allSatisfy({ $0.double * 2 == ($0.double * 2).rounded() && abs($0.double) < 1e15 })
            else {
                throw NaiveRefusal(sqlState: "any")
            }
            sum = .float(total)
        } else if !values.isEmpty {
            let total = values.reduce(Int128(0)) {
                if case .integer(let value) = $1 { $0 + value } else { $0 }
            }
            let range =
                term.type == .uint64 ? 0...Int128(UInt64.max) : Int128(Int64.min)...Int128(Int64.max)
            guard range.contains(total) else { throw NaiveRefusal(sqlState: "22003") }
            sum = .integer(total)
        }
        let sorted = values.sorted { $0.compared(to: $1) < 0 }
        let voxels = rows.map { ($0["voxels"] ?? .null).double }
        return [
            .integer(Int128(rows.count)), .integer(Int128(values.count)), sum, sorted.first ?? .null,
            sorted.last ?? .null, .integer(Int128(Set(values).count)),
            .float(voxels.reduce(0, +) / Double(voxels.count)),
        ]
    }

    @Test("agree on joins and on queries in conditions")
    func joins() throws {
        for seed in 201...212 as ClosedRange<UInt64> {
            let world = try World(seed: seed)
            var terms = RandomTerms(
                [("a.id", .uint64), ("a.voxels", .uint64), ("b.id", .uint64), ("b.voxels", .uint64)],
                seed: seed)
            for _ in 0..<20 {
                let isLeft = terms.chance(2)
                let (on, condition) = (terms.condition(1), terms.condition(2))
                let isByID = terms.chance(2)
                let link = isByID ? "a.id = b.id" : "a.voxels <= b.voxels"
                let statement =
                    "SELECT a.id, b.id, b.voxels FROM IDS(seg) AS a \(isLeft ? "LEFT" : "INNER") JOIN IDS(other) AS b"
                    + " ON \(link) AND \(on.text) WHERE \(condition.text) ORDER BY a.id, b.id"
                _ = Self.check(world, statement, seed: seed) {
                    var lines: [String] = []
                    for left in world.first {
                        let row = World.row(left, "a.")
                        var pairs: [Row] = []
                        for right in world.second {
                            let pair = row.merging(World.row(right, "b.")) { $1 }
                            let isLinked = isByID ? left.id == right.id : left.voxels <= right.voxels
                            let isOn = try on.value(pair) == .boolean(true)
                            // Which pairs the conditions are computed for is not said.
                            _ = try condition.value(pair)
                            if isLinked, isOn { pairs.append(pair) }
                        }
                        if isLeft, pairs.isEmpty { pairs = [row] }
                        for pair in pairs where try condition.value(pair) == .boolean(true) {
                            lines.append(Self.line(["a.id", "b.id", "b.voxels"].map { pair[$0] ?? .null }))
                        }
                    }
                    return lines
                }
            }
            try Self.checkSubqueries(world, seed)
        }
    }

    private static func checkSubqueries(_ world: World, _ seed: UInt64) throws {
        var terms = RandomTerms(columns, seed: seed)
        for _ in 0..<10 {
            let condition = terms.condition(2)
            let isNegated = terms.chance(2)
            let word = isNegated ? "NOT IN" : "IN"
            let members = {
                try world.second.filter { try condition.value(World.row($0)) == .boolean(true) }
            }
            let isIn =
                "SELECT id FROM IDS(seg) WHERE id \(word) (SELECT id FROM IDS(other) WHERE \(condition.text))"
            _ = check(world, isIn, seed: seed) {
                let found = Set(try members().map(\.id))
                return world.first.filter { found.contains($0.id) != isNegated }.map { "\($0.id)" }
            }
            let exists =
                "SELECT a.id, (SELECT SUM(b.voxels) FROM IDS(other) AS b WHERE b.id <= a.id) AS n FROM IDS(seg) AS a"
                + " WHERE EXISTS (SELECT * FROM IDS(other) WHERE id > a.id AND \(condition.text)) ORDER BY a.id"
            _ = check(world, exists, seed: seed) {
                let found = try members()
                return world.first.filter { left in found.contains { $0.id > left.id } }.map { left in
                    let below = world.second.filter { $0.id <= left.id }
                    return "\(left.id) \(below.isEmpty ? "NULL" : "\(below.reduce(0) { $0 + $1.voxels })")"
                }
            }
        }
    }
}
