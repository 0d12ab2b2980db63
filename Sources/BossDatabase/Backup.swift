import BossCatalog
import BossStorage

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a backup or a restoration did.
public struct BackupReport: Hashable, Sendable {
    /// The newest commit in the copy.
    public let commit: UInt64
    /// Files that were written.
    public let copiedFileCount: Int
    /// Files that an earlier backup had brought already.
    public let keptFileCount: Int
    /// Bytes that were written.
    public let copiedByteCount: UInt64
    /// Bytes of the whole copy.
    public let byteCount: UInt64

    init(_ summary: BackupSummary) {
        commit = summary.commit
        copiedFileCount = summary.copiedFileCount
        keptFileCount = summary.keptFileCount
        copiedByteCount = summary.copiedByteCount
        byteCount = summary.byteCount
    }
}

extension Database {
    private static let lockAttempts = 6

    /// Copies what is committed now into another folder, while reading and writing go on. The copy is a database that
    /// opens by itself.
    ///
    /// - Parameters:
    ///   - path: a folder that does not exist or is empty; with `isIncremental` one that holds an earlier backup of this
    ///     database, of which only what is missing is copied.
    /// - Throws: 42P07 when something is in the way, 22023 for folders inside one another, 3D000 when there is no folder to
    ///   make the backup in, XX001 naming a damaged file, 53100, 55006, 57014. A folder that was made is removed again.
    @discardableResult
    public func backUp(
        to path: String, isIncremental: Bool = false, control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> BackupReport {
        try DatabaseFolder.refuseOverlap(self.path, path)
        // What an earlier backup has brought, whole or cut off, is examined by the engine.
        var folder: DatabaseFolder.NewFolder?
        if !isIncremental || !DatabaseFolder.exists(path) {
            folder = try DatabaseFolder.claimNew(
                path, hint: "BACKUP TO ... INCREMENTAL brings an earlier backup of this database up to date")
        }
        defer { withExtendedLifetime(folder) {} }
        do { return try copy(to: path, isIncremental: isIncremental, control) } catch {
            folder?.abandon()
            throw DatabaseFolder.told(path, error)
        }
    }

    private func copy(
        to path: String, isIncremental: Bool, _ control: OperationControl
    ) throws(DatabaseError) -> BackupReport {
        let destination = try mappingErrors { () throws(StorageError) in
            try PosixFileSystem(directory: path, createIfMissing: true)
        }
        let relay = ProgressRelay(title: "backup to \(path)", control: control)
        let catalogs = BackupCatalog(folder: path)
        var replaced: UInt64 = 0
        // Before that another backup may be at work in the folder.
        var isPinned = false
        var copied: Result<Void, DatabaseError> = .success(())
        let summary: BackupSummary
        do {
            try refuseOther(path, isIncremental)
            let lock = try lockCatalog()
            summary = try relay.run { (report) throws(StorageError) in
                try engine.backUp(
                    to: destination, isIncremental: isIncremental,
                    progress: { (done, total) throws(StorageError) in
                        // No root is named beside a catalog that is not there.
                        if case .failure = copied { throw .closed }
                        try report(done, total)
                    },
                    pinned: {
                        // Both stores of one moment: no transaction is between its two commits.
                        isPinned = true
                        copied = Result { () throws(DatabaseError) in
                            replaced = catalogs.newestRoot
                            try catalogs.settle(replaced)
                            let next = catalogs.path(after: replaced)
                            try mappingErrors { () throws(CatalogError) in try self.catalog.backup(to: next) }
                        }
                        lock?.rollback()
                    })
            }
            try copied.get()
            try catalogs.adopt(after: replaced)
        } catch {
            guard isPinned else { throw error }
            if catalogs.newestRoot == replaced {
                try? FileManager.default.removeItem(atPath: catalogs.path(after: replaced))
            } else {
                try? catalogs.adopt(after: replaced)
            }
            try copied.get()
            throw error
        }
        return BackupReport(summary)
    }

    /// Says in words why an earlier backup cannot be brought up to date; the engine would name a file.
    private func refuseOther(_ path: String, _ isIncremental: Bool) throws(DatabaseError) {
        guard isIncremental else { return }
        do throws(StorageError) {
            try engine.examineBackup(PosixFileSystem(directory: path, createIfMissing: false))
        } catch {
            guard case .alreadyExists(let file) = error else { throw DatabaseError(error) }
            let isWritten = file.hasSuffix("/LOCK")
            throw DatabaseError(
                "42P07",
                isWritten
                    ? "\(path) was written to: it is no backup, or none any more"
                    : "\(path) holds another database, or a later state of this one",
                hint: "name a folder that does not exist, or one with an earlier backup of this database")
        }
    }

    /// Keeps other changes of the catalog away until the returned transaction is rolled back. A handle that only reads
    /// cannot: what its copy of the catalog lacks is made up for when the copy is opened.
    private func lockCatalog() throws(DatabaseError) -> CatalogTransaction? {
        guard !isReadOnly else { return nil }
        return try mappingErrors { () throws(CatalogError) in
            let transaction = try catalog.beginTransaction()
            var attempt = 1
            while true {
                do throws(CatalogError) {
                    try transaction.catalog.reserveChannelIDs(upTo: 0)
                    return transaction
                } catch {
                    // Others may take turns without a pause; each attempt waits for some seconds.
                    guard case .lockedByTransaction = error, attempt < Self.lockAttempts else { throw error }
                    attempt += 1
                }
            }
        }
    }

    /// Copies a database that this process has not open into another folder; another process may write to it.
    ///
    /// The parameters and errors are those of `backUp(to:isIncremental:control:)`, and 3D000 when there is no database.
    @discardableResult
    public static func backUp(
        _ database: String, to path: String, isIncremental: Bool = false,
        control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> BackupReport {
        try DatabaseFolder.requireDatabase(database)
        return try reading(database) { (source) throws(DatabaseError) in
            try source.backUp(to: path, isIncremental: isIncremental, control: control)
        }
    }

    private static func reading<R>(
        _ path: String, _ body: (Database) throws(DatabaseError) -> R
    ) throws(DatabaseError) -> R {
        var options = DatabaseOptions()
        options.access = .readOnly
        let source = try Database.open(path, options: options)
        let result: R
        do { result = try body(source) } catch {
            // The first error is the one to report.
            try? source.close()
            throw error
        }
        try source.close()
        return result
    }

    /// Copies a backup into a folder that does not exist or is empty, and verifies every page on the way.
    ///
    /// - Throws: 42P07 when the folder is not empty, 3D000 when there is no backup, XX001 naming what is damaged.
    @discardableResult
    public static func restoreBackup(
        _ backup: String, to path: String, control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> BackupReport {
        try DatabaseFolder.requireDatabase(backup)
        return try reading(backup) { (source) throws(DatabaseError) in
            try source.backUp(to: path, control: control)
        }
    }
}

/// Hands progress of the engine to a control, and its cancellation to the engine.
final class ProgressRelay {
    private let title: String
    private let control: OperationControl
    private var failure: DatabaseError?

    init(title: String, control: OperationControl) {
        self.title = title
        self.control = control
    }

    /// Runs work that reports bytes done and bytes in all.
    ///
    /// - Throws: 57014 when the control was cancelled meanwhile.
    func run<R>(
        _ work: ((UInt64, UInt64) throws(StorageError) -> Void) throws(StorageError) -> R
    ) throws(DatabaseError) -> R {
        do throws(StorageError) {
            return try work { (done, total) throws(StorageError) in
                do throws(DatabaseError) { try control.cancellation.check() } catch {
                    failure = error
                    throw .closed
                }
                control.progress?(
                    Progress(
                        title: title, completedByteCount: Int(clamping: done),
                        totalByteCount: Int(clamping: total)))
            }
        } catch {
            throw failure ?? DatabaseError(error)
        }
    }
}
