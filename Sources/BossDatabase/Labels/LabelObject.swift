public import BossGeometry
import BossStorage

/// An object of an annotation channel as a region shows it.
public struct LabelSummary: Hashable, Sendable {
    /// The ID, never the background.
    public private(set) var id: UInt64
    /// Its voxels in the region.
    public private(set) var voxelCount: Int
    /// The smallest box around them, absolute voxels of the level that was read.
    public private(set) var box: VoxelBox
    /// The time samples between the first and the last of the region that has voxels of it.
    public private(set) var time: Range<Int>
    /// Cuboids of the region that have voxels of it, each time sample counted by itself.
    public private(set) var cuboidCount: Int

    init(id: UInt64, voxelCount: Int, box: VoxelBox, time: Range<Int>, cuboidCount: Int = 1) {
        self.id = id
        self.voxelCount = voxelCount
        self.box = box
        self.time = time
        self.cuboidCount = cuboidCount
    }

    /// Adds another part of the same ID.
    mutating func add(_ other: LabelSummary) {
        voxelCount += other.voxelCount
        box = box.union(other.box)
        time = min(time.lowerBound, other.time.lowerBound)..<max(time.upperBound, other.time.upperBound)
        cuboidCount += other.cuboidCount
    }

    mutating func rename(_ id: UInt64) { self.id = id }

    mutating func isInOneCuboid() { cuboidCount = 1 }
}

/// A whole object of an annotation channel, from the label index.
public struct LabelObject: Hashable, Sendable {
    /// The ID, never the background.
    public let id: UInt64
    /// Its voxels, of all time samples that were asked for.
    public private(set) var voxelCount: UInt64
    /// The smallest box around them, absolute voxels of the level that was asked for.
    public private(set) var box: VoxelBox
    /// The time samples between the first and the last that has voxels of it.
    public private(set) var time: Range<Int>
    /// Cuboids that have voxels of it, each time sample counted by itself.
    public private(set) var cuboidCount: Int
    /// The newest commit that changed one of these cuboids.
    public private(set) var commit: UInt64
    /// The stored IDs that read as it, where some are merged.
    private var storedIDs: Set<UInt64> = []
    private var sums: (x: Int128, y: Int128, z: Int128)

    /// How many stored IDs with voxels read as it.
    public var storedIDCount: Int { max(1, storedIDs.count) }

    /// The mean of the coordinates of its voxels, x, y, z.
    public var centroid: (x: Double, y: Double, z: Double) {
        let count = Double(voxelCount)
        return (Double(sums.x) / count, Double(sums.y) / count, Double(sums.z) / count)
    }

    /// What one cuboid has of it.
    ///
    /// - Parameters:
    ///   - id: what the label reads as.
    ///   - isMapped: whether some IDs of the channel are merged.
    init(_ id: UInt64, _ label: PageLabel, at origin: VoxelPoint, time: Int, commit: UInt64, isMapped: Bool) {
        self.id = id
        if isMapped { storedIDs = [label.id] }
        voxelCount = label.voxelCount
        box = label.box.offset(by: origin)
        self.time = time..<time + 1
        cuboidCount = 1
        self.commit = commit
        let count = Int128(label.voxelCount)
        sums = (
            Int128(label.sumX) + Int128(origin.x) * count, Int128(label.sumY) + Int128(origin.y) * count,
            Int128(label.sumZ) + Int128(origin.z) * count
        )
    }

    /// Adds what the same cuboid has under another stored ID.
    mutating func add(sameCuboid other: LabelObject) {
        add(other)
        cuboidCount -= 1
    }

    mutating func add(_ other: LabelObject) {
        voxelCount += other.voxelCount
        box = box.union(other.box)
        time = min(time.lowerBound, other.time.lowerBound)..<max(time.upperBound, other.time.upperBound)
        cuboidCount += other.cuboidCount
        if !storedIDs.isEmpty || !other.storedIDs.isEmpty {
            storedIDs.formUnion(other.storedIDs)
        }
        commit = max(commit, other.commit)
        sums = (sums.x + other.sums.x, sums.y + other.sums.y, sums.z + other.sums.z)
    }

    /// Equal facts of the same ID.
    public static func == (left: LabelObject, right: LabelObject) -> Bool {
        left.id == right.id && left.voxelCount == right.voxelCount && left.box == right.box
            && left.time == right.time
            && left.cuboidCount == right.cuboidCount && left.commit == right.commit && left.sums == right.sums
    }

    /// By ID and size.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        hasher.combine(voxelCount)
    }
}
