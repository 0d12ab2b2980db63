import BossDatabase

/// A piece of statement text, as it reads outside a path.
struct Token: Sendable {
    enum Kind: Sendable {
        /// A plain identifier, which may be a keyword where the grammar has one.
        case word(String, Keyword?)
        case quotedIdentifier(String)
        case text(String)
        case bytes([UInt8])
        case integer(UInt64)
        case decimal(Double)
        case quantity(Quantity)
        case parameter(Int)
        case symbol(Symbol)
        case end
        /// Text that is no token. The error is thrown when the parser wants the token, because what cannot
        /// be read here may still be part of a path.
        case invalid(DatabaseError)
    }

    let kind: Kind
    let start: TextMark
    let end: TextMark

    /// Where the token stands.
    var position: SourcePosition { start.position(to: end) }

    /// The keyword that the token may be.
    var keyword: Keyword? {
        if case .word(_, let keyword) = kind { keyword } else { nil }
    }

    func isSymbol(_ symbol: Symbol) -> Bool {
        if case .symbol(symbol) = kind { true } else { false }
    }
}

/// Operators and punctuation.
enum Symbol: String, CaseIterable, Sendable {
    case plus = "+"
    case minus = "-"
    case star = "*"
    case slash = "/"
    case percent = "%"
    case equal = "="
    case notEqual = "<>"
    case alsoNotEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case leftParenthesis = "("
    case rightParenthesis = ")"
    case leftBracket = "["
    case rightBracket = "]"
    case comma = ","
    case semicolon = ";"
    case colon = ":"
    case dot = "."
    case atSign = "@"
    case number = "#"
    case concatenate = "||"
    case arrow = "->"
    case doubleArrow = "->>"
}

/// A place between two characters of the text.
struct TextMark: Sendable {
    /// Bytes before it.
    var offset = 0
    /// Characters (Unicode scalars) before it.
    var characters = 0
    /// Line, from 1.
    var line = 1
    /// Column in characters, from 1.
    var column = 1

    /// The stretch from here to another mark, at least one character long.
    func position(to end: TextMark) -> SourcePosition {
        SourcePosition(
            utf8Offset: offset, line: line, column: column, length: max(1, end.characters - characters))
    }
}
