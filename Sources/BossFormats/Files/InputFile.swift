#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Bytes of a volume file after decompression.
protocol ByteSource: AnyObject {
    /// The path, for messages.
    var file: String { get }
    /// The exact number of bytes, or nil when only inflating tells.
    var byteCount: Int? { get }
    /// The most bytes there can be; bounds what a header may declare.
    var byteCountLimit: Int { get }
    /// Fills the buffer from an offset; returns fewer bytes only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FormatError) -> Int
}

extension ByteSource {
    /// The first bytes, fewer when the content is shorter.
    func prefix(_ count: Int) throws(FormatError) -> [UInt8] { try bytes(at: 0, count: count) }

    /// Some bytes, fewer at the end of the content. `count` was checked by the caller.
    func bytes(at offset: Int, count: Int) throws(FormatError) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: count)
        let filled = result.withUnsafeMutableBytes { buffer -> Result<Int, FormatError> in
            Result { () throws(FormatError) in try self.read(into: buffer, at: offset) }
        }
        result.removeLast(count - (try filled.get()))
        return result
    }

    /// Fills the buffer from an offset.
    ///
    /// - Throws: `FormatError.truncated`.
    func readExactly(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FormatError) {
        let count = try read(into: buffer, at: offset)
        guard count == buffer.count else {
            throw .truncated(file: file, expected: offset + buffer.count, found: offset + count)
        }
    }

    /// Refuses content that cannot have the declared length, before anything of that size is allocated.
    func checkDeclared(byteCount declared: Int) throws(FormatError) {
        guard let byteCount else {
            if declared <= byteCountLimit { return }
            throw .corrupt(
                file: file,
                reason:
                    "it declares \(declared) bytes; so small a gzip file inflates to \(byteCountLimit) at most"
            )
        }
        if byteCount == declared { return }
        if byteCount < declared { throw .truncated(file: file, expected: declared, found: byteCount) }
        throw .corrupt(file: file, reason: "\(byteCount - declared) bytes follow the last voxel")
    }

    /// Checks that the content ends here, with the checksum of gzip.
    func expectEnd(at offset: Int) throws(FormatError) {
        guard try bytes(at: offset, count: 1).isEmpty else {
            throw .corrupt(file: file, reason: "bytes follow the last voxel")
        }
    }
}

/// A regular file opened for reading.
final class InputFile: ByteSource {
    let file: String
    let descriptor: Int32
    private let size: Int

    var byteCount: Int? { size }
    var byteCountLimit: Int { size }
    /// Bytes of the file when it was opened.
    var fileByteCount: Int { size }

    /// Opens a file.
    ///
    /// - Throws: `FormatError.notFound`, `.unreadable`; EISDIR for a directory, `.unsupported` for a
    ///   device, pipe or socket, which is never waited for.
    init(path: String) throws(FormatError) {
        guard !path.utf8.contains(0) else { throw .notFound(file: path) }
        // Without O_NONBLOCK a pipe without a writer would be waited for.
        let opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard opened >= 0 else {
            let code = errno
            throw code == ENOENT ? .notFound(file: path) : .unreadable(file: path, errno: code)
        }
        var status = stat()
        let code = fstat(opened, &status) == 0 ? 0 : errno
        let kind = status.st_mode & S_IFMT
        guard code == 0, kind == S_IFREG else {
            close(opened)
            if code != 0 { throw .unreadable(file: path, errno: code) }
            if kind == S_IFDIR { throw .unreadable(file: path, errno: EISDIR) }
            throw .unsupported(file: path, what: "it is not a regular file")
        }
        file = path
        descriptor = opened
        size = Int(status.st_size)
    }

    deinit { close(descriptor) }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FormatError) -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        var done = 0
        while done < buffer.count {
            let count = pread(
                descriptor, base + done, min(buffer.count - done, 1 << 30), off_t(offset + done))
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw .unreadable(file: file, errno: errno)
            }
            done += count
        }
        return done
    }

    /// A second descriptor of the same open file, at its start, for a library that closes what it gets.
    func duplicateDescriptor() throws(FormatError) -> Int32 {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0, lseek(copy, 0, SEEK_SET) == 0 else {
            let code = errno
            if copy >= 0 { close(copy) }
            throw .unreadable(file: file, errno: code)
        }
        return copy
    }
}
