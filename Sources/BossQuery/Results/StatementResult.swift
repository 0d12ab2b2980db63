public import BossDatabase
public import BossVoxels

/// What one statement returned.
public struct StatementResult: Sendable {
    /// The volume, picture, rows or tag.
    public let value: ResultValue
    /// Warnings, for example 01V01 when a level is older than the base level.
    public let warnings: [Warning]
    /// What the statement read and wrote.
    public let statistics: ExecutionStatistics
    /// What a CHECK came to; nil for other statements.
    public let check: CheckOutcome?

    /// A result with its warnings and counters.
    public init(
        value: ResultValue, warnings: [Warning] = [], statistics: ExecutionStatistics = .init(),
        check: CheckOutcome? = nil
    ) {
        self.value = value
        self.warnings = warnings
        self.statistics = statistics
        self.check = check
    }
}

/// What a CHECK came to.
public enum CheckOutcome: Sendable {
    /// Nothing was found.
    case clean
    /// Nothing is lost, though there are warnings.
    case sound
    /// Something could not be looked at.
    case incomplete
    /// There is damage.
    case damaged
}

/// The kinds of result; which one follows from the first words of a statement.
public enum ResultValue: Sendable {
    /// A dense array and where it lies.
    case volume(VolumeResult)
    /// An encoded file: a PNG picture, or a volume as NPY or RAW bytes when `FORMAT` asked for it.
    case encoded(EncodedResult)
    /// Rows of typed columns.
    case rows(RowSet)
    /// A word and a count, such as `INSERT 4096`; the count is nil where it means nothing.
    case tag(String, count: UInt64?)
}

/// A volume with its place.
public struct VolumeResult: Sendable {
    /// The voxels.
    public let volume: AnyVolume
    /// First voxel of each of the volume's axes, in the volume's axis order, in voxels of `resolution`.
    public let origin: [Int]
    /// The resolution level that was read.
    public let resolution: Int
    /// Whether the voxels are labels, shown in colours rather than grey.
    public let isAnnotation: Bool

    /// A volume and its place.
    public init(volume: AnyVolume, origin: [Int], resolution: Int, isAnnotation: Bool) {
        self.volume = volume
        self.origin = origin
        self.resolution = resolution
        self.isAnnotation = isAnnotation
    }
}

/// Encoded bytes with their media type.
public struct EncodedResult: Sendable {
    /// For example `image/png`.
    public let mediaType: String
    /// A file name extension without a dot, `png`, `npy`, `raw`.
    public let fileExtension: String
    /// The bytes.
    public let bytes: [UInt8]
    /// What was encoded, for the one-line summary.
    public let summary: String
    /// The volume behind the bytes, for a preview, when it is small enough to keep.
    public let volume: VolumeResult?

    /// Encoded bytes.
    public init(
        mediaType: String, fileExtension: String, bytes: [UInt8], summary: String, volume: VolumeResult?
    ) {
        self.mediaType = mediaType
        self.fileExtension = fileExtension
        self.bytes = bytes
        self.summary = summary
        self.volume = volume
    }
}

/// A warning with its SQLSTATE (class 01).
public struct Warning: Hashable, Sendable {
    /// For example `01V01`.
    public let sqlState: String
    /// One sentence.
    public let message: String

    /// A warning.
    public init(sqlState: String, message: String) {
        self.sqlState = sqlState
        self.message = message
    }
}

/// Counters and times of one statement.
public struct ExecutionStatistics: Sendable {
    /// Pages located, bricks decoded, bytes read.
    public var read = ReadStatistics()
    /// Wall time in milliseconds.
    public var milliseconds = 0.0

    /// No work yet.
    public init() {}
}
