import GRDB
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

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
/// Every operation is one transaction, durable when it returns. Operations may be called from several
/// threads; they block, on the disk and for up to 5 s on another process, so not from the cooperative pool.
///
/// **One connection.** A `DatabaseQueue` opens one connection where a pool opens at least two and writes
/// a dummy table into the log; its `synchronous` setting stays what we set, where a pool lowers it to
/// NORMAL. What is read often comes from memory (`resolveChannel`), so parallel readers would gain nothing.
///
/// **Journal.** The file is in rollback mode: at rest it is one file, which can be read on a medium that cannot
/// be written, and opening or closing it flushes nothing. A commit makes readers of other processes wait
/// for its few milliseconds, which the catalog's rare writes allow. What a writer that was killed in the middle of
/// a commit leaves is rolled back by the next one that opens the file for writing.
package final class Catalog: Sendable {
    /// How long an operation waits for another process before `CatalogError.locked`.
    static let busyTimeoutSeconds = 5.0
    /// The path of the file, `:memory:` for a catalog in memory.
    package let path: String
    /// Whether writes are refused.
    package let isReadOnly: Bool

    /// The connection, nil once closed: GRDB ends the process when a closed queue is used. Operations that
    /// run while the handle is closed keep it alive until they are done.
    private let connection: Mutex<DatabaseQueue?>
    let cache = Mutex(ResolutionCache())

    private init(path: String, isReadOnly: Bool, queue: DatabaseQueue) {
        self.path = path
        self.isReadOnly = isReadOnly
        connection = Mutex(queue)
    }

    /// Opens the catalog in a file and checks it, row by row.
    ///
    /// - Parameter database: identifier of the database that the catalog belongs to; a new catalog keeps it.
    /// - Throws: `.notFound` if there is no such file and none shall be made, `.corrupt` if it is damaged or
    ///   not a catalog, `.newerSchema` if a newer program wrote it, `.readOnly` if it shall be written and
    ///   cannot be, `.locked` if another process holds it.
    package static func open(
        path: String, mode: CatalogMode, database: String? = nil
    ) throws(CatalogError) -> Catalog {
        try checkFile(path, mode: mode)
        var configuration = Self.configuration
        configuration.readonly = mode == .readOnly
        // SQLite would take "file:..." for a URI and ":memory:" for no file at all.
        let plainPath = path.hasPrefix("/") ? path : "./" + path
        let queue: DatabaseQueue
        do {
            queue = try DatabaseQueue(path: plainPath, configuration: configuration)
        } catch {
            throw CatalogError(error, file: path)
        }
        let catalog = Catalog(path: path, isReadOnly: mode == .readOnly, queue: queue)
        try catalog.prepare(mode, database: database)
        return catalog
    }

    /// An empty catalog in memory, for tests and temporary databases.
    package static func inMemory() throws(CatalogError) -> Catalog {
        let queue: DatabaseQueue
        do {
            queue = try DatabaseQueue(configuration: Self.configuration)
        } catch {
            throw CatalogError(error, file: ":memory:")
        }
        let catalog = Catalog(path: ":memory:", isReadOnly: false, queue: queue)
        try catalog.prepare(.readWrite(create: true), database: nil)
        return catalog
    }

    /// Gives the file up, as soon as operations on other threads are done. Later operations throw `.closed`.
    package func close() {
        connection.withLock { $0 = nil }
        cache.withLock { $0.removeAll() }
    }

    // MARK: Transactions

    func openConnection() throws(CatalogError) -> DatabaseQueue {
        guard let queue = connection.withLock({ $0 }) else { throw .closed }
        return queue
    }

    /// Runs reads on one snapshot.
    func read<Value>(_ body: (CatalogSession) throws -> Value) throws(CatalogError) -> Value {
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
        let queue = try openConnection()
        let value: Value
        do {
            value = try queue.write { db in
                let value = try body(CatalogSession(db: db, file: path))
                try CatalogSeal.renew(db)
                return value
            }
        } catch {
            throw CatalogError(error, file: path)
        }
        cache.withLock { $0.removeAll() }
        return value
    }

    // MARK: Opening and closing

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "BossCatalog"
        configuration.busyMode = .timeout(busyTimeoutSeconds)
        configuration.foreignKeysEnabled = true
        return configuration
    }

    /// Refuses what SQLite would create, block on, or take for an empty database.
    private static func checkFile(_ path: String, mode: CatalogMode) throws(CatalogError) {
        // A C string would end at a NUL and name another file.
        guard !path.isEmpty, !path.utf8.contains(0) else { throw .notFound(kind: .catalogFile, path: path) }
        var status = stat()
        guard stat(path, &status) == 0 else {
            if mode == .readWrite(create: true) { return }
            throw .notFound(kind: .catalogFile, path: path)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .corrupt(file: path, reason: "not a regular file")
        }
        if status.st_size == 0, mode != .readWrite(create: true) {
            throw .corrupt(file: path, reason: "the file is empty")
        }
    }

    private func prepare(_ mode: CatalogMode, database: String?) throws(CatalogError) {
        let finding = try read { try CatalogSchema.inspect($0.db) }
        switch finding {
        case .somethingElse(let reason):
            throw .corrupt(file: path, reason: reason)
        case .empty where mode != .readWrite(create: true):
            throw .corrupt(file: path, reason: "a database without a catalog")
        case .catalog(let version) where version > CatalogSchema.currentVersion:
            throw .newerSchema(found: version, supported: CatalogSchema.currentVersion)
        case .catalog(let version) where version < CatalogSchema.currentVersion && isReadOnly:
            throw .readOnly
        case .empty, .catalog:
            break
        }
        if case .catalog(CatalogSchema.currentVersion) = finding {
            try read { try CatalogSeal.verify($0.db, database: database, file: path) }
        }
        guard !isReadOnly else { return }
        let queue = try openConnection()
        do {
            if case .catalog(CatalogSchema.currentVersion) = finding {
            } else {
                try CatalogSchema.migrator.migrate(queue)
                try queue.write { try CatalogSeal.renew($0, database: database) }
            }
            try queue.writeWithoutTransaction { db in
                // Also takes a file out of WAL mode that another program put into it.
                _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = DELETE")
                try db.execute(sql: "PRAGMA synchronous = FULL")
                // SQLite opens a file without write permission for reading, where even BEGIN IMMEDIATE
                // works. Find out now, not later; what is rolled back is never flushed.
                try db.inTransaction(.immediate) {
                    try db.execute(sql: "PRAGMA user_version = \(CatalogSchema.currentVersion)")
                    return .rollback
                }
            }
        } catch {
            throw CatalogError(error, file: path)
        }
    }
}
