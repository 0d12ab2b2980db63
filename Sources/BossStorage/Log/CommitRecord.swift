import BossCodec

/// Ends a batch in the log and makes it whole, 64 bytes, little-endian.
///
///      0  u32 magic "BQCM"    4  u16 format         6  u16 flags (bit 0: the log was closed here)
///      8  u64 sequence number                      16  u32 page count
///     20  u32 CRC of the batch's page header CRCs  24  u64 file offset where the batch starts
///     32  u64 length of the log known to be flushed when this was written
///     40  i64 time, microseconds since 1970        48  u32 CRC of the commit record before, or the chain seed
///     52  8 bytes 0                                60  u32 CRC of bytes 0..<60
struct CommitRecord: Hashable, Sendable {
    static let byteCount = 64

    var sequence: UInt64
    var isClose: Bool
    var pageCount: Int
    var pagesChecksum: UInt32
    var batchOffset: UInt64
    var flushedByteCount: UInt64
    var microseconds: Int64
    var previousChecksum: UInt32

    func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: Self.byteCount)
        writer.append(Magic.commit)
        writer.append(FormatVersion.major)
        writer.append(UInt16(isClose ? 1 : 0))
        writer.append(sequence)
        writer.append(UInt32(pageCount))
        writer.append(pagesChecksum)
        writer.append(batchOffset)
        writer.append(flushedByteCount)
        writer.append(microseconds)
        writer.append(previousChecksum)
        writer.append(UInt64(0))
        writer.appendChecksum()
        return writer.bytes
    }

    /// The record's own checksum, which the next record repeats.
    static func checksum(of encoded: [UInt8]) -> UInt32 {
        encoded.withUnsafeBytes {
            UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 60, as: UInt32.self))
        }
    }

    init(
        sequence: UInt64, isClose: Bool, pageCount: Int, pagesChecksum: UInt32, batchOffset: UInt64,
        flushedByteCount: UInt64, microseconds: Int64, previousChecksum: UInt32
    ) {
        self.sequence = sequence
        self.isClose = isClose
        self.pageCount = pageCount
        self.pagesChecksum = pagesChecksum
        self.batchOffset = batchOffset
        self.flushedByteCount = flushedByteCount
        self.microseconds = microseconds
        self.previousChecksum = previousChecksum
    }

    /// Reads a record; nil for bytes that are none.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.byteCount else { return nil }
        func load<T: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, _ type: T.Type) -> T {
            T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
        }
        guard load(0, UInt32.self) == Magic.commit, load(4, UInt16.self) == FormatVersion.major,
            CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[0..<60])) == load(60, UInt32.self)
        else { return nil }
        isClose = load(6, UInt16.self) & 1 == 1
        sequence = load(8, UInt64.self)
        pageCount = Int(load(16, UInt32.self))
        pagesChecksum = load(20, UInt32.self)
        batchOffset = load(24, UInt64.self)
        flushedByteCount = load(32, UInt64.self)
        microseconds = load(40, Int64.self)
        previousChecksum = load(48, UInt32.self)
    }
}
