/// The segments and the memtable that readers see, replaced as a whole by every commit.
struct PublishedState: Sendable {
    var segments: [Segment]
    var memtable: Memtable
    var sequence: UInt64
    var rootNumber: UInt64
    /// Channels whose pages in shared files are garbage.
    var droppedChannels: Set<UInt32> = []
}

/// One consistent state of the database: what was committed when it was taken, and in a transaction the
/// transaction's own writes. It stays valid while it is held, whatever is committed meanwhile.
package struct View: Sendable {
    /// The newest commit that the view sees.
    package let sequence: UInt64
    private let state: PublishedState
    private let overlay: Memtable?
    private let leaves: LeafCache

    init(state: PublishedState, overlay: Memtable? = nil, leaves: LeafCache) {
        sequence = state.sequence
        self.state = state
        self.overlay = overlay
        self.leaves = leaves
    }

    func with(overlay: Memtable) -> View { View(state: state, overlay: overlay, leaves: leaves) }

    /// Finds the pages of cuboids.
    ///
    /// - Parameter codes: Morton codes, ascending, without duplicates.
    /// - Returns: one entry a code, in the same order; nothing is read but the index.
    package func locate(_ group: PageGroup, codes: [UInt64]) throws(StorageError) -> [LocatedPage] {
        guard let first = codes.first, let last = codes.last else { return [] }
        precondition(first <= last, "codes ascend")
        // A transaction's own pages carry the highest number there is.
        let limit = overlay == nil ? sequence : UInt64.max
        var collectors = [VersionCollector](repeating: VersionCollector(limit: limit), count: codes.count)
        if isDropped(group) { return zip(codes, collectors).map { $1.located(morton: $0) } }
        for segment in state.segments where segment.reference.mayHold(group, first...last) {
            try segment.collect(group: group, codes: codes, leaves: leaves, into: &collectors)
        }
        state.memtable.collect(group: group, codes: codes, into: &collectors)
        overlay?.collect(group: group, codes: codes, into: &collectors)
        return zip(codes, collectors).map { $1.located(morton: $0) }
    }

    private func isDropped(_ group: PageGroup) -> Bool { state.droppedChannels.contains(group.channel) }

    /// Cuboids of a group that have any version, ascending: for scans of sparse channels.
    package func writtenCodes(_ group: PageGroup, in range: ClosedRange<UInt64>) throws(StorageError)
        -> [UInt64]
    {
        if isDropped(group) { return [] }
        var codes = state.memtable.codes(group: group, in: range)
        if let overlay { codes += overlay.codes(group: group, in: range) }
        for segment in state.segments where segment.reference.mayHold(group, range) {
            codes += try segment.codes(group: group, in: range, leaves: leaves)
        }
        codes.sort()
        return codes.reduce(into: []) { unique, code in
            if unique.last != code { unique.append(code) }
        }
    }

    /// The newest commit that wrote a page of a group, 0 when none did.
    package func newestSequence(of group: PageGroup) throws(StorageError) -> UInt64 {
        var newest: UInt64 = 0
        if isDropped(group) { return 0 }
        for segment in state.segments where segment.reference.mayHold(group) {
            guard let totals = try segment.open().index.group(group) else { continue }
            let commit = segment.reference.commitSequence
            newest = max(newest, commit == 0 ? totals.maximumSequence : commit)
        }
        for table in [state.memtable, overlay].compactMap({ $0 }) {
            newest = table.groups[group]?.reduce(newest) { max($0, $1.index.sequence) } ?? newest
        }
        return newest
    }

    /// Stored bytes and pages of a channel's group, superseded versions included.
    package func storedSize(of group: PageGroup) throws(StorageError) -> (
        pageCount: UInt64, byteCount: UInt64
    ) {
        var (pages, bytes): (UInt64, UInt64) = (0, 0)
        if isDropped(group) { return (0, 0) }
        for segment in state.segments where segment.reference.mayHold(group) {
            guard let totals = try segment.open().index.group(group) else { continue }
            // The totals of a file say anything: adding them must not trap.
            pages &+= totals.pageCount
            bytes &+= totals.liveByteCount
        }
        for entry in state.memtable.groups[group] ?? [] {
            pages &+= 1
            bytes &+= UInt64(entry.index.pageByteCount)
        }
        return (pages, bytes)
    }
}
