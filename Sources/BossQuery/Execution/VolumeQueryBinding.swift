import BossDatabase
import BossGeometry
import BossVoxels

/// A volume query in numbers: where it reads, and what it makes of the voxels there.
struct BoundVolume {
    /// The region, of the channel that gives the values, or the space.
    var region: BoundRegion
    let content: VoxelContent
    /// All channels that are read.
    let channels: [Channel]
    /// Where a condition over coordinates holds.
    let place: CoordinateCondition?
    /// What is kept along which axes.
    var projection: (function: VoxelProjectionFunction, axes: Set<Axis>)?

    /// The voxels of a region as they are.
    init(_ region: BoundRegion) {
        self.init(region: region, content: .voxels(.stored), channels: [region.channel], place: nil)
    }

    init(region: BoundRegion, content: VoxelContent, channels: [Channel], place: CoordinateCondition?) {
        self.region = region
        self.content = content
        self.channels = channels
        self.place = place
    }

    /// The type of the result.
    var voxelType: VoxelType {
        let type = content.voxelType(of: region.channel)
        return projection?.function.result(of: type) ?? type
    }

    /// The axes of the result: time only when asked for as a range, one axis less for slices, those that are left.
    func axes(of artifact: VolumeArtifact) -> [Axis] {
        var axes: [Axis] = region.hasTimeAxis ? [.t] : []
        for axis in [SpatialAxis.z, .y, .x] where artifact == .cutout || !region.singleAxes.contains(axis) {
            axes.append(axis.axis)
        }
        return axes.filter { projection?.axes.contains($0) != true }
    }

    /// The length of the result along an axis.
    func length(_ axis: Axis) -> Int {
        if projection?.axes.contains(axis) == true { return 1 }
        return SpatialAxis(rawValue: axis.rawValue).map { region.requested.extent[$0] } ?? region.time.count
    }

    /// Voxels of the result, `Int.max` where they do not fit.
    var voxelCount: Int {
        Axis.allCases.reduce(1) { count, axis in
            let (product, isOver) = count.multipliedReportingOverflow(by: length(axis))
            return isOver ? Int.max : product
        }
    }

    /// Whether the result holds labels.
    var isAnnotation: Bool {
        switch content {
        case .voxels(let reading):
            return !reading.isMask && region.channel.isAnnotation && keepsValues
        case .masked: return region.channel.isAnnotation && keepsValues
        case .computed: return false
        }
    }

    private var keepsValues: Bool {
        switch projection?.function {
        case nil, .maximum, .minimum: true
        case .mean, .standardDeviation, .sum, .count: false
        }
    }

    /// What voxels outside of what is read become.
    var fillBits: UInt64 {
        let background = region.channel.backgroundBits
        switch content {
        case .computed: return 0
        case .masked: return background
        case .voxels(let reading):
            let isEverywhere = place?.isEverywhere ?? true
            switch reading {
            case .stored: return isEverywhere ? region.fillBits : background
            case .keeping(let condition):
                return isEverywhere && condition(region.fillBits) ? region.fillBits : background
            case .mask(let condition): return isEverywhere && condition(region.fillBits) ? 1 : 0
            }
        }
    }
}

/// Sources, expression and condition of SELECT CUTOUT, SLICE and IMAGE.
extension StatementExecutor {
    /// Binds a query, and refuses what this version does not run.
    mutating func bind(_ query: VolumeQuery) throws(DatabaseError) -> BoundVolume {
        try refuseUnsupported(query)
        var sources: [VoxelSources.Source] = []
        for source in query.sources {
            sources.append(
                .init(channel: try self.source(source.path), path: source.path, alias: source.alias))
        }
        let named = VoxelSources(all: sources)
        let number = try valueSource(query, named)
        let channel = sources[number].channel
        let objects = channel.isAnnotation ? channel : sources.map(\.channel).only(where: \.isAnnotation)
        var region = try bind(query.region, of: channel, objectsOf: objects)
        let projection = try projection(query.projection, region)
        try refuseWrongRank(query, region, projection?.axes ?? [])
        for source in sources where source.channel.path != channel.path {
            try locating(source.path.position) { () throws(DatabaseError) in
                try channel.requireSameSpace(source.channel, at: region.level)
            }
        }
        // What a projection folds is background where a condition fails, so nothing is cut away before.
        let cutAxes: Set<Axis> = projection == nil ? [.x, .y, .z] : []
        let place = try CoordinateCondition(query.condition, along: cutAxes, self)
        let (content, channels) = try content(query.expression, place.values, number, named)
        if case .voxels = content, projection == nil {} else { try refuseFill(region) }
        try cut(&region, place)
        var bound = BoundVolume(region: region, content: content, channels: channels, place: place)
        bound.projection = projection
        return bound
    }

    /// - Throws: 22023 for an axis that the region has as one value already, 0A000 for MODE.
    private func projection(
        _ clause: ProjectionClause?, _ region: BoundRegion
    ) throws(DatabaseError) -> (function: VoxelProjectionFunction, axes: Set<Axis>)? {
        guard let clause else { return nil }
        let function: VoxelProjectionFunction
        switch clause.function.value {
        case .maximum: function = .maximum
        case .minimum: function = .minimum
        case .mean: function = .mean
        case .standardDeviation: function = .standardDeviation
        case .sum: function = .sum
        case .count: function = .count
        case .mode: throw Self.notSupported("PROJECT MODE", clause.function.position)
        }
        for axis in clause.axes where axis.value == .t && !region.hasTimeAxis {
            throw DatabaseError(
                "22023", "PROJECT ALONG T needs a range of time samples", hint: "for example T 0:10",
                position: axis.position.source)
        }
        return (function, Set(clause.axes.map(\.value)))
    }

