import BossGeometry

/// A cuboid's place in its grid, in cuboids.
package struct SalvagedPlace: Hashable, Sendable {
    package let x: UInt32
    package let y: UInt32
    package let z: UInt32

    /// Nil for a code that no cuboid has.
    init?(morton: UInt64) {
        guard let index = try? MortonCode(rawValue: morton).index else { return nil }
        (x, y, z) = (index.x, index.y, index.z)
    }

    private init(x: UInt32, y: UInt32, z: UInt32) { (self.x, self.y, self.z) = (x, y, z) }

    /// The higher one along each axis.
    func highest(with other: SalvagedPlace) -> SalvagedPlace {
        SalvagedPlace(x: max(x, other.x), y: max(y, other.y), z: max(z, other.z))
    }
}

/// One cuboid of which something newest was lost.
package struct SalvageLoss: Hashable, Sendable {
    /// What of a version was lost.
    package enum Extent: Hashable, Sendable {
        /// These bricks, ascending.
        case bricks([Int])
        /// The whole cuboid but for bricks that later commits wrote, ascending.
        case cuboid(except: [Int])
        /// Some bricks that a commit replaced, which ones is not known, but none that later commits wrote.
        case someBricks(except: [Int])
    }
    /// What the new database shows instead.
    package enum Substitute: Hashable, Sendable {
        /// Background.
        case background
        /// What the cuboid held after an older commit.
        case olderVersion(commit: UInt64)
    }

    /// Channel number, resolution and time.
    package let group: PageGroup
    /// Morton code of the cuboid in the grid; for notes of commits the commit.
    package let morton: UInt64
    /// The commit that wrote what was lost.
    package let commit: UInt64
    /// What was lost.
    package let extent: Extent
    /// What stands there now.
    package let substitute: Substitute
    /// The damaged file.
    package let path: String

    /// The cuboid's place in the grid, x, y, z.
    package var place: SalvagedPlace? { SalvagedPlace(morton: morton) }
}

/// What the pages of a channel say about it: enough to read them where the catalog is lost, if little is guessed.
package struct SalvagedShape: Hashable, Sendable {
    /// Bytes of a voxel; one number in a sound channel, none where every cuboid is of one value.
    package var voxelByteCounts: Set<Int> = []
    /// Decoded bytes of a brick.
    package var brickByteCounts: Set<Int> = []
    /// Bricks of a cuboid, from pages that hold all of them.
    package var brickCounts: Set<Int> = []
    /// The highest brick that any page has, where no page holds all.
    package var lastBrick: Int?
    /// The widest value of cuboids that hold one value.
    package var widestConstant: UInt64 = 0
    /// The highest place along each axis, by the raw value of the resolution level.
    package var highest: [UInt8: SalvagedPlace] = [:]
    /// The last time sample.
    package var lastTime: UInt32 = 0
    /// Cuboids that were written to the new database.
    package var cuboidCount = 0
    /// What commits that changed only this channel say that they did, the last different ones.
    package var actions: [String] = []

    /// A channel without pages.
    package init() {}

    mutating func take(_ cuboid: SalvagedCuboid) {
        let group = cuboid.key.group
        guard group.holdsVoxels else { return }
        lastTime = max(lastTime, group.time)
        if let place = SalvagedPlace(morton: cuboid.key.morton) {
            highest[group.resolution] = highest[group.resolution]?.highest(with: place) ?? place
        }
        let headers = cuboid.replaced.values.compactMap { $0?.page.header }
        for header in headers { take(header) }
        lastBrick = cuboid.replaced.keys.reduce(lastBrick) { max($0 ?? 0, $1) }
        switch cuboid.base {
        case .full(let page):
            take(page.header)
            brickCounts.insert(page.header.brickCount)
        case .constant(let bits):
            widestConstant = max(widestConstant, bits)
            cuboidCount += 1
            return
        case .nothing: break
        }
        if !cuboid.bricks.isEmpty { cuboidCount += 1 }
    }

    private mutating func take(_ header: PageHeader) {
        voxelByteCounts.insert(header.voxelByteCount)
        brickByteCounts.insert(header.brickByteCount)
    }

    mutating func add(_ action: String) {
        if !actions.contains(action), actions.count < 16 { actions.append(action) }
    }
}

/// How far salvage is.
package struct SalvageProgress: Hashable, Sendable {
    /// What it does, one after the other.
    package enum Phase: Hashable, Sendable {
        /// Looks through the source.
        case reading
        /// Writes the new database.
        case writing
        /// Verifies the new database.
        case checking
    }
    /// What is being done.
    package let phase: Phase
    /// Bytes done in this phase.
    package let byteCount: UInt64
    /// Bytes in this phase, about.
    package let byteTotal: UInt64
}

/// What salvage did.
package struct SalvageReport: Sendable {
    /// Number of the root that was gone by; nil when none verified.
    package var rootNumber: UInt64?
    /// The newest commit of which anything was found.
    package var newestCommit: UInt64 = 0
    /// Cuboids of which something was lost, by channel and place.
    package var losses: [SalvageLoss] = []
    /// Cuboids of which it is only known between which others they were.
    package var stretches: [SalvageLostStretch] = []
    /// Losses that no cuboid can be named for, and what may be lost.
    package var remarks: [String] = []
    /// What was damaged, though nothing is lost by it.
    package var notes: [String] = []
    /// Names of snapshots of the source, whose data is not in the new database.
    package var snapshotNames: [String] = []
    /// What the pages say about each channel.
    package var shapes: [UInt32: SalvagedShape] = [:]
    /// Identifiers of the source and of the new database.
    package var source = ""
    /// Of the new database.
    package var destination = ""
    /// Cuboids written to the new database.
    package var cuboidCount = 0
    /// Stored pages that went into them.
    package var pageCount = 0
    /// Bricks taken over as they were stored.
    package var brickCount = 0
    /// Bricks of the newest state known to be lost, without those of pages of which nothing but the key is known.
    package var lostBrickCount = 0
    /// Pages of the newest state of which nothing but the key is known.
    package var lostPageCount = 0
    /// What the check of the new database found: nothing, if it is as it should be.
    package var findings: [CheckFinding] = []

    /// Whether everything that the source held is in the new database.
    package var isComplete: Bool {
        losses.isEmpty && stretches.isEmpty && remarks.isEmpty && snapshotNames.isEmpty
    }
}
