public import BossGeometry

/// A box of voxels at a resolution level and a range of time samples.
///
///     let region = CutoutRegion(box: VoxelBox(x: 0..<512, y: 0..<512, z: 0..<16))
public struct CutoutRegion: Hashable, Sendable {
    /// The resolution level; nil is the channel's base level.
    public var level: ResolutionLevel?
    /// Voxels of that level, absolute.
    public var box: VoxelBox
    /// Time samples; nil is the channel's default sample, and the result then has no time axis.
    public var time: Range<Int>?

    /// A region.
    public init(box: VoxelBox, level: ResolutionLevel? = nil, time: Range<Int>? = nil) {
        self.level = level
        self.box = box
        self.time = time
    }
}
