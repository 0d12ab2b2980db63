import BossDatabase
import BossGeometry

/// Bounds of axis ranges: plain voxel numbers, physical units, parameters; and time samples.
extension StatementExecutor {
    /// The ranges of X, Y and Z, and the axes that are one voxel because one value was given.
    func axisBox(
        _ region: RegionSyntax, _ named: ResolutionLevel, _ level: ResolutionLevel, _ channel: Channel
    ) throws(DatabaseError) -> (VoxelBox, Set<SpatialAxis>) {
        var ranges: [SpatialAxis: Range<Int>] = [:]
        var singles: Set<SpatialAxis> = []
        for axis in SpatialAxis.allCases {
            let (range, isSingle) = try interval(region[axis.axis], axis, named, channel)
            ranges[axis] = range
            if isSingle { singles.insert(axis) }
        }
        let written = VoxelBox(x: ranges[.x] ?? 0..<1, y: ranges[.y] ?? 0..<1, z: ranges[.z] ?? 0..<1)
        let box = try converted(written, from: named, to: level, channel)
        // Open ends are those of the level that is read: coarser voxels may reach beyond it.
        let extent = channel.box(at: level)
        func range(_ axis: SpatialAxis) -> Range<Int> {
            let (isOpenBelow, isOpenAbove) = region[axis.axis]?.openEnds ?? (true, true)
            let lower = isOpenBelow ? extent.lower[axis] : box.lower[axis]
            return lower..<max(lower, isOpenAbove ? extent.upper[axis] : box.upper[axis])
        }
        let closed = VoxelBox(x: range(.x), y: range(.y), z: range(.z))
        return (closed, singles.filter { closed[$0].count == 1 })
    }

    /// The interval of an axis in voxels of a level; true when it was one value.
    func interval(
        _ clause: AxisClause?, _ axis: SpatialAxis, _ level: ResolutionLevel, _ channel: Channel
    ) throws(DatabaseError) -> (Range<Int>, isSingle: Bool) {
        let extent = channel.box(at: level)[axis]
        guard let clause else { return (extent, false) }
        switch clause.range {
        case .all: return (extent, false)
        case .single(let bound):
            let first = try voxel(bound, axis, level, channel, isUpper: false)
            return (first..<first + 1, true)
        case .interval(let lower, let upper):
            try refuseMixedUnits(lower, upper, axis.rawValue, clause.position)
            let first =
                try lower.map { (bound) throws(DatabaseError) in
                    try voxel(bound, axis, level, channel, isUpper: false)
                } ?? extent.lowerBound
            let last =
                try upper.map { (bound) throws(DatabaseError) in
                    try voxel(bound, axis, level, channel, isUpper: true)
                } ?? extent.upperBound
            guard first < last else {
                throw DatabaseError(
                    "22V02", "\(axis.rawValue) \(first):\(last) is \(first == last ? "empty" : "reversed")",
                    hint: "ranges are half-open: \(axis.rawValue) 5:6 is one voxel",
                    position: clause.position.source)
            }
            return (first..<last, false)
        }
    }

    /// Refuses a range of which one end has a unit and the other none.
    func refuseMixedUnits(
        _ lower: Bound?, _ upper: Bound?, _ axis: String, _ position: NodePosition
    ) throws(DatabaseError) {
        switch (lower, upper) {
        case (.quantity, .quantity), (nil, _), (_, nil): return
        case (.quantity, _), (_, .quantity):
            throw DatabaseError(
                "42V03", "\(axis) mixes a plain bound with one in units",
                hint: "give both in voxels or both with a unit", position: position.source)
        default: return
        }
    }

    /// A bound in voxels of a level.
    private func voxel(
        _ bound: Bound, _ axis: SpatialAxis, _ level: ResolutionLevel, _ channel: Channel, isUpper: Bool
    ) throws(DatabaseError) -> Int {
        switch bound {
        case .integer(let value, let position): return try coordinate(Int(value), axis.rawValue, position)
        case .parameter(let number, let position):
            return try coordinate(integer(parameter(number, position), position), axis.rawValue, position)
        case .quantity(let quantity, let position):
            guard quantity.unit.dimension == .length else {
                throw DatabaseError(
                    "22023", "\(axis.rawValue) takes a length, such as 12.5um", position: position.source)
            }
            let end = quantity.baseValue
            // Only ends that cannot be addressed fail.
            let voxels = try? channel.hierarchy.voxels(
                fromNanometers: end, toNanometers: end, along: axis, at: level)
            guard let voxels else { throw outOfRange(quantity, position) }
            return try coordinate(
                isUpper ? voxels.upperBound : voxels.lowerBound, axis.rawValue, position)
        }
    }

