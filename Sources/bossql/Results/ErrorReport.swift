import BossDatabase

/// An error as people read it on standard error.
///
///     ERROR 42601: expected FROM
///       SELECT CUTOUT FORM em X 0:5;
///                     ^~~~
///       in setup.bql, line 12
///     HINT: did you mean FROM?
enum ErrorReport {
    /// The longest part of a statement line that is shown.
    private static let excerptWidth = 100

    /// - Parameters:
    ///   - statement: the text that the error's position counts from.
    ///   - place: where the statement stands, for example `setup.bql, line 12`.
    static func text(
        _ error: DatabaseError, statement: String?, place: String? = nil, usesColor: Bool = false
    ) -> String {
        let (red, bold, reset) = usesColor ? ("\u{1B}[1;31m", "\u{1B}[1m", "\u{1B}[0m") : ("", "", "")
        var text = "\(red)ERROR \(error.sqlState)\(reset)\(bold): \(printable(error.message))\(reset)\n"
        if let statement, let position = error.position {
            text += excerpt(statement, position)
        }
        if let place { text += "  in \(DisplayWidth.printable(place))\n" }
        if let hint = error.hint { text += "HINT: \(printable(hint))\n" }
        return text
    }

    /// `WARNING 01V01: message`.
    static func warning(sqlState: String, message: String) -> String {
        "WARNING \(sqlState): \(printable(message))\n"
    }

    private static func printable(_ text: String) -> String {
        text.split(separator: "\n").map { DisplayWidth.printable(String($0)) }.joined(separator: "\n      ")
    }

    /// The line of the statement, and a caret under the position. Any offset is taken.
    private static func excerpt(_ statement: String, _ position: SourcePosition) -> String {
        let bytes = Array(statement.utf8)
        var offset = min(max(0, position.utf8Offset), bytes.count)
        // The end of the text is shown behind its last character.
        while offset > 0, offset == bytes.count, isBlank(bytes[offset - 1]) { offset -= 1 }
        let lineStart = bytes[..<offset].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let lineEnd = bytes[offset...].firstIndex(of: 0x0A) ?? bytes.count
        var before = Array(String(decoding: bytes[lineStart..<offset], as: UTF8.self))
        var after = Array(String(decoding: bytes[offset..<lineEnd], as: UTF8.self))
        let marked = after.prefix(max(1, position.length))
        let markedWidth = max(1, DisplayWidth.of(DisplayWidth.printable(String(marked))))
        var (prefix, suffix) = ("", "")
        if before.count > excerptWidth * 2 / 3 {
            before = Array(before.suffix(excerptWidth / 2))
            prefix = "..."
        }
        let room = max(20, excerptWidth - before.count)
        if after.count > room {
            after = Array(after.prefix(room))
            suffix = "..."
        }
        let shownBefore = prefix + DisplayWidth.printable(String(before))
        let shownAfter = DisplayWidth.printable(String(after)) + suffix
        let indent = String(repeating: " ", count: 2 + DisplayWidth.of(shownBefore))
        let underline = String(repeating: "~", count: min(markedWidth - 1, DisplayWidth.of(shownAfter)))
        return "  \(shownBefore)\(shownAfter)\n\(indent)^\(underline)\n"
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }
}
