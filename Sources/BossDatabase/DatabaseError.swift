/// The one error type above the engine: a SQLSTATE, one plain sentence, and what to do about it.
public struct DatabaseError: Error, Sendable {
    /// Five characters; docs/LANGUAGE.md lists them all.
    public let sqlState: String
    /// One sentence that names the object.
    public let message: String
    /// What to do, when there is something to do.
    public var hint: String?
    /// Where in the statement, when a statement is to blame.
    public var position: SourcePosition?
    /// The error underneath, for logs.
    public var cause: (any Error)?

    /// An error with its SQLSTATE.
    public init(
        _ sqlState: String, _ message: String, hint: String? = nil, position: SourcePosition? = nil,
        cause: (any Error)? = nil
    ) {
        self.sqlState = sqlState
        self.message = message
        self.hint = hint
        self.position = position
        self.cause = cause
    }
}

/// A stretch of statement text.
public struct SourcePosition: Hashable, Sendable {
    /// Bytes of UTF-8 before it.
    public let utf8Offset: Int
    /// Line, from 1.
    public let line: Int
    /// Column in characters, from 1.
    public let column: Int
    /// Characters it covers, at least 1.
    public let length: Int

    /// A stretch of text.
    public init(utf8Offset: Int, line: Int, column: Int, length: Int) {
        self.utf8Offset = utf8Offset
        self.line = line
        self.column = column
        self.length = length
    }
}

extension DatabaseError: CustomStringConvertible {
    /// `SQLSTATE: message`, and the hint on a second line.
    public var description: String {
        "\(sqlState): \(message)" + (hint.map { "\nhint: \($0)" } ?? "")
    }
}
