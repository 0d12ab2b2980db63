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
    /// Copies what is committed now into another folder, while reading and writing go on. The copy is a database that
    /// opens by itself.
    ///
    /// - Parameters:
    ///   - path: a folder that does not exist or is empty; with `isIncremental` also one that holds an earlier backup of
    ///     this database, of which only what is missing is copied.
    /// - Throws: 42P07 when something is in the way, 22023 for folders inside one another, 3D000 when there is no folder to
    ///   make the backup in, XX001 naming a damaged file, 53100, 55006, 57014. A folder that was made is removed again.
    @discardableResult
    public func backUp(
        to path: String, isIncremental: Bool = false, control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> BackupReport {
        try backUp(
            to: path, isIncremental: isIncremental, control,
            hint: isIncremental
                ? nil : "BACKUP TO ... INCREMENTAL brings an earlier backup of this database up to date")
    }

    /// - Parameter hint: what can be done when there is a database already.
    private func backUp(
        to path: String, isIncremental: Bool, _ control: OperationControl, hint: String?
    ) throws(DatabaseError) -> BackupReport {
        try DatabaseFolder.refuseOverlap(self.path, path)
        // Only a backup that was completed once has a root. What one has left that was cut off is removed.
        let isUpdate = isIncremental && BackupCatalog(folder: path).newestRoot > 0
        let folder = try isUpdate ? nil : DatabaseFolder.claimNew(path, isMarked: true, hint: hint)
        defer { withExtendedLifetime(folder) {} }
        do { return try copy(to: path, isUpdate: isUpdate, control) } catch {
            folder?.abandon()
            throw DatabaseFolder.told(path, error)
        }
    }

    private func copy(
        to path: String, isUpdate: Bool, _ control: OperationControl
    ) throws(DatabaseError) -> BackupReport {
        let destination = try mappingErrors { () throws(StorageError) in
            try PosixFileSystem(directory: path, createIfMissing: false)
        }
        if isUpdate { try refuseOther(destination, path) }
        let backup = try mappingErrors { () throws(StorageError) in
            try engine.beginBackup(
                to: destination, isIncremental: isUpdate, ignoredFiles: [DatabaseFolder.nextCatalogName])
        }
        defer { backup.end() }
        let catalogs = BackupCatalog(folder: path)
        let replaced = catalogs.newestRoot
        try catalogs.settle(replaced)
        do {
            let state = try pin(backup, copyingCatalogTo: catalogs.path(after: replaced))
            let relay = ProgressRelay(title: "backup to \(path)", control: control)
            let summary = try relay.run { (report) throws(StorageError) in
                try backup.copy(state, progress: report)
            }
            try catalogs.adopt(after: replaced)
            return BackupReport(summary)
        } catch {
            // A new folder is given up as a whole.
            guard isUpdate else { throw error }
            if catalogs.newestRoot == replaced {
                unlink(catalogs.path(after: replaced))
            } else {
                // The new state is whole; what cannot be put in place now is by whoever comes next.
                try? catalogs.adopt(after: replaced)
            }
            throw error
        }
    }

    /// Copies the catalog, and pins the engine's state of the same moment.
    ///
    /// An engine's commit comes before that of the catalog and holds its changes, so a state that is newer than the
    /// catalog is made up for when the copy is opened. One that is older would be torn, so no commit of the catalog
    /// passes while the state is pinned.
    private func pin(
        _ backup: OnlineBackup, copyingCatalogTo path: String
    ) throws(DatabaseError) -> BackupState {
        var state: Result<BackupState, DatabaseError> = .failure(DatabaseError(CatalogError.closed))
        try mappingErrors { () throws(CatalogError) in
            try catalogFile.backup(to: path) { applied in
                state = Result { () throws(DatabaseError) in
                    try engine.requireCommit(applied, of: catalogFile.path)
                    return try mappingErrors { () throws(StorageError) in try backup.pin() }
                }
            }
        }
        return try state.get()
    }

    /// Says in words why an earlier backup cannot be brought up to date; the engine would name a file.
    private func refuseOther(_ destination: PosixFileSystem, _ path: String) throws(DatabaseError) {
        do throws(StorageError) { try engine.examineBackup(destination) } catch {
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
            try source.backUp(to: path, isIncremental: false, control, hint: nil)
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
