/// What the writer keeps between commits. A class, since its monitor is given up in the middle of a
/// commit while the flush runs; every field is reached only with the monitor held.
final class WriterState {
    /// The newest root on disk.
    var root: ManifestRoot
    /// The newest root that is known to be durable; one that was found may be in the page cache only.
    var durableRootNumber: UInt64 = 0
    /// Whether this handle has published a root under its own epoch.
    var hasClaimedEpoch = false
    /// The log that takes commits; made at the first one.
    var log: ActiveLog?
    /// The newest sequence number given out.
    var lastSequence: UInt64
    /// Time of the newest commit; later ones have later times, whatever the clock says.
    var lastMicroseconds: Int64
    /// Whether a thread is flushing the log just now.
    var isFlushing = false
    /// Batches that are in the log but not flushed.
    var pending: [PendingBatch] = []
    /// How commits come to share a flush.
    var gathering = CommitGathering()
    /// Room for a full disk.
    var reserve = SpaceReserve()
    /// What compaction knows about the segments.
    var upkeep: UpkeepState
    /// Channels that were dropped since the handle was opened, also when no root says so any more. Numbers are never
    /// used again, so a commit that writes to one was begun before.
    var refusedChannels: Set<UInt32>
    /// The search for files that no root names, until it has ended.
    var sweep: GarbageSweep?
    /// Why the writer takes no more commits.
    var failure: String?
    var isClosed = false
    var hasMaintenanceThread = false
    var lock: (any FileLock)?
    var statusFile: (any StorageFile)?

    /// Notes of bulk commits that the next batch takes into the log.
    var waitingNotes: [ManifestRoot.BulkNote] {
        root.bulkNotes.filter { log?.noted.contains($0.sequence) != true }
    }

    struct PendingBatch {
        let sequence: UInt64
        let end: UInt64
        let entries: [(group: PageGroup, entry: IndexEntry)]
    }

    init(root: ManifestRoot, lastSequence: UInt64) {
        self.root = root
        self.lastSequence = lastSequence
        lastMicroseconds = root.microseconds
        upkeep = UpkeepState(uncounted: root.uncounted)
        refusedChannels = Set(root.droppedChannels)
    }
}

/// The live log.
final class ActiveLog {
    let store: FilePageStore
    let header: SegmentHeader
    /// Where the next batch starts.
    var end: UInt64
    var flushedEnd: UInt64
    var allocatedByteCount: UInt64
    /// Checksum of the last commit record, or the chain seed.
    var chain: UInt32
    /// Bulk commits whose notes it holds; the root keeps them until the log is sealed.
    var noted: Set<UInt64>

    init(
        store: FilePageStore, header: SegmentHeader, end: UInt64, allocatedByteCount: UInt64, chain: UInt32,
        noted: Set<UInt64> = []
    ) {
        self.noted = noted
        self.store = store
        self.header = header
        self.end = end
        flushedEnd = end
        self.allocatedByteCount = allocatedByteCount
        self.chain = chain
    }
}
