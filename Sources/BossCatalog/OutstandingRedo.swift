import GRDB
import Synchronization

/// The redo of a commit that the engine has and the catalog may not have.
struct OutstandingRedo {
    var commit: UInt64
    var redo: [UInt8]
    /// False while a transaction is about to commit it: readers need not care then.
    var hasFailed: Bool
}

extension Catalog {
    /// The last commit of the engine whose changes are in the catalog. 0 if there never was one. A commit that
    /// changed nothing in the catalog is not counted.
    package var appliedCommit: UInt64 {
        get throws(CatalogError) { try read { try AppliedCommit.get($0.db) } }
    }

    /// Applies what a commit of the engine did to the catalog, unless it is there already. For recovery: commits
    /// are applied in their order, before anything else changes the catalog. Durable when it returns.
    ///
    /// - Throws: `.corrupt` if the bytes are damaged or belong to another state of the catalog.
    package func apply(redo: [UInt8], engineCommit: UInt64) throws(CatalogError) {
        precondition(transaction == nil, "recovery comes before transactions")
        guard !isReadOnly else { throw .readOnly }
        guard !redo.isEmpty, try engineCommit > appliedCommit else { return }
        let entry = OutstandingRedo(commit: engineCommit, redo: redo, hasFailed: true)
        try withWriteLock { () throws(CatalogError) in
            try onConnection { db in
                try beginSettled(db)
                try finishing(db) { _ = try replay([entry], on: db) }
            }
        }
        forgetResolved()
    }

    /// Remembers, in memory, a redo that the engine has committed and that could not be applied. Every later
    /// operation tries first, and throws the error if it fails again. `CatalogTransaction.commit` does this by itself.
    package func deferRedo(_ redo: [UInt8], engineCommit: UInt64) {
        precondition(transaction == nil, "a redo belongs to the catalog, not to a transaction")
        guard !redo.isEmpty else { return }
        outstanding.withLock { entries in
            entries.removeAll { $0.commit == engineCommit }
            entries.append(OutstandingRedo(commit: engineCommit, redo: redo, hasFailed: true))
            entries.sort { $0.commit < $1.commit }
        }
        // After the entry is there: whoever reads from now on finds it first.
        forgetResolved()
    }

    /// A copy in memory, for reading only, of the committed catalog with redos applied that it does not have: what
    /// a reader sees of a database whose last writer died between the engine's commit and the catalog's.
    ///
    /// Costs a read of the whole catalog. The copy does not follow later changes.
    ///
    /// - Throws: `.corrupt` if the bytes are damaged or belong to another state of the catalog.
    package func overlaid(by redos: [(commit: UInt64, redo: [UInt8])]) throws(CatalogError) -> Catalog {
        precondition(transaction == nil, "an overlay is of the committed state")
        let queue = try copyInMemory()
        let copy = Catalog(path: path, isReadOnly: true, isInMemory: true, queue: queue)
        let entries = redos.filter { !$0.redo.isEmpty }.sorted { $0.commit < $1.commit }
            .map { OutstandingRedo(commit: $0.commit, redo: $0.redo, hasFailed: true) }
        try copy.onConnection { db in
            try db.beginTransaction(.immediate)
            try copy.finishing(db) { _ = try copy.replay(entries, on: db) }
        }
        return copy
    }

    // MARK: For transactions

    /// Announces a redo whose transaction is about to commit.
    func expect(_ redo: [UInt8], engineCommit: UInt64) {
        outstanding.withLock { entries in
            entries.append(OutstandingRedo(commit: engineCommit, redo: redo, hasFailed: false))
            entries.sort { $0.commit < $1.commit }
        }
    }

    /// Takes note that a commit is in the catalog.
    func fulfil(_ engineCommit: UInt64) {
        outstanding.withLock { $0.removeAll { $0.commit == engineCommit } }
        forgetResolved()
    }

    /// Commits what a transaction did to its copy of a catalog in memory.
    func replayExpected() throws(CatalogError) {
        try onConnection { db in
            try beginSettled(db)
            try db.rollback()
        }
    }

    // MARK: Applying

    /// Before anything is read: applies what was deferred.
    func settle() throws(CatalogError) {
        guard outstanding.withLock({ $0.contains(where: \.hasFailed) }) else { return }
        guard !isReadOnly else { return }
        try withWriteLock { () throws(CatalogError) in
            try onConnection { db in
                try beginSettled(db)
                try db.rollback()
            }
        }
    }

    /// Takes SQLite's write lock on a state that lacks nothing: what is outstanding is applied and committed first.
    ///
    /// - Throws: `.lockedByTransaction` if another connection keeps the lock.
    func beginSettled(_ db: Database) throws {
        while true {
            do {
                try db.beginTransaction(.immediate)
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
                throw CatalogError.lockedByTransaction(file: path)
            }
            let entries = outstanding.withLock { $0 }
            guard !entries.isEmpty else { return }
            var hasChanged = false
            try finishing(db) { hasChanged = try replay(entries, on: db) }
            outstanding.withLock { current in
                current.removeAll { entry in entries.contains { $0.commit == entry.commit } }
            }
            if hasChanged { forgetResolved() }
        }
    }

    /// Replays what the catalog does not have, inside a transaction; returns whether there was any.
    func replay(_ entries: [OutstandingRedo], on db: Database) throws -> Bool {
        var hasChanged = false
        for entry in entries where try entry.commit > AppliedCommit.get(db) {
            try Redo(entry.redo, file: path).replay(on: db, file: path)
            try AppliedCommit.set(db, entry.commit)
            // Each redo names the digest of the state before it.
            try CatalogSeal.renew(db)
            hasChanged = true
        }
        return hasChanged
    }

    /// Runs the rest of a transaction that has begun; commits it, or rolls it back after an error.
    func finishing<Value>(_ db: Database, _ body: () throws -> Value) throws -> Value {
        do {
            let value = try body()
            try db.commit()
            return value
        } catch {
            // The first error is the one to report.
            try? db.rollback()
            throw error
        }
    }
}
