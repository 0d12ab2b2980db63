/// Bricks that cannot be encoded, and stored bytes that are not a brick.
///
/// Stored bytes come from files, so every case below about them can happen with a valid checksum, too.
public enum CodecError: Error, Hashable, Sendable {
    /// The number on disk is no codec that this program knows.
    case unknownCodec(UInt8)
    /// The voxels are not exactly one brick.
    case brickByteCountMismatch(expected: Int, found: Int)
    /// The buffer for the encoded bytes is smaller than the bound.
    case outputTooSmall(needed: Int, found: Int)
    /// The stored bytes have a length that the codec cannot have for this brick.
    case storedByteCountMismatch(codec: UInt8, expected: Int, found: Int)
    /// The stored bytes end before the header of the compressed frame does.
    case frameTooShort(needed: Int, found: Int)
    /// A field of the compressed frame's header does not fit the brick.
    case invalidFrame(field: FrameField, found: Int)
    /// A part of a label frame cannot be that of the brick.
    case invalidLabels(LabelField, found: Int)
    /// The constant has bits beyond the width of a voxel.
    case constantTooWide(bits: UInt64, voxelByteCount: Int)
    /// The compressor refused the voxels, with its status.
    case compressionFailed(status: Int)
    /// The decompressor refused the stored bytes, with its status or the number of bytes it made.
    case decompressionFailed(status: Int)

    /// The fields of a Blosc 1 frame header, by their name in its specification.
    public enum FrameField: String, Hashable, Sendable {
        /// Version of the frame format.
        case version
        /// Version of the compressor's format.
        case compressorVersion = "versionlz"
        /// Shuffle, copy and compressor bits.
        case flags
        /// Bytes of one element, for the shuffle.
        case typeSize = "typesize"
        /// Bytes after decompression.
        case byteCount = "nbytes"
        /// Bytes of a block.
        case blockByteCount = "blocksize"
        /// Bytes of the frame with its header.
        case compressedByteCount = "cbytes"
    }

    /// The parts of a label frame.
    public enum LabelField: String, Hashable, Sendable {
        /// The version, or something that it leaves zero.
        case version
        /// Voxels of a row and rows of a plane.
        case shape
        /// The number of runs.
        case runs
        /// The values, or how many there are.
        case palette
        /// What tells the runs.
        case symbols
    }
}
