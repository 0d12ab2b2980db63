import BossDatabase
import BossGeometry
import BossVoxels

/// The table functions that show voxels one by one or in runs: VOXELS, RUNS, SAMPLE.
extension StatementExecutor {
    // MARK: Voxels

    mutating func voxels(_ call: TableFunctionCall) throws(DatabaseError) -> RowSet {
        let bound = try bindRows(call.region, of: source(call.path))
        let channel = bound.channel
        var predicate = VoxelPredicate.all
        if let condition = call.condition { predicate = try self.predicate(condition, of: channel) }
        let value = columnValue(of: channel.voxelType)
        var rows: [[Value]] = []
        try forEachRuns(bound, where: predicate, call.position) { (time, runs) throws(DatabaseError) in
            guard runs.reduce(rows.count, { $0 + $1.x.count }) <= ScanLimits.rowCount else {
                throw DatabaseError(
                    "53200", "the region has more voxels than an answer holds, \(ScanLimits.rowCount)",
                    hint: "ask for a smaller region, or choose voxels with WHERE inside VOXELS(…)")
            }
            for run in runs {
                let bits = value(run.bits)
                for x in run.x {
                    rows.append([
                        .integer(Int64(x)), .integer(Int64(run.y)), .integer(Int64(run.z)),
                        .integer(Int64(time)), bits,
                    ])
                }
            }
        }
        return RowSet(columns: try columns(of: call), rows: rows)
    }

    // MARK: Runs

    mutating func runs(_ call: TableFunctionCall, _ hints: RowHints) throws(DatabaseError) -> RowSet {
        let bound = try bindRows(call.region, of: source(call.path))
        try requireLabels(bound.channel, call.position)
        let wanted = try hints.ids.intersection(restriction(call)).subtracting(bound.channel.backgroundBits)
        var rows: [[Value]] = []
        let predicate = VoxelPredicate(within: wanted) { wanted.contains($0) }
        try forEachRuns(bound, where: predicate, call.position) { time, runs in
            for run in runs {
                rows.append(
                    [.unsigned(run.bits)]
                        + [run.x.lowerBound, run.x.upperBound, run.y, run.z, time].map { .integer(Int64($0)) }
                )
            }
        }
        return RowSet(columns: try columns(of: call), rows: rows)
    }

    private mutating func forEachRuns(
        _ bound: BoundRegion, where predicate: VoxelPredicate, _ position: NodePosition,
        _ body: (Int, [ValueRun]) throws(DatabaseError) -> Void
    ) throws(DatabaseError) {
        guard let inside = bound.inside else { return }
        let view = try currentView()
        try warnIfStale(bound, view)
        try locating(position) { () throws(DatabaseError) in
            try bound.channel.forEachRuns(
                in: bound.cutout(inside), where: predicate, view: view, control: control,
                statistics: &statistics, body)
        }
    }

    /// The IDs that `OF ID` leaves of a function's labels.
    func restriction(_ call: TableFunctionCall) throws(DatabaseError) -> IDCondition {
        guard case .object(let id, _, _)? = call.region.shape else { return .all }
        return IDCondition(ids: [try unsigned(id)])
    }

    // MARK: Points

    mutating func sample(_ call: TableFunctionCall) throws(DatabaseError) -> RowSet {
        let channel = try source(call.path)
        try refusePlace(call.region)
        let places = try places(call, channel)
        let columns = try columns(of: call)
        guard let first = places.first else { return RowSet(columns: columns) }
        let view = try currentView()
        // Around all points, since a level may be older than the base level at some of them alone.
        var region = first.region
        region.inside = places.compactMap(\.region.inside).reduce(nil) { $0?.union($1) ?? $1 }
        try warnIfStale(region, view)
        let lookup = VoxelLookup(first.region, view, control, RowBudget())
        let points = places.flatMap { place in
            place.region.time.compactMap { time -> VoxelLookup.Point? in
                guard let voxel = place.region.inside?.lower else { return nil }
                return VoxelLookup.Point(position: voxel, time: time)
            }
        }
        try locating(call.position) { () throws(DatabaseError) in try lookup.read(points) }
        var rows: [[Value]] = []
        let value = columnValue(of: channel.voxelType)
        for place in places {
            for time in place.region.time {
                let voxel = place.region.requested.lower
                var bits = place.region.fillBits
                if place.region.inside != nil {
                    bits = try lookup.bits(at: VoxelLookup.Point(position: voxel, time: time))
                }
                rows.append(
                    [.unsigned(UInt64(place.number))]
                        + [voxel.x, voxel.y, voxel.z, time].map { .integer(Int64($0)) } + [value(bits)])
            }
        }
        statistics += lookup.statistics
        return RowSet(columns: columns, rows: rows)
    }

    /// A point of SAMPLE, counted from 1.
    private struct Place {
        let number: Int
        let region: BoundRegion
    }

    private func refusePlace(_ region: RegionSyntax) throws(DatabaseError) {
        guard let excess = (region.x ?? region.y ?? region.z)?.position ?? region.shape?.position else {
            return
        }
        throw DatabaseError(
            "42601", "the points say where already, so no other place can be given",
            hint: "RES, COORDS, T and OUTSIDE may stand here", position: excess.source)
    }

    private mutating func places(
        _ call: TableFunctionCall, _ channel: Channel
    ) throws(DatabaseError) -> [Place] {
        let points = try points(of: call)
        guard points.count <= ScanLimits.rowCount else {
            throw DatabaseError(
                "53200", "\(points.count) points are more than an answer holds, \(ScanLimits.rowCount)",
                position: call.position.source)
        }
        let isClipped = call.region.outside?.policy == .clip
        var places: [Place] = []
        for (index, point) in points.enumerated() {
            var region = call.region
            region.shape = .around(
                point, size: SizeSyntax(x: 1, y: 1, z: 1, position: point.position), point.position)
            do throws(DatabaseError) {
                let bound = try bind(region, of: channel)
                guard bound.requested.voxelCount == 1 else {
                    throw DatabaseError(
                        "22023", "this point is \(bound.requested.voxelCount) voxels, SAMPLE asks for one",
                        hint: "leave COORDS out", position: point.position.source)
                }
                places.append(Place(number: index + 1, region: bound))
            } catch {
                guard isClipped, error.sqlState == "22V01" else { throw error }
            }
        }
        return places
    }

    private func points(of call: TableFunctionCall) throws(DatabaseError) -> [PointSyntax] {
        switch call.points {
        case .points(let points)?: return points
        case .parameter(let number, let position)?:
            guard case .list(let members) = try parameter(number, position) else {
                throw Self.mismatch("a list of points", position)
            }
            var points: [PointSyntax] = []
            for member in members {
                guard case .list(let numbers) = member, numbers.count == 3 else {
                    throw Self.mismatch("a list of lists of three integers", position)
                }
                var bounds: [Bound] = []
                for number in numbers {
                    bounds.append(.integer(Int64(try integer(number, position)), position))
                }
                points.append(PointSyntax(x: bounds[0], y: bounds[1], z: bounds[2], position: position))
            }
            return points
        case nil: return []
        }
    }

    /// What stands in a column for a voxel.
    func columnValue(of type: VoxelType) -> (UInt64) -> Value {
        { bits in
            switch ConditionNumber(bits: bits, type: type) {
            case .integer(let value): value < 0 ? .integer(Int64(value)) : .unsigned(UInt64(value))
            case .float(let value): .float(value)
            }
        }
    }
}

extension IDCondition {
    /// All of them but one.
    func subtracting(_ id: UInt64) -> IDCondition { intersection(IDCondition(ids: [id]).complement) }
}
