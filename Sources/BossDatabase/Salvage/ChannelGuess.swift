import BossCatalog
import BossGeometry
import BossStorage
import BossVoxels

/// A channel's properties as its pages tell them, the rest guessed.
struct ChannelGuess {
    let kind: ChannelKind
    let voxelType: VoxelType
    let grid: CuboidGrid
    let levelCount: Int
    let baseResolution: Int
    let timeSampleCount: Int
    /// Whether all levels but the first halve z too, as far as the places tell.
    let hierarchyMethod: HierarchyMethod
    /// The voxels from 0 to the end of the last cuboid, at level 0.
    let extent: VoxelExtent
    /// What is guessed, in words.
    let guesses: [String]

    init(_ shape: SalvagedShape) {
        var guesses: [String] = []
        let least = shape.widestConstant >> 8 == 0 ? 1 : shape.widestConstant >> 16 == 0 ? 2 : 0
        let widest = least > 0 ? least : shape.widestConstant >> 32 == 0 ? 4 : 8
        let width = shape.voxelByteCounts.count == 1 ? shape.voxelByteCounts.first ?? widest : widest
        switch width {
        case 8: (kind, voxelType) = (.annotation, .uint64)
        case 4: (kind, voxelType) = (.image, .uint32)
        case 2: (kind, voxelType) = (.image, .uint16)
        default: (kind, voxelType) = (.image, .uint8)
        }
        let known = shape.voxelByteCounts.isEmpty ? "at least" : "that"
        guesses.append(
            "voxels have \(width) \(width == 1 ? "byte" : "bytes"), taken for \(voxelType.rawValue) of an "
                + "\(kind.rawValue) channel (\(known) the pages say; whether they are signed, floating-point or IDs "
                + "they do not)")
        guesses.append("background is taken for 0, compression for AUTO")
        let brickVoxels = (shape.brickByteCounts.first ?? 0) / max(1, width)
        let bricks = shape.brickCounts.first
        if let found = Self.grid(brickVoxels: brickVoxels, brickCount: bricks, lastBrick: shape.lastBrick) {
            grid = found
        } else {
            grid = .standard
        }
        if grid != .standard || brickVoxels == 0 || bricks == nil {
            guesses.append(
                "the pages tell of \(bricks.map { "\($0)" } ?? "an unknown number of") bricks of "
                    + "\(brickVoxels) voxels a cuboid; taken for cuboids of \(Self.words(grid.cuboid)) with bricks "
                    + "of \(Self.words(grid.brick)), which may have other sides")
        } else {
            guesses.append(
                "\(grid.brickCount) bricks of \(grid.brick.voxelCount) voxels a cuboid are taken for the standard "
                    + "shape, \(Self.words(grid.cuboid)) with bricks of \(Self.words(grid.brick))")
        }
        let levels = shape.highest.keys.compactMap { ResolutionLevel(rawValue: $0) }
        baseResolution = levels.map(\.level).min() ?? 0
        levelCount = min(31, (levels.map(\.level).max() ?? 0) + 1)
        timeSampleCount = Int(shape.lastTime) + 1
        let normal = levels.filter { !$0.isIsotropic }
        hierarchyMethod = Self.halvesZ(normal, shape) ? .isotropic : .anisotropic
        extent = Self.extent(shape, normal, grid, hierarchyMethod)
        guesses.append(
            "its frame is taken from 0 to the last stored cuboid, with voxels of 1 nm; offset, size and unit of "
                + "voxels are not in the pages")
        if levelCount > 1 { guesses.append("levels are taken to be \(hierarchyMethod.rawValue)") }
        self.guesses = guesses
    }

    private static func words(_ extent: VoxelExtent) -> String { "\(extent.x) x \(extent.y) x \(extent.z)" }

    /// Whether a described channel can have these pages.
    static func fits(_ record: ChannelRecord, _ shape: SalvagedShape) -> Bool {
        let width = record.voxelType.byteCount
        let brick = record.grid.brick.voxelCount * width
        return shape.voxelByteCounts.allSatisfy { $0 == width }
            && shape.brickByteCounts.allSatisfy { $0 == brick }
            && shape.brickCounts.allSatisfy { $0 == record.grid.brickCount }
            && (shape.lastBrick ?? 0) < record.grid.brickCount
            && (width == 8 || shape.widestConstant >> UInt64(width * 8) == 0)
    }

    /// The most likely shape: the standard one, else powers of two with x and y alike.
    private static func grid(brickVoxels: Int, brickCount: Int?, lastBrick: Int?) -> CuboidGrid? {
        guard brickVoxels > 0 else { return nil }
        let count = brickCount ?? ((lastBrick ?? 0) + 1)
        let standard = CuboidGrid.standard
        if brickVoxels == standard.brick.voxelCount,
            brickCount.map({ $0 == standard.brickCount }) ?? (count <= standard.brickCount)
        {
            return standard
        }
        guard let brick = box(brickVoxels, deepest: 16), let bricks = box(count, deepest: 4096) else {
            return nil
        }
        return try? CuboidGrid(
            cuboid: VoxelExtent(x: brick.x * bricks.x, y: brick.y * bricks.y, z: brick.z * bricks.z),
            brick: brick)
    }

    /// A box of a volume with x and y as alike as can be and z not above them.
    private static func box(_ volume: Int, deepest: Int) -> VoxelExtent? {
        var best: (extent: VoxelExtent, cost: Int)?
        for z in 1...max(1, min(deepest, volume)) where volume % z == 0 {
            let area = volume / z
            var y = 1
            while y * y <= area {
                defer { y += 1 }
                guard area % y == 0, area / y <= 4096 else { continue }
                let x = area / y
                let cost = (x - y) * 64 + abs(z * 2 - y) + (z > y ? 1 << 20 : 0)
                if cost < best?.cost ?? .max { best = (VoxelExtent(x: x, y: y, z: z), cost) }
            }
        }
        return best?.extent
    }

    /// Whether the second normal level has half of the cuboids along z that the first has.
    private static func halvesZ(_ levels: [ResolutionLevel], _ shape: SalvagedShape) -> Bool {
        let sorted = levels.sorted { $0.level < $1.level }
        guard let first = sorted.first, let last = sorted.last, last.level > first.level,
            let fine = shape.highest[first.rawValue], let coarse = shape.highest[last.rawValue], fine.z > 0
        else { return false }
        return coarse.z <= fine.z >> UInt32(last.level - first.level)
    }

    private static func extent(
        _ shape: SalvagedShape, _ levels: [ResolutionLevel], _ grid: CuboidGrid, _ method: HierarchyMethod
    ) -> VoxelExtent {
        var extent = VoxelExtent(x: 1, y: 1, z: 1)
        let limit = VoxelPoint.coordinateLimit
        for (raw, place) in shape.highest {
            guard let level = ResolutionLevel(rawValue: raw) else { continue }
            // At most 21 bits of cuboids of 13 bits, shifted by 30: no overflow.
            func end(_ cuboids: UInt32, _ length: Int, _ shift: Int) -> Int {
                min(limit, (Int(cuboids) + 1) * length << shift)
            }
            let depth = method == .isotropic ? level.level : 0
            let isFinest = level.level == levels.map(\.level).min()
            // Coarser levels are as long at most, but for the rest of their last cuboid.
            guard isFinest || levels.isEmpty else { continue }
            extent = VoxelExtent(
                x: max(extent.x, end(place.x, grid.cuboid.x, level.level)),
                y: max(extent.y, end(place.y, grid.cuboid.y, level.level)),
                z: max(extent.z, end(place.z, grid.cuboid.z, depth)))
        }
        return extent
    }
}
