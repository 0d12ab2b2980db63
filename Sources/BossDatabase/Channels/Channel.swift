public import BossCatalog
public import BossGeometry
import BossStorage
public import BossVoxels

/// A channel: the voxels of one modality in the space of an experiment.
///
/// Reads see one consistent state each, or the one that is passed. Axes are x, y, z in arguments;
/// volumes are C-order with x fastest.
public struct Channel: Sendable {
    /// The database it belongs to.
    public let database: Database
    /// Its catalog rows.
    public let record: ResolvedChannel
    package let layout: ChannelLayout

    /// `collection/experiment/channel`.
    public var path: String { layout.path }
    /// The type of its voxels.
    public var voxelType: VoxelType { layout.voxelType }
    /// Whether its voxels are labels.
    public var isAnnotation: Bool { layout.isAnnotation }
    /// Resolution levels and their boxes.
    public var hierarchy: ResolutionHierarchy { layout.hierarchy }

    /// The voxels of a level, absolute.
    public func box(at level: ResolutionLevel) -> VoxelBox { layout.hierarchy.box(at: level) }

    func reader(hint: CacheHint = .interactive) -> CutoutReader {
        CutoutReader(engine: database.engine, layout: layout, workers: database.workers, hint: hint)
    }

    /// A region with its level and time samples filled in and checked.
    package struct CheckedRegion: Sendable {
        package let level: ResolutionLevel
        package let box: VoxelBox
        package let time: Range<Int>
        package let hasTimeAxis: Bool
        /// Voxels of all time samples, `Int.max` where they do not fit.
        package var voxelCount: Int { box.voxelCount.multipliedSaturating(by: time.count) }
    }

    /// Checks that a region lies in the channel.
    ///
    /// - Throws: 22V06 for a level that does not exist, 22V02 for an empty box, 22V01 outside the extent.
    package func check(_ region: CutoutRegion) throws(DatabaseError) -> CheckedRegion {
        let level = if let level = region.level { level } else { try layout.baseLevel }
        _ = try mappingErrors { () throws(GeometryError) in
            try layout.hierarchy.level(level.level, isIsotropic: level.isIsotropic)
        }
        let extent = layout.hierarchy.box(at: level)
        for axis in SpatialAxis.allCases {
            let (wanted, legal) = (region.box[axis], extent[axis])
            guard !wanted.isEmpty else {
                throw DatabaseError(
                    "22V02", "\(axis.rawValue) \(wanted.lowerBound):\(wanted.upperBound) is empty",
                    hint: "ranges are half-open: \(axis.rawValue) 5:6 is one voxel")
            }
            guard legal.lowerBound <= wanted.lowerBound, wanted.upperBound <= legal.upperBound else {
                throw DatabaseError(
                    "22V01",
                    "\(axis.rawValue) \(wanted.lowerBound):\(wanted.upperBound) leaves the extent "
                        + "\(legal.lowerBound):\(legal.upperBound) of \(path) at resolution \(level)",
                    hint: "use OUTSIDE CLIP or OUTSIDE FILL, or see DESCRIBE \(path)")
            }
        }
        let time = region.time ?? record.channel.defaultTimeSample..<record.channel.defaultTimeSample + 1
        guard !time.isEmpty else {
            throw DatabaseError("22V02", "T \(time.lowerBound):\(time.upperBound) is empty")
        }
        guard time.lowerBound >= 0, time.upperBound <= layout.timeSampleCount else {
            throw DatabaseError(
                "22V01",
                "T \(time.lowerBound):\(time.upperBound) leaves the time samples 0:\(layout.timeSampleCount) of \(path)"
            )
        }
        return CheckedRegion(level: level, box: region.box, time: time, hasTimeAxis: region.time != nil)
    }

    func view(_ view: DatabaseView?) throws(DatabaseError) -> View {
        if let view { return view.view }
        return try database.view().view
    }
}

extension Int {
    /// The product, `Int.max` where it does not fit.
    func multipliedSaturating(by other: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? Int.max : product
    }
}

extension Channel {
    /// The value of voxels never written, in its low bytes.
    package var backgroundBits: UInt64 { layout.backgroundBits }
    /// Time samples of the experiment.
    public var timeSampleCount: Int { layout.timeSampleCount }
    /// The sample that is read when none is named.
    public var defaultTimeSample: Int { record.channel.defaultTimeSample }
    /// Cuboid and brick shape.
    public var grid: CuboidGrid { layout.grid }

    /// Nanoseconds between time samples, where the experiment states them.
    package var timeStepNanoseconds: Double? {
        guard let step = record.experiment.timeStep, let unit = record.experiment.timeStepUnit, step > 0
        else { return nil }
        return step * unit.nanosecondsPerUnit
    }

    /// Cuboids that a box of a level touches, `Int.max` for a box that cannot be addressed.
    package func cuboidCount(of box: VoxelBox) -> Int {
        (try? layout.grid.cuboids(touching: box).count) ?? Int.max
    }
}

extension Channel {
    /// The smallest box of whole cuboids around a box, cut at the extent of the level.
    package func roundedToCuboids(_ box: VoxelBox, at level: ResolutionLevel) -> VoxelBox {
        let cuboid = layout.grid.cuboid
        func span(_ axis: SpatialAxis) -> Range<Int> {
            let (low, high) = (box.lower[axis] / cuboid[axis], (box.upper[axis] - 1) / cuboid[axis])
            return low * cuboid[axis]..<(high + 1) * cuboid[axis]
        }
        let rounded = VoxelBox(x: span(.x), y: span(.y), z: span(.z))
        return rounded.intersection(layout.hierarchy.box(at: level)) ?? box
    }
}
