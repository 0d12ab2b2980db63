import BossDatabase
import BossGeometry

/// A region of a statement in numbers.
struct BoundRegion {
    private(set) var channel: Channel
    let level: ResolutionLevel
    /// Voxels of the level as the statement names them; outside the extent only with OUTSIDE FILL.
    let requested: VoxelBox
    /// The part of them that exists, or that a condition leaves; nil when there is none.
    var inside: VoxelBox?
    /// Time samples.
    let time: Range<Int>
    /// Whether T was given as an interval, so that the result keeps it.
    let hasTimeAxis: Bool
    /// Spatial axes that were given as one value.
    let singleAxes: Set<SpatialAxis>
    /// What voxels outside the extent read as.
    let fillBits: UInt64
    let position: NodePosition

    /// The part that exists, as the facade takes it.
    func cutout(_ box: VoxelBox) -> CutoutRegion { CutoutRegion(box: box, level: level, time: time) }

    /// The same region of a channel with the same space.
    func of(_ other: Channel) -> BoundRegion {
        var region = self
        region.channel = other
        return region
    }

    /// Voxels of the result with all time samples, `Int.max` where they do not fit.
    var voxelCount: Int {
        let (count, overflow) = requested.voxelCount.multipliedReportingOverflow(by: time.count)
        return overflow ? Int.max : count
    }
}

/// The region clause: levels, units, shapes and what to do outside the extent.
extension StatementExecutor {
    /// Binds a region of a channel.
    ///
    /// - Parameters:
    ///   - objects: the channel in which `OF ID` looks for the ID, this one by default.
    ///   - forWriting: whether voxels outside cannot be filled.
    /// - Throws: 22V01 outside the extent, 22V02 for an empty interval, 22V06 for a level that does not
    ///   exist, 42V03 for mixed plain and unit bounds.
    mutating func bind(
        _ region: RegionSyntax, of channel: Channel, objectsOf objects: Channel? = nil,
        forWriting: Bool = false
    ) throws(DatabaseError) -> BoundRegion {
        if let roi = region.regionOfInterest { throw Self.notSupported("IN ROI", roi.position) }
        let level = try level(region.resolution, of: channel)
        let (time, hasTimeAxis) = try timeSamples(region.t, channel)
        let (box, singles) = try box(region, level, time, channel, objects ?? channel)
        let fill = try fillBits(region.outside, channel)
        let extent = channel.box(at: level)
        let inside = extent.intersection(box)
        var requested = box
        if !extent.contains(box) {
            switch region.outside?.policy ?? .error {
            case .error: throw outside(box, extent, level, channel, region, forWriting: forWriting)
            case .fill: break
            case .clip:
                guard let inside else {
                    throw outside(box, extent, level, channel, region, forWriting: true)
                }
                requested = inside
                warnings.append(
                    Warning(
                        sqlState: "01V02", message: "the region was clipped to \(inside) of \(channel.path)"))
            }
        }
        return BoundRegion(
            channel: channel, level: level, requested: requested, inside: inside, time: time,
            hasTimeAxis: hasTimeAxis, singleAxes: singles, fillBits: fill, position: region.position)
    }

    /// Binds a region of a statement that returns rows, where an ID without voxels makes an empty region.
    mutating func bindRows(_ region: RegionSyntax, of channel: Channel) throws(DatabaseError) -> BoundRegion {
        do throws(DatabaseError) {
            return try bind(region, of: channel)
        } catch {
            guard error.sqlState == "02V01" else { throw error }
            let (time, hasTimeAxis) = try timeSamples(region.t, channel)
            return BoundRegion(
                channel: channel, level: try level(region.resolution, of: channel),
                requested: VoxelBox(x: 0..<0, y: 0..<0, z: 0..<0), inside: nil, time: time,
                hasTimeAxis: hasTimeAxis, singleAxes: [], fillBits: channel.backgroundBits,
                position: region.position)
        }
    }

    private func outside(
        _ box: VoxelBox, _ extent: VoxelBox, _ level: ResolutionLevel, _ channel: Channel,
        _ region: RegionSyntax, forWriting: Bool
    ) -> DatabaseError {
        let ways = forWriting ? "use OUTSIDE CLIP, or " : "use OUTSIDE CLIP or OUTSIDE FILL, or "
        // What is clipped to nothing lies outside altogether.
        let way = region.outside?.policy == .clip ? "" : ways
        for axis in SpatialAxis.allCases {
            let (wanted, legal) = (box[axis], extent[axis])
            guard wanted.lowerBound < legal.lowerBound || wanted.upperBound > legal.upperBound else {
                continue
            }
            return DatabaseError(
                "22V01",
                "\(axis.rawValue) \(wanted.lowerBound):\(wanted.upperBound) leaves the extent "
                    + "\(legal.lowerBound):\(legal.upperBound) of \(channel.path) at resolution \(level)",
                hint: "\(way)see DESCRIBE \(channel.path)",
                position: (region[axis.axis]?.position ?? region.shape?.position ?? region.position).source)
        }
        return DatabaseError(
            "22V01", "the region leaves the extent of \(channel.path)", position: region.position.source)
    }

