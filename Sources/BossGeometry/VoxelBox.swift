/// A half-open box of voxels, `lower..<upper` along each axis.
///
///     let box = VoxelBox(x: 0..<512, y: 0..<512, z: 0..<16)
///     box.extent.voxelCount  // 4194304
///
/// A box may be empty along an axis; it is never reversed.
public struct VoxelBox: Hashable, Sendable {
    /// The first voxel of the box.
    public let lower: VoxelPoint
    /// One past the last voxel along every axis.
    public let upper: VoxelPoint

    /// A box from untrusted corners.
    ///
    /// - Throws: `GeometryError.reversedInterval` if a lower bound exceeds its upper bound,
    ///   `GeometryError.coordinateTooLarge` beyond ±`VoxelPoint.coordinateLimit`.
    public init(lower: VoxelPoint, upper: VoxelPoint) throws(GeometryError) {
        for axis in SpatialAxis.allCases {
            let (low, high) = (lower[axis], upper[axis])
            guard low <= high else { throw .reversedInterval(axis: axis.axis, lower: low, upper: high) }
            for bound in [low, high] where bound.magnitude > UInt(VoxelPoint.coordinateLimit) {
                throw .coordinateTooLarge(axis: axis.axis, value: bound)
            }
        }
        self.lower = lower
        self.upper = upper
    }

    /// A box from ranges that are known to be in order.
    ///
    /// - Precondition: every bound lies within ±`VoxelPoint.coordinateLimit`.
    public init(x: Range<Int>, y: Range<Int>, z: Range<Int>) {
        let limit = VoxelPoint.coordinateLimit
        for range in [x, y, z] {
            precondition(range.lowerBound >= -limit && range.upperBound <= limit, "coordinate limit")
        }
        lower = VoxelPoint(x: x.lowerBound, y: y.lowerBound, z: z.lowerBound)
        upper = VoxelPoint(x: x.upperBound, y: y.upperBound, z: z.upperBound)
    }

    /// A box from its first voxel and its size.
    ///
    /// - Precondition: both corners lie within ±`VoxelPoint.coordinateLimit`.
    public init(origin: VoxelPoint, extent: VoxelExtent) {
        self.init(
            x: origin.x..<origin.x + extent.x, y: origin.y..<origin.y + extent.y,
            z: origin.z..<origin.z + extent.z)
    }

    /// The size of the box.
    public var extent: VoxelExtent {
        VoxelExtent(x: upper.x - lower.x, y: upper.y - lower.y, z: upper.z - lower.z)
    }

    /// The number of voxels, `Int.max` where it does not fit.
    public var voxelCount: Int { extent.voxelCount }

    /// Whether the box holds no voxel.
    public var isEmpty: Bool { lower.x == upper.x || lower.y == upper.y || lower.z == upper.z }

    /// The interval along a spatial axis.
    public subscript(axis: SpatialAxis) -> Range<Int> { lower[axis]..<upper[axis] }

    /// Whether the voxel lies inside the box.
    public func contains(_ point: VoxelPoint) -> Bool {
        SpatialAxis.allCases.allSatisfy { self[$0].contains(point[$0]) }
    }

    /// Whether every voxel of `other` lies inside this box.
    public func contains(_ other: VoxelBox) -> Bool {
        other.isEmpty
            || (lower.x <= other.lower.x && other.upper.x <= upper.x && lower.y <= other.lower.y
                && other.upper.y <= upper.y && lower.z <= other.lower.z && other.upper.z <= upper.z)
    }

    /// The common part of two boxes, or nil when they share no voxel.
    public func intersection(_ other: VoxelBox) -> VoxelBox? {
        let low = VoxelPoint(
            x: max(lower.x, other.lower.x), y: max(lower.y, other.lower.y), z: max(lower.z, other.lower.z))
        let high = VoxelPoint(
            x: min(upper.x, other.upper.x), y: min(upper.y, other.upper.y), z: min(upper.z, other.upper.z))
        guard low.x < high.x, low.y < high.y, low.z < high.z else { return nil }
        return VoxelBox(x: low.x..<high.x, y: low.y..<high.y, z: low.z..<high.z)
    }

    /// The smallest box that holds both.
    public func union(_ other: VoxelBox) -> VoxelBox {
        if isEmpty { return other }
        if other.isEmpty { return self }
        return VoxelBox(
            x: min(lower.x, other.lower.x)..<max(upper.x, other.upper.x),
            y: min(lower.y, other.lower.y)..<max(upper.y, other.upper.y),
            z: min(lower.z, other.lower.z)..<max(upper.z, other.upper.z))
    }

    /// The box moved by an offset.
    ///
    /// - Precondition: the result stays within ±`VoxelPoint.coordinateLimit`.
    public func offset(by delta: VoxelPoint) -> VoxelBox {
        VoxelBox(
            x: lower.x + delta.x..<upper.x + delta.x, y: lower.y + delta.y..<upper.y + delta.y,
            z: lower.z + delta.z..<upper.z + delta.z)
    }
}

extension VoxelBox: CustomStringConvertible {
    /// The box in the words of a statement, `X 0:512 Y 0:512 Z 0:16`.
    public var description: String {
        "X \(lower.x):\(upper.x) Y \(lower.y):\(upper.y) Z \(lower.z):\(upper.z)"
    }
}
