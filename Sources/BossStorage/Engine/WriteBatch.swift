/// Pages that become visible together.
///
/// One page a cuboid: a later page of the same cuboid takes the place of an earlier one, and is made from
/// what the batch's own view shows.
package struct WriteBatch: Sendable {
    /// What the batch was made from; later commits of pages that it read are conflicts.
    package let base: View
    private(set) var pages: [CuboidKey: EncodedPage] = [:]
    /// Cuboids whose older version the batch has read.
    private(set) var reads: Set<CuboidKey> = []
    private var overlay = Memtable()
    /// Bytes of all pages, for budgets.
    package private(set) var byteCount = 0

    /// An empty batch over a view.
    package init(base: View) { self.base = base }

    /// Whether nothing was written.
    package var isEmpty: Bool { pages.isEmpty }

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

    /// The base with the batch's own pages over it.
    package var view: View { pages.isEmpty ? base : base.with(overlay: overlay) }
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
