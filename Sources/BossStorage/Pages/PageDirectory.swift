import BossCodec
import Synchronization

/// The verified header and brick directory of a stored page, shared by all readers of that page.
package final class PageDirectory: Sendable {
    let header: PageHeader
    let entries: [BrickEntry]
    /// One bit a brick: its stored bytes were checked since this directory was loaded.
    private let verified: Mutex<[UInt64]>

    init(header: PageHeader, entries: [BrickEntry]) {
        self.header = header
        self.entries = entries
        verified = Mutex(Array(repeating: 0, count: (entries.count + 63) / 64))
    }

    /// Memory it takes, for the cache's budget.
    var weight: Int { 128 + entries.count * (MemoryLayout<BrickEntry>.stride + 1) }

    /// The entry of a brick, or nil when this page does not hold it.
    func entryIndex(ofBrick brickIndex: Int) -> Int? {
        if header.kind == .full { return brickIndex < entries.count ? brickIndex : nil }
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if Int(entries[middle].brickIndex) < brickIndex { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && Int(entries[low].brickIndex) == brickIndex ? low : nil
    }

    func isVerified(_ entryIndex: Int) -> Bool {
        verified.withLock { $0[entryIndex / 64] >> UInt64(entryIndex % 64) & 1 == 1 }
    }

    func markVerified(_ entryIndex: Int) {
        verified.withLock { $0[entryIndex / 64] |= 1 << UInt64(entryIndex % 64) }
    }

    /// Reads the directory that follows a header.
    ///
    /// - Throws: `StorageError.corrupt` for a wrong checksum or entries out of order or place.
    static func parse(
        header: PageHeader, directory: UnsafeRawBufferPointer, file: String, at offset: UInt64
    ) throws(StorageError) -> PageDirectory {
        var cursor = ByteCursor(directory, file: file, base: offset + UInt64(PageHeader.byteCount))
        guard directory.count == header.directoryByteCount,
            CRC32C.checksum(directory) == header.directoryChecksum
        else { throw cursor.corrupt("brick directory checksum") }
        var entries: [BrickEntry] = []
        entries.reserveCapacity(header.brickCount)
        for position in 0..<header.brickCount {
            let entry = try BrickEntry(&cursor, header: header)
            let ordered =
                header.kind == .full
                ? Int(entry.brickIndex) == position
                : entries.last.map { $0.brickIndex < entry.brickIndex } ?? true
            guard ordered else { throw cursor.corrupt("brick directory out of order") }
            entries.append(entry)
        }
        return PageDirectory(header: header, entries: entries)
    }
}
