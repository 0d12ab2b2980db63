import BossDatabase
import BossGeometry

/// The table functions over pairs of labels: CONTACTS and OVERLAP.
extension StatementExecutor {
    mutating func contacts(_ call: TableFunctionCall) throws(DatabaseError) -> RowSet {
        var bound = try bindRows(call.region, of: source(call.path))
        try requireLabels(bound.channel, call.position)
        let columns = try columns(of: call)
        let minimum = try call.minimumFaces.map { (faces) throws(DatabaseError) in try unsigned(faces) } ?? 1
        var id: UInt64?
        if case .object(let scalar, _, _)? = call.region.shape {
            id = try unsigned(scalar)
            bound.inside = bound.inside.map { withBorder($0, bound, call.region) }
        }
        guard let inside = bound.inside else { return RowSet(columns: columns) }
        let view = try currentView()
        try warnIfStale(bound, view)
        let found = try locating(call.position) { () throws(DatabaseError) in
            try bound.channel.contacts(
                of: id, in: bound.cutout(inside), view: view, control: control, statistics: &statistics)
        }
        let hierarchy = bound.channel.hierarchy
        let size = hierarchy.voxelSize(at: bound.level).scaled(by: hierarchy.frame.unit.nanometersPerUnit)
        let rows = found.filter { $0.value.faceCount >= minimum }.sorted { $0.key < $1.key }.map {
            (pair, contact) -> [Value] in
            let faces = SIMD3<Double>(contact.faces)
            let area = faces.x * size.y * size.z + faces.y * size.x * size.z + faces.z * size.x * size.y
            let middle = contact.middle
            return [pair.first, pair.second, contact.faces.x, contact.faces.y, contact.faces.z].map {
                .unsigned($0)
            } + [area, middle.x, middle.y, middle.z].map { .float($0) }
        }
        return RowSet(columns: columns, rows: rows)
    }

    /// The box of an object with the voxels around it, which it touches; axis ranges of the region cut both.
    private func withBorder(_ box: VoxelBox, _ bound: BoundRegion, _ region: RegionSyntax) -> VoxelBox {
        let frame = bound.channel.box(at: bound.level)
        func range(_ axis: SpatialAxis) -> Range<Int> {
            let range = box[axis]
            guard region[axis.axis] == nil else { return range }
            return (range.lowerBound - 1..<range.upperBound + 1).clamped(to: frame[axis])
        }
        return VoxelBox(x: range(.x), y: range(.y), z: range(.z))
    }

    mutating func overlap(_ call: TableFunctionCall) throws(DatabaseError) -> RowSet {
        let bound = try bindRows(call.region, of: source(call.path))
        guard let otherPath = call.otherPath else {
            throw DatabaseError("42601", "OVERLAP takes two channels", position: call.position.source)
        }
        let other = try source(otherPath)
        try requireLabels(bound.channel, call.path.position)
        try requireLabels(other, otherPath.position)
        let columns = try columns(of: call)
        guard let inside = bound.inside else { return RowSet(columns: columns) }
        let view = try currentView()
        try warnIfStale(bound, view)
        try warnIfStale(bound.of(other), view)
        let found = try locating(otherPath.position) { () throws(DatabaseError) in
            try bound.channel.overlap(
                with: other, in: bound.cutout(inside), view: view, control: control, statistics: &statistics)
        }
        let rows = found.sorted { $0.key < $1.key }.map { pair, count -> [Value] in
            [.unsigned(pair.first), .unsigned(pair.second), .unsigned(count)]
        }
        return RowSet(columns: columns, rows: rows)
    }
}
