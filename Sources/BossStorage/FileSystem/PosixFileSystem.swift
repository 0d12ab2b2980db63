import CPosixShim

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The seam over a real directory.
///
/// The directory is held open and every path is resolved against it, so a renamed directory stays the
/// same database. Calls block; they belong on the engine's own threads. Descriptors are closed on exec.
package final class PosixFileSystem: FileSystem {
    package let displayPath: String
    private let directory: Int32

    /// Opens a directory.
    ///
    /// - Parameters:
    ///   - directory: absolute, or relative to the current directory of the process.
    ///   - createIfMissing: makes the directory and its parents, and makes their entries durable.
    /// - Throws: `.notFound` when it is missing and may not be made.
    package init(directory path: String, createIfMissing: Bool) throws(StorageError) {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw .inputOutput(operation: "open", file: path, errno: EINVAL)
        }
        if createIfMissing { try Self.makeTree(path) }
        directory = try Self.openDirectory(AT_FDCWD, path, name: path)
        displayPath = path
    }

    deinit { _ = close(directory) }

    package func open(_ path: String, mode: FileMode) throws(StorageError) -> any StorageFile {
        try StoragePath.check(path, operation: "open")
        let flags =
            switch mode {
            case .read: O_RDONLY
            case .readWrite: O_RDWR
            case .createNew: O_RDWR | O_CREAT | O_EXCL
            }
        let file = PosixFile(path: path, descriptor: try openFile(path, flags: flags))
        guard try file.status().st_mode & S_IFMT == S_IFREG else {
            throw .inputOutput(operation: "open", file: path, errno: EISDIR)
        }
        return file
    }

    package func createDirectory(_ path: String) throws(StorageError) {
        try StoragePath.check(path, operation: "createDirectory", allowsRoot: true)
        guard !path.isEmpty else { return }
        for prefix in StoragePath.prefixes(path) {
            let made = retryingInterrupts { Int(mkdirat(directory, prefix, 0o777)) }
            if made.value != 0 && made.errno != EEXIST {
                throw .failed("createDirectory", prefix, errno: made.errno)
            }
            // Also when it exists: whoever made it may have died before this.
            try syncDirectory(StoragePath.split(prefix).directory)
        }
        // A file of this name is an error.
        _ = close(try Self.openDirectory(directory, path, name: path))
    }

    package func syncDirectory(_ path: String) throws(StorageError) {
        try StoragePath.check(path, operation: "syncDirectory", allowsRoot: true)
        let descriptor = try Self.openDirectory(directory, path.isEmpty ? "." : path, name: path)
        defer { _ = close(descriptor) }
        try Self.syncDirectory(descriptor, name: path)
    }

    package func renameNoReplace(_ path: String, to newPath: String) throws(StorageError) {
        try StoragePath.check(path, operation: "rename")
        try StoragePath.check(newPath, operation: "rename")
        let code = boss_posix_rename_no_replace(directory, path, newPath)
        switch code {
        case 0: return
        case EINVAL, ENOSYS: try renameByLink(path, to: newPath)
        case EEXIST: throw .alreadyExists(path: newPath)
        default: throw .failed("rename", path, errno: code)
        }
    }

    /// Renames by a second name and the removal of the first, for file systems without a rename that
    /// refuses to replace. A crash in between leaves both names.
    package func renameByLink(_ path: String, to newPath: String) throws(StorageError) {
        let linked = retryingInterrupts { Int(linkat(directory, path, directory, newPath, 0)) }
        if linked.value != 0 {
            throw linked.errno == EEXIST
                ? .alreadyExists(path: newPath) : .failed("rename", path, errno: linked.errno)
        }
        try unlink(path)
    }

    package func unlink(_ path: String) throws(StorageError) {
        try StoragePath.check(path, operation: "unlink")
        let removed = retryingInterrupts { Int(unlinkat(directory, path, 0)) }
        if removed.value != 0 { throw .failed("unlink", path, errno: removed.errno) }
    }

    package func exists(_ path: String) throws(StorageError) -> Bool {
        try StoragePath.check(path, operation: "exists", allowsRoot: true)
        guard !path.isEmpty else { return true }
        var status = stat()
        let found = retryingInterrupts { Int(fstatat(directory, path, &status, 0)) }
        if found.value == 0 { return true }
        guard found.errno == ENOENT || found.errno == ENOTDIR else {
            throw .failed("exists", path, errno: found.errno)
        }
        return false
    }

    package func list(_ path: String) throws(StorageError) -> [String] {
        try StoragePath.check(path, operation: "list", allowsRoot: true)
        let descriptor: Int32
        do throws(StorageError) {
            descriptor = try Self.openDirectory(directory, path.isEmpty ? "." : path, name: path)
        } catch .notFound {
            return []
        }
        return try PosixListing.fileNames(takingOver: descriptor, path: path)
    }

    package func lock(_ path: String, holder: String) throws(StorageError) -> any FileLock {
        try StoragePath.check(path, operation: "lock")
        // Somebody may remove the file between our open and our lock: then the lock excludes nobody.
        for _ in 0..<16 {
            // The holder is written into it, so it must be a file of this directory.
            let flags = O_RDWR | O_CREAT | O_NOFOLLOW
            let file = PosixFile(path: path, descriptor: try openFile(path, flags: flags))
            guard try file.status().st_mode & S_IFMT == S_IFREG else {
                throw .inputOutput(operation: "lock", file: path, errno: EINVAL)
            }
            let taken = retryingInterrupts { Int(flock(file.descriptor, LOCK_EX | LOCK_NB)) }
            if taken.value != 0 {
                guard taken.errno == EWOULDBLOCK else { throw .failed("lock", path, errno: taken.errno) }
                throw .locked(path: path, holder: try file.holder())
            }
            let lock = PosixLock(file)
            guard try isCurrent(file) else { continue }
            try file.writeHolder(holder)
            return lock
        }
        throw .inputOutput(operation: "lock", file: path, errno: EAGAIN)
    }

    package func randomUInt64() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }

    package func microsecondsSince1970() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1_000
    }

    /// Whether the path still names this open file.
    private func isCurrent(_ file: PosixFile) throws(StorageError) -> Bool {
        let opened = try file.status()
        var named = stat()
        let found = retryingInterrupts { Int(fstatat(directory, file.path, &named, 0)) }
        return found.value == 0 && named.st_dev == opened.st_dev && named.st_ino == opened.st_ino
    }

    private func openFile(_ path: String, flags: Int32) throws(StorageError) -> Int32 {
        // A pipe of that name would wait for somebody at its other end; files do not notice.
        let flags = flags | O_CLOEXEC | O_NONBLOCK
        let opened = retryingInterrupts { Int(openat(directory, path, flags, 0o666)) }
        guard opened.value >= 0 else { throw .failed("open", path, errno: opened.errno) }
        return Int32(truncatingIfNeeded: opened.value)
    }
}

