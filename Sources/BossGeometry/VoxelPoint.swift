/// A position in voxels of one resolution level, x, y, z order.
///
/// Coordinates are absolute voxel indices of the coordinate frame, not offsets from its start.
/// Every coordinate that enters a `VoxelBox` lies within ±`coordinateLimit`, so that sums and
/// differences of coordinates never overflow.
public struct VoxelPoint: Hashable, Sendable {
    /// The largest magnitude of a coordinate in a box, 2^40 voxels.
    public static let coordinateLimit = 1 << 40

    /// The position along x.
    public var x: Int
    /// The position along y.
    public var y: Int
    /// The position along z.
    public var z: Int

    /// A point from its three coordinates.
    public init(x: Int, y: Int, z: Int) {
        self.x = x
        self.y = y
        self.z = z
    }

    /// The origin of the coordinate system.
    public static let zero = VoxelPoint(x: 0, y: 0, z: 0)

    /// The coordinate along a spatial axis.
    ///
    /// - Precondition: `axis` is x, y or z; time is not a coordinate of a point.
    public subscript(axis: SpatialAxis) -> Int {
        get {
            switch axis {
            case .x: x
            case .y: y
            case .z: z
            }
        }
        set {
            switch axis {
            case .x: x = newValue
            case .y: y = newValue
            case .z: z = newValue
            }
        }
    }
}

extension VoxelPoint: CustomStringConvertible {
    /// The point as `(x, y, z)`.
    public var description: String { "(\(x), \(y), \(z))" }
}
