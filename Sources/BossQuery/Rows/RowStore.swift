import BossDatabase
import Dispatch
import GRDB

/// An SQLite database in memory, for the time of one row query: the rows of its sources go in, the result comes out.
struct RowStore {
    static let voxelFunction = "boss_voxel"

    private let queue: DatabaseQueue
    private let budget: RowBudget
    private let cancellation: Cancellation

    /// Rows between two looks at the cancellation and the memory.
    private static let stepCount = 4096
    /// Values that are put in at a time.
    private static let groupedValueCount = 400
    /// What a value takes, beside the content of a text.
    private static let valueByteCount = 24

    /// - Throws: 53200 when there is no memory.
    init(_ budget: RowBudget, _ cancellation: Cancellation) throws(BossDatabase.DatabaseError) {
        (self.budget, self.cancellation) = (budget, cancellation)
        do { queue = try DatabaseQueue() } catch { throw Self.mapped(error, nil) }
    }

    // MARK: Filling

    /// Makes a table; without columns it has one that is always NULL, so that its rows can be counted.
    func create(_ table: String, columns: [Int]) throws(BossDatabase.DatabaseError) {
        let names = (columns.isEmpty ? [0] : columns).map(SQLWriter.column).joined(separator: ", ")
        try run(nil) { try $0.execute(sql: "CREATE TABLE \(table) (\(names))") }
    }

    /// Puts some columns of rows into a table.
    ///
    /// - Throws: 53200 for more than the query may hold, 57014.
    func insert(
        _ rows: [[Value]], columns: [Int], into table: String
    ) throws(BossDatabase.DatabaseError) {
        try budget.take(rows.count, of: (columns.count + 1) * Self.valueByteCount, "the rows of a source")
        // Many rows at a time, since a call of SQLite costs more than a row.
        let groupCount = max(1, Self.groupedValueCount / max(1, columns.count))
        try run(nil) { database in
            let group = try insertion(of: groupCount, columns.count, table, database)
            let single = try insertion(of: 1, columns.count, table, database)
            try database.inTransaction {
                var row = 0
                while row < rows.count {
                    if row % Self.stepCount < groupCount { try cancellation.check() }
                    let count = rows.count - row < groupCount ? 1 : groupCount
                    let part = rows[row..<row + count]
                    try takeTexts(part, columns)
                    let statement = count == 1 ? single : group
                    statement.setUncheckedArguments(StatementArguments(try Self.cells(part, columns)))
                    try statement.execute()
                    row += count
                }
                return .commit
            }
        }
    }

    private func insertion(
        of rowCount: Int, _ columnCount: Int, _ table: String, _ database: GRDB.Database
    ) throws -> GRDB.Statement {
        let row = "(" + Array(repeating: "?", count: max(1, columnCount)).joined(separator: ", ") + ")"
        let rows = Array(repeating: row, count: rowCount).joined(separator: ", ")
        return try database.makeStatement(sql: "INSERT INTO \(table) VALUES \(rows)")
    }

    private static func cells(
        _ rows: ArraySlice<[Value]>, _ columns: [Int]
    ) throws(BossDatabase.DatabaseError) -> [DatabaseValue] {
        var cells: [DatabaseValue] = []
        cells.reserveCapacity(rows.count * max(1, columns.count))
        for row in rows {
            if columns.isEmpty { cells.append(.null) }
            for column in columns { cells.append(try RowCell.cell(row[column])) }
        }
        return cells
    }

    private func takeTexts(
        _ rows: ArraySlice<[Value]>, _ columns: [Int]
    ) throws(BossDatabase.DatabaseError) {
        let byteCount = rows.reduce(0) { sum, row in columns.reduce(sum) { $0 + row[$1].textByteCount } }
        guard byteCount > 0 else { return }
        try budget.take(byteCount, of: 1, "the texts of a source")
    }

    // MARK: Asking

    /// Runs a query.
    ///
    /// - Parameter resultLimit: bytes of the result at most.
    /// - Throws: what a function refuses, with its place in the statement; 54V01, 53200, 54001, 57014.
    func rows(
        of query: SQLWriter, types: [ColumnType], lookups: [VoxelLookup], resultLimit: Int = .max
    ) throws(BossDatabase.DatabaseError) -> [[Value]] {
        let fault = RowFault()
        try prepare(query, lookups, fault)
        let watch = watch()
        defer { watch.cancel() }
        return try run(fault) { database in
            var rows: [[Value]] = []
            var byteCount = 0
            let cursor = try GRDB.Row.fetchCursor(try statement(query, database))
            while let row = try cursor.next() {
                let values = types.indices.map { RowCell.value(row[$0], types[$0]) }
                byteCount += values.reduce(0) { $0 + 8 + $1.textByteCount }
                guard byteCount <= resultLimit else { throw Self.tooLarge(resultLimit) }
                rows.append(values)
                guard rows.count % Self.stepCount == 0 else { continue }
                try cancellation.check()
                try budget.take(
                    Self.stepCount, of: (types.count + 1) * Self.valueByteCount, "the rows of the result")
            }
            return rows
        }
    }

    /// What SQLite means to do, a line a step.
    func plan(of query: SQLWriter) throws(BossDatabase.DatabaseError) -> [String] {
        try prepare(query, [], RowFault())
        return try run(nil) { database in
            let statement = try database.makeStatement(sql: "EXPLAIN QUERY PLAN " + query.text)
            statement.setUncheckedArguments(try arguments(query))
            return try String.fetchAll(statement, adapter: SuffixRowAdapter(fromIndex: 3))
        }
    }

