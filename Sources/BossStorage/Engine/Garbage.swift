extension StorageEngine {
    /// Removes files that no root names: what a dead writer left unfinished.
    ///
    /// Files of older roots that readers of other processes go by wait in `reclaimer` for these to end. A database of
    /// many shards is not swept at open, which would read all of them.
    static func removeGarbage(
        _ fileSystem: any FileSystem, root: ManifestRoot, _ reclaimer: FileReclaimer
    ) throws(StorageError) {
        let oldest = ReaderLease.oldestRoot(fileSystem)
        guard let (newest, older) = try namedFiles(fileSystem, root: root, oldest: oldest) else { return }
        for name in try fileSystem.list(ManifestRoot.directory) where name.hasPrefix("tmp.") {
            try fileSystem.unlink("\(ManifestRoot.directory)/\(name)")
        }
        // A listing names files only, so the folders of segments are asked for one by one.
        var waiting: [String] = []
        for directory in ["wal", ShardReference.directory] + SegmentReference.bulkDirectories {
            for name in try fileSystem.list(directory) where isOwn(name) {
                let path = "\(directory)/\(name)"
                if newest.contains(path) { continue }
                if older.contains(path) { waiting.append(path) } else { try fileSystem.unlink(path) }
            }
        }
        reclaimer.retire(waiting.sorted(), root: root.number)
    }

    private static func isOwn(_ name: String) -> Bool { name.hasSuffix(".seg") || name.hasSuffix(".ms") }

    /// Every file that the newest root names, and those of older roots that somebody goes by; nil when that cannot be
    /// told.
    private static func namedFiles(
        _ fileSystem: any FileSystem, root: ManifestRoot, oldest: UInt64
    ) throws(StorageError) -> (newest: Set<String>, older: Set<String>)? {
        let manifest = Manifest(fileSystem: fileSystem)
        let newest = try namedFiles(fileSystem, root)
        var older: Set<String> = []
        for number in try manifest.numbers() where number >= oldest && number != root.number {
            // A root that a reader needs and that cannot be read: rather keep too much.
            guard let each = try? manifest.load(number), let named = try? namedFiles(fileSystem, each)
            else { return nil }
            older.formUnion(named)
        }
        return (newest, older)
    }

    private static func namedFiles(
        _ fileSystem: any FileSystem, _ root: ManifestRoot
    ) throws(StorageError) -> Set<String> {
        var named = Set(root.logs.map { SegmentReference.path(role: .log, identifier: $0) })
        named.formUnion(root.segments.map(\.path))
        for reference in root.shards {
            named.insert(reference.path)
            let shard = Shard(reference: reference, fileSystem: fileSystem, database: root.database)
            named.formUnion(try shard.references().map(\.path))
        }
        return named
    }
}
