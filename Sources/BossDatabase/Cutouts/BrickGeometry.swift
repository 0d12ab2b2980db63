import BossGeometry

extension VoxelPoint {
    /// The point counted from an origin.
    func relative(to origin: VoxelPoint) -> VoxelPoint {
        VoxelPoint(x: x - origin.x, y: y - origin.y, z: z - origin.z)
    }
}

extension CuboidRange {
    /// The smallest and the largest Morton code in the block.
    var codeSpan: ClosedRange<UInt64> {
        // Both corners fit 21 bits an axis, which the initializer of the range checks.
        guard let first = try? MortonCode(lower), let last = try? MortonCode(upper) else { return 0...0 }
        return first.rawValue...last.rawValue
    }

    /// Whether a code that an index holds names a cuboid of the block.
    func contains(rawCode: UInt64) -> Bool {
        guard let code = try? MortonCode(rawValue: rawCode) else { return false }
        return contains(code)
    }
}

extension CuboidGrid {
    /// Calls `body` for every brick of a cuboid that a box inside the cuboid touches, in ascending order.
    ///
    /// - Parameter body: gets the brick's number, its first voxel and the touched voxels, absolute.
    func forEachBrick(
        in clip: VoxelBox, of index: CuboidIndex, _ body: (Int, VoxelPoint, VoxelBox) -> Void
    ) {
        let origin = box(of: index).lower
        let counts = bricksPerCuboid
        func span(_ lower: Int, _ upper: Int, _ origin: Int, _ length: Int) -> ClosedRange<Int> {
            (lower - origin) / length...(upper - 1 - origin) / length
        }
        for z in span(clip.lower.z, clip.upper.z, origin.z, brick.z) {
            for y in span(clip.lower.y, clip.upper.y, origin.y, brick.y) {
                for x in span(clip.lower.x, clip.upper.x, origin.x, brick.x) {
                    let first = VoxelPoint(
                        x: origin.x + x * brick.x, y: origin.y + y * brick.y, z: origin.z + z * brick.z)
                    let part = VoxelBox(
                        x: max(first.x, clip.lower.x)..<min(first.x + brick.x, clip.upper.x),
                        y: max(first.y, clip.lower.y)..<min(first.y + brick.y, clip.upper.y),
                        z: max(first.z, clip.lower.z)..<min(first.z + brick.z, clip.upper.z))
                    body((z * counts.y + y) * counts.x + x, first, part)
                }
            }
        }
    }
}
