import BossDatabase
import BossGeometry
import BossVoxels

/// FIND IDS, FIND ID AT, BBOX OF ID and COUNT VOXELS, answered from labels where these tell, else by one pass over the region.
extension StatementExecutor {
    /// Runs FIND IDS IN: the distinct IDs of a region, ascending.
    mutating func findIDs(_ query: FindIDs) throws(DatabaseError) -> ResultValue {
        let channel = try source(query.path)
        let condition = try query.condition.map { (condition) throws(DatabaseError) in
            try ValueCondition(condition, names: ["id"], executor: self)
        }
        let limit = try query.limit.map { (limit) throws(DatabaseError) in try integer(limit) } ?? Int.max
        guard limit >= 0 else {
            throw DatabaseError("22023", "LIMIT \(limit) is below zero", position: query.position.source)
        }
        let bound = try bindRows(query.region, of: channel)
        let labels = try labels(bound, condition?.ids ?? .all, query.position)
        return .rows(
            RowSet(columns: [Column("id", .uint64)], rows: labels.prefix(limit).map { [.unsigned($0.id)] }))
    }

    /// Runs FIND ID AT: the label under a point, 0 for background.
    mutating func findID(_ query: FindIDAt) throws(DatabaseError) -> ResultValue {
        let channel = try source(query.path)
        guard channel.isAnnotation else {
            throw DatabaseError(
                "22V08", "\(channel.path) is an image channel, so its voxels are no IDs",
                position: query.path.position.source)
        }
        var region = query.region
        if let excess = (region.x ?? region.y ?? region.z)?.position ?? region.shape?.position {
            throw DatabaseError(
                "42601", "the point says where already, so no other place can be given",
                hint: "RES, COORDS and T may stand here", position: excess.source)
        }
        region.shape = .around(
            query.point, size: SizeSyntax(x: 1, y: 1, z: 1, position: query.point.position),
            query.point.position)
        let bound = try bind(region, of: channel)
        guard bound.voxelCount == 1 else {
            throw DatabaseError(
                "22023", "this point is \(bound.voxelCount) voxels, FIND ID AT asks for one",
                hint: "leave COORDS out, and give T one value", position: query.point.position.source)
        }
        let volume = try read(bound, limit: 8)
        let id = volume.withUnsafeBytes { SlicePixels.bits($0, 0, volume.voxelType) }
        return .rows(RowSet(columns: [Column("id", .uint64)], rows: [[.unsigned(id)]]))
    }

    /// Runs BBOX OF ID: one row an ID that has voxels.
    mutating func boundingBox(_ query: BoundingBoxQuery) throws(DatabaseError) -> ResultValue {
        let channel = try source(query.path)
        var ids: [UInt64] = []
        for scalar in query.ids { ids.append(try unsigned(scalar)) }
        let bound = try bindRows(query.region, of: channel)
        let found = try labels(bound, IDCondition(ids: ids), query.position)
        let scale = try lengthScale(query.unit, channel, bound.level)
        let type: ColumnType = scale == nil ? .int64 : .float64
        let names = ["x0", "x1", "y0", "y1", "z0", "z1"]
        let columns =
            [Column("id", .uint64)] + names.map { Column($0, type) } + [
                Column("t0", .int64), Column("t1", .int64),
            ]
        let rows = found.map { label -> [Value] in
            let box =
                query.fit?.value == .loose ? channel.roundedToCuboids(label.box, at: bound.level) : label.box
            let ends = SpatialAxis.allCases.flatMap { axis -> [Value] in
                [box.lower[axis], box.upper[axis]].map { bound in
                    scale.map { .float(Double(bound) * $0[axis]) } ?? .integer(Int64(bound))
                }
            }
            return [.unsigned(label.id)] + ends
                + [.integer(Int64(label.time.lowerBound)), .integer(Int64(label.time.upperBound))]
        }
        return .rows(RowSet(columns: columns, rows: rows))
    }

    /// Voxel lengths in the unit of `UNITS`; nil for voxels.
    private func lengthScale(
        _ unit: Located<MeasurementUnit>?, _ channel: Channel, _ level: ResolutionLevel
    ) throws(DatabaseError) -> PhysicalSize? {
        guard let unit else { return nil }
        guard unit.value.dimension == .length else {
            throw DatabaseError(
                "22023", "UNITS takes a unit of length, such as nm", position: unit.position.source)
        }
        let size = channel.hierarchy.voxelSize(at: level)
        return size.scaled(by: channel.hierarchy.frame.unit.nanometersPerUnit / unit.value.scale)
    }

    /// Runs COUNT VOXELS: all voxels, those that fulfil a condition, or a row an ID.
    mutating func countVoxels(_ query: CountVoxels) throws(DatabaseError) -> ResultValue {
        let channel = try source(query.path)
        let condition = try query.condition.map { (condition) throws(DatabaseError) in
            try ValueCondition(condition, names: ["id", "value"], executor: self)
        }
        let bound = try bindRows(query.region, of: channel)
        if query.groupsByID { return try countByID(bound, condition, query.position) }
        guard let inside = bound.inside else { return Self.count(0) }
        guard let condition else {
            let (count, overflow) = inside.voxelCount.multipliedReportingOverflow(by: bound.time.count)
            guard !overflow, inside.voxelCount < Int.max else {
                throw DatabaseError(
                    "22003", "the region has more voxels than can be counted",
                    hint: "ask for a smaller region",
                    position: query.position.source)
            }
            return Self.count(count)
        }
        if channel.isAnnotation, !condition.ids.contains(channel.backgroundBits) {
            let found = try labels(bound, condition.ids, query.position)
            return Self.count(found.reduce(0) { $0 + $1.voxelCount })
        }
        let view = try currentView()
        try warnIfStale(bound, view)
        let table = try locating(query.position) { () throws(DatabaseError) in
            try channel.valueCounts(
                in: bound.cutout(inside), view: view, control: control, statistics: &statistics)
        }
        let matching = table.sortedEntries.filter {
            condition.matches(ConditionNumber(bits: $0.id, type: channel.voxelType))
        }
        return Self.count(matching.reduce(0) { $0 + $1.voxelCount })
    }

    private mutating func countByID(
        _ bound: BoundRegion, _ condition: ValueCondition?, _ position: NodePosition
    ) throws(DatabaseError) -> ResultValue {
        let found = try labels(bound, condition?.ids ?? .all, position)
        return .rows(
            RowSet(
                columns: [Column("id", .uint64), Column("count", .uint64)],
                rows: found.map { [.unsigned($0.id), .unsigned(UInt64($0.voxelCount))] }))
    }

    private static func count(_ count: Int) -> ResultValue {
        .rows(RowSet(columns: [Column("count", .uint64)], rows: [[.unsigned(UInt64(count))]]))
    }
}
