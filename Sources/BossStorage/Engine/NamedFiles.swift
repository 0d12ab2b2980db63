import Synchronization

extension StorageEngine {
    /// Files that the newest root names, and those that a reader still needs: every other log, segment file or
    /// list of segments is left over.
    ///
    /// - Throws: `.corrupt` for a damaged list of segments.
    package func namedFiles() throws(StorageError) -> Set<String> {
        reclaimer.reclaim()
        let root = writer.withLock { $0.root }
        let table = published.withLock { $0.table }
        var named = Set(try table.all().map(\.reference.path))
        named.formUnion(root.logs.map { SegmentReference.path(role: .log, identifier: $0) })
        named.formUnion(root.shards.map(\.path))
        return named.union(reclaimer.retiredPaths)
    }

    /// Whether no commit waits in the log to be sealed.
    package var isLogEmpty: Bool { published.withLock { $0.memtable.isEmpty } }

    /// Files that no root names any more and that wait for a view or a reader to end.
    package var retiredFiles: [String] { reclaimer.retiredPaths }

    /// Their bytes, which are not part of `spaceUsage`.
    package var retiredByteCount: UInt64 { reclaimer.retiredByteCount }
}
