import Synchronization

/// Forgets deletions and dropped channels once nothing lies under them.
extension StorageEngine {
    /// Removes the files of dropped channels before the engine closes: a program that only drops a channel gives its
    /// space back, too.
    ///
    /// - Throws: only what says that the writer has failed.
    func removeDropped() throws(StorageError) {
        let isNeeded = writer.withLock { !$0.isClosed && $0.failure == nil }
        guard !isReadOnly, isNeeded, !published.withLock({ $0.droppedChannels.isEmpty }) else { return }
        do throws(StorageError) {
            try maintenance.withLock { (_) throws(StorageError) in while try removeNext() {} }
        } catch {
            switch error {
            case .inputOutput, .storageFailed: throw error
            default: return  // The next writer sees to it.
            }
        }
    }

    private func removeNext() throws(StorageError) -> Bool {
        let (shown, usage, upkeep, reader) = try survey()
        let picker = CompactionPicker(
            segments: try candidates(shown, upkeep, forcing: []), state: upkeep, usage: usage,
            options: options, droppedChannels: shown.droppedChannels)
        guard let task = picker.drop() else { return false }
        let step = try usingReserve { () throws(StorageError) in try run(task, reader, usage) { _ in } }
        if case .dropped = step { return true }
        return false
    }

    /// Deletions that no older page lies under any more.
    func clearDeletions(_ shown: PublishedState) throws(StorageError) -> Bool {
        var done: Set<RangeTombstone> = []
        for (group, tombstones) in shown.rangeTombstones.sorted(by: { $0.key < $1.key }) {
            for tombstone in tombstones where try !hidesPages(tombstone, group, shown) {
                done.insert(tombstone)
            }
        }
        let dropped = try droppedWithoutPages(shown)
        guard !done.isEmpty || !dropped.isEmpty else { return false }
        try writer.withLock { (state) throws(StorageError) in
            try checkWritable(state)
            try publish(state) { root in
                root.rangeTombstones.removeAll(where: done.contains)
                root.droppedChannels.removeAll(where: dropped.contains)
            }
            writeStatus(state)
        }
        return true
    }

    private func hidesPages(
        _ tombstone: RangeTombstone, _ group: PageGroup, _ shown: PublishedState
    ) throws(StorageError) -> Bool {
        var hides = false
        // The live log may hold older pages.
        for entry in shown.memtable.entries(of: group)
        where entry.index.sequence < tombstone.sequence && tombstone.contains(entry.index.morton) {
            return true
        }
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.forgetDeletionEarly) { return false }
        #endif
        try shown.table.forEach(holding: group, tombstone.codes) { (segment) throws(StorageError) in
            guard !hides else { return }
            try segment.forEachEntry(of: group, in: tombstone.codes, leaves: leaves) { entry in
                if entry.sequence < tombstone.sequence, tombstone.contains(entry.morton) { hides = true }
            }
        }
        return hides
    }

    /// Dropped channels of which no file holds anything. A live log may still hold pages of them.
    private func droppedWithoutPages(_ shown: PublishedState) throws(StorageError) -> [UInt32] {
        guard !shown.droppedChannels.isEmpty, writer.withLock({ $0.root.logs.isEmpty }) else { return [] }
        var done: [UInt32] = []
        for channel in shown.droppedChannels.sorted() {
            var isHeld = false
            let (low, high) = CuboidKey.range(ofChannel: channel)
            try shown.table.forEach(from: low, through: high, while: { !isHeld }) {
                (segment) throws(StorageError) in
                if try segment.open().index.groups.contains(where: { $0.group.channel == channel }) {
                    isHeld = true
                }
            }
            if !isHeld { done.append(channel) }
        }
        return done
    }
}

extension Segment {
    /// Calls `body` for every entry of a group in a range of Morton codes.
    func forEachEntry(
        of group: PageGroup, in codes: ClosedRange<UInt64>, leaves: LeafCache, _ body: (IndexEntry) -> Void
    ) throws(StorageError) {
        let opened = try open()
        guard let totals = opened.index.group(group) else { return }
        for number in opened.index.leaf(of: codes.lowerBound, in: totals)..<totals.firstLeaf
            + totals.leafCount
        {
            guard opened.index.fences[number].firstMorton <= codes.upperBound else { return }
            let leaf = try leaves.leaf(number, group: group, of: opened, name: reference.path)
            for entry in leaf.entries where codes.contains(entry.morton) { body(reference.stamped(entry)) }
        }
    }
}

extension CuboidKey {
    /// The lowest and the highest key that a channel can have.
    static func range(ofChannel channel: UInt32) -> (low: CuboidKey, high: CuboidKey) {
        (
            CuboidKey(group: PageGroup(channel: channel, resolution: 0, time: 0), morton: 0),
            CuboidKey(group: PageGroup(channel: channel, resolution: .max, time: .max), morton: .max)
        )
    }
}
