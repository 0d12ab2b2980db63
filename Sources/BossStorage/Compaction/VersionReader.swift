/// Finds all versions of cuboids, of every age, in all segments and the live log.
struct VersionReader {
    let view: View
    let leaves: LeafCache
    let kept: KeptCommits

    /// Cuboids looked at in one go.
    static let chunkCount = 1024

    /// Whether the group belongs to a dropped channel: nobody needs anything of it.
    func isDropped(_ group: PageGroup) -> Bool { view.state.droppedChannels.contains(group.channel) }

    /// The chains of cuboids.
    ///
    /// - Parameter codes: Morton codes, ascending, without duplicates.
    func chains(_ group: PageGroup, _ codes: [UInt64]) throws(StorageError) -> [VersionChain] {
        guard let first = codes.first, let last = codes.last else { return [] }
        var items = [[VersionChain.Item]](repeating: [], count: codes.count)
        try view.state.table.forEach(holding: group, first...last) { (segment) throws(StorageError) in
            let identifier = segment.reference.identifier
            try segment.forEachVersion(group: group, codes: codes, leaves: leaves) { position, entry, store in
                guard entry.kind != .rangeTombstone else { return }
                items[position].append(.init(entry: entry, segment: identifier, store: store))
            }
        }
        view.state.memtable.forEachVersion(group: group, codes: codes) { position, entry, store in
            items[position].append(.init(entry: entry, segment: nil, store: store))
        }
        let tombstones = view.rangeTombstones(of: group)
        return zip(codes, items).map { code, items in
            VersionChain(items, tombstones: tombstones.filter { $0.contains(code) }, kept: kept)
        }
    }

    /// Calls `body` with the codes of segments, a group and a chunk at a time, ascending; without dropped channels.
    func forEachChunk(
        of segments: [Segment], _ body: (PageGroup, [UInt64]) throws(StorageError) -> Void
    ) throws(StorageError) {
        var groups: Set<PageGroup> = []
        for segment in segments { groups.formUnion(try segment.open().index.groups.map(\.group)) }
        for group in groups.sorted() where !isDropped(group) {
            var next: UInt64? = 0
            while let start = next {
                let codes = try nextCodes(of: segments, group, from: start)
                if !codes.isEmpty { try body(group, codes) }
                next = codes.count == Self.chunkCount ? codes.last.map { $0 + 1 } : nil
                #if SEEDED_DEFECTS
                    if SeededDefect.isOn(.skipCodeBetweenChunks) { next = next.map { $0 + 1 } }
                #endif
            }
        }
    }

    /// The lowest codes from `start` on, at most a chunk.
    private func nextCodes(
        of segments: [Segment], _ group: PageGroup, from start: UInt64
    ) throws(StorageError) -> [UInt64] {
        var codes: [UInt64] = []
        for segment in segments {
            codes += try segment.codes(
                group: group, from: start, limit: Self.chunkCount, leaves: leaves)
        }
        codes.sort()
        var unique: [UInt64] = []
        for code in codes where unique.last != code {
            if unique.count == Self.chunkCount { break }
            unique.append(code)
        }
        return unique
    }
}
