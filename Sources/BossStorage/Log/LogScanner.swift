import BossCodec

/// What a log holds: its accepted batches, and where they end.
struct LogContents: Sendable {
    var header: SegmentHeader
    var entries: [PageGroup: [IndexEntry]]
    /// End of the last accepted batch.
    var end: UInt64
    var lastSequence: UInt64
    /// Time of the last accepted record, microseconds since 1970.
    var lastMicroseconds: Int64 = 0
    /// Checksum of the last accepted commit record, or the chain seed.
    var chain: UInt32
    /// Whether the last accepted record says that the log was closed and flushed there.
    var isClosed: Bool
    /// Length that some accepted record claims to be flushed.
    var flushedByteCount: UInt64
}

/// Reads a log from its start and decides what counts: the longest run of whole batches.
///
/// A batch counts when its pages, their directories and bricks, and the chain of its commit record all
/// verify. A tail that does not is torn and is cut. But where something was flushed behind the
/// damage, the damage is not a torn tail, and opening fails instead of losing acknowledged data.
struct LogScanner {
    private let file: any StorageFile
    private let length: UInt64
    private let name: String

    init(file: any StorageFile) throws(StorageError) {
        self.file = file
        name = file.path
        length = try file.byteCount()
    }

    /// Scans the log.
    ///
    /// - Parameters:
    ///   - knownFlushed: length that is known to be flushed, from the writer's status; 0 if unknown.
    ///   - limit: accept no batch that ends beyond; for readers beside a live writer.
    ///   - verifyBricks: also check every brick, which a log that was not closed needs.
    ///   - resume: contents of an earlier scan to go on from.
    func scan(
        database: FileIdentifier, identifier: FileIdentifier, knownFlushed: UInt64, limit: UInt64 = .max,
        verifyBricks: Bool, resume: LogContents? = nil
    ) throws(StorageError) -> LogContents {
        #if SEEDED_DEFECTS
            let limit = SeededDefect.isOn(.readUnflushed) ? UInt64.max : limit
        #endif
        var contents: LogContents
        if let resume {
            contents = resume
        } else {
            let header = try SegmentHeader.load(file)
            guard header.database == database, header.identifier == identifier, header.role == .log else {
                throw .corrupt(file: name, offset: 0, reason: "the log belongs elsewhere")
            }
            contents = LogContents(
                header: header, entries: [:], end: UInt64(SegmentHeader.byteCount), lastSequence: 0,
                chain: header.chainSeed, isClosed: false, flushedByteCount: 0)
        }
        while contents.end < limit, let batch = try nextBatch(after: contents, verifyBricks: verifyBricks) {
            let end = batch.end
            guard end <= limit else { break }
            for (group, entry) in batch.entries { contents.entries[group, default: []].append(entry) }
            contents.end = end
            contents.lastSequence = batch.record.sequence
            contents.lastMicroseconds = max(contents.lastMicroseconds, batch.record.microseconds)
            contents.chain = batch.checksum
            contents.isClosed = batch.record.isClose
            contents.flushedByteCount = max(contents.flushedByteCount, batch.record.flushedByteCount)
        }
        if limit == .max { try refuseDamageBeforeFlushedBytes(end: contents.end, knownFlushed: knownFlushed) }
        return contents
    }

    private struct Batch {
        var record: CommitRecord
        var checksum: UInt32
        var entries: [(PageGroup, IndexEntry)]
        var end: UInt64
    }

