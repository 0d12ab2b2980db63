package import BossCodec
package import BossVoxels

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
    package static func constant(
        key: CuboidKey, bits: UInt64, voxelByteCount: Int, isTombstone: Bool = false
    ) -> EncodedPage {
        let header = PageHeader(
            database: FileIdentifier(high: 0, low: 0), key: key, kind: isTombstone ? .tombstone : .constant,
            voxelByteCount: voxelByteCount, brickCount: 0, baseOrConstant: bits,
            pageByteCount: PageHeader.byteCount, brickByteCount: 0, directoryChecksum: 0)
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

/// Where things lie in pages and files.
enum PageLayout {
    static let fileAlignment: UInt64 = 64
    static let memoryPage = 4096

    static func alignment(pageByteCount: Int) -> UInt64 {
        pageByteCount >= 64 << 10 ? UInt64(memoryPage) : fileAlignment
    }

    /// Raw bricks of whole memory pages start at one, so that a plane of voxels touches few of them.
    static func brickAlignment(storedByteCount: Int, codec: BrickCodec) -> Int {
        codec == .raw && storedByteCount >= 32 << 10 && storedByteCount % memoryPage == 0 ? memoryPage : 64
    }
}

/// Builds one page, brick by brick in ascending order, in one buffer.
///
///     var builder = PageBuilder(key: key, kind: .full, shape: shape, brickCount: 64, encoder: encoder)
///     try builder.append(brick: 0) { voxels in … }
///     let page = builder.finish()
package struct PageBuilder {
    private let key: CuboidKey
    private let kind: PageKind
    private let encoder: BrickEncoder
    private let voxelByteCount: Int
    private let brickByteCount: Int
    private let baseSequence: UInt64
    private let brickCapacity: Int
    private let storage: VoxelStorage
    private let scratch: VoxelStorage
    private var entries: [BrickEntry] = []
    private var end: Int

    /// A builder for up to `brickCapacity` bricks.
    ///
    /// - Parameters:
    ///   - brickByteCount: decoded bytes of every brick.
    ///   - baseSequence: for a delta, the sequence number of the newest version under it.
    ///   - scratch: at least `BrickEncoder.outputBound(brickByteCount)` bytes, reused between pages.
    package init(
        key: CuboidKey, kind: PageKind, encoder: BrickEncoder, voxelByteCount: Int, brickByteCount: Int,
        brickCapacity: Int, baseSequence: UInt64 = 0, scratch: VoxelStorage
    ) {
        precondition(kind == .full || kind == .delta, "constants have no bricks")
        precondition(brickCapacity <= PageLimits.brickCount && brickByteCount <= PageLimits.brickByteCount)
        self.key = key
        self.kind = kind
        self.encoder = encoder
        self.voxelByteCount = voxelByteCount
        self.brickByteCount = brickByteCount
        self.baseSequence = baseSequence
        self.brickCapacity = brickCapacity
        self.scratch = scratch
        let head = PageHeader.byteCount + brickCapacity * BrickEntry.byteCount
        end = head
        storage = VoxelStorage(
            byteCount: head + PageLayout.memoryPage + brickCapacity * Self.slot(brickByteCount), zeroed: false
        )
        entries.reserveCapacity(brickCapacity)
    }

    private static func slot(_ brickByteCount: Int) -> Int { (brickByteCount + 63) & ~63 }

    /// Appends a brick whose voxels `fill` puts into the page itself; they are compressed from there.
    ///
    /// - Parameter fill: gets exactly the decoded bytes of a brick, with arbitrary content.
    package mutating func append(
        brick brickIndex: Int, fill: (UnsafeMutableRawBufferPointer) throws(StorageError) -> Void
    ) throws(StorageError) {
        let aligned = PageLayout.brickAlignment(storedByteCount: brickByteCount, codec: .raw)
        let rawStart = Int(alignUp(UInt64(end), to: UInt64(aligned)))
        let (key, encoder, scratch, brickByteCount) = (key, encoder, scratch, brickByteCount)
        let end = end
        let appended = storage.withUnsafeMutableBytes { page in
            Result { () throws(StorageError) -> (BrickEntry, Int) in
                let voxels = UnsafeMutableRawBufferPointer(
                    rebasing: page[rawStart..<rawStart + brickByteCount])
                try fill(voxels)
                return try Self.encode(
                    voxels: voxels, page: page, brickIndex: brickIndex, key: key, encoder: encoder,
                    scratch: scratch, rawStart: rawStart, end: end)
            }
        }
        let (entry, newEnd) = try appended.get()
        record(entry, end: newEnd)
    }

    private static func encode(
        voxels: UnsafeMutableRawBufferPointer, page: UnsafeMutableRawBufferPointer, brickIndex: Int,
        key: CuboidKey, encoder: BrickEncoder, scratch: VoxelStorage, rawStart: Int, end: Int
    ) throws(StorageError) -> (BrickEntry, Int) {
        let encoded = scratch.withUnsafeMutableBytes { output in
            Result { () throws(CodecError) in
                try encoder.encode(UnsafeRawBufferPointer(voxels), into: output, copyRaw: false)
            }
        }
        let brick: EncodedBrick
        do { brick = try encoded.get() } catch {
            throw .corrupt(
                file: "memory", offset: key.morton, reason: "brick \(brickIndex) cannot be encoded: \(error)")
        }
        switch brick.codec {
        case .constant:
            return (.constant(brickIndex: brickIndex, bits: brick.constantBits), end)
        case .raw:
            clear(page, end..<rawStart)
            let entry = BrickEntry(
                brickIndex: UInt32(brickIndex), codec: .raw, offset: UInt32(rawStart),
                storedByteCount: UInt32(voxels.count), checksum: brick.checksum)
            return (entry, rawStart + voxels.count)
        default:
            let start = Int(alignUp(UInt64(end), to: 64))
            clear(page, end..<start)
            scratch.withUnsafeBytes { source in
                UnsafeMutableRawBufferPointer(rebasing: page[start..<start + brick.byteCount]).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: source[0..<brick.byteCount]))
            }
            let entry = BrickEntry(
                brickIndex: UInt32(brickIndex), codec: brick.codec, offset: UInt32(start),
                storedByteCount: UInt32(brick.byteCount), checksum: brick.checksum)
            return (entry, start + brick.byteCount)
        }
    }

    /// Gaps between bricks are zeros in every file, whatever was in the memory before.
    private static func clear(_ page: UnsafeMutableRawBufferPointer, _ range: Range<Int>) {
        UnsafeMutableRawBufferPointer(rebasing: page[range]).initializeMemory(as: UInt8.self, repeating: 0)
    }

    /// Appends a brick of one value.
    package mutating func appendConstant(brick brickIndex: Int, bits: UInt64) {
        record(.constant(brickIndex: brickIndex, bits: bits), end: end)
    }

    /// Appends stored bytes of another page's brick as they are, after their checksum was verified.
    mutating func appendStored(
        brick brickIndex: Int, entry: BrickEntry,
        fill: (UnsafeMutableRawBufferPointer) throws(StorageError) -> Void
    ) throws(StorageError) {
        if entry.codec == .constant { return appendConstant(brick: brickIndex, bits: entry.constantBits) }
        let count = Int(entry.storedByteCount)
        let alignment = PageLayout.brickAlignment(storedByteCount: count, codec: entry.codec)
        let start = Int(alignUp(UInt64(end), to: UInt64(alignment)))
        let copied = storage.withUnsafeMutableBytes { page in
            Result { () throws(StorageError) in
                Self.clear(page, end..<start)
                try fill(UnsafeMutableRawBufferPointer(rebasing: page[start..<start + count]))
            }
        }
        try copied.get()
        var moved = entry
        moved.brickIndex = UInt32(brickIndex)
        moved.offset = UInt32(start)
        record(moved, end: start + count)
    }

    private mutating func record(_ entry: BrickEntry, end newEnd: Int) {
        precondition(entries.count < brickCapacity, "more bricks than announced")
        precondition(entries.last.map { $0.brickIndex < entry.brickIndex } ?? true, "bricks ascend")
        entries.append(entry)
        end = newEnd
    }

    /// The page; one constant in all bricks of a full page becomes a constant page.
    package func finish() -> EncodedPage {
        if kind == .full, let first = entries.first, first.codec == .constant,
            entries.allSatisfy({ $0.codec == .constant && $0.constantBits == first.constantBits })
        {
            return .constant(key: key, bits: first.constantBits, voxelByteCount: voxelByteCount)
        }
        var directory = ByteWriter(capacity: entries.count * BrickEntry.byteCount)
        for entry in entries { entry.write(to: &directory) }
        let checksum = directory.bytes.withUnsafeBytes { CRC32C.checksum($0) }
        storage.withUnsafeMutableBytes { page in
            UnsafeMutableRawBufferPointer(rebasing: page[PageHeader.byteCount...]).copyBytes(
                from: directory.bytes)
            let head = PageHeader.byteCount + brickCapacity * BrickEntry.byteCount
            Self.clear(page, PageHeader.byteCount + directory.bytes.count..<head)
        }
        let header = PageHeader(
            database: FileIdentifier(high: 0, low: 0), key: key, kind: kind, voxelByteCount: voxelByteCount,
            brickCount: entries.count, baseOrConstant: baseSequence, pageByteCount: end,
            brickByteCount: brickByteCount, directoryChecksum: checksum)
        return EncodedPage(header: header, entries: entries, storage: storage)
    }
}
