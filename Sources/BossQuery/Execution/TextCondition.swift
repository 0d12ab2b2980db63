import BossDatabase

/// A condition over one text, such as `name = 'release1'` or `action LIKE 'INSERT%'`.
struct TextCondition {
    private let test: (String) -> Bool

    func matches(_ text: String) -> Bool { test(text) }

    /// Binds a condition whose column is a text.
    ///
    /// - Throws: 0A000 for what is more than comparing with constants, 42804, 07001.
    init(_ expression: Expression, executor: StatementExecutor) throws(DatabaseError) {
        switch expression {
        case .logical(let logical, let parts, _):
            var conditions: [TextCondition] = []
            for part in parts { conditions.append(try TextCondition(part, executor: executor)) }
            let all = conditions
            test =
                logical == .and
                ? { text in all.allSatisfy { $0.test(text) } } : { text in all.contains { $0.test(text) } }
        case .unary(.not, let inner, _):
            let condition = try TextCondition(inner, executor: executor)
            test = { !condition.test($0) }
        case .binary(let comparison, let left, let right, _) where comparison.isComparison:
            let isSwapped = if case .column = left { false } else { true }
            let bound = try executor.text(isSwapped ? left : right)
            test = { text in
                isSwapped ? Self.holds(comparison, bound, text) : Self.holds(comparison, text, bound)
            }
        case .isIn(_, .list(let members), let isNegated, _):
            var texts: Set<String> = []
            for member in members { texts.insert(try executor.text(member)) }
            let all = texts
            test = { all.contains($0) != isNegated }
        case .like(_, let pattern, let isNegated, _):
            let like = LikePattern(try executor.text(pattern))
            test = { like.matches($0) != isNegated }
        default: throw StatementExecutor.notSupported("this condition", expression.position)
        }
    }

    private static func holds(_ comparison: BinaryOperator, _ left: String, _ right: String) -> Bool {
        switch comparison {
        case .equal: left == right
        case .notEqual: left != right
        case .less: left < right
        case .lessOrEqual: left <= right
        case .greater: left > right
        default: left >= right
        }
    }
}

extension StatementExecutor {
    /// The text that a constant or a parameter is.
    func text(_ expression: Expression) throws(DatabaseError) -> String {
        switch expression {
        case .literal(.text(let text), _): return text
        case .parameter(let number, let position):
            guard case .text(let text) = try parameter(number, position) else {
                throw Self.mismatch("a text", position)
            }
            return text
        case .literal: throw Self.mismatch("a text", expression.position)
        default: throw Self.notSupported("an expression in this condition", expression.position)
        }
    }
}

extension Expression {
    /// The condition with texts that are times as microseconds since 1970.
    ///
    /// - Throws: 22007 for a text that is no time.
    func withTimesAsNumbers(_ executor: StatementExecutor) throws(DatabaseError) -> Expression {
        func time(_ expression: Expression) throws(DatabaseError) -> Expression {
            if case .column = expression { return expression }
            let text = try executor.text(expression)
            guard let microseconds = TimeText.microseconds(text) else {
                throw DatabaseError(
                    "22007", "'\(text)' is not a time", hint: TimeText.hint,
                    position: expression.position.source)
            }
            return .literal(.signed(microseconds), expression.position)
        }
        switch self {
        case .logical(let logical, let parts, let position):
            var times: [Expression] = []
            for part in parts { times.append(try part.withTimesAsNumbers(executor)) }
            return .logical(logical, times, position)
        case .unary(.not, let inner, let position):
            return .unary(.not, try inner.withTimesAsNumbers(executor), position)
        case .binary(let comparison, let left, let right, let position):
            return .binary(comparison, try time(left), try time(right), position)
        case .between(let value, let lower, let upper, let isNegated, let position):
            return .between(
                value, lower: try time(lower), upper: try time(upper), isNegated: isNegated, position)
        default: throw StatementExecutor.notSupported("this condition", position)
        }
    }
}
