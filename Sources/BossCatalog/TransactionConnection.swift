import GRDB
import Synchronization

/// The connections of transactions.
extension Catalog {
    /// The connection of a transaction that writes: to the file, or to what will be a copy of a catalog in memory.
    func makeTransactionConnection() throws(CatalogError) -> DatabaseQueue {
        // Nothing begins on a closed handle.
        _ = try openConnection()
        if let idle = idleConnection.withLock({ $0.take() }) { return idle }
        var configuration = Self.configuration(busyTimeoutSeconds)
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA cache_spill = OFF; PRAGMA synchronous = FULL")
        }
        do {
            if isInMemory { return try DatabaseQueue(configuration: configuration) }
            return try DatabaseQueue(path: Self.plain(path), configuration: configuration)
        } catch {
            throw CatalogError(error, file: path)
        }
    }

    /// Keeps a connection whose transaction has ended for the next one.
    func keepConnection(_ queue: DatabaseQueue) {
        guard !isInMemory, (try? openConnection()) != nil else { return }
        idleConnection.withLock { $0 = queue }
    }

    /// Takes the write lock and begins, on the connection of a transaction.
    func lockForTransaction(_ db: Database) throws {
        try acquireWriteLock()
        do {
            guard isInMemory else { return try beginSettled(db) }
            try onConnection { own in
                try beginSettled(own)
                try own.rollback()
                try own.backup(to: db)
            }
            try db.beginTransaction(.immediate)
        } catch {
            writeLock.release()
            throw error
        }
    }

    /// Gives up the lock, once the connection of the transaction has rolled back or committed.
    func unlockAfterTransaction() { writeLock.release() }

    /// Runs an operation that writes, while no transaction of this handle does.
    func withWriteLock<Value>(_ body: () throws(CatalogError) -> Value) throws(CatalogError) -> Value {
        try acquireWriteLock()
        defer { writeLock.release() }
        return try body()
    }

    private func acquireWriteLock() throws(CatalogError) {
        guard writeLock.acquire(timeoutSeconds: busyTimeoutSeconds) else {
            throw .lockedByTransaction(file: path)
        }
    }

    /// A copy of the committed state, in memory.
    func copyInMemory() throws(CatalogError) -> DatabaseQueue {
        try settle()
        let source = try openConnection()
        do {
            let copy = try DatabaseQueue(configuration: Self.configuration(busyTimeoutSeconds))
            try source.backup(to: copy)
            return copy
        } catch {
            throw CatalogError(error, file: path)
        }
    }
}
