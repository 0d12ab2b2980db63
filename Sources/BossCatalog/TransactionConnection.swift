import GRDB
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Who may change a catalog in memory. Waits by looking again, as SQLite does with the lock of a file.
final class MemoryWriteLock: Sendable {
    private let isHeld = Mutex(false)

    /// Returns false if the lock was not free within the timeout.
    func acquire(timeoutSeconds: Double) -> Bool {
        var attempts = max(0, Int(timeoutSeconds * 1000))
        while true {
            let acquired = isHeld.withLock { isHeld in
                defer { isHeld = true }
                return !isHeld
            }
            if acquired { return true }
            guard attempts > 0 else { return false }
            attempts -= 1
            usleep(1000)
        }
    }

    func release() { isHeld.withLock { $0 = false } }
}

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
        guard isInMemory else { return try beginSettled(db) }
        guard memoryLock.acquire(timeoutSeconds: busyTimeoutSeconds) else {
            throw CatalogError.lockedByTransaction(file: path)
        }
        do {
            try onConnection { own in
                try beginSettled(own)
                try own.rollback()
                try own.backup(to: db)
            }
            try db.beginTransaction(.immediate)
        } catch {
            memoryLock.release()
            throw error
        }
    }

    /// Gives up what is left of the lock once the connection of the transaction has rolled back or committed.
    func unlockAfterTransaction() {
        if isInMemory { memoryLock.release() }
    }

    /// Keeps transactions of a catalog in memory away; a file has SQLite's own lock.
    func withWriteLock<Value>(_ body: () throws(CatalogError) -> Value) throws(CatalogError) -> Value {
        guard isInMemory else { return try body() }
        guard memoryLock.acquire(timeoutSeconds: busyTimeoutSeconds) else {
            throw .lockedByTransaction(file: path)
        }
        defer { memoryLock.release() }
        return try body()
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
