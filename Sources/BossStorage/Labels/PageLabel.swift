package import BossGeometry
package import BossVoxels

/// What a cuboid holds of one label: its voxels there, the box around them, the sums of their coordinates.
///
/// Coordinates count from the cuboid's first voxel; a cuboid has at most 4096 voxels along an axis and 2^32 in all, so
/// nothing here overflows.
package struct PageLabel: Hashable, Sendable {
    /// The label.
    package let id: UInt64
    /// Its voxels; 0 says that an older version of the cuboid had some, and this one has not.
    package var voxelCount: UInt64
    /// The sums of the coordinates of its voxels.
    package var sumX: UInt64
    /// As `sumX`.
    package var sumY: UInt64
    /// As `sumX`.
    package var sumZ: UInt64
    var lower: SIMD3<UInt16>
    /// Exclusive.
    var upper: SIMD3<UInt16>

    /// The smallest box around the voxels; empty without any.
    package var box: VoxelBox {
        VoxelBox(
            x: Int(lower.x)..<Int(upper.x), y: Int(lower.y)..<Int(upper.y), z: Int(lower.z)..<Int(upper.z))
    }

    /// Voxels of a cuboid along an axis at most.
    static let edgeLimit = 4096

    /// Whether a label can have these numbers: voxels that fit into the box, and a mean coordinate inside it.
    ///
    /// What was counted always is; what was computed from a stored summary is only if that one was right.
    var isPossible: Bool {
        guard voxelCount > 0 else { return true }
        guard all(lower .< upper), upper.max() <= Self.edgeLimit else { return false }
        let edges = SIMD3<UInt64>(truncatingIfNeeded: upper &- lower)
        guard voxelCount <= min(edges.x * edges.y * edges.z, 1 << 32) else { return false }
        let sums = SIMD3(sumX, sumY, sumZ)
        let least = SIMD3<UInt64>(truncatingIfNeeded: lower) &* voxelCount
        return all(sums .>= least) && all(sums .<= least &+ (edges &- 1) &* voxelCount)
    }

    /// A label that is not there any more.
    static func gone(_ id: UInt64) -> PageLabel {
        PageLabel(id: id, voxelCount: 0, sumX: 0, sumY: 0, sumZ: 0, lower: .zero, upper: .zero)
    }

    /// A label that fills a box.
    ///
    /// - Precondition: the box is not empty and lies in 0..<65536 along every axis.
    package static func filling(_ box: VoxelBox, with id: UInt64) -> PageLabel {
        let count = UInt64(box.voxelCount)
        func sum(_ axis: SpatialAxis) -> UInt64 {
            UInt64(box.lower[axis] + box.upper[axis] - 1) * count / 2
        }
        return PageLabel(
            id: id, voxelCount: count, sumX: sum(.x), sumY: sum(.y), sumZ: sum(.z),
            lower: SIMD3(UInt16(box.lower.x), UInt16(box.lower.y), UInt16(box.lower.z)),
            upper: SIMD3(UInt16(box.upper.x), UInt16(box.upper.y), UInt16(box.upper.z)))
    }

    /// What was counted in a part of the cuboid that starts at `origin`.
    package init(_ id: UInt64, _ tally: LabelTally, at origin: VoxelPoint) {
        let count = UInt64(tally.voxelCount)
        let box = tally.box.offset(by: origin)
        self.init(
            id: id, voxelCount: count, sumX: tally.coordinateSums.x + UInt64(origin.x) * count,
            sumY: tally.coordinateSums.y + UInt64(origin.y) * count,
            sumZ: tally.coordinateSums.z + UInt64(origin.z) * count,
            lower: SIMD3(UInt16(box.lower.x), UInt16(box.lower.y), UInt16(box.lower.z)),
            upper: SIMD3(UInt16(box.upper.x), UInt16(box.upper.y), UInt16(box.upper.z)))
    }

    init(
        id: UInt64, voxelCount: UInt64, sumX: UInt64, sumY: UInt64, sumZ: UInt64, lower: SIMD3<UInt16>,
        upper: SIMD3<UInt16>
    ) {
        self.id = id
        self.voxelCount = voxelCount
        self.sumX = sumX
        self.sumY = sumY
        self.sumZ = sumZ
        self.lower = lower
        self.upper = upper
    }

    /// The same voxels under another ID.
    package func renamed(_ id: UInt64) -> PageLabel {
        PageLabel(
            id: id, voxelCount: voxelCount, sumX: sumX, sumY: sumY, sumZ: sumZ, lower: lower, upper: upper)
    }

    /// Adds other voxels of the same label.
    package mutating func add(_ other: PageLabel) {
        guard other.voxelCount > 0 else { return }
        guard voxelCount > 0 else {
            self = other
            return
        }
        voxelCount += other.voxelCount
        sumX += other.sumX
        sumY += other.sumY
        sumZ += other.sumZ
        lower = pointwiseMin(lower, other.lower)
        upper = pointwiseMax(upper, other.upper)
    }
}

