import BossCodec

/// The last 4096 bytes of a sealed segment file.
///
///      0  u32 magic "BQFT"    4  u32 CRC of the index root
///      8  u64 offset and     16  u32 length of the index root, 20  u32 CRC of all page header CRCs in index order
///     24  u64 page count     32  u64 bytes of pages
///     40  smallest key, 24 bytes       64  largest key, 24 bytes
///     88  u64 smallest and   96  u64 largest sequence number
///    104  u32 CRC of bytes 0..<104, then zeros
struct SegmentFooter: Hashable, Sendable {
    static let byteCount = 4096
    static let usedByteCount = 108

    var indexChecksum: UInt32
    var indexOffset: UInt64
    var indexByteCount: Int
    var pagesChecksum: UInt32
    var pageCount: UInt64
    var liveByteCount: UInt64
    var minimumKey: CuboidKey
    var maximumKey: CuboidKey
    var minimumSequence: UInt64
    var maximumSequence: UInt64

    /// The footer and its checksum, which the manifest repeats.
    func encoded() -> (bytes: [UInt8], checksum: UInt32) {
        var writer = ByteWriter(capacity: Self.byteCount)
        writer.append(Magic.footer)
        writer.append(indexChecksum)
        writer.append(indexOffset)
        writer.append(UInt32(indexByteCount))
        writer.append(pagesChecksum)
        writer.append(pageCount)
        writer.append(liveByteCount)
        minimumKey.write(to: &writer)
        maximumKey.write(to: &writer)
        writer.append(minimumSequence)
        writer.append(maximumSequence)
        let checksum = writer.bytes.withUnsafeBytes { CRC32C.checksum($0) }
        writer.append(checksum)
        return (writer.bytes + [UInt8](repeating: 0, count: Self.byteCount - writer.bytes.count), checksum)
    }

    /// Reads and checks a footer against the checksum that the manifest holds.
    init(
        _ bytes: UnsafeRawBufferPointer, expectedChecksum: UInt32, file: String, at offset: UInt64
    ) throws(StorageError) {
        var cursor = ByteCursor(bytes, file: file, base: offset)
        guard bytes.count >= Self.usedByteCount, try cursor.next(UInt32.self) == Magic.footer else {
            throw cursor.corrupt("no segment footer here")
        }
        guard Self.verifies(bytes, expectedChecksum) else { throw cursor.corrupt("segment footer checksum") }
        indexChecksum = try cursor.next()
        indexOffset = try cursor.next()
        indexByteCount = Int(try cursor.next(UInt32.self))
        pagesChecksum = try cursor.next()
        pageCount = try cursor.next()
        liveByteCount = try cursor.next()
        minimumKey = try CuboidKey(&cursor)
        maximumKey = try CuboidKey(&cursor)
        minimumSequence = try cursor.next()
        maximumSequence = try cursor.next()
        guard indexByteCount <= 1 << 30, indexOffset <= offset, UInt64(indexByteCount) <= offset - indexOffset
        else {
            throw cursor.corrupt("segment index lies outside the file")
        }
    }

    /// Whether the bytes have the checksum that they say, and that the manifest expects.
    private static func verifies(_ bytes: UnsafeRawBufferPointer, _ expected: UInt32) -> Bool {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.skipFooterChecksum) { return true }
        #endif
        let stored = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 104, as: UInt32.self))
        return stored == expected
            && CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[0..<104])) == stored
    }

    init(
        indexChecksum: UInt32, indexOffset: UInt64, indexByteCount: Int, pagesChecksum: UInt32,
        pageCount: UInt64,
        liveByteCount: UInt64, minimumKey: CuboidKey, maximumKey: CuboidKey, minimumSequence: UInt64,
        maximumSequence: UInt64
    ) {
        self.indexChecksum = indexChecksum
        self.indexOffset = indexOffset
        self.indexByteCount = indexByteCount
        self.pagesChecksum = pagesChecksum
        self.pageCount = pageCount
        self.liveByteCount = liveByteCount
        self.minimumKey = minimumKey
        self.maximumKey = maximumKey
        self.minimumSequence = minimumSequence
        self.maximumSequence = maximumSequence
    }
}