/// Directories themselves.
extension PosixFileSystem {
    private static func openDirectory(
        _ base: Int32, _ path: String, name: String
    ) throws(StorageError) -> Int32 {
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
        let opened = retryingInterrupts { Int(openat(base, path, flags)) }
        guard opened.value >= 0 else { throw .failed("open", name, errno: opened.errno) }
        return Int32(truncatingIfNeeded: opened.value)
    }

    private static func syncDirectory(_ descriptor: Int32, name: String) throws(StorageError) {
        let synced = retryingInterrupts { Int(fsync(descriptor)) }
        // EINVAL: a file system whose directories cannot be flushed, and need not be.
        if synced.value != 0 && synced.errno != EINVAL {
            throw .failed("syncDirectory", name, errno: synced.errno)
        }
    }

    /// Makes a directory with its parents, each entry durable.
    private static func makeTree(_ path: String) throws(StorageError) {
        var wasMade = false
        for prefix in StoragePath.prefixes(path) where !prefix.isEmpty {
            let made = retryingInterrupts { Int(mkdir(prefix, 0o777)) }
            if made.value == 0 {
                wasMade = true
                try syncParent(of: prefix)
            } else if made.errno != EEXIST {
                // Parents that exist may forbid making entries; the last one decides.
                guard prefix != path && isDirectory(prefix) else {
                    throw .failed("createDirectory", prefix, errno: made.errno)
                }
            }
        }
        guard !wasMade else { return }
        do throws(StorageError) {
            // Whoever made it may have died before the entry was durable.
            try syncParent(of: path)
        } catch .inputOutput(_, _, let code) where code == EACCES || code == EPERM {
            // A parent that we may not read is not ours to flush.
        }
    }

    private static func syncParent(of path: String) throws(StorageError) {
        var parent = StoragePath.split(path).directory
        if parent.isEmpty { parent = path.utf8.first == UInt8(ascii: "/") ? "/" : "." }
        let descriptor = try openDirectory(AT_FDCWD, parent, name: parent)
        defer { _ = close(descriptor) }
        try syncDirectory(descriptor, name: parent)
    }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}

/// Runs a system call until no signal interrupts it; `errno` is only meaningful when the call failed.
@inline(__always)
func retryingInterrupts(_ call: () -> Int) -> (value: Int, errno: Int32) {
    while true {
        let value = call()
        if value >= 0 { return (value, 0) }
        let code = errno
        if code != EINTR { return (value, code) }
    }
}
