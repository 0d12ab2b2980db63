import BossCatalog
import BossDatabase
import BossGeometry

/// The table functions about how a channel is stored: PAGES, LEVELS, METADATA.
extension StatementExecutor {
    mutating func pages(_ call: TableFunctionCall, _ hints: RowHints) throws(DatabaseError) -> RowSet {
        let bound = try bindRows(call.region, of: source(call.path))
        let columns = try columns(of: call)
        guard let inside = bound.inside else { return RowSet(columns: columns) }
        let ids = try restriction(call)
        let view = try currentView()
        let pages = try locating(call.position) { () throws(DatabaseError) in
            try bound.channel.pages(
                in: bound.cutout(inside), ids: ids, countsIDs: hints.uses("ids"), view: view,
                control: control, statistics: &statistics)
        }
        var times: [UInt64: Value] = [:]
        if hints.uses("written_at") {
            for commit in Set(pages.filter(\.isCommitted).map(\.commit)) {
                let microseconds = try database.time(ofCommit: commit, view: view)
                times[commit] = microseconds.map { .timestamp(microseconds: $0) } ?? .null
            }
        }
        let rows = pages.map { page -> [Value] in
            let corner = page.box.lower
            let numbers = [corner.x, corner.y, corner.z, page.time].map { Value.integer(Int64($0)) }
            let ids: Value = page.idCount.map { .unsigned(UInt64($0)) } ?? .null
            return [.unsigned(page.morton)] + numbers
                + [.unsigned(page.byteCount), .text(page.codecs.joined(separator: ", ")), ids]
                + [page.isCommitted ? .unsigned(page.commit) : .null, times[page.commit] ?? .null]
        }
        return RowSet(columns: columns, rows: rows)
    }

    mutating func levels(_ call: TableFunctionCall) throws(DatabaseError) -> RowSet {
        let channel = try source(call.path)
        let view = try currentView()
        let (hierarchy, unit) = (channel.hierarchy, channel.hierarchy.frame.unit)
        let levels = try locating(call.position) { () throws(DatabaseError) in
            try channel.levelPages(view: view, control: control)
        }
        var rows: [[Value]] = []
        for (number, level) in channel.storedLevels.enumerated() {
            let (size, end) = (hierarchy.voxelSize(at: level), channel.box(at: level).upper)
            var row: [Value] = [.integer(Int64(level.level)), .float(size.x), .float(size.y), .float(size.z)]
            row.append(.text(unit.measurementUnit.rawValue))
            row += [end.x, end.y, end.z].map { .integer(Int64($0)) }
            row.append(.boolean(level.isIsotropic))
            if let pages = levels?[number] {
                row += [.unsigned(UInt64(pages.pageCount)), .unsigned(UInt64(pages.dirtyPageCount))]
            } else {
                row += [.null, .null]
            }
            rows.append(row)
        }
        return RowSet(columns: try columns(of: call), rows: rows)
    }

    mutating func metadata(_ call: TableFunctionCall) throws(DatabaseError) -> RowSet {
        try refuseVersion(call.path, hint: "metadata are those of the newest state")
        let listed = try metadataRows(resource(call.path), call.path.position)
        // A database without users does not know who changed it.
        return RowSet(
            columns: try columns(of: call), rows: listed.rows.map { [$0[0], $0[1], .text(""), $0[2]] })
    }
}
