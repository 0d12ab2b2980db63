package import BossCodec

/// What the versions of a cuboid take on the disk.
package struct PageStorage: Hashable, Sendable {
    /// Bytes of its pages; 0 for a constant, which is told by the index.
    package var byteCount: UInt64 = 0
    /// How its bricks are coded; constants only where there is nothing else.
    package var codecs: Set<BrickCodec> = []
}

extension LocatedPage {
    /// Whether it has voxels: it was written, and not deleted since.
    package var isWritten: Bool {
        switch base?.kind {
        case nil, .tombstone, .rangeTombstone: !deltas.isEmpty
        case .full, .delta, .constant: true
        }
    }
}

extension StorageEngine {
    /// What a located cuboid takes on the disk; brick directories are read, no bricks.
    ///
    /// - Throws: `.corrupt` naming the file of a damaged page.
    package func storage(of page: LocatedPage, _ group: PageGroup) throws(StorageError) -> PageStorage {
        var storage = PageStorage()
        for version in page.deltas + (page.base.map { [$0] } ?? []) {
            guard version.kind == .full || version.kind == .delta else { continue }
            storage.byteCount += UInt64(version.byteCount)
            let key = CuboidKey(group: group, morton: page.morton)
            let directory = try directories.directory(of: version, key: key)
            for entry in directory.entries { storage.codecs.insert(entry.codec) }
        }
        if storage.codecs.count > 1 { storage.codecs.remove(.constant) }
        if storage.codecs.isEmpty { storage.codecs = [.constant] }
        return storage
    }
}
