/// The resolution levels of an experiment: their scales, boxes and voxel sizes, by the rules of BossDB.
///
///     let hierarchy = try ResolutionHierarchy(frame: frame, method: .anisotropic, levelCount: 6)
///     hierarchy.isotropicLevel                           // 3 for voxels of 4 x 4 x 40 nm
///     hierarchy.voxelSize(at: ResolutionLevel(level: 4, isIsotropic: true))   // 64 x 64 x 80
///
/// Levels are counted from the frame's native resolution, level 0, also where the data begin at a coarser
/// base resolution. The levels there are go from `baseResolution` up; scales, boxes and sizes can be asked
/// of every level from 0 to 30.
public struct ResolutionHierarchy: Hashable, Sendable {
    /// The region and voxel size of level 0.
    public let frame: CoordinateFrame
    /// How the normal chain is made.
    public let method: HierarchyMethod
    /// The number of levels, at least 1.
    public let levelCount: Int
    /// The finest level that holds data.
    public let baseResolution: Int
    /// The level whose voxels are nearest to cubes: 0 for the isotropic method, and nil where the voxel
    /// sizes along x and y differ, which leaves the anisotropic method without an isotropic chain.
    public let isotropicLevel: Int?

    /// The levels `baseResolution` to `baseResolution + levelCount - 1` over a frame.
    ///
    /// - Throws: `GeometryError.resolutionOutOfRange` unless all of them are in 0 to 30 and there is one.
    public init(
        frame: CoordinateFrame, method: HierarchyMethod, levelCount: Int, baseResolution: Int = 0
    ) throws(GeometryError) {
        let maximum = ResolutionLevel.maximum
        guard 0...maximum ~= baseResolution else {
            throw .resolutionOutOfRange(level: baseResolution, levelCount: maximum + 1)
        }
        guard levelCount >= 1, levelCount <= maximum + 1 - baseResolution else {
            throw .resolutionOutOfRange(
                level: baseResolution.addingReportingOverflow(levelCount).partialValue &- 1,
                levelCount: maximum + 1)
        }
        self.frame = frame
        self.method = method
        self.levelCount = levelCount
        self.baseResolution = baseResolution
        isotropicLevel = method == .isotropic ? 0 : Self.isotropicLevel(of: frame.voxelSize)
    }

    /// The first level r of 0 to 29 with the smallest |z / (x 2^r) - 1|, nil if x and y differ.
    private static func isotropicLevel(of size: PhysicalSize) -> Int? {
        guard size.x == size.y else { return nil }
        var best = 0
        var bestDistance = Double.infinity
        var scaled = size.x
        for level in 0..<30 {
            let distance = (size.z / scaled - 1).magnitude
            if distance < bestDistance {
                best = level
                bestDistance = distance
            }
            scaled *= 2
        }
        return best
    }

    /// The coarsest level.
    public var lastLevel: Int { baseResolution + levelCount - 1 }

    /// Whether levels of the isotropic chain can be asked for. With the isotropic method they are the
    /// normal ones.
    public var hasIsotropicChain: Bool { isotropicLevel != nil }

    /// The first level of the isotropic chain with data of its own; nil if no level of the hierarchy has.
    public var firstDistinctIsotropicLevel: Int? {
        guard method == .anisotropic, let isotropicLevel, isotropicLevel < lastLevel else { return nil }
        return max(isotropicLevel + 1, baseResolution)
    }

    /// A level of the hierarchy from untrusted values, as `stored(_:)` gives it.
    ///
    /// - Throws: `GeometryError.resolutionOutOfRange` for a level that the hierarchy does not have,
    ///   `GeometryError.noIsotropicChain`.
    public func level(_ level: Int, isIsotropic: Bool = false) throws(GeometryError) -> ResolutionLevel {
        guard baseResolution...lastLevel ~= level else {
            throw .resolutionOutOfRange(level: level, levelCount: lastLevel + 1)
        }
        guard !isIsotropic || hasIsotropicChain else { throw .noIsotropicChain }
        return stored(ResolutionLevel(unchecked: level, isIsotropic: isIsotropic))
    }

    /// The level under which the data are stored: the normal one where both chains are the same.
    public func stored(_ level: ResolutionLevel) -> ResolutionLevel {
        guard level.isIsotropic, !isDistinct(level) else { return level }
        return ResolutionLevel(unchecked: level.level, isIsotropic: false)
    }

    /// Whether an isotropic level differs from the normal one of the same number.
    private func isDistinct(_ level: ResolutionLevel) -> Bool {
        guard level.isIsotropic, method == .anisotropic, let isotropicLevel else { return false }
        return level.level > isotropicLevel
    }

    /// The stored level that a level is made from, nil for the base resolution and below.
    public func source(of level: ResolutionLevel) -> ResolutionLevel? {
        guard level.level > baseResolution else { return nil }
        return stored(ResolutionLevel(unchecked: level.level - 1, isIsotropic: level.isIsotropic))
    }

    /// The factors by which level `level + 1` of a chain reduces level `level` of the same chain.
    public func factors(from level: Int, isIsotropic: Bool) -> VoxelExtent {
        let target = ResolutionLevel(unchecked: level + 1, isIsotropic: isIsotropic)
        return VoxelExtent(x: 2, y: 2, z: method == .isotropic || isDistinct(target) ? 2 : 1)
    }

    /// How often an axis is halved from level 0 to a level.
    func halvings(of level: ResolutionLevel, _ axis: SpatialAxis) -> Int {
        guard axis == .z, method == .anisotropic else { return level.level }
        guard isDistinct(level), let isotropicLevel else { return 0 }
        return level.level - isotropicLevel
    }

    /// The voxels of level 0 along each axis that make one voxel of a level.
    public func scale(of level: ResolutionLevel) -> VoxelExtent {
        VoxelExtent(
            x: 1 << halvings(of: level, .x), y: 1 << halvings(of: level, .y), z: 1 << halvings(of: level, .z))
    }

    /// The size of a level's voxels in the frame's unit.
    public func voxelSize(at level: ResolutionLevel) -> PhysicalSize {
        let scale = scale(of: level)
        return PhysicalSize(
            x: frame.voxelSize.x * Double(scale.x), y: frame.voxelSize.y * Double(scale.y),
            z: frame.voxelSize.z * Double(scale.z))
    }
}
