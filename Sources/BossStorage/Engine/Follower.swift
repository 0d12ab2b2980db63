import Synchronization

/// What a read-only handle knows of the writer's progress.
struct FollowerState: Sendable {
    var root: ManifestRoot?
    var status: WriterStatus?
    var log: (identifier: FileIdentifier, store: FilePageStore, contents: LogContents)?
    var origin: SegmentOrigin?
    private static let attempts = 5

    /// Reads the newest state, once or a few times while a writer is publishing.
    static func load(
        fileSystem: any FileSystem, options: StorageOptions, reclaimer: FileReclaimer
    ) throws(StorageError) -> (FollowerState, WriterState, PublishedState, SegmentOrigin) {
        var follower = FollowerState()
        let published = try follower.reload(
            fileSystem: fileSystem, options: options, reclaimer: reclaimer)
        guard let root = follower.root, let origin = follower.origin else {
            throw .notADatabase(path: fileSystem.displayPath)
        }
        return (follower, WriterState(root: root, lastSequence: published.sequence), published, origin)
    }

    /// Takes over the newest root and log.
    ///
    /// Between reading the root and opening its files a writer may replace both, so a failure is
    /// believed only when it repeats.
    mutating func reload(
        fileSystem: any FileSystem, options: StorageOptions, reclaimer: FileReclaimer
    ) throws(StorageError) -> PublishedState {
        var attempt = 1
        while true {
            let isLast = attempt == Self.attempts
            do {
                if let state = try reloadOnce(
                    fileSystem: fileSystem, options: options, reclaimer: reclaimer, isLast: isLast)
                {
                    return state
                }
            } catch {
                guard !isLast else { throw error }
            }
            attempt += 1
        }
    }

    /// Returns nil when root and status are of different moments, and it is not the last attempt.
    private mutating func reloadOnce(
        fileSystem: any FileSystem, options: StorageOptions, reclaimer: FileReclaimer, isLast: Bool
    ) throws(StorageError) -> PublishedState? {
        let status = WriterStatus.load(from: fileSystem)
        let root = try Manifest(fileSystem: fileSystem).newest(status)
        let origin =
            origin ?? SegmentOrigin(fileSystem: fileSystem, database: root.database, options: options)
        var published = StorageEngine.publishedState(root: root, origin: origin, reclaimer)
        log = nil
        if let identifier = root.logs.last {
            let file = try fileSystem.open(
                SegmentReference.path(role: .log, identifier: identifier), mode: .read)
            let store = FilePageStore(file: file)
            // Within one boot the status is exact: nothing behind it was acknowledged.
            let isOfBoot = status?.isOfBoot(options.bootIdentifier) == true
            let isExact = isOfBoot && status?.log == identifier
            if isOfBoot, !isExact, !isLast { return nil }
            let limit = isExact ? status?.logByteCount ?? .max : .max
            let contents = try LogScanner(file: file).scan(
                database: root.database, identifier: identifier,
                knownFlushed: status?.log == identifier ? status?.logByteCount ?? 0 : 0, limit: limit,
                verifyBricks: true)
            if isExact, contents.end < limit {
                throw .corrupt(file: file.path, offset: contents.end, reason: "a committed batch is damaged")
            }
            let found = StorageEngine.FoundLog(file: file, store: store, contents: contents, isClean: true)
            StorageEngine.restore(found, into: &published, root: root)
            log = (identifier, store, contents)
        }
        self.origin = origin
        self.root = root
        self.status = status
        return published
    }
}

extension StorageEngine {
    /// Takes over what the writer has committed since the last look; costs one small read when nothing.
    func follow() throws(StorageError) {
        try follower.withLock { (follower) throws(StorageError) in try takeOverNewest(&follower) }
    }

    /// The same for a caller that holds the follower's state.
    func takeOverNewest(_ follower: inout FollowerState) throws(StorageError) {
        guard let status = WriterStatus.load(from: fileSystem), status != follower.status else { return }
        if try appendNewBatches(status, &follower) { return }
        var fresh = follower
        let state = try fresh.reload(
            fileSystem: fileSystem, options: options, reclaimer: reclaimer)
        follower = fresh
        // The state that was shown goes outside the lock, with the files it held.
        let old = published.withLock { published in
            defer { published = state }
            return published
        }
        _ = old
    }

    /// The common case: the same root and log, and more of it.
    private func appendNewBatches(
        _ status: WriterStatus, _ follower: inout FollowerState
    ) throws(StorageError) -> Bool {
        guard let log = follower.log, follower.root?.number == status.rootNumber,
            log.identifier == status.log,
            status.bootIdentifier == options.bootIdentifier, status.logByteCount >= log.contents.end
        else { return false }
        var resumed = log.contents
        resumed.entries = [:]
        let contents = try LogScanner(file: log.store.file).scan(
            database: database, identifier: log.identifier, knownFlushed: 0, limit: status.logByteCount,
            verifyBricks: false, resume: resumed)
        guard contents.end == status.logByteCount else { return false }
        let added = contents.entries.flatMap { group, entries in entries.map { (group: group, entry: $0) } }
        published.withLock { published in
            published.memtable.insert(added, store: log.store)
            published.sequence = max(published.sequence, contents.lastSequence)
        }
        follower.log = (log.identifier, log.store, contents)
        follower.status = status
        return true
    }
}