    /// Registers the functions, and fills the tables of the lists.
    private func prepare(
        _ query: SQLWriter, _ lookups: [VoxelLookup], _ fault: RowFault
    ) throws(BossDatabase.DatabaseError) {
        try run(nil) { database in
            for function in RowFunction.allCases {
                database.add(function: function.databaseFunction(places: query.places, fault: fault))
            }
            database.add(
                function: DatabaseFunction("boss_sum", argumentCount: 1, pure: true, aggregate: RowSum.self))
            database.add(
                function: DatabaseFunction(
                    "boss_avg", argumentCount: 1, pure: true, aggregate: RowAverage.self))
            database.add(function: Self.voxel(lookups, query.places, fault))
        }
        for (number, values) in query.lists.enumerated() {
            try run(nil) { try $0.execute(sql: "DROP TABLE IF EXISTS \(SQLWriter.list(number))") }
            try create(SQLWriter.list(number), columns: [0])
            try insert(values.map { [$0] }, columns: [0], into: SQLWriter.list(number))
        }
    }

    private func statement(_ query: SQLWriter, _ database: GRDB.Database) throws -> GRDB.Statement {
        let statement = try database.makeStatement(sql: query.text)
        statement.setUncheckedArguments(try arguments(query))
        return statement
    }

    private func arguments(_ query: SQLWriter) throws -> StatementArguments {
        var cells: [String: DatabaseValue] = [:]
        for (number, value) in query.constants.enumerated() {
            try budget.take(value.textByteCount, of: 1, "the constants of the query")
            cells["p\(number)"] = try RowCell.cell(value)
        }
        return StatementArguments(cells)
    }

    private static func voxel(
        _ lookups: [VoxelLookup], _ places: [NodePosition], _ fault: RowFault
    ) -> DatabaseFunction {
        DatabaseFunction(voxelFunction, argumentCount: 6, pure: true) { cells in
            guard let lookup = Int.fromDatabaseValue(cells[0]), let place = Int.fromDatabaseValue(cells[5]),
                let point = lookups[lookup].point(cells[1...4])
            else { return nil }
            do throws(BossDatabase.DatabaseError) {
                return RowCell.cell(number: try lookups[lookup].value(at: point))
            } catch {
                fault.record(error.at(places[place]))
                throw error
            }
        }
    }

    /// Looks at the cancellation while SQLite is at work, which itself does not.
    private func watch() -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(queue: .global())
        let (queue, cancellation) = (queue, cancellation)
        timer.schedule(deadline: .now() + .milliseconds(20), repeating: .milliseconds(20))
        timer.setEventHandler { if cancellation.isCancelled { queue.interrupt() } }
        timer.resume()
        return timer
    }

    // MARK: Errors

    private func run<R>(
        _ fault: RowFault?, _ body: (GRDB.Database) throws -> R
    ) throws(BossDatabase.DatabaseError) -> R {
        do { return try queue.inDatabase(body) } catch {
            if (error as? GRDB.DatabaseError)?.resultCode == .SQLITE_INTERRUPT { try cancellation.check() }
            throw Self.mapped(error, fault)
        }
    }

    private static func tooLarge(_ limit: Int) -> BossDatabase.DatabaseError {
        BossDatabase.DatabaseError(
            "54V01", "the result has more than \(limit) bytes, the limit of this session",
            hint: "select fewer rows, or SET max_result_bytes")
    }

    /// What SQLite says when a query is beyond one of its limits.
    private static let limitWords = ["too", "at most", "stack overflow"]

    private static func mapped(_ error: any Error, _ fault: RowFault?) -> BossDatabase.DatabaseError {
        if let refused = fault?.error { return refused }
        if let own = error as? BossDatabase.DatabaseError { return own }
        guard let error = error as? GRDB.DatabaseError else {
            return BossDatabase.DatabaseError("XX000", "the row query failed", cause: error)
        }
        switch error.resultCode {
        case .SQLITE_NOMEM, .SQLITE_FULL:
            return BossDatabase.DatabaseError(
                "53200", "the memory for rows is used up", hint: "ask for fewer rows", cause: error)
        case .SQLITE_TOOBIG:
            return BossDatabase.DatabaseError("54001", "a value of the query is too long", cause: error)
        case .SQLITE_ERROR where limitWords.contains(where: (error.message ?? "").contains):
            return BossDatabase.DatabaseError(
                "54001", "the query is too complex: \(error.message ?? "")", hint: "take it apart",
                cause: error)
        default:
            return BossDatabase.DatabaseError(
                "XX000", "the row query failed: \(error.message ?? "")", cause: error)
        }
    }
}

extension VoxelLookup {
    /// The point in four cells: x, y, z, t.
    func point(_ cells: ArraySlice<DatabaseValue>) -> Point? {
        var numbers: [Int128] = []
        for cell in cells {
            guard case .integer(let number)? = RowCell.number(cell) else { return nil }
            numbers.append(number)
        }
        return point(numbers[0], numbers[1], numbers[2], numbers[3])
    }

    /// The points in rows of four values.
    func points(_ rows: [[Value]]) -> [Point] {
        rows.compactMap { row in
            var numbers: [Int128] = []
            for value in row {
                switch value {
                case .integer(let number): numbers.append(Int128(number))
                case .unsigned(let number): numbers.append(Int128(number))
                default: return nil
                }
            }
            return point(numbers[0], numbers[1], numbers[2], numbers[3])
        }
    }
}

extension Value {
    /// Bytes of a text or of bytes; 0 for other values.
    fileprivate var textByteCount: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        default: 0
        }
    }
}
