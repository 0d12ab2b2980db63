import BossStorage
import Synchronization

/// Writes to any number of channels that become visible and durable together.
///
///     let transaction = try database.beginTransaction()
///     try image.write(block, at: origin, in: transaction)
///     try labels.write(mask, at: origin, in: transaction)
///     try transaction.commit()
///
/// Its writes are held in memory until then. Reads through `view` see them.
public final class Transaction: Sendable {
    private let database: Database
    private let state: Mutex<State>
    /// Held while a statement runs, before any other lock: statements of several threads take turns, since each
    /// one starts from what the last one left.
    private let statements = Mutex(())

    private struct State: Sendable {
        var batch: WriteBatch
        var isEnded = false
    }

    init(database: Database, batch: WriteBatch) {
        self.database = database
        state = Mutex(State(batch: batch))
    }

    /// What was committed when the transaction began, and its own writes.
    public var view: DatabaseView { DatabaseView(view: state.withLock { $0.batch.view }) }

    /// Makes all writes visible and durable.
    ///
    /// - Throws: 40001 when another commit changed cuboids that this one was made from; nothing is then
    ///   written and the transaction can be run again. 53100 when the disk is full.
    public func commit() throws(DatabaseError) { _ = try finish() }

    /// Commits.
    ///
    /// - Returns: the number of the commit.
    func finish() throws(DatabaseError) -> UInt64 {
        let batch = try end()
        return try mappingErrors { () throws(StorageError) in try database.engine.commit(batch) }
    }

    /// Forgets all writes.
    public func rollback() {
        state.withLock { $0.isEnded = true }
    }

    private func end() throws(DatabaseError) -> WriteBatch {
        try state.withLock { (state) throws(DatabaseError) in
            guard !state.isEnded else { throw DatabaseError("25P01", "the transaction has ended") }
            state.isEnded = true
            return state.batch
        }
    }

    /// Runs one statement of the transaction.
    func statement(_ body: () throws(DatabaseError) -> Int) throws(DatabaseError) -> Int {
        try statements.withLock { (_) throws(DatabaseError) in try body() }
    }

    /// Adds pages of a channel of the same database, within the memory budget.
    func add(
        _ changes: [(page: EncodedPage, dependsOnBase: Bool)], of owner: Database
    ) throws(DatabaseError) {
        guard owner === database else {
            throw DatabaseError("25P01", "the transaction belongs to the database at \(database.path)")
        }
        let limit = database.options.transactionByteCountLimit
        try state.withLock { (state) throws(DatabaseError) in
            guard !state.isEnded else { throw DatabaseError("25P01", "the transaction has ended") }
            let added = changes.reduce(0) { $0 + $1.page.byteCount }
            guard state.batch.byteCount + added <= limit else {
                throw DatabaseError(
                    "53200",
                    "the transaction would hold \(state.batch.byteCount + added) bytes, the limit is \(limit)",
                    hint: "commit in parts, or use IMPORT")
            }
            for change in changes { state.batch.put(change.page, dependsOnBase: change.dependsOnBase) }
        }
    }

    /// Bricks of a pending delta page.
    func pendingBricks(_ key: CuboidKey) -> Set<Int> { state.withLock { $0.batch.pendingBricks(key) } }
}

extension Database {
    /// Begins a transaction over the newest committed state.
    public func beginTransaction() throws(DatabaseError) -> Transaction {
        if isReadOnly { throw DatabaseError(StorageError.readOnly) }
        let view = try view().view
        return Transaction(database: self, batch: WriteBatch(base: view))
    }
}
