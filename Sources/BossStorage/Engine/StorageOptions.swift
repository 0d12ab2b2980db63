/// Sizes and budgets of the engine.
package struct StorageOptions: Sendable {
    /// Memory for decoded bricks.
    package var poolByteCount = 256 << 20
    /// Memory for page directories and index leaves.
    package var directoryCacheByteCount = 24 << 20
    /// A log of this length is sealed into a segment file.
    package var logByteCount: UInt64 = 256 << 20
    /// A bulk load starts a new segment file at this length.
    package var bulkSegmentByteCount: UInt64 = 1 << 30
    /// Segments that the root names itself; more than these move to shards.
    package var rootSegmentLimit = ManifestRevision.recentLimit
    /// Whether a read-only handle tells the writer which files it needs, by a file in `readers/`. Without, files may
    /// vanish under a view that is held for long.
    package var takesLease = true
    /// Identifies the boot of the machine; 0 when unknown.
    package var bootIdentifier: UInt64 = 0
    /// Text for the LOCK file: who holds it.
    package var holder = ""

    /// The defaults.
    package init() {}
}

/// How a database is opened.
package enum OpenMode: Sendable {
    /// As the one writer; `create` makes the database when the directory has none.
    case readWrite(create: Bool)
    /// Beside a writer or without one; writes nothing.
    case readOnly
}
