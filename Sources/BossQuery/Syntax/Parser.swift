package import BossDatabase

/// A statement with the text it was read from.
package struct ParsedStatement: Sendable {
    package let statement: Statement
    /// The statement's own text, without the semicolon.
    package let text: String
    /// Where that text lies in the script, in bytes of UTF-8.
    package let utf8Range: Range<Int>
}

/// Reads statements by recursive descent.
///
///     let statements = try Parser.parseScript("USE lab/mouse1; FIND IDS IN seg X 0:512;")
///
/// The parser looks one token ahead and decides by it what comes, and whether the lexer reads a token or a
/// path. Grammar/bossql.ebnf is the grammar. A word is a keyword only where the grammar can have it.
package struct Parser {
    /// Brackets, calls, NOT, signs, subqueries and statements inside one another.
    package static let maximumDepth = 64
    /// Levels of the tree of one expression; long sums and products count, AND and OR do not.
    package static let maximumHeight = 256
    /// UTF-8 bytes of one statement.
    package static let maximumStatementByteCount = 1 << 20

    var lexer: Lexer
    /// The next token.
    var token: Token
    /// The highest `$n` met since this was set to 0.
    var highestParameter = 0
    /// Where the last token that was taken ended.
    var previousEnd = TextMark()
    /// The last token that was taken if it was a plain name, for hints about misspelt keywords.
    var previousName: Token?
    /// What has been looked for at the next token.
    var expectations: [Expectation] = []
    var depth = 0
    /// Height of the expression that was read last.
    var height = 0
    var dialect = ExpressionDialect.rows
    private var statementStart = 0

    /// A parser at the start of UTF-8 text, which need not be valid.
    package init(utf8 bytes: [UInt8]) {
        lexer = Lexer(bytes)
        token = lexer.next()
    }

    /// A parser at the start of a text.
    package init(_ text: String) { self.init(utf8: Array(text.utf8)) }

    /// Reads all statements of a text. The last one needs no semicolon.
    ///
    /// - Throws: 42601 with what was expected and found; 22003 for numbers that are too large; 42602 for
    ///   empty names; 42883 for unknown table functions; 54001 over a limit. All have a position.
    package static func parseScript(_ text: String) throws(DatabaseError) -> [ParsedStatement] {
        var parser = Parser(text)
        var statements: [ParsedStatement] = []
        while let statement = try parser.next() { statements.append(statement) }
        return statements
    }

    /// Reads the next statement and its semicolon; nil at the end of the text.
    ///
    /// After an error the parser stands where it failed and must not be used again.
    package mutating func next() throws(DatabaseError) -> ParsedStatement? {
        while token.isSymbol(.semicolon) { beginStatement(afterSemicolon: true) }
        beginStatement(afterSemicolon: false)
        if case .end = token.kind { return nil }
        let start = token.start
        let statement = try statement()
        let end = previousEnd
        if token.isSymbol(.semicolon) {
            beginStatement(afterSemicolon: true)
        } else if case .end = token.kind {
        } else {
            expectations.append(.end)
            throw unexpected()
        }
        let range = start.offset..<end.offset
        return ParsedStatement(
            statement: statement, text: lexer.string(from: range.lowerBound, to: range.upperBound),
            utf8Range: range)
    }

    /// Whether the statement that was read last ended with a semicolon.
    var isAfterSemicolon: Bool {
        previousEnd.offset > 0 && lexer.bytes[previousEnd.offset - 1] == UInt8(ascii: ";")
    }

    private mutating func beginStatement(afterSemicolon: Bool) {
        if afterSemicolon {
            statementStart = token.end.offset
            advance()
        }
        statementStart = token.start.offset
        expectations.removeAll(keepingCapacity: true)
        previousName = nil
        depth = 0
        height = 0
    }

    /// Takes the next token.
    mutating func advance() {
        previousEnd = token.end
        if case .word = token.kind { previousName = token } else { previousName = nil }
        readToken()
    }

    /// Reads the token at the lexer's mark, without taking one.
    mutating func readToken() {
        expectations.removeAll(keepingCapacity: true)
        token = lexer.next()
        if case .end = token.kind { return }
        if !token.isSymbol(.semicolon), token.end.offset - statementStart > Self.maximumStatementByteCount {
            let error = DatabaseError(
                "54001", "a statement cannot be longer than \(Self.maximumStatementByteCount) bytes",
                hint: "bind long lists and volumes as parameters", position: token.position)
            token = Token(kind: .invalid(error), start: token.start, end: token.end)
        }
    }

    /// The token after the next one.
    func peek() -> Token {
        var ahead = lexer
        return ahead.next()
    }

    /// The stretch from a mark to the last token that was taken.
    func span(from start: TextMark) -> NodePosition { NodePosition(start.position(to: previousEnd)) }

    /// Goes one level deeper.
    ///
    /// - Throws: 54001 below `maximumDepth`.
    mutating func descend() throws(DatabaseError) {
        depth += 1
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.nestWithoutLimit) { return }
        #endif
        if depth > Self.maximumDepth {
            throw DatabaseError(
                "54001", "the statement is nested more than \(Self.maximumDepth) levels deep",
                hint: "take brackets or EXPLAIN away, or run it in parts", position: token.position)
        }
    }

    mutating func ascend() { depth -= 1 }

    /// Notes the height of an expression.
    ///
    /// - Throws: 54001 above `maximumHeight`.
    mutating func setHeight(_ height: Int) throws(DatabaseError) {
        self.height = height
        if height > Self.maximumHeight {
            throw DatabaseError(
                "54001", "the expression has more than \(Self.maximumHeight) levels",
                hint: "use brackets to make its tree less deep, or bind a list", position: token.position)
        }
    }
}

/// Which operators an expression may have.
enum ExpressionDialect: Sendable {
    /// Per voxel: no LIKE, IS NULL, JSON members, subqueries or paths.
    case voxels
    case rows
}
