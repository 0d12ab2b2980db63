import BossCatalog
import BossDatabase
import BossGeometry

/// SHOW HISTORY, SHOW COMMITS, HISTORY(…) and DIFF(…).
extension StatementExecutor {
    /// `SHOW HISTORY OF path [OF ID n]`.
    ///
    /// - Throws: 42P01, 0A000 for the history of one ID.
    mutating func historyRows(_ show: ShowStatement, _ path: PathSyntax) throws(DatabaseError) -> RowSet {
        if let object = show.object { throw Self.notSupported("the history of one ID", object.position) }
        return try historyRows(path)
    }

    /// Commits that changed voxels of a channel, or of what a collection or an experiment holds, newest first.
    private func historyRows(_ path: PathSyntax) throws(DatabaseError) -> RowSet {
        let resource = try resource(path.withoutVersion)
        let experiment =
            resource.segments.count > 1 ? resource.segments.prefix(2).joined(separator: "/") : nil
        var view: DatabaseView?
        if let version = path.version { view = try self.view(version, of: experiment) }
        let members = try self.channels(in: resource)
        let numbers = Set(members.map { $0.layout.channel })
        let entries = try locating(path.position) { () throws(DatabaseError) in try commitRows(view) }
        return entries.filter { entry in !numbers.isDisjoint(with: entry.channels) }.rowSet
    }

    /// Every commit, newest first.
    func commitRows() throws(DatabaseError) -> RowSet { try commitRows(nil).rowSet }

    private func commitRows(_ view: DatabaseView?) throws(DatabaseError) -> [HistoryEntry] {
        let view = if let view { view } else { try head() }
        return try database.history(view: view)
    }

    /// The channels that are a resource or lie in it.
    func channels(in resource: CatalogResource) throws(DatabaseError) -> [Channel] {
        let names = resource.segments
        if names.count == 3 {
            return [try database.channel(names.joined(separator: "/"), in: catalog)]
        }
        let tree = try mappingErrors { () throws(CatalogError) in try catalog.tree() }
        var channels: [Channel] = []
        for collection in tree.collections where collection.record.name == names[0] {
            for experiment in collection.experiments
            where names.count == 1 || experiment.record.name == names[1] {
                for record in experiment.channels {
                    let path = "\(names[0])/\(experiment.record.name)/\(record.name)"
                    channels.append(try database.channel(path, in: catalog))
                }
            }
        }
        return channels
    }

    /// The paths of all experiments.
    func experimentPaths() throws(DatabaseError) -> [String] {
        let tree = try mappingErrors { () throws(CatalogError) in try catalog.tree() }
        return tree.collections.flatMap { collection in
            collection.experiments.map { "\(collection.record.name)/\($0.record.name)" }
        }
    }

    // MARK: Table functions

    /// `HISTORY(path)`.
    func history(_ call: TableFunctionCall) throws(DatabaseError) -> RowSet {
        guard call.region.isEmpty else {
            throw Self.notSupported("the history of a region", call.region.position)
        }
        return try historyRows(call.path)
    }
}

extension [HistoryEntry] {
    /// A row an entry.
    fileprivate var rowSet: RowSet {
        RowSet(
            columns: [
                Column("commit", .uint64), Column("at", .timestamp), Column("by", .text),
                Column("action", .text),
                Column("changed_voxels", .uint64), Column("message", .text),
            ],
            rows: map { entry in
                [
                    .unsigned(entry.commit), .timestamp(microseconds: entry.microseconds), .text(entry.user),
                    .text(entry.action), .unsigned(entry.changedVoxelCount), .text(entry.message),
                ]
            })
    }
}
