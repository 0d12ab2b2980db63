/// One page version in a segment's index or in the memtable. 40 bytes on disk:
///
///      0  u64 morton         8  u64 sequence number (0 in bulk segments)
///     16  u64 offset in the file, or the voxel bits of a constant
///     24  u32 page length   28  u32 CRC of the page header
///     32  u8 kind; bit 7: the page's labels are known
///     33  u56 age of the base: how many commits its writer's view lay behind its own
struct IndexEntry: Hashable, Sendable {
    static let byteCount = 40

    var morton: UInt64
    var sequence: UInt64
    var kind: PageKind
    var offsetOrConstant: UInt64
    var pageByteCount: UInt32
    var headerChecksum: UInt32
    /// The newest commit that the page's writer could see, as a distance from its own; 0 for a page of the log.
    var baseAge: UInt64 = 0
    /// Whether the page's labels are known without a look at its voxels: it has a summary, or is a constant of labels.
    var isLabelled = false

    /// Whether nothing is stored beside the entry itself.
    var isIndexOnly: Bool { kind != .full && kind != .delta }

    private static let ageLimit: UInt64 = 1 << 56 - 1
    private static let labelledBit: UInt64 = 0x80

    /// Ascending Morton code, newest version of a cuboid first. A commit that deleted a box and wrote a delta in it has
    /// two versions: the delta stands over the deletion.
    static func precedes(_ left: IndexEntry, _ right: IndexEntry) -> Bool {
        if left.morton != right.morton { return left.morton < right.morton }
        if left.sequence != right.sequence { return left.sequence > right.sequence }
        return left.kind == .delta && right.kind != .delta
    }

    /// The version that the entry names.
    ///
    func version(in store: any PageStore) -> PageVersion {
        PageVersion(
            sequence: sequence, baseSequence: sequence - min(baseAge, sequence), kind: kind,
            constantBits: isIndexOnly ? offsetOrConstant : 0, store: store,
            offset: isIndexOnly ? 0 : offsetOrConstant, byteCount: pageByteCount,
            headerChecksum: headerChecksum, isLabelled: isLabelled)
    }

    /// The deletion that an entry of its kind stands for.
    func rangeTombstone(_ group: PageGroup) -> RangeTombstone? {
        guard kind == .rangeTombstone else { return nil }
        return RangeTombstone(
            group: group, lowest: morton, highest: offsetOrConstant, sequence: sequence)
    }

    /// The entry of a page of a bulk segment, whose commit the manifest knows.
    func stamped(_ commit: UInt64, madeFrom base: UInt64) -> IndexEntry {
        var stamped = self
        stamped.sequence = commit
        stamped.baseAge = min(commit - min(base, commit), Self.ageLimit)
        return stamped
    }

    func write(to writer: inout ByteWriter) {
        writer.append(morton)
        writer.append(sequence)
        writer.append(offsetOrConstant)
        writer.append(pageByteCount)
        writer.append(headerChecksum)
        writer.append(UInt64(kind.rawValue) | (isLabelled ? Self.labelledBit : 0) | baseAge << 8)
    }

    init(_ cursor: inout ByteCursor) throws(StorageError) {
        morton = try cursor.next()
        sequence = try cursor.next()
        offsetOrConstant = try cursor.next()
        pageByteCount = try cursor.next()
        headerChecksum = try cursor.next()
        guard pageByteCount <= UInt32(PageLimits.pageByteCount) else {
            throw cursor.corrupt("a page of \(pageByteCount) bytes in index")
        }
        let kindAndAge: UInt64 = try cursor.next()
        guard let kind = PageKind(rawValue: UInt8(truncatingIfNeeded: kindAndAge & 0x7F)) else {
            throw cursor.corrupt("page kind in index")
        }
        self.kind = kind
        baseAge = kindAndAge >> 8
        isLabelled = kindAndAge & Self.labelledBit != 0
    }

    init(
        morton: UInt64, sequence: UInt64, kind: PageKind, offsetOrConstant: UInt64, pageByteCount: UInt32,
        headerChecksum: UInt32
    ) {
        self.morton = morton
        self.sequence = sequence
        self.kind = kind
        self.offsetOrConstant = offsetOrConstant
        self.pageByteCount = pageByteCount
        self.headerChecksum = headerChecksum
    }

    /// The entry of a page that was written at an offset.
    init(page: EncodedPage, sequence: UInt64, offset: UInt64, headerChecksum: UInt32) {
        let isStored = page.kind == .full || page.kind == .delta
        self.init(
            morton: page.key.morton, sequence: sequence, kind: page.kind,
            offsetOrConstant: !isStored ? page.header.baseOrConstant : offset,
            pageByteCount: UInt32(page.byteCount), headerChecksum: headerChecksum)
        isLabelled = page.header.isLabelled
    }
}

extension [IndexEntry] {
    /// Position of the first entry whose Morton code is not below `morton`, searched from `start` on
    /// in growing steps: codes that are asked for in ascending order cost little each.
    func firstIndex(notBelow morton: UInt64, from start: Int) -> Int {
        var low = start
        var step = 1
        while low + step < count, self[low + step].morton < morton {
            low += step
            step *= 2
        }
        var high = Swift.min(low + step, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle].morton < morton { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
