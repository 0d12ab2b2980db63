import BossCodec

/// A file of the source: read only, and as far as it can be read.
final class SalvageFile {
    let path: String
    let length: UInt64
    /// Nil when it does not verify.
    let header: SegmentHeader?
    private let file: any StorageFile

    init(_ path: String, _ fileSystem: any FileSystem) throws(StorageError) {
        self.path = path
        file = try fileSystem.open(path, mode: .read)
        length = try file.byteCount()
        header = try? SegmentHeader.load(file)
    }

    /// Where the file's bytes come from in terms of a log scan.
    func scanner() throws(StorageError) -> LogScanner { try LogScanner(file: file) }

    /// Bytes of a part; those that cannot be read are zero.
    func bytes(at offset: UInt64, count: Int) -> [UInt8] {
        guard offset < length else { return [] }
        let wanted = Int(min(UInt64(count), length - offset))
        if let whole = read(at: offset, count: wanted) { return whole }
        var result: [UInt8] = []
        let piece = 4096
        for start in stride(from: 0, to: wanted, by: piece) {
            let part = min(piece, wanted - start)
            result += read(at: offset + UInt64(start), count: part) ?? [UInt8](repeating: 0, count: part)
        }
        return result
    }

    private func read(at offset: UInt64, count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return bytes.withUnsafeMutableBytes { buffer in
            (try? file.read(into: buffer, at: offset)) == count
        } ? bytes : nil
    }

    /// The page at an offset, when its header verifies and belongs to the database.
    func page(at offset: UInt64, database: FileIdentifier) -> SalvagedPage? {
        let head = bytes(at: offset, count: PageHeader.byteCount)
        guard let header = head.withUnsafeBytes({ try? PageHeader($0, file: path, at: offset) }),
            header.database == database, header.pageByteCount <= PageLimits.pageByteCount
        else { return nil }
        let checksum = head.withUnsafeBytes {
            UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 92, as: UInt32.self))
        }
        // Of a page that the end of the file cuts, the bricks in front of it count.
        var page = bytes(at: offset, count: header.pageByteCount)
        page += [UInt8](repeating: 0, count: header.pageByteCount - page.count)
        return SalvagedPage(
            header: header, headerChecksum: checksum, bytes: page, path: path, offset: offset)
    }
}

/// A page of the source with its bytes, and what of them can be used.
struct SalvagedPage {
    let header: PageHeader
    let headerChecksum: UInt32
    let bytes: [UInt8]
    let examination: PageExamination

    init(header: PageHeader, headerChecksum: UInt32, bytes: [UInt8], path: String, offset: UInt64) {
        self.header = header
        self.headerChecksum = headerChecksum
        self.bytes = bytes
        examination = bytes.withUnsafeBytes {
            PageExamination($0, header: header, file: path, at: offset)
        }
    }

    func stored(_ entry: BrickEntry) -> ArraySlice<UInt8> {
        bytes[Int(entry.offset)..<Int(entry.offset) + Int(entry.storedByteCount)]
    }
}

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
