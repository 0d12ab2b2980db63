/// What maintenance knows and has still to find out; part of the writer's state.
struct UpkeepState {
    /// Bytes of a segment that nobody needs, and that only the history needs.
    struct Count: Hashable {
        var dead: UInt64
        var held: UInt64
        /// Bytes that only snapshots need; they count as live.
        var inSnapshots: UInt64 = 0
        /// Whether nobody needs any entry.
        var isEmpty = false
    }
    private struct Counted {
        var count: Count
        let minimumKey: CuboidKey
        /// What the manifest says.
        let named: Count

        var isNews: Bool {
            (count.dead, count.held, count.inSnapshots) != (named.dead, named.held, named.inSnapshots)
        }
    }

    /// A segment to be counted again.
    struct Pending {
        /// Whether its keys may have replaced pages of others.
        var isNew: Bool
        /// Where to look for it, if that is known.
        var minimumKey: CuboidKey?
        /// Length of the file, 0 where that is not known.
        var byteCount: UInt64 = 0
    }

    private(set) var pending: [FileIdentifier: Pending]
    /// Counts that the root does not hold yet.
    private var counts: [FileIdentifier: Counted] = [:]
    /// Segments that could not be read: left alone until the next open.
    var avoided: Set<FileIdentifier> = []
    /// Segments that the disk had no room to write again, with the bytes that were needed of each: left alone until
    /// less is needed, the reserve is long enough again, or something is freed.
    private(set) var tooLarge: [FileIdentifier: UInt64] = [:]
    /// What the counts were made for.
    var kept: KeptCommits?
    /// Deletions and dropped channels that the counts know of.
    var deletions: Set<RangeTombstone> = []
    var droppedChannels: Set<UInt32> = []
    /// When the oldest commit of the history was last looked for, microseconds since 1970.
    var lastHorizonCheck: Int64?
    /// Whether the last step found nothing to do.
    var isIdle = false
    /// Why maintenance could not go on the last time.
    var lastFailure: StorageError?
    /// Writes that waited for space or for maintenance, and for how long.
    var stallCount = 0
    var stallMicroseconds: Int64 = 0

    init(uncounted: [FileIdentifier]) {
        pending = Dictionary(
            uncounted.map { ($0, Pending(isNew: true, minimumKey: nil)) },
            uniquingKeysWith: { first, _ in first })
    }

    mutating func mark(_ segment: SegmentReference, isNew: Bool) {
        let wasNew = pending[segment.identifier]?.isNew == true
        pending[segment.identifier] = Pending(
            isNew: isNew || wasNew, minimumKey: segment.minimumKey, byteCount: segment.fileByteCount)
        isIdle = false
    }

    /// Marks the segments of which the history, or a snapshot, needs something: counted ones, and others of which the
    /// manifest says so.
    mutating func markHeld(_ named: [SegmentReference], andInSnapshots: Bool) {
        for segment in named where counts[segment.identifier] == nil { mark(segment, isNew: false) }
        for (identifier, counted) in counts
        where counted.count.held > 0 || (andInSnapshots && counted.count.inSnapshots > 0) {
            let old = pending[identifier]
            pending[identifier] = Pending(
                isNew: old?.isNew == true, minimumKey: counted.minimumKey, byteCount: old?.byteCount ?? 0)
            isIdle = false
        }
    }

    /// Bytes of new segments that were not counted yet: nobody knows what they have replaced.
    var newByteCount: UInt64 { pending.values.reduce(0) { $0 &+ ($1.isNew ? $1.byteCount : 0) } }

    /// Smallest keys of the segments whose counts the root does not hold yet.
    var countedKeys: [(FileIdentifier, CuboidKey)] {
        counts.map { ($0.key, $0.value.minimumKey) }.sorted { ($0.0.high, $0.0.low) < ($1.0.high, $1.0.low) }
    }

