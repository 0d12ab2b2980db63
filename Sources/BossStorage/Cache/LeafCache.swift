/// Checked index leaves of all segments, within a memory budget.
final class LeafCache: Sendable {
    private struct Key: Hashable, Sendable {
        let store: UInt64
        let leaf: Int
    }
    private let cache: ClockCache<Key, IndexLeaf>

    init(budget: Int) { cache = ClockCache(budget: budget) }

    /// A leaf, read and checked at first use.
    func leaf(
        _ number: Int, group: PageGroup, of segment: Segment.Opened, name: String
    ) throws(StorageError) -> IndexLeaf {
        let key = Key(store: segment.store.storeNumber, leaf: number)
        if let leaf = cache.value(key) { return leaf }
        let fence = segment.index.fences[number]
        var bytes = [UInt8](repeating: 0, count: fence.byteCount)
        let loaded = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(StorageError) -> IndexLeaf in
                try segment.store.read(into: buffer, at: fence.offset)
                return try IndexLeaf(UnsafeRawBufferPointer(buffer), fence: fence, group: group, file: name)
            }
        }
        let leaf = try loaded.get()
        cache.insert(key, leaf, weight: leaf.weight)
        return leaf
    }
}
