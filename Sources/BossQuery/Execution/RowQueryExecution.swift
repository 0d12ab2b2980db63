import BossDatabase

/// SELECT over one table function: columns, conditions on a column, order and limit.
extension StatementExecutor {
    /// Runs a row query.
    ///
    /// - Throws: 0A000 for joins, grouping, expressions and system views.
    mutating func selectRows(_ query: RowQuery) throws(DatabaseError) -> ResultValue {
        if case .layer(let path, _, _) = query.source { throw Self.noLayer(path) }
        try refuseUnsupported(query)
        var (rows, alias) = try rows(of: query.source)
        if let condition = query.condition {
            rows.rows = try rows.rows.filter(RowFilter(condition, rows, self).matches)
        }
        try order(&rows, by: query.orderBy)
        let offset = try query.offset.map { (scalar) throws(DatabaseError) in try count(scalar) } ?? 0
        let limit = try query.limit.map { (scalar) throws(DatabaseError) in try count(scalar) } ?? Int.max
        rows.rows = Array(rows.rows.dropFirst(offset).prefix(limit))
        return .rows(try project(rows, query.items, alias: alias))
    }

    private mutating func rows(of source: RowSource) throws(DatabaseError) -> (RowSet, alias: Identifier?) {
        switch source {
        case .function(let call, let alias): return (try rowSet(of: call), alias)
        case .view(let schema, let name, let alias): return (try systemRows(schema, name), alias)
        case .layer(let path, _, _): throw Self.noLayer(path)
        case .subquery: throw Self.notSupported("this row source", source.position)
        }
    }

    private static func noLayer(_ path: PathSyntax) -> DatabaseError {
        DatabaseError(
            "0A000",
            "\(path.segments.joined(separator: "/")) is no points layer, which are not supported yet",
            hint: "SELECT CUTOUT FROM … reads voxels", position: path.position.source)
    }

    private func refuseUnsupported(_ query: RowQuery) throws(DatabaseError) {
        if let join = query.joins.first { throw Self.notSupported("a join", join.position) }
        if let group = query.groupBy.first { throw Self.notSupported("GROUP BY", group.position) }
        if let having = query.having { throw Self.notSupported("HAVING", having.position) }
        if query.isDistinct { throw Self.notSupported("DISTINCT", query.position) }
        if let format = query.format { throw Self.notSupported("FORMAT of rows", format.position) }
        if let file = query.file { throw Self.notSupported("INTO FILE of rows", file.position) }
    }

    private func count(_ scalar: Scalar) throws(DatabaseError) -> Int {
        let value = try integer(scalar)
        guard value >= 0 else {
            throw DatabaseError("22023", "\(value) is below zero", position: scalar.position.source)
        }
        return value
    }

    private func order(_ rows: inout RowSet, by items: [OrderItem]) throws(DatabaseError) {
        var keys: [(column: Int, isDescending: Bool, nullsFirst: Bool)] = []
        for item in items {
            let column = try rows.index(of: item.expression)
            keys.append((column, item.isDescending, item.nullsFirst ?? item.isDescending))
        }
        guard !keys.isEmpty else { return }
        // Stable: rows that compare equal keep their order.
        let ordered = rows.rows.enumerated().sorted { left, right in
            for key in keys {
                let (first, second) = (left.element[key.column], right.element[key.column])
                if first == .null || second == .null {
                    if first == second { continue }
                    return (first == .null) == key.nullsFirst
                }
                let order = first.compared(to: second)
                if order != 0 { return key.isDescending ? order > 0 : order < 0 }
            }
            return left.offset < right.offset
        }
        rows.rows = ordered.map(\.element)
    }

    private func project(_ rows: RowSet, _ items: [SelectItem], alias: Identifier?) throws(DatabaseError)
        -> RowSet
    {
        var columns: [(index: Int, name: String)] = []
        for item in items {
            switch item {
            case .all: columns += rows.columns.indices.map { ($0, rows.columns[$0].name) }
            case .expression(let expression, let name):
                let index = try rows.index(of: expression)
                columns.append((index, name?.text ?? rows.columns[index].name))
            }
        }
        return RowSet(
            columns: columns.map { Column($0.name, rows.columns[$0.index].type) },
            rows: rows.rows.map { row in columns.map { row[$0.index] } })
    }
}

