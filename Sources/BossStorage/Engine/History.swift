import Synchronization

/// Snapshots, older commits, and what the history says about them.
extension StorageEngine {
    /// Pins the state after an older commit.
    ///
    /// - Throws: `.historyUnavailable` when the commit was not made yet, or when pages that it showed may be gone: it is
    ///   older than the kept history and no snapshot holds it.
    package func view(at sequence: UInt64) throws(StorageError) -> View {
        try view(at: sequence, in: view())
    }

    /// The state after an older commit, as far as a view reaches: it keeps the files that it found.
    ///
    /// - Throws: `.historyUnavailable` as above, by what was kept when the view was taken.
    package func view(at sequence: UInt64, in view: View) throws(StorageError) -> View {
        guard sequence <= view.sequence, view.state.isReadable(sequence) else {
            throw .historyUnavailable(
                sequence: sequence, oldest: view.history.oldest, newest: view.sequence)
        }
        return View(state: view.state, sequence: sequence, leaves: leaves)
    }

    /// Oldest commit that can be read without a snapshot, and how long older versions are kept.
    package var history: HistoryRange { published.withLock { $0.history } }

    /// All snapshots, in the order of their commits.
    package func snapshots() throws(StorageError) -> [NamedSnapshot] {
        if isReadOnly { try follow() }
        return published.withLock { $0.snapshots }
    }

    /// Gives a commit a name; it stays readable until the snapshot is dropped.
    ///
    /// - Parameters:
    ///   - scope: what the name belongs to; names are unique within it.
    ///   - sequence: the commit, the newest by default.
    /// - Throws: `.snapshotExists`, `.historyUnavailable`, `.tooLarge` for a name or message that is too long.
    @discardableResult
    package func createSnapshot(
        _ name: String, scope: UInt64, message: String = "", at sequence: UInt64? = nil
    ) throws(StorageError) -> NamedSnapshot {
        guard name.utf8.count <= NamedSnapshot.nameLimit else {
            throw .tooLarge(what: "name", byteCount: name.utf8.count, limit: NamedSnapshot.nameLimit)
        }
        guard message.utf8.count <= NamedSnapshot.messageLimit else {
            throw .tooLarge(
                what: "message", byteCount: message.utf8.count, limit: NamedSnapshot.messageLimit)
        }
        return try writer.withLock { (state) throws(StorageError) in
            try checkWritable(state)
            try drain(state)
            let shown = published.withLock { $0 }
            let commit = sequence ?? shown.sequence
            guard !shown.snapshots.contains(where: { $0.scope == scope && $0.name == name }) else {
                throw .snapshotExists(name: name)
            }
            // Maintenance may be about to give up more of the history than the root says.
            let oldest = state.upkeep.kept?.oldest ?? 0
            guard commit <= shown.sequence, shown.isReadable(commit),
                commit >= oldest || shown.snapshots.contains(where: { $0.sequence == commit })
            else {
                throw .historyUnavailable(
                    sequence: commit, oldest: shown.history.oldest, newest: shown.sequence)
            }
            // Half of the root is left to what must go on: commits and maintenance.
            let used = state.root.encoded().count
            guard used <= ManifestRoot.maximumByteCount / 2 else {
                throw .tooLarge(
                    what: "list of snapshots", byteCount: used, limit: ManifestRoot.maximumByteCount / 2)
            }
            try holdReserve(state)
            let snapshot = NamedSnapshot(
                sequence: commit, microseconds: fileSystem.microsecondsSince1970(), scope: scope, name: name,
                message: message)
            try publish(state) { root in
                root.snapshots.append(snapshot)
                root.snapshots.sort { ($0.sequence, $0.scope, $0.name) < ($1.sequence, $1.scope, $1.name) }
            }
            writeStatus(state)
            return snapshot
        }
    }

    /// Forgets a name; what only it kept readable is compacted away later.
    ///
    /// - Throws: `.noSnapshot`.
    package func dropSnapshot(_ name: String, scope: UInt64) throws(StorageError) {
        try dropSnapshots {
            $0.scope == scope && $0.name == name
        } orThrow: {
            .noSnapshot(name: name)
        }
    }

