/// Checked summaries of pages, within a memory budget.
final class SummaryCache: Sendable {
    private struct Key: Hashable, Sendable {
        let store: UInt64
        let offset: UInt64
    }
    private let cache: ClockCache<Key, PageSummary>

    init(budget: Int) { cache = ClockCache(budget: budget) }

    /// The summary of a page that has one, read and checked at first use.
    ///
    /// - Parameter header: the page's verified header.
    /// - Throws: `.corrupt` naming file and offset.
    func summary(of version: PageVersion, _ header: PageHeader) throws(StorageError) -> PageSummary {
        let key = Key(store: version.store.storeNumber, offset: version.offset)
        if let summary = cache.value(key) { return summary }
        let summary = try version.store.summary(header, at: version.offset)
        cache.insert(key, summary, weight: summary.weight)
        return summary
    }
}

extension PageStore {
    /// Reads and checks the summary of a page.
    ///
    /// - Throws: `.corrupt` naming file and offset.
    func summary(_ header: PageHeader, at pageOffset: UInt64) throws(StorageError) -> PageSummary {
        let offset = pageOffset + UInt64(header.summaryOffset)
        var bytes = [UInt8](repeating: 0, count: header.summaryByteCount)
        let loaded = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(StorageError) -> PageSummary in
                try read(into: buffer, at: offset)
                return try PageSummary(UnsafeRawBufferPointer(buffer), header: header, file: name, at: offset)
            }
        }
        return try loaded.get()
    }
}
