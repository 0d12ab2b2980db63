/// Positions, boxes and frames that make no sense or do not fit.
public enum GeometryError: Error, Hashable, Sendable {
    /// A cuboid index needs more than 21 bits along an axis.
    case cuboidIndexTooLarge(CuboidIndex)
    /// A Morton code has bit 63 set.
    case mortonCodeTooLarge(UInt64)
    /// A lower bound exceeds its upper bound.
    case reversedInterval(axis: Axis, lower: Int, upper: Int)
    /// A coordinate exceeds `VoxelPoint.coordinateLimit` or the addressable part of a channel.
    case coordinateTooLarge(axis: Axis, value: Int)
    /// A coordinate frame starts below zero along an axis.
    case negativeFrameStart(axis: Axis, value: Int)
    /// A coordinate frame holds no voxel along an axis.
    case emptyFrame(axis: Axis)
    /// A voxel size is not a finite number above zero.
    case invalidVoxelSize(axis: Axis, value: Double)
    /// A cuboid or brick shape is not allowed.
    case invalidShape(reason: String)
    /// A resolution level outside 0 to 30, or beyond the experiment's levels.
    case resolutionOutOfRange(level: Int, levelCount: Int)
    /// An isotropic chain was asked for where there is none.
    case noIsotropicChain
}
