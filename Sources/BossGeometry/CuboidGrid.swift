/// The position of a cuboid in the cuboid grid, in cuboids (not voxels), x, y, z order.
public struct CuboidIndex: Hashable, Sendable {
    /// Position along x.
    public var x: UInt32
    /// Position along y.
    public var y: UInt32
    /// Position along z.
    public var z: UInt32

    /// An index from its three positions.
    public init(x: UInt32, y: UInt32, z: UInt32) {
        self.x = x
        self.y = y
        self.z = z
    }
}

/// How a channel's space is cut: cuboids, the stored pages, and inside them bricks, which are
/// compressed, checksummed and read one by one.
///
/// Cuboid (0, 0, 0) starts at voxel (0, 0, 0) of the frame, wherever the frame itself starts
/// (BossDB aligns its cuboids the same way). Bricks are numbered inside their cuboid in C-order:
/// x fastest, then y, then z.
public struct CuboidGrid: Hashable, Sendable {
    /// Voxels of a cuboid.
    public let cuboid: VoxelExtent
    /// Voxels of a brick; divides the cuboid along every axis.
    public let brick: VoxelExtent

    /// BossDB's cuboid with bricks of 64 x 64 x 16.
    public static let standard = CuboidGrid(
        uncheckedCuboid: VoxelExtent(x: 512, y: 512, z: 16), brick: VoxelExtent(x: 64, y: 64, z: 16))

    /// The largest number of voxels in a brick: 2^20, that is 8 MiB of 8-byte voxels.
    public static let maximumBrickVoxelCount = 1 << 20
    /// The largest number of bricks in a cuboid.
    public static let maximumBrickCount = 4096

    private init(uncheckedCuboid cuboid: VoxelExtent, brick: VoxelExtent) {
        self.cuboid = cuboid
        self.brick = brick
    }

    /// A grid of cuboids with bricks of a given shape.
    ///
    /// - Throws: `GeometryError.invalidShape` if a length is zero or over 4096, if the brick does
    ///   not divide the cuboid, or if there are more than `maximumBrickCount` bricks or more than
    ///   `maximumBrickVoxelCount` voxels in one.
    public init(cuboid: VoxelExtent, brick: VoxelExtent) throws(GeometryError) {
        for axis in SpatialAxis.allCases {
            guard 1...4096 ~= cuboid[axis] else {
                throw .invalidShape(
                    reason: "cuboid \(axis.rawValue) length \(cuboid[axis]) is not in 1...4096")
            }
            guard brick[axis] >= 1, cuboid[axis] % brick[axis] == 0 else {
                throw .invalidShape(reason: "brick \(brick) does not divide cuboid \(cuboid)")
            }
        }
        self.init(uncheckedCuboid: cuboid, brick: brick)
        guard brickCount <= Self.maximumBrickCount, brick.voxelCount <= Self.maximumBrickVoxelCount else {
            throw .invalidShape(reason: "cuboid \(cuboid) with bricks \(brick) is over the size limits")
        }
    }

    /// A grid for a cuboid shape, with the brick nearest to 64 x 64 x 16 that divides it.
    ///
    /// - Throws: `GeometryError.invalidShape` as the full initializer.
    public init(cuboid: VoxelExtent) throws(GeometryError) {
        func divisor(_ length: Int, _ wanted: Int) -> Int {
            guard length > 0 else { return 1 }
            return (1...max(1, min(length, wanted))).last { length % $0 == 0 } ?? 1
        }
        try self.init(
            cuboid: cuboid,
            brick: VoxelExtent(x: divisor(cuboid.x, 64), y: divisor(cuboid.y, 64), z: divisor(cuboid.z, 16)))
    }

    /// Bricks along each axis of a cuboid.
    public var bricksPerCuboid: VoxelExtent {
        VoxelExtent(x: cuboid.x / brick.x, y: cuboid.y / brick.y, z: cuboid.z / brick.z)
    }

    /// Bricks in a cuboid.
    public var brickCount: Int { bricksPerCuboid.voxelCount }

    /// The voxels of a cuboid.
    public func box(of index: CuboidIndex) -> VoxelBox {
        VoxelBox(
            origin: VoxelPoint(
                x: Int(index.x) * cuboid.x, y: Int(index.y) * cuboid.y, z: Int(index.z) * cuboid.z),
            extent: cuboid)
    }

    /// The voxels of a brick, absolute.
    ///
    /// - Parameter brickIndex: number of the brick in its cuboid, `0..<brickCount`.
    public func box(ofBrick brickIndex: Int, in index: CuboidIndex) -> VoxelBox {
        let counts = bricksPerCuboid
        let origin = box(of: index).lower
        return VoxelBox(
            origin: VoxelPoint(
                x: origin.x + brickIndex % counts.x * brick.x,
                y: origin.y + brickIndex / counts.x % counts.y * brick.y,
                z: origin.z + brickIndex / (counts.x * counts.y) * brick.z),
            extent: brick)
    }

    /// The inclusive range of cuboid indices that a box touches.
    ///
    /// - Throws: `GeometryError.coordinateTooLarge` for a box below zero or beyond 21 bits of cuboids.
    /// - Precondition: the box is not empty.
    public func cuboids(touching box: VoxelBox) throws(GeometryError) -> CuboidRange {
        precondition(!box.isEmpty, "an empty box touches no cuboid")
        func index(_ axis: SpatialAxis, _ coordinate: Int) throws(GeometryError) -> UInt32 {
            let position = coordinate / cuboid[axis]
            guard coordinate >= 0, position >> MortonCode.bitsPerAxis == 0 else {
                throw .coordinateTooLarge(axis: axis.axis, value: coordinate)
            }
            return UInt32(position)
        }
        return CuboidRange(
            lower: CuboidIndex(
                x: try index(.x, box.lower.x), y: try index(.y, box.lower.y), z: try index(.z, box.lower.z)),
            upper: CuboidIndex(
                x: try index(.x, box.upper.x - 1), y: try index(.y, box.upper.y - 1),
                z: try index(.z, box.upper.z - 1)))
    }
}

/// A block of the cuboid grid; both corners are inside.
public struct CuboidRange: Hashable, Sendable {
    /// The corner nearest the origin.
    public let lower: CuboidIndex
    /// The opposite corner, inside the block.
    public let upper: CuboidIndex

    /// A block from its two corners.
    ///
    /// - Precondition: `lower` does not exceed `upper` along any axis, and both fit 21 bits.
    public init(lower: CuboidIndex, upper: CuboidIndex) {
        precondition(lower.x <= upper.x && lower.y <= upper.y && lower.z <= upper.z, "corners in order")
        precondition((upper.x | upper.y | upper.z) >> MortonCode.bitsPerAxis == 0, "21 bits an axis")
        self.lower = lower
        self.upper = upper
    }

    /// Cuboids in the block; at most 2^63, so it saturates at `Int.max`.
    public var count: Int {
        VoxelExtent(
            x: Int(upper.x - lower.x) + 1, y: Int(upper.y - lower.y) + 1, z: Int(upper.z - lower.z) + 1
        ).voxelCount
    }
}
