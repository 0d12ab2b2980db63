/// Sizes and budgets of the engine.
package struct StorageOptions: Sendable {
    /// Memory for decoded bricks.
    package var poolByteCount = 256 << 20
    /// Memory for page directories and index leaves.
    package var directoryCacheByteCount = 24 << 20
    /// Memory for summaries of pages, and half as much for roots of label indexes.
    package var summaryCacheByteCount = 16 << 20
    /// Segments that are open at a time, each with a descriptor and a mapping of its file. At most half of the descriptors
    /// that the process may have are used; the system allows some 65,000 mappings.
    package var openSegmentLimit = 4096
    /// Memory for lists of segments that the root does not name itself; one is about 0.7 MiB.
    package var shardByteCount = 16 << 20
    /// A log of this length is sealed into a segment file.
    package var logByteCount: UInt64 = 256 << 20
    /// A bulk load starts a new segment file at this length.
    package var bulkSegmentByteCount: UInt64 = 1 << 30
    /// Segments that the root names itself; more than these move to shards.
    package var rootSegmentLimit = ManifestRevision.recentLimit
    /// Notes of bulk loads that the root holds; more move to a segment file.
    package var rootNoteLimit = 256
    /// Segments that a shard lists.
    package var shardSegmentLimit = ShardFile.capacity
    /// Whether a read-only handle tells the writer which files it needs, by a file in `readers/`. Without, files may
    /// vanish under a view that is held for long.
    package var takesLease = true
    /// Space beyond 1.5 times the live bytes that the database may take.
    package var spaceSlackByteCount: UInt64 = 2 << 30
    /// Sealed logs that may wait for compaction before it merges them.
    package var levelZeroLimit = 8
    /// Sealed logs at which writers wait for compaction.
    package var levelZeroStallLimit = 32
    /// Bytes that one compaction reads at most.
    package var compactionByteCount: UInt64 = 1 << 30
    /// Segments below this length are merged with their neighbours when there are many.
    package var smallSegmentByteCount: UInt64 = 16 << 20
    /// Small segments that may stand beside one another.
    package var smallSegmentLimit = 64
    /// Segments that may hold the same key before some of them are merged.
    package var overlapLimit = 8
    /// Bytes a second that compaction copies while there is space; 0 for no limit.
    package var compactionRate = 200 << 20
    /// Room kept for deletions and maintenance on a full disk, at most; small databases keep an eighth of their files. 0
    /// for none.
    package var reserveByteCount: UInt64 = 4 << 20
    /// Lists of segments up to which files that no root names are looked for at open, and not by maintenance.
    package var sweptShardLimit = StorageEngine.sweptShardLimit
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
