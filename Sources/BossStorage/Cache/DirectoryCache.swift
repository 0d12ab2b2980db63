/// Checked page directories, within a memory budget.
final class DirectoryCache: Sendable {
    private struct Key: Hashable, Sendable {
        let store: UInt64
        let offset: UInt64
    }
    private let cache: ClockCache<Key, PageDirectory>

    init(budget: Int) { cache = ClockCache(budget: budget) }

    /// The directory of a page, read and checked at first use against what the index says.
    ///
    /// - Throws: `.corrupt` naming file and offset.
    func directory(of version: PageVersion, key pageKey: CuboidKey) throws(StorageError) -> PageDirectory {
        let key = Key(store: version.store.storeNumber, offset: version.offset)
        if let directory = cache.value(key) { return directory }
        let directory = try Self.load(version, key: pageKey)
        cache.insert(key, directory, weight: directory.weight)
        return directory
    }

    private static func load(_ version: PageVersion, key: CuboidKey) throws(StorageError) -> PageDirectory {
        if let memory = version.store as? MemoryPageStore { return memory.page.directory }
        let name = version.store.name
        let header = try version.store.header(
            at: version.offset, key: key, kind: version.kind, byteCount: version.byteCount,
            checksum: version.headerChecksum)
        return try read(version, offset: PageHeader.byteCount, count: header.directoryByteCount) {
            (bytes) throws(StorageError) in
            try PageDirectory.parse(header: header, directory: bytes, file: name, at: version.offset)
        }
    }

    private static func read<R>(
        _ version: PageVersion, offset: Int, count: Int,
        _ body: (UnsafeRawBufferPointer) throws(StorageError) -> R
    ) throws(StorageError) -> R {
        var bytes = [UInt8](repeating: 0, count: count)
        let result = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(StorageError) -> R in
                try version.store.read(into: buffer, at: version.offset + UInt64(offset))
                return try body(UnsafeRawBufferPointer(buffer))
            }
        }
        return try result.get()
    }
}
