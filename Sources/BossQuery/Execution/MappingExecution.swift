import BossDatabase
import BossVoxels

/// MERGE IDS, BAKE MAPPING and SUPERVOXELS.
extension StatementExecutor {
    /// Runs `MERGE IDS a, b INTO c IN path`: from here on a and b read as c.
    ///
    /// - Throws: 22V08, 22023 for the background, 22003, 42P01, 25006, 53200, 40001.
    mutating func mergeIDs(
        _ ids: [Scalar], into target: Scalar, _ path: PathSyntax, _ position: NodePosition
    ) throws(DatabaseError) -> ResultValue {
        try refuseInReadOnlyTransaction(position)
        let channel = try channel(path)
        var merged: [UInt64] = []
        for id in ids { merged.append(try label(id, of: channel)) }
        let root = try label(target, of: channel)
        let count = try locating(path.position) { () throws(DatabaseError) in
            try channel.mergeIDs(merged, into: root, in: state.transaction)
        }
        return .tag("MERGE", count: UInt64(count))
    }

    /// An ID that the channel can hold.
    private func label(_ scalar: Scalar, of channel: Channel) throws(DatabaseError) -> UInt64 {
        guard channel.isAnnotation else { return try unsigned(scalar) }
        let id = try voxelBits(scalar, channel.voxelType)
        guard id != channel.backgroundBits else {
            throw DatabaseError(
                "22023", "\(id) is the background of \(channel.path), which is no ID and cannot be merged",
                position: scalar.position.source)
        }
        return id
    }

    /// Runs `BAKE MAPPING OF path`: stored voxels become what they read as.
    ///
    /// - Throws: 22V08, 42P01, 25006, 55000 for a level that is older than the one below it, 40001, 53100, 57014.
    mutating func bakeMapping(_ path: PathSyntax, _ position: NodePosition) throws(DatabaseError)
        -> ResultValue
    {
        try refuseInTransaction("BAKE MAPPING", position)
        let channel = try channel(path)
        let summary = try locating(path.position) { () throws(DatabaseError) in
            try channel.bakeMapping(control: control)
        }
        return .tag("BAKE", count: UInt64(summary.changedVoxelCount))
    }

    /// `SUPERVOXELS(path OF ID n)`: the stored IDs that an object is made of, with their voxels.
    ///
    /// - Throws: 22V08, 22023 without `OF ID`, and what reading throws.
    mutating func supervoxels(_ call: TableFunctionCall) throws(DatabaseError) -> RowSet {
        let columns = [Column("supervoxel", .uint64), Column("voxels", .uint64)]
        guard case .object(let scalar, _, _)? = call.region.shape else {
            throw DatabaseError(
                "22023", "SUPERVOXELS is about one ID", hint: "SUPERVOXELS(path OF ID n)",
                position: call.position.source)
        }
        let id = try unsigned(scalar)
        let bound = try bindRows(call.region, of: source(call.path))
        guard let inside = bound.inside else { return RowSet(columns: columns) }
        let view = try currentView()
        try warnIfStale(bound, view)
        let found = try locating(call.position) { () throws(DatabaseError) in
            try bound.channel.storedLabels(
                of: id, in: bound.cutout(inside), view: view, control: control, statistics: &statistics)
        }
        return RowSet(
            columns: columns, rows: found.map { [.unsigned($0.id), .unsigned(UInt64($0.voxelCount))] })
    }
}
