import BossCodec

/// One entry of a page's brick directory, 16 bytes, little-endian.
///
///      0  u32 offset in the page        4  u24 stored length, u8 codec
///      8  u32 CRC of the stored bytes  12  u32 brick index in the cuboid
///
/// A constant brick stores no bytes: bytes 0..<4 and 8..<12 hold the low and high half of its value.
struct BrickEntry: Hashable, Sendable {
    static let byteCount = 16

    var brickIndex: UInt32
    var codec: BrickCodec
    var offset: UInt32
    var storedByteCount: UInt32
    var checksum: UInt32

    /// Voxel bits of a constant brick.
    var constantBits: UInt64 { UInt64(offset) | UInt64(checksum) << 32 }

    static func constant(brickIndex: Int, bits: UInt64) -> BrickEntry {
        BrickEntry(
            brickIndex: UInt32(brickIndex), codec: .constant, offset: UInt32(truncatingIfNeeded: bits),
            storedByteCount: 0, checksum: UInt32(truncatingIfNeeded: bits >> 32))
    }

    func write(to writer: inout ByteWriter) {
        writer.append(offset)
        writer.append(storedByteCount | UInt32(codec.rawValue) << 24)
        writer.append(checksum)
        writer.append(brickIndex)
    }

    init(brickIndex: UInt32, codec: BrickCodec, offset: UInt32, storedByteCount: UInt32, checksum: UInt32) {
        self.brickIndex = brickIndex
        self.codec = codec
        self.offset = offset
        self.storedByteCount = storedByteCount
        self.checksum = checksum
    }

    /// Reads an entry and checks that its bytes lie inside the page.
    init(_ cursor: inout ByteCursor, header: PageHeader) throws(StorageError) {
        offset = try cursor.next()
        let lengthAndCodec: UInt32 = try cursor.next()
        checksum = try cursor.next()
        brickIndex = try cursor.next()
        storedByteCount = lengthAndCodec & 0xFF_FFFF
        guard let codec = BrickCodec(rawValue: UInt8(lengthAndCodec >> 24)) else {
            throw cursor.corrupt("brick codec \(lengthAndCodec >> 24)")
        }
        self.codec = codec
        guard brickIndex < PageLimits.brickCount else { throw cursor.corrupt("brick index \(brickIndex)") }
        guard codec != .constant else { return }
        guard Int(offset) >= PageHeader.byteCount + header.directoryByteCount,
            Int(offset) + Int(storedByteCount) <= header.pageByteCount - header.summaryByteCount,
            codec != .raw || Int(storedByteCount) == header.brickByteCount
        else { throw cursor.corrupt("brick \(brickIndex) lies outside its page") }
    }
}
