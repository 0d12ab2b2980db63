import Synchronization

/// What one step of maintenance did.
package enum MaintenanceStep: Hashable, Sendable {
    /// Removed files that the last reader has let go of.
    case reclaimed(fileCount: Int)
    /// Counted what of a segment is needed.
    case counted
    /// Removed segments in which nobody needed anything.
    case dropped(segmentCount: Int)
    /// Marked segments as settled.
    case moved(segmentCount: Int)
    /// Wrote segments again: bytes of the files before and after.
    case rewritten(byteCountBefore: UInt64, byteCountAfter: UInt64)
    /// Moved notes of bulk loads from the root to a segment file.
    case noted(commitCount: Int)
    /// Forgot deletions that hide nothing any more.
    case cleared
    /// Looked for files that no root names, and removed them.
    case swept(fileCount: Int)
}

/// Upkeep in steps, each short or given up promptly when the engine closes. A thread of the facade drives them; a
/// simulation calls them one by one.
extension StorageEngine {
    /// Does the next piece of upkeep.
    ///
    /// - Returns: what was done, nil when there is nothing to do.
    /// - Throws: `.diskFull` (nothing is changed), `.corrupt` naming a damaged file, which is left alone from then on,
    ///   `.closed` when the engine closes meanwhile.
    @discardableResult
    package func maintain() throws(StorageError) -> MaintenanceStep? {
        try maintenance.withLock { (_) throws(StorageError) in
            var none: Set<FileIdentifier> = []
            let step = try nextStep(forcing: &none)
            if step == nil {
                writer.withLock { state in
                    state.upkeep.isIdle = true
                    writer.wakeAll()
                }
            }
            return step
        }
    }

    /// Does all upkeep that there is, and writes every segment again that has dead bytes or overlaps another one.
    ///
    /// - Parameters:
    ///   - channel: only segments that may hold pages of this channel; all by default.
    ///   - progress: called after each step; may throw to end the work there.
    ///   - control: called with the bytes of each page that was copied or verified, and while the step of another
    ///     thread has to end first; may throw to give the work up at once. What was not finished is then removed.
    package func compact(
        channel: UInt32? = nil, progress: (MaintenanceStep) throws(StorageError) -> Void = { _ in },
        control: @escaping (Int) throws(StorageError) -> Void = { _ in }
    ) throws(StorageError) {
        waitingCompactionCount.add(1, ordering: .relaxed)
        var isWaiting = true
        defer { if isWaiting { waitingCompactionCount.subtract(1, ordering: .relaxed) } }
        var isDone = false
        while !isDone {
            let attempt: Void? = try maintenance.withLockIfAvailable { (_) throws(StorageError) in
                if isWaiting { waitingCompactionCount.subtract(1, ordering: .relaxed) }
                isWaiting = false
                try compactLocked(channel, progress, control)
            }
            isDone = attempt != nil
            if !isDone {
                if isStopping.load(ordering: .relaxed) { throw .closed }
                try control(0)
                Pause.microseconds(Self.lockPauseMicroseconds)
            }
        }
    }

    /// How often a compaction by hand looks whether the step of another thread has ended.
    static var lockPauseMicroseconds: Int { 5_000 }

    private func compactLocked(
        _ channel: UInt32?, _ progress: (MaintenanceStep) throws(StorageError) -> Void,
        _ control: @escaping (Int) throws(StorageError) -> Void
    ) throws(StorageError) {
        try writer.withLock { (state) throws(StorageError) in
            try checkWritable(state)
            try drain(state)
            try usingReserve(state) { () throws(StorageError) in try sealLog(state) }
        }
        var wanted = Set(
            try published.withLock { $0 }.table.all().filter { segment in
                let reference = segment.reference
                let channels =
                    reference.minimumKey.group.channel...reference.maximumKey.group.channel
                return channel.map(channels.contains) ?? true
            }.map(\.reference.identifier))
        while let step = try nextStep(forcing: &wanted, control) { try progress(step) }
    }

