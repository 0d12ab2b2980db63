import BossCodec

/// The pages of one group in an index: which leaves hold them, and totals.
struct IndexGroup: Hashable, Sendable {
    static let byteCount = 56

    var group: PageGroup
    var firstLeaf: Int
    var leafCount: Int
    var pageCount: UInt64
    var minimumSequence: UInt64
    var maximumSequence: UInt64
    var liveByteCount: UInt64
}

/// Where a leaf lies and the first Morton code in it.
struct IndexFence: Hashable, Sendable {
    static let byteCount = 24

    var firstMorton: UInt64
    var offset: UInt64
    var byteCount: Int
    var checksum: UInt32
}

/// A further part of a segment file that its index names.
struct IndexSection: Hashable, Sendable {
    /// What it holds; sections of other kinds are left alone.
    enum Kind: UInt32, Sendable {
        /// The root of the label index.
        case labels = 1
    }
    static let byteCount = 24

    var kind: Kind
    var checksum: UInt32
    var offset: UInt64
    var byteCount: Int
}

/// The root of a segment's static B+tree of two levels: it names every leaf, and the leaves name every
/// page. An index of 40 bytes a page is so small against the pages that it is full, not sparse.
///
/// Leaf, at most 16 KiB: u32 magic "BQLF", u32 CRC of the rest, u32 channel, u8 resolution, u8 0,
/// u16 entry count, u32 time, zeros up to 64, then the entries.
/// Root: u32 magic "BQIR", u32 group count, u32 leaf count, u32 section count, groups, fences, sections, u32 CRC.
/// A section: u32 kind, u32 CRC, u64 offset, u32 length, u32 0.
struct SegmentIndex: Sendable {
    static let leafHeaderByteCount = 64
    static let entriesPerLeaf = (16 << 10 - leafHeaderByteCount) / IndexEntry.byteCount

    let groups: [IndexGroup]
    let fences: [IndexFence]
    /// The root of the label index, if some page's labels are known.
    let labels: IndexSection?

    /// The totals of a group, if the segment holds pages of it.
    func group(_ wanted: PageGroup) -> IndexGroup? {
        var low = 0
        var high = groups.count
        while low < high {
            let middle = (low + high) / 2
            if groups[middle].group < wanted { low = middle + 1 } else { high = middle }
        }
        return low < groups.count && groups[low].group == wanted ? groups[low] : nil
    }

    /// The leaf of a group in which versions of a cuboid start; the versions may go on in the next leaf.
    func leaf(of morton: UInt64, in group: IndexGroup) -> Int {
        var low = group.firstLeaf
        var high = group.firstLeaf + group.leafCount
        while low < high {
            let middle = (low + high) / 2
            if fences[middle].firstMorton < morton { low = middle + 1 } else { high = middle }
        }
        return max(group.firstLeaf, low - 1)
    }

    /// Reads and checks an index root.
    ///
    /// - Throws: `.corrupt` for a wrong checksum or impossible numbers.
    init(
        _ bytes: UnsafeRawBufferPointer, expectedChecksum: UInt32, file: String, at offset: UInt64
    ) throws(StorageError) {
        var cursor = ByteCursor(bytes, file: file, base: offset)
        guard bytes.count >= 20, try cursor.next(UInt32.self) == Magic.indexRoot else {
            throw cursor.corrupt("no segment index here")
        }
        let body = UnsafeRawBufferPointer(rebasing: bytes[0..<bytes.count - 4])
        let stored = UInt32(
            littleEndian: bytes.loadUnaligned(fromByteOffset: bytes.count - 4, as: UInt32.self))
        guard stored == expectedChecksum, CRC32C.checksum(body) == stored else {
            throw cursor.corrupt("segment index checksum")
        }
        let groupCount = Int(try cursor.next(UInt32.self))
        let leafCount = Int(try cursor.next(UInt32.self))
        let sectionCount = Int(try cursor.next(UInt32.self))
        guard
            bytes.count == 20 + groupCount * IndexGroup.byteCount + leafCount * IndexFence.byteCount
                + sectionCount * IndexSection.byteCount
        else { throw cursor.corrupt("segment index length") }
        var groups: [IndexGroup] = []
        groups.reserveCapacity(groupCount)
        var nextLeaf = 0
        for _ in 0..<groupCount {
            let group = try IndexGroup(&cursor)
            guard group.firstLeaf == nextLeaf, group.leafCount > 0, group.leafCount <= leafCount - nextLeaf,
                groups.last.map({ $0.group < group.group }) ?? true
            else { throw cursor.corrupt("segment index groups") }
            nextLeaf += group.leafCount
            groups.append(group)
        }
        var fences: [IndexFence] = []
        fences.reserveCapacity(leafCount)
        for _ in 0..<leafCount { fences.append(try IndexFence(&cursor)) }
        guard nextLeaf == leafCount else { throw cursor.corrupt("segment index leaves") }
        var labels: IndexSection?
        for _ in 0..<sectionCount {
            if let section = try IndexSection(&cursor, end: offset) { labels = section }
        }
        self.groups = groups
        self.fences = fences
        self.labels = labels
    }

    init(groups: [IndexGroup], fences: [IndexFence], labels: IndexSection? = nil) {
        self.groups = groups
        self.fences = fences
        self.labels = labels
    }

    /// The checksum at the end of an encoded root, which the footer repeats.
    func checksum(of encoded: [UInt8]) -> UInt32 {
        encoded.suffix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.append(Magic.indexRoot)
        writer.append(UInt32(groups.count))
        writer.append(UInt32(fences.count))
        writer.append(UInt32(labels == nil ? 0 : 1))
        for group in groups { group.write(to: &writer) }
        for fence in fences { fence.write(to: &writer) }
        labels?.write(to: &writer)
        writer.appendChecksum()
        return writer.bytes
    }
}

