/// How a channel wants its bricks stored. The raw value is the word of the catalog.
///
/// Whatever the preference, a brick of equal voxels is stored as that one value, and a brick that
/// compression hardly shrinks is stored raw, so that reading it costs nothing.
public enum CompressionPreference: String, CaseIterable, Hashable, Sendable {
    /// The measured choice for the voxel type, kept where it saves at least a fifth of the brick.
    case automatic = "AUTO"
    /// No compression.
    case none = "NONE"
    /// LZ4, kept where it saves at least a sixteenth of the brick: fast to read.
    case lz4 = "LZ4"
    /// Zstandard, kept where it saves at least a sixteenth of the brick: small on disk, slower to write.
    case zstd = "ZSTD"
}
