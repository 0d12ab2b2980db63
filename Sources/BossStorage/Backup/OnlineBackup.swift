import Synchronization

/// What a backup did.
package struct BackupSummary: Hashable, Sendable {
    /// The newest commit in the backup.
    package var commit: UInt64
    /// Number of the root that names the files of the backup.
    package var rootNumber: UInt64
    /// Segment files and lists of segments that were written.
    package var copiedFileCount: Int
    /// Files that an earlier backup had brought already.
    package var keptFileCount: Int
    /// Bytes of the files that were written.
    package var copiedByteCount: UInt64
    /// Bytes of all files that the root of the backup names.
    package var byteCount: UInt64
}

/// Copies of a database that is at work.
extension StorageEngine {
    /// Copies the newest committed state, with its snapshots and its history, into another directory.
    ///
    /// Commits go on meanwhile and are not part of it. The result is a database that opens by itself: it has no live
    /// log (its pages are in a segment file of their own) and no LOCK. Every file is flushed before the root names it,
    /// and every page that was copied is read back and verified, so damage is never copied silently.
    ///
    /// An incremental backup keeps the files that an earlier one of the same database brought, which it checks for
    /// length and footer only, and removes what the new state does not name any more. A crash leaves the destination
    /// with its old state or with the new one. Into an empty directory, or one where the first backup was cut off, it
    /// copies everything.
    ///
    /// - Parameters:
    ///   - destination: the directory; an empty one unless incremental.
    ///   - pinned: called once, when it is decided what the backup will hold: for what has to be copied beside it.
    ///   - progress: called with the bytes copied so far and in all; may throw to end the backup, which then removes
    ///     what it has written.
    /// - Returns: what was copied.
    /// - Throws: `.alreadyExists` naming what is in the way: files in a directory that should be empty, the root of
    ///   another database or of a newer state, or the LOCK of a writer that has worked in the destination since;
    ///   `.locked` while another backup is at work there; `.corrupt` naming the damaged file, of the source by its path
    ///   and of the destination with its directory; `.diskFull`, `.closed`.
    /// - Complexity: reads every page that is not in the destination twice, once from each side.
    @discardableResult
    package func backUp(
        to destination: any FileSystem, isIncremental: Bool = false,
        progress: (_ byteCount: UInt64, _ total: UInt64) throws(StorageError) -> Void = { _, _ in },
        pinned: (() -> Void)? = nil
    ) throws(StorageError) -> BackupSummary {
        let state = try backupState()
        let target = BackupDestination(fileSystem: destination, isIncremental: isIncremental)
        // Looked at before anything is written there, and again once nobody else can change it.
        _ = try target.examine(for: state)
        let lock = try destination.lock(WriterStatus.path, holder: options.holder)
        defer { lock.release() }
        let found = try target.examine(for: state)
        // The name goes while the lock is held: nobody else can have taken it over.
        defer { try? destination.unlink(WriterStatus.path) }
        pinned?()
        var job = BackupJob(state: state, source: fileSystem, destination: destination, found: found)
        return try job.run(progress)
    }

    /// Looks whether a directory may take an incremental backup.
    ///
    /// - Throws: as `backUp`.
    package func examineBackup(_ destination: any FileSystem) throws(StorageError) {
        _ = try BackupDestination(fileSystem: destination, isIncremental: true).examine(for: backupState())
    }

    /// The newest state, pinned, with the root that names its files.
    private func backupState() throws(StorageError) -> BackupState {
        if isReadOnly {
            if writer.withLock({ $0.isClosed }) { throw .closed }
            try follow()
            return try follower.withLock { (follower) throws(StorageError) in
                guard let root = follower.root else { throw .notADatabase(path: fileSystem.displayPath) }
                return BackupState(root: root, shown: published.withLock { $0 })
            }
        }
        return try writer.withLock { (state) throws(StorageError) in
            if state.isClosed { throw .closed }
            return BackupState(root: state.root, shown: published.withLock { $0 })
        }
    }
}

/// What is copied: a root, and what was committed since in the live log.
struct BackupState {
    /// Names the sealed files.
    let root: ManifestRoot
    /// Of the same moment; keeps the files. The memtable tells which pages of the live log belong to it: those whose
    /// commits are flushed.
    let shown: PublishedState

    /// The root of the backup.
    ///
    /// - Parameter log: the segment that takes the place of the live log.
    func root(number: UInt64, log: SegmentReference?) -> ManifestRoot {
        var root = root
        root.number = number
        root.lastSequence = max(root.lastSequence, shown.sequence)
        root.logs = []
        if let log {
            root.segments.append(log)
            root.uncounted.append(log.identifier)
        }
        for (group, tombstones) in shown.memtable.rangeTombstones
        where !shown.droppedChannels.contains(group.channel) {
            root.rangeTombstones += tombstones
        }
        root.rangeTombstones.sort { ($0.group, $0.sequence) < ($1.group, $1.sequence) }
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.backUpWithoutDeletions) { root.rangeTombstones = [] }
        #endif
        let noted = Set(shown.memtable.entries(of: SystemGroup.notes).map(\.index.morton))
        root.bulkNotes.removeAll { noted.contains($0.sequence) }
        return root
    }
}

/// Putting a backup back.
package enum StorageBackup {
    /// Copies a backup into an empty directory, with the verification of a backup.
    ///
    /// The database keeps its identifier. The backup may be on a medium that cannot be written.
    ///
    /// - Parameter options: sizes and the holder's name, as for opening.
    /// - Throws: `.alreadyExists` when the directory is not empty, `.notADatabase`, `.corrupt` naming the damaged file.
    @discardableResult
    package static func restore(
        from backup: any FileSystem, to directory: any FileSystem, options: StorageOptions = StorageOptions(),
        progress: (_ byteCount: UInt64, _ total: UInt64) throws(StorageError) -> Void = { _, _ in }
    ) throws(StorageError) -> BackupSummary {
        let reader = try StorageEngine.open(fileSystem: backup, mode: .readOnly, options: options)
        let restored = Result { () throws(StorageError) in
            try reader.backUp(to: directory, progress: progress)
        }
        try reader.close()
        return try restored.get()
    }
}
