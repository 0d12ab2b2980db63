import Synchronization

extension StorageEngine {
    /// Publishes the next root; the first of a handle also claims a new epoch.
    ///
    /// After a failure it is unknown whether the root is on disk, so the writer stops.
    ///
    /// - Parameters:
    ///   - edit: what changes in the table of segments.
    ///   - change: what else changes in the root.
    ///   - taking: changes of the published state that become visible in the same moment.
    func publish(
        _ state: WriterState, _ edit: ManifestEdit = ManifestEdit(),
        _ change: (inout ManifestRoot) -> Void,
        taking: (inout PublishedState) -> Void = { _ in }
    ) throws(StorageError) {
        let table = published.withLock { $0.table }
        var edit = edit
        state.upkeep.complete(&edit)
        let revision: ManifestRevision
        do {
            revision = try ManifestRevision(
                root: state.root, table: table, edit: edit, fileSystem: fileSystem,
                limit: options.rootSegmentLimit, capacity: options.shardSegmentLimit)
        } catch { throw poisonAfterFlush(state, error) }
        var root = state.root
        root.segments = revision.recent
        root.shards = revision.shards
        change(&root)
        let named = revision.recent + revision.written.flatMap(\.segments)
        root.uncounted = state.upkeep.uncounted(after: edit, named: named)
        // The counts were made for this history: what it gave up was not counted as needed.
        root.history.oldest = max(root.history.oldest, state.upkeep.kept?.oldest ?? 0)
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.claimLostHistory) { root.history.oldest = state.root.history.oldest }
        #endif
        root.number += 1
        if !state.hasClaimedEpoch { root.epoch += 1 }
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.reuseRootNumber) { reuseNumber(of: &root) }
        #endif
        root.lastSequence = max(root.lastSequence, published.withLock { $0.sequence })
        // Not before any commit that the root has: the next opening gives out later times, whatever the clock says.
        root.microseconds = max(
            fileSystem.microsecondsSince1970(), root.microseconds, state.lastMicroseconds)
        do {
            // Views of this process need files, but no roots on disk.
            try Manifest(fileSystem: fileSystem).publish(root, keptFrom: ReaderLease.oldestRoot(fileSystem))
        } catch {
            switch error {
            case .diskFull, .tooLarge:
                // These stop the publication before the root gets its name.
                revision.discard()
                throw error
            default: throw poison(state, error)
            }
        }
        state.root = root
        state.durableRootNumber = root.number
        state.hasClaimedEpoch = true
        state.upkeep.take(edit, named: named)
        show(root, table.revised(revision, origin: origin), taking)
        reclaimer.retire(revision.retiredPaths, root: root.number)
        forgetDamage(in: Set(revision.retiredPaths))
        reclaimer.reclaim()
        // Writers may wait for space, and maintenance for work.
        writer.wakeAll()
    }

    private func show(
        _ root: ManifestRoot, _ table: SegmentTable, _ taking: (inout PublishedState) -> Void
    ) {
        let pin = reclaimer.pin(root.number)
        // Let go of outside the lock: the last reference to a state may free much.
        let old = published.withLock { published -> PublishedState in
            let old = published
            published.table = table
            published.pin = pin
            published.takeOver(root)
            taking(&published)
            return old
        }
        _ = old
    }
}

extension PublishedState {
    /// Takes over what a root says beside its segments.
    mutating func takeOver(_ root: ManifestRoot) {
        droppedChannels = Set(root.droppedChannels)
        rangeTombstones = Dictionary(grouping: root.rangeTombstones, by: \.group)
        history = root.history
        snapshots = root.snapshots
        bulkNotes = root.bulkNotes
    }
}

extension SegmentTable {
    /// The table of a revised root; what stays is the same object, so open files stay open.
    func revised(
        _ revision: ManifestRevision, origin: SegmentOrigin
    ) -> SegmentTable {
        var known: [FileIdentifier: Segment] = [:]
        for segment in recent { known[segment.reference.identifier] = segment }
        let written = Dictionary(
            uniqueKeysWithValues: revision.written.map { ($0.reference.identifier, $0.segments) })
        if !written.isEmpty {
            // Only shards that were read can hold open files.
            for shard in shards {
                for segment in shard.loadedSegments?.used ?? [] {
                    known[segment.reference.identifier] = segment
                }
            }
        }
        func segment(_ reference: SegmentReference) -> Segment {
            known[reference.identifier]?.with(reference)
                ?? Segment(reference: reference, origin: origin)
        }
        let old = Dictionary(uniqueKeysWithValues: shards.map { ($0.reference.identifier, $0) })
        func shard(_ reference: ShardReference) -> Shard {
            if let shard = old[reference.identifier] { return shard }
            let segments = written[reference.identifier].map {
                Shard.Segments($0, origin: origin, known: known)
            }
            let shard = Shard(reference: reference, origin: origin, segments: segments)
            shard.countIfLoaded()
            return shard
        }
        return SegmentTable(recent: revision.recent.map(segment), shards: revision.shards.map(shard))
    }
}
