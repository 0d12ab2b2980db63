import BossCodec

/// A stretch of a label index: which pages of a segment hold which labels.
///
/// Entries ascend by ID, then by page, and each has all that the page's summary says of the label. Bytes: u32 magic
/// "BQLB", u32 CRC of the rest, u32 entries, u32 0, u64 first ID; then of each entry the difference of its ID to that of
/// the entry before (LEB128), the number of its page among those of the group in the segment's index (LEB128; where the
/// ID is the same, the difference to the entry before), and its numbers (`LabelCoding`).
enum LabelBlock {
    static let headerByteCount = 24
    /// A block is full when another entry might make it longer.
    static let byteLimit = 16 << 10
    static let entryByteLimit = 10 + 5 + LabelCoding.byteLimit

    /// One label of one page.
    struct Entry: Hashable {
        var id: UInt64
        /// Number of the page among those of its group in the segment's index.
        var page: UInt32
        var stored: LabelCoding.Stored
    }

    /// Collects entries into a block.
    struct Writer {
        private(set) var firstID: UInt64 = 0
        private(set) var firstPage: UInt32 = 0
        private(set) var entryCount = 0
        private var body: [UInt8] = []
        private var last: (id: UInt64, page: UInt32) = (0, 0)

        var isFull: Bool { headerByteCount + body.count + entryByteLimit > byteLimit }

        mutating func append(_ entry: Entry) {
            if entryCount == 0 {
                (firstID, firstPage) = (entry.id, entry.page)
                last = (entry.id, 0)
                LEB128.append(0, to: &body)
                LEB128.append(UInt64(entry.page), to: &body)
            } else {
                LEB128.append(entry.id - last.id, to: &body)
                LEB128.append(UInt64(entry.id == last.id ? entry.page - last.page : entry.page), to: &body)
            }
            switch entry.stored {
            case .label(let label): LabelCoding.write(label, to: &body)
            case .whole: LabelCoding.writeWhole(to: &body)
            }
            last = (entry.id, entry.page)
            entryCount += 1
        }

        /// The block's bytes and its checksum; the writer is empty again.
        mutating func finish() -> (bytes: [UInt8], checksum: UInt32) {
            var rest = ByteWriter(capacity: headerByteCount + body.count)
            rest.append(UInt32(entryCount))
            rest.append(UInt32(0))
            rest.append(firstID)
            rest.append(contentsOf: body)
            let checksum = rest.bytes.withUnsafeBytes { CRC32C.checksum($0) }
            var writer = ByteWriter(capacity: rest.bytes.count + 8)
            writer.append(Magic.labelBlock)
            writer.append(checksum)
            writer.append(contentsOf: rest.bytes)
            self = Writer()
            return (writer.bytes, checksum)
        }
    }

    /// Calls `body` with the entries of a block until it returns false.
    ///
    /// - Throws: `.corrupt` for a wrong checksum, entries out of order, impossible numbers.
    static func forEach(
        _ bytes: UnsafeRawBufferPointer, _ fence: LabelFence, file: String,
        _ body: (Entry) throws(StorageError) -> Bool
    ) throws(StorageError) {
        var cursor = ByteCursor(bytes, file: file, base: fence.offset)
        guard try cursor.next(UInt32.self) == Magic.labelBlock else {
            throw cursor.corrupt("no block of labels here")
        }
        let checksum: UInt32 = try cursor.next()
        guard checksum == fence.checksum,
            CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[8...])) == checksum
        else { throw cursor.corrupt("checksum of a block of labels") }
        let count = Int(try cursor.next(UInt32.self))
        try cursor.skip(4)
        let firstID: UInt64 = try cursor.next()
        var reader = LEB128.Reader(bytes, from: headerByteCount, file: file, base: fence.offset)
        var (id, page) = (firstID, UInt32(0))
        for position in 0..<count {
            let difference = try reader.next()
            let (next, overflow) = id.addingReportingOverflow(difference)
            let number = try reader.next()
            let isSame = difference == 0 && position > 0
            let (place, isTooLarge) = number.addingReportingOverflow(isSame ? UInt64(page) : 0)
            guard !overflow, position > 0 || difference == 0, !isTooLarge, !isSame || number > 0,
                let found = UInt32(exactly: place)
            else { throw reader.corrupt("labels of a block out of order") }
            (id, page) = (next, found)
            let entry = Entry(id: id, page: page, stored: try LabelCoding.read(id: id, &reader))
            if try !body(entry) { return }
        }
        guard reader.isAtEnd else { throw reader.corrupt("bytes behind the last label of a block") }
    }
}
