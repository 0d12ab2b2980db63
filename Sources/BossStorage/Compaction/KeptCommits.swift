/// The commits whose state must stay readable: those of snapshots, and every one from the oldest of the history on.
struct KeptCommits: Sendable, Equatable {
    /// Every commit from here on can be read.
    var oldest: UInt64
    /// Commits of snapshots, ascending.
    let snapshots: [UInt64]

    init(oldest: UInt64, snapshots: [UInt64]) {
        self.oldest = oldest
        self.snapshots = snapshots.sorted()
    }

    /// Whether a snapshot shows what was true from commit `first` until commit `end` replaced it.
    func hasSnapshot(from first: UInt64, before end: UInt64) -> Bool {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.ignoreSnapshots) { return false }
        #endif
        var low = 0
        var high = snapshots.count
        while low < high {
            let middle = (low + high) / 2
            if snapshots[middle] < first { low = middle + 1 } else { high = middle }
        }
        return low < snapshots.count && snapshots[low] < end
    }

    /// Whether the history shows what was true from commit `first` until commit `end` replaced it.
    func hasHistory(from first: UInt64, before end: UInt64) -> Bool {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.endHistoryOneEarly) { return max(first, oldest &+ 1) < end }
        #endif
        return max(first, oldest) < end
    }
}

/// Who still needs a version of a cuboid.
enum VersionFate: Sendable {
    /// The newest state.
    case needed
    /// A snapshot.
    case inSnapshot
    /// Only the history.
    case inHistory
    /// Nobody.
    case dead
}

/// All versions of one cuboid in a view, newest first, and what becomes of them.
struct VersionChain {
    struct Item {
        let entry: IndexEntry
        /// Which segment holds it; nil for the live log.
        let segment: FileIdentifier?
        let store: any PageStore
        var fate = VersionFate.dead
    }

    private(set) var items: [Item]
    /// Deletions of the box around the cuboid that are not dead themselves, newest first.
    private(set) var deletions: [(sequence: UInt64, fate: VersionFate)] = []

    /// - Parameters:
    ///   - items: in any order.
    ///   - tombstones: those that contain the cuboid.
    init(_ items: [Item], tombstones: [RangeTombstone], kept: KeptCommits) {
        self.items = items.sorted { IndexEntry.precedes($0.entry, $1.entry) }
        let deleted = tombstones.sorted { $0.sequence > $1.sequence }
        var nextBase: UInt64?
        var at = 0
        for tombstone in deleted + [nil] {
            // A page of the same commit was written after the deletion.
            while at < self.items.count,
                tombstone.map({ self.items[at].entry.sequence >= $0.sequence }) ?? true
            {
                let sequence = self.items[at].entry.sequence
                self.items[at].fate = Self.fate(sequence, nextBase, kept)
                if self.items[at].entry.kind != .delta { nextBase = sequence }
                at += 1
            }
            guard let tombstone else { break }
            let fate = Self.fate(tombstone.sequence, nextBase, kept)
            if fate != .dead { deletions.append((tombstone.sequence, fate)) }
            nextBase = tombstone.sequence
        }
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.dropNewestVersion) { self.items.swapFatesOfEnds() }
        #endif
    }

    private static func fate(_ sequence: UInt64, _ nextBase: UInt64?, _ kept: KeptCommits) -> VersionFate {
        guard let nextBase else { return .needed }
        if kept.hasSnapshot(from: sequence, before: nextBase) { return .inSnapshot }
        return kept.hasHistory(from: sequence, before: nextBase) ? .inHistory : .dead
    }

    /// Whether a deletion hides versions that a segment holds.
    func hides(_ segment: FileIdentifier, by deletion: UInt64) -> Bool {
        items.contains { $0.segment == segment && $0.entry.sequence < deletion }
    }

    /// The newest full page and the deltas above it, newest first, when no kept commit shows a state in between: then
    /// one full page can take their place.
    ///
    /// - Parameter segments: where all of them must be.
    func foldable(within segments: Set<FileIdentifier>, kept: KeptCommits) -> (
        base: Item, deltas: [Item]
    )? {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.foldAcrossKeptCommits), kept.oldest < .max {
                return foldable(within: segments, kept: KeptCommits(oldest: .max, snapshots: []))
            }
        #endif
        guard let newest = items.first, newest.entry.kind == .delta,
            deletions.first.map({ $0.sequence < newest.entry.sequence }) ?? true,
            let position = items.firstIndex(where: { $0.entry.kind != .delta })
        else { return nil }
        let base = items[position]
        guard base.entry.kind == .full,
            deletions.first.map({ $0.sequence < base.entry.sequence }) ?? true,
            items[...position].allSatisfy({ $0.segment.map(segments.contains) ?? false }),
            !kept.hasSnapshot(from: base.entry.sequence, before: newest.entry.sequence),
            !kept.hasHistory(from: base.entry.sequence, before: newest.entry.sequence)
        else { return nil }
        return (base, Array(items[..<position]))
    }
}
