#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Why the operating system refused something, in words.
package struct SystemFailure: Hashable, Sendable {
    /// The errno value.
    package let code: Int32

    package init(_ code: Int32) { self.code = code }

    /// The system's own words, such as `permission denied`.
    package var words: String {
        guard let text = strerror(code).map({ String(cString: $0) }) else { return "errno \(code)" }
        return text.prefix(1).lowercased() + text.dropFirst()
    }

    /// What can be done.
    package var hint: String {
        switch code {
        case EACCES, EPERM: "look at the owner and the permissions of it and of the folders above it"
        case EROFS:
            "its file system is mounted read-only: open the database with --read-only, or copy it elsewhere"
        case ENOTDIR: "a file stands where a folder should be: look for a mistyped name"
        case EISDIR: "a folder stands where a file should be: look for a mistyped name"
        case ELOOP: "its symbolic links lead in a circle: name the folder itself"
        case ENAMETOOLONG: "name a folder with a shorter path"
        case EMFILE, ENFILE: "close other programs, or raise the limit of open files (ulimit -n)"
        case ENOMEM: "close other programs, and try again"
        case ENOENT: "look for a mistyped name"
        case ENOSPC, EDQUOT: "free space, or name a place on another disk"
        case EFBIG: "its file system, or ulimit -f, takes no larger files"
        default: "see the system log for the disk"
        }
    }

    /// Whether somebody's permissions or limits are to blame, so that nothing is known of the bytes themselves.
    var isObstacle: Bool { [EACCES, EPERM, EMFILE, ENFILE, ENOMEM].contains(code) }

    /// `cannot be opened: permission denied`, for a call of the `FileSystem` seam.
    package func sentence(of operation: String) -> String {
        let participles = [
            "open": "opened", "read": "read", "write": "written", "sync": "flushed",
            "syncDirectory": "flushed",
            "createDirectory": "made", "rename": "renamed", "unlink": "removed", "list": "listed",
            "lock": "locked", "allocate": "enlarged", "truncate": "brought to its length", "map": "mapped",
            "stat": "looked at", "exists": "looked at",
        ]
        return participles[operation].map { "cannot be \($0): \(words)" } ?? "\(operation) failed: \(words)"
    }
}

extension StorageError {
    /// What can be done where nothing is known of the bytes: a newer program wrote them, or they may not be read. Nil
    /// for damage.
    package var obstacleRemedy: String? {
        switch self {
        case .unsupportedFormat: "open it with a newer bossql"
        case .inputOutput(_, _, let code) where SystemFailure(code).isObstacle: SystemFailure(code).hint
        default: nil
        }
    }
}
