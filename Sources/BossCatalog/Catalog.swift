import GRDB
import Synchronization

/// How a catalog is opened.
package enum CatalogMode: Hashable, Sendable {
    /// For reading and writing; `create` makes a file that does not exist.
    case readWrite(create: Bool)
    /// For reading only.
    case readOnly
}

/// Names and properties of everything in a database: collections, coordinate frames, experiments,
/// channels and their metadata, kept in one SQLite file.
///
///     let catalog = try Catalog.open(path: "mouse.bossdb/catalog.sqlite", mode: .readWrite(create: true))
///     try catalog.createCollection(NewCollection(name: "lab"))
///     let em = try catalog.resolveChannel(collection: "lab", experiment: "cortex", channel: "em")
///
/// Every operation is one transaction, durable when it returns; `beginTransaction` is for several. Operations may be
/// called from several threads; they block, on the disk and for up to 5 s on another connection, so not from the
/// cooperative pool. Who waits for a transaction to end holds nothing that others need.
///
/// **One connection**, and one more once a transaction writes. A `DatabaseQueue` opens one where a pool opens at
/// least two and writes a dummy table into the log; its `synchronous` setting stays what we set, where a pool
/// lowers it to NORMAL. What is read often comes from memory (`resolveChannel`), so parallel readers would gain nothing.
///
/// **Journal.** The file is in rollback mode: at rest it is one file, which can be read on a medium that cannot
/// be written, and opening or closing it flushes nothing. A commit makes readers of other processes wait
/// for its few milliseconds, which the catalog's rare writes allow. What a writer that was killed in the middle of
/// a commit leaves is rolled back by the next one that opens the file for writing.
package final class Catalog: Sendable {
    /// How long an operation waits for another connection before `CatalogError.locked`, unless told otherwise.
    static let busyTimeoutSeconds = 5.0
    /// The path of the file, `:memory:` for a catalog in memory.
    package let path: String
    /// Whether writes are refused.
    package let isReadOnly: Bool
    /// Whether there is no file, or a copy of one.
    let isInMemory: Bool
    let busyTimeoutSeconds: Double
    /// The transaction that the handle is bound to: then all that it does is part of it.
    let transaction: TransactionCore?

    /// The connection, nil once closed: GRDB ends the process when a closed queue is used. Operations that
    /// run while the handle is closed keep it alive until they are done.
    private let connection: Mutex<DatabaseQueue?>
    /// The connection of the last transaction that wrote, for the next one.
    let idleConnection = Mutex<DatabaseQueue?>(nil)
    let cache = Mutex(ResolutionCache())
    /// The state that was pinned last, for those that pin the same one.
    let lastPin = Mutex<CatalogPin?>(nil)
    /// Commits of the engine that the catalog may not have, oldest first; nearly always none.
    let outstanding = Mutex<[OutstandingRedo]>([])
    /// Who changes the catalog. SQLite's lock keeps only other handles away.
    let writeLock = CatalogWriteLock()

    init(
        path: String, isReadOnly: Bool, isInMemory: Bool, queue: DatabaseQueue,
        busyTimeoutSeconds: Double = Catalog.busyTimeoutSeconds
    ) {
        self.path = path
        self.isReadOnly = isReadOnly
        self.isInMemory = isInMemory
        self.busyTimeoutSeconds = busyTimeoutSeconds
        transaction = nil
        connection = Mutex(queue)
    }

    /// The handle of a transaction.
    init(transaction: TransactionCore) {
        path = transaction.parent.path
        isReadOnly = transaction.parent.isReadOnly
        isInMemory = transaction.parent.isInMemory
        busyTimeoutSeconds = transaction.parent.busyTimeoutSeconds
        self.transaction = transaction
        connection = Mutex(nil)
    }

    /// Gives the file up, as soon as operations on other threads are done. Later operations throw `.closed`. The
    /// handle of a transaction rolls it back.
    package func close() {
        transaction?.rollBack()
        connection.withLock { $0 = nil }
        idleConnection.withLock { $0 = nil }
        lastPin.withLock { $0 = nil }
        forgetResolved()
    }

    /// Forgets the channels that were resolved.
    func forgetResolved() { cache.withLock { $0.removeAll() } }

    // MARK: Transactions

    func openConnection() throws(CatalogError) -> DatabaseQueue {
        guard let queue = connection.withLock({ $0 }) else { throw .closed }
        return queue
    }

    /// Runs statements without a transaction around them.
    func onConnection<Value>(_ body: (Database) throws -> Value) throws(CatalogError) -> Value {
        let queue = try openConnection()
        do {
            return try queue.writeWithoutTransaction(body)
        } catch {
            throw CatalogError(error, file: path)
        }
    }

    /// Runs reads on one snapshot.
    func read<Value>(_ body: (CatalogSession) throws -> Value) throws(CatalogError) -> Value {
        if let transaction { return try transaction.read(body) }
        try settle()
        let queue = try openConnection()
        do {
            return try queue.read { try body(CatalogSession(db: $0, file: path)) }
        } catch {
            throw CatalogError(error, file: path)
        }
    }

    /// Runs writes in one transaction, which any error rolls back.
    func write<Value>(_ body: (CatalogSession) throws -> Value) throws(CatalogError) -> Value {
        guard !isReadOnly else { throw .readOnly }
        // Also after an error, since it may have undone what was remembered.
        defer { forgetResolved() }
        if let transaction { return try transaction.write(body) }
        return try withWriteLock { () throws(CatalogError) in
            try onConnection { db in
                try beginSettled(db)
                return try finishing(db) {
                    let value = try body(CatalogSession(db: db, file: path))
                    try CatalogSeal.renew(db)
                    return value
                }
            }
        }
    }
}
