import BossDatabase

/// Finds out whether typed text is ready to run.
package enum StatementScanner {
    /// Whether the text ends with a finished statement: its last token is a semicolon outside quotes and
    /// comments.
    ///
    /// Text that cannot be parsed is finished when it ends with a semicolon too, so that its error is shown.
    /// Blank text is not finished.
    package static func isComplete(_ text: String) -> Bool {
        var parser = Parser(text)
        do {
            while try parser.next() != nil {}
            return parser.isAfterSemicolon
        } catch {
            return endsWithSemicolon(text)
        }
    }

    /// Whether the last token is a semicolon, by the rules for tokens outside paths.
    private static func endsWithSemicolon(_ text: String) -> Bool {
        var lexer = Lexer(Array(text.utf8))
        var isAfterSemicolon = false
        while true {
            let token = lexer.next()
            if case .end = token.kind { return isAfterSemicolon }
            isAfterSemicolon = token.isSymbol(.semicolon)
        }
    }
}
