/// Page versions that are not in a sealed segment: keys and where their pages lie, not the pages.
///
/// A value: publishing a commit makes a new one that shares all groups the commit did not touch.
struct Memtable: Sendable {
    struct Entry: Sendable {
        let index: IndexEntry
        let store: any PageStore
    }

    /// Entries of a group, ascending in each run. A new run is merged with the last ones until each is more than twice as
    /// long as the next: so a commit copies few entries, although every view shares the runs, and lookups have few runs
    /// to search.
    private var runs: [PageGroup: [[Entry]]] = [:]

    /// Groups that have entries.
    var groupNames: some Collection<PageGroup> { runs.keys }

    /// All entries of a group, ascending.
    func entries(of group: PageGroup) -> [Entry] { Self.merged(runs[group] ?? []) }

    /// The same in ascending runs, which costs no copy.
    func runs(of group: PageGroup) -> [[Entry]] { runs[group] ?? [] }

    /// Commits whose notes are here.
    var notedCommits: Set<UInt64> { Set(entries(of: SystemGroup.notes).map(\.index.morton)) }

    /// All entries, ascending in each group; copies them.
    var groups: [PageGroup: [Entry]] { runs.mapValues(Self.merged) }

    private static func merged(_ runs: [[Entry]]) -> [Entry] {
        if runs.count < 2 { return runs.first ?? [] }
        return Array(runs.joined()).sorted { IndexEntry.precedes($0.index, $1.index) }
    }

    /// Boxes that were deleted.
    private(set) var rangeTombstones: [PageGroup: [RangeTombstone]] = [:]

    /// Whether boxes or whole cuboids were deleted.
    var hasDeletions: Bool {
        !rangeTombstones.isEmpty
            || runs.values.contains { $0.joined().contains { $0.index.kind == .tombstone } }
    }

    var isEmpty: Bool { runs.isEmpty && rangeTombstones.isEmpty }

    /// Adds versions.
    mutating func insert(_ added: [(group: PageGroup, entry: IndexEntry)], store: any PageStore) {
        for (group, entries) in Dictionary(grouping: added, by: \.group) {
            rangeTombstones[group] =
                (rangeTombstones[group] ?? [])
                + entries.compactMap {
                    $0.entry.rangeTombstone(group)
                }
            if rangeTombstones[group]?.isEmpty == true { rangeTombstones[group] = nil }
            let pages = entries.filter { $0.entry.kind != .rangeTombstone }
            guard !pages.isEmpty else { continue }
            var run = pages.map { Entry(index: $0.entry, store: store) }
            var list = runs[group] ?? []
            while let last = list.last, last.count <= 2 * run.count { run += list.removeLast() }
            run.sort { IndexEntry.precedes($0.index, $1.index) }
            list.append(run)
            runs[group] = list
        }
    }

    /// Adds a deletion to the overlay of a transaction: pages that it holds in the box go.
    mutating func delete(_ tombstone: RangeTombstone) {
        rangeTombstones[tombstone.group, default: []].append(tombstone)
        let rest = entries(of: tombstone.group).filter { !tombstone.contains($0.index.morton) }
        runs[tombstone.group] = rest.isEmpty ? nil : [rest]
    }

    /// Adds a version, taking the place of any other of the same cuboid: the overlay of a transaction
    /// holds one pending page a cuboid.
    mutating func replace(_ key: CuboidKey, with entry: Entry) {
        // The overlay is made by this alone, so it has one run.
        var list = entries(of: key.group)
        runs[key.group] = nil
        let position = Self.firstIndex(in: list, notBelow: key.morton, from: 0)
        if position < list.count, list[position].index.morton == key.morton {
            list[position] = entry
        } else {
            list.insert(entry, at: position)
        }
        runs[key.group] = [list]
    }

    /// Adds the versions of wanted cuboids to their collectors; codes ascend.
    func collect(group: PageGroup, codes: [UInt64], into collectors: inout [VersionCollector]) {
        forEachVersion(group: group, codes: codes) { position, entry, store in
            collectors[position].add(entry.version(in: store))
        }
    }

    /// Calls `body` for each version of wanted cuboids: the position of its code, its entry and where its page lies.
    func forEachVersion(
        group: PageGroup, codes: [UInt64], _ body: (Int, IndexEntry, any PageStore) -> Void
    ) {
        for list in runs[group] ?? [] {
            var start = 0
            for (position, code) in codes.enumerated() {
                start = Self.firstIndex(in: list, notBelow: code, from: start)
                var at = start
                while at < list.count, list[at].index.morton == code {
                    body(position, list[at].index, list[at].store)
                    at += 1
                }
            }
        }
    }

    /// Codes with a version in a range, in any order, with duplicates.
    func codes(group: PageGroup, in range: ClosedRange<UInt64>) -> [UInt64] {
        var codes: [UInt64] = []
        for list in runs[group] ?? [] {
            var at = Self.firstIndex(in: list, notBelow: range.lowerBound, from: 0)
            while at < list.count, list[at].index.morton <= range.upperBound {
                codes.append(list[at].index.morton)
                at += 1
            }
        }
        return codes
    }

    /// Every page, as a segment's index takes it.
    var indexEntries: [PageGroup: [IndexEntry]] {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.sealWithoutLastEntry) { return indexEntriesButLast }
        #endif
        return groups.mapValues { $0.map(\.index) }
    }

    /// The oldest and the newest commit of a group's pages and deletions, nil without any.
    func commits(of group: PageGroup) -> ClosedRange<UInt64>? {
        var (oldest, newest) = (UInt64.max, UInt64.min)
        func add(_ commit: UInt64) { (oldest, newest) = (min(oldest, commit), max(newest, commit)) }
        for run in runs(of: group) {
            for entry in run { add(entry.index.sequence) }
        }
        for tombstone in rangeTombstones[group] ?? [] { add(tombstone.sequence) }
        return oldest <= newest ? oldest...newest : nil
    }

    static func firstIndex(in list: [Entry], notBelow morton: UInt64, from start: Int) -> Int {
        var low = start
        var high = list.count
        while low < high {
            let middle = (low + high) / 2
            if list[middle].index.morton < morton { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
