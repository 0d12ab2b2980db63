/// The directory that a backup goes to.
struct BackupDestination {
    let fileSystem: any FileSystem
    let isIncremental: Bool
    /// Files that may be in a directory without a root.
    let ignoredFiles: Set<String>
    private static let folders =
        ["", ManifestRoot.directory, ShardReference.directory, "wal"] + SegmentReference.bulkDirectories

    /// What an earlier backup left there.
    struct Found {
        /// Number of its newest root, 0 without any.
        var rootNumber: UInt64 = 0
        /// Files that some root there names: they were complete and flushed when that root was written.
        var named: Set<String> = []
    }

    /// Looks whether the directory may take the backup.
    ///
    /// - Throws: `.alreadyExists` naming what is in the way, `.corrupt` when the newest root there is damaged; files
    ///   with the directory in front.
    func examine(for state: BackupState) throws(StorageError) -> Found {
        do { return try found(for: state) } catch { throw error.inside(fileSystem.displayPath) }
    }

    private func found(for state: BackupState) throws(StorageError) -> Found {
        guard isIncremental else {
            try requireEmpty()
            return Found()
        }
        // A status is written by an engine only: what it did is in no backup.
        if WriterStatus.load(from: fileSystem) != nil { throw occupied(by: WriterStatus.path) }
        if try fileSystem.exists(WriterStatus.path), try !isOwnLock(WriterStatus.path) {
            throw occupied(by: WriterStatus.path)
        }
        let manifest = Manifest(fileSystem: fileSystem)
        let numbers = try manifest.numbers().sorted(by: >)
        guard let newest = numbers.first else {
            try requireRemains()
            return Found()
        }
        let root = try manifest.load(newest)
        guard root.database == state.root.database, root.epoch <= state.root.epoch,
            root.lastSequence <= max(state.root.lastSequence, state.shown.sequence)
        else { throw occupied(by: ManifestRoot.path(number: newest)) }
        var named = try files(of: root)
        for number in numbers.dropFirst() {
            // Older roots are a convenience, and so is what only they name.
            if let older = try? manifest.load(number), let files = try? files(of: older) {
                named.formUnion(files)
            }
        }
        return Found(rootNumber: newest, named: named)
    }

    private func files(of root: ManifestRoot) throws(StorageError) -> Set<String> {
        var named = Set(root.segments.map(\.path))
        for reference in root.shards {
            named.insert(reference.path)
            let shard = Shard(
                reference: reference, origin: SegmentOrigin(fileSystem: fileSystem, database: root.database))
            named.formUnion(try shard.references().map(\.path))
        }
        return named
    }

    private func requireEmpty() throws(StorageError) {
        try requireFiles { (path) throws(StorageError) in try isOwnLock(path) }
    }

    /// Without a root there may be what a first backup has left that was cut off, and nothing else.
    private func requireRemains() throws(StorageError) {
        try requireFiles { (path) throws(StorageError) in
            try path == WriterStatus.path ? isOwnLock(path) : EngineNames.isFile(path)
        }
    }

    private func requireFiles(
        _ isAccepted: (String) throws(StorageError) -> Bool
    ) throws(StorageError) {
        for folder in Self.folders {
            for name in try fileSystem.list(folder) {
                let path = folder.isEmpty ? name : "\(folder)/\(name)"
                if ignoredFiles.contains(path) { continue }
                guard try isAccepted(path) else { throw occupied(by: path) }
            }
        }
    }

    /// A backup that was cut off leaves a LOCK with the name of its holder and no status.
    private func isOwnLock(_ path: String) throws(StorageError) -> Bool {
        guard path == WriterStatus.path else { return false }
        return try fileSystem.open(path, mode: .read).byteCount() <= UInt64(LockHolder.byteCount)
    }

    private func occupied(by path: String) -> StorageError {
        .alreadyExists(path: "\(fileSystem.displayPath)/\(path)")
    }
}
