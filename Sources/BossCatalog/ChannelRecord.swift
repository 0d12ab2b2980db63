public import BossGeometry
public import BossVoxels

/// Whether a channel's voxels are intensities or IDs.
public enum ChannelKind: String, CaseIterable, Hashable, Sendable {
    /// Intensities, of any voxel type.
    case image
    /// IDs of objects, UINT64 or UINT32.
    case annotation
}

/// How the bricks of a channel are compressed.
public enum ChannelCompression: String, CaseIterable, Hashable, Sendable {
    /// Each brick takes what suits its content.
    case automatic = "AUTO"
    /// Bricks are stored as they are.
    case none = "NONE"
    /// LZ4, quick to read.
    case lz4 = "LZ4"
    /// Zstandard, smaller.
    case zstd = "ZSTD"
}

/// How far the coarser resolution levels of a channel follow its data. The words are BossDB's.
public enum DownsampleStatus: String, CaseIterable, Hashable, Sendable {
    /// Never downsampled, or written since.
    case notDownsampled = "NOT_DOWNSAMPLED"
    /// A job waits.
    case queued = "QUEUED"
    /// A job runs.
    case inProgress = "IN_PROGRESS"
    /// All levels are built.
    case downsampled = "DOWNSAMPLED"
    /// The last job failed.
    case failed = "FAILED"
}

/// Whether a channel is in use or awaits the removal of its pages.
public enum ChannelState: String, CaseIterable, Hashable, Sendable {
    /// In use.
    case active
    /// Dropped: its name is free again, its number is not.
    case dropped
}

/// A channel as stored.
public struct ChannelRecord: Hashable, Sendable, Identifiable {
    /// The channel's number, which keys its pages; never used again, not even after a drop.
    public let id: UInt32
    /// The experiment it belongs to (of a dropped channel: belonged to).
    public let experimentID: Int64
    /// 1 to 255 of `A-Z a-z 0-9 _ -`, unique in the experiment.
    public let name: String
    /// Free text of at most 4096 characters.
    public let description: String
    /// Intensities or IDs.
    public let kind: ChannelKind
    /// The type of the voxels.
    public let voxelType: VoxelType
    /// The finest resolution level that holds data, below the experiment's `levelCount`.
    public let baseResolution: Int
    /// The time sample read when none is named, below the experiment's `timeSampleCount`.
    public let defaultTimeSample: Int
    /// Shapes of cuboids and bricks.
    public let grid: CuboidGrid
    /// How bricks are compressed.
    public let compression: ChannelCompression
    /// What unwritten voxels read as: the bits of one voxel, zero-extended.
    public let background: UInt64
    /// Channels of the same experiment that this one was derived from, in the order given.
    public let sources: [String]
    /// Channels of the same experiment that belong with this one, in the order given.
    public let related: [String]
    /// How far the coarser levels follow the data.
    public let downsampleStatus: DownsampleStatus
    /// In use or dropped.
    public let state: ChannelState
    /// The user who created it, empty in a database without users.
    public let creator: String
    /// Whether everybody may read it.
    public let isPublic: Bool
    /// When it was created, in microseconds since 1970 UTC.
    public let createdAtMicroseconds: Int64
}

/// What a new channel is made from.
package struct NewChannel: Hashable, Sendable {
    package var name: String
    package var kind: ChannelKind
    package var voxelType: VoxelType
    package var description: String
    package var baseResolution: Int
    package var defaultTimeSample: Int
    package var cuboid: VoxelExtent
    /// Nil takes the brick nearest to 64 x 64 x 16 that divides the cuboid.
    package var brick: VoxelExtent?
    package var compression: ChannelCompression
    package var background: UInt64
    package var sources: [String]
    package var related: [String]
    package var creator: String
    package var isPublic: Bool

    package init(
        name: String, kind: ChannelKind, voxelType: VoxelType, description: String = "",
        baseResolution: Int = 0, defaultTimeSample: Int = 0,
        cuboid: VoxelExtent = CuboidGrid.standard.cuboid, brick: VoxelExtent? = nil,
        compression: ChannelCompression = .automatic, background: UInt64 = 0, sources: [String] = [],
        related: [String] = [], creator: String = "", isPublic: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.voxelType = voxelType
        self.description = description
        self.baseResolution = baseResolution
        self.defaultTimeSample = defaultTimeSample
        self.cuboid = cuboid
        self.brick = brick
        self.compression = compression
        self.background = background
        self.sources = sources
        self.related = related
        self.creator = creator
        self.isPublic = isPublic
    }
}

/// Changes to a channel; nil leaves a property as it is. Kind, voxel type, shapes, compression and
/// background are fixed for ever, since stored pages depend on them.
package struct ChannelChanges: Hashable, Sendable {
    package var description: String?
    package var isPublic: Bool?
    package var baseResolution: Int?
    package var defaultTimeSample: Int?
    /// Replaces the whole list.
    package var sources: [String]?
    /// Replaces the whole list.
    package var related: [String]?

    package init(
        description: String? = nil, isPublic: Bool? = nil, baseResolution: Int? = nil,
        defaultTimeSample: Int? = nil, sources: [String]? = nil, related: [String]? = nil
    ) {
        self.description = description
        self.isPublic = isPublic
        self.baseResolution = baseResolution
        self.defaultTimeSample = defaultTimeSample
        self.sources = sources
        self.related = related
    }
}
