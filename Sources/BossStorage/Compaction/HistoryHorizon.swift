import Synchronization

extension StorageEngine {
    /// How often the age of the history is looked at, in microseconds.
    private static let horizonInterval: Int64 = 1_000_000

    /// The commits that must stay readable now: those of snapshots, and the history as far as its age and the space
    /// bound allow.
    func keptCommits(_ shown: PublishedState, _ usage: SpaceUsage) throws(StorageError) -> KeptCommits {
        let snapshots = shown.snapshots.map(\.sequence)
        let (known, lastCheck, isCounted) = writer.withLock {
            ($0.upkeep.kept?.oldest ?? 0, $0.upkeep.lastHorizonCheck, $0.upkeep.pending.isEmpty)
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
        // The history gives way to new data, the older half of its commits first.
        if isCounted, usage.held > 0, usage.total + usage.inFlight > usage.softBound {
            oldest = max(oldest, shown.sequence - (shown.sequence - oldest) / 2)
        }
        return KeptCommits(oldest: min(oldest, shown.sequence), snapshots: snapshots)
    }

    /// Takes over new limits: what was held by the old ones is counted again.
    func takeOver(_ kept: KeptCommits, _ shown: PublishedState) -> UpkeepState {
        // Only maintenance changes what was kept, and it is never done twice at a time.
        let old = writer.withLock { $0.upkeep.kept }
        var affected: [SegmentReference] = []
        let dropsSnapshots = old.map { !Set($0.snapshots).isSubset(of: kept.snapshots) } ?? false
        if old != kept {
            affected = shown.table.recent.map(\.reference)
            for shard in shown.table.shards {
                // Lists that nobody has read know of snapshots too; one that cannot be read is left alone.
                if dropsSnapshots {
                    affected += (try? shard.references()) ?? []
                } else if shard.reference.heldByteCount > 0 {
                    affected += shard.loadedSegments?.references ?? []
                }
            }
            affected = affected.filter { $0.heldByteCount > 0 || (dropsSnapshots && $0.snapshotByteCount > 0) }
        }
        return writer.withLock { state in
            guard old != kept else { return state.upkeep }
            state.upkeep.kept = kept
            state.upkeep.markHeld(affected, andInSnapshots: dropsSnapshots)
            return state.upkeep
        }
    }
}

/// Slows compaction down while there is space, and gives it up when the engine closes.
struct CompactionPacer {
    let engine: StorageEngine
    let isUrgent: Bool

    func pass(_ byteCount: Int) throws(StorageError) {
        if engine.isStopping.load(ordering: .relaxed) { throw .closed }
        let rate = engine.options.compactionRate
        // Nobody has to wait for work that is done slowly on purpose.
        guard !isUrgent, rate > 0, engine.stalledWriterCount.load(ordering: .relaxed) == 0 else { return }
        Pause.microseconds(byteCount * 1_000_000 / rate)
    }
}
