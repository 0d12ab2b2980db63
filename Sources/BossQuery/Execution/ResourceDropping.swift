import BossCatalog
import BossDatabase

/// DROP: removal of what exists, with everything in it when CASCADE is given.
extension StatementExecutor {
    /// Drops a collection, a frame, an experiment or a channel.
    ///
    /// - Throws: 42P01 when it does not exist, 2BP01 when it still holds something and CASCADE is not given,
    ///   23503 for a frame that an experiment uses or a channel that others name as a source, 25006, 0A000.
    mutating func dropResource(_ drop: DropResource) throws(DatabaseError) -> ResultValue {
        let words = "DROP \(drop.kind.rawValue)"
        guard drop.kind.isSupported else { throw Self.notSupported(words, drop.position) }
        try refuseInReadOnlyTransaction(drop.position)
        let path = try segments(drop.path, depth: drop.kind.depth)
        do throws(DatabaseError) {
            try remove(drop, path)
        } catch {
            let cause = error.cause as? CatalogError
            guard case .notFound? = cause, let cause else { throw error.at(drop.path.position) }
            guard drop.ifExists else { throw named(cause, drop.path.position) }
            return .tag(words, count: nil)
        }
        var noted = drop
        noted.path = drop.path.inFull(path)
        note(.dropResource(noted))
        return .tag(words, count: nil)
    }

    private func remove(_ drop: DropResource, _ path: [String]) throws(DatabaseError) {
        switch drop.kind {
        case .collection: try database.dropCollection(path[0], cascade: drop.cascades, in: state.transaction)
        case .experiment:
            try database.dropExperiment(
                path.joined(separator: "/"), cascade: drop.cascades, in: state.transaction)
        case .channel:
            if drop.cascades { try unlink(path) }
            try database.dropChannel(path.joined(separator: "/"), in: state.transaction)
        case .frame:
            try mappingErrors { () throws(CatalogError) in try catalog.dropCoordinateFrame(path[0]) }
        case .points, .roi: return
        }
    }

    /// Takes a channel out of the sources of the channels that name it; those channels stay.
    private func unlink(_ path: [String]) throws(DatabaseError) {
        try mappingErrors { () throws(CatalogError) in
            for channel in try catalog.channels(in: path[0], path[1])
            where channel.sources.contains(path[2]) && channel.name != path[2] {
                let sources = channel.sources.filter { $0 != path[2] }
                _ = try catalog.alterChannel(
                    channel.name, in: path[0], path[1], ChannelChanges(sources: sources))
            }
        }
    }
}
