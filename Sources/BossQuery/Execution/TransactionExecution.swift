import BossCatalog
import BossDatabase

/// BEGIN, COMMIT, ROLLBACK and savepoints.
extension StatementExecutor {
    /// Runs a statement of transactions.
    ///
    /// - Throws: 25001 when one is open already, 25P01 when none is, 3B001 for an unknown savepoint, 40001 when
    ///   another writer changed the same cuboids, which ends the transaction, 25006.
    mutating func run(
        _ transaction: TransactionStatement, _ position: NodePosition
    ) throws(DatabaseError) -> ResultValue {
        switch transaction {
        case .begin(let isReadOnly): return try begin(isReadOnly: isReadOnly, position)
        case .commit(let message):
            try requireTransaction(position)
            try commit(message?.value ?? "", position)
            return .tag("COMMIT", count: nil)
        case .rollback(to: nil):
            try requireTransaction(position)
            state.transaction?.rollback()
            endTransaction()
            return .tag("ROLLBACK", count: nil)
        case .rollback(to: .some(let name)):
            try requireTransaction(position)
            try rollBack(to: name)
            return .tag("ROLLBACK", count: nil)
        case .savepoint(let name):
            try requireTransaction(position)
            try locating(position) { () throws(DatabaseError) in try state.transaction?.savepoint(name.key) }
            state.marks.append(SessionMark(name: name.key, path: state.currentPath))
            return .tag("SAVEPOINT", count: nil)
        case .release(let name):
            try requireTransaction(position)
            let place = try mark(of: name)
            try locating(position) { () throws(DatabaseError) in
                try state.transaction?.releaseSavepoint(name.key)
            }
            state.marks.removeSubrange(place...)
            return .tag("RELEASE", count: nil)
        }
    }

    private mutating func commit(_ message: String, _ position: NodePosition) throws(DatabaseError) {
        let open = state.transaction
        do throws(DatabaseError) {
            try open?.commit(message: message)
        } catch {
            // The transaction has ended, and its changes of names with it.
            endTransaction()
            throw error.at(position)
        }
        state.marks = []
        endTransaction()
    }

    /// Undoes what was done since a savepoint; a failed transaction then goes on.
    private mutating func rollBack(to name: Identifier) throws(DatabaseError) {
        let place = try mark(of: name)
        try locating(name.position) { () throws(DatabaseError) in
            try state.transaction?.rollback(toSavepoint: name.key)
        }
        state.hasFailed = false
        restorePath(to: state.marks[place])
        state.marks.removeSubrange((place + 1)...)
    }

    /// - Throws: 3B001.
    private func mark(of name: Identifier) throws(DatabaseError) -> Int {
        if let place = state.marks.lastIndex(where: { $0.name == name.key }) { return place }
        let near = NearMiss.best(for: name.key, among: state.marks.compactMap(\.name))
        let spelling = SyntaxPrinter.spelling(of: name)
        // A failed transaction takes no SAVEPOINT.
        let remedy =
            state.hasFailed
            ? state.wayBack ?? "ROLLBACK ends the failed transaction" : "SAVEPOINT \(spelling) makes one"
        throw DatabaseError(
            "3B001", "there is no savepoint \(spelling)",
            hint: near.map { "did you mean \(SyntaxPrinter.identifier(named: $0))?" } ?? remedy,
            position: name.position.source)
    }

    /// Takes `USE` back to where it was if the names it rests on have gone.
    private mutating func restorePath(to mark: SessionMark) {
        let path = state.currentPath
        guard !path.isEmpty, path != mark.path else { return }
        do throws(CatalogError) {
            _ = try catalog.collection(path[0])
            if path.count > 1 { _ = try catalog.experiment(path[1], in: path[0]) }
        } catch {
            // A catalog that cannot be read now shows in the next statement.
            state.currentPath = mark.path
        }
    }

    /// Refuses what writes inside BEGIN READ ONLY.
    ///
    /// - Throws: 25006.
    func refuseInReadOnlyTransaction(_ position: NodePosition) throws(DatabaseError) {
        guard state.readOnly == nil else {
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
        guard isReadOnly || !database.isReadOnly else {
            throw DatabaseError(
                "25006", "the database is open read-only",
                hint: "BEGIN READ ONLY reads one state throughout; open it without --read-only to write",
                position: position.source)
        }
        if isReadOnly {
            state.readOnly = try locating(position) { () throws(DatabaseError) in try database.pinnedState() }
        } else {
            state.transaction = try locating(position) { () throws(DatabaseError) in
                try database.beginTransaction()
            }
        }
        state.marks = [SessionMark(name: nil, path: state.currentPath)]
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
        state.readOnly = nil
        state.hasFailed = false
        if let first = state.marks.first { restorePath(to: first) }
        state.marks = []
    }
}

extension Identifier {
    /// The name by which savepoints compare: in lower case, unless it is quoted.
    fileprivate var key: String { isQuoted ? text : folded }
}
