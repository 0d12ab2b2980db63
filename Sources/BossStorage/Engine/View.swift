/// The segments and the memtable that readers see, replaced as a whole by every commit.
struct PublishedState: Sendable {
    var table: SegmentTable
    var memtable: Memtable
    var sequence: UInt64
    /// Keeps the files of the root.
    var pin: RootPin
    /// Channels whose pages are garbage.
    var droppedChannels: Set<UInt32> = []
    /// Deletions of the root; younger ones are in the memtable.
    var rangeTombstones: [PageGroup: [RangeTombstone]] = [:]
    var history = HistoryRange()
    var snapshots: [NamedSnapshot] = []
    var bulkNotes: [ManifestRoot.BulkNote] = []

    var rootNumber: UInt64 { pin.root }
}

/// One consistent state of the database: what was committed when it was taken, or up to an older commit, and in a
/// transaction the transaction's own writes. It stays valid while it is held, whatever is committed meanwhile.
package struct View: Sendable {
    /// The newest commit that the view sees.
    package let sequence: UInt64
    let state: PublishedState
    private let overlay: Memtable?
    let leaves: LeafCache

    init(state: PublishedState, sequence: UInt64? = nil, overlay: Memtable? = nil, leaves: LeafCache) {
        self.sequence = sequence ?? state.sequence
        self.state = state
        self.overlay = overlay
        self.leaves = leaves
    }

    func with(overlay: Memtable) -> View {
        View(state: state, sequence: sequence, overlay: overlay, leaves: leaves)
    }

    /// Younger versions are not shown. A transaction's own pages carry the highest number there is.
    private var limit: UInt64 { overlay == nil ? sequence : .max }

    /// How much of the past could be read when the view was taken.
    package var history: HistoryRange { state.history }

    /// The snapshots of that time, in the order of their commits.
    package var snapshots: [NamedSnapshot] { state.snapshots }

    /// Finds the pages of cuboids.
    ///
    /// - Parameter codes: Morton codes, ascending, without duplicates.
    /// - Returns: one entry a code, in the same order; nothing is read but the index.
    package func locate(_ group: PageGroup, codes: [UInt64]) throws(StorageError) -> [LocatedPage] {
        var collectors = [VersionCollector](repeating: VersionCollector(limit: limit), count: codes.count)
        if !isDropped(group) { try collect(group, codes, into: &collectors) }
        return zip(codes, collectors).map { $1.located(morton: $0) }
    }

    private func collect(
        _ group: PageGroup, _ codes: [UInt64], into collectors: inout [VersionCollector]
    ) throws(StorageError) {
        guard let first = codes.first, let last = codes.last else { return }
        precondition(first <= last, "codes ascend")
        try state.table.forEach(holding: group, first...last) { (segment) throws(StorageError) in
            try segment.collect(group: group, codes: codes, leaves: leaves, into: &collectors)
        }
        state.memtable.collect(group: group, codes: codes, into: &collectors)
        overlay?.collect(group: group, codes: codes, into: &collectors)
        for tombstone in rangeTombstones(of: group) {
            for (position, code) in codes.enumerated() where tombstone.contains(code) {
                collectors[position].hide(by: tombstone)
            }
        }
    }

    /// Deletions of a group, younger ones than the view included.
    func rangeTombstones(of group: PageGroup) -> [RangeTombstone] {
        (state.rangeTombstones[group] ?? []) + (state.memtable.rangeTombstones[group] ?? [])
            + (overlay?.rangeTombstones[group] ?? [])
    }

    /// Whether the channel was dropped: nothing of it is there any more.
    func isDropped(_ group: PageGroup) -> Bool { state.droppedChannels.contains(group.channel) }

    /// Calls `body` with the segments that may hold pages of a group.
    func forEachSegment(
        holding group: PageGroup, _ body: (Segment) throws(StorageError) -> Void
    ) throws(StorageError) {
        try state.table.forEach(holding: group, 0...UInt64.max, body)
    }

    /// Versions of a group that are in no segment yet, those of the transaction included.
    func unsealed(_ group: PageGroup) -> [Memtable.Entry] {
        state.memtable.runs(of: group).flatMap { $0 } + (overlay?.runs(of: group).flatMap { $0 } ?? [])
    }

    /// Cuboids of a group that have any version, ascending: for scans of sparse channels.
    package func writtenCodes(_ group: PageGroup, in range: ClosedRange<UInt64>) throws(StorageError)
        -> [UInt64]
    {
        if isDropped(group) { return [] }
        var codes = state.memtable.codes(group: group, in: range)
        if let overlay { codes += overlay.codes(group: group, in: range) }
        try state.table.forEach(holding: group, range) { (segment) throws(StorageError) in
            codes += try segment.codes(group: group, in: range, leaves: leaves)
        }
        codes.sort()
        return codes.reduce(into: []) { unique, code in
            if unique.last != code { unique.append(code) }
        }
    }

    /// The largest channel number of any page, 0 without one. Answered from the manifest, so numbers of channels that
    /// were dropped count as long as files hold their pages.
    package var largestChannel: UInt32 {
        var largest: UInt32 = 0
        func add(_ key: CuboidKey, _ other: CuboidKey) {
            // The engine's own pages come last in every file.
            for channel in [key.group.channel, other.group.channel] where channel != SystemGroup.channel {
                largest = max(largest, channel)
            }
        }
        for segment in state.table.recent { add(segment.reference.minimumKey, segment.reference.maximumKey) }
        for shard in state.table.shards { add(shard.reference.minimumKey, shard.reference.maximumKey) }
        for group in state.memtable.groupNames where !SystemGroup.isSystem(group) {
            largest = max(largest, group.channel)
        }
        return largest
    }

    /// The oldest and the newest commit that wrote a page of a group or deleted in it, commits that are younger than the
    /// view included; nil when none did.
    package func commits(of group: PageGroup) throws(StorageError) -> ClosedRange<UInt64>? {
        var commits: ClosedRange<UInt64>?
        if isDropped(group) { return nil }
        try state.table.forEach(holding: group, 0...UInt64.max) { (segment) throws(StorageError) in
            commits = commits.joined(with: try segment.commits(of: group))
        }
        commits = commits.joined(with: state.memtable.commits(of: group))
        commits = commits.joined(with: overlay?.commits(of: group))
        for tombstone in state.rangeTombstones[group] ?? [] {
            commits = commits.joined(with: tombstone.sequence...tombstone.sequence)
        }
        return commits
    }

    /// Whether the view shows that a page of a group was ever written or deleted.
    package func isWritten(_ group: PageGroup) throws(StorageError) -> Bool {
        guard let commits = try commits(of: group) else { return false }
        return commits.lowerBound <= limit
    }

    /// Stored bytes and pages of a channel's group, superseded versions included.
    package func storedSize(of group: PageGroup) throws(StorageError) -> (
        pageCount: UInt64, byteCount: UInt64
    ) {
        var (pages, bytes): (UInt64, UInt64) = (0, 0)
        if isDropped(group) { return (0, 0) }
        try state.table.forEach(holding: group, 0...UInt64.max) { (segment) throws(StorageError) in
            guard let totals = try segment.open().index.group(group) else { return }
            // The totals of a file say anything: adding them must not trap.
            pages &+= totals.pageCount
            bytes &+= totals.liveByteCount
        }
        for entry in state.memtable.entries(of: group) {
            pages &+= 1
            bytes &+= UInt64(entry.index.pageByteCount)
        }
        return (pages, bytes)
    }
}
