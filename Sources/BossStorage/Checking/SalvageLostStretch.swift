/// Cuboids that were lost with their places: what told where they were is damaged too.
package struct SalvageLostStretch: Hashable, Sendable {
    /// The damaged or missing file.
    package let path: String
    /// The cuboids lie from this key on.
    package let lowest: CuboidKey
    /// Up to this key, inclusive.
    package let highest: CuboidKey
    /// How many versions of cuboids are lost at most; older ones may have been replaced by later commits.
    package let count: UInt64

    /// Whether a cuboid may be among them.
    package func contains(_ key: CuboidKey) -> Bool { lowest <= key && key <= highest }
}

extension SalvageReading {
    /// Where the cuboids of a segment are that were not found: by its leaves if the root of its index verifies, else
    /// by the keys that the manifest has of it.
    ///
    /// - Parameter found: the cuboids of all versions that were found in the file.
    func lostStretches(_ reference: SegmentReference, _ found: [CuboidKey]) -> [SalvageLostStretch] {
        let whole = SalvageLostStretch(
            path: reference.path, lowest: reference.minimumKey, highest: reference.maximumKey,
            count: reference.pageCount - min(reference.pageCount, UInt64(found.count)))
        let segment = Segment(
            reference: reference, origin: SegmentOrigin(fileSystem: source, database: database))
        guard let opened = try? segment.open() else { return [whole] }
        let cache = LeafCache(budget: 0)
        let sorted = found.sorted()
        var stretches: [SalvageLostStretch] = []
        for group in opened.index.groups {
            let last = group.firstLeaf + group.leafCount - 1
            for number in group.firstLeaf...last {
                let leaf = try? cache.leaf(number, group: group.group, of: opened, name: reference.path)
                guard leaf == nil else { continue }
                let fence = opened.index.fences[number]
                // Versions of one cuboid may go on in the next leaf.
                let end =
                    number < last
                    ? opened.index.fences[number + 1].firstMorton
                    : reference.maximumKey.group == group.group ? reference.maximumKey.morton : .max >> 1
                let lowest = CuboidKey(group: group.group, morton: fence.firstMorton)
                let highest = CuboidKey(group: group.group, morton: max(end, fence.firstMorton))
                let expected =
                    max(0, fence.byteCount - SegmentIndex.leafHeaderByteCount) / IndexEntry.byteCount
                let count = Self.count(of: sorted, from: lowest, to: highest, isOpen: number < last)
                guard count < expected else { continue }
                stretches.append(
                    SalvageLostStretch(
                        path: reference.path, lowest: lowest, highest: highest,
                        count: UInt64(expected - count)))
            }
        }
        // Where leaves share a cuboid the counts may miss one; no loss goes unsaid.
        let isCovered = stretches.reduce(0) { $0 + $1.count } >= whole.count
        return isCovered ? stretches : stretches + [whole]
    }

    /// Keys of a sorted list in a range, without its end if that is open.
    private static func count(
        of sorted: [CuboidKey], from low: CuboidKey, to high: CuboidKey, isOpen: Bool
    ) -> Int {
        func index(_ isBefore: (CuboidKey) -> Bool) -> Int {
            var (lower, upper) = (0, sorted.count)
            while lower < upper {
                let middle = (lower + upper) / 2
                if isBefore(sorted[middle]) { lower = middle + 1 } else { upper = middle }
            }
            return lower
        }
        return index { isOpen ? $0 < high : $0 <= high } - index { $0 < low }
    }
}