    private func outOfRange(_ quantity: Quantity, _ position: NodePosition) -> DatabaseError {
        DatabaseError(
            "22003", "\(quantity.value) \(quantity.unit.rawValue) is out of range",
            hint: "coordinates are within ±2^39 voxels", position: position.source)
    }

    private func coordinate(_ value: Int, _ axis: String, _ position: NodePosition) throws(DatabaseError)
        -> Int
    {
        let limit = VoxelPoint.coordinateLimit / 2
        guard -limit...limit ~= value else {
            throw DatabaseError(
                "22003", "\(axis) coordinate \(value) is out of range",
                hint: "coordinates are within ±2^39",
                position: position.source)
        }
        return value
    }

    /// A point in voxels of a level.
    func point(
        _ point: PointSyntax, _ level: ResolutionLevel, _ channel: Channel, isUpper: Bool = false
    ) throws(DatabaseError) -> VoxelPoint {
        VoxelPoint(
            x: try voxel(point.x, .x, level, channel, isUpper: isUpper),
            y: try voxel(point.y, .y, level, channel, isUpper: isUpper),
            z: try voxel(point.z, .z, level, channel, isUpper: isUpper))
    }

    /// The time samples of a region, the channel's default without a clause; true when they are a range.
    func timeSamples(
        _ clause: AxisClause?, _ channel: Channel
    ) throws(DatabaseError) -> (Range<Int>, hasTimeAxis: Bool) {
        let count = channel.timeSampleCount
        guard let clause else { return (channel.defaultTimeSample..<channel.defaultTimeSample + 1, false) }
        var range = 0..<count
        var isInterval = true
        switch clause.range {
        case .all: break
        case .single(let bound):
            let sample = try timeSample(bound, channel, isUpper: false)
            (range, isInterval) = (sample..<sample + 1, false)
        case .interval(let lower, let upper):
            try refuseMixedUnits(lower, upper, "T", clause.position)
            let first =
                try lower.map { (bound) throws(DatabaseError) in
                    try timeSample(bound, channel, isUpper: false)
                } ?? 0
            let last =
                try upper.map { (bound) throws(DatabaseError) in
                    try timeSample(bound, channel, isUpper: true)
                } ?? count
            guard first < last else {
                throw DatabaseError(
                    "22V02", "T \(first):\(last) is \(first == last ? "empty" : "reversed")",
                    position: clause.position.source)
            }
            range = first..<last
        }
        guard range.lowerBound >= 0, range.upperBound <= count else {
            throw DatabaseError(
                "22V01",
                "T \(range.lowerBound):\(range.upperBound) leaves the time samples 0:\(count) of \(channel.path)",
                position: clause.position.source)
        }
        return (range, isInterval)
    }

    private func timeSample(_ bound: Bound, _ channel: Channel, isUpper: Bool) throws(DatabaseError) -> Int {
        switch bound {
        case .integer(let value, let position): return try coordinate(Int(value), "T", position)
        case .parameter(let number, let position):
            return try coordinate(integer(parameter(number, position), position), "T", position)
        case .quantity(let quantity, let position):
            guard quantity.unit.dimension == .time, let step = channel.timeStepNanoseconds else {
                throw DatabaseError(
                    "22023", "T takes a sample number, or a time where the experiment has a time step",
                    position: position.source)
            }
            let samples = quantity.baseValue / step
            guard samples.magnitude < 1e9 else { throw outOfRange(quantity, position) }
            let nearest = samples.rounded()
            if abs(samples - nearest) < 1e-9 * max(1, nearest.magnitude) { return Int(nearest) }
            return Int(samples.rounded(isUpper ? .up : .down))
        }
    }

    /// What voxels outside the extent read as.
    func fillBits(_ clause: OutsideClause?, _ channel: Channel) throws(DatabaseError) -> UInt64 {
        guard case .fill(let scalar?)? = clause?.policy else { return channel.backgroundBits }
        return try voxelBits(scalar, channel.voxelType)
    }
}

extension AxisClause {
    /// Whether the range goes to the ends of the extent.
    fileprivate var openEnds: (below: Bool, above: Bool) {
        switch range {
        case .all: (true, true)
        case .single: (false, false)
        case .interval(let lower, let upper): (lower == nil, upper == nil)
        }
    }
}
