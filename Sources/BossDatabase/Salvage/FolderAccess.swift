#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Folders that no database can be in, told before anything is opened or made.
extension DatabaseFolder {
    /// Bytes of a folder's whole path, without links, with which SQLite still opens the catalog and its journal.
    private static let pathByteLimit = 450

    /// Refuses a folder whose catalog could not be opened, before anything is made.
    ///
    /// - Throws: 54000.
    static func refuseLongPath(_ path: String) throws(DatabaseError) {
        let byteCount = resolved(path).utf8.count
        guard byteCount > pathByteLimit else { return }
        throw DatabaseError(
            "54000",
            "the path \(path) has \(byteCount) bytes, a database's has at most \(pathByteLimit)",
            hint: "name a folder with a shorter path; a link to it does not help")
    }

    /// Refuses a folder that is there, or may be, and cannot be looked into.
    ///
    /// - Throws: 58030.
    static func refuseInaccessible(_ path: String) throws(DatabaseError) {
        var status = stat()
        let mode = R_OK | X_OK
        let isRefused =
            stat(path, &status) != 0 || (status.st_mode & S_IFMT == S_IFDIR && access(path, mode) != 0)
        let code = errno
        guard isRefused, code != ENOENT, code != ENOTDIR else { return }
        throw DatabaseError(errno: code, "\(path) cannot be opened")
    }
}
