#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A new file; removed again unless `finish` is reached.
final class OutputFile {
    private let path: String
    private var descriptor: Int32
    private let isRegular: Bool

    /// Creates the file or empties one of this name.
    init(path: String) throws(FormatError) {
        guard !path.utf8.contains(0) else { throw .unwritable(file: path, errno: EINVAL) }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw .unwritable(file: path, errno: errno) }
        var status = stat()
        isRegular = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        if isRegular { unlink(path) }
    }

    /// Appends all bytes.
    func write(_ bytes: UnsafeRawBufferPointer) throws(FormatError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = writeSome(rest)
            if count < 0 {
                if errno == EINTR { continue }
                throw .unwritable(file: path, errno: errno)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Closes the file and keeps it.
    func finish() throws(FormatError) {
        guard close(descriptor) == 0 else {
            let code = errno
            descriptor = -1
            if isRegular { unlink(path) }
            throw .unwritable(file: path, errno: code)
        }
        descriptor = -1
    }

    private func writeSome(_ bytes: UnsafeRawBufferPointer) -> Int {
        var part = iovec(
            iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: min(bytes.count, 1 << 30)
        )
        return writev(descriptor, &part, 1)
    }
}
