import BossDatabase

/// SELECT over rows: table functions and system views make rows, SQLite in memory does with them what the query says.
extension StatementExecutor {
    /// Runs a row query.
    ///
    /// - Throws: what binding it throws, what its table functions throw, 53200 for more rows than the memory holds,
    ///   54V01 for a result over `max_result_bytes`, and what expressions throw (22003, 22012, 21000, ...).
    mutating func selectRows(_ query: RowQuery) throws(DatabaseError) -> ResultValue {
        let plan = try plan(query)
        let store = try RowStore(plan.budget, control.cancellation)
        for table in plan.tables {
            let hints = plan.query.hints(for: table)
            let used = plan.query.usedColumns(of: table.number).sorted()
            let rows = try rows(of: table, hints)
            try store.create(SQLWriter.source(table.number), columns: used)
            try locating(table.source.position) { () throws(DatabaseError) in
                try store.insert(rows.rows, columns: used, into: SQLWriter.source(table.number))
            }
        }
        try foresee(plan, store)
        var writer = SQLWriter()
        writer.write(plan.query)
        let columns = plan.query.columns
        let rows = try locating(query.position) { () throws(DatabaseError) in
            try store.rows(
                of: writer, types: columns.map(\.type), lookups: plan.lookups,
                resultLimit: state.settings.maxResultBytes)
        }
        for lookup in plan.lookups { statistics += lookup.statistics }
        return .rows(RowSet(columns: columns, rows: rows))
    }

    /// A bound query, and what it needs.
    struct RowPlan {
        let query: BoundQuery
        let tables: [RowTable]
        let lookups: [VoxelLookup]
        let budget: RowBudget
    }

    /// Resolves the names and types of a query; nothing is read for it but the catalog.
    mutating func plan(_ query: RowQuery) throws(DatabaseError) -> RowPlan {
        let budget = RowBudget()
        var binder = RowBinder(self, budget)
        let bound = try binder.bind(query)
        self = binder.executor
        return RowPlan(query: bound, tables: binder.tables, lookups: binder.lookups, budget: budget)
    }

    private mutating func rows(of table: RowTable, _ hints: RowHints) throws(DatabaseError) -> RowSet {
        if let rows = table.rows { return rows }
        guard case .function(let call, _) = table.source else { return RowSet(columns: table.columns) }
        let rows = try rowSet(of: call, hints: hints)
        guard rows.columns == table.columns else {
            throw DatabaseError(
                "XX000",
                "\(call.function.value.rawValue) has the columns \(rows.columns.map(\.name)), "
                    + "expected were \(table.columns.map(\.name))", position: call.position.source)
        }
        return rows
    }

    /// Reads the voxels that VALUE_AT will ask for, where the rows before grouping tell which.
    private func foresee(_ plan: RowPlan, _ store: RowStore) throws(DatabaseError) {
        for query in plan.query.allQueries where query.isSelfContained {
            for (lookup, coordinates) in query.voxels {
                var writer = SQLWriter()
                let conditions = query.condition?.conjuncts.filter { !$0.hasVoxel } ?? []
                writer.write(distinct: coordinates, of: query, where: conditions)
                let types = coordinates.map { $0.type ?? .int64 }
                let points = try store.rows(of: writer, types: types, lookups: [])
                try plan.lookups[lookup].read(plan.lookups[lookup].points(points))
            }
        }
    }

    static func noLayer(_ path: PathSyntax) -> DatabaseError {
        DatabaseError(
            "0A000",
            "\(path.segments.joined(separator: "/")) is no points layer, which are not supported yet",
            hint: "SELECT CUTOUT FROM … reads voxels", position: path.position.source)
    }
}

extension BoundExpression {
    /// Whether a VALUE_AT is in it.
    fileprivate var hasVoxel: Bool {
        contains { if case .voxel = $0.node { true } else { false } }
    }
}

extension BoundQuery {
    /// Whether no part of it names a column of a query around it, and its sources need no voxels themselves.
    fileprivate var isSelfContained: Bool {
        let numbers = Set(allQueries.flatMap { $0.sources.map(\.number) })
        var isInside = true
        visit { part in
            if case .column(let source, _) = part.node, !numbers.contains(source) { isInside = false }
            return isInside
        }
        return isInside && !sources.contains { $0.condition?.hasVoxel == true }
            && !sourceQueries.contains { inner in inner.expressions.contains(where: \.hasVoxel) }
    }

    /// The points of each VALUE_AT of it, over its rows before they are grouped.
    fileprivate var voxels: [(lookup: Int, coordinates: [BoundExpression])] {
        let own = Set(sources.map(\.number))
        var found: [(Int, [BoundExpression])] = []
        for expression in expressions {
            expression.visit { part in
                if case .voxel(let lookup, let coordinates) = part.node,
                    !found.contains(where: { $0.1 == coordinates && $0.0 == lookup }),
                    coordinates.allSatisfy({ !$0.hasOwnAggregate && !$0.hasVoxel && $0.isOver(own) })
                {
                    found.append((lookup, coordinates))
                }
                return true
            }
        }
        return found
    }
}

extension BoundExpression {
    /// Whether all columns in it are those of some sources.
    fileprivate func isOver(_ sources: Set<Int>) -> Bool {
        !contains { part in
            if case .column(let source, _) = part.node { !sources.contains(source) } else { false }
        }
    }
}
