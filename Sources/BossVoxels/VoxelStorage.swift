import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A block of voxel memory, 64-byte aligned, whose pages are recycled.
///
/// A fresh anonymous page costs 2.9 us on the machines this was measured on, several times the copy
/// into it, so a released block is kept for the next one of the same size class, up to a bound.
///
/// The memory is written only while one reference exists (`AnyVolume` copies on write, a brick is
/// filled before it is shared), which is the proof behind `@unchecked Sendable`.
public final class VoxelStorage: @unchecked Sendable {
    /// Usable bytes; at least the number asked for.
    public let byteCount: Int
    private let base: UnsafeMutableRawPointer
    private let capacity: Int

    /// Memory for `byteCount` bytes.
    ///
    /// - Parameter zeroed: whether the bytes start as zero; otherwise their content is arbitrary.
    /// - Precondition: the byte count is not negative and was checked against a budget by the caller:
    ///   running out of memory ends the process.
    public init(byteCount: Int, zeroed: Bool) {
        precondition(byteCount >= 0, "byte counts are not negative")
        self.byteCount = byteCount
        capacity = Self.sizeClass(byteCount)
        base = MemoryRecycler.shared.take(capacity)
        if zeroed { memset(base, 0, byteCount) }
    }

    deinit { MemoryRecycler.shared.give(base, capacity) }

    /// The bytes, valid during the call.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try body(UnsafeRawBufferPointer(start: base, count: byteCount))
    }

    /// The bytes for writing, valid during the call; the caller holds the only reference.
    public func withUnsafeMutableBytes<R>(_ body: (UnsafeMutableRawBufferPointer) throws -> R) rethrows -> R {
        try body(UnsafeMutableRawBufferPointer(start: base, count: byteCount))
    }

    /// The bytes, valid while this object is kept alive by the caller: for gathering many blocks in one write.
    package var unsafeBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: byteCount) }

    /// Rounds up to a multiple of 1/8 of the next lower power of two, at least 4 KiB.
    private static func sizeClass(_ byteCount: Int) -> Int {
        let wanted = max(byteCount, 4096)
        let step = max(512, 1 << (Int.bitWidth - 4 - wanted.leadingZeroBitCount))
        return (wanted + step - 1) & ~(step - 1)
    }
}

/// Released memory blocks by size, bounded in total.
///
/// The mutex guards the only mutable state; a block is owned either by the recycler or by one
/// `VoxelStorage`.
private final class MemoryRecycler: Sendable {
    static let shared = MemoryRecycler()
    /// Bytes kept at most; the memory bound of a read allows 64 MiB beside pool and result.
    private static let limit = 40 << 20

    private struct Block: @unchecked Sendable {
        let base: UnsafeMutableRawPointer
    }
    private struct State {
        var free: [Int: [Block]] = [:]
        var byteCount = 0
    }
    private let state = Mutex(State())

    func take(_ capacity: Int) -> UnsafeMutableRawPointer {
        let kept = state.withLock { state -> Block? in
            guard let block = state.free[capacity]?.popLast() else { return nil }
            state.byteCount -= capacity
            return block
        }
        return kept?.base ?? UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 64)
    }

    func give(_ base: UnsafeMutableRawPointer, _ capacity: Int) {
        let block = Block(base: base)
        let kept = state.withLock { state in
            guard state.byteCount + capacity <= Self.limit else { return false }
            state.free[capacity, default: []].append(block)
            state.byteCount += capacity
            return true
        }
        if !kept { block.base.deallocate() }
    }
}
