import BossCatalog
import BossDatabase

/// Statements about labels as objects.
extension StatementExecutor {
    /// Runs one.
    mutating func run(_ label: LabelStatement, _ position: NodePosition) throws(DatabaseError) -> ResultValue
    {
        switch label {
        case .reserve(let count, let path): return try reserve(count, path, position)
        case .split(let old, let path, let region, let condition, let new):
            return try splitID(old, path, region, where: condition, into: new, position)
        case .putMesh(let id, let path, let file): return try putMesh(id, path, file, position)
        case .merge(let ids, let target, let path):
            return try mergeIDs(ids, into: target, path, position)
        case .bake(let path): return try bakeMapping(path, position)
        case .cleave, .relabel:
            throw Self.notSupported(Statement.label(label, position).featureName, position)
        }
    }

    /// Runs RESERVE IDS, which takes effect at once: a transaction that is open has no part in it.
    private mutating func reserve(
        _ count: Scalar, _ path: PathSyntax, _ position: NodePosition
    ) throws(DatabaseError) -> ResultValue {
        try refuseInReadOnlyTransaction(position)
        let channel = try channel(path)
        try requireAnnotation(channel, path.position)
        let number = try unsigned(count)
        guard number > 0 else {
            throw DatabaseError(
                "22023", "0 IDs cannot be reserved", hint: "RESERVE 1 IDS IN \(channel.path)",
                position: count.position.source)
        }
        try refuseUncommitted(channel, path.position)
        let ids = try locating(position) { () throws(DatabaseError) in
            try channel.reserveIDs(number, control: control)
        }
        return .rows(
            RowSet(
                columns: [Column("start_id", .uint64), Column("count", .uint64)],
                rows: [[.unsigned(ids.start), .unsigned(ids.count)]]))
    }

    /// Refuses a channel that the open transaction has made: its number is not given away yet.
    private func refuseUncommitted(_ channel: Channel, _ position: NodePosition) throws(DatabaseError) {
        guard state.transaction != nil else { return }
        let number = channel.record.channel.id
        let tree = try mappingErrors { () throws(CatalogError) in try database.catalog.tree() }
        let isCommitted = tree.collections.contains { collection in
            collection.experiments.contains { $0.channels.contains { $0.id == number } }
        }
        guard !isCommitted else { return }
        throw Self.notSupported(
            "RESERVE IDS in a channel that was made in this transaction, or dropped meanwhile,", position,
            hint: "IDs are reserved at once, so COMMIT first")
    }
}
