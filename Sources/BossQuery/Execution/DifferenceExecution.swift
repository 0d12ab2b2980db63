import BossDatabase
import BossGeometry

/// `DIFF(path FROM v1 TO v2 region BY PAGE | ID | VOXEL)`: what two versions store differently.
extension StatementExecutor {
    /// Runs it.
    ///
    /// - Throws: 22V08 for the IDs of an image channel, 42704, 22V07, 22V06 for a level that one version has not, 53200,
    ///   and what reading throws.
    mutating func differences(_ call: TableFunctionCall) throws(DatabaseError) -> RowSet {
        let grouping = call.grouping?.value ?? .page
        let columns = try columns(of: call)
        guard let versions = call.versions else {
            throw DatabaseError("42601", "DIFF compares two versions", position: call.position.source)
        }
        try refuseVersion(call.path, hint: "DIFF takes its two versions behind FROM and TO")
        let channel = try channel(call.path)
        if grouping == .id { try requireLabels(channel, call.grouping?.position ?? call.position) }
        let experiment = channel.path.split(separator: "/").dropLast().joined(separator: "/")
        let (from, to) = (try view(versions.from, of: experiment), try view(versions.to, of: experiment))
        let head = try head()
        let bound = try bindRows(call.region, of: channel)
        guard let inside = bound.inside else { return RowSet(columns: columns) }
        let region = bound.cutout(inside)
        for (version, view) in [(versions.from, from), (versions.to, to)] {
            let freshness = try channel.freshness(of: region, view: view ?? head)
            if freshness == .missing {
                throw Self.neverBuilt(
                    bound.level, channel, version.position, in: view == nil ? nil : version.kind)
            }
        }
        let rows = try locating(call.position) { () throws(DatabaseError) -> [[Value]] in
            try self.rows(of: channel, region, from: from ?? head, to: to ?? head, by: grouping)
        }
        return RowSet(columns: columns, rows: rows)
    }

    private func rows(
        of channel: Channel, _ region: CutoutRegion, from: DatabaseView, to: DatabaseView,
        by grouping: Grouping
    ) throws(DatabaseError) -> [[Value]] {
        switch grouping {
        case .id:
            let found = try channel.changedValues(region, from: from, to: to, control: control)
            return found.sorted { $0.key < $1.key }.map { pair, count in
                [.unsigned(pair.first), .unsigned(pair.second), .unsigned(count)]
            }
        case .voxel:
            let value = columnValue(of: channel.voxelType)
            let found = try channel.changedVoxels(region, from: from, to: to, control: control)
            return found.map { voxel in
                Self.coordinates(voxel.place, voxel.time) + [value(voxel.old), value(voxel.new)]
            }
        default:
            let found = try channel.differences(region, from: from, to: to, control: control)
            return found.map { page in
                Self.coordinates(page.box.lower, page.time) + [.unsigned(UInt64(page.changedVoxelCount))]
            }
        }
    }

    private static func coordinates(_ place: VoxelPoint, _ time: Int) -> [Value] {
        [place.x, place.y, place.z, time].map { .integer(Int64($0)) }
    }
}
