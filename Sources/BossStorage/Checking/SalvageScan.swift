import BossCodec

/// What a search through a file of unknown worth has found, by the marks and checksums of its structures alone.
struct SalvageScan {
    struct FoundPage {
        let offset: UInt64
        let header: PageHeader
        let checksum: UInt32
    }
    private(set) var pages: [FoundPage] = []
    private(set) var leaves: [(group: PageGroup, entries: [IndexEntry])] = []
    private(set) var records: [(offset: UInt64, record: CommitRecord)] = []
    private static let chunk = 1 << 20
    private static let overlap = 16 << 10

    /// Looks for pages and commit records at every 64th byte, and for leaves of the index at every 8th.
    ///
    /// The inside of a page that is whole is not searched: voxels may look like anything.
    init(
        _ file: SalvageFile, database: FileIdentifier, _ control: () throws(StorageError) -> Void
    ) throws(StorageError) {
        var next: UInt64 = 0
        var base: UInt64 = 0
        while base < file.length {
            try control()
            let bytes = file.bytes(at: base, count: Self.chunk + Self.overlap)
            let end = min(UInt64(Self.chunk), file.length - base)
            bytes.withUnsafeBytes { bytes in
                var offset = max(base, next)
                while offset < base + end {
                    next = look(at: offset, bytes, base: base, file, database)
                    offset = next
                }
            }
            base += UInt64(Self.chunk)
        }
    }

    /// Looks at one place.
    ///
    /// - Returns: where to look next.
    private mutating func look(
        at offset: UInt64, _ bytes: UnsafeRawBufferPointer, base: UInt64, _ file: SalvageFile,
        _ database: FileIdentifier
    ) -> UInt64 {
        let place = Int(offset - base)
        guard place + 8 <= bytes.count else { return offset + 8 }
        let magic = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self))
        let rest = UnsafeRawBufferPointer(rebasing: bytes[place...])
        switch magic {
        case Magic.leaf:
            if let (leaf, count) = Self.leaf(rest, file.path) {
                leaves.append(leaf)
                return offset + alignUp(UInt64(count), to: 8)
            }
        case Magic.commit where offset % PageLayout.fileAlignment == 0:
            if let record = CommitRecord(rest) {
                records.append((offset, record))
                return offset + UInt64(CommitRecord.byteCount)
            }
        case Magic.page where offset % PageLayout.fileAlignment == 0:
            if let page = file.page(at: offset, database: database) {
                pages.append(
                    FoundPage(offset: offset, header: page.header, checksum: page.headerChecksum))
                if page.examination.isSound {
                    return alignUp(offset + UInt64(page.bytes.count), to: PageLayout.fileAlignment)
                }
            }
        default: break
        }
        return offset + 8
    }

    /// A leaf of an index, which says itself how long it is and verifies itself.
    private static func leaf(
        _ bytes: UnsafeRawBufferPointer, _ path: String
    ) -> ((group: PageGroup, entries: [IndexEntry]), Int)? {
        guard bytes.count >= SegmentIndex.leafHeaderByteCount else { return nil }
        let count = Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 14, as: UInt16.self)))
        let byteCount = SegmentIndex.leafHeaderByteCount + count * IndexEntry.byteCount
        guard count > 0, byteCount <= bytes.count else { return nil }
        let group = PageGroup(
            channel: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)),
            resolution: bytes[12],
            time: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self)))
        let fence = IndexFence(
            firstMorton: UInt64(
                littleEndian: bytes.loadUnaligned(
                    fromByteOffset: SegmentIndex.leafHeaderByteCount, as: UInt64.self)),
            offset: 0, byteCount: byteCount,
            checksum: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
        let leaf = try? IndexLeaf(
            UnsafeRawBufferPointer(rebasing: bytes[0..<byteCount]), fence: fence, group: group, file: path)
        return leaf.map { ((group, $0.entries), byteCount) }
    }
}
