extension StorageEngine {
    /// Removes files that no root names: what a dead writer left unfinished.
    ///
    /// Roots that readers of other processes go by count too. A database of many shards is not swept at open, which
    /// would read all of them.
    static func removeGarbage(
        _ fileSystem: any FileSystem, root: ManifestRoot
    ) throws(StorageError) {
        let oldest = ReaderLease.oldestRoot(fileSystem)
        guard let named = try namedFiles(fileSystem, root: root, oldest: oldest) else { return }
        for name in try fileSystem.list(ManifestRoot.directory) where name.hasPrefix("tmp.") {
            try fileSystem.unlink("\(ManifestRoot.directory)/\(name)")
        }
        // A listing names files only, so the folders of segments are asked for one by one.
        for directory in ["wal", ShardReference.directory] + SegmentReference.bulkDirectories {
            for name in try fileSystem.list(directory)
            where isOwn(name) && !named.contains("\(directory)/\(name)") {
                try fileSystem.unlink("\(directory)/\(name)")
            }
        }
    }

    private static func isOwn(_ name: String) -> Bool { name.hasSuffix(".seg") || name.hasSuffix(".ms") }

    /// Every file that a root names which somebody goes by; nil when that cannot be told.
    private static func namedFiles(
        _ fileSystem: any FileSystem, root: ManifestRoot, oldest: UInt64
    ) throws(StorageError) -> Set<String>? {
        let manifest = Manifest(fileSystem: fileSystem)
        var named: Set<String> = []
        var seen: Set<FileIdentifier> = []
        for number in try manifest.numbers() where number >= oldest || number == root.number {
            // A root that a reader needs and that cannot be read: rather keep too much.
            guard let each = number == root.number ? root : try? manifest.load(number) else { return nil }
            for log in each.logs { named.insert(SegmentReference.path(role: .log, identifier: log)) }
            for segment in each.segments { named.insert(segment.path) }
            for reference in each.shards where seen.insert(reference.identifier).inserted {
                named.insert(reference.path)
                let shard = Shard(reference: reference, fileSystem: fileSystem, database: root.database)
                for segment in try shard.references() { named.insert(segment.path) }
            }
        }
        return named
    }
}