    private func nextStep(
        forcing wanted: inout Set<FileIdentifier>,
        _ control: @escaping (Int) throws(StorageError) -> Void = { _ in }
    ) throws(StorageError) -> MaintenanceStep? {
        try control(0)
        if isStopping.load(ordering: .relaxed) { throw .closed }
        let fileCount = reclaimer.reclaim()
        if fileCount > 0 { return .reclaimed(fileCount: fileCount) }
        let (shown, usage) = try writer.withLock { (state) throws(StorageError) in
            try checkWritable(state)
            probeRoom(state)
            return (published.withLock { $0 }, self.usage(state))
        }
        let kept = try keptCommits(shown, usage)
        let upkeep = try takeOver(kept, shown)
        let reader = VersionReader(
            view: View(state: shown, leaves: leaves), leaves: leaves, kept: kept)
        if let counted = try countNext(shown, upkeep, reader) { return counted }
        let segments = try candidates(shown, upkeep, forcing: wanted)
        let picker = CompactionPicker(
            segments: segments, state: upkeep, usage: usage, options: options,
            droppedChannels: shown.droppedChannels)
        if let task = picker.next() { return try runOrPostpone(task, reader, usage, control) }
        if let task = forced(&wanted, segments, upkeep, usage) {
            return try usingReserve { () throws(StorageError) in try run(task, reader, usage, control) }
        }
        if try usingReserve({ () throws(StorageError) in try clearDeletions(shown) }) { return .cleared }
        if try relieve(shown, usage) { return .counted }
        if let noted = try usingReserve({ () throws(StorageError) in try moveNotes() }) { return noted }
        return try sweepNext()
    }

    /// Runs a task, or leaves segments alone for which even the reserve is too small.
    private func runOrPostpone(
        _ task: CompactionTask, _ reader: VersionReader, _ usage: SpaceUsage,
        _ control: @escaping (Int) throws(StorageError) -> Void
    ) throws(StorageError) -> MaintenanceStep {
        do throws(StorageError) {
            return try usingReserve { () throws(StorageError) in try run(task, reader, usage, control) }
        } catch {
            guard case .diskFull = error, case .rewrite(let segments) = task else { throw error }
            writer.withLock { state in
                for segment in segments {
                    state.upkeep.postpone(segment.reference, reserve: usage.reserveByteCount)
                }
            }
            return .counted
        }
    }

    /// Segments that maintenance looks after: those of the root, and of those in shards the ones that were counted, that
    /// belong to dropped channels, or whose shard has much that is dead.
    private func candidates(
        _ shown: PublishedState, _ upkeep: UpkeepState, forcing wanted: Set<FileIdentifier>
    ) throws(StorageError) -> [Segment] {
        var segments = shown.table.recent
        guard !shown.table.shards.isEmpty else { return segments }
        var taken = Set(segments.map(\.reference.identifier))
        func take(_ segment: Segment) {
            if taken.insert(segment.reference.identifier).inserted { segments.append(segment) }
        }
        for shard in shown.table.shards {
            let reference = shard.reference
            guard !wanted.isEmpty || reference.deadByteCount * 10 > reference.segmentByteCount else {
                continue
            }
            let all = try shard.segments()
            for index in all.references.indices { take(all[index]) }
        }
        for (identifier, key) in upkeep.countedKeys where !taken.contains(identifier) {
            if let segment = try shown.table.segment(identifier, startingAt: key) { take(segment) }
        }
        for channel in shown.droppedChannels.sorted() {
            let limit = segments.count + ShardFile.capacity
            let (low, high) = CuboidKey.range(ofChannel: channel)
            try shown.table.forEach(from: low, through: high, while: { segments.count < limit }, take)
        }
        return segments
    }

    /// Segments that a person wants to be rewritten: those that overlap others, then those with anything dead.
    private func forced(
        _ wanted: inout Set<FileIdentifier>, _ segments: [Segment], _ upkeep: UpkeepState,
        _ usage: SpaceUsage
    ) -> CompactionTask? {
        let open = segments.filter { wanted.contains($0.reference.identifier) }.sorted {
            $0.reference.minimumKey < $1.reference.minimumKey
        }
        let overlapping = open.filter { segment in
            let own = segment.reference
            return segments.contains {
                $0.reference.identifier != own.identifier
                    && $0.reference.overlaps(own.minimumKey, own.maximumKey)
            }
        }
        var chosen: [Segment] = []
        var bytes: UInt64 = 0
        for segment in overlapping {
            bytes += segment.reference.fileByteCount
            if chosen.count >= 2, bytes > min(options.compactionByteCount, usage.affordable) { break }
            chosen.append(segment)
        }
        if chosen.isEmpty {
            chosen = Array(open.filter { upkeep.count(of: $0.reference).dead > 0 }.prefix(1))
        }
        wanted.subtract(chosen.map(\.reference.identifier))
        return chosen.isEmpty ? nil : .rewrite(chosen)
    }

