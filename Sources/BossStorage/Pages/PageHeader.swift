import BossCodec

/// What a page version holds.
package enum PageKind: UInt8, Sendable {
    /// Every brick of the cuboid.
    case full = 1
    /// Some bricks; the others are those of an older version.
    case delta = 2
    /// One value for the whole cuboid; no bricks.
    case constant = 3
    /// The cuboid was deleted: background everywhere.
    case tombstone = 4
    /// A box of cuboids was deleted: every older version inside is hidden. The key holds the Morton code of the
    /// box's lowest cuboid, the constant that of its highest.
    case rangeTombstone = 5

    /// Whether a page of this kind says what voxels are.
    var hasVoxels: Bool { self == .full || self == .delta || self == .constant }
}

/// The first 96 bytes of a page, little-endian. The key is repeated here so that a page can be
/// recognised without any index and a misdirected read is noticed.
///
///      0  u32 magic "BQPG"    4  u16 format          6  u16 header length
///      8  database identifier, 16 bytes
///     24  u32 channel        28  u8 resolution      29  u8 kind     30  u8 voxel byte count   31  u8 flags
///         (bit 0: the page's labels are known, by its summary or because it is a constant)
///     32  u32 time           36  u32 brick count (directory entries)
///     40  u64 morton         48  u64 sequence number (0 in bulk segments: the manifest has it)
///     56  u64 sequence number of the base (delta) or voxel bits (constant), highest cuboid (range)
///     64  u32 page length    68  u32 decoded brick length
///     72  u32 directory length                      76  u32 summary length
///     80  u32 CRC of the directory                  84  u32 CRC of the summary
///     88  u32 0              92  u32 CRC of bytes 0..<92
struct PageHeader: Hashable, Sendable {
    static let byteCount = 96
    static let sequenceOffset = 48

    var database: FileIdentifier
    var key: CuboidKey
    var kind: PageKind
    var voxelByteCount: Int
    var brickCount: Int
    var sequence: UInt64
    /// Base sequence number of a delta page, voxel bits of a constant one.
    var baseOrConstant: UInt64
    var pageByteCount: Int
    var brickByteCount: Int
    var summaryByteCount: Int
    var directoryChecksum: UInt32
    var summaryChecksum: UInt32
    /// Whether the labels of the page are known without a look at its voxels.
    var isLabelled: Bool

    /// Where the summary starts in the page; it is the page's end.
    var summaryOffset: Int { pageByteCount - summaryByteCount }
    var directoryByteCount: Int { brickCount * BrickEntry.byteCount }

    func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: Self.byteCount)
        writer.append(Magic.page)
        writer.append(FormatVersion.major)
        writer.append(UInt16(Self.byteCount))
        database.write(to: &writer)
        writer.append(key.group.channel)
        writer.append(key.group.resolution)
        writer.append(kind.rawValue)
        writer.append(UInt8(voxelByteCount))
        writer.append(UInt8(isLabelled ? 1 : 0))
        writer.append(key.group.time)
        writer.append(UInt32(brickCount))
        writer.append(key.morton)
        writer.append(sequence)
        writer.append(baseOrConstant)
        writer.append(UInt32(pageByteCount))
        writer.append(UInt32(brickByteCount))
        writer.append(UInt32(directoryByteCount))
        writer.append(UInt32(summaryByteCount))
        writer.append(directoryChecksum)
        writer.append(summaryChecksum)
        writer.append(UInt32(0))
        writer.appendChecksum()
        return writer.bytes
    }

    /// Reads and checks a header.
    ///
    /// - Throws: `StorageError.corrupt` for a wrong mark, checksum or inconsistent lengths.
    init(_ bytes: UnsafeRawBufferPointer, file: String, at offset: UInt64) throws(StorageError) {
        var cursor = ByteCursor(bytes, file: file, base: offset)
        guard bytes.count >= Self.byteCount else { throw cursor.corrupt("page header cut short") }
        guard try cursor.next(UInt32.self) == Magic.page else { throw cursor.corrupt("no page here") }
        let stored = bytes.loadUnaligned(fromByteOffset: 92, as: UInt32.self)
        guard CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[0..<92])) == UInt32(littleEndian: stored)
        else {
            throw cursor.corrupt("page header checksum")
        }
        try FormatVersion.check(major: cursor.next(), features: 0, file: file)
        guard try cursor.next(UInt16.self) == UInt16(Self.byteCount) else {
            throw cursor.corrupt("header length")
        }
        database = try FileIdentifier(&cursor)
        let channel: UInt32 = try cursor.next()
        let resolution: UInt8 = try cursor.next()
        guard let kind = PageKind(rawValue: try cursor.next()) else { throw cursor.corrupt("page kind") }
        self.kind = kind
        voxelByteCount = Int(try cursor.next(UInt8.self))
        let flags: UInt8 = try cursor.next()
        let time: UInt32 = try cursor.next()
        brickCount = Int(try cursor.next(UInt32.self))
        key = CuboidKey(
            group: PageGroup(channel: channel, resolution: resolution, time: time), morton: try cursor.next())
        sequence = try cursor.next()
        baseOrConstant = try cursor.next()
        pageByteCount = Int(try cursor.next(UInt32.self))
        brickByteCount = Int(try cursor.next(UInt32.self))
        let directoryByteCount = Int(try cursor.next(UInt32.self))
        summaryByteCount = Int(try cursor.next(UInt32.self))
        directoryChecksum = try cursor.next()
        summaryChecksum = try cursor.next()
        isLabelled = flags & 1 == 1
        guard !kind.hasVoxels || [1, 2, 4, 8].contains(voxelByteCount) else {
            throw cursor.corrupt("voxels of \(voxelByteCount) bytes")
        }
        guard isLabelled || summaryByteCount == 0,
            !isLabelled || summaryByteCount > 0 || (kind != .full && kind != .delta)
        else { throw cursor.corrupt("a page header that does not fit its summary") }
        guard brickCount <= PageLimits.brickCount, brickByteCount <= PageLimits.brickByteCount,
            directoryByteCount == brickCount * BrickEntry.byteCount,
            summaryByteCount <= PageSummary.byteLimit,
            Self.byteCount + directoryByteCount + summaryByteCount <= pageByteCount
        else { throw cursor.corrupt("page header lengths disagree") }
    }

    init(
        database: FileIdentifier, key: CuboidKey, kind: PageKind, voxelByteCount: Int, brickCount: Int,
        baseOrConstant: UInt64, pageByteCount: Int, brickByteCount: Int, directoryChecksum: UInt32,
        summary: [UInt8] = [], isLabelled: Bool = false
    ) {
        self.database = database
        self.key = key
        self.kind = kind
        self.voxelByteCount = voxelByteCount
        self.brickCount = brickCount
        sequence = 0
        self.baseOrConstant = baseOrConstant
        self.pageByteCount = pageByteCount
        self.brickByteCount = brickByteCount
        self.summaryByteCount = summary.count
        self.directoryChecksum = directoryChecksum
        summaryChecksum = summary.isEmpty ? 0 : summary.withUnsafeBytes { CRC32C.checksum($0) }
        self.isLabelled = isLabelled
    }
}

/// Bounds of the format, checked by writer and reader.
package enum PageLimits {
    /// Bricks in a page.
    package static let brickCount = 4096
    /// Decoded bytes of a brick.
    package static let brickByteCount = 8 << 20
    /// Stored bytes of a page.
    package static let pageByteCount = 1 << 30
}
