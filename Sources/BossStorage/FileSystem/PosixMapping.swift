import CPosixShim

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A mapped file. The pages stay mapped until the last reference goes, also after the file is closed or
/// its name removed.
///
/// Sendable: the address and the length never change, the memory is only read, and only through the
/// guard, which is per thread; it is unmapped when nobody holds a reference any more.
final class PosixMapping: FileMapping, @unchecked Sendable {
    let byteCount: Int
    private let path: String
    private let base: UnsafeMutableRawPointer?

    /// Takes over a mapping; no base for an empty one.
    init(path: String, base: UnsafeMutableRawPointer?, byteCount: Int) {
        self.path = path
        self.base = base
        self.byteCount = byteCount
    }

    deinit {
        if let base { _ = munmap(base, byteCount) }
    }

    func copy(from offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(StorageError) {
        checkRange(offset, buffer.count)
        guard let base, let target = buffer.baseAddress, buffer.count > 0 else { return }
        let code = boss_posix_guarded_copy(target, base + offset, buffer.count)
        if code != 0 { throw .inputOutput(operation: "map", file: path, errno: code) }
    }

    func guarded(
        from offset: Int, byteCount: Int, context: UnsafeMutableRawPointer,
        _ body: @convention(c) (UnsafeRawPointer, Int, UnsafeMutableRawPointer) -> Void
    ) throws(StorageError) {
        checkRange(offset, byteCount)
        guard let base, byteCount > 0 else { return }
        let code = boss_posix_guarded_call(body, base + offset, byteCount, context)
        if code != 0 { throw .inputOutput(operation: "map", file: path, errno: code) }
    }

    func willNeed(from offset: Int, byteCount: Int) {
        checkRange(offset, byteCount)
        guard let base, byteCount > 0 else { return }
        let inPage = offset % Int(getpagesize())
        // A hint: its failure changes nothing.
        _ = madvise(base + (offset - inPage), byteCount + inPage, Int32(MADV_WILLNEED))
    }

    private func checkRange(_ offset: Int, _ count: Int) {
        precondition(
            offset >= 0 && count >= 0 && offset <= byteCount && count <= byteCount - offset,
            "range outside the mapping")
    }
}

/// A held `flock`, which belongs to the open file: no other open of the same file, in this process or
/// another, gets it, and closing some other descriptor of the file does not drop it.
final class PosixLock: FileLock {
    private let file: PosixFile

    /// Takes over a file whose lock is held.
    init(_ file: PosixFile) {
        self.file = file
    }

    deinit { release() }

    func release() {
        // Explicitly, and not only by closing: a forked child may hold the same open file. Repeating does no
        // harm.
        _ = flock(file.descriptor, LOCK_UN)
    }
}
