#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Bytes that end right before a page nobody may touch, so that an access past them ends the test run.
final class GuardedBytes {
    private let mapping: UnsafeMutableRawPointer
    private let mappedByteCount: Int
    /// The bytes, zero at first.
    let bytes: UnsafeMutableRawBufferPointer

    init(count: Int) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let usable = (count + page - 1) / page * page
        mappedByteCount = usable + page
        guard
            let mapping = mmap(
                nil, mappedByteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            mapping != MAP_FAILED, mprotect(mapping + usable, page, PROT_NONE) == 0
        else { preconditionFailure("the tests need a few pages of memory") }
        self.mapping = mapping
        bytes = UnsafeMutableRawBufferPointer(start: mapping + usable - count, count: count)
    }

    convenience init(_ content: [UInt8]) {
        self.init(count: content.count)
        bytes.copyBytes(from: content)
    }

    deinit { munmap(mapping, mappedByteCount) }

    var readable: UnsafeRawBufferPointer { UnsafeRawBufferPointer(bytes) }
}
