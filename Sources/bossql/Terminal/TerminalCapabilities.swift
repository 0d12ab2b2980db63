import Glibc

/// What the terminal behind standard output can show.
struct TerminalCapabilities: Hashable {
    /// How many colours.
    enum Colors: Hashable {
        case none
        case palette256
        case trueColor
    }

    /// Whether standard output is a terminal.
    var isTerminal: Bool
    /// Characters a line.
    var columns: Int
    /// Lines.
    var rows: Int
    /// Colours it understands and the user wants.
    var colors: Colors
    /// Whether the locale's characters are UTF-8.
    var isUTF8: Bool

    /// A file or a pipe: no colours, as wide as a terminal usually is.
    static let plain = TerminalCapabilities(
        isTerminal: false, columns: 80, rows: 24, colors: .none, isUTF8: true)

    /// Decides from environment variables, as https://no-color.org and terminfo names have it.
    ///
    /// - Parameters:
    ///   - environment: the value of a variable, nil when unset.
    ///   - isTerminal: whether output goes to a terminal; no colours otherwise.
    ///   - size: columns and rows, nil when unknown.
    init(environment: (String) -> String?, isTerminal: Bool, size: (columns: Int, rows: Int)?) {
        self.isTerminal = isTerminal
        columns = size.map(\.columns) ?? environment("COLUMNS").flatMap { Int($0) } ?? 80
        rows = size.map(\.rows) ?? 24
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { environment($0) }.first { !$0.isEmpty }
        isUTF8 = locale.map { $0.lowercased().replacing("-", with: "").hasSuffix("utf8") } ?? false
        let wantsNone = environment("NO_COLOR").map { !$0.isEmpty } ?? false
        colors =
            isTerminal && !wantsNone
            ? Self.colors(term: environment("TERM") ?? "dumb", colorTerm: environment("COLORTERM") ?? "")
            : .none
    }

    init(isTerminal: Bool, columns: Int, rows: Int, colors: Colors, isUTF8: Bool) {
        self.isTerminal = isTerminal
        self.columns = columns
        self.rows = rows
        self.colors = colors
        self.isUTF8 = isUTF8
    }

    /// The terminal of this process.
    static func current() -> TerminalCapabilities {
        var window = winsize()
        let hasSize = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &window) == 0 && window.ws_col > 0
        return TerminalCapabilities(
            environment: environmentVariable, isTerminal: isatty(STDOUT_FILENO) == 1,
            size: hasSize ? (Int(window.ws_col), Int(window.ws_row)) : nil)
    }

    private static func colors(term: String, colorTerm: String) -> Colors {
        if term == "dumb" || term.isEmpty { return .none }
        if colorTerm == "truecolor" || colorTerm == "24bit" { return .trueColor }
        let trueColorTerminals = ["alacritty", "kitty", "wezterm", "foot", "ghostty"]
        if term.hasSuffix("-direct") || trueColorTerminals.contains(where: { term.contains($0) }) {
            return .trueColor
        }
        let families = ["xterm", "screen", "tmux", "rxvt", "konsole", "gnome", "vte", "putty", "st-"]
        if term.contains("256color") || families.contains(where: { term.hasPrefix($0) }) {
            return .palette256
        }
        return .none
    }
}

/// A variable of the process's environment.
func environmentVariable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
}
