#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The names of the files in one directory.
enum PosixListing {
    /// Reads a directory and closes its descriptor. Directories and other things that are no files are left
    /// out.
    static func fileNames(takingOver descriptor: Int32, path: String) throws(StorageError) -> [String] {
        guard let stream = fdopendir(descriptor) else {
            let code = errno
            _ = close(descriptor)
            throw .failed("list", path, errno: code)
        }
        defer { _ = closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                let code = errno
                if code != 0 { throw .failed("list", path, errno: code) }
                return names
            }
            guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { continue }
            // A record is shorter than `dirent`: its name is read where it lies.
            let name = UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: CChar.self)
            if isFile(name, kind: entry.pointee.d_type, directory: descriptor) {
                names.append(String(cString: name))
            }
        }
    }

    private static func isFile(_ name: UnsafePointer<CChar>, kind: UInt8, directory: Int32) -> Bool {
        switch Int(kind) {
        case Int(DT_REG): return true
        case Int(DT_UNKNOWN), Int(DT_LNK):
            // Some file systems do not say, and a link to a file counts as one.
            var status = stat()
            return fstatat(directory, name, &status, 0) == 0 && status.st_mode & S_IFMT == S_IFREG
        default: return false
        }
    }
}
