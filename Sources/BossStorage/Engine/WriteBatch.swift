/// Pages that become visible together.
///
/// One page a cuboid: a later page of the same cuboid takes the place of an earlier one, and is made from
/// what the batch's own view shows.
package struct WriteBatch: Sendable {
    /// What the batch was made from; later commits of pages that it read are conflicts.
    package let base: View
    private(set) var pages: [CuboidKey: EncodedPage] = [:]
    /// Boxes that are deleted; pages of the batch inside them were written afterwards.
    private(set) var deletions: [RangeTombstone] = []
    /// Boxes that deletions have gone over; those that hold nothing are not among `deletions`.
    private var cleared: [ClearedBox] = []
    /// What the history says about the commit.
    package var note = CommitNote()
    /// Changes of the catalog that belong to the commit, encoded by the catalog; at most `redoLimit` bytes.
    package var catalogRedo: [UInt8] = []
    /// Bytes that `catalogRedo` may have.
    package static let redoLimit = PageLimits.brickByteCount
    /// Channels that these changes drop: no later commit may write to them.
    package var droppedChannels: Set<UInt32> = []
    /// Cuboids whose older version the batch has read.
    private(set) var reads: Set<CuboidKey> = []
    private var overlay = Memtable()
    /// Bytes of all pages, for budgets.
    package private(set) var byteCount = 0

    /// An empty batch over a view.
    package init(base: View) { self.base = base }

    /// Whether nothing was written.
    package var isEmpty: Bool { pages.isEmpty && deletions.isEmpty && catalogRedo.isEmpty }

    /// Bytes of pages that a deletion may store at its border and still use the reserve.
    private static let frugalByteCount = 2 << 20

    /// Whether the commit is made on a full disk too, at the cost of the reserve: deletions and constants, and what a
    /// deletion of a box leaves of the cuboids at its border.
    var isFrugal: Bool {
        let storesNothing = pages.values.allSatisfy { $0.kind != .full && $0.kind != .delta }
        return storesNothing || (!deletions.isEmpty && byteCount <= Self.frugalByteCount)
    }

    /// Adds a page.
    ///
    /// - Parameter dependsOnBase: whether its content was made from an older version of the cuboid.
    package mutating func put(_ page: EncodedPage, dependsOnBase: Bool) {
        if let old = pages[page.key] { byteCount -= old.byteCount }
        byteCount += page.byteCount
        pages[page.key] = page
        if dependsOnBase { reads.insert(page.key) }
        let entry = IndexEntry(page: page, sequence: .max, offset: 0, headerChecksum: 0)
        overlay.replace(page.key, with: Memtable.Entry(index: entry, store: MemoryPageStore(page: page)))
    }

    /// Deletes all cuboids of a box, given by the Morton codes of its lowest and highest cuboid, both inclusive; what
    /// the batch wrote there before goes too.
    ///
    /// Costs the same for any number of cuboids; a later `put` in the box stands.
    package mutating func delete(_ group: PageGroup, lowest: UInt64, highest: UInt64) {
        let tombstone = RangeTombstone(group: group, lowest: lowest, highest: highest, sequence: .max)
        for (key, page) in pages where key.group == group && tombstone.contains(key.morton) {
            byteCount -= page.byteCount
            pages[key] = nil
        }
        deletions.append(tombstone)
        byteCount += PageHeader.byteCount
        overlay.delete(tombstone)
    }

    /// Notes that a deletion goes over all cuboids of a box, also those that hold nothing: later commits to one of them
    /// are conflicts. A batch without changes has none.
    ///
    /// - Parameters:
    ///   - lowest: the lowest cuboid at the first time sample.
    ///   - highest: the highest cuboid at the last time sample, of the same channel and resolution; both inclusive.
    package mutating func clear(lowest: CuboidKey, highest: CuboidKey) {
        cleared.append(ClearedBox(lowest: lowest, highest: highest))
    }

    /// Whether another batch has the very page that this one has of a cuboid, not one that took its place; false where
    /// this one has none.
    package func shares(_ key: CuboidKey, with other: WriteBatch) -> Bool {
        pages[key].map { $0 === other.pages[key] } ?? false
    }

    /// Bytes of the page of a cuboid, 0 without one.
    package func byteCount(of key: CuboidKey) -> Int { pages[key]?.byteCount ?? 0 }

    /// Bytes of the pages that another batch does not share.
    package func byteCount(notIn other: WriteBatch) -> Int {
        pages.values.reduce(0) { $0 + (shares($1.key, with: other) ? 0 : $1.byteCount) }
    }

    /// The base with the batch's own pages over it.
    package var view: View { pages.isEmpty && deletions.isEmpty ? base : base.with(overlay: overlay) }
}

extension WriteBatch {
    /// Bricks that a pending delta page of a cuboid holds; empty without one.
    ///
    /// A further write of the cuboid must repeat them, since a batch has one page a cuboid.
    package func pendingBricks(_ key: CuboidKey) -> Set<Int> {
        guard let page = pages[key], page.kind == .delta else { return [] }
        return Set(page.entries.map { Int($0.brickIndex) })
    }
}

extension WriteBatch {
    /// Channels that the batch changes.
    private var channels: Set<UInt32> {
        Set(pages.keys.map(\.group.channel)).union(deletions.map(\.group.channel))
    }

    /// What later commits must have left alone.
    var claim: CommitClaim {
        CommitClaim(
            base: base.sequence, reads: reads, cleared: deletions.map(ClearedBox.init) + cleared,
            channels: channels)
    }

    /// The pages of the commit in the order of the log: deletions first, then by key, then what the engine adds.
    func pages(
        commit sequence: UInt64, microseconds: Int64, also bulkNotes: [ManifestRoot.BulkNote]
    ) -> [EncodedPage] {
        var own = note
        own.microseconds = microseconds
        own.channels = channels.sorted()
        var system = bulkNotes.map {
            EncodedPage.bytes($0.bytes, key: CuboidKey(group: SystemGroup.notes, morton: $0.sequence))
        }
        system.append(
            .bytes(own.encoded(), key: CuboidKey(group: SystemGroup.notes, morton: sequence)))
        if !catalogRedo.isEmpty {
            system.append(
                .bytes(catalogRedo, key: CuboidKey(group: SystemGroup.catalogRedo, morton: sequence)))
        }
        return deletions.map(EncodedPage.deletion) + pages.values.sorted { $0.key < $1.key } + system
    }

    /// Bytes that the commit may take in the log.
    func room(also bulkNotes: [ManifestRoot.BulkNote]) -> UInt64 {
        let noted = bulkNotes.reduce(0) { $0 + $1.bytes.count + 512 }
        let storedCount = pages.values.reduce(0) { $0 + ($1.kind == .full || $1.kind == .delta ? 1 : 0) }
        let slack =
            (storedCount + 1) * 2 * PageLayout.memoryPage
            + (deletions.count + pages.count - storedCount) * 128
        return UInt64(byteCount + catalogRedo.count + note.encoded().count + noted + slack) + 4096
    }
}