extension RowSet {
    /// The column that an expression names.
    ///
    /// - Throws: 42703 with a near match, 0A000 for anything but a column.
    func index(of expression: Expression) throws(DatabaseError) -> Int {
        guard case .column(_, let name) = expression else {
            throw StatementExecutor.notSupported("an expression over rows", expression.position)
        }
        if let index = columns.firstIndex(where: { $0.name == name.folded }) { return index }
        let near = NearMiss.best(for: name.folded, among: columns.map(\.name))
        throw DatabaseError(
            "42703", "there is no column \(name.text)",
            hint: near.map { "did you mean \($0)?" }
                ?? "the columns are \(columns.map(\.name).joined(separator: ", "))",
            position: name.position.source)
    }
}

extension Value {
    /// Below zero, zero or above; values of one column have one type.
    func compared(to other: Value) -> Int {
        if let left = number, let right = other.number { return left.compared(to: right) ?? 0 }
        if case .text(let left) = self, case .text(let right) = other {
            return left < right ? -1 : left == right ? 0 : 1
        }
        return 0
    }

    var number: ConditionNumber? {
        switch self {
        case .integer(let value): .integer(Int128(value))
        case .unsigned(let value): .integer(Int128(value))
        case .float(let value): .float(value)
        case .timestamp(let microseconds): .integer(Int128(microseconds))
        case .boolean(let value): .integer(value ? 1 : 0)
        case .null, .text, .bytes: nil
        }
    }
}

/// A condition over the columns of rows: each comparison looks at one column.
struct RowFilter {
    private let test: ([Value]) -> Bool

    func matches(_ row: [Value]) -> Bool { test(row) }

    /// Binds a condition; `AND`, `OR` and `NOT` join tests of different columns.
    init(_ expression: Expression, _ rows: RowSet, _ executor: StatementExecutor) throws(DatabaseError) {
        switch expression {
        case .logical(let logical, let parts, _):
            var filters: [RowFilter] = []
            for part in parts { filters.append(try RowFilter(part, rows, executor)) }
            let all = filters
            test =
                logical == .and
                ? { row in all.allSatisfy { $0.test(row) } } : { row in all.contains { $0.test(row) } }
        case .isNull(let value, let isNegated, _):
            let column = try rows.index(of: value)
            test = { row in (row[column] == .null) != isNegated }
        default:
            let names = Set(rows.columns.map(\.name))
            let name = try Self.column(in: expression)
            guard case .column = name else {
                // It says what is wrong with the condition.
                _ = try ValueCondition(expression, names: names, executor: executor)
                throw StatementExecutor.notSupported("this condition", expression.position)
            }
            let column = try rows.index(of: name)
            // NULL fulfils no comparison.
            switch rows.columns[column].type {
            case .text, .json:
                let condition = try TextCondition(expression, executor: executor)
                test = { row in
                    if case .text(let text) = row[column] { condition.matches(text) } else { false }
                }
            case .timestamp:
                let condition = try ValueCondition(
                    expression.withTimesAsNumbers(executor), names: names, executor: executor)
                test = { row in row[column].number.map(condition.matches) ?? false }
            default:
                let condition = try ValueCondition(expression, names: names, executor: executor)
                test = { row in row[column].number.map(condition.matches) ?? false }
            }
        }
    }

    private static func column(in expression: Expression) throws(DatabaseError) -> Expression {
        switch expression {
        case .binary(_, let left, let right, _):
            if case .column = left { return left }
            return right
        case .between(let value, _, _, _, _), .isIn(let value, _, _, _), .like(let value, _, _, _):
            return value
        case .unary(.not, let inner, _): return try column(in: inner)
        default: throw StatementExecutor.notSupported("this condition", expression.position)
        }
    }
}
