import GRDB
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension Catalog {
    /// Opens the catalog in a file and checks it, row by row. One of an older schema is brought to the current one
    /// when it is opened for writing, and read as it is otherwise.
    ///
    /// - Parameters:
    ///   - database: identifier of the database that the catalog belongs to; a new catalog keeps it.
    ///   - busyTimeoutSeconds: how long to wait for other connections.
    /// - Throws: `.notFound` if there is no such file and none shall be made, `.corrupt` if it is damaged or
    ///   not a catalog, `.newerSchema` if a newer program wrote it, `.readOnly` if it shall be written and
    ///   cannot be, `.locked` if another process holds it.
    package static func open(
        path: String, mode: CatalogMode, database: String? = nil, busyTimeoutSeconds: Double = 5
    ) throws(CatalogError) -> Catalog {
        try checkFile(path, mode: mode)
        var configuration = Self.configuration(busyTimeoutSeconds)
        configuration.readonly = mode == .readOnly
        let queue: DatabaseQueue
        do {
            queue = try DatabaseQueue(path: plain(path), configuration: configuration)
        } catch {
            throw CatalogError(error, file: path)
        }
        let catalog = Catalog(
            path: path, isReadOnly: mode == .readOnly, isInMemory: false, queue: queue,
            busyTimeoutSeconds: busyTimeoutSeconds)
        try catalog.prepare(mode, database: database)
        return catalog
    }

    /// An empty catalog in memory, for tests and temporary databases.
    package static func inMemory(busyTimeoutSeconds: Double = 5) throws(CatalogError) -> Catalog {
        let queue: DatabaseQueue
        do {
            queue = try DatabaseQueue(configuration: Self.configuration(busyTimeoutSeconds))
        } catch {
            throw CatalogError(error, file: ":memory:")
        }
        let catalog = Catalog(
            path: ":memory:", isReadOnly: false, isInMemory: true, queue: queue,
            busyTimeoutSeconds: busyTimeoutSeconds)
        try catalog.prepare(.readWrite(create: true), database: nil)
        return catalog
    }

    static func configuration(_ busyTimeoutSeconds: Double) -> Configuration {
        var configuration = Configuration()
        configuration.label = "BossCatalog"
        configuration.busyMode = .timeout(busyTimeoutSeconds)
        configuration.foreignKeysEnabled = true
        return configuration
    }

    /// SQLite would take "file:..." for a URI and ":memory:" for no file at all.
    static func plain(_ path: String) -> String { path.hasPrefix("/") ? path : "./" + path }

    /// Refuses what SQLite would create, block on, or take for an empty database.
    private static func checkFile(_ path: String, mode: CatalogMode) throws(CatalogError) {
        // A C string would end at a NUL and name another file.
        guard !path.isEmpty, !path.utf8.contains(0) else { throw .notFound(kind: .catalogFile, path: path) }
        var status = stat()
        guard stat(path, &status) == 0 else {
            let code = errno
            guard code == ENOENT else { throw .inaccessible(file: path, errno: code) }
            if mode == .readWrite(create: true) { return }
            throw .notFound(kind: .catalogFile, path: path)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .corrupt(file: path, reason: "not a regular file")
        }
        // SQLite would only say that it cannot be opened.
        guard access(path, R_OK) == 0 else { throw .inaccessible(file: path, errno: errno) }
        if status.st_size == 0, mode != .readWrite(create: true) {
            throw .corrupt(file: path, reason: "the file is empty")
        }
    }

    private func prepare(_ mode: CatalogMode, database: String?) throws(CatalogError) {
        let found: Int
        switch try read({ try CatalogSchema.inspect($0.db) }) {
        case .somethingElse(let reason):
            throw .corrupt(file: path, reason: reason)
        case .empty:
            guard mode == .readWrite(create: true) else {
                throw .corrupt(file: path, reason: "a database without a catalog")
            }
            found = 0
        case .catalog(let version):
            guard version <= CatalogSchema.currentVersion else {
                throw .newerSchema(found: version, supported: CatalogSchema.currentVersion)
            }
            try read { try CatalogSeal.verify($0.db, database: database, file: path) }
            found = version
        }
        guard !isReadOnly else { return }
        try onConnection { db in
            if found < CatalogSchema.currentVersion { try migrate(db, database: database) }
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
    }

    /// Makes or renews the tables, and the seal with them.
    private func migrate(_ db: Database, database: String?) throws {
        try db.inTransaction(.immediate) {
            // Looked at again under the lock: another process may have been quicker.
            let version: Int
            switch try CatalogSchema.inspect(db) {
            case .empty: version = 0
            case .catalog(let found): version = found
            case .somethingElse(let reason): throw CatalogError.corrupt(file: path, reason: reason)
            }
            guard version < CatalogSchema.currentVersion else { return .rollback }
            try CatalogSchema.migrate(db, from: version)
            try CatalogSeal.renew(db, database: version == 0 ? database : nil)
            return .commit
        }
    }
}
