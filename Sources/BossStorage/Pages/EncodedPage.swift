import BossCodec
import BossVoxels

/// A page in memory, complete but for its sequence number, which the commit puts in.
///
/// The bytes are written only by `seal`, by the one thread that commits the page; before and after that
/// they are read only, which is the proof behind `@unchecked Sendable`.
package final class EncodedPage: @unchecked Sendable {
    /// The cuboid.
    package let key: CuboidKey
    /// Full, delta, constant or tombstone.
    package let kind: PageKind
    let storage: VoxelStorage
    /// Bytes of the page.
    package let byteCount: Int
    private(set) var header: PageHeader
    let entries: [BrickEntry]

    init(header: PageHeader, entries: [BrickEntry], storage: VoxelStorage) {
        key = header.key
        kind = header.kind
        byteCount = header.pageByteCount
        self.header = header
        self.entries = entries
        self.storage = storage
    }

    /// Where the page may start in a file: large pages at a memory page, so that raw bricks lie aligned.
    var alignment: UInt64 { PageLayout.alignment(pageByteCount: byteCount) }

    /// Writes the final header.
    ///
    /// - Returns: the header's checksum, which the index repeats.
    func seal(sequence: UInt64, database: FileIdentifier) -> UInt32 {
        header.sequence = sequence
        header.database = database
        let bytes = header.encoded()
        storage.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
        return bytes.withUnsafeBytes {
            UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 92, as: UInt32.self))
        }
    }

    /// The directory, as a reader would load it.
    var directory: PageDirectory { PageDirectory(header: header, entries: entries) }

    func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try storage.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[0..<byteCount])) }
    }

    /// A page of one value, or a deletion: only a header.
    ///
    /// - Parameter isLabelled: whether the value is a label or the background of labels.
    package static func constant(
        key: CuboidKey, bits: UInt64, voxelByteCount: Int, isTombstone: Bool = false, isLabelled: Bool = false
    ) -> EncodedPage {
        let header = PageHeader(
            database: FileIdentifier(high: 0, low: 0), key: key, kind: isTombstone ? .tombstone : .constant,
            voxelByteCount: voxelByteCount, brickCount: 0, baseOrConstant: bits,
            pageByteCount: PageHeader.byteCount, brickByteCount: 0, directoryChecksum: 0,
            isLabelled: isLabelled && !isTombstone)
        return EncodedPage(
            header: header, entries: [], storage: VoxelStorage(byteCount: PageHeader.byteCount, zeroed: true))
    }

    /// The deletion of a box of cuboids: only a header.
    static func deletion(_ tombstone: RangeTombstone) -> EncodedPage {
        let header = PageHeader(
            database: FileIdentifier(high: 0, low: 0),
            key: CuboidKey(group: tombstone.group, morton: tombstone.lowest), kind: .rangeTombstone,
            voxelByteCount: 1, brickCount: 0, baseOrConstant: tombstone.highest,
            pageByteCount: PageHeader.byteCount, brickByteCount: 0, directoryChecksum: 0)
        return EncodedPage(
            header: header, entries: [], storage: VoxelStorage(byteCount: PageHeader.byteCount, zeroed: true))
    }

    /// A page of one raw brick that holds bytes other than voxels.
    ///
    /// - Precondition: 1 to `PageLimits.brickByteCount` bytes.
    package static func bytes(_ bytes: [UInt8], key: CuboidKey) -> EncodedPage {
        precondition(!bytes.isEmpty && bytes.count <= PageLimits.brickByteCount, "bytes of one brick")
        let start = Int(alignUp(UInt64(PageHeader.byteCount + BrickEntry.byteCount), to: 64))
        let entry = BrickEntry(
            brickIndex: 0, codec: .raw, offset: UInt32(start), storedByteCount: UInt32(bytes.count),
            checksum: bytes.withUnsafeBytes { CRC32C.checksum($0) })
        var directory = ByteWriter(capacity: BrickEntry.byteCount)
        entry.write(to: &directory)
        let storage = VoxelStorage(byteCount: start + bytes.count, zeroed: true)
        storage.withUnsafeMutableBytes { page in
            UnsafeMutableRawBufferPointer(rebasing: page[PageHeader.byteCount...]).copyBytes(
                from: directory.bytes)
            UnsafeMutableRawBufferPointer(rebasing: page[start...]).copyBytes(from: bytes)
        }
        let header = PageHeader(
            database: FileIdentifier(high: 0, low: 0), key: key, kind: .full, voxelByteCount: 1,
            brickCount: 1, baseOrConstant: 0, pageByteCount: start + bytes.count,
            brickByteCount: bytes.count,
            directoryChecksum: directory.bytes.withUnsafeBytes { CRC32C.checksum($0) })
        return EncodedPage(header: header, entries: [entry], storage: storage)
    }
}
