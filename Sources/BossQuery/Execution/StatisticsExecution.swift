import BossDatabase
import BossGeometry
import BossVoxels

/// STATS OF, also as the table function STATS(…).
extension StatementExecutor {
    mutating func stats(_ call: TableFunctionCall) throws(DatabaseError) -> RowSet {
        let channel = try source(call.path)
        let grouping = call.grouping?.value
        if grouping == .id, call.within == nil, !channel.isAnnotation {
            throw DatabaseError(
                "22V08", "BY ID of an image channel needs WITHIN an annotation channel",
                hint: "STATS OF \(channel.path) WITHIN a label channel", position: call.position.source)
        }
        if grouping == .page, call.within != nil {
            throw Self.notSupported("WITHIN … BY PAGE", call.grouping?.position ?? call.position)
        }
        let bound = try bindRows(call.region, of: channel)
        let view = try currentView()
        try warnIfStale(bound, view)
        let columns = Self.keyColumns(call) + Self.statisticsColumns
        guard let inside = bound.inside else { return RowSet(columns: columns) }
        if let labels = call.within ?? (grouping == .id ? call.path : nil) {
            return RowSet(columns: columns, rows: try rows(of: call, within: labels, bound, inside, view))
        }
        if grouping == .page {
            return RowSet(columns: columns, rows: try rows(ofPages: call, bound, inside, view))
        }
        var rows: [[Value]] = []
        try forEachGroup(call, bound, inside) { (executor, key, region) throws(DatabaseError) in
            let sum = try executor.sum(bound, region, view, call.position)
            rows.append(key + Self.row(sum))
        }
        return RowSet(columns: columns, rows: rows)
    }

    /// Calls `body` for the parts of a region that have rows of their own: sections, time samples, or all of it.
    private mutating func forEachGroup(
        _ call: TableFunctionCall, _ bound: BoundRegion, _ inside: VoxelBox,
        _ body: (inout StatementExecutor, [Value], CutoutRegion) throws(DatabaseError) -> Void
    ) throws(DatabaseError) {
        switch call.grouping?.value {
        case .z:
            for z in inside[.z] {
                let plane = VoxelBox(x: inside[.x], y: inside[.y], z: z..<z + 1)
                try body(&self, [.integer(Int64(z))], bound.cutout(plane))
            }
        case .t:
            for time in bound.time {
                let sample = CutoutRegion(box: inside, level: bound.level, time: time..<time + 1)
                try body(&self, [.integer(Int64(time))], sample)
            }
        case .id, .page, .voxel, nil: try body(&self, [], bound.cutout(inside))
        }
    }

    /// What the voxels of a region add up to.
    mutating func sum(
        _ bound: BoundRegion, _ region: CutoutRegion, _ view: DatabaseView, _ position: NodePosition
    ) throws(DatabaseError) -> VoxelStatistics {
        try locating(position) { () throws(DatabaseError) in
            try bound.channel.voxelStatistics(
                in: region, view: view, control: control, statistics: &statistics)
        }
    }

    private mutating func rows(
        ofPages call: TableFunctionCall, _ bound: BoundRegion, _ inside: VoxelBox, _ view: DatabaseView
    ) throws(DatabaseError) -> [[Value]] {
        let pages = try locating(call.position) { () throws(DatabaseError) in
            try bound.channel.pageStatistics(
                in: bound.cutout(inside), view: view, control: control, statistics: &statistics)
        }
        return pages.map { page in
            let corner = page.box.lower
            return [corner.x, corner.y, corner.z, page.time].map { .integer(Int64($0)) } + Self.row(page.sum)
        }
    }

    /// A row a label of another channel, or of the channel itself; of each section or time sample where they are asked for.
    private mutating func rows(
        of call: TableFunctionCall, within path: PathSyntax, _ bound: BoundRegion, _ inside: VoxelBox,
        _ view: DatabaseView
    ) throws(DatabaseError) -> [[Value]] {
        let labels = try source(path)
        try locating(path.position) { () throws(DatabaseError) in
            try labels.requireAnnotation()
            try bound.channel.requireSameSpace(labels, at: bound.level)
        }
        if labels.path != bound.channel.path { try warnIfStale(bound.of(labels), view) }
        var rows: [[Value]] = []
        try forEachGroup(call, bound, inside) { (executor, key, region) throws(DatabaseError) in
            let groups = try locating(path.position) { () throws(DatabaseError) in
                try bound.channel.voxelStatistics(
                    within: labels, in: region, view: view, control: executor.control,
                    statistics: &executor.statistics)
            }
            guard groups.count <= ScanLimits.rowCount - rows.count else {
                throw DatabaseError(
                    "53200", "the statistics have more rows than an answer holds, \(ScanLimits.rowCount)",
                    hint: "ask for a smaller region", position: call.position.source)
            }
            rows += groups.sorted { $0.key < $1.key }.map { key + [.unsigned($0.key)] + Self.row($0.value) }
        }
        return rows
    }

    // MARK: Columns

    static func keyColumns(_ call: TableFunctionCall) -> [Column] {
        let id = call.within == nil ? [] : [Column("id", .uint64)]
        switch call.grouping?.value {
        case .id: return [Column("id", .uint64)]
        case .z: return [Column("z", .int64)] + id
        case .t: return [Column("t", .int64)] + id
        case .page: return ["x0", "y0", "z0", "t"].map { Column($0, .int64) } + id
        case .voxel, nil: return id
        }
    }

    static let statisticsColumns =
        [Column("count", .uint64)] + ["min", "max", "sum", "mean", "stddev"].map { Column($0, .float64) }
        + [Column("zeros", .uint64), Column("nans", .uint64)]

    private static func row(_ sum: VoxelStatistics) -> [Value] {
        func float(_ value: Double?) -> Value { value.map { .float($0) } ?? .null }
        return [
            .unsigned(sum.count), float(sum.minimum), float(sum.maximum),
            sum.count == 0 ? .null : .float(sum.sum),
            float(sum.mean), float(sum.standardDeviation), .unsigned(sum.zeros), .unsigned(sum.nans),
        ]
    }
}
