import BossCatalog
package import BossCodec
package import BossGeometry
import BossStorage
package import BossVoxels

/// Everything about a channel that reading and writing its voxels needs, without the catalog.
package struct ChannelLayout: Sendable {
    /// Number under which the engine keeps its pages.
    package let channel: UInt32
    /// `coll/exp/chan`, for messages.
    package let path: String
    /// The type of its voxels.
    package let voxelType: VoxelType
    /// Whether voxels are labels.
    package let isAnnotation: Bool
    /// Cuboids and bricks.
    package let grid: CuboidGrid
    /// The value of voxels never written, in its low bytes.
    package let backgroundBits: UInt64
    /// How bricks are compressed.
    package let compression: CompressionPreference
    /// Its resolution levels.
    package let hierarchy: ResolutionHierarchy
    /// Time samples.
    package let timeSampleCount: Int

    /// A layout.
    package init(
        channel: UInt32, path: String, voxelType: VoxelType, isAnnotation: Bool, grid: CuboidGrid,
        backgroundBits: UInt64, compression: CompressionPreference, hierarchy: ResolutionHierarchy,
        timeSampleCount: Int
    ) {
        self.channel = channel
        self.path = path
        self.voxelType = voxelType
        self.isAnnotation = isAnnotation
        self.grid = grid
        self.backgroundBits = backgroundBits
        self.compression = compression
        self.hierarchy = hierarchy
        self.timeSampleCount = timeSampleCount
    }

    /// The layout of a catalogued channel.
    init(_ resolved: ResolvedChannel) throws(DatabaseError) {
        let channel = resolved.channel
        let hierarchy = try mappingErrors { () throws(GeometryError) in
            try ResolutionHierarchy(
                frame: resolved.coordinateFrame.frame, method: resolved.experiment.hierarchyMethod,
                levelCount: resolved.experiment.levelCount, baseResolution: channel.baseResolution)
        }
        self.init(
            channel: channel.id,
            path: "\(resolved.collection.name)/\(resolved.experiment.name)/\(channel.name)",
            voxelType: channel.voxelType, isAnnotation: channel.kind == .annotation, grid: channel.grid,
            backgroundBits: channel.background,
            compression: CompressionPreference(rawValue: channel.compression.rawValue) ?? .automatic,
            hierarchy: hierarchy, timeSampleCount: resolved.experiment.timeSampleCount)
    }

    /// Decoded bytes of a brick.
    var brickByteCount: Int { grid.brick.voxelCount * voxelType.byteCount }

    /// The level that new voxels are written to.
    package var baseLevel: ResolutionLevel {
        get throws(DatabaseError) {
            try mappingErrors { () throws(GeometryError) in
                try ResolutionLevel(level: hierarchy.baseResolution)
            }
        }
    }

    /// The engine's name for a level and a time sample; isotropic levels that equal normal ones share pages.
    func group(_ level: ResolutionLevel, time: Int) -> PageGroup {
        PageGroup(channel: channel, resolution: hierarchy.stored(level).rawValue, time: UInt32(time))
    }

    var encoder: BrickEncoder {
        BrickEncoder(
            voxelType: voxelType, brickByteCount: brickByteCount, preference: compression,
            labelExtent: isAnnotation ? grid.brick : nil)
    }

    /// How labels lie in cuboids; nil for images.
    var labelScope: LabelScope? {
        guard isAnnotation else { return nil }
        return LabelScope(grid: grid, backgroundBits: backgroundBits, voxelByteCount: voxelType.byteCount)
    }

    /// Cuboids that a box touches.
    func cuboids(touching box: VoxelBox) throws(DatabaseError) -> CuboidRange {
        try mappingErrors { () throws(GeometryError) in try grid.cuboids(touching: box) }
    }
}
