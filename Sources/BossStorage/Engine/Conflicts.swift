import Synchronization

/// What a commit was made from and what it changes, to be compared with what was committed meanwhile.
struct CommitClaim {
    /// The newest commit that its maker could see.
    let base: UInt64
    /// Cuboids whose older version it has read.
    let reads: Set<CuboidKey>
    /// Boxes that it deletes from. Whoever deletes has seen all of the box.
    var cleared: [ClearedBox] = []
    /// Channels that it changes.
    let channels: Set<UInt32>

    /// Whether a page or a deletion of another commit concerns what this one was made from.
    func meets(_ group: PageGroup, _ entry: IndexEntry) -> Bool {
        if let other = entry.rangeTombstone(group) {
            return reads.contains { $0.group == group && other.contains($0.morton) }
                || cleared.contains { $0.overlaps(other) }
        }
        return reads.contains(CuboidKey(group: group, morton: entry.morton))
            || cleared.contains { $0.contains(group, entry.morton) }
    }
}

extension StorageEngine {
    /// Compares what a commit was made from with what was committed since.
    ///
    /// Costs a look at the index for each cuboid that was read. A deletion costs a look at the indexes of files that are
    /// younger than the commit's base, whatever the number of cuboids in its box.
    /// - Throws: `.channelDropped`, `.writeConflict`.
    func refuseConflicts(_ claim: CommitClaim, _ state: WriterState) throws(StorageError) {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.missConflicts) { return }
        #endif
        if let channel = claim.channels.intersection(state.refusedChannels).min() {
            throw .channelDropped(channel: channel)
        }
        guard !claim.reads.isEmpty || !claim.cleared.isEmpty, state.lastSequence > claim.base else {
            return
        }
        for batch in state.pending where batch.sequence > claim.base {
            if batch.entries.contains(where: { claim.meets($0.group, $0.entry) }) { throw .writeConflict }
        }
        let view = View(state: published.withLock { $0 }, leaves: leaves)
        let reads = Dictionary(grouping: claim.reads, by: \.group)
        for (group, keys) in reads.sorted(by: { $0.key < $1.key }) {
            let located = try view.locate(group, codes: keys.map(\.morton).sorted())
            if located.contains(where: { $0.newestSequence > claim.base }) { throw .writeConflict }
        }
        for box in claim.cleared {
            if try view.hasChange(in: box, after: claim.base) { throw .writeConflict }
        }
    }
}

extension View {
    /// Whether a commit after `sequence` wrote or deleted a cuboid of a box.
    fileprivate func hasChange(in box: ClearedBox, after sequence: UInt64) throws(StorageError) -> Bool {
        for tombstones in [state.rangeTombstones, state.memtable.rangeTombstones] {
            for (group, deleted) in tombstones where box.covers(group) {
                if deleted.contains(where: { $0.sequence > sequence && box.overlaps($0) }) { return true }
            }
        }
        for group in state.memtable.groupNames where box.covers(group) {
            if state.memtable.hasVersion(in: box.part(of: group), after: sequence) { return true }
        }
        var isFound = false
        try state.table.forEach(
            from: box.lowest, through: box.highest, after: sequence, while: { !isFound }
        ) { (segment) throws(StorageError) in
            for totals in try segment.open().index.groups where box.covers(totals.group) && !isFound {
                isFound = try segment.hasVersion(
                    in: box.part(of: totals.group), after: sequence, leaves: leaves)
            }
        }
        return isFound
    }
}

extension Memtable {
    /// Whether a page of a box is younger than a commit.
    fileprivate func hasVersion(in box: RangeTombstone, after sequence: UInt64) -> Bool {
        runs(of: box.group).contains { run in
            let first = Self.firstIndex(in: run, notBelow: box.codes.lowerBound, from: 0)
            return run[first...].prefix { $0.index.morton <= box.codes.upperBound }.contains {
                $0.index.sequence > sequence && box.contains($0.index.morton)
            }
        }
    }
}

extension Segment {
    /// Whether a page of a box is younger than a commit; reads no leaf where the whole group is older.
    fileprivate func hasVersion(
        in box: RangeTombstone, after sequence: UInt64, leaves: LeafCache
    ) throws(StorageError) -> Bool {
        guard let commits = try commits(of: box.group), commits.upperBound > sequence else { return false }
        let opened = try open()
        guard let totals = opened.index.group(box.group) else { return false }
        let first = opened.index.leaf(of: box.codes.lowerBound, in: totals)
        for number in first..<totals.firstLeaf + totals.leafCount {
            guard opened.index.fences[number].firstMorton <= box.codes.upperBound else { break }
            let leaf = try leaves.leaf(number, group: box.group, of: opened, name: reference.path)
            let isYounger = leaf.entries.contains {
                box.contains($0.morton) && reference.stamped($0).sequence > sequence
            }
            if isYounger { return true }
        }
        return false
    }
}
