/// The region and the voxel size in which the channels of an experiment live.
///
///     let frame = try CoordinateFrame(
///         box: VoxelBox(x: 0..<4096, y: 0..<4096, z: 0..<512),
///         voxelSize: PhysicalSize(x: 4, y: 4, z: 40), unit: .nanometers)
///
/// The box and the voxel size are those of resolution level 0. The physical origin is the corner of voxel
/// (0, 0, 0), wherever the box starts: voxel i covers `i * size` up to `(i + 1) * size`.
public struct CoordinateFrame: Hashable, Sendable {
    /// The voxels of the frame at level 0; it starts at zero or above and is not empty.
    public let box: VoxelBox
    /// The size of a voxel of level 0 in `unit`; finite and above zero.
    public let voxelSize: PhysicalSize
    /// The unit of `voxelSize`.
    public let unit: LengthUnit

    /// A frame from untrusted values.
    ///
    /// - Throws: `GeometryError.negativeFrameStart`, `GeometryError.emptyFrame`,
    ///   `GeometryError.invalidVoxelSize`, naming the first axis at fault.
    public init(box: VoxelBox, voxelSize: PhysicalSize, unit: LengthUnit) throws(GeometryError) {
        for axis in SpatialAxis.allCases {
            guard box[axis].lowerBound >= 0 else {
                throw .negativeFrameStart(axis: axis.axis, value: box[axis].lowerBound)
            }
            guard !box[axis].isEmpty else { throw .emptyFrame(axis: axis.axis) }
            let size = voxelSize[axis]
            // In nanometers too, and coarse enough for 2^30-fold voxels.
            guard size > 0, (size * unit.nanometersPerUnit * 0x1p30).isFinite else {
                throw .invalidVoxelSize(axis: axis.axis, value: size)
            }
        }
        self.box = box
        self.voxelSize = voxelSize
        self.unit = unit
    }

    /// The size of a voxel of level 0 in nanometers.
    public var voxelSizeNanometers: PhysicalSize { voxelSize.scaled(by: unit.nanometersPerUnit) }
}
