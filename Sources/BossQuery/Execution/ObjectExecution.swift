import BossDatabase
import BossGeometry

/// The table functions IDS(…) and OBJECTS(…), answered from summaries of cuboids and the label index.
extension StatementExecutor {
    mutating func ids(_ call: TableFunctionCall, _ hints: RowHints) throws(DatabaseError) -> RowSet {
        let bound = try bindRows(call.region, of: source(call.path))
        let found = try labels(bound, hints.ids, call.position).prefix(hints.limit ?? Int.max)
        return RowSet(
            columns: Self.idColumns,
            rows: found.map {
                [.unsigned($0.id), .unsigned(UInt64($0.voxelCount)), .unsigned(UInt64($0.cuboidCount))]
            })
    }

    /// The columns of IDS.
    static let idColumns = [Column("id", .uint64), Column("voxels", .uint64), Column("pages", .uint32)]

    mutating func objects(_ call: TableFunctionCall, _ hints: RowHints) throws(DatabaseError) -> RowSet {
        let bound = try bindRows(call.region, of: source(call.path))
        try requireLabels(bound.channel, call.position)
        guard let inside = bound.inside else { return RowSet(columns: Self.objectColumns) }
        let view = try currentView()
        try warnIfStale(bound, view)
        let found = try locating(call.position) { () throws(DatabaseError) in
            try bound.channel.objects(
                ids: hints.ids, in: bound.cutout(inside), touching: true, view: view, control: control,
                statistics: &statistics)
        }
        let voxel = bound.channel.hierarchy.voxelSize(at: bound.level)
        let toMicrometers = bound.channel.hierarchy.frame.unit.nanometersPerUnit / 1000
        let volume = SpatialAxis.allCases.reduce(1.0) { $0 * voxel[$1] * toMicrometers }
        return RowSet(
            columns: Self.objectColumns,
            rows: found.prefix(hints.limit ?? Int.max).map { Self.row($0, voxelVolume: volume) })
    }

    /// The columns of OBJECTS.
    static let objectColumns =
        [Column("id", .uint64), Column("voxels", .uint64)]
        + ["x0", "x1", "y0", "y1", "z0", "z1", "t0", "t1"].map { Column($0, .int64) }
        + ["cx", "cy", "cz", "volume_um3"].map { Column($0, .float64) }
        + [Column("pages", .uint32), Column("supervoxels", .uint32), Column("commit", .uint64)]

    private static func row(_ object: LabelObject, voxelVolume: Double) -> [Value] {
        let ends = SpatialAxis.allCases.flatMap { axis -> [Value] in
            [.integer(Int64(object.box.lower[axis])), .integer(Int64(object.box.upper[axis]))]
        }
        let centroid = object.centroid
        return [.unsigned(object.id), .unsigned(object.voxelCount)] + ends
            + [.integer(Int64(object.time.lowerBound)), .integer(Int64(object.time.upperBound))]
            + [centroid.x, centroid.y, centroid.z, Double(object.voxelCount) * voxelVolume].map { .float($0) }
            + [
                .unsigned(UInt64(object.cuboidCount)), .unsigned(UInt64(object.storedIDCount)),
                object.commit == .max ? .null : .unsigned(object.commit),
            ]
    }

    /// Objects of the part of a region that exists.
    mutating func labels(
        _ bound: BoundRegion, _ ids: IDCondition, _ position: NodePosition
    ) throws(DatabaseError) -> [LabelSummary] {
        try requireLabels(bound.channel, position)
        guard let inside = bound.inside else { return [] }
        let view = try currentView()
        try warnIfStale(bound, view)
        return try locating(position) { () throws(DatabaseError) in
            try bound.channel.labels(
                in: bound.cutout(inside), ids: ids, view: view, control: control, statistics: &statistics)
        }
    }

    /// - Throws: 22V08 for an image channel.
    func requireLabels(_ channel: Channel, _ position: NodePosition) throws(DatabaseError) {
        guard channel.isAnnotation else {
            throw DatabaseError(
                "22V08", "\(channel.path) is an image channel, so its voxels are no IDs",
                hint: "ask an annotation channel", position: position.source)
        }
    }
}
