import GRDB

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension Catalog {
    /// Writes a copy of the committed state to a new or an empty file, flushed when this returns. Others read
    /// meanwhile, also in transactions that write; a commit waits until the copy is made.
    ///
    /// What the engine has committed and the catalog not yet stands in the engine's commits, and is not in the copy.
    ///
    /// - Parameter pinned: called once, with the last commit of the engine that the copy will have, while no commit of
    ///   any process can change the catalog: for what has to be of the same moment. Must not use the catalog.
    /// - Throws: `.alreadyExists` if the file holds something, `.diskFull`. After an error the file is as it was.
    package func backup(
        to copyPath: String, pinned: (_ appliedCommit: UInt64) -> Void = { _ in }
    ) throws(CatalogError) {
        if let transaction { return try transaction.parent.backup(to: copyPath, pinned: pinned) }
        let own = try openConnection()
        guard !copyPath.isEmpty, !copyPath.utf8.contains(0) else {
            throw .notFound(kind: .catalogFile, path: copyPath)
        }
        // Claims the name; SQLite fills an empty file.
        let isNew = try CopyFile.claim(copyPath)
        do {
            // The name of a file that is only read may be another file's by now, a backup's that was brought up to date.
            let source = try isInMemory || isReadOnly ? own : connectionForReading()
            try source.read { db in
                // The first look takes SQLite's SHARED lock, which no commit passes.
                pinned(try AppliedCommit.get(db))
                try copy(from: db, to: copyPath)
            }
            try CopyFile.flush(copyPath)
            try CopyFile.flush(CopyFile.folder(of: copyPath))
        } catch {
            if isNew { unlink(copyPath) } else { truncate(copyPath, 0) }
            throw CatalogError(error, file: copyPath)
        }
    }

    private func connectionForReading() throws(CatalogError) -> DatabaseQueue {
        let configuration = Self.configuration(busyTimeoutSeconds)
        do {
            return try DatabaseQueue(path: Self.plain(path), configuration: configuration)
        } catch {
            throw CatalogError(error, file: path)
        }
    }

    private func copy(from source: Database, to copyPath: String) throws {
        var configuration = Self.configuration(busyTimeoutSeconds)
        configuration.prepareDatabase { db in
            // What is not complete is removed, and the flush comes at the end.
            try db.execute(sql: "PRAGMA synchronous = OFF")
            _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = OFF")
        }
        let target = try DatabaseQueue(path: Self.plain(copyPath), configuration: configuration)
        // In one step: the copy is of one moment, and never starts anew because somebody wrote.
        try target.writeWithoutTransaction { try source.backup(to: $0) }
        try target.close()
    }
}

/// The system calls around a copy that SQLite writes.
private enum CopyFile {
    /// Makes an empty file, or takes one that is there; returns whether it was made.
    static func claim(_ path: String) throws(CatalogError) -> Bool {
        let descriptor = openFile(path, O_RDWR | O_CREAT | O_EXCL)
        guard descriptor >= 0 else {
            let code = errno
            var status = stat()
            guard code == EEXIST else { throw systemError(code, "cannot make the file", path) }
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size == 0 else {
                throw .alreadyExists(kind: .catalogFile, path: path)
            }
            return false
        }
        // Before SQLite has it: closing it later would take SQLite's locks on the file away.
        close(descriptor)
        return true
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
