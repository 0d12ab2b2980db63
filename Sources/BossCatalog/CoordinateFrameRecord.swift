public import BossGeometry

/// A coordinate frame as stored: the box of voxels that experiments live in, and the size of a voxel.
public struct CoordinateFrameRecord: Hashable, Sendable, Identifiable {
    /// The number of the row; never used again after a drop.
    public let id: Int64
    /// 1 to 255 of `A-Z a-z 0-9 _ -`, unique in the database.
    public let name: String
    /// Free text of at most 4096 characters.
    public let description: String
    /// The box, from 0 up to 2^40 along each axis, and the size of a voxel at resolution level 0.
    public let frame: CoordinateFrame
    /// The user who created it, empty in a database without users.
    public let creator: String
    /// When it was created, in microseconds since 1970 UTC.
    public let createdAtMicroseconds: Int64
}

/// What a new coordinate frame is made from: plain numbers, so that any can be given and the wrong refused.
package struct NewCoordinateFrame: Hashable, Sendable {
    package var name: String
    package var description: String
    /// First voxel, x, y, z.
    package var start: VoxelPoint
    /// One past the last voxel, x, y, z.
    package var stop: VoxelPoint
    package var voxelSize: PhysicalSize
    package var voxelUnit: LengthUnit
    package var creator: String

    package init(
        name: String, description: String = "", start: VoxelPoint = .zero, stop: VoxelPoint,
        voxelSize: PhysicalSize = PhysicalSize(x: 1, y: 1, z: 1),
        voxelUnit: LengthUnit = .nanometers, creator: String = ""
    ) {
        self.name = name
        self.description = description
        self.start = start
        self.stop = stop
        self.voxelSize = voxelSize
        self.voxelUnit = voxelUnit
        self.creator = creator
    }
}
