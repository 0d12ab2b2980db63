import BossDatabase

/// Cuts statement text into tokens, one at a time.
///
/// The parser decides how the next stretch is read: `next()` for ordinary tokens, `path()` from the start of
/// a token where the grammar has a path. No bytes make it trap; what is no token becomes an `invalid` token.
struct Lexer: Sendable {
    let bytes: [UInt8]
    /// The next byte to read.
    private(set) var mark = TextMark()

    /// Text as UTF-8, which need not be valid.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { mark.offset = 3 }
    }

    /// Goes back to the start of a token.
    mutating func move(to mark: TextMark) { self.mark = mark }

    /// The byte some way ahead, or nil past the end.
    func byte(ahead count: Int = 0) -> UInt8? {
        let index = mark.offset + count
        return index < bytes.count ? bytes[index] : nil
    }

    /// Steps over bytes and keeps count of lines and columns.
    mutating func advance(_ count: Int = 1) {
        for _ in 0..<count where mark.offset < bytes.count {
            let byte = bytes[mark.offset]
            mark.offset += 1
            if byte & 0xC0 == 0x80 { continue }
            mark.characters += 1
            if byte == UInt8(ascii: "\n") {
                mark.line += 1
                mark.column = 1
            } else {
                mark.column += 1
            }
        }
    }

    /// Reads the next token; at the end of the text always `end`.
    mutating func next() -> Token {
        let beforeBlanks = mark
        do {
            try skipBlanks()
        } catch {
            return Token(kind: .invalid(error), start: beforeBlanks, end: mark)
        }
        let start = mark
        do {
            let kind = try kind()
            return Token(kind: kind, start: start, end: mark)
        } catch {
            if mark.offset == start.offset { advance() }
            return Token(kind: .invalid(error), start: start, end: mark)
        }
    }

    private mutating func kind() throws(DatabaseError) -> Token.Kind {
        guard let first = byte() else { return .end }
        switch first {
        case UInt8(ascii: "'"): return .text(try quoted(by: first, what: "text"))
        case UInt8(ascii: "\""):
            let start = mark
            let name = try quoted(by: first, what: "quoted name")
            if name.isEmpty { throw emptyName(from: start) }
            return .quotedIdentifier(name)
        case UInt8(ascii: "$"): return .parameter(try parameter())
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: break
        }
        if first.isWordStart {
            let isX = first == UInt8(ascii: "X") || first == UInt8(ascii: "x")
            if isX, byte(ahead: 1) == UInt8(ascii: "'") { return .bytes(try hexadecimalBytes()) }
            let word = run { $0.isWordByte }
            return .word(word, Keyword(word: word))
        }
        return .symbol(try symbol())
    }

    private mutating func symbol() throws(DatabaseError) -> Symbol {
        if let symbol = symbolAhead() {
            advance(symbol.rawValue.utf8.count)
            return symbol
        }
        let start = mark
        try advanceCharacter()
        let character = string(from: start.offset, to: mark.offset)
        throw failure(
            "the character \(character.debugDescription) has no meaning here", from: start,
            hint: character.first?.isLetter == true
                ? "names have 1 to 255 letters a to z or A to Z, digits, _ and -" : nil)
    }

    /// The longest operator at the mark.
    private func symbolAhead() -> Symbol? {
        guard let first = byte(), first < 0x80 else { return nil }
        let second = byte(ahead: 1) ?? 0
        switch (UnicodeScalar(first), UnicodeScalar(second)) {
        case ("<", ">"): return .notEqual
        case ("<", "="): return .lessOrEqual
        case (">", "="): return .greaterOrEqual
        case ("!", "="): return .alsoNotEqual
        case ("|", "|"): return .concatenate
        case ("-", ">"): return byte(ahead: 2) == UInt8(ascii: ">") ? .doubleArrow : .arrow
        default: return Self.shortSymbols[first]
        }
    }

    private static let shortSymbols = Dictionary(
        uniqueKeysWithValues: Symbol.allCases.filter { $0.rawValue.utf8.count == 1 }
            .compactMap { symbol in symbol.rawValue.utf8.first.map { ($0, symbol) } })

    /// Blanks, line ends and comments.
    private mutating func skipBlanks() throws(DatabaseError) {
        while let byte = byte() {
            if byte == UInt8(ascii: " ") || (9...13).contains(byte) {
                advance()
            } else if byte == UInt8(ascii: "-"), self.byte(ahead: 1) == byte {
                while let byte = self.byte(), byte != UInt8(ascii: "\n") { try advanceCharacter() }
            } else if byte == UInt8(ascii: "/"), self.byte(ahead: 1) == UInt8(ascii: "*") {
                try skipBlockComment()
            } else {
                return
            }
        }
    }

    private mutating func skipBlockComment() throws(DatabaseError) {
        let start = mark
        advance(2)
        while let byte = byte() {
            if byte == UInt8(ascii: "*"), self.byte(ahead: 1) == UInt8(ascii: "/") {
                advance(2)
                return
            }
            try advanceCharacter()
        }
        throw unterminated("comment", from: start, hint: "end it with */")
    }

    /// Reads `'...'` or `"..."`, where the quote itself is written twice.
    mutating func quoted(by quote: UInt8, what: String) throws(DatabaseError) -> String {
        let start = mark
        advance()
        var content: [UInt8] = []
        while let byte = byte() {
            let before = mark.offset
            try advanceCharacter()
            if byte != quote {
                content.append(contentsOf: bytes[before..<mark.offset])
            } else if self.byte() == quote {
                content.append(quote)
                advance()
            } else {
                return String(decoding: content, as: UTF8.self)
            }
        }
        throw unterminated(what, from: start, hint: "end it with \(Character(UnicodeScalar(quote)))")
    }

    /// Steps over one character of the text and checks that it is one.
    private mutating func advanceCharacter() throws(DatabaseError) {
        let start = mark
        let length = characterLength()
        advance(max(1, length))
        if length == 0 { throw failure("the text is not valid UTF-8", from: start) }
    }

    /// Reads bytes while they belong.
    mutating func run(while belongs: (UInt8) -> Bool) -> String {
        let start = mark.offset
        var end = start
        while end < bytes.count, belongs(bytes[end]) { end += 1 }
        advance(end - start)
        return string(from: start, to: end)
    }

    /// The text between two offsets; bytes that are not UTF-8 are replaced.
    func string(from start: Int, to end: Int) -> String {
        String(decoding: bytes[start..<end], as: UTF8.self)
    }

    /// An error about the text from a mark to where the lexer stands.
    func failure(
        _ message: String, from start: TextMark, hint: String? = nil, sqlState: String = "42601"
    ) -> DatabaseError {
        DatabaseError(sqlState, message, hint: hint, position: start.position(to: mark))
    }

    func emptyName(from start: TextMark) -> DatabaseError {
        failure(
            "a name cannot be empty", from: start, hint: "names have 1 to 255 letters, digits, _ and -",
            sqlState: "42602")
    }

    private func unterminated(_ what: String, from start: TextMark, hint: String) -> DatabaseError {
        var opening = start
        opening.characters += 1
        return DatabaseError(
            "42601", "the \(what) that starts here has no end", hint: hint,
            position: start.position(to: opening))
    }

    /// Bytes of the UTF-8 character at the mark, or 0 if they are not one.
    private func characterLength() -> Int {
        guard let first = byte() else { return 0 }
        if first < 0x80 { return 1 }
        let length =
            switch first {
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 0
            }
        guard length > 0, mark.offset + length <= bytes.count else { return 0 }
        let second = bytes[mark.offset + 1]
        let allowed: ClosedRange<UInt8> =
            switch first {
            case 0xE0: 0xA0...0xBF
            case 0xED: 0x80...0x9F
            case 0xF0: 0x90...0xBF
            case 0xF4: 0x80...0x8F
            default: 0x80...0xBF
            }
        guard allowed.contains(second) else { return 0 }
        for index in 2..<max(2, length) where bytes[mark.offset + index] & 0xC0 != 0x80 { return 0 }
        return length
    }
}

extension UInt8 {
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    var isHexadecimalDigit: Bool { hexadecimalValue != nil }

    /// 0 to 15, or nil for other bytes.
    var hexadecimalValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    var isWordStart: Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) || self == UInt8(ascii: "_")
    }

    /// Letters, digits and `_`.
    var isWordByte: Bool { isWordStart || isDigit }

    /// What may stand in a plain path segment: a word byte or a hyphen.
    var isNameByte: Bool { isWordByte || self == UInt8(ascii: "-") }
}
