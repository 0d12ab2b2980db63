/// The prompt: reads lines until Ctrl-D or `.quit`.
struct InteractiveShell {
    let shell: Shell
    /// Whether typed text is ready to run; it is asked only where the scanner would wait for more.
    let isComplete: (String) -> Bool

    /// Runs until the user leaves.
    func run(isTemporary: Bool) throws(ShellError) {
        let shell = shell
        let completer = Completer(
            keywords: Vocabulary.keywords, settings: Vocabulary.settings,
            resources: { text in
                // A listing that fails completes nothing.
                if let found = ResourcePath.versions(text, { (try? shell.session.snapshots(of: $0)) ?? [] }) {
                    return found
                }
                return ResourcePath.completions(text) { (try? shell.session.children(of: $0)) ?? [] }
            },
            files: FileCompletion.candidates)
        let historyPath = LineEditor.historyPath(
            environment: environmentVariable, exists: FileCompletion.exists)
        let editor = LineEditor(historyPath: historyPath, complete: completer.candidates)
        shell.editor = editor
        Interruption.shared.setInteractive(true)
        defer {
            editor.close()
            shell.editor = nil
        }
        try greet(isTemporary: isTemporary)
        try loop(editor)
    }

    private func greet(isTemporary: Bool) throws(ShellError) {
        let place = isTemporary ? "temporary database, removed at exit" : shell.session.path
        try shell.standardOutput.write(
            "BossQL \(ProgramVersion.current), \(place). .help for help, Ctrl-D to leave.\n")
        try shell.standardOutput.flush()
    }

    private func loop(_ editor: LineEditor) throws(ShellError) {
        var scanner = ScriptScanner()
        var entry = ""
        while true {
            let prompt = Self.prompt(
                isContinuing: scanner.isContinuing, isInTransaction: shell.session.isInTransaction,
                openMark: scanner.openMark)
            switch editor.read(prompt: prompt, earlierLines: scanner.pendingText) {
            case .interrupted:
                scanner.reset()
                entry = ""
            case .end:
                try shell.standardOutput.write("\n")
                try shell.standardOutput.flush()
                return
            case .line(let text):
                if !scanner.isContinuing, let command = Self.command(text) {
                    editor.remember(text)
                    if try shell.runCommand(command, place: nil, depth: 0) == .quit { return }
                    continue
                }
                entry += entry.isEmpty ? text : "\n" + text
                // A statement out of the history comes back with its line breaks.
                var statements: [ScannedStatement] = []
                for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
                    statements += scanner.feed(line)
                }
                if scanner.isContinuing, isComplete(entry), let rest = scanner.finish() {
                    statements.append(rest)
                }
                if !scanner.isContinuing {
                    editor.remember(entry)
                    entry = ""
                }
                // What stands behind a failed statement on the same line was meant for its success.
                for statement in statements where try !shell.execute(statement, place: nil) { break }
            }
        }
    }

    /// A dot command, also for the words that people try first.
    static func command(_ line: String) -> String? {
        if line.hasPrefix(".") { return line }
        switch line.lowercased().drop(while: \.isWhitespace).prefix(while: { !$0.isWhitespace && $0 != ";" })
        {
        case "quit", "exit", "\\q": return ".quit"
        case "help", "\\?", "?": return ".help"
        default: return nil
        }
    }

    /// `bossql> `, with a star inside a transaction. Lines that continue a statement have dots, behind the
    /// quote that is still open, if there is one.
    static func prompt(isContinuing: Bool, isInTransaction: Bool, openMark: Character? = nil) -> String {
        let name = isContinuing ? "  \(openMark.map(String.init) ?? " ")..." : "bossql"
        return name + (isInTransaction ? "*> " : "> ")
    }
}
