package import BossCatalog
import BossStorage
import Synchronization

/// Changes of voxels in any number of channels, and of the catalog, that become visible and durable together.
///
///     let transaction = try database.beginTransaction()
///     try image.write(block, at: origin, in: transaction)
///     try labels.write(mask, at: origin, in: transaction)
///     try transaction.commit()
///
/// Its writes are held in memory until then. Reads through `view` see them. Names are those of its beginning, and its own.
/// The engine's commit, which holds the
/// changes of the catalog too, decides: it is durable first, and a crash before the catalog has followed is repaired
/// when the database is opened. Changes of the catalog lock it for other writers until the transaction ends.
public final class Transaction: Sendable {
    private let database: Database
    private let catalogTransaction: CatalogTransaction
    private let state: Mutex<TransactionState>
    /// Held while a statement runs, before any other lock: statements of several threads take turns, since each
    /// one starts from what the last one left.
    private let statements = Mutex(())

    init(database: Database, batch: WriteBatch, catalog: CatalogTransaction) {
        self.database = database
        catalogTransaction = catalog
        state = Mutex(TransactionState(batch: batch))
    }

    /// What was committed when the transaction began, and its own writes.
    public var view: DatabaseView { DatabaseView(view: state.withLock { $0.batch.view }) }

    /// What was committed when the transaction began: where older states are looked up.
    package var base: DatabaseView { DatabaseView(view: state.withLock { $0.batch.base }) }

    /// The catalog with the transaction's own changes.
    package var catalog: Catalog { catalogTransaction.catalog }

    /// Makes all changes visible and durable.
    ///
    /// - Parameter message: what the history keeps about the commit.
    /// - Throws: 40001 when another commit changed cuboids that this one was made from, or that lie in a region that it
    ///   deletes; nothing is then written and the transaction can be run again. 42P01 when a channel that it writes to
    ///   was dropped meanwhile, 53100 when the disk is full.
    public func commit(message: String = "") throws(DatabaseError) { _ = try finish(message: message) }

    /// Commits.
    ///
    /// - Returns: the number of the commit.
    func finish(message: String = "") throws(DatabaseError) -> UInt64 {
        let ended = try end()
        var batch = ended.batch
        batch.note.action = ended.actions.joined(separator: "; ")
        batch.note.message = message
        batch.note.changedVoxelCount = UInt64(max(0, ended.changedVoxelCount))
        let commit: UInt64
        do throws(DatabaseError) {
            batch.catalogRedo = try mappingErrors { () throws(CatalogError) in try catalogTransaction.redo }
            guard batch.catalogRedo.count <= WriteBatch.redoLimit else {
                throw DatabaseError(
                    "54000", "the transaction changes too much of the catalog",
                    hint: "commit in parts of at most \(WriteBatch.redoLimit >> 20) MiB of names and metadata"
                )
            }
            if !batch.catalogRedo.isEmpty {
                let dropped = try mappingErrors { () throws(CatalogError) in try catalog.droppedChannels() }
                batch.droppedChannels = Set(dropped.map(\.id))
            }
            commit = try write(batch, to: ended.paths)
        } catch {
            catalogTransaction.rollback()
            throw error
        }
        guard !batch.catalogRedo.isEmpty else {
            catalogTransaction.rollback()
            return commit
        }
        // The engine has committed. A catalog that cannot follow now does so before its next use.
        try? catalogTransaction.commit(engineCommit: commit)
        try? database.finishDrops()
        return commit
    }

    private func write(_ batch: WriteBatch, to paths: [UInt32: String]) throws(DatabaseError) -> UInt64 {
        do throws(StorageError) { return try database.engine.commit(batch) } catch {
            throw DatabaseError(error, committingTo: paths)
        }
    }

    /// Forgets all changes.
    public func rollback() {
        state.withLock { $0.isEnded = true }
        catalogTransaction.rollback()
    }

    private func end() throws(DatabaseError) -> TransactionState {
        try state.withLock { (state) throws(DatabaseError) in
            try state.requireOpen()
            state.isEnded = true
            return state
        }
    }

    // MARK: Savepoints

    /// Marks the present state; `rollback(toSavepoint:)` comes back to it. A name may be used again: the newest counts.
    ///
    /// It keeps the cuboids of the transaction as they are: those that are written again count twice against the
    /// transaction's limit.
    public func savepoint(_ name: String) throws(DatabaseError) {
        let mark = try mappingErrors { () throws(CatalogError) in try catalogTransaction.savepoint() }
        try state.withLock { (state) throws(DatabaseError) in try state.addSavepoint(name, catalog: mark) }
    }

    /// Undoes everything since a savepoint, which stays.
    ///
    /// - Throws: 3B001 when there is none of this name.
    public func rollback(toSavepoint name: String) throws(DatabaseError) {
        let mark = try state.withLock { (state) throws(DatabaseError) in try state.rollBack(to: name) }
        try mappingErrors { () throws(CatalogError) in try catalogTransaction.rollback(to: mark) }
    }

