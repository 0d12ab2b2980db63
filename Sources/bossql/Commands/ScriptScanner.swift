/// A statement cut out of a script or out of lines that someone types.
struct ScannedStatement: Hashable {
    /// Its text, with the `;` if there was one.
    var text: String
    /// The line it begins on, from 1.
    var line: Int
    /// The largest n of its `$n`; 0 when it has no parameters.
    var highestParameter: Int
}

/// Cuts text into statements at `;`, line by line, looking at every byte once.
///
/// States: statement, `'text'`, `"identifier"`, `-- comment`, `/* comment */`. A doubled quote ends and
/// begins its literal again. A `--` inside a path such as `lab/a--b` belongs to the name, as it does for
/// the lexer in path mode.
struct ScriptScanner {
    private enum State {
        case statement, text, identifier, lineComment, blockComment
    }

    private var state = State.statement
    private var buffer: [UInt8] = []
    private var previous: UInt8 = 0
    private var wordHasSlash = false
    private var parameter: Int?
    private var highestParameter = 0
    private var hasContent = false
    private var line = 0
    private var firstLine = 0

    /// Whether a statement is begun and not ended: the next line continues it.
    var isContinuing: Bool { hasContent || state == .blockComment }

    /// What must be closed before the statement can end: `'`, `"` or `*` of a comment.
    var openMark: Character? {
        switch state {
        case .text: "'"
        case .identifier: "\""
        case .blockComment: "*"
        case .statement, .lineComment: nil
        }
    }

    /// What is pending, for completion.
    var pendingText: String { String(decoding: buffer, as: UTF8.self) }

    /// Takes one line without its newline; gives the statements that end on it.
    mutating func feed(_ text: some StringProtocol) -> [ScannedStatement] {
        line += 1
        var found: [ScannedStatement] = []
        for byte in text.utf8 {
            if let statement = take(byte) { found.append(statement) }
        }
        if isContinuing {
            _ = take(0x0A)
        } else {
            // Blank, or nothing but comments.
            reset()
        }
        return found
    }

    /// Counts a line that was not fed, such as one with a dot command.
    mutating func skipLine() { line += 1 }

    /// What is left at the end of the input, which needs no `;`; nil when only blanks and comments are.
    mutating func finish() -> ScannedStatement? {
        defer { reset() }
        // An open comment is no end: the parser says so.
        return isContinuing ? current() : nil
    }

    /// Forgets what is pending, as Ctrl-C does.
    mutating func reset() {
        state = .statement
        buffer.removeAll(keepingCapacity: true)
        previous = 0
        wordHasSlash = false
        parameter = nil
        highestParameter = 0
        hasContent = false
    }

    private func current() -> ScannedStatement {
        var end = buffer.endIndex
        while end > 0, Self.isBlank(buffer[end - 1]) { end -= 1 }
        let text = String(decoding: buffer[..<end], as: UTF8.self)
        return ScannedStatement(text: text, line: firstLine, highestParameter: highestParameter)
    }

    private mutating func take(_ byte: UInt8) -> ScannedStatement? {
        if buffer.isEmpty {
            if Self.isBlank(byte) { return nil }
            firstLine = line
        }
        buffer.append(byte)
        let stateBefore = state
        // The characters that begin or end a comment belong to no other pair: `/*/` ends nothing.
        defer { previous = state == stateBefore ? byte : 0 }
        switch state {
        case .statement: return takeInStatement(byte)
        case .text: if byte == UInt8(ascii: "'") { state = .statement }
        case .identifier: if byte == UInt8(ascii: "\"") { state = .statement }
        case .lineComment: if byte == 0x0A { state = .statement }
        case .blockComment:
            if byte == UInt8(ascii: "/"), previous == UInt8(ascii: "*") {
                state = .statement
                wordHasSlash = false
            }
        }
        return nil
    }

    private mutating func takeInStatement(_ byte: UInt8) -> ScannedStatement? {
        noteParameter(byte)
        switch byte {
        case UInt8(ascii: ";"):
            let statement = hasContent ? current() : nil
            reset()
            return statement
        case UInt8(ascii: "'"):
            state = .text
        case UInt8(ascii: "\""):
            state = .identifier
        case UInt8(ascii: "-") where previous == UInt8(ascii: "-") && !wordHasSlash:
            state = .lineComment
            return nil
        case UInt8(ascii: "*") where previous == UInt8(ascii: "/"):
            state = .blockComment
            return nil
        default: break
        }
        if byte == UInt8(ascii: "/") {
            wordHasSlash = true
        } else if !Self.isName(byte) {
            wordHasSlash = false
        }
        // A single `-` or `/` may turn out to begin a comment; alone it makes no statement either.
        if !Self.isBlank(byte), byte != UInt8(ascii: "-"), byte != UInt8(ascii: "/") { hasContent = true }
        return nil
    }

    private mutating func noteParameter(_ byte: UInt8) {
        if byte == UInt8(ascii: "$") {
            parameter = 0
        } else if let number = parameter, (0x30...0x39).contains(byte) {
            // $1 to $999; more digits are the parser's to refuse.
            parameter = min(1000, number * 10 + Int(byte - 0x30))
            highestParameter = max(highestParameter, parameter ?? 0)
        } else {
            parameter = nil
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "\""):
            true
        default: false
        }
    }
}
