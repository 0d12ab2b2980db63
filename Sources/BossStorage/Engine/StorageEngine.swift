import BossCodec
import BossVoxels
import Synchronization

/// The storage engine: versions of cuboid pages, committed in atomic batches, read through views.
///
/// It is synchronous and may be used from any thread. Locks, in the order they are taken: the writer's
/// monitor, then the published state; maintenance has a lock of its own before them. No lock is held while a commit
/// flushes the log; sealing a log and publishing a root hold the monitor.
///
///     let engine = try StorageEngine.open(fileSystem: files, mode: .readWrite(create: true), options: .init())
///     var batch = WriteBatch(base: try engine.view())
///     batch.put(page, dependsOnBase: false)
///     try engine.commit(batch)  // durable and visible when it returns
package final class StorageEngine: Sendable {
    /// The directory's files.
    let fileSystem: any FileSystem
    let options: StorageOptions
    let origin: SegmentOrigin
    /// Random identifier of the database, repeated in every file.
    let database: FileIdentifier
    /// Whether the handle only reads.
    package let isReadOnly: Bool

    let writer: Monitor<WriterState>
    let published: Mutex<PublishedState>
    let leaves: LeafCache
    let directories: DirectoryCache
    let summaries: SummaryCache
    let labelRoots: LabelRootCache
    let pool: ClockCache<BrickKey, DecodedBrick>
    let follower: Mutex<FollowerState>
    /// Keeps the files that views and readers of other processes may need.
    let reclaimer: FileReclaimer
    /// Bytes in files of loads that are not committed.
    let inFlightByteCount = Atomic<Int>(0)
    /// Bytes that the compaction at work may write.
    let compactingByteCount = Atomic<Int>(0)
    /// Writers that wait for maintenance.
    let stalledWriterCount = Atomic<Int>(0)
    /// Compactions by hand that wait for a step of maintenance to end.
    let waitingCompactionCount = Atomic<Int>(0)
    /// Only one thread does maintenance at a time; taken before the writer's monitor.
    let maintenance = Mutex(())
    /// Where scrubbing is.
    let scrubbing = Mutex(ScrubState())
    /// What scrubbing and maintenance have found damaged; taken last.
    let damage = Mutex(MetDamage())
    /// Set while the engine closes: compaction gives up.
    let isStopping = Atomic<Bool>(false)

    init(
        fileSystem: any FileSystem, options: StorageOptions, isReadOnly: Bool, state: WriterState,
        published: PublishedState, reclaimer: FileReclaimer, origin: SegmentOrigin,
        follower: FollowerState = FollowerState()
    ) {
        self.origin = origin
        self.fileSystem = fileSystem
        self.options = options
        self.isReadOnly = isReadOnly
        database = state.root.database
        writer = Monitor(state)
        self.published = Mutex(published)
        self.reclaimer = reclaimer
        self.follower = Mutex(follower)
        leaves = LeafCache(budget: options.directoryCacheByteCount / 3)
        directories = DirectoryCache(budget: options.directoryCacheByteCount / 3 * 2)
        summaries = SummaryCache(budget: options.summaryCacheByteCount)
        labelRoots = LabelRootCache(budget: options.summaryCacheByteCount / 2)
        pool = ClockCache(budget: options.poolByteCount)
    }

    /// Pins the newest committed state.
    ///
    /// A read-only handle first looks whether the writer has gone on.
    package func view() throws(StorageError) -> View {
        if isReadOnly { try follow() }
        return View(state: published.withLock { $0 }, leaves: leaves)
    }

    /// Bricks held decoded, hits and misses of the buffer pool.
    package var poolCounters: (byteCount: Int, hits: Int, misses: Int) {
        let counters = pool.counters
        return (counters.weight, counters.hits, counters.misses)
    }

    /// The database's identifier as text, for what is stored beside the engine.
    package var identifier: String { database.description }

    /// Whether nothing was ever committed.
    package var isEmpty: Bool {
        writer.withLock { state in
            state.root.segments.isEmpty && state.root.shards.isEmpty && state.root.logs.isEmpty
                && state.root.droppedChannels.isEmpty
        }
    }

    /// Lets go of every decoded brick.
    package func evictPool() { pool.removeAll() }

    /// Finishes pending commits, marks the log as closed and gives up the writer's role.
    ///
    /// Views of a reader stay readable. Views of a writer do until another writer compacts what they show: it knows
    /// nothing of them. Closing twice does nothing.
    package func close() throws(StorageError) {
        stopMaintenance()
        let removal = Result { () throws(StorageError) in try removeDropped() }
        try writer.withLock { (state) throws(StorageError) in
            guard !state.isClosed else { return }
            defer {
                state.isClosed = true
                state.lock?.release()
                state.lock = nil
            }
            if isReadOnly { follower.withLock { _ in endReading() } }
            guard !isReadOnly, state.failure == nil else { return }
            do throws(StorageError) { try drain(state) } catch {
                if case .closed = error { return }
                throw error
            }
            if let log = state.log { try closeLog(log, state) }
            reclaimer.reclaim()
            // Another program must not take the room that deletions need later; where there is none yet, it stays given up.
            if state.reserve.isShort { try? holdReserve(state) }
        }
        try removal.get()
    }

    /// The closed handle itself needs no files any more; views of it do, until the last one is gone.
    private func endReading() {
        let own = published.withLock { published in
            defer { published.pin = published.pin.withoutHold() }
            return published.pin
        }
        // Let go of outside the lock.
        _ = own
        reclaimer.endLease()
    }

    /// Seals the log into a segment file, so that the next open has nothing to scan.
    package func checkpoint() throws(StorageError) {
        try writer.withLock { (state) throws(StorageError) in
            try checkWritable(state)
            try drain(state)
            try usingReserve(state) { () throws(StorageError) in try sealLog(state) }
        }
    }

    func checkWritable(_ state: WriterState) throws(StorageError) {
        if isReadOnly { throw .readOnly }
        if state.isClosed { throw .closed }
        if let failure = state.failure { throw .storageFailed(reason: failure) }
    }

    /// Records a failure after which nothing more may be written; recovery happens at the next open.
    func poison(_ state: WriterState, _ error: StorageError) -> StorageError {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.goOnAfterFailure) { return error }
        #endif
        if case .storageFailed(let reason) = error {
            state.failure = reason
        } else {
            state.failure = "\(error)"
        }
        writer.wakeAll()
        return error
    }

    /// Stops the writer if the error is that of a flush.
    func poisonAfterFlush(_ state: WriterState, _ error: StorageError) -> StorageError {
        guard case .storageFailed = error, state.failure == nil else { return error }
        return poison(state, error)
    }
}
