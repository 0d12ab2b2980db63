import BossCatalog
import BossDatabase

/// Things of the data model by path, and errors that name near matches.
extension StatementExecutor {
    /// What a path names when the statement leaves its depth open.
    ///
    /// Missing leading segments come from `USE`; of several readings the deepest that exists is meant.
    ///
    /// - Parameter depths: 1 collection, 2 experiment, 3 channel.
    /// - Throws: 42P01 naming near matches.
    func resource(_ path: PathSyntax, depths: ClosedRange<Int> = 1...3) throws(DatabaseError)
        -> CatalogResource
    {
        let missing = depths.lowerBound - path.segments.count...depths.upperBound - path.segments.count
        guard missing.overlaps(0...state.currentPath.count) else {
            return CatalogResource(segments: try segments(path, depth: depths.upperBound))
        }
        let deepest = path.segments.count + missing.clamped(to: 0...state.currentPath.count).upperBound
        for depth in (max(depths.lowerBound, path.segments.count)...deepest).reversed() {
            let resource = CatalogResource(segments: try segments(path, depth: depth))
            if try exists(resource, path.position) { return resource }
        }
        let wanted = CatalogResource(segments: try segments(path, depth: deepest))
        throw unknown(wanted.kind.rawValue, wanted.segments, path.position)
    }

    /// Whether the catalog has it.
    func exists(_ resource: CatalogResource, _ position: NodePosition) throws(DatabaseError) -> Bool {
        let names = resource.segments
        return try isFound(position) { () throws(CatalogError) in
            switch resource {
            case .collection: _ = try catalog.collection(names[0])
            case .experiment: _ = try catalog.experiment(names[1], in: names[0])
            case .channel: _ = try catalog.channel(names[2], in: names[0], names[1])
            }
        }
    }

    /// Whether a coordinate frame of that name exists.
    func frameExists(_ name: String, _ position: NodePosition) throws(DatabaseError) -> Bool {
        try isFound(position) { () throws(CatalogError) in _ = try catalog.coordinateFrame(name) }
    }

    private func isFound(
        _ position: NodePosition, _ lookUp: () throws(CatalogError) -> Void
    ) throws(DatabaseError) -> Bool {
        do throws(CatalogError) {
            try lookUp()
            return true
        } catch {
            if case .notFound = error { return false }
            throw DatabaseError(error).at(position)
        }
    }

    /// Runs an operation of the catalog: its errors get a position, and unknown names near matches.
    func asking<R>(
        _ position: NodePosition, _ body: () throws(CatalogError) -> R
    ) throws(DatabaseError) -> R {
        do throws(CatalogError) {
            return try body()
        } catch {
            throw named(error, position)
        }
    }

    /// An error of the catalog with a position, and near matches if a name is unknown.
    func named(_ error: CatalogError, _ position: NodePosition) -> DatabaseError {
        guard case .notFound(let kind, let path) = error else { return DatabaseError(error).at(position) }
        switch kind {
        case .collection, .experiment, .channel:
            return unknown(
                kind.rawValue, path.split(separator: "/", omittingEmptySubsequences: false).map(String.init),
                position)
        case .coordinateFrame:
            // Only a suggestion: an unreadable catalog shows in the error itself.
            let frames = (try? catalog.coordinateFrames()) ?? []
            let near = NearMiss.best(for: path, among: frames.map(\.name))
            return DatabaseError(
                "42P01", "there is no coordinate frame \(path)",
                hint: near.map { "did you mean \($0)?" } ?? "SHOW FRAMES lists them",
                position: position.source)
        case .metadataKey, .catalogFile:
            return DatabaseError(error).at(position)
        }
    }
}

extension CatalogResource {
    /// A resource by its one, two or three names.
    init(segments: [String]) {
        precondition(1...3 ~= segments.count, "a path has one to three segments")
        switch segments.count {
        case 1: self = .collection(segments[0])
        case 2: self = .experiment(collection: segments[0], experiment: segments[1])
        default: self = .channel(collection: segments[0], experiment: segments[1], channel: segments[2])
        }
    }

    /// Its names.
    var segments: [String] {
        switch self {
        case .collection(let collection): [collection]
        case .experiment(let collection, let experiment): [collection, experiment]
        case .channel(let collection, let experiment, let channel): [collection, experiment, channel]
        }
    }
}

extension ResourceKind {
    /// Segments of a full path.
    var depth: Int {
        switch self {
        case .collection, .frame: 1
        case .experiment: 2
        case .channel, .points, .roi: 3
        }
    }

    /// Whether this version has such things.
    var isSupported: Bool { self != .points && self != .roi }
}
