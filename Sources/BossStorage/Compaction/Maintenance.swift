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
        let (shown, usage, upkeep, reader) = try survey()
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

    /// The present state, where its bytes are, and who needs what of them.
    func survey() throws(StorageError) -> (PublishedState, SpaceUsage, UpkeepState, VersionReader) {
        let (shown, usage) = try writer.withLock { (state) throws(StorageError) in
            try checkWritable(state)
            probeRoom(state)
            return (published.withLock { $0 }, self.usage(state))
        }
        let kept = try keptCommits(shown, usage)
        let upkeep = try takeOver(kept, shown)
        let reader = VersionReader(
            view: View(state: shown, leaves: leaves), leaves: leaves, kept: kept)
        return (shown, usage, upkeep, reader)
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
}
