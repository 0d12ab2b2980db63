import CReadline
import Glibc

/// Lines from the keyboard with editing, completion and a history file. One per process, main thread only.
final class LineEditor {
    /// What a read gave.
    enum Event: Hashable {
        case line(String)
        /// Ctrl-C: what was typed is to be forgotten.
        case interrupted
        /// Ctrl-D, or the terminal is gone.
        case end
    }

    /// readline calls back without context, so the one editor's closure stands here. Main thread only.
    nonisolated(unsafe) private static var complete: (CompletionContext) -> [String] = { _ in [] }
    /// Lines of the statement before the one being edited. Main thread only.
    nonisolated(unsafe) private static var earlierLines = ""

    private static let maximumHistoryCount: Int32 = 10_000

    private let historyPath: String?

    /// - Parameters:
    ///   - historyPath: nil keeps the history in memory.
    ///   - complete: candidates for Tab.
    init(historyPath: String?, complete: @escaping (CompletionContext) -> [String]) {
        self.historyPath = historyPath
        Self.complete = complete
        boss_readline_initialize("bossql") { line, start, word, quote in
            guard let line, let word else { return }
            let bytes = UnsafeRawBufferPointer(start: line, count: max(0, Int(start)))
            let context = CompletionContext(
                before: LineEditor.earlierLines + String(decoding: bytes, as: UTF8.self),
                word: String(cString: word), isQuoted: quote != 0)
            for candidate in LineEditor.complete(context) { boss_readline_add_candidate(candidate) }
        }
        // An unreadable history file costs the history only.
        if let historyPath { _ = boss_history_load(historyPath) }
    }

    /// - Parameter earlierLines: the lines that this one continues, for completion.
    func read(prompt: String, earlierLines: String) -> Event {
        Self.earlierLines = earlierLines
        let line = boss_readline_read(prompt)
        defer { free(line) }
        if boss_readline_take_interrupt() { return .interrupted }
        guard let line else { return .end }
        return .line(String(cString: line))
    }

    /// Remembers a whole statement or command, unless it begins with a blank. What holds a password is
    /// kept in memory only.
    func remember(_ entry: String) {
        guard let first = entry.first, !first.isWhitespace, boss_history_add(entry) else { return }
        if let historyPath, !entry.uppercased().contains("PASSWORD") {
            // A history that cannot be written must not stop the work.
            _ = boss_history_append_last(historyPath)
        }
    }

    /// Every entry, oldest first.
    var history: [String] {
        (0..<boss_history_count()).compactMap { boss_history_entry($0).map { String(cString: $0) } }
    }

    /// Cuts the history file to its newest entries.
    func close() {
        if let historyPath { _ = boss_history_truncate(historyPath, Self.maximumHistoryCount) }
    }

    /// `BOSSQL_HISTORY` (empty for no file), an existing `~/.bossql_history`,
    /// `$XDG_STATE_HOME/bossql_history`, or `~/.bossql_history`.
    static func historyPath(environment: (String) -> String?, exists: (String) -> Bool) -> String? {
        if let path = environment("BOSSQL_HISTORY") { return path.isEmpty ? nil : path }
        let home = environment("HOME").map { "\($0)/.bossql_history" }
        if let home, exists(home) { return home }
        if let state = environment("XDG_STATE_HOME"), exists(state) { return "\(state)/bossql_history" }
        return home
    }
}
