import BossDatabase

/// Expressions over voxels and over rows, one ladder of operators with a few more rungs for rows.
extension Parser {
    /// An expression per voxel.
    mutating func voxelExpression() throws(DatabaseError) -> Expression {
        try expression(in: .voxels)
    }

    /// An expression over rows.
    mutating func rowExpression() throws(DatabaseError) -> Expression {
        try expression(in: .rows)
    }

    /// `WHERE predicate` over voxels, or nil.
    mutating func voxelCondition() throws(DatabaseError) -> Expression? {
        accept(.where) ? try voxelExpression() : nil
    }

    /// `WHERE condition` over rows, or nil.
    mutating func rowCondition() throws(DatabaseError) -> Expression? {
        accept(.where) ? try rowExpression() : nil
    }

    private mutating func expression(in dialect: ExpressionDialect) throws(DatabaseError) -> Expression {
        let outer = self.dialect
        self.dialect = dialect
        let expression = try disjunction()
        self.dialect = outer
        return expression
    }

    /// An expression inside another, one level deeper.
    mutating func nestedExpression() throws(DatabaseError) -> Expression {
        try descend()
        let expression = try disjunction()
        ascend()
        return expression
    }

    private mutating func disjunction() throws(DatabaseError) -> Expression {
        let start = token.start
        var operands = [try conjunction()]
        var highest = height
        while accept(.or) {
            operands.append(try conjunction())
            highest = max(highest, height)
        }
        if operands.count == 1 { return operands[0] }
        try setHeight(highest + 1)
        return .logical(.or, operands, span(from: start))
    }

    private mutating func conjunction() throws(DatabaseError) -> Expression {
        let start = token.start
        var operands = [try negation()]
        var highest = height
        while accept(.and) {
            operands.append(try negation())
            highest = max(highest, height)
        }
        if operands.count == 1 { return operands[0] }
        try setHeight(highest + 1)
        return .logical(.and, operands, span(from: start))
    }

    private mutating func negation() throws(DatabaseError) -> Expression {
        let start = token.start
        guard token.keyword == .not else { return try comparison() }
        advance()
        try descend()
        let operand = try negation()
        ascend()
        try setHeight(height + 1)
        return .unary(.not, operand, span(from: start))
    }

    private mutating func comparison() throws(DatabaseError) -> Expression {
        let start = token.start
        let left = try sum()
        let leftHeight = height
        if let comparison = BinaryOperator(comparison: token) {
            advance()
            let right = try sum()
            try setHeight(max(leftHeight, height) + 1)
            return .binary(comparison, left, right, span(from: start))
        }
        if dialect == .rows, accept(.is) {
            let isNegated = accept(.not)
            try expect(.null)
            try setHeight(leftHeight + 1)
            return .isNull(left, isNegated: isNegated, span(from: start))
        }
        let isNegated = accept(.not)
        if accept(.between) {
            let lower = try sum()
            let lowerHeight = height
            try expect(.and)
            let upper = try sum()
            try setHeight(max(leftHeight, lowerHeight, height) + 1)
            return .between(left, lower: lower, upper: upper, isNegated: isNegated, span(from: start))
        }
        if accept(.in) {
            let set = try inSet()
            try setHeight(max(leftHeight, height) + 1)
            return .isIn(left, set, isNegated: isNegated, span(from: start))
        }
        if dialect == .rows, accept(.like) {
            let pattern = try sum()
            try setHeight(max(leftHeight, height) + 1)
            return .like(left, pattern: pattern, isNegated: isNegated, span(from: start))
        }
        if isNegated { throw unexpected() }
        return left
    }

