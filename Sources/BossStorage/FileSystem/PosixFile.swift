import CPosixShim

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// An open file of a real directory; closed when the last reference goes.
final class PosixFile: StorageFile {
    let path: String
    let descriptor: Int32

    /// Takes over a descriptor.
    init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { _ = close(descriptor) }

    func status() throws(StorageError) -> stat {
        var status = stat()
        let found = retryingInterrupts { Int(fstat(descriptor, &status)) }
        if found.value != 0 { throw .failed("stat", path, errno: found.errno) }
        return status
    }

    func byteCount() throws(StorageError) -> UInt64 {
        UInt64(clamping: try status().st_size)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) -> Int {
        guard let base = buffer.baseAddress, buffer.count > 0 else { return 0 }
        let start = try fileOffset(offset, byteCount: buffer.count, operation: "read")
        var done = 0
        while done < buffer.count {
            let count = retryingInterrupts {
                pread(descriptor, base + done, buffer.count - done, start + off_t(done))
            }
            guard count.value >= 0 else { throw .failed("read", path, errno: count.errno) }
            if count.value == 0 { break }
            done += count.value
        }
        return done
    }

    func write(_ buffers: [UnsafeRawBufferPointer], at offset: UInt64) throws(StorageError) {
        var vectors: [iovec] = []
        vectors.reserveCapacity(buffers.count)
        var total = 0
        for buffer in buffers {
            guard let base = buffer.baseAddress, buffer.count > 0 else { continue }
            vectors.append(iovec(iov_base: UnsafeMutableRawPointer(mutating: base), iov_len: buffer.count))
            total += buffer.count
        }
        var position = try fileOffset(offset, byteCount: total, operation: "write")
        var first = 0
        while first < vectors.count {
            let group = Int32(min(vectors.count - first, Self.vectorLimit))
            let count = vectors.withUnsafeBufferPointer { all in
                retryingInterrupts {
                    guard let base = all.baseAddress else { return 0 }
                    return pwritev(descriptor, base + first, group, position)
                }
            }
            guard count.value >= 0 else { throw .failed("write", path, errno: count.errno) }
            // Nothing written and no error: never happens on files, and must not loop.
            guard count.value > 0 else { throw .inputOutput(operation: "write", file: path, errno: EIO) }
            #if SEEDED_DEFECTS
                if SeededDefect.isOn(.acceptShortWrite) { return }
            #endif
            position += off_t(count.value)
            Self.advance(&vectors, from: &first, by: count.value)
        }
    }

    func sync() throws(StorageError) {
        let code = boss_posix_sync_data(descriptor)
        if code != 0 { throw .failed("sync", path, errno: code) }
    }

    func startFlush(offset: UInt64, byteCount: Int) {
        guard let start = Int64(exactly: offset) else { return }
        boss_posix_start_flush(descriptor, start, Int64(byteCount))
    }

    func allocate(byteCount: UInt64) throws(StorageError) {
        guard byteCount > 0 else { return }
        let end = try fileOffset(byteCount, byteCount: 0, operation: "allocate")
        let code = boss_posix_allocate(descriptor, Int64(end))
        switch code {
        case 0: return
        case EOPNOTSUPP, ENOSYS: try extend(byteCount: byteCount)
        default: throw .failed("allocate", path, errno: code)
        }
    }

    /// Extends the length without blocks, for file systems that cannot allocate; never shortens.
    func extend(byteCount: UInt64) throws(StorageError) {
        if try self.byteCount() < byteCount { try truncate(byteCount: byteCount) }
    }

    func truncate(byteCount: UInt64) throws(StorageError) {
        let end = try fileOffset(byteCount, byteCount: 0, operation: "truncate")
        let cut = retryingInterrupts { Int(ftruncate(descriptor, end)) }
        if cut.value != 0 { throw .failed("truncate", path, errno: cut.errno) }
    }

    func map(byteCount: Int) throws(StorageError) -> any FileMapping {
        guard byteCount >= 0, try self.byteCount() >= UInt64(byteCount) else {
            throw .inputOutput(operation: "map", file: path, errno: EINVAL)
        }
        guard byteCount > 0 else { return PosixMapping(path: path, base: nil, byteCount: 0) }
        let base = mmap(nil, byteCount, PROT_READ, MAP_SHARED, descriptor, 0)
        guard let base, base != MAP_FAILED else { throw .failed("map", path, errno: errno) }
        return PosixMapping(path: path, base: base, byteCount: byteCount)
    }

    /// Buffers that one call takes (IOV_MAX on Linux).
    private static let vectorLimit = 1024

    private static func advance(_ vectors: inout [iovec], from first: inout Int, by byteCount: Int) {
        var rest = byteCount
        while first < vectors.count, rest >= vectors[first].iov_len {
            rest -= vectors[first].iov_len
            first += 1
        }
        guard rest > 0, first < vectors.count else { return }
        vectors[first].iov_base = vectors[first].iov_base.map { $0 + rest }
        vectors[first].iov_len -= rest
    }

    /// The offset as the system's type; EFBIG when it or the end of the range does not fit.
    private func fileOffset(
        _ offset: UInt64, byteCount: Int, operation: String
    ) throws(StorageError) -> off_t {
        guard let start = off_t(exactly: offset), !start.addingReportingOverflow(off_t(byteCount)).overflow
        else { throw .inputOutput(operation: operation, file: path, errno: EFBIG) }
        return start
    }
}

/// The holder's text of a lock file.
extension PosixFile {
    func holder() throws(StorageError) -> String {
        var count = 0
        var failure: StorageError?
        let bytes = [UInt8](unsafeUninitializedCapacity: LockHolder.byteCount) { buffer, initialized in
            do throws(StorageError) {
                count = try read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
            } catch {
                failure = error
            }
            initialized = count
        }
        if let failure { throw failure }
        return LockHolder.decode(bytes)
    }

    func writeHolder(_ holder: String) throws(StorageError) {
        let bytes = LockHolder.encode(holder)
        var failure: StorageError?
        bytes.withUnsafeBytes { buffer in
            do throws(StorageError) {
                try write([buffer], at: 0)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }
}
