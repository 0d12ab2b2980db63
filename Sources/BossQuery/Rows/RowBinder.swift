import BossDatabase

/// Rows of a table function or a system view in a row query.
struct RowTable {
    /// The number of the source in the statement.
    let number: Int
    let source: RowSource
    let columns: [Column]
    /// The rows, where finding the columns found them too.
    let rows: RowSet?
}

/// Resolves the names of a row query and checks its types, before any row is made.
struct RowBinder {
    var executor: StatementExecutor
    let budget: RowBudget
    private(set) var tables: [RowTable] = []
    var lookups: [VoxelLookup] = []
    /// The SELECTs around what is bound, the innermost last.
    var scopes: [RowScope] = []
    private var sourceCount = 0

    init(_ executor: StatementExecutor, _ budget: RowBudget) {
        (self.executor, self.budget) = (executor, budget)
    }

    /// Binds a query.
    ///
    /// - Throws: 42703, 42702 and 42P01 for names, 42804 for types, 42803 and 42P10 for columns that a group or the
    ///   result does not have, 42883, 0A000.
    mutating func bind(_ query: RowQuery) throws(DatabaseError) -> BoundQuery {
        if let format = query.format {
            throw StatementExecutor.notSupported("FORMAT of rows", format.position)
        }
        if let file = query.file { throw StatementExecutor.notSupported("INTO FILE of rows", file.position) }
        scopes.append(RowScope())
        defer { scopes.removeLast() }
        var bound = BoundQuery(isDistinct: query.isDistinct)
        try bindSource(query.source, join: nil, into: &bound)
        for join in query.joins { try bindSource(join.source, join: join, into: &bound) }
        bound.condition = try query.condition.map { (condition) throws(DatabaseError) in
            try self.condition(condition, in: "WHERE")
        }
        for item in query.items { bound.outputs += try outputs(item) }
        for item in query.groupBy { bound.groups.append(try group(item, bound.outputs)) }
        bound.having = try query.having.map { (condition) throws(DatabaseError) in
            try self.condition(condition, in: nil)
        }
        for item in query.orderBy { bound.keys.append(try key(item, bound.outputs)) }
        bound.limit = try query.limit.map { (limit) throws(DatabaseError) in try count(limit) }
        bound.offset = try query.offset.map { (offset) throws(DatabaseError) in try count(offset) } ?? 0
        let results = bound.outputs.map(\.expression) + bound.keys.map(\.expression)
        bound.isGrouped =
            !bound.groups.isEmpty || bound.having != nil || results.contains(where: \.hasOwnAggregate)
        if let having = query.having, bound.groups.isEmpty,
            !results.contains(where: \.hasOwnAggregate), bound.having?.hasOwnAggregate == false
        {
            throw StatementExecutor.notSupported("HAVING without GROUP BY or an aggregate", having.position)
        }
        try bound.checkGroups()
        try bound.checkDistinctOrder()
        return bound
    }

    private func count(_ scalar: Scalar) throws(DatabaseError) -> Int {
        let value = try executor.integer(scalar)
        guard value >= 0 else {
            throw DatabaseError("22023", "\(value) is below zero", position: scalar.position.source)
        }
        return value
    }

    // MARK: Sources

    private mutating func bindSource(
        _ source: RowSource, join: JoinClause?, into bound: inout BoundQuery
    ) throws(DatabaseError) {
        let number = sourceCount
        sourceCount += 1
        var content = BoundQuery.Source.Content.table
        let named: RowScope.Source
        switch source {
        case .function(let call, let alias):
            named = RowScope.Source(
                number: number, name: alias?.folded ?? call.function.value.rawValue.lowercased(),
                columns: try executor.columns(of: call), call: call)
            tables.append(RowTable(number: number, source: source, columns: named.columns, rows: nil))
        case .view(let schema, let name, let alias):
            let rows = try executor.systemRows(schema, name)
            named = RowScope.Source(
                number: number, name: alias?.folded ?? name.folded, columns: rows.columns, call: nil)
            tables.append(RowTable(number: number, source: source, columns: rows.columns, rows: rows))
        case .layer(let path, _, _): throw StatementExecutor.noLayer(path)
        case .subquery(let query, let alias, _):
            // A query in FROM does not see its neighbours.
            let scope = scopes.removeLast()
            let inner = try bind(query)
            scopes.append(scope)
            content = .query(inner)
            named = RowScope.Source(number: number, name: alias.folded, columns: inner.columns, call: nil)
        }
        scopes[scopes.count - 1].sources.append(named)
        let condition = try join?.condition.map { (condition) throws(DatabaseError) in
            try self.condition(condition, in: "ON")
        }
        bound.sources.append(
            BoundQuery.Source(number: number, content: content, join: join?.kind, condition: condition))
    }

