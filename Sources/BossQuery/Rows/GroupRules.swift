import BossDatabase

/// What a grouped or a distinct query may select and order by.
extension BoundQuery {
    /// - Throws: 42803 for a column that differs within a group.
    func checkGroups() throws(DatabaseError) {
        guard isGrouped else { return }
        let own = Set(sources.map(\.number))
        for expression in outputs.map(\.expression) + keys.map(\.expression) + [having].compactMap({ $0 }) {
            try checkGroup(expression, own)
        }
    }

    private func checkGroup(_ expression: BoundExpression, _ own: Set<Int>) throws(DatabaseError) {
        if groups.contains(expression) { return }
        switch expression.node {
        case .aggregate: return
        case .column(let source, _) where own.contains(source):
            throw DatabaseError(
                "42803", "this column is neither in GROUP BY nor in an aggregate",
                hint:
                    "a row stands for a group: add the column to GROUP BY, or take MIN, MAX, SUM, AVG or COUNT of it",
                position: expression.position.source)
        default: break
        }
        for operand in expression.operands { try checkGroup(operand, own) }
        if let query = expression.query { try checkGroup(query, own) }
    }

    private func checkGroup(_ query: BoundQuery, _ own: Set<Int>) throws(DatabaseError) {
        for expression in query.expressions { try checkGroup(expression, own) }
        for inner in query.sourceQueries { try checkGroup(inner, own) }
    }

    /// - Throws: 42P10 for a key of ORDER BY that rows of DISTINCT do not have.
    func checkDistinctOrder() throws(DatabaseError) {
        guard isDistinct else { return }
        let selected = Set(outputs.map(\.expression))
        for key in keys where !selected.contains(key.expression) {
            throw DatabaseError(
                "42P10", "SELECT DISTINCT is ordered by what it selects",
                hint: "select this too, or leave DISTINCT out", position: key.expression.position.source)
        }
    }
}

extension BoundExpression {
    /// Whether it has an aggregate, other than in a query in it.
    var hasOwnAggregate: Bool {
        if case .aggregate = node { return true }
        return operands.contains(where: \.hasOwnAggregate)
    }
}
