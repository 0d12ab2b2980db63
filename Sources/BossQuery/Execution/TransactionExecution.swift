import BossDatabase

/// BEGIN, COMMIT and ROLLBACK.
extension StatementExecutor {
    /// Runs a statement of transactions.
    ///
    /// - Throws: 25001 when one is open already, 25P01 when none is, 40001 when another writer changed the
    ///   same cuboids, which ends the transaction, 25006, 0A000.
    mutating func run(
        _ transaction: TransactionStatement, _ position: NodePosition
    ) throws(DatabaseError) -> ResultValue {
        switch transaction {
        case .begin(let isReadOnly): return try begin(isReadOnly: isReadOnly, position)
        case .commit(let message):
            if let message { throw Self.notSupported("COMMIT MESSAGE", message.position) }
            try requireTransaction(position)
            let open = state.transaction
            endTransaction()
            try locating(position) { () throws(DatabaseError) in try open?.commit() }
            return .tag("COMMIT", count: nil)
        case .rollback(let savepoint):
            if let savepoint { throw Self.notSupported("ROLLBACK TO", savepoint.position) }
            try requireTransaction(position)
            state.transaction?.rollback()
            endTransaction()
            return .tag("ROLLBACK", count: nil)
        case .savepoint: throw Self.notSupported("SAVEPOINT", position)
        }
    }

    /// Refuses what writes inside BEGIN READ ONLY.
    ///
    /// - Throws: 25006.
    func refuseInReadOnlyTransaction(_ position: NodePosition) throws(DatabaseError) {
        guard state.readOnlyView == nil else {
            throw DatabaseError(
                "25006", "the transaction is read-only", hint: "COMMIT it, and begin one without READ ONLY",
                position: position.source)
        }
    }

    private mutating func begin(isReadOnly: Bool, _ position: NodePosition) throws(DatabaseError)
        -> ResultValue
    {
        guard state.status == .idle else {
            throw DatabaseError(
                "25001", "a transaction is open already", hint: "COMMIT or ROLLBACK it first",
                position: position.source)
        }
        if isReadOnly {
            state.readOnlyView = try locating(position) { () throws(DatabaseError) in try database.view() }
        } else {
            state.transaction = try locating(position) { () throws(DatabaseError) in
                try database.beginTransaction()
            }
        }
        return .tag("BEGIN", count: nil)
    }

    private func requireTransaction(_ position: NodePosition) throws(DatabaseError) {
        guard state.status != .idle else {
            throw DatabaseError(
                "25P01", "no transaction is open", hint: "BEGIN opens one", position: position.source)
        }
    }

    private mutating func endTransaction() {
        state.transaction = nil
        state.readOnlyView = nil
        state.hasFailed = false
    }
}
