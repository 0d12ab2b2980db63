extension StorageEngine {
    /// How much `find` would read: blocks of label indexes, and summaries of pages that are in none yet.
    ///
    /// - Complexity: linear in segment files and in the ranges that are asked for, times the logarithm of blocks.
    package func lookupCost(
        _ wanted: LabelRanges, _ group: PageGroup, in view: View
    ) throws(StorageError) -> Int {
        guard !wanted.isEmpty, !view.isDropped(group) else { return 0 }
        let roots = labelRoots
        var count = view.unsealed(group).count
        try view.forEachSegment(holding: group) { (segment) throws(StorageError) in
            count += try segment.lookupCost(wanted, group, roots: roots)
        }
        return count
    }
}

extension Segment {
    fileprivate func lookupCost(
        _ wanted: LabelRanges, _ group: PageGroup, roots: LabelRootCache
    ) throws(StorageError) -> Int {
        let unknown = Int(clamping: try unknownPageCount(group, roots: roots))
        guard let root = try roots.root(of: try open()), let totals = root.group(group) else {
            return unknown
        }
        var count = unknown
        var next = totals.firstBlock
        for range in wanted.ranges[wanted.index(reaching: totals.minimumID)...]
        where totals.blockCount > 0 {
            guard range.lowerBound <= totals.maximumID else { break }
            let first = max(next, root.block(of: range.lowerBound, in: totals))
            let last = root.block(of: range.upperBound, in: totals)
            guard first <= last else { continue }
            count += last - first + 1
            next = last + 1
        }
        return count
    }
}
