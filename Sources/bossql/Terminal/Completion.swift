/// Where the cursor stands when Tab is pressed.
struct CompletionContext: Hashable {
    /// The statement so far, lines before this one included, up to the word.
    var before: String
    /// The word to complete, perhaps empty.
    var word: String
    /// Whether the word stands inside `'...'`.
    var isQuoted: Bool
}

/// The words that Tab can complete; paths and files are asked for when needed.
struct Completer {
    /// The language's keywords, upper case.
    var keywords: [String]
    /// Names for SET and RESET.
    var settings: [String]
    /// Paths that begin with the text, `/` at the end where there is more below.
    var resources: (String) -> [String]
    /// Files that begin with the text, `/` at the end of folders.
    var files: (String) -> [String]

    private static let pathWords: Set<String> = [
        "FROM", "IN", "INTO", "ON", "USE", "COPY", "DOWNSAMPLE", "EXPORT", "WITHIN", "ROI", "TO",
        "COLLECTION",
        "EXPERIMENT", "CHANNEL", "CREATE", "DESCRIBE", "CHECK", "COMPACT", "RELABEL", "RESTORE", "WARM",
        "EVICT",
        "CUTOUT", "OF",
    ]
    /// Words that are followed by a path and by other words just as well.
    private static let ambiguousWords: Set<String> = ["TO", "CREATE", "CUTOUT", "IN", "ON", "OF", "DESCRIBE"]
    private static let verbs = [
        "SELECT", "FIND", "BBOX", "COUNT", "STATS", "HISTOGRAM", "SHOW", "DESCRIBE", "INSERT", "DELETE",
        "UPDATE",
        "COPY", "RESERVE", "DOWNSAMPLE", "CREATE", "ALTER", "DROP", "SET", "UNSET", "RESET", "USE", "IMPORT",
        "EXPORT", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "EXPLAIN", "PREPARE", "EXECUTE", "CHECK",
        "COMPACT",
        "CHECKPOINT", "BACKUP", "GRANT", "RELEASE", "RESTORE", "REVOKE",
    ]

    /// Candidates that begin with the word, each the whole new word.
    func candidates(_ context: CompletionContext) -> [String] {
        let before = context.before.drop { $0.isWhitespace }
        if before.isEmpty, context.word.hasPrefix(".") {
            return matching(DotCommandInfo.all.map(\.name), context.word)
        }
        if before.hasPrefix(".") { return commandArguments(String(before), context) }
        if context.isQuoted { return files(context.word) }
        let previous = Self.lastWord(before)
        if previous.isEmpty || before.last == ";" {
            return inCase(of: context.word, matching(Self.verbs, context.word))
        }
        if before.last == "(" || context.word.contains(where: { $0 == "/" || $0 == "@" }) {
            return resources(context.word)
        }
        if previous == "SET" || previous == "RESET" {
            return matching(settings, context.word)
                + inCase(of: context.word, matching(["METADATA", "LIMIT"], context.word))
        }
        let words = inCase(of: context.word, matching(keywords, context.word))
        guard Self.pathWords.contains(previous) else { return context.word.isEmpty ? [] : words }
        let paths = resources(context.word)
        return Self.ambiguousWords.contains(previous) || paths.isEmpty
            ? paths + (context.word.isEmpty ? [] : words) : paths
    }

    private func commandArguments(_ before: String, _ context: CompletionContext) -> [String] {
        let words = before.split(whereSeparator: \.isWhitespace)
        guard let name = words.first, let command = DotCommandInfo.named(String(name)) else { return [] }
        switch command.argument {
        case .nothing: return []
        case .onOff: return words.count == 1 ? matching(["on", "off"], context.word) : []
        case .format:
            return words.count == 1 ? matching(OutputFormat.allCases.map(\.rawValue), context.word) : []
        case .file: return words.count == 1 ? files(context.word) : []
        case .resource: return words.count == 1 ? resources(context.word) : []
        case .fileThenResource:
            return words.count == 1 ? files(context.word) : words.count == 2 ? resources(context.word) : []
        case .topic:
            let topics = HelpTopic.all.compactMap { $0.name.split(separator: " ").first.map(String.init) }
            let names = DotCommandInfo.all.map(\.name)
            let unique = Set(topics).sorted()
            return matching(names, context.word) + inCase(of: context.word, matching(unique, context.word))
        case .words(let choices):
            if words.count == 1 { return matching(choices, context.word) }
            guard context.word.hasPrefix("@") else { return [] }
            return files(String(context.word.dropFirst())).map { "@" + $0 }
        }
    }

    private func matching(_ candidates: [String], _ word: String) -> [String] {
        let wanted = word.lowercased()
        return candidates.filter { $0.lowercased().hasPrefix(wanted) }
    }

    /// Keywords as they are being typed: lower case if the word begins so.
    private func inCase(of word: String, _ candidates: [String]) -> [String] {
        let isLower = word.first?.isLowercase ?? false
        return isLower ? candidates.map { $0.lowercased() } : candidates
    }

    private static func lastWord(_ text: Substring) -> String {
        let trimmed = text.reversed().drop { $0.isWhitespace }
        return String(trimmed.prefix { $0.isLetter || $0 == "_" }.reversed()).uppercased()
            + (trimmed.first.map { $0.isLetter || $0 == "_" } ?? true ? "" : "?")
    }
}