    private mutating func inSet() throws(DatabaseError) -> InSet {
        if case .parameter = token.kind {
            let number = try parameter()
            return .parameter(number.value, number.position)
        }
        guard token.isSymbol(.leftParenthesis) else { throw unexpected("a list in brackets or a parameter") }
        advance()
        try descend()
        defer { ascend() }
        if dialect == .rows, token.keyword == .select {
            let query = try rowQuery()
            try expect(.rightParenthesis)
            return .subquery(query)
        }
        var elements: [Expression] = []
        var highest = 0
        repeat {
            elements.append(try sum())
            highest = max(highest, height)
        } while accept(.comma)
        try expect(.rightParenthesis)
        height = highest
        return .list(elements)
    }

    private mutating func sum() throws(DatabaseError) -> Expression {
        let start = token.start
        var left = try product()
        while let sign = BinaryOperator(additive: token, dialect) {
            let leftHeight = height
            advance()
            let right = try product()
            try setHeight(max(leftHeight, height) + 1)
            left = .binary(sign, left, right, span(from: start))
        }
        return left
    }

    private mutating func product() throws(DatabaseError) -> Expression {
        let start = token.start
        var left = try signed()
        while let sign = BinaryOperator(multiplicative: token) {
            let leftHeight = height
            advance()
            let right = try signed()
            try setHeight(max(leftHeight, height) + 1)
            left = .binary(sign, left, right, span(from: start))
        }
        return left
    }

    private mutating func signed() throws(DatabaseError) -> Expression {
        let start = token.start
        guard token.isSymbol(.minus) else { return try member() }
        advance()
        try descend()
        let operand = try signed()
        ascend()
        try setHeight(height + 1)
        return .unary(.minus, operand, span(from: start))
    }

    /// A primary expression and JSON members of it.
    private mutating func member() throws(DatabaseError) -> Expression {
        let start = token.start
        var value = try primary()
        while dialect == .rows, token.isSymbol(.arrow) || token.isSymbol(.doubleArrow) {
            let asText = token.isSymbol(.doubleArrow)
            advance()
            let key = try text("a key")
            try setHeight(height + 1)
            value = .member(value, key: key, asText: asText, span(from: start))
        }
        return value
    }

    private mutating func primary() throws(DatabaseError) -> Expression {
        let start = token.start
        height = 1
        if let literal = acceptLiteral() { return .literal(literal, span(from: start)) }
        switch token.kind {
        case .parameter:
            let number = try parameter()
            return .parameter(number.value, number.position)
        case .symbol(.leftParenthesis):
            return try bracketed()
        case .word(_, .case): return try caseExpression()
        case .word(_, .cast), .word(_, .clamp): return try conversion()
        case .word(_, .exists) where dialect == .rows:
            advance()
            guard token.isSymbol(.leftParenthesis) else { throw unexpected("a query in brackets") }
            let query = try bracketedQuery()
            return .exists(query, span(from: start))
        case .word(_, .id), .word(_, .value), .quotedIdentifier:
            return try reference()
        case .word(_, let keyword) where keyword?.isReserved != true:
            if peek().isSymbol(.leftParenthesis) { return try call() }
            return try reference()
        default:
            throw missingExpression()
        }
    }

    private mutating func bracketed() throws(DatabaseError) -> Expression {
        let start = token.start
        if dialect == .rows, peek().keyword == .select {
            let query = try bracketedQuery()
            return .subquery(query, span(from: start))
        }
        advance()
        let inner = try nestedExpression()
        try expect(.rightParenthesis)
        return inner
    }

    /// `(SELECT ...)`; the bracket is next.
    mutating func bracketedQuery() throws(DatabaseError) -> RowQuery {
        try expect(.leftParenthesis)
        try descend()
        let query = try rowQuery()
        ascend()
        try expect(.rightParenthesis)
        return query
    }

    /// `name` or `name.name`.
    private mutating func reference() throws(DatabaseError) -> Expression {
        let first = try word("a name")
        guard token.isSymbol(.dot) else { return .column(qualifier: nil, name: first) }
        advance()
        return .column(qualifier: first, name: try word("a column"))
    }
}
