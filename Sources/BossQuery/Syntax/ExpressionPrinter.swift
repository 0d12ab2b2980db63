/// Expressions, with brackets only where the ladder of operators needs them.
extension SyntaxPrinter {
    mutating func expression(_ expression: Expression) { self.expression(expression, atLeast: .or) }

    /// Writes an expression, in brackets if it binds less tightly than its place asks for.
    private mutating func expression(_ expression: Expression, atLeast level: Precedence) {
        guard Precedence(of: expression) < level else {
            contents(of: expression)
            return
        }
        brackets { $0.contents(of: expression) }
    }

    private mutating func contents(of expression: Expression) {
        switch expression {
        case .literal(let literal, _): word(Self.spelling(of: literal))
        case .parameter(let number, _): parameter(number)
        case .column(let qualifier, let name):
            word((qualifier.map { Self.spelling(of: $0) + "." } ?? "") + Self.spelling(of: name))
        case .unary(.minus, let operand, _):
            word("-")
            glued { $0.expression(operand, atLeast: .member) }
        case .unary(.not, let operand, _):
            word("NOT")
            self.expression(operand, atLeast: .not)
        case .binary(let symbol, let left, let right, _): binary(symbol, left, right)
        case .logical(let connective, let operands, _): logical(connective, operands)
        case .between, .isIn, .like, .isNull: test(expression)
        case .exists(let query, _):
            word("EXISTS")
            brackets { $0.rowQuery(query) }
        case .subquery(let query, _): brackets { $0.rowQuery(query) }
        case .member(let value, let key, let asText, _):
            self.expression(value, atLeast: .member)
            word(asText ? "->>" : "->")
            text(key)
        case .call, .cast, .choice, .valueAt, .inside: call(expression)
        }
    }

    /// Writes without the space before the first word.
    private mutating func glued(_ write: (inout SyntaxPrinter) -> Void) {
        var inner = SyntaxPrinter()
        write(&inner)
        raw(inner.text)
    }

    private mutating func binary(_ symbol: BinaryOperator, _ left: Expression, _ right: Expression) {
        let level = Precedence(of: symbol)
        let tighter = level.next
        expression(left, atLeast: symbol.isComparison ? tighter : level)
        word(symbol.rawValue)
        expression(right, atLeast: tighter)
    }

    private mutating func logical(_ connective: LogicalOperator, _ operands: [Expression]) {
        let level: Precedence = connective == .or ? .and : .not
        for (index, operand) in operands.enumerated() {
            if index > 0 { word(connective.rawValue) }
            expression(operand, atLeast: level)
        }
    }

    /// BETWEEN, IN, LIKE and IS NULL.
    private mutating func test(_ expression: Expression) {
        switch expression {
        case .between(let value, let lower, let upper, let isNegated, _):
            self.expression(value, atLeast: .sum)
            word(if: isNegated, "NOT")
            word("BETWEEN")
            self.expression(lower, atLeast: .sum)
            word("AND")
            self.expression(upper, atLeast: .sum)
        case .isIn(let value, let set, let isNegated, _):
            self.expression(value, atLeast: .sum)
            word(if: isNegated, "NOT")
            word("IN")
            inSet(set)
        case .like(let value, let pattern, let isNegated, _):
            self.expression(value, atLeast: .sum)
            word(if: isNegated, "NOT")
            word("LIKE")
            self.expression(pattern, atLeast: .sum)
        case .isNull(let value, let isNegated, _):
            self.expression(value, atLeast: .sum)
            word("IS")
            word(if: isNegated, "NOT")
            word("NULL")
        default: break
        }
    }

    private mutating func inSet(_ set: InSet) {
        switch set {
        case .list(let elements):
            brackets { $0.list(elements) { $0.expression($1, atLeast: .sum) } }
        case .parameter(let number, _): parameter(number)
        case .subquery(let query): brackets { $0.rowQuery(query) }
        }
    }

    /// What looks like a call, and CASE.
    private mutating func call(_ expression: Expression) {
        switch expression {
        case .call(let call):
            identifier(call.name)
            brackets(isCall: true) { $0.arguments(call.arguments) }
        case .cast(let value, let type, let isSaturating, _):
            word(isSaturating ? "CLAMP" : "CAST")
            brackets(isCall: true) {
                $0.expression(value)
                $0.word("AS", type.value.rawValue)
            }
        case .choice(let branches, let otherwise, _):
            word("CASE")
            for branch in branches {
                word("WHEN")
                self.expression(branch.condition)
                word("THEN")
                self.expression(branch.result)
            }
            if let otherwise {
                word("ELSE")
                self.expression(otherwise)
            }
            word("END")
        case .valueAt(let path, let coordinates, let resolution, _):
            word("VALUE_AT")
            brackets(isCall: true) {
                $0.path(path)
                $0.raw(", ")
                $0.list(coordinates) { $0.expression($1) }
                if let resolution { $0.word("RES", String(resolution.value)) }
            }
        case .inside(let coordinates, let path, _):
            word("INSIDE")
            brackets(isCall: true) {
                $0.list(coordinates) { $0.expression($1) }
                $0.raw(", ")
                $0.path(path)
            }
        default: break
        }
    }

    private mutating func arguments(_ arguments: FunctionCall.Arguments) {
        switch arguments {
        case .all: raw("*")
        case .expressions(let expressions, let isDistinct):
            word(if: isDistinct, "DISTINCT")
            list(expressions) { $0.expression($1) }
        }
    }
}

/// How tightly an expression binds, from the loosest.
private enum Precedence: Int, Comparable {
    case or, and, not, comparison, sum, product, sign, member, primary

    init(of expression: Expression) {
        switch expression {
        case .logical(.or, _, _): self = .or
        case .logical(.and, _, _): self = .and
        case .unary(.not, _, _): self = .not
        case .between, .isIn, .like, .isNull: self = .comparison
        case .binary(let symbol, _, _, _): self = Precedence(of: symbol)
        case .unary(.minus, _, _): self = .sign
        case .member: self = .member
        case .literal, .parameter, .column, .exists, .subquery, .call, .cast, .choice, .valueAt, .inside:
            self = .primary
        }
    }

    init(of symbol: BinaryOperator) {
        switch symbol {
        case .add, .subtract, .concatenate: self = .sum
        case .multiply, .divide, .remainder: self = .product
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: self = .comparison
        }
    }

    /// The next tighter level.
    var next: Precedence { Precedence(rawValue: rawValue + 1) ?? .primary }

    static func < (left: Precedence, right: Precedence) -> Bool { left.rawValue < right.rawValue }
}