    // MARK: Clauses

    /// A condition; `clause` is where aggregates cannot stand.
    private mutating func condition(
        _ expression: Expression, in clause: String?
    ) throws(DatabaseError) -> BoundExpression {
        scopes[scopes.count - 1].clause = clause
        defer { scopes[scopes.count - 1].clause = nil }
        return try boolean(expression)
    }

    private mutating func outputs(_ item: SelectItem) throws(DatabaseError) -> [BoundQuery.Output] {
        switch item {
        case .expression(let expression, let alias):
            return [
                BoundQuery.Output(
                    name: alias?.text ?? expression.columnName, expression: try bind(expression))
            ]
        case .all(let qualifier, let position):
            let sources = (scopes.last?.sources ?? []).filter {
                qualifier == nil || $0.name == qualifier?.folded
            }
            if let qualifier, sources.isEmpty { throw unknownSource(qualifier) }
            return sources.flatMap { source in
                source.columns.enumerated().map { index, column in
                    BoundQuery.Output(
                        name: column.name,
                        expression: BoundExpression(
                            .column(source: source.number, index: index), column.type, position))
                }
            }
        }
    }

    /// A key of GROUP BY: a column of FROM, else a column of the result by its name or number, or an expression.
    private mutating func group(
        _ expression: Expression, _ outputs: [BoundQuery.Output]
    ) throws(DatabaseError) -> BoundExpression {
        var isOfSource = false
        if case .column(nil, let name) = expression { isOfSource = hasColumn(name) }
        if !isOfSource, let output = try output(expression, outputs) {
            guard !output.hasOwnAggregate else {
                throw Self.misplacedAggregate("GROUP BY", expression.position)
            }
            return output
        }
        scopes[scopes.count - 1].clause = "GROUP BY"
        defer { scopes[scopes.count - 1].clause = nil }
        return try bind(expression)
    }

    /// A key of ORDER BY: a column of the result by its name or number, or an expression over FROM.
    private mutating func key(
        _ item: OrderItem, _ outputs: [BoundQuery.Output]
    ) throws(DatabaseError) -> BoundQuery.Key {
        let output = try output(item.expression, outputs)
        let expression = if let output { output } else { try bind(item.expression) }
        return BoundQuery.Key(
            expression: expression,
            isDescending: item.isDescending,
            // NULL counts as larger than every value.
            nullsFirst: item.nullsFirst ?? item.isDescending)
    }

    /// The column of the result that a name or a number means, if it means one.
    private func output(
        _ expression: Expression, _ outputs: [BoundQuery.Output]
    ) throws(DatabaseError) -> BoundExpression? {
        switch expression {
        case .literal(.unsigned(let number), let position):
            guard number >= 1, number <= UInt64(outputs.count) else {
                throw DatabaseError(
                    "42P10", "there is no column \(number) of the result",
                    hint: "it has \(outputs.count)", position: position.source)
            }
            return outputs[Int(number) - 1].expression
        case .column(nil, let name):
            let matches = Set(outputs.filter { $0.name.lowercased() == name.folded }.map(\.expression))
            guard matches.count <= 1 else {
                throw DatabaseError(
                    "42702", "more than one column of the result is called \(name.text)",
                    position: name.position.source)
            }
            return matches.first
        default: return nil
        }
    }

    static func misplacedAggregate(_ clause: String, _ position: NodePosition) -> DatabaseError {
        DatabaseError(
            "42803", "an aggregate cannot stand in \(clause)",
            hint: clause == "WHERE" ? "conditions on groups go after HAVING" : nil, position: position.source)
    }
}

extension Expression {
    /// What a column of the result is called that has no name.
    fileprivate var columnName: String {
        switch self {
        case .column(_, let name): name.folded
        case .call(let call): call.name.folded
        case .valueAt: "value_at"
        case .choice: "case"
        case .cast(let value, _, _, _): value.columnName
        default: String(String(self).prefix(60))
        }
    }
}
