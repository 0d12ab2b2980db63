/// `FIND IDS IN path region [WHERE c] [LIMIT n]`.
package struct FindIDs: Hashable, Sendable {
    package var path: PathSyntax
    package var region: RegionSyntax
    /// A condition over the column `id`.
    package var condition: Expression?
    package var limit: Scalar?
    package var position: NodePosition
}

/// `FIND ID AT (x, y, z) IN path region`.
package struct FindIDAt: Hashable, Sendable {
    package var point: PointSyntax
    package var path: PathSyntax
    /// RES, COORDS and T make sense here; the rest is refused when bound.
    package var region: RegionSyntax
    package var position: NodePosition
}

/// `FIND POINTS IN path region [WHERE c] [LIMIT n]`.
package struct FindPoints: Hashable, Sendable {
    package var path: PathSyntax
    package var region: RegionSyntax
    package var condition: Expression?
    package var limit: Scalar?
    package var position: NodePosition
}

/// `BBOX OF ID n, ... IN path region [TIGHT|LOOSE] [UNITS nm]`.
package struct BoundingBoxQuery: Hashable, Sendable {
    package enum Fit: String, CaseIterable, Hashable, Sendable {
        case tight = "TIGHT"
        /// Rounded outwards to whole cuboids.
        case loose = "LOOSE"
    }

    /// At least one.
    package var ids: [Scalar]
    package var path: PathSyntax
    package var region: RegionSyntax
    /// nil is TIGHT.
    package var fit: Located<Fit>?
    package var unit: Located<MeasurementUnit>?
    package var position: NodePosition
}

/// `COUNT VOXELS IN path region [WHERE predicate] [BY ID]`.
package struct CountVoxels: Hashable, Sendable {
    package var path: PathSyntax
    package var region: RegionSyntax
    package var condition: Expression?
    package var groupsByID: Bool
    package var position: NodePosition
}

/// `SHOW subject [target] [LIKE 'pattern']`.
package struct ShowStatement: Hashable, Sendable {
    package var subject: Located<ShowSubject>
    package var target: ShowTarget?
    /// `SHOW HISTORY OF path OF ID n`.
    package var object: Scalar?
    package var pattern: Located<String>?
    package var position: NodePosition
}

/// What SHOW lists. The raw value is the words after SHOW; with `_` for spaces, in lower case, most are the
/// names of system views.
package enum ShowSubject: String, CaseIterable, Hashable, Sendable {
    case collections = "COLLECTIONS"
    case experiments = "EXPERIMENTS"
    case frames = "FRAMES"
    case channels = "CHANNELS"
    case levels = "LEVELS"
    case points = "POINTS"
    case rois = "ROIS"
    case metadata = "METADATA"
    case users = "USERS"
    case groups = "GROUPS"
    case members = "MEMBERS"
    case grants = "GRANTS"
    case tokens = "TOKENS"
    case limits = "LIMITS"
    case usage = "USAGE"
    case jobs = "JOBS"
    case tasks = "TASKS"
    case snapshots = "SNAPSHOTS"
    case branches = "BRANCHES"
    case commits = "COMMITS"
    case settings = "SETTINGS"
    case locks = "LOCKS"
    case cache = "CACHE"
    case segments = "SEGMENTS"
    case connections = "CONNECTIONS"
    case queryLog = "QUERY LOG"
    case functions = "FUNCTIONS"
    case keywords = "KEYWORDS"
    case storage = "STORAGE"
    case history = "HISTORY"
    /// `SHOW CREATE path`: statements that can be replayed. It always has a path.
    case create = "CREATE"

    /// The system view with the same rows.
    var systemView: String? {
        switch self {
        case .collections, .experiments, .channels, .frames, .snapshots, .commits, .storage, .settings,
            .keywords:
            rawValue.lowercased()
        default: nil
        }
    }
}

/// Of what, and by which word it was said.
package struct ShowTarget: Hashable, Sendable {
    package enum Preposition: String, CaseIterable, Hashable, Sendable {
        case inside = "IN"
        case on = "ON"
        case of = "OF"
        case forWhom = "FOR"
        case to = "TO"
    }

    package enum Object: Hashable, Sendable {
        case path(PathSyntax)
        case user(Located<String>)
        case group(Located<String>)
        case job(Located<UInt64>)
        case apiLimit(Located<String>)
        case system(NodePosition)
        case everyone(NodePosition)
    }

    /// nil for `SHOW CREATE path`.
    package let preposition: Preposition?
    package let object: Object
}
