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
    ///   - progress: called with the bytes copied so far and in all; may throw to end the backup, which then removes
    ///     what it has written.
    /// - Returns: what was copied.
    /// - Throws: `.alreadyExists` naming what is in the way: files in a directory that should be empty, files that no
    ///   backup makes in one without a root, the root of another database or of a newer state, or the LOCK of a writer
    ///   that has worked in the destination since; `.locked` while another backup is at work there; `.corrupt` naming
    ///   the damaged file, of the source by its path and of the destination with its directory; `.diskFull`, `.closed`.
    /// - Complexity: reads every page that is not in the destination twice, once from each side.
    @discardableResult
    package func backUp(
        to destination: any FileSystem, isIncremental: Bool = false,
        progress: OnlineBackup.Progress = { _, _ in }
    ) throws(StorageError) -> BackupSummary {
        let backup = try beginBackup(to: destination, isIncremental: isIncremental)
        defer { backup.end() }
        return try backup.copy(backup.pin(), progress: progress)
    }

    /// Begins a backup step by step, for whoever has to copy something of the same moment beside it.
    ///
    /// - Parameter ignoredFiles: files that may be in the destination though no backup is.
    /// - Throws: as `backUp`.
    package func beginBackup(
        to destination: any FileSystem, isIncremental: Bool, ignoredFiles: Set<String> = []
    ) throws(StorageError) -> OnlineBackup {
        let target = BackupDestination(
            fileSystem: destination, isIncremental: isIncremental, ignoredFiles: ignoredFiles)
        // Looked at before anything is written there, and again once nobody else can change it.
        _ = try target.examine(for: backupState())
        let lock = try destination.lock(WriterStatus.path, holder: options.holder)
        do throws(StorageError) {
            let found = try target.examine(for: backupState())
            return OnlineBackup(engine: self, destination: destination, found: found, lock: lock)
        } catch {
            lock.release()
            throw error
        }
    }

    /// Looks whether a directory may take an incremental backup.
    ///
    /// - Throws: as `backUp`.
    package func examineBackup(_ destination: any FileSystem) throws(StorageError) {
        _ = try BackupDestination(fileSystem: destination, isIncremental: true, ignoredFiles: []).examine(
            for: backupState())
    }

    /// Whether the newest state has a commit of which another file tells.
    ///
    /// A reader looks again for a tenth of a second: the writer may just be rewriting its status.
    package func shows(_ commit: UInt64) throws(StorageError) -> Bool {
        var attempts = isReadOnly ? 20 : 1
        while try view().sequence < commit {
            attempts -= 1
            guard attempts > 0 else { return false }
            Pause.microseconds(5_000)
        }
        return true
    }

    /// The newest state, pinned, with the root that names its files.
    fileprivate func backupState() throws(StorageError) -> BackupState {
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

/// A backup at work: nobody else changes its destination meanwhile.
///
///     let backup = try engine.beginBackup(to: destination, isIncremental: false)
///     defer { backup.end() }
///     let state = try backup.pin()
///     let summary = try backup.copy(state) { done, total in ... }
package struct OnlineBackup {
    /// Called with the bytes done and in all; throws to give up.
    package typealias Progress = (_ byteCount: UInt64, _ total: UInt64) throws(StorageError) -> Void

    fileprivate let engine: StorageEngine
    fileprivate let destination: any FileSystem
    fileprivate let found: BackupDestination.Found
    fileprivate let lock: any FileLock

    /// The newest state, whose files stay as long as it is held. Takes no time.
    package func pin() throws(StorageError) -> BackupState { try engine.backupState() }

    /// Copies a state.
    package func copy(_ state: BackupState, progress: Progress) throws(StorageError) -> BackupSummary {
        var job = BackupJob(state: state, source: engine.fileSystem, destination: destination, found: found)
        return try job.run(progress)
    }

    /// Lets others have the destination.
    package func end() {
        // The name goes while the lock is held: nobody else can have taken it over.
        try? destination.unlink(WriterStatus.path)
        lock.release()
    }
}

/// What is copied: a root, and what was committed since in the live log.
package struct BackupState {
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
        progress: OnlineBackup.Progress = { _, _ in }
    ) throws(StorageError) -> BackupSummary {
        let reader = try StorageEngine.open(fileSystem: backup, mode: .readOnly, options: options)
        let restored = Result { () throws(StorageError) in
            try reader.backUp(to: directory, progress: progress)
        }
        try reader.close()
        return try restored.get()
    }
}
