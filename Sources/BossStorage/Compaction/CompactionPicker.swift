/// What maintenance does next with the segments.
enum CompactionTask {
    /// Files in which nobody needs anything.
    case drop([Segment])
    /// Segments that overlap nothing: they only change their level.
    case move([Segment])
    /// Segments to be read and written again.
    case rewrite([Segment])
}

/// Chooses the next task, the most useful first. Deterministic, and reads nothing but counts and key ranges.
struct CompactionPicker {
    let segments: [Segment]
    let state: UpkeepState
    let usage: SpaceUsage
    let options: StorageOptions
    let droppedChannels: Set<UInt32>

    /// Part of a segment that must be dead for a rewrite on its own account.
    private static let deadPart = 0.3
    /// Part of all bytes that must be dead for rewrites of segments with less.
    private static let totalDeadPart = 0.2
    /// Part of a segment below which a rewrite is never worth it.
    private static let leastDeadPart = 0.05

    func next() -> CompactionTask? {
        if usage.isShort { return drop() ?? settle() ?? rewriteDead() }
        return drop() ?? settle() ?? rewriteDead() ?? mergeLogs() ?? mergeSmall() ?? mergeOverlapping()
    }

    private var usable: [Segment] {
        segments.filter { segment in
            !state.avoided.contains(segment.reference.identifier)
                && state.isAffordable(segment.reference, reserve: usage.reserveByteCount)
        }
    }

    /// What costs nothing.
    func drop() -> CompactionTask? {
        let empty = segments.filter { segment in
            let reference = segment.reference
            if state.count(of: reference).isEmpty { return true }
            let channels = reference.minimumKey.group.channel...reference.maximumKey.group.channel
            return channels.count <= droppedChannels.count && channels.allSatisfy(droppedChannels.contains)
        }
        return empty.isEmpty ? nil : .drop(empty)
    }

    /// Sealed logs whose keys no other segment can hold.
    private func settle() -> CompactionTask? {
        let waiting = segments.filter { $0.reference.level == 0 && $0.reference.role == .log }
        guard !waiting.isEmpty, waiting.count <= options.levelZeroLimit else { return nil }
        let lonely = waiting.filter { segment in
            let own = segment.reference
            return segments.allSatisfy {
                $0.reference.identifier == own.identifier
                    || !$0.reference.overlaps(own.minimumKey, own.maximumKey)
            }
        }
        return lonely.isEmpty ? nil : .move(lonely)
    }

    private func dead(_ segment: Segment) -> Double {
        let length = Double(max(1, segment.reference.fileByteCount))
        return Double(state.count(of: segment.reference).dead) / length
    }

    /// Bytes that a rewrite writes, at most.
    private func rest(_ segment: Segment) -> UInt64 { state.rest(of: segment.reference) }

    private func rewriteDead() -> CompactionTask? {
        let isFull = usage.isShort || usage.total + usage.inFlight > usage.softBound
        let limit =
            Double(usage.dead) > Self.totalDeadPart * Double(usage.total) || isFull
            ? Self.leastDeadPart : Self.deadPart
        let worthy = usable.filter { dead($0) >= limit }
        let worst = worthy.filter { rest($0) <= usage.affordable }.max {
            (dead($0), $0.reference.identifier.high) < (dead($1), $1.reference.identifier.high)
        }
        // Rather above the bound for a moment than for ever.
        let least = worthy.min {
            (rest($0), $0.reference.identifier.high) < (rest($1), $1.reference.identifier.high)
        }
        return (worst ?? least).map { .rewrite([$0]) }
    }

    private func mergeLogs() -> CompactionTask? {
        let waiting = usable.filter { $0.reference.level == 0 && $0.reference.role == .log }
        let bytes = waiting.reduce(0) { $0 + $1.reference.fileByteCount }
        guard waiting.count > options.levelZeroLimit || bytes > options.spaceSlackByteCount else {
            return nil
        }
        return merge(
            waiting.sorted { $0.reference.minimumSequence < $1.reference.minimumSequence }, isNeeded: true)
    }

    /// Neighbours in the order of keys that are small.
    private func mergeSmall() -> CompactionTask? {
        let small = usable.filter { $0.reference.fileByteCount < options.smallSegmentByteCount }
        guard small.count > options.smallSegmentLimit else { return nil }
        let task = merge(small.sorted { $0.reference.minimumKey < $1.reference.minimumKey })
        // Files that are cut at the same length again would never become fewer.
        guard case .rewrite(let chosen)? = task else { return nil }
        let bytes = chosen.reduce(0) { $0 + $1.reference.fileByteCount }
        return bytes / max(1, options.bulkSegmentByteCount) + 1 < UInt64(chosen.count) ? task : nil
    }

    /// The smallest of the segments that hold the key which most of them may hold.
    private func mergeOverlapping() -> CompactionTask? {
        guard segments.count > options.overlapLimit else { return nil }
        var deepest: (key: CuboidKey, depth: Int)?
        let starts = usable.sorted { $0.reference.minimumKey < $1.reference.minimumKey }
        var open: [Segment] = []
        for segment in starts {
            let key = segment.reference.minimumKey
            open.removeAll { $0.reference.maximumKey < key }
            open.append(segment)
            if open.count > deepest?.depth ?? 0 { deepest = (key, open.count) }
        }
        guard let deepest, deepest.depth > options.overlapLimit else { return nil }
        let covering = usable.filter { $0.reference.overlaps(deepest.key, deepest.key) }
        return merge(covering.sorted { $0.reference.fileByteCount < $1.reference.fileByteCount })
    }

    /// As many of the first segments as one compaction may read; nil for less than two.
    ///
    /// - Parameter isNeeded: whether two are merged even where the space bound leaves no room for it.
    private func merge(_ candidates: [Segment], isNeeded: Bool = false) -> CompactionTask? {
        var chosen: [Segment] = []
        var bytes: UInt64 = 0
        var written: UInt64 = 0
        for segment in candidates {
            bytes += segment.reference.fileByteCount
            written += rest(segment)
            let isTooMuch = bytes > options.compactionByteCount || written > usage.affordable
            if chosen.count >= 2, isTooMuch { break }
            chosen.append(segment)
        }
        let needed = chosen.reduce(0) { $0 + rest($1) }
        // Two segments that are long already gain nothing from each other.
        guard chosen.count >= 2, bytes <= 2 * options.compactionByteCount,
            isNeeded || needed <= usage.affordable
        else { return nil }
        return .rewrite(chosen)
    }
}

extension SpaceUsage {
    /// Where writers wait for maintenance: below the bound, so that compaction can write before it removes.
    var writeBound: UInt64 { bound &- min(compactionByteCount, (bound &- certainlyLive) / 2) }

    /// Where compaction starts to give up history and spare no effort: three quarters of what writers may use.
    var softBound: UInt64 { certainlyLive &+ (writeBound &- certainlyLive) / 4 * 3 }

    /// What compaction may write without taking more space than the bound.
    var affordable: UInt64 { bound - min(bound, total &+ inFlight) }
}