/// How a label stands in a summary or in the index: a series of LEB128 numbers. The first is 0 for a label that is gone,
/// 1 for one that fills the cuboid, else its voxels and 1; then follow the box's lower ends, its edges less 1, and the sums of
/// the coordinates counted from the box's lower ends.
enum LabelCoding {
    /// A label as it is stored: one that fills the cuboid has no numbers of its own.
    enum Stored: Hashable {
        case label(PageLabel)
        case whole(UInt64)
    }

    /// Bytes of a label at most, without its ID.
    static let byteLimit = 6 + 6 * 3 + 3 * 7

    static func write(_ label: PageLabel, to bytes: inout [UInt8]) {
        guard label.voxelCount > 0 else { return LEB128.append(0, to: &bytes) }
        LEB128.append(label.voxelCount + 1, to: &bytes)
        for axis in 0..<3 { LEB128.append(UInt64(label.lower[axis]), to: &bytes) }
        for axis in 0..<3 { LEB128.append(UInt64(label.upper[axis] - label.lower[axis] - 1), to: &bytes) }
        LEB128.append(label.sumX - UInt64(label.lower.x) * label.voxelCount, to: &bytes)
        LEB128.append(label.sumY - UInt64(label.lower.y) * label.voxelCount, to: &bytes)
        LEB128.append(label.sumZ - UInt64(label.lower.z) * label.voxelCount, to: &bytes)
    }

    static func writeWhole(to bytes: inout [UInt8]) { LEB128.append(1, to: &bytes) }

    /// Reads a label.
    ///
    /// - Throws: `.corrupt` for numbers that no label of a cuboid has.
    static func read(id: UInt64, _ reader: inout LEB128.Reader) throws(StorageError) -> Stored {
        let first = try reader.next()
        if first == 0 { return .label(.gone(id)) }
        if first == 1 { return .whole(id) }
        let count = first - 1
        var lower = SIMD3<UInt16>.zero
        var upper = SIMD3<UInt16>.zero
        for axis in 0..<3 { lower[axis] = try coordinate(&reader) }
        for axis in 0..<3 {
            let end = try lower[axis] + coordinate(&reader) + 1
            guard end <= PageLabel.edgeLimit else {
                throw reader.corrupt("a box of a label that ends at \(end)")
            }
            upper[axis] = end
        }
        let room = (0..<3).reduce(UInt64(1)) { $0 * UInt64(upper[$1] - lower[$1]) }
        guard count <= room, count <= 1 << 32 else {
            throw reader.corrupt("a label of \(count) voxels in \(room)")
        }
        var sums = SIMD3<UInt64>.zero
        for axis in 0..<3 {
            let sum = try reader.next()
            guard sum <= count * UInt64(upper[axis] - lower[axis] - 1) else {
                throw reader.corrupt("coordinates of a label outside its box")
            }
            sums[axis] = sum + UInt64(lower[axis]) * count
        }
        return .label(
            PageLabel(
                id: id, voxelCount: count, sumX: sums.x, sumY: sums.y, sumZ: sums.z, lower: lower,
                upper: upper))
    }

    private static func coordinate(_ reader: inout LEB128.Reader) throws(StorageError) -> UInt16 {
        let value = try reader.next()
        guard value < PageLabel.edgeLimit else {
            throw reader.corrupt("a coordinate of \(value) in a cuboid")
        }
        return UInt16(value)
    }
}