    /// Forgets a savepoint and those after it; the changes stay.
    ///
    /// - Throws: 3B001 when there is none of this name.
    public func releaseSavepoint(_ name: String) throws(DatabaseError) {
        let mark = try state.withLock { (state) throws(DatabaseError) in try state.release(name) }
        try mappingErrors { () throws(CatalogError) in try catalogTransaction.release(mark) }
    }

    // MARK: Changes

    /// Says for the history what was done.
    ///
    /// - Parameter changedVoxelCount: voxels whose value is another one now; one that several statements change counts for
    ///   each.
    package func note(_ action: String, changedVoxelCount: Int = 0) {
        state.withLock { state in
            state.changedVoxelCount &+= changedVoxelCount
            // A long transaction repeats itself; the history keeps what a person would read.
            if state.actions.last != action, state.actions.count < 100 { state.actions.append(action) }
        }
    }

    /// How many actions are noted.
    package var notedCount: Int { state.withLock { $0.actions.count } }

    /// Says what was done in better words than what was noted meanwhile.
    package func note(_ action: String, insteadOfThoseSince count: Int) {
        state.withLock { $0.actions.removeLast(max(0, $0.actions.count - count)) }
        note(action)
    }

    /// Deletes all cuboids of a box, given by Morton codes of its lowest and highest one.
    func delete(
        _ group: PageGroup, lowest: UInt64, highest: UInt64, of channel: Channel
    ) throws(DatabaseError) {
        try requireOwn(channel)
        try state.withLock { (state) throws(DatabaseError) in
            try state.requireOpen()
            state.paths[channel.layout.channel] = channel.path
            state.delete(group, lowest: lowest, highest: highest)
        }
    }

    /// Notes that a deletion goes over all cuboids of a box, at all time samples from the first key's to the second's.
    func clear(lowest: CuboidKey, highest: CuboidKey, of channel: Channel) throws(DatabaseError) {
        try requireOwn(channel)
        try state.withLock { (state) throws(DatabaseError) in
            try state.requireOpen()
            state.batch.clear(lowest: lowest, highest: highest)
        }
    }

    private func requireOwn(_ channel: Channel) throws(DatabaseError) {
        guard channel.database === database else {
            throw DatabaseError("25P01", "the transaction belongs to the database at \(database.path)")
        }
    }

    /// Runs one statement of the transaction.
    func statement(_ body: () throws(DatabaseError) -> Int) throws(DatabaseError) -> Int {
        try statements.withLock { (_) throws(DatabaseError) in try body() }
    }

    /// Adds pages of a channel of the same database, within the memory budget.
    func add(
        _ changes: [(page: EncodedPage, dependsOnBase: Bool)], of channel: Channel
    ) throws(DatabaseError) {
        try requireOwn(channel)
        let limit = database.options.transactionByteCountLimit
        try state.withLock { (state) throws(DatabaseError) in
            try state.requireOpen()
            let byteCount = changes.reduce(state.byteCount) { $0 + $1.page.byteCount }
            guard byteCount <= limit else {
                throw DatabaseError(
                    "53200", "the transaction would hold \(byteCount) bytes, the limit is \(limit)",
                    hint: state.savepointByteCount > 0
                        ? "\(state.savepointByteCount) of them are for savepoints: ROLLBACK TO one, RELEASE it, or commit in parts"
                        : "commit in parts, or use IMPORT")
            }
            state.paths[channel.layout.channel] = channel.path
            for change in changes { state.put(change.page, dependsOnBase: change.dependsOnBase) }
        }
    }

    /// Bricks of a pending delta page.
    func pendingBricks(_ key: CuboidKey) -> Set<Int> { state.withLock { $0.batch.pendingBricks(key) } }
}

extension Database {
    /// Begins a transaction over the newest committed state.
    public func beginTransaction() throws(DatabaseError) -> Transaction {
        if isReadOnly { throw DatabaseError(StorageError.readOnly) }
        let state = try pinnedState()
        return try beginTransaction(over: state.view, state.pin)
    }

    /// Begins the transaction of a single statement, which has bound its names already.
    func beginStatement() throws(DatabaseError) -> Transaction {
        if isReadOnly { throw DatabaseError(StorageError.readOnly) }
        return try beginTransaction(over: view(), nil)
    }

    private func beginTransaction(
        over view: DatabaseView, _ pin: CatalogPin?
    ) throws(DatabaseError) -> Transaction {
        let changes = try mappingErrors { () throws(CatalogError) in
            try catalogFile.beginTransaction(reading: pin)
        }
        return Transaction(database: self, batch: WriteBatch(base: view.view), catalog: changes)
    }
}
