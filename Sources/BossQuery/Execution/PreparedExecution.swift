import BossDatabase

/// PREPARE, EXECUTE and DEALLOCATE: statements that a session keeps under a name.
extension StatementExecutor {
    /// Runs PREPARE. The statement is parsed now; what its paths name is looked up whenever it runs.
    mutating func prepare(_ node: PrepareStatement) throws(DatabaseError) -> ResultValue {
        switch node.statement {
        case .prepare, .execute, .deallocate, .transaction, .use, .setting:
            throw DatabaseError(
                "42601", "this statement cannot be prepared",
                hint: "prepare one that reads or changes data, for example SELECT CUTOUT FROM em Z $1",
                position: node.statement.position.source)
        default: break
        }
        if let found = state.prepared[node.name.folded] {
            throw DatabaseError(
                "42P05", "there is a prepared statement \(found.name.text) already",
                hint:
                    "DEALLOCATE \(SyntaxPrinter.identifier(named: found.name.text)), or choose another name",
                position: node.name.position.source)
        }
        state.prepared[node.name.folded] = node
        return .tag("PREPARE", count: nil)
    }

    /// Runs EXECUTE.
    mutating func executePrepared(_ node: ExecuteStatement) throws(DatabaseError) -> ResultValue {
        try withPrepared(node) { (executor, statement) throws(DatabaseError) in
            try executor.execute(statement)
        }
    }

    /// Runs DEALLOCATE.
    mutating func deallocate(_ name: Identifier) throws(DatabaseError) -> ResultValue {
        _ = try prepared(name)
        state.prepared[name.folded] = nil
        return .tag("DEALLOCATE", count: nil)
    }

    /// Does something with a prepared statement, whose parameters have the values of EXECUTE meanwhile.
    ///
    /// - Throws: 26000, 07001 for another number of values. Errors of the statement point at EXECUTE, as its own text is not
    ///   the one that is run.
    mutating func withPrepared<R>(
        _ node: ExecuteStatement,
        _ body: (inout StatementExecutor, Statement) throws(DatabaseError) -> R
    ) throws(DatabaseError) -> R {
        let found = try prepared(node.name)
        guard node.arguments.count == found.parameterCount else {
            throw DatabaseError(
                "07001",
                "values of \(found.name.text): \(node.arguments.count) are given, "
                    + "\(found.parameterCount) are needed",
                hint: "it is \(found.statement)", position: node.position.source)
        }
        let outer = parameters
        var values: [Parameter] = []
        for argument in node.arguments { values.append(try value(argument)) }
        parameters = values
        defer { parameters = outer }
        do { return try body(&self, found.statement) } catch {
            var moved = error
            moved.position = node.position.source
            throw moved
        }
    }

    private func value(_ argument: ExecuteStatement.Argument) throws(DatabaseError) -> Parameter {
        switch argument {
        case .scalar(let scalar): return try value(scalar)
        case .list(let scalars):
            var values: [Parameter] = []
            for scalar in scalars { values.append(try value(scalar)) }
            return .list(values)
        }
    }

    private func value(_ scalar: Scalar) throws(DatabaseError) -> Parameter {
        switch scalar {
        case .parameter(let number, let position): return try parameter(number, position)
        case .literal(let literal, let position):
            switch literal {
            case .null: return .null
            case .boolean(let value): return .boolean(value)
            case .unsigned(let value): return Int64(exactly: value).map { .integer($0) } ?? .unsigned(value)
            case .signed(let value): return .integer(value)
            case .float(let value): return .float(value)
            case .text(let value): return .text(value)
            case .bytes, .quantity:
                throw Self.mismatch("a number, a text, TRUE, FALSE or a list of them", position)
            }
        }
    }

    private func prepared(_ name: Identifier) throws(DatabaseError) -> PrepareStatement {
        guard let found = state.prepared[name.folded] else {
            let known = state.prepared.values.map(\.name.text).sorted()
            throw DatabaseError(
                "26000", "there is no prepared statement \(name.text)",
                hint: known.isEmpty
                    ? "PREPARE \(name.text) AS SELECT ... makes one, for this session"
                    : "prepared are: \(known.joined(separator: ", "))",
                position: name.position.source)
        }
        return found
    }
}
