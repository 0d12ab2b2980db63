public import BossGeometry

/// Volumes that cannot be made or do not fit each other.
public enum VoxelError: Error, Hashable, Sendable {
    /// A volume of this shape and type has more bytes than can be held.
    case tooLarge(shape: [Int], voxelType: VoxelType)
    /// Axes and shape differ in number, an axis stands twice, or a length is negative.
    case invalidShape(axes: [Axis], shape: [Int])
    /// The bytes given are not exactly the voxels of the shape.
    case byteCountMismatch(expected: Int, found: Int)
    /// A typed view was asked of a volume of another type.
    case typeMismatch(expected: VoxelType, found: VoxelType)
}
