import BossDatabase

/// The session: settings, transactions, prepared statements, the default path.
extension Parser {
    /// SET METADATA, SET LIMIT or SET name = value.
    mutating func set() throws(DatabaseError) -> Statement {
        let start = token.start
        if peek().keyword == .metadata || peek().keyword == .limit, !isAssignment {
            try expect(.set)
            if isNext(.metadata) { return try setMetadata(from: start) }
            return try setLimit(from: start)
        }
        return try setSetting(from: start, forAll: false)
    }

    /// Whether the second token from the next one is `=`.
    private var isAssignment: Bool {
        var ahead = lexer
        _ = ahead.next()
        return ahead.next().isSymbol(.equal)
    }

    mutating func setSetting(from start: TextMark, forAll: Bool) throws(DatabaseError) -> Statement {
        try expect(.set)
        let name = try settingName()
        try expect(.equal, hint: "a setting is changed by SET name = value; SHOW SETTINGS lists them")
        let value: SettingValue
        if isAtScalar {
            value = .scalar(try scalar())
        } else if case .invalid(var error) = token.kind,
            SettingName(rawValue: name.folded) == .historyRetention
        {
            // Days and hours are no units of the language.
            let written = lexer.string(from: token.start.offset, to: token.end.offset)
            error.hint = "a time is written in quotes: '\(written)'"
            throw error
        } else {
            value = .word(try word("a value"))
        }
        return .setting(
            SettingStatement(
                name: name, action: forAll ? .setForAll(value) : .set(value), position: span(from: start)))
    }

    mutating func reset() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.reset)
        let name = try settingName()
        return .setting(SettingStatement(name: name, action: .reset, position: span(from: start)))
    }

    /// No setting has a reserved name, so quotes would not help.
    private mutating func settingName() throws(DatabaseError) -> Identifier {
        do { return try identifier("the name of a setting") } catch {
            var error = error
            error.hint = "one setting at a time; SHOW SETTINGS lists them"
            throw error
        }
    }

    mutating func transaction() throws(DatabaseError) -> Statement {
        let start = token.start
        let statement: TransactionStatement
        if accept(.begin) {
            let isReadOnly = accept(.read)
            if isReadOnly {
                try expect(.only, hint: "BEGIN alone begins a transaction that reads and writes")
            }
            statement = .begin(isReadOnly: isReadOnly)
        } else if accept(.commit) {
            statement = .commit(message: accept(.message) ? try text("a message") : nil)
        } else if accept(.rollback) {
            statement = .rollback(to: accept(.to) ? try savepointName() : nil)
        } else if accept(.release) {
            statement = .release(try savepointName())
        } else {
            try expect(.savepoint)
            statement = .savepoint(try identifier("a savepoint"))
        }
        return .transaction(statement, span(from: start))
    }

    /// A savepoint after the word SAVEPOINT, which may be left out; alone the word is a name.
    private mutating func savepointName() throws(DatabaseError) -> Identifier {
        if token.keyword == .savepoint {
            switch peek().kind {
            case .word, .quotedIdentifier: advance()
            default: break
            }
        }
        return try identifier("a savepoint")
    }

    mutating func use() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.use)
        if token.keyword == .branch, peek().startsName {
            advance()
            let name = try name("the name of a branch")
            try expect(.of)
            let path = try path()
            return .version(.useBranch(name, path), span(from: start))
        }
        let path = isAtPath ? try path() : nil
        return .use(path, span(from: start))
    }

    mutating func prepare() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.prepare)
        let name = try identifier("a name")
        try expect(.as)
        highestParameter = 0
        let statement = try nestedStatement()
        return .prepare(
            PrepareStatement(
                name: name, statement: statement, parameterCount: highestParameter,
                position: span(from: start)))
    }

    mutating func execute() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.execute)
        let name = try identifier("the name of a prepared statement")
        var arguments: [ExecuteStatement.Argument] = []
        if accept(.leftParenthesis), !accept(.rightParenthesis) {
            repeat {
                if accept(.leftParenthesis) {
                    arguments.append(.list(try scalars()))
                    try expect(.rightParenthesis)
                } else {
                    arguments.append(.scalar(try scalar()))
                }
            } while accept(.comma)
            try expect(.rightParenthesis)
        }
        return .execute(ExecuteStatement(name: name, arguments: arguments, position: span(from: start)))
    }

    mutating func deallocate() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.deallocate)
        let name = try identifier("the name of a prepared statement")
        return .deallocate(name, span(from: start))
    }

    mutating func explain() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.explain)
        let isAnalyzed = accept(.analyze)
        var format: Identifier?
        if accept(.leftParenthesis) {
            try expect(.format)
            format = try word("the name of a format")
            try expect(.rightParenthesis)
        }
        let statement = try nestedStatement()
        return .explain(
            ExplainStatement(
                isAnalyzed: isAnalyzed, format: format, statement: statement, position: span(from: start)))
    }

    /// `DESCRIBE path` or `DESCRIBE statement`. A word that could start both is a path when it stands alone
    /// or goes on as one.
    mutating func describe() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.describe)
        if token.keyword?.startsStatement == true, !isPathComplete {
            let statement = try nestedStatement()
            return .describeStatement(statement, span(from: start))
        }
        let path = try path("a path or a statement")
        return .describePath(path, span(from: start))
    }

    /// Whether the next text, read as a path, is all there is up to the end of the statement.
    private var isPathComplete: Bool {
        var ahead = lexer
        ahead.move(to: token.start)
        guard (try? ahead.path()) != nil else { return false }  // a malformed path is not complete
        let next = ahead.next()
        if case .end = next.kind { return true }
        return next.isSymbol(.semicolon)
    }
}

extension Token {
    /// Whether a name of a path can start with this token.
    var startsName: Bool {
        switch kind {
        case .word, .quotedIdentifier, .integer, .decimal, .quantity, .symbol(.minus), .invalid: true
        default: false
        }
    }
}
