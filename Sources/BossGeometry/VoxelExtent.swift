/// A size in voxels along x, y and z, for example that of a cuboid or of a cutout.
public struct VoxelExtent: Hashable, Sendable {
    /// Voxels along x.
    public var x: Int
    /// Voxels along y.
    public var y: Int
    /// Voxels along z.
    public var z: Int

    /// A size from its three lengths.
    ///
    /// - Precondition: no length is negative.
    public init(x: Int, y: Int, z: Int) {
        precondition(x >= 0 && y >= 0 && z >= 0, "lengths are not negative")
        self.x = x
        self.y = y
        self.z = z
    }

    /// The number of voxels, `Int.max` where the product does not fit.
    public var voxelCount: Int {
        let (plane, planeOverflow) = x.multipliedReportingOverflow(by: y)
        let (count, overflow) = plane.multipliedReportingOverflow(by: z)
        return planeOverflow || overflow ? Int.max : count
    }

    /// Whether any length is zero.
    public var isEmpty: Bool { x == 0 || y == 0 || z == 0 }

    /// The length along a spatial axis.
    public subscript(axis: SpatialAxis) -> Int {
        switch axis {
        case .x: x
        case .y: y
        case .z: z
        }
    }
}

extension VoxelExtent: CustomStringConvertible {
    /// The size as `512x512x16`, x first.
    public var description: String { "\(x)x\(y)x\(z)" }
}
