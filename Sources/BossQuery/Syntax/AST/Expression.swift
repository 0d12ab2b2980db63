/// A per-voxel expression, a predicate, or an expression over rows: all three share one ladder of operators.
package indirect enum Expression: Hashable, Sendable {
    case literal(Literal, NodePosition)
    case parameter(Int, NodePosition)
    /// A column, `VALUE`, `ID`, a coordinate, or a source's alias; with a qualifier, `alias.name`.
    case column(qualifier: Identifier?, name: Identifier)
    case unary(UnaryOperator, Expression, NodePosition)
    case binary(BinaryOperator, Expression, Expression, NodePosition)
    /// At least two operands, joined by AND or by OR.
    case logical(LogicalOperator, [Expression], NodePosition)
    case between(Expression, lower: Expression, upper: Expression, isNegated: Bool, NodePosition)
    case isIn(Expression, InSet, isNegated: Bool, NodePosition)
    /// `LIKE`; rows only.
    case like(Expression, pattern: Expression, isNegated: Bool, NodePosition)
    /// `IS [NOT] NULL`; rows only.
    case isNull(Expression, isNegated: Bool, NodePosition)
    /// `EXISTS (SELECT ...)`; rows only.
    case exists(RowQuery, NodePosition)
    /// `(SELECT ...)` as a value; rows only.
    case subquery(RowQuery, NodePosition)
    case call(FunctionCall)
    /// `CAST(x AS t)` checks the range; `CLAMP(x AS t)` saturates.
    case cast(Expression, to: Located<TypeName>, isSaturating: Bool, NodePosition)
    case choice(branches: [CaseBranch], otherwise: Expression?, NodePosition)
    /// `value -> 'key'` gives JSON, `value ->> 'key'` gives text; rows only.
    case member(Expression, key: Located<String>, asText: Bool, NodePosition)
    /// `VALUE_AT(path, x, y, z [, t] [RES n])`; rows only.
    case valueAt(PathSyntax, coordinates: [Expression], resolution: Located<Int>?, NodePosition)
    /// `INSIDE(x, y, z, path)`; rows only.
    case inside(coordinates: [Expression], PathSyntax, NodePosition)

    package var position: NodePosition {
        switch self {
        case .literal(_, let position), .parameter(_, let position), .unary(_, _, let position),
            .binary(_, _, _, let position), .logical(_, _, let position), .between(_, _, _, _, let position),
            .isIn(_, _, _, let position), .like(_, _, _, let position), .isNull(_, _, let position),
            .exists(_, let position), .subquery(_, let position), .cast(_, _, _, let position),
            .choice(_, _, let position), .member(_, _, _, let position), .valueAt(_, _, _, let position),
            .inside(_, _, let position):
            position
        case .column(let qualifier, let name): qualifier?.position ?? name.position
        case .call(let call): call.position
        }
    }
}

/// Operators with one operand.
package enum UnaryOperator: String, Hashable, Sendable {
    case minus = "-"
    case not = "NOT"
}

/// Operators with two operands. The raw value is the canonical spelling.
package enum BinaryOperator: String, CaseIterable, Hashable, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    /// Always gives FLOAT64.
    case divide = "/"
    case remainder = "%"
    /// Joins text.
    case concatenate = "||"
    case equal = "="
    case notEqual = "<>"
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="

    package var isComparison: Bool {
        switch self {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: true
        case .add, .subtract, .multiply, .divide, .remainder, .concatenate: false
        }
    }
}

/// The two connectives.
package enum LogicalOperator: String, Hashable, Sendable {
    case and = "AND"
    case or = "OR"
}

/// What stands after IN.
package enum InSet: Hashable, Sendable {
    /// At least one.
    case list([Expression])
    /// A bound list.
    case parameter(Int, NodePosition)
    case subquery(RowQuery)
}

/// `name(argument, ...)`.
package struct FunctionCall: Hashable, Sendable {
    package enum Arguments: Hashable, Sendable {
        /// `COUNT(*)`.
        case all
        /// `isDistinct` only for aggregates over rows.
        case expressions([Expression], isDistinct: Bool)
    }

    package let name: Identifier
    package let arguments: Arguments
    package let position: NodePosition
}

/// `WHEN condition THEN result`.
package struct CaseBranch: Hashable, Sendable {
    package let condition: Expression
    package let result: Expression
}
