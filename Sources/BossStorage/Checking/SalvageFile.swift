import BossCodec

/// A file of the source: read only, and as far as it can be read.
final class SalvageFile {
    let path: String
    let length: UInt64
    /// Nil when it does not verify.
    let header: SegmentHeader?
    /// The format of pages that only a newer program reads, once one was met.
    private(set) var newerFormat: UInt16?
    private let file: any StorageFile

    /// - Throws: `.unsupportedFormat` for a file of a newer format.
    init(_ path: String, _ fileSystem: any FileSystem) throws(StorageError) {
        self.path = path
        file = try fileSystem.open(path, mode: .read)
        length = try file.byteCount()
        do { header = try SegmentHeader.load(file) } catch {
            if case .unsupportedFormat = error { throw error }
            header = nil
        }
    }

    /// The footer that lies at the end of the file, or where the file should end. It speaks for itself.
    ///
    /// - Parameter expectedByteCount: the length by the manifest.
    func footer(expectedByteCount: UInt64? = nil) -> (footer: SegmentFooter, checksum: UInt32)? {
        for end in [length, expectedByteCount ?? length]
        where end <= length && end >= UInt64(SegmentFooter.byteCount) {
            let bytes = bytes(at: end - UInt64(SegmentFooter.byteCount), count: SegmentFooter.usedByteCount)
            let found = bytes.withUnsafeBytes { bytes -> (SegmentFooter, UInt32)? in
                guard bytes.count == SegmentFooter.usedByteCount else { return nil }
                let checksum = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 104, as: UInt32.self))
                // The file may have lost its start: the footer's own place says nothing about the index.
                let footer = try? SegmentFooter(
                    bytes, expectedChecksum: checksum, file: path, at: SegmentReference.largestFileByteCount)
                return footer.map { ($0, checksum) }
            }
            if let found { return found }
        }
        return nil
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
        let parsed = head.withUnsafeBytes { bytes in
            Result { () throws(StorageError) in try PageHeader(bytes, file: path, at: offset) }
        }
        if case .failure(.unsupportedFormat(_, .version(let found, _))) = parsed { newerFormat = found }
        guard case .success(let header) = parsed, header.database == database,
            header.pageByteCount <= PageLimits.pageByteCount
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
