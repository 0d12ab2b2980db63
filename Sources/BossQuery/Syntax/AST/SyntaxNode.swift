package import BossDatabase

/// Where a node stands in the statement text.
///
/// Positions are equal to each other whatever they hold, so two trees compare by what they say and not by
/// how they were laid out.
package struct NodePosition: Hashable, Sendable {
    /// The stretch of text, for error messages.
    package let source: SourcePosition

    package init(_ source: SourcePosition) { self.source = source }

    package static func == (left: NodePosition, right: NodePosition) -> Bool { true }

    package func hash(into hasher: inout Hasher) {}
}

/// A small value with its place in the text: a number, a text literal, an option word.
package struct Located<Content: Hashable & Sendable>: Hashable, Sendable {
    package let value: Content
    package let position: NodePosition

    package init(_ value: Content, _ position: NodePosition) {
        self.value = value
        self.position = position
    }
}

/// A column, alias, function or setting name. Such names ignore case.
package struct Identifier: Hashable, Sendable {
    /// The name without its quotes, in the case in which it was written.
    package let text: String
    /// Whether it was written in double quotes. A quoted name is never a word of the language.
    package let isQuoted: Bool
    package let position: NodePosition

    package init(_ text: String, isQuoted: Bool = false, position: NodePosition) {
        self.text = text
        self.isQuoted = isQuoted
        self.position = position
    }

    /// The name in lower case, by which names compare.
    package var folded: String { text.lowercased() }

    /// Whether this is the plain word, in any case and without quotes.
    package func isWord(_ word: String) -> Bool { !isQuoted && folded == word.lowercased() }
}
