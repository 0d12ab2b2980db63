import BossDatabase
import BossGeometry
import BossVoxels

/// Table functions, and HISTOGRAM OF, which is one of them.
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
            let sum = try sum(bound, bound.cutout(inside), view, call.position)
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
