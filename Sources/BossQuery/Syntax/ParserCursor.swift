import BossDatabase

/// Something that the grammar allows at a place, for messages.
enum Expectation: Hashable {
    case keyword(Keyword)
    case symbol(Symbol)
    /// A kind of thing, such as `a path`.
    case thing(String)
    case end

    var text: String {
        switch self {
        case .keyword(let keyword): keyword.text
        case .symbol(let symbol): symbol.rawValue
        case .thing(let name): name
        case .end: "the end of the statement"
        }
    }
}

/// Looking at the next token, taking it, and saying what was wrong with it.
extension Parser {
    /// Whether the keyword is next.
    mutating func isNext(_ keyword: Keyword) -> Bool {
        if token.keyword == keyword { return true }
        expectations.append(.keyword(keyword))
        return false
    }

    /// Takes the keyword if it is next.
    mutating func accept(_ keyword: Keyword) -> Bool {
        guard isNext(keyword) else { return false }
        advance()
        return true
    }

    /// Takes two keywords if the first is next; the second must then follow.
    mutating func accept(_ first: Keyword, _ second: Keyword) throws(DatabaseError) -> Bool {
        guard accept(first) else { return false }
        try expect(second)
        return true
    }

    mutating func expect(_ keywords: Keyword...) throws(DatabaseError) {
        for keyword in keywords where !accept(keyword) { throw unexpected() }
    }

    /// Expects a keyword whose absence alone says little.
    mutating func expect(_ keyword: Keyword, hint: String) throws(DatabaseError) {
        guard !accept(keyword) else { return }
        var error = unexpected()
        error.hint = error.hint ?? hint
        throw error
    }

    /// Takes the symbol if it is next.
    mutating func accept(_ symbol: Symbol) -> Bool {
        guard token.isSymbol(symbol) else {
            expectations.append(.symbol(symbol))
            return false
        }
        advance()
        return true
    }

    mutating func expect(_ symbol: Symbol) throws(DatabaseError) {
        if !accept(symbol) { throw unexpected() }
    }

    /// Expects a symbol whose absence alone says little.
    mutating func expect(_ symbol: Symbol, hint: String) throws(DatabaseError) {
        guard !accept(symbol) else { return }
        var error = unexpected()
        error.hint = error.hint ?? hint
        throw error
    }

    /// Takes one of the words of an option, and gives what it stands for.
    mutating func choice<Choice>(_ choices: Choice.Type) throws(DatabaseError) -> Located<Choice>
    where Choice: CaseIterable & RawRepresentable<String> & Hashable & Sendable {
        guard let choice = try acceptChoice(choices) else { throw unexpected() }
        return choice
    }

    /// Takes one of the words of an option if one is next.
    mutating func acceptChoice<Choice>(_ choices: Choice.Type) throws(DatabaseError) -> Located<Choice>?
    where Choice: CaseIterable & RawRepresentable<String> & Hashable & Sendable {
        let position = NodePosition(token.position)
        for choice in choices.allCases {
            guard let keyword = Keyword(word: choice.rawValue) else { continue }
            if accept(keyword) { return Located(choice, position) }
        }
        return nil
    }

    /// The error about the next token, after everything that could have stood there was looked for.
    mutating func unexpected(_ thing: String? = nil) -> DatabaseError {
        if case .invalid(let error) = token.kind { return error }
        // A path ends before what cannot go on with it: `lab/\u{E9}` stops at the slash, which is not to blame.
        if token.isSymbol(.slash), case .invalid(let error) = peek().kind,
            peek().start.offset == token.end.offset
        {
            return error
        }
        if let thing { expectations.append(.thing(thing)) }
        var seen: Set<Expectation> = []
        let possible = expectations.filter { seen.insert($0).inserted }
        let message: String
        if possible.isEmpty {
            message = "\(foundText) cannot stand here"
        } else {
            message = "expected \(Self.list(possible.map(\.text))), found \(foundText)"
        }
        return DatabaseError("42601", message, hint: suggestion(among: possible), position: token.position)
    }

    /// `A, B or C`; a long list is cut.
    private static func list(_ names: [String]) -> String {
        let limit = 12
        guard names.count <= limit else { return names.prefix(limit).joined(separator: ", ") + " and others" }
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " or " + last
    }

    /// The next token as messages show it.
    private var foundText: String {
        if case .end = token.kind { return "the end of the text" }
        if token.isSymbol(.semicolon) { return "the end of the statement" }
        let text = lexer.string(from: token.start.offset, to: token.end.offset)
        return text.count > 40 ? text.prefix(40) + "..." : text
    }

    /// A keyword that was possible and is spelt nearly like the next word or the one before it.
    private func suggestion(among possible: [Expectation]) -> String? {
        if case .word(let word, _) = token.kind,
            let hint = OtherDialects.hint(for: word, after: previousName?.keyword)
        {
            return hint
        }
        let keywords = possible.compactMap { expectation in
            if case .keyword(let keyword) = expectation { keyword.text } else { nil }
        }
        for candidate in [token, previousName].compactMap(\.self) {
            guard case .word(let word, _) = candidate.kind else { continue }
            if let near = NearMiss.best(for: word.uppercased(), among: keywords) {
                return "did you mean \(near)?"
            }
        }
        return nil
    }
}

/// Finds the name that was probably meant.
package enum NearMiss {
    /// The candidate with the fewest edits, if it is near enough to be meant: at most one edit up to four
    /// letters, two in longer words; else the only one of which the word is a part, between underscores. nil if the
    /// word is itself a candidate.
    package static func best(for word: String, among candidates: [String]) -> String? {
        let limit = word.utf8.count <= 4 ? 1 : 2
        guard word.utf8.count <= 64, !candidates.contains(word) else { return nil }
        let near =
            candidates
            .map { (name: $0, distance: distance(Array(word.utf8), Array($0.utf8))) }
            .filter { $0.distance <= limit && $0.distance < $0.name.utf8.count - 1 }
            .min { $0.distance < $1.distance }?
            .name
        if let near { return near }
        let whole = candidates.filter { $0.split(separator: "_").contains { $0 == word } }
        return whole.count == 1 ? whole.first : nil
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other
    /// (optimal string alignment).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        if abs(left.count - right.count) > 2 { return Int.max }
        var beforeLast = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        for row in 0..<left.count {
            var current = [row + 1]
            for column in 0..<right.count {
                let isSame = left[row] == right[column]
                var best = min(last[column] + (isSame ? 0 : 1), last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