extension IndexSection {
    /// Reads a section in front of `end`; nil for one of a kind that this program does not know.
    init?(_ cursor: inout ByteCursor, end: UInt64) throws(StorageError) {
        let kind: UInt32 = try cursor.next()
        checksum = try cursor.next()
        offset = try cursor.next()
        byteCount = Int(try cursor.next(UInt32.self))
        try cursor.skip(4)
        guard offset <= end, UInt64(byteCount) <= end - offset else {
            throw cursor.corrupt("a section of the segment index outside the file")
        }
        guard let known = Kind(rawValue: kind) else { return nil }
        self.kind = known
    }

    func write(to writer: inout ByteWriter) {
        writer.append(kind.rawValue)
        writer.append(checksum)
        writer.append(offset)
        writer.append(UInt32(byteCount))
        writer.append(UInt32(0))
    }
}

extension IndexGroup {
    init(_ cursor: inout ByteCursor) throws(StorageError) {
        let channel: UInt32 = try cursor.next()
        let resolution: UInt32 = try cursor.next()
        let time: UInt32 = try cursor.next()
        guard let level = UInt8(exactly: resolution) else { throw cursor.corrupt("resolution \(resolution)") }
        group = PageGroup(channel: channel, resolution: level, time: time)
        firstLeaf = Int(try cursor.next(UInt32.self))
        leafCount = Int(try cursor.next(UInt32.self))
        try cursor.skip(4)
        pageCount = try cursor.next()
        minimumSequence = try cursor.next()
        maximumSequence = try cursor.next()
        liveByteCount = try cursor.next()
    }

    func write(to writer: inout ByteWriter) {
        writer.append(group.channel)
        writer.append(UInt32(group.resolution))
        writer.append(group.time)
        writer.append(UInt32(firstLeaf))
        writer.append(UInt32(leafCount))
        writer.append(UInt32(0))
        writer.append(pageCount)
        writer.append(minimumSequence)
        writer.append(maximumSequence)
        writer.append(liveByteCount)
    }
}

extension IndexFence {
    init(_ cursor: inout ByteCursor) throws(StorageError) {
        firstMorton = try cursor.next()
        offset = try cursor.next()
        byteCount = Int(try cursor.next(UInt32.self))
        checksum = try cursor.next()
        let most = SegmentIndex.leafHeaderByteCount + SegmentIndex.entriesPerLeaf * IndexEntry.byteCount
        guard byteCount > SegmentIndex.leafHeaderByteCount, byteCount <= most else {
            throw cursor.corrupt("index leaf length \(byteCount)")
        }
    }

    func write(to writer: inout ByteWriter) {
        writer.append(firstMorton)
        writer.append(offset)
        writer.append(UInt32(byteCount))
        writer.append(checksum)
    }
}

/// A leaf: the sorted page versions of a part of one group.
final class IndexLeaf: Sendable {
    let entries: [IndexEntry]

    init(entries: [IndexEntry]) { self.entries = entries }

    var weight: Int { 64 + entries.count * MemoryLayout<IndexEntry>.stride }

    /// Reads and checks a leaf.
    init(
        _ bytes: UnsafeRawBufferPointer, fence: IndexFence, group: PageGroup, file: String
    ) throws(StorageError) {
        var cursor = ByteCursor(bytes, file: file, base: fence.offset)
        guard try cursor.next(UInt32.self) == Magic.leaf else { throw cursor.corrupt("no index leaf here") }
        let stored: UInt32 = try cursor.next()
        let rest = UnsafeRawBufferPointer(rebasing: bytes[8...])
        guard stored == fence.checksum, CRC32C.checksum(rest) == stored else {
            throw cursor.corrupt("index leaf checksum")
        }
        let channel: UInt32 = try cursor.next()
        let resolution: UInt8 = try cursor.next()
        try cursor.skip(1)
        let count = Int(try cursor.next(UInt16.self))
        let time: UInt32 = try cursor.next()
        guard PageGroup(channel: channel, resolution: resolution, time: time) == group,
            bytes.count == SegmentIndex.leafHeaderByteCount + count * IndexEntry.byteCount
        else { throw cursor.corrupt("index leaf of another group") }
        try cursor.skip(SegmentIndex.leafHeaderByteCount - 20)
        var entries: [IndexEntry] = []
        entries.reserveCapacity(count)
        for _ in 0..<count {
            let entry = try IndexEntry(&cursor)
            guard entries.last.map({ IndexEntry.precedes($0, entry) }) ?? (entry.morton == fence.firstMorton)
            else {
                throw cursor.corrupt("index leaf out of order")
            }
            entries.append(entry)
        }
        self.entries = entries
    }

    static func encoded(entries: ArraySlice<IndexEntry>, group: PageGroup) -> (
        bytes: [UInt8], checksum: UInt32
    ) {
        var body = ByteWriter()
        body.append(group.channel)
        body.append(group.resolution)
        body.append(UInt8(0))
        body.append(UInt16(entries.count))
        body.append(group.time)
        body.pad(to: SegmentIndex.leafHeaderByteCount - 8)
        for entry in entries { entry.write(to: &body) }
        let checksum = body.bytes.withUnsafeBytes { CRC32C.checksum($0) }
        var writer = ByteWriter(capacity: body.bytes.count + 8)
        writer.append(Magic.leaf)
        writer.append(checksum)
        writer.append(contentsOf: body.bytes)
        return (writer.bytes, checksum)
    }
}
