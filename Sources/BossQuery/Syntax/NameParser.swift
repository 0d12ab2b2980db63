import BossDatabase

/// Names, paths, numbers and constants.
extension Parser {
    /// A name that is not reserved.
    mutating func identifier(_ what: String) throws(DatabaseError) -> Identifier {
        if case .word(_, let keyword) = token.kind, keyword?.isReserved == true {
            expectations.append(.thing(what))
            var error = unexpected()
            error.hint =
                "\(keyword?.text ?? "the word") is reserved; write it in double quotes to use it as a name"
            throw error
        }
        return try word(what)
    }

    /// Any name, reserved or not, where no keyword can stand.
    mutating func word(_ what: String) throws(DatabaseError) -> Identifier {
        let position = NodePosition(token.position)
        switch token.kind {
        case .word(let text, _):
            advance()
            return Identifier(text, position: position)
        case .quotedIdentifier(let text):
            advance()
            return Identifier(text, isQuoted: true, position: position)
        default:
            throw unexpected(what)
        }
    }

    /// `AS name`, or nil.
    mutating func alias() throws(DatabaseError) -> Identifier? {
        accept(.as) ? try word("a name") : nil
    }

    /// Whether the next text can be a path.
    var isAtPath: Bool {
        var ahead = lexer
        ahead.move(to: token.start)
        return ahead.isAtPath
    }

    /// A path, read again from the start of the next token by the lexer's rules for paths.
    mutating func path(_ what: String = "a path") throws(DatabaseError) -> PathSyntax {
        try inPathMode(what) { lexer throws(DatabaseError) in try lexer.path() }
    }

    /// A single name by the rules for paths, such as a snapshot's or a user's.
    mutating func name(_ what: String) throws(DatabaseError) -> Located<String> {
        let start = token.start
        let name = try inPathMode(what) { lexer throws(DatabaseError) in try lexer.segment() }
        return Located(name, span(from: start))
    }

    /// A name that stands as a path of one segment.
    mutating func singleSegmentPath(_ what: String) throws(DatabaseError) -> PathSyntax {
        let name = try name(what)
        return PathSyntax(segments: [name.value], position: name.position)
    }

    /// A version with or without `@`.
    mutating func version() throws(DatabaseError) -> VersionReference {
        if token.isSymbol(.atSign) { advance() }
        lexer.move(to: token.start)
        let version = try lexer.version()
        previousEnd = lexer.mark
        previousName = nil
        readToken()
        return version
    }

    private mutating func inPathMode<Result>(
        _ what: String, _ read: (inout Lexer) throws(DatabaseError) -> Result
    ) throws(DatabaseError) -> Result {
        guard isAtPath else { throw unexpected(what) }
        lexer.move(to: token.start)
        let result = try read(&lexer)
        previousEnd = lexer.mark
        previousName = nil
        readToken()
        return result
    }

    /// Text in single quotes.
    mutating func text(_ what: String) throws(DatabaseError) -> Located<String> {
        guard case .text(let text) = token.kind else { throw unexpected(what + " in single quotes") }
        let position = NodePosition(token.position)
        advance()
        return Located(text, position)
    }

    /// An integer from 0 to 2^64 - 1.
    mutating func unsigned() throws(DatabaseError) -> Located<UInt64> {
        guard case .integer(let value) = token.kind else { throw unexpected("an integer") }
        let position = NodePosition(token.position)
        advance()
        return Located(value, position)
    }

    /// An integer from 0 to 2^31 - 1, as sizes and levels are.
    mutating func integer() throws(DatabaseError) -> Located<Int> {
        let number = try unsigned()
        guard let value = Int32(exactly: number.value) else {
            throw DatabaseError(
                "22003", "\(number.value) is too large here", hint: "the largest value is \(Int32.max)",
                position: number.position.source)
        }
        return Located(Int(value), number.position)
    }

    mutating func quantity(_ what: String) throws(DatabaseError) -> Located<Quantity> {
        guard case .quantity(let quantity) = token.kind else { throw unexpected(what) }
        let position = NodePosition(token.position)
        advance()
        return Located(quantity, position)
    }

    /// `$1` to `$999`.
    mutating func parameter() throws(DatabaseError) -> Located<Int> {
        guard case .parameter(let number) = token.kind else { throw unexpected("a parameter such as $1") }
        highestParameter = max(highestParameter, number)
        let position = NodePosition(token.position)
        advance()
        return Located(number, position)
    }

    /// An integer or a parameter.
    mutating func count() throws(DatabaseError) -> Scalar {
        switch token.kind {
        case .integer:
            let number = try unsigned()
            return .literal(.unsigned(number.value), number.position)
        case .parameter:
            let number = try parameter()
            return .parameter(number.value, number.position)
        default: throw unexpected("an integer or a parameter")
        }
    }

    /// Whether a constant or a parameter is next.
    var isAtScalar: Bool {
        switch token.kind {
        case .text, .bytes, .integer, .decimal, .quantity, .parameter, .symbol(.minus),
            .word(_, .true), .word(_, .false), .word(_, .null):
            true
        default: false
        }
    }

    /// A constant, whose number may have a sign, or a parameter.
    mutating func scalar() throws(DatabaseError) -> Scalar {
        let start = token.start
        if token.isSymbol(.minus) {
            advance()
            let literal = try negativeNumber(from: start)
            return .literal(literal, span(from: start))
        }
        if case .parameter = token.kind {
            let number = try parameter()
            return .parameter(number.value, number.position)
        }
        guard let literal = acceptLiteral() else { throw unexpected("a value") }
        return .literal(literal, span(from: start))
    }

    private mutating func negativeNumber(from start: TextMark) throws(DatabaseError) -> Literal {
        let literal: Literal
        switch token.kind {
        case .integer(let magnitude):
            let value = try negated(magnitude, from: start)
            literal = value == 0 ? .unsigned(0) : .signed(value)
        case .decimal(let value): literal = .float(-value)
        case .quantity(let quantity): literal = .quantity(quantity.negated)
        default: throw unexpected("a number")
        }
        advance()
        return literal
    }

    /// Minus the integer that is the next token.
    ///
    /// - Throws: 22003 below -2^63.
    func negated(_ magnitude: UInt64, from start: TextMark) throws(DatabaseError) -> Int64 {
        guard magnitude <= UInt64(Int64.max) + 1 else {
            throw DatabaseError(
                "22003", "-\(magnitude) is too small for an integer", hint: "the smallest is \(Int64.min)",
                position: start.position(to: token.end))
        }
        return Int64(truncatingIfNeeded: 0 &- magnitude)
    }

    /// Takes a constant without a sign if one is next.
    mutating func acceptLiteral() -> Literal? {
        let literal: Literal
        switch token.kind {
        case .integer(let value): literal = .unsigned(value)
        case .decimal(let value): literal = .float(value)
        case .quantity(let quantity): literal = .quantity(quantity)
        case .text(let text): literal = .text(text)
        case .bytes(let bytes): literal = .bytes(bytes)
        case .word(_, .true): literal = .boolean(true)
        case .word(_, .false): literal = .boolean(false)
        case .word(_, .null): literal = .null
        default: return nil
        }
        advance()
        return literal
    }
}

extension Quantity {
    /// The same quantity with the other sign.
    var negated: Quantity { Quantity(value: -value, unit: unit) }
}
