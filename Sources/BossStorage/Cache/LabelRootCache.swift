/// Checked roots of label indexes, within a memory budget.
final class LabelRootCache: Sendable {
    private let cache: ClockCache<UInt64, LabelIndexRoot>

    init(budget: Int) { cache = ClockCache(budget: budget, shardCount: 4) }

    /// The root of a segment's label index, read and checked at first use; nil for a segment without.
    func root(of segment: Segment.Opened) throws(StorageError) -> LabelIndexRoot? {
        guard let section = segment.index.labels else { return nil }
        let key = segment.store.storeNumber
        if let root = cache.value(key) { return root }
        let store = segment.store
        var bytes = [UInt8](repeating: 0, count: section.byteCount)
        let loaded = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(StorageError) -> LabelIndexRoot in
                try store.read(into: buffer, at: section.offset)
                return try LabelIndexRoot(
                    UnsafeRawBufferPointer(buffer), expectedChecksum: section.checksum, file: store.name,
                    at: section.offset)
            }
        }
        let root = try loaded.get()
        cache.insert(key, root, weight: root.weight)
        return root
    }
}
