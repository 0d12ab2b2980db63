import GRDB

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension Catalog {
    /// Writes a copy of the committed state to a new file, flushed when this returns. Others read and write
    /// meanwhile; a commit waits until the copy is made. Opens a connection of its own.
    ///
    /// - Throws: `.alreadyExists` if the file exists, `.diskFull`. After any other error than that no file is left.
    package func backup(to copyPath: String) throws(CatalogError) {
        if let transaction { return try transaction.parent.backup(to: copyPath) }
        try settle()
        let own = try openConnection()
        guard !copyPath.isEmpty, !copyPath.utf8.contains(0) else {
            throw .notFound(kind: .catalogFile, path: copyPath)
        }
        // Claims the name; SQLite fills an empty file.
        try CopyFile.create(copyPath)
        do {
            try copy(from: try isInMemory ? own : connectionForReading(), to: copyPath)
            try CopyFile.flush(copyPath)
            try CopyFile.flush(CopyFile.folder(of: copyPath))
        } catch {
            unlink(copyPath)
            throw CatalogError(error, file: copyPath)
        }
    }

    private func connectionForReading() throws(CatalogError) -> DatabaseQueue {
        var configuration = Self.configuration(busyTimeoutSeconds)
        configuration.readonly = isReadOnly
        do {
            return try DatabaseQueue(path: Self.plain(path), configuration: configuration)
        } catch {
            throw CatalogError(error, file: path)
        }
    }

    private func copy(from source: DatabaseQueue, to copyPath: String) throws {
        var configuration = Self.configuration(busyTimeoutSeconds)
        configuration.prepareDatabase { db in
            // What is not complete is removed, and the flush comes at the end.
            try db.execute(sql: "PRAGMA synchronous = OFF")
            _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = OFF")
        }
        let target = try DatabaseQueue(path: Self.plain(copyPath), configuration: configuration)
        // In one step: the copy is of one moment, and never starts anew because somebody wrote.
        try source.backup(to: target)
        try target.close()
    }
}

/// The system calls around a copy that SQLite writes.
private enum CopyFile {
    /// Makes an empty file, which must not be there.
    static func create(_ path: String) throws(CatalogError) {
        let descriptor = openFile(path, O_RDWR | O_CREAT | O_EXCL)
        guard descriptor >= 0 else {
            guard errno != EEXIST else { throw .alreadyExists(kind: .catalogFile, path: path) }
            throw systemError(errno, "cannot make the file", path)
        }
        // Before SQLite has it: closing it later would take SQLite's locks on the file away.
        close(descriptor)
    }

    private static func openFile(_ path: String, _ flags: Int32) -> Int32 {
        while true {
            let descriptor = open(path, flags | O_CLOEXEC, 0o644)
            if descriptor >= 0 || errno != EINTR { return descriptor }
        }
    }

    static func flush(_ path: String) throws(CatalogError) {
        let descriptor = openFile(path, O_RDONLY)
        guard descriptor >= 0 else { throw systemError(errno, "cannot open it for flushing", path) }
        defer { close(descriptor) }
        #if canImport(Darwin)
            if fcntl(descriptor, F_FULLFSYNC) == 0 { return }
        #endif
        guard fsync(descriptor) == 0 else { throw systemError(errno, "cannot flush", path) }
    }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func systemError(_ code: Int32, _ what: String, _ path: String) -> CatalogError {
        switch code {
        case ENOSPC, EDQUOT: .diskFull(file: path)
        case ENOENT: .notFound(kind: .catalogFile, path: path)
        default:
            .sqlite(
                code: ResultCode.SQLITE_IOERR.rawValue,
                message: "\(what) \(path): \(String(cString: strerror(code)))")
        }
    }
}
