import BossDatabase

/// Expressions of a row query.
extension RowBinder {
    /// Binds an expression.
    mutating func bind(_ expression: Expression) throws(DatabaseError) -> BoundExpression {
        let position = expression.position
        switch expression {
        case .literal(let literal, _): return try constant(literal, position)
        case .parameter(let number, _):
            return try constant(parameter: executor.parameter(number, position), position)
        case .column(let qualifier, let name): return try column(qualifier, name)
        case .unary(.minus, let operand, _): return try negative(operand, position)
        case .unary(.not, let operand, _): return negated(try boolean(operand), position)
        case .binary(let symbol, let left, let right, _):
            return try binary(symbol, try bind(left), try bind(right), position)
        case .logical(let connective, let parts, _):
            var operands: [BoundExpression] = []
            for part in parts { operands.append(try boolean(part)) }
            return BoundExpression(.call(connective == .and ? .and : .or, operands), .boolean, position)
        case .between(let value, let lower, let upper, let isNegated, _):
            let (value, lower, upper) = (try bind(value), try bind(lower), try bind(upper))
            let bounds = [
                try comparison(.greaterOrEqual, value, lower, position),
                try comparison(.lessOrEqual, value, upper, position),
            ]
            let test = BoundExpression(.call(.and, bounds), .boolean, position)
            return isNegated ? negated(test, position) : test
        case .isIn(let value, let set, let isNegated, _):
            let test = try membership(try bind(value), set, position)
            return isNegated ? negated(test, position) : test
        case .like(let value, let pattern, let isNegated, _):
            let texts = [try text(value), try text(pattern)]
            let test = BoundExpression(.call(.function(.like, .boolean), texts), .boolean, position)
            return isNegated ? negated(test, position) : test
        case .isNull(let value, let isNegated, _):
            let test = BoundExpression(.call(.isNull, [try bind(value)]), .boolean, position)
            return isNegated ? negated(test, position) : test
        case .exists(let query, _): return BoundExpression(.exists(try subquery(query)), .boolean, position)
        case .subquery(let query, _):
            let inner = try valueQuery(query)
            return BoundExpression(.scalar(inner), inner.outputs[0].expression.type, position)
        case .call(let call): return try self.call(call)
        case .cast(let value, let type, let isSaturating, _):
            return try conversion(try bind(value), type, isSaturating, position)
        case .choice(let branches, let otherwise, _): return try choice(branches, otherwise, position)
        case .member(let value, let key, let asText, _):
            let operands = [
                try text(value), BoundExpression(.constant(.text(key.value)), .text, key.position),
            ]
            return BoundExpression(
                .call(.function(asText ? .memberText : .member, .text), operands), asText ? .text : .json,
                position)
        case .valueAt(let path, let coordinates, let resolution, _):
            return try voxel(path, coordinates, resolution, position)
        case .inside: throw StatementExecutor.notSupported("INSIDE", position)
        }
    }

    /// A condition.
    mutating func boolean(_ expression: Expression) throws(DatabaseError) -> BoundExpression {
        try expecting(.boolean, try bind(expression))
    }

    private mutating func text(_ expression: Expression) throws(DatabaseError) -> BoundExpression {
        try expecting(.text, try bind(expression))
    }

    /// - Throws: 42804 for another kind of value; NULL is of every kind.
    func expecting(_ family: ColumnType.Family, _ value: BoundExpression) throws(DatabaseError)
        -> BoundExpression
    {
        guard let type = value.type, type.family != family else { return value }
        throw StatementExecutor.mismatch(family.words, value.position)
    }

    private func negated(_ test: BoundExpression, _ position: NodePosition) -> BoundExpression {
        BoundExpression(.call(.not, [test]), .boolean, position)
    }

    // MARK: Constants

    private func constant(_ literal: Literal, _ position: NodePosition) throws(DatabaseError)
        -> BoundExpression
    {
        switch literal {
        case .null: return BoundExpression(.constant(.null), nil, position)
        case .boolean(let value): return BoundExpression(.constant(.boolean(value)), .boolean, position)
        case .unsigned(let value): return integer(Int128(value), position)
        case .signed(let value): return integer(Int128(value), position)
        case .float(let value): return BoundExpression(.constant(.float(value)), .float64, position)
        case .text(let value): return BoundExpression(.constant(.text(value)), .text, position)
        case .bytes(let value): return BoundExpression(.constant(.bytes(value)), .bytes, position)
        case .quantity: throw StatementExecutor.mismatch("a number without a unit", position)
        }
    }

    private func constant(parameter: Parameter, _ position: NodePosition) throws(DatabaseError)
        -> BoundExpression
    {
        switch parameter {
        case .null: return try constant(.null, position)
        case .boolean(let value): return try constant(.boolean(value), position)
        case .integer(let value): return integer(Int128(value), position)
        case .unsigned(let value): return integer(Int128(value), position)
        case .float(let value): return try constant(.float(value), position)
        case .text(let value): return try constant(.text(value), position)
        case .list: throw StatementExecutor.mismatch("a single value", position)
        case .volume: throw StatementExecutor.mismatch("a value", position)
        }
    }

    /// INT64 where it fits, else UINT64.
    private func integer(_ value: Int128, _ position: NodePosition) -> BoundExpression {
        if let small = Int64(exactly: value) {
            return BoundExpression(.constant(.integer(small)), .int64, position)
        }
        return BoundExpression(.constant(.unsigned(UInt64(truncatingIfNeeded: value))), .uint64, position)
    }

