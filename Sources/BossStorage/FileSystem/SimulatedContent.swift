#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The bytes of a simulated file, in chunks that copies share until one of them is written.
///
/// A chunk may be shorter than its place or empty: what is missing reads as zeros, so holes and
/// allocated space cost nothing. Bytes at or after `byteCount` are always zero.
struct SimulatedContent: Sendable {
    /// Bytes a chunk stands for; a multiple of the sector size.
    static let chunkByteCount = 4096
    /// Files end here, 16 GiB, so that a wild offset cannot fill the memory.
    static let limit = 1 << 34

    private(set) var byteCount = 0
    private var chunks: [[UInt8]] = []

    /// Copies bytes out; fewer than asked only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
        guard offset < byteCount, let base = buffer.baseAddress else { return 0 }
        let count = min(buffer.count, byteCount - offset)
        var done = 0
        while done < count {
            let (index, start) = (offset + done).quotientAndRemainder(dividingBy: Self.chunkByteCount)
            let piece = min(count - done, Self.chunkByteCount - start)
            let held = index < chunks.count ? max(0, min(piece, chunks[index].count - start)) : 0
            if held > 0 {
                chunks[index].withUnsafeBytes { source in
                    UnsafeMutableRawBufferPointer(start: base + done, count: held)
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[start..<start + held]))
                }
            }
            memset(base + done + held, 0, piece - held)
            done += piece
        }
        return count
    }

    /// All bytes, or those of a range.
    func bytes(_ range: Range<Int>? = nil) -> [UInt8] {
        let range = (range ?? 0..<byteCount).clamped(to: 0..<byteCount)
        // All empty arrays share their storage, to which this would write.
        if range.isEmpty { return [] }
        return [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            count = read(into: UnsafeMutableRawBufferPointer(buffer), at: range.lowerBound)
        }
    }

    /// Overwrites and extends. The end lies within `limit`.
    mutating func write(_ source: UnsafeRawBufferPointer, at offset: Int) {
        guard let base = source.baseAddress, source.count > 0 else { return }
        var done = 0
        while done < source.count {
            let (index, start) = (offset + done).quotientAndRemainder(dividingBy: Self.chunkByteCount)
            let piece = min(source.count - done, Self.chunkByteCount - start)
            grow(index, to: start + piece)
            chunks[index].withUnsafeMutableBytes { target in
                UnsafeMutableRawBufferPointer(rebasing: target[start..<start + piece])
                    .copyMemory(from: UnsafeRawBufferPointer(start: base + done, count: piece))
            }
            done += piece
        }
        byteCount = max(byteCount, offset + source.count)
    }

    /// Cuts, or extends with zeros.
    mutating func setByteCount(_ newCount: Int) {
        defer { byteCount = newCount }
        guard newCount < byteCount else { return }
        let (index, start) = newCount.quotientAndRemainder(dividingBy: Self.chunkByteCount)
        guard index < chunks.count else { return }
        chunks.removeLast(chunks.count - index - 1)
        if start < chunks[index].count { chunks[index].removeLast(chunks[index].count - start) }
    }

    /// Turns one bit over, inside the length.
    mutating func flip(bit: Int, at offset: Int) {
        precondition(offset >= 0 && offset < byteCount && bit >= 0 && bit < 8, "no such bit in the file")
        let (index, start) = offset.quotientAndRemainder(dividingBy: Self.chunkByteCount)
        grow(index, to: start + 1)
        chunks[index][start] ^= 1 << UInt8(bit)
    }

    private mutating func grow(_ index: Int, to needed: Int) {
        if chunks.count <= index {
            chunks.append(contentsOf: repeatElement([], count: index + 1 - chunks.count))
        }
        let old = chunks[index]
        guard old.count < needed else { return }
        var size = 64
        while size < needed { size *= 2 }
        chunks[index] = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            old.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
            if let base = buffer.baseAddress { memset(base + old.count, 0, size - old.count) }
            count = size
        }
    }
}

/// One change of a file's content that no sync has made durable.
enum ContentChange: Sendable {
    case write(offset: Int, bytes: [UInt8])
    /// Cuts or extends.
    case setByteCount(Int)
    /// Extends and never cuts.
    case extend(Int)

    /// The length that the change asks for at least.
    var end: Int {
        switch self {
        case .write(let offset, let bytes): offset + bytes.count
        case .setByteCount(let count), .extend(let count): count
        }
    }
}

extension SimulatedContent {
    mutating func apply(_ change: ContentChange) {
        switch change {
        case .write(let offset, let bytes): bytes.withUnsafeBytes { write($0, at: offset) }
        case .setByteCount(let count): setByteCount(count)
        case .extend(let count): if count > byteCount { setByteCount(count) }
        }
    }
}

/// A simulated file: what reads see, what a power loss leaves, and the changes between the two.
struct SimulatedInode: Sendable {
    var visible = SimulatedContent()
    var durable = SimulatedContent()
    /// In the order they were made.
    var unsynced: [ContentChange] = []
    /// Open files and mappings; the content is kept while there are any.
    var openCount = 0
    /// Whether it has a name that the running system sees.
    var isNamed = true
    /// Whether no name is left that a crash could bring back.
    var isForgotten = false

    mutating func change(_ change: ContentChange) {
        visible.apply(change)
        unsynced.append(change)
    }

    mutating func sync() {
        for change in unsynced { durable.apply(change) }
        unsynced.removeAll(keepingCapacity: true)
    }

    /// What Linux does when write-back fails: the pages count as clean, reads still return them, and no later
    /// sync writes them.
    mutating func failSync() {
        unsynced.removeAll()
    }

    mutating func freeIfUnreachable() {
        guard isForgotten && openCount == 0 else { return }
        visible = SimulatedContent()
        durable = SimulatedContent()
        unsynced = []
    }
}