    mutating func record(_ count: Count, of reference: SegmentReference) {
        pending[reference.identifier] = nil
        let named = counts[reference.identifier]?.named ?? Count(reference)
        counts[reference.identifier] = Counted(
            count: count, minimumKey: reference.minimumKey, named: named)
    }

    /// There was no room to write a segment again.
    ///
    /// - Parameter reserve: what the reserve had; one that was long enough is of no use.
    mutating func postpone(_ segment: SegmentReference, reserve: UInt64) {
        let needed = rest(of: segment)
        tooLarge[segment.identifier] = Self.fits(needed, reserve) ? 0 : needed
    }

    /// Whether there may be room to write a segment again.
    func isAffordable(_ segment: SegmentReference, reserve: UInt64) -> Bool {
        guard let refused = tooLarge[segment.identifier], refused > 0 else {
            return tooLarge[segment.identifier] == nil
        }
        let needed = rest(of: segment)
        return needed < refused || Self.fits(needed, reserve)
    }

    /// Something was freed.
    mutating func retryAll() { tooLarge = [:] }

    /// Whether bytes of pages fit into the reserve together with their index and a root.
    private static func fits(_ needed: UInt64, _ reserve: UInt64) -> Bool {
        needed &+ needed / 8 &+ SpaceReserve.leastByteCount <= reserve
    }

    /// A segment that does not exist any more.
    mutating func forget(_ segment: FileIdentifier) {
        pending[segment] = nil
        counts[segment] = nil
    }

    func count(of reference: SegmentReference) -> Count {
        counts[reference.identifier]?.count ?? Count(reference)
    }

    /// Bytes of a segment that somebody needs.
    func rest(of reference: SegmentReference) -> UInt64 {
        reference.fileByteCount - min(reference.fileByteCount, count(of: reference).dead)
    }

    /// What the counts say beyond what the manifest says.
    var correction: (dead: Int64, held: Int64) {
        counts.values.reduce((0, 0)) { sum, counted in
            (
                sum.0 &+ Int64(clamping: counted.count.dead) &- Int64(clamping: counted.named.dead),
                sum.1 &+ Int64(clamping: counted.count.held) &- Int64(clamping: counted.named.held)
            )
        }
    }

    /// Puts the counts into an edit, for the segments that it writes down anew.
    func complete(_ edit: inout ManifestEdit) { edit.counts = counts.mapValues(\.count) }

    /// Segments that have to be counted again after the next open: those that were not, and those of shards that stay
    /// as they are and know nothing of the count.
    ///
    /// - Parameter named: segments as the new root and the new shards name them.
    func uncounted(after edit: ManifestEdit, named: [SegmentReference]) -> [FileIdentifier] {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.forgetUncounted) { return [] }
        #endif
        let added = edit.added.filter { $0.role != .compacted }.map(\.identifier)
        let written = Set(named.map(\.identifier))
        let unwritten = counts.filter { !written.contains($0.key) && $0.value.isNews }.map(\.key)
        return Set((pending.keys + unwritten).filter { edit.removed[$0] == nil } + added).sorted {
            ($0.high, $0.low) < ($1.high, $1.low)
        }
    }

    /// Takes over what an edit did, once it is durable.
    ///
    /// - Parameter named: segments as the new root and the new shards name them.
    mutating func take(_ edit: ManifestEdit, named: [SegmentReference]) {
        for segment in edit.removed.keys { forget(segment) }
        if !edit.removed.isEmpty { retryAll() }
        for reference in named {
            guard let counted = counts[reference.identifier] else { continue }
            counts[reference.identifier] = Counted(
                count: counted.count, minimumKey: reference.minimumKey, named: Count(reference))
        }
        // What compaction wrote replaces nothing that it has not seen.
        for segment in edit.added where segment.role != .compacted { mark(segment, isNew: true) }
        isIdle = false
    }
}

extension UpkeepState.Count {
    init(_ reference: SegmentReference) {
        self.init(
            dead: reference.deadByteCount, held: reference.heldByteCount,
            inSnapshots: reference.snapshotByteCount)
    }
}
