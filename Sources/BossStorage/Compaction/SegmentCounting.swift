import Synchronization

extension StorageEngine {
    /// Counts what of a segment somebody needs, from indexes alone.
    ///
    /// - Returns: the count, and the other segments whose pages it replaces.
    func count(
        _ segment: Segment, _ reader: VersionReader
    ) throws(StorageError) -> (count: UpkeepState.Count, replaced: [SegmentReference]) {
        let own = segment.reference.identifier
        var count = UpkeepState.Count(dead: 0, held: 0, isEmpty: true)
        var replaced: Set<FileIdentifier> = []
        for group in try segment.open().index.groups where reader.isDropped(group.group) {
            count.dead += group.liveByteCount
        }
        try reader.forEachChunk(of: [segment]) { (group, codes) throws(StorageError) in
            for chain in try reader.chains(group, codes) { Self.add(chain, own, &count, &replaced) }
        }
        if count.isEmpty { count.dead = segment.reference.fileByteCount }
        return (count, try references(of: replaced, overlapping: segment.reference, reader))
    }

    func references(
        of identifiers: Set<FileIdentifier>, overlapping own: SegmentReference, _ reader: VersionReader
    ) throws(StorageError) -> [SegmentReference] {
        var found: [SegmentReference] = []
        guard !identifiers.isEmpty else { return found }
        try reader.view.state.table.forEach(from: own.minimumKey, through: own.maximumKey) { segment in
            if identifiers.contains(segment.reference.identifier) { found.append(segment.reference) }
        }
        return found
    }

    private static func add(
        _ chain: VersionChain, _ own: FileIdentifier, _ count: inout UpkeepState.Count,
        _ replaced: inout Set<FileIdentifier>
    ) {
        guard let newest = chain.items.first(where: { $0.segment == own }) else { return }
        for item in chain.items {
            guard let segment = item.segment, segment != own else { continue }
            if item.entry.sequence < newest.entry.sequence { replaced.insert(segment) }
        }
        for item in chain.items where item.segment == own {
            let bytes = UInt64(item.entry.pageByteCount)
            switch item.fate {
            case .dead: count.dead += bytes
            case .inHistory: count.held += bytes
            case .inSnapshot: count.inSnapshots += bytes
            case .needed: break
            }
            if item.fate != .dead { count.isEmpty = false }
        }
        // A deletion leaves an entry behind for each cuboid it hides.
        if chain.deletions.contains(where: { chain.hides(own, by: $0.sequence) }) { count.isEmpty = false }
    }
}

/// Where the bytes of the database are.
package struct SpaceUsage: Hashable, Sendable {
    /// Lengths of all segment files and the live log.
    package var total: UInt64 = 0
    /// Of these, pages that nobody needs any more.
    package var dead: UInt64 = 0
    /// Of these, pages that only the history needs.
    package var held: UInt64 = 0
    /// Of these, files that are too new to know what of them, and of what they replaced, is needed.
    package var uncounted: UInt64 = 0
    /// Files of loads that are not committed, and what the compaction at work may write.
    package var inFlight: UInt64 = 0
    /// Of these, what the compaction at work may write.
    var compacting: UInt64 = 0
    /// What one compaction reads at most.
    var compactionByteCount: UInt64 = 0
    /// Segments that came from logs and were not compacted yet.
    package var levelZeroCount = 0
    /// All segments.
    package var segmentCount = 0
    /// Writes that waited for maintenance since the database was opened, and how long in all.
    package var stallCount = 0
    /// Microseconds.
    package var stallMicroseconds: Int64 = 0
    /// Why maintenance could not go on the last time; nil when it could.
    package var lastFailure: StorageError?
    /// Segment files that the disk has no room to write again.
    package var postponedCount = 0
    /// The last damage that maintenance or scrubbing has met, until it is repaired or its file is gone.
    package var lastDamage: CheckFinding?
    /// Length of the reserve, 0 while it is missing.
    var reserveByteCount: UInt64 = 0
    /// Whether a write was refused for lack of space, and none has gone through since.
    package var isShort = false
    /// Bytes that the database may take: 1.5 times what is known to be live, and a constant.
    package var bound: UInt64 = 0

    /// What the newest state and snapshots need, with the overhead of files.
    package var live: UInt64 { total - min(total, dead &+ held) }

    /// What is live for certain: what was written a moment ago may replace as much of what is older.
    var certainlyLive: UInt64 { live - min(live, uncounted) }
}

extension StorageEngine {
    /// Dead and held bytes of all segments, counted anew: what `spaceUsage` must say once maintenance has nothing to
    /// do. Reads all indexes.
    package func recountedBytes() throws(StorageError) -> (dead: UInt64, held: UInt64) {
        let shown = published.withLock { $0 }
        let known = KeptCommits(
            oldest: shown.history.oldest, snapshots: shown.snapshots.map(\.sequence))
        let kept = writer.withLock { $0.upkeep.kept } ?? known
        let reader = VersionReader(
            view: View(state: shown, leaves: leaves), leaves: leaves, kept: kept)
        var sum: (dead: UInt64, held: UInt64) = (0, 0)
        for segment in try shown.table.all() {
            let count = try count(segment, reader).count
            sum = (sum.dead &+ count.dead, sum.held &+ count.held)
        }
        return sum
    }

    /// Where the bytes of the database are now.
    package var spaceUsage: SpaceUsage { writer.withLock { usage($0) } }

    func usage(_ state: WriterState) -> SpaceUsage {
        var usage = SpaceUsage()
        for segment in state.root.segments {
            usage.total &+= segment.fileByteCount
            usage.dead &+= segment.deadByteCount
            usage.held &+= segment.heldByteCount
            if segment.role == .log, segment.level == 0 { usage.levelZeroCount += 1 }
        }
        usage.segmentCount = state.root.segments.count
        for shard in state.root.shards {
            usage.total &+= shard.segmentByteCount
            usage.dead &+= shard.deadByteCount
            usage.held &+= shard.heldByteCount
            usage.segmentCount &+= Int(shard.segmentCount)
        }
        let correction = state.upkeep.correction
        usage.dead = UInt64(max(0, Int64(clamping: usage.dead) &+ correction.dead))
        usage.held = UInt64(max(0, Int64(clamping: usage.held) &+ correction.held))
        usage.total &+= state.log?.allocatedByteCount ?? 0
        usage.compacting = UInt64(max(0, compactingByteCount.load(ordering: .relaxed)))
        usage.inFlight = UInt64(max(0, inFlightByteCount.load(ordering: .relaxed))) &+ usage.compacting
        usage.compactionByteCount = options.compactionByteCount
        usage.uncounted = state.upkeep.newByteCount &+ (state.log?.allocatedByteCount ?? 0)
        usage.bound = usage.certainlyLive &+ usage.certainlyLive / 2 &+ options.spaceSlackByteCount
        usage.isShort = state.reserve.isShort
        usage.reserveByteCount = state.reserve.byteCount
        usage.lastFailure = state.upkeep.lastFailure
        usage.postponedCount = state.upkeep.tooLarge.count
        usage.lastDamage = metDamage.last
        usage.stallCount = state.upkeep.stallCount
        usage.stallMicroseconds = state.upkeep.stallMicroseconds
        return usage
    }
}
