import BossDatabase
import BossGeometry
import BossVoxels

/// A volume query in numbers: where it reads, and what it makes of the voxels there.
struct BoundVolume {
    /// What is made of the voxels.
    enum Content {
        /// Something of the voxels of one channel.
        case voxels(VoxelReading)
        /// The voxels of one channel where those of others fulfil a condition.
        case masked(VoxelMask)
        /// Whether voxels of several channels fulfil a condition.
        case mask(VoxelMask)
    }

    /// The region, of the channel that gives the values.
    var region: BoundRegion
    let content: Content
    /// All channels that are read.
    let channels: [Channel]
    /// Where a condition over coordinates holds.
    let place: CoordinateCondition?

    /// The voxels of a region as they are.
    init(_ region: BoundRegion) {
        self.init(region: region, content: .voxels(.stored), channels: [region.channel], place: nil)
    }

    init(region: BoundRegion, content: Content, channels: [Channel], place: CoordinateCondition?) {
        self.region = region
        self.content = content
        self.channels = channels
        self.place = place
    }

    /// Whether the result is UINT8 0 and 1.
    var isMask: Bool {
        switch content {
        case .voxels(let reading): reading.isMask
        case .masked: false
        case .mask: true
        }
    }

    /// Whether voxels are tested.
    var isSelective: Bool {
        if case .voxels(.stored) = content { return false }
        return true
    }

    /// The type of the result.
    var voxelType: VoxelType { isMask ? .uint8 : region.channel.voxelType }

    /// Whether the result holds labels.
    var isAnnotation: Bool { !isMask && region.channel.isAnnotation }

    /// What voxels outside of what is read become.
    var fillBits: UInt64 {
        let background = isMask ? 0 : region.channel.backgroundBits
        guard case .voxels(let reading) = content, place?.isEverywhere ?? true else { return background }
        switch reading {
        case .stored: return region.fillBits
        case .keeping(let condition): return condition(region.fillBits) ? region.fillBits : background
        case .mask(let condition): return condition(region.fillBits) ? 1 : 0
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
        try refuseWrongRank(query, region)
        for source in sources where source.channel.path != channel.path {
            try locating(source.path.position) { () throws(DatabaseError) in
                try channel.requireSameSpace(source.channel, at: region.level)
            }
        }
        let place = try CoordinateCondition(query.condition, self)
        try cut(&region, place, query, isMultiple: sources.count > 1)
        let (content, channels) = try content(query.expression, place.values, number, named)
        return BoundVolume(region: region, content: content, channels: channels, place: place)
    }

    /// The source that gives the values; of a condition the first one, which gives the space.
    private func valueSource(_ query: VolumeQuery, _ sources: VoxelSources) throws(DatabaseError) -> Int {
        switch query.expression {
        case nil:
            guard sources.all.count == 1 else {
                throw DatabaseError(
                    "42703",
                    "the query has \(sources.all.count) sources and does not say whose voxels it wants",
                    hint: "for example SELECT CUTOUT a.VALUE FROM em AS a, seg AS b WHERE b.ID = 42",
                    position: query.artifact.position.source)
            }
            return 0
        case .column(let qualifier, let name)?:
            return try sources.number(ofColumn: qualifier, name)
        case let expression?:
            guard expression.isCondition else {
                throw Self.notSupported(
                    "this voxel expression", expression.position,
                    hint: "VALUE, ID and conditions such as VALUE > 128 or ID IN (7, 9) can stand here")
            }
            return 0
        }
    }

    private func content(
        _ expression: Expression?, _ condition: Expression?, _ number: Int, _ sources: VoxelSources
    ) throws(DatabaseError) -> (BoundVolume.Content, [Channel]) {
        let wanted = expression.flatMap { $0.isCondition ? $0 : nil }
        var numbers: Set<Int> = wanted == nil ? [number] : []
        for part in [wanted, condition].compactMap({ $0 }) {
            numbers.formUnion(try sources.numbers(in: part))
        }
        if numbers.isEmpty { numbers = [number] }
        let channels = numbers.sorted().map { sources.all[$0].channel }
        if numbers == [number] {
            let reading = try reading(wanted, condition, of: sources.all[number].channel)
            return (.voxels(reading), channels)
        }
        var masks: [VoxelMask] = []
        for part in [wanted, condition].compactMap({ $0 }) { masks.append(try mask(part, sources)) }
        let mask = masks.count == 1 ? masks[0] : VoxelMask.all(masks)
        return (wanted == nil ? .masked(mask) : .mask(mask), channels)
    }

    private func reading(
        _ wanted: Expression?, _ condition: Expression?, of channel: Channel
    ) throws(DatabaseError) -> VoxelReading {
        let kept = try condition.map { (condition) throws(DatabaseError) in
            try predicate(condition, of: channel)
        }
        guard let wanted else { return kept.map { .keeping($0) } ?? .stored }
        let mask = try predicate(wanted, of: channel)
        return .mask(kept.map(mask.and) ?? mask)
    }

    /// Leaves of a region what a condition over coordinates leaves.
    private func cut(
        _ region: inout BoundRegion, _ place: CoordinateCondition, _ query: VolumeQuery, isMultiple: Bool
    ) throws(DatabaseError) {
        let position = query.condition?.position ?? query.position
        if region.inside != region.requested, !place.isEverywhere || isMultiple {
            throw Self.notSupported("OUTSIDE FILL with this condition", region.position)
        }
        guard place.part(of: region.time) == region.time else {
            throw Self.notSupported(
                "T in the condition of a query", position, hint: "give the time samples in the region: T 0:10"
            )
        }
        region.inside = region.inside.flatMap(place.part)
    }

    private func refuseWrongRank(_ query: VolumeQuery, _ region: BoundRegion) throws(DatabaseError) {
        switch query.artifact.value {
        case .slice, .image:
            guard region.singleAxes.count == 1, !region.hasTimeAxis else {
                let name = query.artifact.value.rawValue
                throw DatabaseError(
                    "22023", "\(name) needs exactly one of X, Y and Z as one value, and no range of T",
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
        if let projection = query.projection { throw Self.notSupported("PROJECT", projection.position) }
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
