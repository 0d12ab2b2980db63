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

/// What salvage did.
package struct SalvageReport: Sendable {
    /// Number of the root that was gone by; nil when none verified.
    package var rootNumber: UInt64?
    /// Cuboids of which something was lost, by channel and place.
    package var losses: [SalvageLoss] = []
    /// Losses that no cuboid can be named for, and what else a person has to know.
    package var remarks: [String] = []
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
    package var isComplete: Bool { losses.isEmpty && remarks.isEmpty }
}
