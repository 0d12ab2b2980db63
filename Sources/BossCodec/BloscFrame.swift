import CBlosc

/// Compressed frames in the Blosc 1 format, one per brick.
///
/// Byte table of the 16-byte header, little-endian; block offsets (u32 each) and blocks follow:
///
///     0 u8 version (2)   1 u8 version of the compressor's format (1)   2 u8 flags   3 u8 typesize
///     4 u32 nbytes, bytes after decompression   8 u32 blocksize   12 u32 cbytes, bytes of the frame
///
/// Flags: bit 0 byte shuffle, 1 plain copy, 2 bit shuffle, 3 reserved, 4 blocks are not split, 5 to 7 compressor.
/// Frames with a plain copy or bit shuffle are never written and not accepted: a plain copy is a raw brick.
///
/// Source: c-blosc 1.21, README_CHUNK_FORMAT.rst. Only the `_ctx` functions are called, which share no state.
struct BloscFrame {
    /// Compressors, by their number in the flags.
    enum Compressor: Int, Hashable, Sendable {
        case lz4 = 1
        case zstd = 4

        fileprivate var name: String {
            switch self {
            case .lz4: BLOSC_LZ4_COMPNAME
            case .zstd: BLOSC_ZSTD_COMPNAME
            }
        }
    }

    /// How a frame is made.
    struct Setting: Hashable, Sendable {
        var compressor: Compressor
        /// 1 (fastest) to 9 (smallest).
        var level: Int32
        /// Bytes of an element whose bytes are shuffled apart; 1 for no shuffle.
        var shuffledByteCount: Int
    }

    /// Bytes of the header.
    static let headerByteCount = Int(BLOSC_MIN_HEADER_LENGTH)
    /// Bytes that one frame can hold.
    static let maximumByteCount = Int(Int32.max) - Int(BLOSC_MAX_OVERHEAD)
    /// Bytes below which Blosc only copies.
    static let minimumByteCount = 128
    /// A brick is one block, which costs half of the time of the default blocks with Zstandard, up to this
    /// size, which bounds the scratch memory of both directions.
    private static let maximumBlockByteCount = 1 << 20

    private static let version = 2
    private static let compressorVersion = 1
    private static let shuffleFlag = 0x01
    private static let unsplitFlag = 0x10

    /// Compresses into the output, as long as the frame fits it.
    ///
    /// - Returns: bytes of the frame, or `nil` if it is larger than the output.
    static func compress(
        _ source: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, _ setting: Setting
    ) throws(CodecError) -> Int? {
        guard source.count >= minimumByteCount, output.count >= minimumByteCount else { return nil }
        let status = blosc_compress_ctx(
            setting.level, setting.shuffledByteCount > 1 ? BLOSC_SHUFFLE : BLOSC_NOSHUFFLE,
            setting.shuffledByteCount, source.count, source.baseAddress, output.baseAddress,
            // A frame that could hold a plain copy must not fit: then the brick is raw.
            min(output.count, source.count - 1), setting.compressor.name,
            min(source.count, maximumBlockByteCount), 1)
        guard status >= 0 else { throw .compressionFailed(status: Int(status)) }
        return status == 0 ? nil : Int(status)
    }

    /// Decompresses a frame that must fill the output exactly.
    static func decompress(
        _ frame: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, _ compressor: Compressor
    ) throws(CodecError) {
        try validate(frame, outputByteCount: output.count, compressor)
        let status = blosc_decompress_ctx(frame.baseAddress, output.baseAddress, output.count, 1)
        guard Int(status) == output.count else { throw .decompressionFailed(status: Int(status)) }
    }

    /// Checks every field of the header: the library takes the length of the frame from there.
    private static func validate(
        _ frame: UnsafeRawBufferPointer, outputByteCount: Int, _ compressor: Compressor
    ) throws(CodecError) {
        guard frame.count >= headerByteCount else {
            throw .frameTooShort(needed: headerByteCount, found: frame.count)
        }
        func number(at offset: Int) -> Int {
            Int(UInt32(littleEndian: frame.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        }
        guard frame[0] == version else { throw .invalidFrame(field: .version, found: Int(frame[0])) }
        guard frame[1] == compressorVersion else {
            throw .invalidFrame(field: .compressorVersion, found: Int(frame[1]))
        }
        let flags = Int(frame[2])
        guard flags & ~(shuffleFlag | unsplitFlag) == compressor.rawValue << 5 else {
            throw .invalidFrame(field: .flags, found: flags)
        }
        let typeSize = Int(frame[3])
        guard typeSize == 1 || typeSize == 2 || typeSize == 4 || typeSize == 8 else {
            throw .invalidFrame(field: .typeSize, found: typeSize)
        }
        let byteCount = number(at: 4)
        guard byteCount == outputByteCount, byteCount > 0, byteCount <= maximumByteCount else {
            throw .invalidFrame(field: .byteCount, found: byteCount)
        }
        let compressedByteCount = number(at: 12)
        guard compressedByteCount == frame.count else {
            throw .invalidFrame(field: .compressedByteCount, found: compressedByteCount)
        }
        // A block is whole elements, else a split block would leave bytes of the output unwritten. The table
        // of block offsets lies in the frame, which also bounds the number of blocks.
        let blockByteCount = number(at: 8)
        guard blockByteCount > 0, blockByteCount <= byteCount, blockByteCount % typeSize == 0,
            (byteCount + blockByteCount - 1) / blockByteCount <= (frame.count - headerByteCount) / 4
        else { throw .invalidFrame(field: .blockByteCount, found: blockByteCount) }
    }
}