    private func countNext(
        _ shown: PublishedState, _ upkeep: UpkeepState, _ reader: VersionReader
    ) throws(StorageError) -> MaintenanceStep? {
        let waiting = upkeep.pending.keys.filter { !upkeep.avoided.contains($0) }
        guard let identifier = waiting.min(by: { ($0.high, $0.low) < ($1.high, $1.low) }) else { return nil }
        guard
            let segment = try shown.table.segment(
                identifier, startingAt: upkeep.pending[identifier]?.minimumKey)
        else {
            writer.withLock { $0.upkeep.forget(identifier) }
            return .counted
        }
        let (count, replaced) = try avoidingDamage([segment]) { () throws(StorageError) in
            try self.count(segment, reader)
        }
        writer.withLock { state in
            let isNew = state.upkeep.pending[identifier]?.isNew == true
            state.upkeep.record(count, of: segment.reference)
            if isNew { for other in replaced { state.upkeep.mark(other, isNew: false) } }
        }
        return .counted
    }

    /// Remembers segments that cannot be read, so that the next step does not meet them again.
    private func avoidingDamage<R>(
        _ segments: [Segment], _ body: () throws(StorageError) -> R
    ) throws(StorageError) -> R {
        do { return try body() } catch {
            switch error {
            case .corrupt, .inputOutput, .notFound, .unsupportedFormat:
                writer.withLock { state in
                    for segment in segments { state.upkeep.avoided.insert(segment.reference.identifier) }
                }
            default: break
            }
            throw error
        }
    }

    private func run(
        _ task: CompactionTask, _ reader: VersionReader, _ usage: SpaceUsage,
        _ control: @escaping (Int) throws(StorageError) -> Void
    ) throws(StorageError) -> MaintenanceStep {
        switch task {
        case .drop(let segments):
            guard try replace(segments, by: [], kept: reader.kept) else { return .counted }
            return .dropped(segmentCount: segments.count)
        case .move(let segments):
            try writer.withLock { (state) throws(StorageError) in
                try checkWritable(state)
                var edit = ManifestEdit()
                for segment in segments {
                    var reference = segment.reference
                    reference.level = 1
                    edit.changed[reference.identifier] = reference
                }
                try publish(state, edit) { _ in }
                writeStatus(state)
            }
            return .moved(segmentCount: segments.count)
        case .rewrite(let segments):
            let room = writer.withLock { state in
                Int(clamping: segments.reduce(0) { $0 &+ state.upkeep.rest(of: $1.reference) })
            }
            compactingByteCount.store(room, ordering: .relaxed)
            defer { compactingByteCount.store(0, ordering: .relaxed) }
            let pacer = CompactionPacer(
                engine: self, isUrgent: usage.isShort || usage.total + usage.inFlight > usage.softBound,
                control: control)
            let job = CompactionJob(engine: self, inputs: segments, reader: reader, pace: pacer.pass)
            let (references, relieved) = try avoidingDamage(segments) { () throws(StorageError) in
                do throws(StorageError) { return try job.run() } catch {
                    throw writer.withLock { poisonAfterFlush($0, error) }
                }
            }
            var again: [SegmentReference] = []
            for segment in segments where !relieved.isEmpty {
                again += try self.references(of: relieved, overlapping: segment.reference, reader)
            }
            guard try replace(segments, by: references, again, kept: reader.kept) else { return .counted }
            return .rewritten(
                byteCountBefore: segments.reduce(0) { $0 + $1.reference.fileByteCount },
                byteCountAfter: references.reduce(0) { $0 + $1.fileByteCount })
        }
    }