    /// The next whole batch, or nil when what follows is none.
    private func nextBatch(after contents: LogContents, verifyBricks: Bool) throws(StorageError) -> Batch? {
        var offset = contents.end
        var entries: [(PageGroup, IndexEntry)] = []
        var pagesChecksum: UInt32 = 0
        while true {
            guard
                let head = try bytes(at: offset, count: PageHeader.byteCount, atLeast: CommitRecord.byteCount)
            else {
                return nil
            }
            let magic = head.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self)) }
            switch magic {
            case Magic.commit:
                guard let record = head.withUnsafeBytes({ CommitRecord($0) }),
                    record.batchOffset == contents.end,
                    record.previousChecksum == contents.chain, record.pageCount == entries.count,
                    record.pagesChecksum == pagesChecksum, record.sequence >= contents.lastSequence
                else { return nil }
                for index in entries.indices { entries[index].1.sequence = record.sequence }
                return Batch(
                    record: record,
                    checksum: CommitRecord.checksum(of: Array(head.prefix(CommitRecord.byteCount))),
                    entries: entries, end: offset + UInt64(CommitRecord.byteCount))
            case Magic.page:
                guard
                    let (header, checksum) = try page(
                        head, at: offset, database: contents.header.database,
                        verifyBricks: verifyBricks)
                else { return nil }
                pagesChecksum = withUnsafeBytes(of: checksum.littleEndian) {
                    CRC32C.checksum($0, seed: pagesChecksum)
                }
                let isStored = header.kind == .full || header.kind == .delta
                var entry = IndexEntry(
                    morton: header.key.morton, sequence: header.sequence, kind: header.kind,
                    offsetOrConstant: isStored ? offset : header.baseOrConstant,
                    pageByteCount: UInt32(header.pageByteCount), headerChecksum: checksum)
                entry.isLabelled = header.isLabelled
                entries.append((header.key.group, entry))
                offset = alignUp(offset + UInt64(header.pageByteCount), to: PageLayout.fileAlignment)
            case 0:
                // Padding in front of a page that starts at a memory page.
                let next = alignUp(offset, to: UInt64(PageLayout.memoryPage))
                guard next != offset else { return nil }
                offset = next
            default:
                return nil
            }
        }
    }

    /// Checks one page of the log; nil when it is not whole.
    private func page(
        _ head: [UInt8], at offset: UInt64, database: FileIdentifier, verifyBricks: Bool
    ) throws(StorageError) -> (PageHeader, UInt32)? {
        let parsed = head.withUnsafeBytes { bytes in
            Result { () throws(StorageError) in try PageHeader(bytes, file: name, at: offset) }
        }
        // A header that does not verify is a torn tail, not an error, unless flushed bytes follow.
        guard case .success(let header) = parsed, header.database == database,
            offset + UInt64(header.pageByteCount) <= length
        else { return nil }
        let checksum = head.withUnsafeBytes {
            UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 92, as: UInt32.self))
        }
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.trustBricksOfLog) { return (header, checksum) }
        #endif
        guard verifyBricks, header.brickCount > 0 else { return (header, checksum) }
        guard let page = try bytes(at: offset, count: header.pageByteCount, atLeast: header.pageByteCount)
        else {
            return nil
        }
        let isWhole = page.withUnsafeBytes { page in
            let directory = UnsafeRawBufferPointer(
                rebasing: page[PageHeader.byteCount..<PageHeader.byteCount + header.directoryByteCount])
            let parsed = Result { () throws(StorageError) in
                try PageDirectory.parse(header: header, directory: directory, file: name, at: offset)
            }
            guard case .success(let directory) = parsed else { return false }
            let summary = page[header.summaryOffset..<header.pageByteCount]
            guard CRC32C.checksum(UnsafeRawBufferPointer(rebasing: summary)) == header.summaryChecksum else {
                return false
            }
            return directory.entries.allSatisfy { entry in
                guard entry.codec != .constant else { return true }
                let stored = page[Int(entry.offset)..<Int(entry.offset) + Int(entry.storedByteCount)]
                return CRC32C.checksum(UnsafeRawBufferPointer(rebasing: stored)) == entry.checksum
            }
        }
        return isWhole ? (header, checksum) : nil
    }

    /// Bytes at an offset, or nil when fewer than `atLeast` are there.
    private func bytes(at offset: UInt64, count: Int, atLeast: Int) throws(StorageError) -> [UInt8]? {
        guard offset <= length, length - offset >= UInt64(atLeast) else { return nil }
        let wanted = min(count, Int(clamping: length - offset))
        var bytes = [UInt8](repeating: 0, count: wanted)
        let read = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(StorageError) in try file.read(into: buffer, at: offset) }
        }
        guard try read.get() == wanted else { return nil }
        return bytes
    }

    /// Tells a torn tail from damage in the middle.
    ///
    /// Commit records say how much was flushed when they were written. If one behind the cut, or the
    /// writer's status, says that bytes behind the cut were flushed, a flushed batch is damaged.
    private func refuseDamageBeforeFlushedBytes(end: UInt64, knownFlushed: UInt64) throws(StorageError) {
        if knownFlushed > end {
            throw .corrupt(file: name, offset: end, reason: "a committed batch is damaged")
        }
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.skipLookAhead) { return }
        #endif
        let window = 1 << 20
        var offset = end
        while offset < length {
            guard let chunk = try bytes(at: offset, count: window + CommitRecord.byteCount, atLeast: 1) else {
                return
            }
            if chunk.withUnsafeBytes({ Self.holdsRecord($0, flushedBeyond: end) }) {
                throw .corrupt(file: name, offset: end, reason: "a committed batch is damaged")
            }
            offset += UInt64(window)
        }
    }

    /// Whether a commit record in a part of the log says that more than `end` bytes were flushed.
    private static func holdsRecord(_ chunk: UnsafeRawBufferPointer, flushedBeyond end: UInt64) -> Bool {
        var start = 0
        while start <= chunk.count - CommitRecord.byteCount {
            if UInt32(littleEndian: chunk.loadUnaligned(fromByteOffset: start, as: UInt32.self))
                == Magic.commit,
                let record = CommitRecord(UnsafeRawBufferPointer(rebasing: chunk[start...])),
                record.flushedByteCount > end
            {
                return true
            }
            start += CommitRecord.byteCount
        }
        return false
    }
}
