extension Segment {
    /// Calls `body` with the entries of a group's labels that are asked for, from the label index: ascending by ID.
    ///
    /// - Returns: false for a segment without a label index of the group.
    func forEachIndexedLabel(
        _ wanted: LabelRanges, _ group: PageGroup, roots: LabelRootCache,
        _ body: (LabelBlock.Entry) throws(StorageError) -> Void
    ) throws(StorageError) -> Bool {
        let opened = try open()
        guard let root = try roots.root(of: opened), let totals = root.group(group) else { return false }
        let ranges = wanted.ranges
        let end = totals.firstBlock + totals.blockCount
        // Each block is read once, however many ranges meet in it.
        var current = wanted.index(reaching: totals.minimumID)
        var block = totals.firstBlock
        while current < ranges.count, ranges[current].lowerBound <= totals.maximumID {
            block = max(block, root.block(of: ranges[current].lowerBound, in: totals))
            guard block < end else { break }
            let first = root.fences[block].firstID
            while current < ranges.count, ranges[current].upperBound < first { current += 1 }
            guard current < ranges.count else { break }
            guard
                ranges[current].lowerBound <= first
                    || root.block(of: ranges[current].lowerBound, in: totals) <= block
            else { continue }
            try visit(root.fences[block], opened.store, ranges, &current, body)
            block += 1
        }
        return true
    }

    /// Visits the entries of a block that are in the ranges from `current` on, which moves past those that are over.
    private func visit(
        _ fence: LabelFence, _ store: any PageStore, _ ranges: [ClosedRange<UInt64>], _ current: inout Int,
        _ body: (LabelBlock.Entry) throws(StorageError) -> Void
    ) throws(StorageError) {
        var bytes = [UInt8](repeating: 0, count: fence.byteCount)
        var position = current
        let visited = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(StorageError) in
                try store.read(into: buffer, at: fence.offset)
                try LabelBlock.forEach(UnsafeRawBufferPointer(buffer), fence, file: store.name) {
                    (entry) throws(StorageError) in
                    while position < ranges.count, ranges[position].upperBound < entry.id { position += 1 }
                    guard position < ranges.count else { return false }
                    if ranges[position].lowerBound <= entry.id { try body(entry) }
                    return true
                }
            }
        }
        try visited.get()
        current = position
    }

    /// The version with a number among those of its group, as the label index counts them.
    func version(
        _ page: UInt32, _ group: PageGroup, leaves: LeafCache
    ) throws(StorageError) -> (entry: IndexEntry, store: any PageStore) {
        let opened = try open()
        let leafNumber = Int(page) / SegmentIndex.entriesPerLeaf
        guard let totals = opened.index.group(group), leafNumber < totals.leafCount else {
            throw .corrupt(
                file: reference.path, offset: 0, reason: "the label index names page \(page), which is none")
        }
        let leaf = try leaves.leaf(
            totals.firstLeaf + leafNumber, group: group, of: opened, name: reference.path)
        let position = Int(page) % SegmentIndex.entriesPerLeaf
        guard position < leaf.entries.count else {
            throw .corrupt(
                file: reference.path, offset: 0, reason: "the label index names page \(page), which is none")
        }
        return (reference.stamped(leaf.entries[position]), opened.store)
    }

    /// Calls `body` with every version of a group.
    func forEachVersion(
        of group: PageGroup, leaves: LeafCache,
        _ body: (IndexEntry, any PageStore) throws(StorageError) -> Void
    ) throws(StorageError) {
        let opened = try open()
        guard let totals = opened.index.group(group) else { return }
        for number in totals.firstLeaf..<totals.firstLeaf + totals.leafCount {
            let leaf = try leaves.leaf(number, group: group, of: opened, name: reference.path)
            for entry in leaf.entries { try body(reference.stamped(entry), opened.store) }
        }
    }

    /// Pages of a group whose labels only their voxels tell.
    func unknownPageCount(_ group: PageGroup, roots: LabelRootCache) throws(StorageError) -> UInt64 {
        let opened = try open()
        guard let totals = opened.index.group(group) else { return 0 }
        guard let root = try roots.root(of: opened), let labels = root.group(group) else {
            return totals.pageCount
        }
        return labels.unknownPageCount
    }
}
