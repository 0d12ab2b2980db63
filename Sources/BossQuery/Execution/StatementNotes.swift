import BossDatabase

/// What the history says about statements of a transaction that change names, options and metadata: their own words,
/// with paths in full.
extension StatementExecutor {
    /// Characters of a statement that the history keeps.
    private static let notedCharacterCount = 200

    /// Notes a statement that has changed the catalog.
    ///
    /// - Parameter statement: without what `USE` adds its paths would say nothing to a later reader.
    func note(_ statement: Statement) {
        state.transaction?.note(
            String(String(statement).prefix(Self.notedCharacterCount)), insteadOfThoseSince: notedCount)
    }
}

extension PathSyntax {
    /// The path with all its names.
    func inFull(_ segments: [String]) -> PathSyntax {
        PathSyntax(segments: segments, version: version, position: position)
    }
}

extension ResourceOptions {
    /// The options of a channel with the links in full. A single name is one of the same experiment, and says enough.
    ///
    /// - Parameter path: the channel, full path.
    func inFull(_ path: [String]) -> ResourceOptions {
        func links(_ links: [PathSyntax]?) -> [PathSyntax]? {
            links?.map { $0.segments.count == 1 ? $0 : $0.inFull(path.prefix(2) + $0.segments.suffix(1)) }
        }
        var options = self
        options.sources = links(sources)
        options.related = links(related)
        return options
    }
}
