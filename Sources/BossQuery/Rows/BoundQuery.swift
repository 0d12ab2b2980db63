/// An expression over rows with its names resolved and its types checked.
///
/// Two are equal when they compute the same, wherever they stand in the statement: that is how a selected expression
/// is found among those of GROUP BY.
struct BoundExpression: Hashable, Sendable {
    indirect enum Node: Hashable, Sendable {
        /// A column of a source, by the number of the source in the statement.
        case column(source: Int, index: Int)
        case constant(Value)
        case call(RowOperator, [BoundExpression])
        /// No argument is `COUNT(*)`.
        case aggregate(RowAggregate, BoundExpression?, isDistinct: Bool)
        /// Conditions and results in turn, at the end what else is taken, if there is something.
        case choice([BoundExpression])
        /// The value of a query of one column and at most one row.
        case scalar(BoundQuery)
        case exists(BoundQuery)
        /// `value IN (SELECT ...)`.
        case isInQuery(BoundExpression, BoundQuery)
        /// `value IN (1, 2, ...)`.
        case isInList(BoundExpression, [Value])
        /// The voxel at a point x, y, z, t, by the number of the lookup.
        case voxel(lookup: Int, [BoundExpression])
    }

    var node: Node
    /// nil for NULL, which is of any type.
    var type: ColumnType?
    var position: NodePosition

    init(_ node: Node, _ type: ColumnType?, _ position: NodePosition) {
        self.node = node
        self.type = type
        self.position = position
    }

    /// What it is made of, without the queries in it.
    var operands: [BoundExpression] {
        switch node {
        case .column, .constant, .scalar, .exists: []
        case .call(_, let operands), .choice(let operands), .voxel(_, let operands): operands
        case .aggregate(_, let operand, _): operand.map { [$0] } ?? []
        case .isInQuery(let operand, _), .isInList(let operand, _): [operand]
        }
    }

    /// The query in it, if it is about one.
    var query: BoundQuery? {
        switch node {
        case .scalar(let query), .exists(let query), .isInQuery(_, let query): query
        default: nil
        }
    }

    /// Calls `body` for the expression and everything in it, queries too, until it answers false for a part.
    func visit(_ body: (BoundExpression) -> Bool) {
        guard body(self) else { return }
        for operand in operands { operand.visit(body) }
        query?.visit(body)
    }

    /// Whether some part of it is so; queries in it count.
    func contains(_ test: (BoundExpression) -> Bool) -> Bool {
        var isFound = false
        visit { part in
            if test(part) { isFound = true }
            return !isFound
        }
        return isFound
    }

    /// The parts that are joined by AND; the expression itself if there are none.
    var conjuncts: [BoundExpression] {
        if case .call(.and, let parts) = node { parts.flatMap(\.conjuncts) } else { [self] }
    }
}

/// What SQLite is asked to do by itself, and what goes to functions of ours.
enum RowOperator: Hashable, Sendable {
    case and, or, not, isNull, concatenate, coalesce, length, substring
    /// Of values that SQLite orders right.
    case compare(BinaryOperator)
    /// Of IDs with decimals, which it would not.
    case compareByValue(BinaryOperator)
    case function(RowFunction, TypeName)
}

/// The aggregates of SQL.
enum RowAggregate: String, CaseIterable, Hashable, Sendable {
    case count, sum, avg, min, max
}

/// A row query with names resolved and types checked.
struct BoundQuery: Hashable, Sendable {
    struct Source: Hashable, Sendable {
        indirect enum Content: Hashable, Sendable {
            /// Rows of a table function or a system view.
            case table
            case query(BoundQuery)
        }

        let number: Int
        let content: Content
        /// nil for the first one.
        let join: JoinClause.Kind?
        /// ON.
        var condition: BoundExpression?
    }

    struct Output: Hashable, Sendable {
        let name: String
        let expression: BoundExpression
    }

    struct Key: Hashable, Sendable {
        let expression: BoundExpression
        let isDescending: Bool
        let nullsFirst: Bool
    }

    var isDistinct = false
    var sources: [Source] = []
    var outputs: [Output] = []
    var condition: BoundExpression?
    var groups: [BoundExpression] = []
    var having: BoundExpression?
    var keys: [Key] = []
    var limit: Int?
    var offset = 0
    /// Whether a row of the result stands for a group of rows.
    var isGrouped = false

    /// The columns of the result; one that is always NULL counts as text.
    var columns: [Column] { outputs.map { Column($0.name, $0.expression.type ?? .text) } }

    /// Every expression of this query, not those of queries in FROM.
    var expressions: [BoundExpression] {
        outputs.map(\.expression) + sources.compactMap(\.condition) + [condition, having].compactMap { $0 }
            + groups + keys.map(\.expression)
    }

    /// The queries in FROM.
    var sourceQueries: [BoundQuery] {
        sources.compactMap { if case .query(let query) = $0.content { query } else { nil } }
    }

    /// Calls `body` for every expression of it and of the queries in it, as `BoundExpression.visit`.
    func visit(_ body: (BoundExpression) -> Bool) {
        for expression in expressions { expression.visit(body) }
        for query in sourceQueries { query.visit(body) }
    }

    /// This query and all queries in it.
    var allQueries: [BoundQuery] {
        [self] + sourceQueries.flatMap(\.allQueries) + expressions.flatMap(\.queries)
    }
}

extension BoundExpression {
    /// All queries in it.
    var queries: [BoundQuery] { operands.flatMap(\.queries) + (query?.allQueries ?? []) }
}
