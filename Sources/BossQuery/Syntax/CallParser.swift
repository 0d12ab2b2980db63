import BossDatabase

/// Calls and other expressions that start with a word.
extension Parser {
    /// The error where an expression should be, with a hint for a column that needs quotes.
    mutating func missingExpression() -> DatabaseError {
        var error = unexpected("an expression")
        if dialect == .rows, case .word(let word, let keyword?) = token.kind, keyword.namesColumn {
            error.hint = "\(keyword.text) is reserved; the column is written \"\(word.lowercased())\""
        }
        return error
    }

    mutating func call() throws(DatabaseError) -> Expression {
        let start = token.start
        if dialect == .rows {
            if token.keyword == .valueAt { return try valueAt() }
            if token.keyword == .inside { return try inside() }
        }
        let name = try word("a function")
        try expect(.leftParenthesis)
        if dialect == .rows, accept(.star) {
            try expect(.rightParenthesis)
            try setHeight(1)
            return .call(FunctionCall(name: name, arguments: .all, position: span(from: start)))
        }
        let arguments = try callArguments()
        return .call(FunctionCall(name: name, arguments: arguments, position: span(from: start)))
    }

    /// The arguments up to and with the closing bracket.
    private mutating func callArguments() throws(DatabaseError) -> FunctionCall.Arguments {
        if accept(.rightParenthesis) { return .expressions([], isDistinct: false) }
        let isDistinct = dialect == .rows && accept(.distinct)
        var arguments: [Expression] = []
        var highest = 0
        repeat {
            arguments.append(try nestedExpression())
            highest = max(highest, height)
        } while accept(.comma)
        try expect(.rightParenthesis)
        try setHeight(highest + 1)
        return .expressions(arguments, isDistinct: isDistinct)
    }

    /// `CAST(x AS t)`, `CLAMP(x AS t)` or the function `CLAMP(x, lower, upper)`.
    mutating func conversion() throws(DatabaseError) -> Expression {
        let start = token.start
        let isSaturating = token.keyword == .clamp
        let name = try word("a function")
        try expect(.leftParenthesis)
        var arguments = [try nestedExpression()]
        var highest = height
        if isSaturating, token.isSymbol(.comma) {
            while accept(.comma) {
                arguments.append(try nestedExpression())
                highest = max(highest, height)
            }
            try expect(.rightParenthesis)
            try setHeight(highest + 1)
            return .call(
                FunctionCall(
                    name: name, arguments: .expressions(arguments, isDistinct: false),
                    position: span(from: start)))
        }
        try expect(.as)
        let type = try choice(TypeName.self)
        try expect(.rightParenthesis)
        try setHeight(highest + 1)
        return .cast(arguments[0], to: type, isSaturating: isSaturating, span(from: start))
    }

    mutating func caseExpression() throws(DatabaseError) -> Expression {
        let start = token.start
        try expect(.case)
        var branches: [CaseBranch] = []
        var highest = 0
        try expect(.when)
        repeat {
            let condition = try nestedExpression()
            highest = max(highest, height)
            try expect(.then)
            let result = try nestedExpression()
            highest = max(highest, height)
            branches.append(CaseBranch(condition: condition, result: result))
        } while accept(.when)
        var otherwise: Expression?
        if accept(.else) {
            otherwise = try nestedExpression()
            highest = max(highest, height)
        }
        try expect(.end)
        try setHeight(highest + 1)
        return .choice(branches: branches, otherwise: otherwise, span(from: start))
    }

    /// `VALUE_AT(path, x, y, z [, t] [RES n])`.
    private mutating func valueAt() throws(DatabaseError) -> Expression {
        let start = token.start
        try expect(.valueAt)
        try expect(.leftParenthesis)
        let path = try path()
        var coordinates: [Expression] = []
        var highest = 0
        for _ in 0..<3 {
            try expect(.comma)
            coordinates.append(try nestedExpression())
            highest = max(highest, height)
        }
        if accept(.comma) {
            coordinates.append(try nestedExpression())
            highest = max(highest, height)
        }
        let resolution = accept(.res) ? try integer() : nil
        try expect(.rightParenthesis)
        try setHeight(highest + 1)
        return .valueAt(path, coordinates: coordinates, resolution: resolution, span(from: start))
    }

    /// `INSIDE(x, y, z, path)`.
    private mutating func inside() throws(DatabaseError) -> Expression {
        let start = token.start
        try expect(.inside)
        try expect(.leftParenthesis)
        var coordinates: [Expression] = []
        var highest = 0
        for _ in 0..<3 {
            coordinates.append(try nestedExpression())
            highest = max(highest, height)
            try expect(.comma)
        }
        let path = try path()
        try expect(.rightParenthesis)
        try setHeight(highest + 1)
        return .inside(coordinates: coordinates, path, span(from: start))
    }
}

extension BinaryOperator {
    /// The comparison that a token is.
    init?(comparison token: Token) {
        guard case .symbol(let symbol) = token.kind else { return nil }
        switch symbol {
        case .equal: self = .equal
        case .notEqual, .alsoNotEqual: self = .notEqual
        case .less: self = .less
        case .lessOrEqual: self = .lessOrEqual
        case .greater: self = .greater
        case .greaterOrEqual: self = .greaterOrEqual
        default: return nil
        }
    }

    /// `+`, `-`, and over rows `||`.
    init?(additive token: Token, _ dialect: ExpressionDialect) {
        guard case .symbol(let symbol) = token.kind else { return nil }
        switch symbol {
        case .plus: self = .add
        case .minus: self = .subtract
        case .concatenate where dialect == .rows: self = .concatenate
        default: return nil
        }
    }

    /// `*`, `/` and `%`.
    init?(multiplicative token: Token) {
        guard case .symbol(let symbol) = token.kind else { return nil }
        switch symbol {
        case .star: self = .multiply
        case .slash: self = .divide
        case .percent: self = .remainder
        default: return nil
        }
    }
}
