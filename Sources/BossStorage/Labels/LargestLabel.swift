extension StorageEngine {
    /// A label that no label of a group is above, from label indexes and the summaries of pages that are in none yet.
    ///
    /// What is no longer shown counts as well, as long as a file has it: no page is looked up.
    ///
    /// - Parameter background: no label.
    /// - Returns: the largest label, 0 without any, and the cuboids of which only their voxels tell, ascending.
    /// - Throws: `.corrupt` naming the file of a damaged page or index.
    /// - Complexity: linear in segment files and in pages of the log.
    package func largestLabel(
        _ group: PageGroup, in view: View, besides background: UInt64
    ) throws(StorageError) -> (largest: UInt64, unknown: [UInt64]) {
        guard !view.isDropped(group) else { return (0, []) }
        var search = LargestLabelSearch(engine: self, group: group, background: background)
        try view.forEachSegment(holding: group) { (segment) throws(StorageError) in try search.add(segment) }
        for entry in view.unsealed(group) { try search.add(entry.index, entry.store) }
        return (search.largest, search.unknown.sorted())
    }
}

private struct LargestLabelSearch {
    let engine: StorageEngine
    let group: PageGroup
    let background: UInt64
    private(set) var largest: UInt64 = 0
    private(set) var unknown: Set<UInt64> = []

    init(engine: StorageEngine, group: PageGroup, background: UInt64) {
        self.engine = engine
        self.group = group
        self.background = background
    }

    mutating func add(_ segment: Segment) throws(StorageError) {
        let indexed = try segment.largestIndexedLabel(group, besides: background, roots: engine.labelRoots)
        largest = max(largest, indexed ?? 0)
        if indexed != nil, try segment.unknownPageCount(group, roots: engine.labelRoots) == 0 { return }
        var others: [(IndexEntry, any PageStore)] = []
        try segment.forEachVersion(of: group, leaves: engine.leaves) { entry, store in
            if indexed == nil || entry.isUnlabelled { others.append((entry, store)) }
        }
        for (entry, store) in others { try add(entry, store) }
    }

    mutating func add(_ entry: IndexEntry, _ store: any PageStore) throws(StorageError) {
        if entry.isUnlabelled {
            unknown.insert(entry.morton)
            return
        }
        guard entry.isLabelled else { return }
        guard !entry.isIndexOnly else {
            let bits = entry.offsetOrConstant
            if bits != background { largest = max(largest, bits) }
            return
        }
        let summary = try engine.summary(of: entry.version(in: store), entry.morton, group)
        largest = max(largest, summary.labels.last { $0.id != background }?.id ?? 0)
    }
}

extension Segment {
    /// The largest label of a group in the label index, 0 without any; nil for a segment without an index of the group.
    fileprivate func largestIndexedLabel(
        _ group: PageGroup, besides background: UInt64, roots: LabelRootCache
    ) throws(StorageError) -> UInt64? {
        guard let root = try roots.root(of: try open()), let totals = root.group(group) else { return nil }
        guard totals.entryCount > 0 else { return 0 }
        guard totals.maximumID == background else { return totals.maximumID }
        // Cuboids that are background throughout come last then.
        for block in (totals.firstBlock..<totals.firstBlock + totals.blockCount).reversed() {
            let first = root.fences[block].firstID
            guard first < background else { continue }
            var largest = first
            _ = try forEachIndexedLabel(LabelRanges([first...background - 1]), group, roots: roots) {
                largest = max(largest, $0.id)
            }
            return largest
        }
        return 0
    }
}
