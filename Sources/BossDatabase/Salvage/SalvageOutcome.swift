public import BossGeometry

/// What salvage has done, and what could not be saved.
public struct SalvageOutcome: Sendable {
    /// Where the catalog of the new database comes from.
    public enum CatalogOrigin: Hashable, Sendable {
        /// It verified, and was taken over as it was.
        case carriedOver
        /// It was damaged: what could be read of it was taken over.
        case partly
        /// It was missing, or nothing of it could be read: names are made up.
        case madeAnew
    }

    /// A channel of the new database.
    public struct Channel: Hashable, Sendable {
        /// `collection/experiment/channel`.
        public let path: String
        /// The number under which its pages are kept, the same as in the source.
        public let number: UInt32
        /// Cuboids that were saved.
        public let cuboidCount: Int
        /// What of it was guessed, in words; empty for a channel of the source's catalog.
        public let guesses: [String]
    }

    /// The channels of the new database, by path.
    public internal(set) var channels: [Channel] = []
    /// Where its catalog comes from.
    public internal(set) var catalog = CatalogOrigin.carriedOver
    /// What was lost, by channel, level, time and place.
    public internal(set) var losses: [SalvagedLoss] = []
    /// What was lost or may be, where no cuboid can be named.
    public internal(set) var remarks: [String] = []
    /// What was damaged or left behind, snapshots among it, though nothing of the newest state is lost by it.
    public internal(set) var notes: [String] = []
    /// What a check of the new database found: nothing, if it is as it should be.
    public internal(set) var findings: [DatabaseFinding] = []
    /// Cuboids that were saved, at all levels.
    public internal(set) var cuboidCount = 0

    /// Whether everything that the newest state of the source held is in the new database.
    public var isComplete: Bool { losses.isEmpty && remarks.isEmpty }
}

/// A part of a channel that could not be saved.
public struct SalvagedLoss: Hashable, Sendable {
    /// What of the cuboid was lost.
    public enum Extent: Hashable, Sendable {
        /// One brick, by its number in the cuboid.
        case brick(Int)
        /// All of it.
        case cuboid
        /// All of it but these bricks, which later commits wrote.
        case cuboidExcept(bricks: [Int])
        /// Some of its bricks, which ones is not known, but none of these.
        case unknownBricks(except: [Int])
        /// Up to so many cuboids, from this one to another one in the order of Morton codes; which ones is not known. Nil
        /// for a stretch to the end of the level, where it is not known what that is.
        case stretch(count: Int, last: CuboidIndex?)
    }

    /// `collection/experiment/channel`; `channel 7` for one without a name.
    public let channel: String
    /// The channel's number.
    public let channelNumber: UInt32
    /// The resolution level.
    public let level: ResolutionLevel
    /// The time sample, of a stretch the first one.
    public let time: Int
    /// The same; of a stretch the last time sample.
    public let lastTime: Int
    /// The cuboid in the channel's grid, in cuboids.
    public let cuboid: CuboidIndex
    /// What of it was lost.
    public let extent: Extent
    /// The voxels that were lost, at this level; nil when the channel's shape is not known. Of a stretch the box in
    /// which they lie. Cut to the channel's frame.
    public let box: VoxelBox?
    /// The commit that wrote what was lost; nil when it is not known.
    public let commit: UInt64?
    /// The older commit whose content stands there now; nil for background.
    public let shownCommit: UInt64?
    /// The damaged file, relative to the database's folder.
    public let file: String
}
