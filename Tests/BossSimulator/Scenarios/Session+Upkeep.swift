import BossStorage

/// Maintenance, deletions and the past.
extension Session {
    /// Maintains until nothing is left to do.
    func maintain() throws {
        guard let engine else { return }
        try step(acknowledged) {
            var steps: [MaintenanceStep] = []
            while let step = try engine.maintain() {
                steps.append(step)
                guard steps.count <= 500 else {
                    throw TestFailure("maintenance does not end: \(steps.suffix(6))")
                }
            }
            return nil
        }
    }

    func compact() throws {
        guard let engine else { return }
        try step(acknowledged) {
            try engine.compact()
            return nil
        }
    }

    /// Deletes a box, and writes in the same commit.
    func delete(_ box: ModelBox, then changes: [(CuboidKey, PageChange)] = []) throws {
        guard let engine else { return }
        var next = acknowledged
        next.delete(box)
        var batch = WriteBatch(base: try engine.view())
        batch.delete(box.group, lowest: box.lowest, highest: box.highest)
        for (key, change) in changes {
            batch.put(try bricks.page(key, change), dependsOnBase: false)
            next.apply(key, change)
            touch(key)
        }
        try step(next) { try engine.commit(batch) }
    }

    func createSnapshot(_ name: String, at commit: UInt64? = nil) throws {
        guard let engine else { return }
        try step(acknowledged) {
            let made = try engine.createSnapshot(name, scope: 1, at: commit)
            if files.isDead { throw StorageError.closed }
            take(name, made.sequence)
            return nil
        }
    }

    func dropSnapshot(_ name: String) throws {
        // What could not be made is not there to be dropped.
        guard let engine, snapshots[name] != nil else { return }
        // From now on it may be there or not.
        take(name, nil)
        try step(acknowledged) {
            try engine.dropSnapshot(name, scope: 1)
            return nil
        }
    }

    func setRetention(_ microseconds: Int64) throws {
        guard let engine else { return }
        forgetHistory()
        try step(acknowledged) {
            try engine.setRetention(microseconds: microseconds)
            return nil
        }
    }

    /// Opens a reader, does something as the writer, and compares what the reader had pinned before.
    func readAcross(_ body: () throws -> Void) throws {
        let expected = acknowledged
        let reader = try StorageEngine.open(
            fileSystem: files.sharedHandle(), mode: .readOnly, options: options)
        let view = try reader.view()
        try body()
        if let difference = try bricks.difference(reader, view, expected, keys: keys) {
            throw TestFailure("a reader's view: \(difference)")
        }
    }

    /// Compares snapshots and older commits.
    func checkPast() throws {
        guard let engine else { return }
        let names = try engine.snapshots()
        for (name, commit) in snapshots {
            guard names.contains(where: { $0.name == name && $0.sequence == commit }) else {
                throw TestFailure("snapshot \(name) of \(commit) is lost")
            }
        }
        let named = Set(names.map(\.sequence))
        let oldest = engine.history.oldest
        for (commit, state) in commits
        where !forgetsHistory || named.contains(commit) || commit >= oldest {
            let shown = state.without(channels: acknowledged.droppedChannels)
            let view = try engine.view(at: commit)
            if let difference = try bricks.difference(engine, view, shown, keys: keys) {
                throw TestFailure("commit \(commit): \(difference)")
            }
        }
    }
}