    /// `-x`: a constant is negative itself, so that -9223372036854775808 is one.
    private mutating func negative(
        _ operand: Expression, _ position: NodePosition
    ) throws(DatabaseError) -> BoundExpression {
        let value = try expecting(.number, try bind(operand))
        switch value.node {
        case .constant(.float(let number)):
            return BoundExpression(.constant(.float(-number)), .float64, position)
        case .constant(.integer(let number)) where number > .min:
            return integer(-Int128(number), position)
        case .constant(.unsigned(let number)) where number <= UInt64(Int64.max) + 1:
            return integer(-Int128(number), position)
        case .constant(.null): return value
        default:
            let type: ColumnType = value.type == .float64 ? .float64 : .int64
            return BoundExpression(.call(.function(.negate, type.typeName), [value]), type, position)
        }
    }

    // MARK: Operators

    private func binary(
        _ symbol: BinaryOperator, _ left: BoundExpression, _ right: BoundExpression, _ position: NodePosition
    ) throws(DatabaseError) -> BoundExpression {
        switch symbol {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual:
            return try comparison(symbol, left, right, position)
        case .concatenate:
            let texts = [try expecting(.text, left), try expecting(.text, right)]
            return BoundExpression(.call(.concatenate, texts), .text, position)
        case .add: return try arithmetic(.add, left, right, position)
        case .subtract: return try arithmetic(.subtract, left, right, position)
        case .multiply: return try arithmetic(.multiply, left, right, position)
        case .remainder: return try arithmetic(.remainder, left, right, position)
        case .divide: return try arithmetic(.ratio, left, right, position)
        }
    }

    /// In FLOAT64 if an operand is one or for `/`; else in UINT64 if an operand is one, else in INT64.
    func arithmetic(
        _ function: RowFunction, _ left: BoundExpression, _ right: BoundExpression, _ position: NodePosition
    ) throws(DatabaseError) -> BoundExpression {
        let operands = [try expecting(.number, left), try expecting(.number, right)]
        let types = operands.compactMap(\.type)
        let type: ColumnType =
            function == .ratio || types.contains(.float64)
            ? .float64 : types.contains(.uint64) ? .uint64 : .int64
        return BoundExpression(.call(.function(function, type.typeName), operands), type, position)
    }

    /// A comparison, by SQLite where it compares by value too.
    func comparison(
        _ symbol: BinaryOperator, _ left: BoundExpression, _ right: BoundExpression, _ position: NodePosition
    ) throws(DatabaseError) -> BoundExpression {
        let operands = try comparable(left, right)
        let types = Set(operands.compactMap(\.type))
        let isMixed = types.contains(.uint64) && types.contains(.float64)
        return BoundExpression(
            .call(isMixed ? .compareByValue(symbol) : .compare(symbol), operands), .boolean, position)
    }

    /// Two values of the same family; a text beside a time is one.
    ///
    /// - Throws: 42804, 22007.
    private func comparable(
        _ left: BoundExpression, _ right: BoundExpression
    ) throws(DatabaseError) -> [BoundExpression] {
        guard let first = left.type, let second = right.type else { return [left, right] }
        if first == .timestamp { return [left, try time(right)] }
        if second == .timestamp { return [try time(left), right] }
        if first.family == second.family { return [left, right] }
        // The constant is to blame, if one of them is.
        if case .constant = left.node { throw StatementExecutor.mismatch(second.family.words, left.position) }
        throw StatementExecutor.mismatch(first.family.words, right.position)
    }

    private mutating func membership(
        _ value: BoundExpression, _ set: InSet, _ position: NodePosition
    ) throws(DatabaseError) -> BoundExpression {
        var members: [BoundExpression] = []
        switch set {
        case .subquery(let query):
            let inner = try valueQuery(query)
            let test = try comparison(.equal, value, inner.outputs[0].expression, position)
            guard case .call(.compare, _) = test.node else {
                throw DatabaseError(
                    "42804", "IDs and decimals cannot be compared in IN (SELECT ...)",
                    hint: "CAST(... AS UINT64) makes IDs of the decimals", position: position.source)
            }
            return BoundExpression(.isInQuery(value, inner), .boolean, position)
        case .list(let elements):
            for element in elements { members.append(try bind(element)) }
        case .parameter(let number, let place):
            guard case .list(let values) = try executor.parameter(number, place) else {
                throw StatementExecutor.mismatch("a list", place)
            }
            for value in values { members.append(try constant(parameter: value, place)) }
        }
        return try membership(value, members, position)
    }

    /// Constants that SQLite compares right are looked up together, others are compared one by one.
    private func membership(
        _ value: BoundExpression, _ members: [BoundExpression], _ position: NodePosition
    ) throws(DatabaseError) -> BoundExpression {
        var (constants, tests): ([Value], [BoundExpression]) = ([], [])
        for member in members {
            let test = try comparison(.equal, value, member, position)
            if case .call(.compare, let operands) = test.node, case .constant(let constant) = operands[1].node
            {
                constants.append(constant)
            } else {
                tests.append(test)
            }
        }
        if !constants.isEmpty || tests.isEmpty {
            tests.insert(BoundExpression(.isInList(value, constants), .boolean, position), at: 0)
        }
        return tests.count == 1 ? tests[0] : BoundExpression(.call(.or, tests), .boolean, position)
    }

    // MARK: Queries

    private mutating func subquery(_ query: RowQuery) throws(DatabaseError) -> BoundQuery { try bind(query) }

    /// A query of one column.
    private mutating func valueQuery(_ query: RowQuery) throws(DatabaseError) -> BoundQuery {
        let inner = try bind(query)
        guard inner.outputs.count == 1 else {
            throw DatabaseError(
                "42601", "a query that stands for values has one column, this one has \(inner.outputs.count)",
                position: query.position.source)
        }
        return inner
    }
}
