import BossCatalog
import BossDatabase

/// Paths to objects of the catalog; `USE` fills in leading segments.
extension StatementExecutor {
    /// The full segments of a path to an object `depth` levels down: 1 collection, 2 experiment, 3 channel.
    func segments(_ path: PathSyntax, depth: Int) throws(DatabaseError) -> [String] {
        try refuseVersion(path)
        let missing = depth - path.segments.count
        guard missing >= 0 else {
            throw DatabaseError(
                "42P01",
                "\(path.segments.joined(separator: "/")) has \(path.segments.count) segments, \(depth) were expected",
                position: path.position.source)
        }
        guard missing <= state.currentPath.count else {
            throw DatabaseError(
                "42P01", "\(path.segments.joined(separator: "/")) is not a full path",
                hint: "write collection/experiment/channel, or USE collection/experiment first",
                position: path.position.source)
        }
        return state.currentPath.prefix(missing) + path.segments
    }

    /// A channel by its path, in its newest state; `source` takes a version too.
    ///
    /// - Throws: 42P01 naming near matches, 42601 for a version.
    func channel(_ path: PathSyntax) throws(DatabaseError) -> Channel {
        let segments = try segments(path, depth: 3)
        do {
            return try database.channel(segments.joined(separator: "/"), in: catalog)
        } catch {
            guard error.sqlState == "42P01" else { throw error.at(path.position) }
            throw unknown("channel", segments, path.position)
        }
    }

    /// 42P01 with a near match, if there is one.
    func unknown(_ kind: String, _ segments: [String], _ position: NodePosition) -> DatabaseError {
        let name = segments.joined(separator: "/")
        let near = NearMiss.best(for: name, among: knownPaths(depth: segments.count))
        return DatabaseError(
            "42P01", "there is no \(kind) \(name)",
            hint: near.map { "did you mean \($0)?" } ?? listingHint(segments), position: position.source)
    }

    /// A statement that lists what there is, in the innermost thing of the path that exists.
    private func listingHint(_ segments: [String]) -> String {
        if segments.count > 2, knownPaths(depth: 2).contains("\(segments[0])/\(segments[1])") {
            return "SHOW CHANNELS IN \(segments[0])/\(segments[1]) lists them"
        }
        if segments.count > 1, knownPaths(depth: 1).contains(segments[0]) {
            return
                "SHOW EXPERIMENTS IN \(segments[0]) lists \(segments.count == 2 ? "them" : "its experiments")"
        }
        return "SHOW COLLECTIONS lists \(segments.count == 1 ? "them" : "the collections")"
    }

    private func knownPaths(depth: Int) -> [String] {
        // Only a suggestion: an unreadable catalog shows in the error itself.
        guard let tree = try? catalog.tree() else { return [] }
        return tree.collections.flatMap { collection -> [String] in
            let name = collection.record.name
            if depth == 1 { return [name] }
            return collection.experiments.flatMap { experiment -> [String] in
                let path = "\(name)/\(experiment.record.name)"
                return depth == 2 ? [path] : experiment.channels.map { "\(path)/\($0.name)" }
            }
        }
    }

    /// Runs `USE path` or `USE`.
    mutating func use(_ path: PathSyntax?) throws(DatabaseError) -> ResultValue {
        guard let path else {
            state.currentPath = []
            return .tag("USE", count: nil)
        }
        try refuseVersion(path)
        guard path.segments.count <= 2 else {
            throw DatabaseError(
                "42602", "USE takes a collection or an experiment", position: path.position.source)
        }
        let names = path.segments
        try locating(path.position) { () throws(DatabaseError) in
            try mappingErrors { () throws(CatalogError) in
                _ = try catalog.collection(names[0])
                if names.count == 2 { _ = try catalog.experiment(names[1], in: names[0]) }
            }
        }
        state.currentPath = names
        return .tag("USE", count: nil)
    }
}
