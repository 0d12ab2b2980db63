/// A value of the naive evaluation: numbers are exact or FLOAT64, conditions have three values.
enum NaiveValue: Hashable {
    case null
    case integer(Int128)
    case float(Double)
    case boolean(Bool)

    /// As `ResourceFixture.text` writes a value of a result.
    var text: String {
        switch self {
        case .null: "NULL"
        case .integer(let value): "\(value)"
        case .float(let value): "\(value)"
        case .boolean(let value): "\(value)"
        }
    }

    var double: Double {
        switch self {
        case .integer(let value): Double(value)
        case .float(let value): value
        case .null, .boolean: .nan
        }
    }

    /// Below zero, zero, above; decimals in these tests are multiples of one half, below 2^64, or quotients of small
    /// numbers, so that twice an integer compares exactly with twice a decimal.
    func compared(to other: NaiveValue) -> Int {
        switch (self, other) {
        case (.integer(let left), .integer(let right)): return left < right ? -1 : left == right ? 0 : 1
        case (.integer(let left), .float(let right)):
            guard let whole = Int128(exactly: right.rounded(.down)) else { return right < 0 ? 1 : -1 }
            if left != whole { return left < whole ? -1 : 1 }
            return right > right.rounded(.down) ? -1 : 0
        case (.float, .integer): return -other.compared(to: self)
        case (.boolean(let left), .boolean(let right)): return left == right ? 0 : right ? -1 : 1
        default: return double < other.double ? -1 : double == other.double ? 0 : 1
        }
    }
}

/// What an evaluation refuses, with the state that the statement must have.
struct NaiveRefusal: Error, Equatable {
    let sqlState: String
}

/// The static types of the language that matter for arithmetic.
enum NaiveType {
    case int64, uint64, float, boolean
}

/// An expression that can write itself and compute itself, by the definition of each operator.
indirect enum NaiveTerm {
    case column(String, NaiveType)
    case constant(String, NaiveValue, NaiveType)
    case arithmetic(String, NaiveTerm, NaiveTerm)
    case comparison(String, NaiveTerm, NaiveTerm)
    case isIn(NaiveTerm, [NaiveTerm], isNegated: Bool)
    case between(NaiveTerm, NaiveTerm, NaiveTerm)
    case logical(String, NaiveTerm, NaiveTerm)
    case not(NaiveTerm)
    case isNull(NaiveTerm)
    case choice(NaiveTerm, NaiveTerm, NaiveTerm)

    var type: NaiveType {
        switch self {
        case .column(_, let type), .constant(_, _, let type): type
        case .arithmetic(let symbol, let left, let right):
            symbol == "/" || left.type == .float || right.type == .float
                ? .float : left.type == .uint64 || right.type == .uint64 ? .uint64 : .int64
        case .comparison, .isIn, .between, .logical, .not, .isNull: .boolean
        case .choice(_, let value, _): value.type
        }
    }

    var text: String {
        switch self {
        case .column(let name, _): name
        case .constant(let text, _, _): text
        case .arithmetic("DIV", let left, let right): "DIV(\(left.text), \(right.text))"
        case .arithmetic(let symbol, let left, let right), .comparison(let symbol, let left, let right),
            .logical(let symbol, let left, let right):
            "(\(left.text) \(symbol) \(right.text))"
        case .isIn(let value, let members, let isNegated):
            "(\(value.text) \(isNegated ? "NOT IN" : "IN") (\(members.map(\.text).joined(separator: ", "))))"
        case .between(let value, let low, let high): "(\(value.text) BETWEEN \(low.text) AND \(high.text))"
        case .not(let value): "(NOT \(value.text))"
        case .isNull(let value): "(\(value.text) IS NULL)"
        case .choice(let condition, let value, let other):
            "CASE WHEN \(condition.text) THEN \(value.text) ELSE \(other.text) END"
        }
    }

    /// The value in a row. Everything is computed, so that what can be refused is.
    func value(_ row: [String: NaiveValue]) throws -> NaiveValue {
        switch self {
        case .column(let name, _): return row[name] ?? .null
        case .constant(_, let value, _): return value
        case .arithmetic(let symbol, let left, let right):
            return try arithmetic(symbol, left.value(row), right.value(row))
        case .comparison(let symbol, let left, let right):
            return Self.compare(symbol, try left.value(row), try right.value(row))
        case .isIn(let value, let members, let isNegated):
            let tests = try members.map { Self.compare("=", try value.value(row), try $0.value(row)) }
            let found = tests.reduce(.boolean(false)) { Self.join("OR", $0, $1) }
            return isNegated ? Self.negate(found) : found
        case .between(let value, let low, let high):
            let number = try value.value(row)
            return Self.join(
                "AND", Self.compare(">=", number, try low.value(row)),
                Self.compare("<=", number, try high.value(row)))
        case .logical(let symbol, let left, let right):
            return Self.join(symbol, try left.value(row), try right.value(row))
        case .not(let value): return Self.negate(try value.value(row))
        case .isNull(let value): return .boolean(try value.value(row) == .null)
        case .choice(let condition, let value, let other):
            let (first, second) = (try value.value(row), try other.value(row))
            return try condition.value(row) == .boolean(true) ? first : second
        }
    }

    private func arithmetic(_ symbol: String, _ left: NaiveValue, _ right: NaiveValue) throws -> NaiveValue {
        if left == .null || right == .null { return .null }
        if ["/", "%", "DIV"].contains(symbol), right.double == 0 { throw NaiveRefusal(sqlState: "22012") }
        if symbol == "/" { return .float(left.double / right.double) }
        guard case .integer(let first) = left, case .integer(let second) = right else {
            switch symbol {
            case "+": return .float(left.double + right.double)
            case "-": return .float(left.double - right.double)
            case "*": return .float(left.double * right.double)
            default: return .float(left.double.truncatingRemainder(dividingBy: right.double))
            }
        }
        let (result, overflow) =
            switch symbol {
            case "+": (first + second, false)
            case "-": (first - second, false)
            case "*": first.multipliedReportingOverflow(by: second)
            case "%": (first % second, false)
            default: (first / second, false)
            }
        let range = type == .uint64 ? 0...Int128(UInt64.max) : Int128(Int64.min)...Int128(Int64.max)
        guard !overflow, range.contains(result) else { throw NaiveRefusal(sqlState: "22003") }
        return .integer(result)
    }

    private static func compare(_ symbol: String, _ left: NaiveValue, _ right: NaiveValue) -> NaiveValue {
        if left == .null || right == .null { return .null }
        let order = left.compared(to: right)
        switch symbol {
        case "=": return .boolean(order == 0)
        case "<>": return .boolean(order != 0)
        case "<": return .boolean(order < 0)
        case "<=": return .boolean(order <= 0)
        case ">": return .boolean(order > 0)
        default: return .boolean(order >= 0)
        }
    }

    private static func join(_ symbol: String, _ left: NaiveValue, _ right: NaiveValue) -> NaiveValue {
        let decisive = NaiveValue.boolean(symbol == "OR")
        if left == decisive || right == decisive { return decisive }
        return left == .null || right == .null ? .null : .boolean(symbol == "AND")
    }

    private static func negate(_ value: NaiveValue) -> NaiveValue {
        if case .boolean(let isTrue) = value { .boolean(!isTrue) } else { .null }
    }
}
