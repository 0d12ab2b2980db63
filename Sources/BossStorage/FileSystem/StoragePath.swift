#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Rules for the relative paths of the `FileSystem` seam, the same for every implementation.
///
/// Names can come out of a damaged file, so a bad one is refused with EINVAL and never traps.
enum StoragePath {
    /// Refuses what would leave the directory or be read differently by the operating system.
    ///
    /// - Parameter allowsRoot: whether `""`, the database directory itself, is meant too.
    static func check(_ path: String, operation: String, allowsRoot: Bool = false) throws(StorageError) {
        if path.isEmpty {
            guard allowsRoot else { throw .inputOutput(operation: operation, file: path, errno: EINVAL) }
            return
        }
        var componentByteCount = 0
        var hasOnlyDots = true
        var isGood = true
        func endComponent() {
            // Empty components, "." and ".." are out; so are names longer than file systems take.
            if componentByteCount == 0 || (hasOnlyDots && componentByteCount <= 2) || componentByteCount > 255
            {
                isGood = false
            }
            componentByteCount = 0
            hasOnlyDots = true
        }
        for byte in path.utf8 {
            if byte == UInt8(ascii: "/") {
                endComponent()
            } else {
                componentByteCount += 1
                if byte != UInt8(ascii: ".") { hasOnlyDots = false }
                if byte == 0 { isGood = false }
            }
        }
        endComponent()
        guard isGood else { throw .inputOutput(operation: operation, file: path, errno: EINVAL) }
    }

    /// The directory part and the last component; the directory of a plain name is `""`.
    static func split(_ path: String) -> (directory: String, name: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("", path) }
        return (String(path[..<slash]), String(path[path.utf8.index(after: slash)...]))
    }

    /// `a`, `a/b`, `a/b/c` for `a/b/c`: what has to exist, outermost first.
    static func prefixes(_ path: String) -> [String] {
        var result: [String] = []
        for (index, byte) in zip(path.utf8.indices, path.utf8) where byte == UInt8(ascii: "/") {
            result.append(String(path[..<index]))
        }
        result.append(path)
        return result
    }
}

extension StorageError {
    /// The error of a failed call on a file: names for what callers tell apart, else the errno.
    static func failed(_ operation: String, _ file: String, errno code: Int32) -> StorageError {
        switch code {
        case ENOSPC, EDQUOT: .diskFull(file: file)
        case ENOENT: .notFound(file: file)
        case EEXIST: .alreadyExists(path: file)
        default: .inputOutput(operation: operation, file: file, errno: code)
        }
    }
}
