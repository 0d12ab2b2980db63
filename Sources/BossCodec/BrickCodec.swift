/// How one brick is stored. The raw values are part of the disk format; 0 is never valid.
package enum BrickCodec: UInt8, CaseIterable, Hashable, Sendable {
    /// Every voxel has the same bits, which stand in the directory; no bytes are stored.
    case constant = 1
    /// The voxels as they lie in memory, little-endian.
    case raw = 2
    /// A Blosc 1 frame compressed with LZ4.
    case lz4 = 3
    /// A Blosc 1 frame compressed with Zstandard.
    case zstd = 4
    /// Runs of labels, a `LabelFrame`.
    case label = 5

    /// The codec of a number read from disk.
    ///
    /// - Throws: `CodecError.unknownCodec`.
    package init(stored: UInt8) throws(CodecError) {
        guard let codec = BrickCodec(rawValue: stored) else { throw .unknownCodec(stored) }
        self = codec
    }
}