    /// The source that gives the values; of an expression the first one, which gives the space.
    private func valueSource(_ query: VolumeQuery, _ sources: VoxelSources) throws(DatabaseError) -> Int {
        guard let expression = query.expression else {
            guard sources.all.count == 1 else {
                throw DatabaseError(
                    "42703",
                    "the query has \(sources.all.count) sources and does not say whose voxels it wants",
                    hint: "for example SELECT CUTOUT a.VALUE FROM em AS a, seg AS b WHERE b.ID = 42",
                    position: query.artifact.position.source)
            }
            return 0
        }
        return try sources.voxelSource(expression) ?? 0
    }

    private func content(
        _ expression: Expression?, _ condition: Expression?, _ number: Int, _ sources: VoxelSources
    ) throws(DatabaseError) -> (VoxelContent, [Channel]) {
        let channel = sources.all[number].channel
        let wanted = try expression.flatMap { (expression) throws(DatabaseError) in
            try sources.voxelSource(expression) == nil ? expression : nil
        }
        if let reading = try reading(wanted, condition, of: number, sources) {
            return (.voxels(reading), [channel])
        }
        var binder = VoxelExpressionBinder(self, sources)
        let kept = try condition.map { (condition) throws(DatabaseError) in try binder.condition(condition) }
        guard let wanted else {
            let mask = binder.computation(kept ?? .truth(true))
            return (.masked(mask), [channel] + mask.channels.filter { $0.path != channel.path })
        }
        let value = try binder.bind(wanted)
        let computation = binder.computation(
            kept.map { .choice($0, then: value, otherwise: VoxelExpressionBinder.nothing(of: value.type)) }
                ?? value)
        return (.computed(computation), computation.channels)
    }

    /// What is read of one channel, if that is enough: its voxels, those that fulfil a condition, or whether they do.
    private func reading(
        _ wanted: Expression?, _ condition: Expression?, of number: Int, _ sources: VoxelSources
    ) throws(DatabaseError) -> VoxelReading? {
        for part in [wanted, condition].compactMap({ $0 }) {
            guard try sources.testedSource(of: part) == number else { return nil }
        }
        let channel = sources.all[number].channel
        let kept = try condition.map { (condition) throws(DatabaseError) in
            try predicate(condition, of: channel)
        }
        guard let wanted else { return kept.map { .keeping($0) } ?? .stored }
        let mask = try predicate(wanted, of: channel)
        return .mask(kept.map(mask.and) ?? mask)
    }

    /// OUTSIDE FILL says what voxels outside are, not what an expression makes of them.
    private func refuseFill(_ region: BoundRegion) throws(DatabaseError) {
        guard region.inside != region.requested else { return }
        throw Self.notSupported(
            "OUTSIDE FILL with this expression, condition or projection", region.position,
            hint: "OUTSIDE CLIP reads what is inside")
    }

    /// Leaves of a region what a condition over coordinates leaves.
    private func cut(_ region: inout BoundRegion, _ place: CoordinateCondition) throws(DatabaseError) {
        if !place.isEverywhere { try refuseFill(region) }
        region.inside = region.inside.flatMap(place.part)
    }
    private func refuseWrongRank(
        _ query: VolumeQuery, _ region: BoundRegion, _ projected: Set<Axis>
    ) throws(DatabaseError) {
        switch query.artifact.value {
        case .slice, .image:
            let dropped = projected.union(region.singleAxes.map(\.axis))
            guard dropped.subtracting([.t]).count == 1, !region.hasTimeAxis || projected.contains(.t) else {
                let name = query.artifact.value.rawValue
                throw DatabaseError(
                    "22023",
                    "\(name) needs exactly one of X, Y and Z as one value or projected, and no range of T",
                    hint: "for example SELECT \(name) FROM \(region.channel.path) Z 100",
                    position: query.position.source)
            }
        case .cutout, .tile, .mesh: break
        }
    }

    /// Refuses clauses that this version does not run, of meshes conditions and several sources too.
    func refuseUnsupported(_ query: VolumeQuery) throws(DatabaseError) {
        if query.artifact.value == .tile { throw Self.notSupported("SELECT TILE", query.artifact.position) }
        if query.artifact.value == .mesh {
            if let expression = query.expression {
                throw Self.notSupported("a voxel expression", expression.position)
            }
            if query.sources.count != 1 {
                throw Self.notSupported("more than one source", query.sources[1].path.position)
            }
            if let condition = query.condition {
                throw Self.notSupported("WHERE on voxels", condition.position)
            }
        }
        if let source = query.sources.first(where: \.resamplesNearest) {
            throw Self.notSupported("RESAMPLE NEAREST", source.path.position)
        }
        if let plane = query.plane { throw Self.notSupported("PLANE", plane.position) }
        if query.artifact.value == .mesh, let projection = query.projection {
            throw Self.notSupported("PROJECT of a mesh", projection.position)
        }
        if case .channel(let path)? = query.destination {
            throw Self.notSupported("INTO a channel", path.position)
        }
    }
}

extension Array {
    /// The element of a kind, if there is exactly one.
    fileprivate func only(where isWanted: (Element) -> Bool) -> Element? {
        let found = filter(isWanted)
        return found.count == 1 ? found[0] : nil
    }
}
