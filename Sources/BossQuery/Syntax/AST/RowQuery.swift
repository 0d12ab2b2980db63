/// `SELECT item, ... FROM source ...` over rows.
package struct RowQuery: Hashable, Sendable {
    package var isDistinct: Bool
    /// At least one.
    package var items: [SelectItem]
    package var source: RowSource
    /// Further sources, in order.
    package var joins: [JoinClause]
    package var condition: Expression?
    package var groupBy: [Expression]
    package var having: Expression?
    package var orderBy: [OrderItem]
    package var limit: Scalar?
    package var offset: Scalar?
    package var format: FormatClause?
    /// `INTO FILE 'name'`.
    package var file: Located<String>?
    package var position: NodePosition
}

/// One column of the result.
package enum SelectItem: Hashable, Sendable {
    /// `*`, or `alias.*`.
    case all(qualifier: Identifier?, NodePosition)
    case expression(Expression, alias: Identifier?)
}

/// Where rows come from.
package indirect enum RowSource: Hashable, Sendable {
    case function(TableFunctionCall, alias: Identifier?)
    /// A points layer.
    case layer(PathSyntax, alias: Identifier?, RegionSyntax)
    /// `sys.name`.
    case view(schema: Identifier, name: Identifier, alias: Identifier?)
    case subquery(RowQuery, alias: Identifier, NodePosition)

    package var position: NodePosition {
        switch self {
        case .function(let call, _): call.position
        case .layer(let path, _, _): path.position
        case .view(let schema, _, _): schema.position
        case .subquery(_, _, let position): position
        }
    }
}

/// A source after the first.
package struct JoinClause: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// A comma.
        case cross
        case inner
        case left
    }

    package let kind: Kind
    package let source: RowSource
    /// nil only for `cross`.
    package let condition: Expression?
    package let position: NodePosition
}

/// One key of ORDER BY.
package struct OrderItem: Hashable, Sendable {
    package let expression: Expression
    package let isDescending: Bool
    /// `NULLS FIRST` is true, `NULLS LAST` false.
    package let nullsFirst: Bool?
}

/// The table functions. The raw value is the canonical spelling.
package enum TableFunction: String, CaseIterable, Hashable, Sendable {
    case ids = "IDS"
    case objects = "OBJECTS"
    case stats = "STATS"
    case histogram = "HISTOGRAM"
    case voxels = "VOXELS"
    case runs = "RUNS"
    case sample = "SAMPLE"
    case contacts = "CONTACTS"
    case overlap = "OVERLAP"
    /// Also written CUBOIDS.
    case pages = "PAGES"
    case diff = "DIFF"
    case levels = "LEVELS"
    case metadata = "METADATA"
    case history = "HISTORY"
    case supervoxels = "SUPERVOXELS"
}

/// A table function with everything in its brackets; an option that the function does not have is nil.
package struct TableFunctionCall: Hashable, Sendable {
    package var function: Located<TableFunction>
    package var path: PathSyntax
    /// The second path of `OVERLAP(p, q region)`.
    package var otherPath: PathSyntax?
    /// `STATS(p WITHIN labels region)`.
    package var within: PathSyntax?
    /// `DIFF(p FROM v1 TO v2 region)`.
    package var versions: VersionPair?
    /// `SAMPLE(p AT ...)`.
    package var points: PointList?
    package var region: RegionSyntax
    /// `BY ID|Z|T|PAGE|VOXEL`.
    package var grouping: Located<Grouping>?
    /// `BINS n`.
    package var binCount: Scalar?
    /// `RANGE lo, hi`.
    package var valueRange: ValueRange?
    /// `MIN faces`.
    package var minimumFaces: Scalar?
    /// `WHERE predicate` of VOXELS.
    package var condition: Expression?
    package var position: NodePosition

    package init(
        function: Located<TableFunction>, path: PathSyntax, region: RegionSyntax, position: NodePosition
    ) {
        self.function = function
        self.path = path
        self.region = region
        self.position = position
    }
}

/// Two versions to compare.
package struct VersionPair: Hashable, Sendable {
    package let from: VersionReference
    package let to: VersionReference
}

/// The points of SAMPLE.
package enum PointList: Hashable, Sendable {
    /// At least one.
    case points([PointSyntax])
    /// A bound list of points.
    case parameter(Int, NodePosition)
}

/// The two ends of HISTOGRAM's RANGE.
package struct ValueRange: Hashable, Sendable {
    package let lower: Scalar
    package let upper: Scalar
}

/// What the rows of STATS and DIFF stand for.
package enum Grouping: String, CaseIterable, Hashable, Sendable {
    case id = "ID"
    case z = "Z"
    case t = "T"
    case page = "PAGE"
    case voxel = "VOXEL"
}
