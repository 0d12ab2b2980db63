import Synchronization

/// A place in a transaction to which it can be rolled back.
package struct CatalogSavepoint: Hashable, Sendable {
    let number: UInt64

    private static let count = Atomic<UInt64>(0)

    /// No number is given twice in a process, so that no savepoint is taken for one of another transaction.
    static func nextNumber() -> UInt64 { count.wrappingAdd(1, ordering: .relaxed).newValue }
}

/// Changes to the catalog that are committed together, with a commit of the storage engine.
///
///     let transaction = try catalog.beginTransaction()
///     try transaction.catalog.createCollection(NewCollection(name: "lab"))
///     let number = try engine.commit(batch, redo: transaction.redo)   // durable from here on
///     try transaction.commit(engineCommit: number)
///
/// - `catalog` is used like any other: it sees the changes of the transaction, everybody else goes on reading the
///   committed state without waiting. An operation that throws has changed nothing, and the transaction goes on.
/// - Until its first write the transaction costs nothing, holds no lock, and reads what is committed at each moment, or
///   what was pinned for it. From the first write on it is the only one that changes the catalog: others that want to
///   wait for up to the busy timeout, then throw `.lockedByTransaction`.
/// - What was pinned for a transaction is what it sees throughout, beside its own changes: its first write throws
///   `.changedMeanwhile` if the catalog is another by then.
/// - The engine keeps `redo` in its own durable commit record before `commit`, so that a crash between the two is
///   repaired with `Catalog.apply`, and shown repaired to readers by `Catalog.overlaid`.
/// - After a full disk or an I/O error SQLite may have rolled everything back: then every operation, `redo` and
///   `commit` throw that error, and only `rollback` is left.
///
/// One that is let go without `commit` is rolled back. Operations may come from several threads, one after the
/// other; they block.
package final class CatalogTransaction: Sendable {
    /// The catalog as the transaction sees it. Throws `.closed` once the transaction has ended. It begins no
    /// transactions, and applies, defers and overlays no redo; `backup`, `check` are of the committed state.
    package let catalog: Catalog
    private let core: TransactionCore

    init(parent: Catalog, pin: CatalogPin?) {
        core = TransactionCore(parent: parent, pin: pin)
        catalog = Catalog(transaction: core)
    }

    deinit { core.rollBack() }

    // MARK: Savepoints

    /// Marks the state as of now. Savepoints nest.
    package func savepoint() throws(CatalogError) -> CatalogSavepoint {
        CatalogSavepoint(number: try core.savepoint())
    }

    /// Undoes what was changed since a savepoint, its redo included. The savepoint stays, later ones are gone.
    ///
    /// - Throws: `.invalidValue` for a savepoint that is gone or of another transaction.
    package func rollback(to savepoint: CatalogSavepoint) throws(CatalogError) {
        // Also after an error: what is remembered may be undone.
        defer { catalog.forgetResolved() }
        try core.rollBack(to: savepoint.number)
    }

    /// Forgets a savepoint and all later ones; what was changed stays.
    ///
    /// - Throws: `.invalidValue` for a savepoint that is gone or of another transaction.
    package func release(_ savepoint: CatalogSavepoint) throws(CatalogError) {
        try core.release(savepoint.number)
    }

    // MARK: The end

    /// What the engine keeps in its commit record: the statements that changed rows, see `RedoLog` for the bytes.
    /// Empty if nothing was changed; then `commit` does nothing either.
    ///
    /// - Throws: what ended the transaction, so that the engine does not commit what the catalog cannot.
    package var redo: [UInt8] {
        get throws(CatalogError) { try core.redo }
    }

    /// Commits, after the engine did, and ends the transaction. Durable when it returns.
    ///
    /// Whatever goes wrong once the redo is outstanding, it is deferred as by `Catalog.deferRedo` and the error is
    /// thrown: the change is then neither lost nor visible, and every later operation of the catalog first tries
    /// to apply it.
    ///
    /// - Parameter engineCommit: the number of the engine's commit, above `Catalog.appliedCommit`.
    /// - Throws: `.locked` if another process reads for longer than the busy timeout, `.diskFull`, `.corrupt`
    ///   (nothing is deferred) if the catalog has that commit already, and what SQLite reports.
    package func commit(engineCommit: UInt64) throws(CatalogError) {
        defer { catalog.forgetResolved() }
        try core.commit(engineCommit: engineCommit)
    }

    /// Undoes everything and ends the transaction; after its end it does nothing.
    package func rollback() {
        core.rollBack()
        catalog.forgetResolved()
    }
}

extension Catalog {
    /// Begins a transaction; costs nothing until its first write. One of a read-only handle refuses that.
    ///
    /// - Parameter pin: what it reads until then; what is committed at each moment by default.
    /// - Throws: `.closed`.
    package func beginTransaction(reading pin: CatalogPin? = nil) throws(CatalogError) -> CatalogTransaction {
        precondition(transaction == nil, "transactions do not nest, savepoints do")
        _ = try openConnection()
        return CatalogTransaction(parent: self, pin: pin)
    }
}
