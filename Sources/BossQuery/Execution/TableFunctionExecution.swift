import BossDatabase
import BossGeometry
import BossVoxels

/// STATS OF and HISTOGRAM OF, also as the table functions STATS(…) and HISTOGRAM(…).
extension StatementExecutor {
    /// Runs a table function.
    mutating func rows(of call: TableFunctionCall) throws(DatabaseError) -> ResultValue {
        .rows(try rowSet(of: call))
    }

    /// The rows of a table function.
    ///
    /// - Parameter hints: what the query around it wants of them.
    mutating func rowSet(
        of call: TableFunctionCall, hints: RowHints = .none
    ) throws(DatabaseError) -> RowSet {
        switch call.function.value {
        case .stats: return try stats(call)
        case .histogram: return try histogram(call)
        case .ids: return try ids(call, hints)
        case .objects: return try objects(call, hints)
        case .history: return try history(call)
        case .diff: return try differences(call)
        case .supervoxels: return try supervoxels(call)
        case .voxels: return try voxels(call)
        case .runs: return try runs(call, hints)
        case .sample: return try sample(call)
        case .contacts: return try contacts(call)
        case .overlap: return try overlap(call)
        case .pages: return try pages(call, hints)
        case .levels: return try levels(call)
        case .metadata: return try metadata(call)
        }
    }

    // MARK: Statistics

    private mutating func stats(_ call: TableFunctionCall) throws(DatabaseError) -> RowSet {
        let channel = try source(call.path)
        let bound = try bindRows(call.region, of: channel)
        let view = try currentView()
        try warnIfStale(bound, view)
        guard let inside = bound.inside else {
            return RowSet(columns: Self.keyColumns(call) + Self.statisticsColumns)
        }
        if let within = call.within { return try statsWithin(within, call, bound, inside, view) }
        switch call.grouping?.value {
        case nil:
            let sum = try sum(bound, inside, bound.time, view, call.position)
            return RowSet(columns: Self.statisticsColumns, rows: [Self.row(sum)])
        case .z:
            var rows: [[Value]] = []
            for z in inside[.z] {
                let plane = VoxelBox(x: inside[.x], y: inside[.y], z: z..<z + 1)
                let sum = try sum(bound, plane, bound.time, view, call.position)
                rows.append([.integer(Int64(z))] + Self.row(sum))
            }
            return RowSet(columns: [Column("z", .int64)] + Self.statisticsColumns, rows: rows)
        case .t:
            var rows: [[Value]] = []
            for time in bound.time {
                let sum = try sum(bound, inside, time..<time + 1, view, call.position)
                rows.append([.integer(Int64(time))] + Self.row(sum))
            }
            return RowSet(columns: [Column("t", .int64)] + Self.statisticsColumns, rows: rows)
        case .id:
            guard channel.isAnnotation else {
                throw DatabaseError(
                    "22V08", "BY ID of an image channel needs WITHIN an annotation channel",
                    hint: "STATS OF \(channel.path) WITHIN a label channel", position: call.position.source)
            }
            return try statsWithin(call.path, call, bound, inside, view)
        case .page, .voxel:
            throw Self.notSupported(
                "BY \(call.grouping?.value.rawValue ?? "")", call.grouping?.position ?? call.position)
        }
    }

    private mutating func sum(
        _ bound: BoundRegion, _ box: VoxelBox, _ time: Range<Int>, _ view: DatabaseView,
        _ position: NodePosition
    ) throws(DatabaseError) -> VoxelStatistics {
        try locating(position) { () throws(DatabaseError) in
            try bound.channel.voxelStatistics(
                in: CutoutRegion(box: box, level: bound.level, time: time), view: view, control: control,
                statistics: &statistics)
        }
    }