    func level(_ clause: ResolutionClause?, of channel: Channel) throws(DatabaseError)
        -> ResolutionLevel
    {
        let hierarchy = channel.hierarchy
        guard let clause else {
            return try mappingErrors { () throws(GeometryError) in
                try hierarchy.level(hierarchy.baseResolution, isIsotropic: false)
            }
        }
        return try locating(clause.position) { () throws(DatabaseError) in
            var number = 0
            switch clause.choice {
            case .level(let level): number = level
            case .voxelSize(let size):
                guard size.unit.dimension == .length else {
                    throw DatabaseError("22023", "RES AT takes a length, such as 32nm")
                }
                guard let found = hierarchy.coarsestLevel(notCoarserThan: size.baseValue) else {
                    throw DatabaseError(
                        "22V06", "no level of \(channel.path) is as fine as that",
                        hint:
                            "its finest voxels are \(hierarchy.voxelSize(at: .native).x) \(hierarchy.frame.unit.rawValue) along x"
                    )
                }
                number = found.level
            }
            if clause.isIsotropic, !hierarchy.hasIsotropicChain {
                throw DatabaseError(
                    "22V06", "\(channel.path) has no isotropic chain of levels", hint: "leave ISO out")
            }
            do throws(GeometryError) {
                return try hierarchy.level(number, isIsotropic: clause.isIsotropic)
            } catch {
                throw DatabaseError(
                    "22V06", "\(channel.path) has no resolution level \(number)",
                    hint: "its levels are \(hierarchy.baseResolution) to \(hierarchy.lastLevel)")
            }
        }
    }

    private mutating func box(
        _ region: RegionSyntax, _ level: ResolutionLevel, _ time: Range<Int>, _ channel: Channel,
        _ objects: Channel
    ) throws(DatabaseError) -> (VoxelBox, Set<SpatialAxis>) {
        let hierarchy = channel.hierarchy
        var named = level
        if let coordinates = region.coordinates {
            named = try locating(coordinates.position) { () throws(DatabaseError) in
                try mappingErrors { () throws(GeometryError) in
                    try hierarchy.level(coordinates.value, isIsotropic: false)
                }
            }
        }
        switch region.shape {
        case nil: return try axisBox(region, named, level, channel)
        case .box(let low, let high, let position):
            let (first, last) = (
                try point(low, named, channel), try point(high, named, channel, isUpper: true)
            )
            for (axis, lower, upper) in [("X", low.x, high.x), ("Y", low.y, high.y), ("Z", low.z, high.z)] {
                try refuseMixedUnits(lower, upper, axis, position)
            }
            let box = try locating(position) { () throws(DatabaseError) in
                try mappingErrors { () throws(GeometryError) in try VoxelBox(lower: first, upper: last) }
            }
            try refuseEmpty(box, position)
            return (try converted(box, from: named, to: level, channel), [])
        case .around(let center, let size, let position):
            let middle = try point(center, named, channel)
            let box = try around(middle, size, position)
            return (try converted(box, from: named, to: level, channel), [])
        case .object(let scalar, let padding, let position):
            let (limit, singles) = try axisBox(region, named, level, channel)
            return (try objectBox(scalar, padding, position, limit, level, time, objects), singles)
        }
    }

    /// A box of voxels of one level in those of another.
    func converted(
        _ box: VoxelBox, from: ResolutionLevel, to: ResolutionLevel, _ channel: Channel
    ) throws(DatabaseError) -> VoxelBox {
        guard from != to else { return box }
        return try mappingErrors { () throws(GeometryError) in
            try channel.hierarchy.box(box, from: from, to: to)
        }
    }

    private func refuseEmpty(_ box: VoxelBox, _ position: NodePosition) throws(DatabaseError) {
        guard box.isEmpty else { return }
        throw DatabaseError(
            "22V02", "\(box) is empty", hint: "the upper corner is excluded", position: position.source)
    }

    private func around(
        _ center: VoxelPoint, _ size: SizeSyntax, _ position: NodePosition
    ) throws(DatabaseError) -> VoxelBox {
        for length in [size.x, size.y, size.z] where length < 1 || length > VoxelPoint.coordinateLimit / 4 {
            throw DatabaseError(
                "22023", "a size of \(length) voxels is not allowed", position: size.position.source)
        }
        let low = VoxelPoint(x: center.x - size.x / 2, y: center.y - size.y / 2, z: center.z - size.z / 2)
        return VoxelBox(origin: low, extent: VoxelExtent(x: size.x, y: size.y, z: size.z))
    }

    private mutating func objectBox(
        _ scalar: Scalar, _ padding: Located<Int>?, _ position: NodePosition, _ limit: VoxelBox,
        _ level: ResolutionLevel, _ time: Range<Int>, _ channel: Channel
    ) throws(DatabaseError) -> VoxelBox {
        let id = try unsigned(scalar)
        let extent = channel.box(at: level)
        let found = try locating(position) { () throws(DatabaseError) in
            try channel.boundingBoxes(
                of: [id], in: CutoutRegion(box: extent, level: level, time: time), view: currentView(),
                control: control, statistics: &statistics)
        }
        guard let object = found.first else {
            let whole = CutoutRegion(box: extent, level: level, time: time)
            let freshness = try locating(position) { () throws(DatabaseError) in
                try channel.freshness(of: whole, view: currentView())
            }
            guard freshness != .missing else {
                throw Self.neverBuilt(level, channel, position, in: reading?.version)
            }
            throw DatabaseError(
                "02V01", "\(channel.path) has no voxel of ID \(id)", position: position.source)
        }
        let pad = padding?.value ?? 0
        guard 0...(1 << 20) ~= pad else {
            throw DatabaseError(
                "22023", "PAD \(pad) is not allowed", hint: "0 to 1048576", position: position.source)
        }
        let box = VoxelBox(
            x: object.box.lower.x - pad..<object.box.upper.x + pad,
            y: object.box.lower.y - pad..<object.box.upper.y + pad,
            z: object.box.lower.z - pad..<object.box.upper.z + pad
        ).intersection(extent)?.intersection(limit)
        guard let box else {
            throw DatabaseError("02V01", "ID \(id) has no voxel in this region", position: position.source)
        }
        return box
    }
}
