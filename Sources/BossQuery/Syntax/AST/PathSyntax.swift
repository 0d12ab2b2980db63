/// A resource path of one to three segments, with an optional version: `lab/mouse1/em@release1`.
///
/// Which kind of thing a short path names, and what `USE` puts in front of it, is decided when it is bound.
package struct PathSyntax: Hashable, Sendable {
    /// The names without quotes, 1 to 3 of them, case kept.
    package let segments: [String]
    /// What follows `@`, or nil for the head of the current branch.
    package let version: VersionReference?
    /// The whole path.
    package let position: NodePosition

    package init(segments: [String], version: VersionReference? = nil, position: NodePosition) {
        self.segments = segments
        self.version = version
        self.position = position
    }
}

/// A version of a path.
package struct VersionReference: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// A snapshot or a branch.
        case name(String)
        /// `#1234`, a commit number.
        case commit(UInt64)
        /// A time as text; the last commit not later than it is meant.
        case time(String)
    }

    package let kind: Kind
    package let position: NodePosition

    package init(_ kind: Kind, position: NodePosition) {
        self.kind = kind
        self.position = position
    }
}
