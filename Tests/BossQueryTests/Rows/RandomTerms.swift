import BossTestSupport

/// Random expressions over the columns of a naive row.
struct RandomTerms {
    let columns: [(name: String, type: NaiveType)]
    var random: SeededGenerator

    private static let integers: [(String, Int128)] =
        ["0", "1", "2", "3", "7", "100"].map { ($0, Int128($0) ?? 0) } + [
            ("9223372036854775807", (1 << 63) - 1), ("9223372036854775808", 1 << 63),
            ("9223372036854775809", (1 << 63) + 1), ("18446744073709551615", (1 << 64) - 1), ("-1", -1),
            ("-9223372036854775808", -(1 << 63)),
        ]
    private static let decimals: [(String, Double)] = [
        ("0.5", 0.5), ("2.5", 2.5), ("-1.5", -1.5), ("3.0", 3),
        ("9223372036854775808.0", 9_223_372_036_854_775_808),
        ("1.5e19", 1.5e19),
    ]

    init(_ columns: [(name: String, type: NaiveType)], seed: UInt64) {
        (self.columns, random) = (columns, SeededGenerator(seed: seed))
    }

    mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

    mutating func pick<T>(_ choices: [T]) -> T { choices[Int.random(in: 0..<choices.count, using: &random)] }

    mutating func constant() -> NaiveTerm {
        if chance(4) {
            let (text, value) = pick(Self.decimals)
            return .constant(text, .float(value), .float)
        }
        if chance(12) { return .constant("NULL", .null, .int64) }
        let (text, value) = pick(Self.integers)
        return .constant(text, .integer(value), value > Int128(Int64.max) ? .uint64 : .int64)
    }

    mutating func column() -> NaiveTerm {
        let column = pick(columns)
        return .column(column.name, column.type)
    }

    mutating func number(_ depth: Int) -> NaiveTerm {
        guard depth > 0, !chance(3) else { return chance(3) ? constant() : column() }
        if chance(6) {
            let value = column()
            return .choice(
                condition(depth - 1), value, chance(2) ? value : .constant("5", .integer(5), value.type))
        }
        let (left, right) = (number(depth - 1), number(depth - 1))
        let isWhole = left.type != .float && right.type != .float
        return .arithmetic(
            pick(isWhole ? ["+", "-", "*", "/", "%", "DIV"] : ["+", "-", "*", "/"]), left, right)
    }

    mutating func condition(_ depth: Int) -> NaiveTerm {
        if depth > 0, chance(2) {
            if chance(4) { return .not(condition(depth - 1)) }
            return .logical(pick(["AND", "OR"]), condition(depth - 1), condition(depth - 1))
        }
        // Bare columns are often compared, as their conditions are pushed down.
        let value = chance(2) ? column() : number(depth)
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return .isIn(value, (0..<pick([1, 2, 5, 40])).map { _ in constant() }, isNegated: chance(2))
        case 1: return .between(value, constant(), constant())
        case 2: return .isNull(value)
        default:
            let other = chance(2) ? constant() : number(depth)
            let symbol = pick(["=", "<>", "<", "<=", ">", ">="])
            return chance(3) ? .comparison(symbol, other, value) : .comparison(symbol, value, other)
        }
    }
}
