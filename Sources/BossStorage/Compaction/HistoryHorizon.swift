import Synchronization

extension StorageEngine {
    /// How often the age of the history is looked at, in microseconds.
    private static let horizonInterval: Int64 = 1_000_000

    /// The commits that must stay readable now: those of snapshots, and the history as far as its age and the space
    /// bound allow.
    func keptCommits(_ shown: PublishedState, _ usage: SpaceUsage) throws(StorageError) -> KeptCommits {
        let snapshots = shown.snapshots.map(\.sequence)
        let (known, lastCheck, isCounted, givesWay) = writer.withLock { state in
            defer { state.reserve.takesHistory = false }
            return (
                state.upkeep.kept?.oldest ?? 0, state.upkeep.lastHorizonCheck, state.upkeep.pending.isEmpty,
                state.reserve.takesHistory
            )
        }
        var oldest = max(shown.history.oldest, known)
        let now = fileSystem.microsecondsSince1970()
        if shown.history.retention == 0 {
            oldest = shown.sequence
        } else if lastCheck.map({ now < $0 || now - $0 >= Self.horizonInterval }) ?? true {
            let view = View(state: shown, leaves: leaves)
            if let expired = try commit(notAfter: now - shown.history.retention, in: view) {
                oldest = max(oldest, expired)
            }
            writer.withLock { $0.upkeep.lastHorizonCheck = now }
        }
        // The history gives way to new data, the older half of its commits first; before the next half goes, what is
        // dead by now has to.
        let needed = usage.total - min(usage.total, usage.dead) + usage.inFlight
        if givesWay || (isCounted && usage.held > 0 && needed > usage.softBound) {
            oldest = max(oldest, shown.sequence - (shown.sequence - oldest) / 2)
        }
        return KeptCommits(oldest: min(oldest, shown.sequence), snapshots: snapshots)
    }

    /// Takes over new limits: what they may have changed is counted again.
    func takeOver(_ kept: KeptCommits, _ shown: PublishedState) throws(StorageError) -> UpkeepState {
        let old = writer.withLock { $0.upkeep }
        let deletions = Set(shown.rangeTombstones.values.joined())
        let isSame =
            old.kept == kept && old.deletions == deletions && old.droppedChannels == shown.droppedChannels
        if isSame { return old }
        var outdated = try segmentsHolding(kept, old, shown)
        // Of what a deletion hides something may be left to be told to older commits.
        for deletion in old.kept == kept ? deletions.subtracting(old.deletions) : deletions {
            let low = CuboidKey(group: deletion.group, morton: deletion.codes.lowerBound)
            let high = CuboidKey(group: deletion.group, morton: deletion.codes.upperBound)
            try shown.table.forEach(from: low, through: high) { outdated.append($0.reference) }
        }
        for channel in shown.droppedChannels.subtracting(old.droppedChannels) {
            try shown.table.forEach(holding: channel) { outdated.append($0.reference) }
        }
        let marked = outdated
        return writer.withLock { state in
            if state.upkeep.kept != kept {
                state.upkeep.markHeld([], andInSnapshots: Self.dropsSnapshots(from: old.kept, to: kept))
            }
            state.upkeep.kept = kept
            state.upkeep.deletions = deletions
            state.upkeep.droppedChannels = shown.droppedChannels
            for segment in marked { state.upkeep.mark(segment, isNew: false) }
            return state.upkeep
        }
    }

    /// Segments with pages that only the history or a snapshot needs, if these are other ones now.
    private func segmentsHolding(
        _ kept: KeptCommits, _ old: UpkeepState, _ shown: PublishedState
    ) throws(StorageError) -> [SegmentReference] {
        guard old.kept != kept else { return [] }
        let dropsSnapshots = Self.dropsSnapshots(from: old.kept, to: kept)
        var segments = shown.table.recent.map(\.reference)
        for shard in shown.table.shards {
            let reference = shard.reference
            let isConcerned =
                reference.heldByteCount > 0 || (dropsSnapshots && reference.snapshotByteCount > 0)
            segments += isConcerned ? try shard.references() : shard.loadedSegments?.references ?? []
        }
        return segments.filter { segment in
            let count = old.count(of: segment)
            return count.held > 0 || (dropsSnapshots && count.inSnapshots > 0)
        }
    }

    /// Before the first look it is not known which snapshots there were.
    private static func dropsSnapshots(from old: KeptCommits?, to kept: KeptCommits) -> Bool {
        old.map { !Set($0.snapshots).isSubset(of: kept.snapshots) } ?? true
    }
}

/// Slows compaction down while there is space, and gives it up when the engine closes.
struct CompactionPacer {
    let engine: StorageEngine
    let isUrgent: Bool
    /// Called with the bytes of each page; throws to give the work up.
    let control: (Int) throws(StorageError) -> Void

    func pass(_ byteCount: Int) throws(StorageError) {
        if engine.isStopping.load(ordering: .relaxed) { throw .closed }
        try control(byteCount)
        let rate = engine.options.compactionRate
        guard !isUrgent, rate > 0 else { return }
        var left = byteCount * 1_000_000 / rate
        // Nobody has to wait for work that is done slowly on purpose.
        while left > 0, engine.stalledWriterCount.load(ordering: .relaxed) == 0,
            engine.waitingCompactionCount.load(ordering: .relaxed) == 0
        {
            Pause.microseconds(min(left, Self.pauseMicroseconds))
            left -= Self.pauseMicroseconds
            if engine.isStopping.load(ordering: .relaxed) { throw .closed }
            try control(0)
        }
    }

    /// How often a pause looks whether it is still one.
    private static let pauseMicroseconds = 50_000
}
