import BossDatabase
import BossTestSupport
import Testing

@testable import BossQuery

/// Rows in SQLite and back, with the limits of memory and time.
@Suite("Rows in SQLite")
struct RowStoreTests {
    private static let position = NodePosition(SourcePosition(utf8Offset: 0, line: 1, column: 1, length: 1))

    private static func column(_ index: Int, _ type: ColumnType) -> BoundExpression {
        BoundExpression(.column(source: 0, index: index), type, position)
    }

    /// `SELECT` of all columns of one table, ordered by the first of them.
    private static func query(_ types: [ColumnType], isOrdered: Bool = true) -> SQLWriter {
        var query = BoundQuery()
        query.sources = [BoundQuery.Source(number: 0, content: .table, join: nil, condition: nil)]
        query.outputs = types.enumerated().map {
            BoundQuery.Output(name: "c\($0.offset)", expression: column($0.offset, $0.element))
        }
        if isOrdered {
            query.keys = [
                BoundQuery.Key(
                    expression: query.outputs[0].expression, isDescending: false, nullsFirst: false)
            ]
        }
        var writer = SQLWriter()
        writer.write(query)
        return writer
    }

    private static func stored(
        _ rows: [[Value]], _ types: [ColumnType], budget: RowBudget = RowBudget(), limit: Int = .max,
        cancellation: Cancellation = Cancellation()
    ) throws(DatabaseError) -> [[Value]] {
        let store = try RowStore(budget, cancellation)
        try store.create("s0", columns: Array(types.indices))
        try store.insert(rows, columns: Array(types.indices), into: "s0")
        return try store.rows(of: query(types), types: types, lookups: [], resultLimit: limit)
    }

    @Test("keep every value and its order: IDs by value, NaN after all numbers, NULL last")
    func values() throws {
        var random = SeededGenerator(seed: 31)
        let edges: [UInt64] = [0, 1, (1 << 63) - 1, 1 << 63, (1 << 63) + 1, .max - 1, .max]
        let ids = (edges + (0..<2000).map { _ in UInt64.random(in: 0...UInt64.max, using: &random) })
            .shuffled(using: &random)
        let sorted = try Self.stored(ids.map { [.unsigned($0)] } + [[.null]], [.uint64])
        #expect(sorted == ids.sorted().map { [.unsigned($0)] } + [[.null]], "seed \(random.seed)")
        let floats: [Value] = [
            .float(.nan), .float(.infinity), .float(-.infinity), .float(2), .null, .float(-0.5),
        ]
        let numbers = try Self.stored(floats.map { [$0] }, [.float64]).map { $0[0] }
        #expect(numbers.prefix(4) == [.float(-.infinity), .float(-0.5), .float(2), .float(.infinity)])
        guard case .float(let last) = numbers[4] else { throw CaseError("NaN is not before NULL") }
        #expect(last.isNaN && numbers[5] == .null)
        let others: [Value] = [
            .integer(.min), .boolean(true), .text("it's; DROP"), .bytes([0, 255]),
            .timestamp(microseconds: -5),
            .text("{}"),
        ]
        let types: [ColumnType] = [.int64, .boolean, .text, .bytes, .timestamp, .json]
        #expect(try Self.stored([others], types) == [others])
    }

    @Test("more rows than the memory holds are 53200, a larger result than allowed is 54V01")
    func limits() throws {
        let rows: [[Value]] = (0..<1000).map { [.integer(Int64($0))] }
        #expect(try Self.stored(rows, [.int64], budget: RowBudget(byteCount: 48_000)).count == 1000)
        let small = #expect(throws: DatabaseError.self) {
            try Self.stored(rows, [.int64], budget: RowBudget(byteCount: 47_999))
        }
        #expect(small?.sqlState == "53200")
        #expect(try Self.stored(rows, [.int64], limit: 8000).count == 1000)
        let large = #expect(throws: DatabaseError.self) { try Self.stored(rows, [.int64], limit: 7999) }
        #expect(large?.sqlState == "54V01")
        let texts = #expect(throws: DatabaseError.self) {
            try Self.stored(
                [[.text(String(repeating: "a", count: 50_000))]], [.text],
                budget: RowBudget(byteCount: 50_000))
        }
        #expect(texts?.sqlState == "53200")
        let cut = #expect(throws: DatabaseError.self) { try Self.stored([[.text("a\0b")]], [.text]) }
        #expect(cut?.sqlState == "22021")
    }

    @Test("a cancelled query ends with 57014, also while SQLite computes without giving a row")
    func cancellation() throws {
        let cancelled = Cancellation()
        cancelled.cancel()
        let refused = #expect(throws: DatabaseError.self) {
            try Self.stored([[.integer(1)]], [.int64], cancellation: cancelled)
        }
        #expect(refused?.sqlState == "57014")
        // More than a hundred keywords nine times are more than 1e18 rows.
        let fixture = try ResourceFixture()
        let running = Cancellation()
        let letters = ["a", "b", "c", "d", "e", "f", "g", "h", "i"]
        let sources = letters.map { "sys.keywords AS \($0)" }.joined(separator: ", ")
        let timer = Task.detached {
            try await Task.sleep(for: .milliseconds(100))
            running.cancel()
        }
        let stopped = #expect(throws: DatabaseError.self) {
            try fixture.session.query(
                "SELECT COUNT(*) FROM \(sources)",
                control: OperationControl(cancellation: running))
        }
        timer.cancel()
        #expect(stopped?.sqlState == "57014")
    }
}
