import BossCodec
import Synchronization

extension StorageEngine {
    /// Opens a database, and recovers what a crash left behind.
    ///
    /// A log that was not closed is recovered first (`Recovery.swift`).
    ///
    /// - Throws: `.locked` when another writer is at work, `.notADatabase`, `.corrupt` naming the file when
    ///   anything but the tail of the log is damaged or no root is left, `.unsupportedFormat`.
    package static func open(
        fileSystem: any FileSystem, mode: OpenMode, options: StorageOptions
    ) throws(StorageError) -> StorageEngine {
        switch mode {
        case .readOnly:
            let lease = options.takesLease ? ReaderLease.take(fileSystem, holder: options.holder) : nil
            let reclaimer = FileReclaimer(fileSystem: fileSystem, lease: lease)
            let (follower, state, published, origin) = try FollowerState.load(
                fileSystem: fileSystem, options: options, reclaimer: reclaimer)
            return StorageEngine(
                fileSystem: fileSystem, options: options, isReadOnly: true, state: state,
                published: published, reclaimer: reclaimer, origin: origin, follower: follower)
        case .readWrite(let create):
            return try openWriter(fileSystem: fileSystem, create: create, options: options)
        }
    }

    /// Says what is damaged in a folder that has no root and should have one; nil where there is a root, and where nothing
    /// needs one.
    ///
    /// - Parameter needs: a file beside the engine's own that is never there before a root.
    package static func lostRoot(
        _ fileSystem: any FileSystem, needs file: String? = nil
    ) throws(StorageError) -> StorageError? {
        try Manifest(fileSystem: fileSystem).lostRoot(needs: file)
    }

    private static func openWriter(
        fileSystem: any FileSystem, create: Bool, options: StorageOptions
    ) throws(StorageError) -> StorageEngine {
        let manifest = Manifest(fileSystem: fileSystem)
        if try manifest.numbers().isEmpty {
            if let lost = try manifest.lostRoot() { throw lost }
            guard create else { throw .notADatabase(path: fileSystem.displayPath) }
        }
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.openWithoutLock) {
                return try recovered(fileSystem, manifest, NoLock(), options)
            }
        #endif
        let lock = try fileSystem.lock(WriterStatus.path, holder: options.holder)
        do {
            let engine = try recovered(fileSystem, manifest, lock, options)
            // By now nothing goes by the root that was found.
            engine.reclaimer.reclaim()
            return engine
        } catch {
            lock.release()
            throw error
        }
    }

    private static func recovered(
        _ fileSystem: any FileSystem, _ manifest: Manifest, _ lock: any FileLock, _ options: StorageOptions
    ) throws(StorageError) -> StorageEngine {
        let status = WriterStatus.load(from: fileSystem)
        let isNew = try manifest.newestNumber(status) == nil
        let root = try isNew ? createRoot(fileSystem, manifest) : manifest.newest(status)
        let state = WriterState(root: root, lastSequence: root.lastSequence)
        state.lock = lock
        // Without the status file readers see commits at the next root only.
        state.statusFile = try? fileSystem.open(WriterStatus.path, mode: .readWrite)
        state.hasClaimedEpoch = isNew
        state.reserve = SpaceReserve.found(fileSystem)
        state.durableRootNumber = isNew ? root.number : status?.rootNumber ?? 0
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.trustFoundRoot) { state.durableRootNumber = root.number }
        #endif
        let isDurable = state.durableRootNumber == root.number
        let reclaimer = FileReclaimer(fileSystem: fileSystem)
        if isDurable,
            try !removeGarbage(
                fileSystem, root: root, reclaimer, shardLimit: options.sweptShardLimit)
        {
            state.sweep = GarbageSweep()
        }
        let origin = SegmentOrigin(fileSystem: fileSystem, database: root.database, options: options)
        var published = publishedState(root: root, origin: origin, reclaimer)
        let log = try root.logs.last.map { (identifier) throws(StorageError) in
            try readLog(identifier, root: root, fileSystem: fileSystem, status: status, options: options)
        }
        if let log {
            restore(log, into: &published, root: root)
            state.lastMicroseconds = max(
                state.lastMicroseconds, min(log.contents.lastMicroseconds, .max >> 2))
        }
        try refuseExhausted(root, newest: published.sequence)
        state.lastSequence = published.sequence
        let engine = StorageEngine(
            fileSystem: fileSystem, options: options, isReadOnly: false, state: state,
            published: published, reclaimer: reclaimer, origin: origin)
        if let log { try engine.resume(log) }
        if !isDurable { try engine.confirmRoot() }
        return engine
    }

    /// Refuses numbers that cannot grow any more: every commit or root of this writer raises them.
    private static func refuseExhausted(_ root: ManifestRoot, newest: UInt64) throws(StorageError) {
        guard max(root.number, root.epoch, newest) < .max >> 1, root.microseconds < .max >> 1 else {
            throw .corrupt(
                file: ManifestRoot.path(number: root.number), offset: 32, reason: "a number at its limit")
        }
    }

    /// Writes root 1 of a new database.
    ///
    /// - Throws: `.corrupt` where the folder is that of a database that has lost its root: all of its files would be
    ///   taken for left over.
    private static func createRoot(
        _ fileSystem: any FileSystem, _ manifest: Manifest
    ) throws(StorageError) -> ManifestRoot {
        if let lost = try manifest.lostRoot() { throw lost }
        for directory in [ManifestRoot.directory, "wal", "seg"] { try fileSystem.createDirectory(directory) }
        let root = ManifestRoot(
            number: 1, database: FileIdentifier(from: fileSystem), epoch: 1, lastSequence: 0,
            microseconds: fileSystem.microsecondsSince1970(), logs: [], segments: [], droppedChannels: [])
        try fileSystem.syncDirectory("")
        try manifest.publish(root)
        return root
    }

    static func publishedState(
        root: ManifestRoot, origin: SegmentOrigin, _ reclaimer: FileReclaimer
    ) -> PublishedState {
        let table = SegmentTable(
            recent: root.segments.map { Segment(reference: $0, origin: origin) },
            shards: root.shards.map { Shard(reference: $0, origin: origin) })
        let newest = max(
            root.segments.reduce(root.lastSequence) { max($0, $1.maximumSequence) },
            root.shards.reduce(0) { max($0, $1.maximumSequence) })
        var state = PublishedState(
            table: table, memtable: Memtable(), sequence: newest, pin: reclaimer.pin(root.number))
        state.takeOver(root)
        return state
    }

    /// Makes sure that a root is on the disk before anything is removed because that root does not name it.
    ///
    /// The root that was found may be in the page cache only, when the flush of its folder failed; a power failure
    /// would bring back the one before.
    private func confirmRoot() throws(StorageError) {
        try writer.withLock { (state) throws(StorageError) in
            if state.durableRootNumber < state.root.number {
                try usingReserve(state) { () throws(StorageError) in try publish(state) { _ in } }
                writeStatus(state)
            }
            if try !Self.removeGarbage(
                fileSystem, root: state.root, reclaimer, shardLimit: options.sweptShardLimit)
            {
                state.sweep = GarbageSweep()
            }
        }
    }
}