    private mutating func statsWithin(
        _ path: PathSyntax, _ call: TableFunctionCall, _ bound: BoundRegion, _ inside: VoxelBox,
        _ view: DatabaseView
    ) throws(DatabaseError) -> RowSet {
        guard call.grouping == nil || call.grouping?.value == .id else {
            throw Self.notSupported("WITHIN with another BY", call.grouping?.position ?? call.position)
        }
        guard bound.time.count == 1 else {
            throw Self.notSupported("WITHIN over several time samples", call.position)
        }
        let labels = try source(path)
        let groups = try locating(path.position) { () throws(DatabaseError) in
            try bound.channel.voxelStatistics(
                within: labels, in: bound.cutout(inside), view: view, control: control,
                statistics: &statistics)
        }
        let rows = groups.sorted { $0.key < $1.key }.map { [.unsigned($0.key)] + Self.row($0.value) }
        return RowSet(columns: [Column("id", .uint64)] + Self.statisticsColumns, rows: rows)
    }

    static func keyColumns(_ call: TableFunctionCall) -> [Column] {
        if call.within != nil { return [Column("id", .uint64)] }
        switch call.grouping?.value {
        case .id: return [Column("id", .uint64)]
        case .z: return [Column("z", .int64)]
        case .t: return [Column("t", .int64)]
        case .page, .voxel, nil: return []
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

    // MARK: Histogram

    private mutating func histogram(_ call: TableFunctionCall) throws(DatabaseError) -> RowSet {
        let channel = try source(call.path)
        let binCount = try call.binCount.map { (scalar) throws(DatabaseError) in try integer(scalar) } ?? 256
        guard 1...VoxelHistogram.maximumBinCount ~= binCount else {
            throw DatabaseError(
                "22023", "BINS \(binCount) is not allowed", hint: "1 to \(VoxelHistogram.maximumBinCount)",
                position: (call.binCount?.position ?? call.position).source)
        }
        let bound = try bindRows(call.region, of: channel)
        let view = try currentView()
        try warnIfStale(bound, view)
        let (lower, upper) = try histogramRange(call, bound, view, binCount)
        guard let empty = VoxelHistogram(binCount: binCount, lower: lower, upper: upper) else {
            let position = (call.valueRange?.lower.position ?? call.position).source
            guard lower < upper else {
                throw DatabaseError(
                    "22V02", "RANGE \(lower), \(upper) is empty", hint: "the lower bound comes first",
                    position: position)
            }
            throw DatabaseError(
                "22V02",
                "RANGE \(lower), \(upper) cannot be cut into \(binCount) bins of a finite width above 0",
                hint: "choose other bounds, or fewer BINS", position: position)
        }
        var filled = empty
        if let inside = bound.inside {
            filled = try locating(call.position) { () throws(DatabaseError) in
                try channel.histogram(
                    in: bound.cutout(inside), empty: empty, view: view, control: control,
                    statistics: &statistics)
            }
        }
        let columns = [
            Column("bin", .uint32), Column("lo", .float64), Column("hi", .float64), Column("count", .uint64),
        ]
        let rows = filled.counts.indices.map { bin -> [Value] in
            [
                .unsigned(UInt64(bin)), .float(filled.edge(bin)), .float(filled.edge(bin + 1)),
                .unsigned(filled.counts[bin]),
            ]
        }
        return RowSet(columns: columns, rows: rows)
    }

    /// RANGE, or the whole range of small integer types, or the extremes of the region.
    private mutating func histogramRange(
        _ call: TableFunctionCall, _ bound: BoundRegion, _ view: DatabaseView, _ binCount: Int
    ) throws(DatabaseError) -> (Double, Double) {
        if let range = call.valueRange { return (try number(range.lower), try number(range.upper)) }
        switch bound.channel.voxelType {
        case .uint8: return (0, 256)
        case .int8: return (-128, 128)
        default:
            guard let inside = bound.inside else { return (0, 1) }
            let sum = try sum(bound, inside, bound.time, view, call.position)
            let (low, high) = (sum.minimum ?? 0, sum.maximum ?? 1)
            guard low.isFinite, high.isFinite else {
                throw DatabaseError(
                    "22023", "the voxels go from \(low) to \(high), which makes no bins",
                    hint: "give a RANGE", position: call.position.source)
            }
            // Every bin is wide enough to differ from the next.
            return low < high ? (low, high) : (low, low + max(1, low.ulp * Double(binCount)))
        }
    }
}