    /// Publishes what takes the place of segments.
    ///
    /// - Parameter relieved: other segments that have to be counted again.
    /// - Returns: false when a snapshot was made meanwhile of a commit that is not among the kept ones; nothing is
    ///   changed then.
    private func replace(
        _ inputs: [Segment], by outputs: [SegmentReference], _ relieved: [SegmentReference] = [],
        kept: KeptCommits
    ) throws(StorageError) -> Bool {
        try writer.withLock { (state) throws(StorageError) in
            do throws(StorageError) {
                try checkWritable(state)
                let snapshots = state.root.snapshots.map(\.sequence)
                guard snapshots.allSatisfy({ $0 >= kept.oldest || kept.snapshots.contains($0) }) else {
                    for output in outputs { try? fileSystem.unlink(output.path) }
                    return false
                }
                for segment in relieved { state.upkeep.mark(segment, isNew: false) }
                let removed = inputs.map { ($0.reference.identifier, $0.reference.minimumKey) }
                let edit = ManifestEdit(
                    added: outputs, removed: Dictionary(removed, uniquingKeysWith: { first, _ in first }))
                #if SEEDED_DEFECTS
                    if SeededDefect.isOn(.deleteInputsBeforeRoot) { removeEarly(inputs) }
                #endif
                try publish(state, edit) { root in
                    root.history.oldest = max(root.history.oldest, kept.oldest)
                }
            } catch {
                // Once the writer has failed, a root that names the files may be on disk.
                if state.failure == nil { for output in outputs { try? fileSystem.unlink(output.path) } }
                throw error
            }
            writeStatus(state)
            return true
        }
    }

    /// Deletions that no older page lies under any more.
    private func clearDeletions(_ shown: PublishedState) throws(StorageError) -> Bool {
        var done: Set<RangeTombstone> = []
        for (group, tombstones) in shown.rangeTombstones.sorted(by: { $0.key < $1.key }) {
            for tombstone in tombstones where try !hidesPages(tombstone, group, shown) {
                done.insert(tombstone)
            }
        }
        let dropped = try droppedWithoutPages(shown)
        guard !done.isEmpty || !dropped.isEmpty else { return false }
        try writer.withLock { (state) throws(StorageError) in
            try checkWritable(state)
            try publish(state) { root in
                root.rangeTombstones.removeAll(where: done.contains)
                root.droppedChannels.removeAll(where: dropped.contains)
            }
            writeStatus(state)
        }
        return true
    }

    private func hidesPages(
        _ tombstone: RangeTombstone, _ group: PageGroup, _ shown: PublishedState
    ) throws(StorageError) -> Bool {
        var hides = false
        // The live log may hold older pages.
        for entry in shown.memtable.entries(of: group)
        where entry.index.sequence < tombstone.sequence && tombstone.contains(entry.index.morton) {
            return true
        }
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.forgetDeletionEarly) { return false }
        #endif
        try shown.table.forEach(holding: group, tombstone.codes) { (segment) throws(StorageError) in
            guard !hides else { return }
            try segment.forEachEntry(of: group, in: tombstone.codes, leaves: leaves) { entry in
                if entry.sequence < tombstone.sequence, tombstone.contains(entry.morton) { hides = true }
            }
        }
        return hides
    }

    /// Dropped channels of which no file holds anything. A live log may still hold pages of them.
    private func droppedWithoutPages(_ shown: PublishedState) throws(StorageError) -> [UInt32] {
        guard !shown.droppedChannels.isEmpty, writer.withLock({ $0.root.logs.isEmpty }) else { return [] }
        var done: [UInt32] = []
        for channel in shown.droppedChannels.sorted() {
            var isHeld = false
            let (low, high) = CuboidKey.range(ofChannel: channel)
            try shown.table.forEach(from: low, through: high, while: { !isHeld }) {
                (segment) throws(StorageError) in
                if try segment.open().index.groups.contains(where: { $0.group.channel == channel }) {
                    isHeld = true
                }
            }
            if !isHeld { done.append(channel) }
        }
        return done
    }
}

extension Segment {
    /// Calls `body` for every entry of a group in a range of Morton codes.
    func forEachEntry(
        of group: PageGroup, in codes: ClosedRange<UInt64>, leaves: LeafCache, _ body: (IndexEntry) -> Void
    ) throws(StorageError) {
        let opened = try open()
        guard let totals = opened.index.group(group) else { return }
        for number in opened.index.leaf(of: codes.lowerBound, in: totals)..<totals.firstLeaf
            + totals.leafCount
        {
            guard opened.index.fences[number].firstMorton <= codes.upperBound else { return }
            let leaf = try leaves.leaf(number, group: group, of: opened, name: reference.path)
            for entry in leaf.entries where codes.contains(entry.morton) { body(reference.stamped(entry)) }
        }
    }
}

extension CuboidKey {
    /// The lowest and the highest key that a channel can have.
    static func range(ofChannel channel: UInt32) -> (low: CuboidKey, high: CuboidKey) {
        (
            CuboidKey(group: PageGroup(channel: channel, resolution: 0, time: 0), morton: 0),
            CuboidKey(group: PageGroup(channel: channel, resolution: .max, time: .max), morton: .max)
        )
    }
}
