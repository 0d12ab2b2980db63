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

/// Folders that copies are made in.
extension DatabaseFolder {
    /// Makes a folder for a new database, or takes one that is there and empty, and keeps others from doing the same.
    ///
    /// What a copy that was cut off has left is removed, if nothing else is in the folder.
    ///
    /// - Parameters:
    ///   - isMarked: whether to show by an empty catalog that waits, before anything else is made, that the folder is
    ///     not finished.
    ///   - hint: what can be done when there is a database.
    /// - Throws: 42P07 naming what is in the way, 3D000 without a folder to make it in, 55006 while another copy is made
    ///   there.
    static func claimNew(
        _ path: String, isMarked: Bool = false, hint: String? = nil
    ) throws(DatabaseError) -> NewFolder {
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        guard exists(parent) else {
            throw DatabaseError(
                "3D000", "\(path) cannot be made: there is no folder \(parent)", hint: "make the folder first"
            )
        }
        try refuseLongPath(path)
        let isNew = mkdir(path, 0o777) == 0
        let code = errno
        guard isNew || code == EEXIST else { throw DatabaseError(errno: code, "\(path) cannot be made") }
        if isNew { try flush(parent) } else { try requireFolder(path) }
        let folder = NewFolder(path: path, isNew: isNew, lock: try lock(path, LOCK_EX, O_DIRECTORY))
        do { try empty(path, isMarked: isMarked, hint: hint) } catch {
            if isNew { rmdir(path) }
            throw error
        }
        return folder
    }

    /// Leaves nothing in a folder but the sign that it is not finished.
    private static func empty(_ path: String, isMarked: Bool, hint: String?) throws(DatabaseError) {
        guard let found = names(path) else {
            throw DatabaseError("58030", "the folder \(path) cannot be read", hint: "look at its permissions")
        }
        if isCutOff(path) {
            let remains = CopyRemains(path)
            if let foreign = remains.foreign {
                throw DatabaseError(
                    "42P07", "\(path) is not empty: it holds \(foreign), which no copy has left",
                    hint: "name a folder that does not exist; nothing is ever overwritten")
            }
            if isMarked { try mark(path) }
            return try remains.remove(keeping: isMarked ? nextCatalogName : nil)
        }
        // File systems of their own bring the first folder, a copy that was cut off at its start the file.
        let first = found.sorted().first {
            $0 != "lost+found" && !($0 == "LOCK" && CopyRemains.isOwnLock(path + "/" + $0, orEmpty: false))
        }
        guard let first else {
            if isMarked { try mark(path) }
            return
        }
        let isDatabase = BackupCatalog(folder: path).newestRoot > 0
        throw DatabaseError(
            "42P07",
            isDatabase ? "\(path) holds a database already" : "\(path) is not empty: it holds \(first)",
            hint: isDatabase && hint != nil
                ? hint : "name a folder that does not exist; nothing is ever overwritten")
    }

    /// - Throws: 42P07 when a path names something else than a folder.
    private static func requireFolder(_ path: String) throws(DatabaseError) {
        var status = stat()
        let isThere = stat(path, &status) == 0
        let kind = status.st_mode & S_IFMT
        if isThere, kind == S_IFDIR { return }
        throw DatabaseError(
            "42P07",
            !isThere
                ? "\(path) is a link to something that does not exist"
                : kind == S_IFREG ? "\(path) is a file" : "\(path) is neither a file nor a folder",
            hint: "name a folder that does not exist")
    }

    /// Shows that a folder is not finished, also after a power cut.
    private static func mark(_ path: String) throws(DatabaseError) {
        let marker = path + "/" + nextCatalogName
        let descriptor = open(marker, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o644)
        guard descriptor >= 0, ftruncate(descriptor, 0) == 0 else {
            let code = errno
            if descriptor >= 0 { close(descriptor) }
            if code == ENOSPC || code == EDQUOT { throw DatabaseError(StorageError.diskFull(file: marker)) }
            throw DatabaseError(errno: code, "\(marker) cannot be made")
        }
        close(descriptor)
        try flush(path)
    }

    /// The folder of a new database while it is made.
    struct NewFolder {
        let path: String
        let isNew: Bool
        private let lock: HeldLock?

        init(path: String, isNew: Bool, lock: HeldLock?) {
            self.path = path
            self.isNew = isNew
            self.lock = lock
        }

        /// Leaves the folder as it was found; of what cannot be removed the next one takes care.
        func abandon() {
            try? CopyRemains(path).remove(keeping: nil)
            if isNew { rmdir(path) }
        }
    }

    /// An error of a copy that names the folder: where the disk was full, another copy is made, or what stands there is
    /// damaged.
    static func told(_ path: String, _ error: DatabaseError) -> DatabaseError {
        if error.sqlState == "55006", error.message.hasPrefix("LOCK ") {
            return DatabaseError(
                "55006", "another process is making a copy in \(path)", hint: "wait until it has ended",
                cause: error)
        }
        if error.sqlState == "XX001",
            let file = (error.cause as? StorageError)?.troubledFile, file.hasPrefix(path + "/")
        {
            return DatabaseError(
                "XX001", error.message,
                hint: "the damage is in the copy, not in the database: make one in a new folder",
                cause: error.cause)
        }
        guard error.sqlState == "53100" else { return error }
        return DatabaseError(
            "53100", "the disk of \(path) is full",
            hint: "what was written has been removed; free space, or name a folder on another disk",
            cause: error)
    }
}