    /// Forgets all names of a scope.
    package func dropSnapshots(scope: UInt64) throws(StorageError) {
        try dropSnapshots {
            $0.scope == scope
        } orThrow: {
            nil
        }
    }

    private func dropSnapshots(
        _ matches: (NamedSnapshot) -> Bool, orThrow missing: () -> StorageError?
    ) throws(StorageError) {
        try writer.withLock { (state) throws(StorageError) in
            try checkWritable(state)
            guard state.root.snapshots.contains(where: matches) else {
                if let error = missing() { throw error }
                return
            }
            try usingReserve(state) { () throws(StorageError) in
                try publish(state) { $0.snapshots.removeAll(where: matches) }
            }
            writeStatus(state)
        }
    }

    /// Sets how long older versions are kept, as far as the space bound allows.
    package func setRetention(microseconds: Int64) throws(StorageError) {
        try writer.withLock { (state) throws(StorageError) in
            try checkWritable(state)
            try usingReserve(state) { () throws(StorageError) in
                try publish(state) { $0.history.retention = max(0, microseconds) }
            }
            writeStatus(state)
        }
    }

    // MARK: Notes

    /// What the history says about a commit; nil when it says nothing.
    package func note(of commit: UInt64, in view: View) throws(StorageError) -> CommitNote? {
        guard let bytes = try systemBytes(SystemGroup.notes, commit, view) else { return nil }
        let parsed = bytes.withUnsafeBytes { buffer in
            Result { () throws(StorageError) in try CommitNote(buffer, file: "note of commit \(commit)") }
        }
        return try parsed.get()
    }

    /// Commits of a range that have a note, ascending.
    package func notedCommits(_ range: ClosedRange<UInt64>, in view: View) throws(StorageError) -> [UInt64] {
        let bulk = view.state.bulkNotes.map(\.sequence).filter(range.contains)
        let stored = try view.writtenCodes(SystemGroup.notes, in: range)
        return bulk.isEmpty ? stored : Set(stored).union(bulk).sorted()
    }

    /// The newest commit that was not made later than a time; nil when all were.
    ///
    /// Times of commits ascend, so it is found by halving; costs about 30 small reads in a long history.
    package func commit(notAfter microseconds: Int64, in view: View) throws(StorageError) -> UInt64? {
        var low: UInt64 = 1
        var high = view.sequence
        var found: UInt64?
        while low <= high {
            let middle = low + (high - low) / 2
            // A commit without a note is of an older format: it counts as long ago.
            let time = try note(of: middle, in: view)?.microseconds ?? .min
            if time <= microseconds {
                found = middle
                low = middle + 1
            } else {
                high = middle - 1
            }
        }
        return found
    }

    /// Changes of the catalog in commits after `commit`, ascending.
    package func catalogRedo(
        after commit: UInt64, in view: View
    ) throws(StorageError) -> [(commit: UInt64, redo: [UInt8])] {
        guard commit < view.sequence else { return [] }
        var redos: [(commit: UInt64, redo: [UInt8])] = []
        for code in try view.writtenCodes(SystemGroup.catalogRedo, in: commit + 1...view.sequence) {
            if let bytes = try systemBytes(SystemGroup.catalogRedo, code, view) {
                redos.append((code, bytes))
            }
        }
        return redos
    }

    private func systemBytes(
        _ group: PageGroup, _ commit: UInt64, _ view: View
    ) throws(StorageError) -> [UInt8]? {
        if group == SystemGroup.notes,
            let note = view.state.bulkNotes.first(where: { $0.sequence == commit })
        {
            return note.bytes
        }
        // What is said about a commit may have been written with a later one.
        let newest = View(state: view.state, leaves: leaves)
        return try bytes(of: CuboidKey(group: group, morton: commit), in: newest)
    }
}

extension PublishedState {
    /// Whether nothing that a commit showed can have been compacted away.
    func isReadable(_ sequence: UInt64) -> Bool {
        sequence >= history.oldest || snapshots.contains { $0.sequence == sequence }
    }
}
