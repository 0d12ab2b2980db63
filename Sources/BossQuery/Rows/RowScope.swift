import BossDatabase

/// The sources whose columns an expression may name: those of one SELECT.
struct RowScope {
    struct Source {
        let number: Int
        /// What stands before the point, lower case: the alias, or the name of the function or the view.
        let name: String
        let columns: [Column]
        /// The table function, if it is one.
        let call: TableFunctionCall?
    }

    var sources: [Source] = []
    /// The clause that is bound, where aggregates cannot stand.
    var clause: String?
    var isInAggregate = false

    /// The columns of a name, by source and index.
    fileprivate func matches(_ qualifier: Identifier?, _ name: Identifier) -> [(Source, Int)] {
        var found: [(Source, Int)] = []
        for source in sources where qualifier == nil || source.name == qualifier?.folded {
            for (index, column) in source.columns.enumerated() where column.name.lowercased() == name.folded {
                found.append((source, index))
            }
        }
        return found
    }
}

extension RowBinder {
    /// The column of a name, in the innermost SELECT that has one.
    ///
    /// - Throws: 42703 with a near match, 42702 for a name that several sources have.
    func column(_ qualifier: Identifier?, _ name: Identifier) throws(DatabaseError) -> BoundExpression {
        let position = qualifier?.position ?? name.position
        for scope in scopes.reversed() {
            let matches = scope.matches(qualifier, name)
            if matches.count > 1 {
                let names = scope.sources.map(\.name)
                throw DatabaseError(
                    "42702", "more than one column here is called \(name.text)",
                    hint: Set(names).count == names.count
                        ? "say which: \(matches.map { "\($0.0.name).\(name.text)" }.joined(separator: " or "))"
                        : "give the sources names with AS, and write the column with one",
                    position: position.source)
            }
            if let (source, index) = matches.first {
                return BoundExpression(
                    .column(source: source.number, index: index), source.columns[index].type, position)
            }
            if let qualifier, scope.sources.contains(where: { $0.name == qualifier.folded }) { break }
        }
        throw unknown(qualifier, name)
    }

    /// Whether the SELECT that is bound has a column of this name in FROM.
    func hasColumn(_ name: Identifier) -> Bool { scopes.last?.matches(nil, name).isEmpty == false }

    private func unknown(_ qualifier: Identifier?, _ name: Identifier) -> DatabaseError {
        let visible = scopes.reversed().flatMap(\.sources)
        if let qualifier, !visible.contains(where: { $0.name == qualifier.folded }) {
            return unknownSource(qualifier)
        }
        let columns = visible.filter { qualifier == nil || $0.name == qualifier?.folded }.flatMap(\.columns)
            .map(\.name)
        return DatabaseError(
            "42703", "there is no column \(name.text)",
            hint: NearMiss.best(for: name.folded, among: columns).map { "did you mean \($0)?" }
                ?? "the columns are \(columns.joined(separator: ", "))",
            position: name.position.source)
    }

    /// 42703 for what stands before the point.
    func unknownSource(_ name: Identifier) -> DatabaseError {
        let names = scopes.reversed().flatMap(\.sources).map(\.name)
        return DatabaseError(
            "42703", "there is no source \(name.text) in FROM",
            hint: NearMiss.best(for: name.folded, among: names).map { "did you mean \($0)?" }
                ?? "the sources are \(names.joined(separator: ", "))",
            position: name.position.source)
    }
}
