package import BossGeometry

/// What a cuboid of a view holds of a label that was asked for.
package struct LocatedLabel: Hashable, Sendable {
    /// The cuboid.
    package let morton: UInt64
    /// The label; coordinates count from the cuboid's first voxel.
    package let label: PageLabel
    /// The newest commit that touched the cuboid.
    package let sequence: UInt64
}

/// Where labels are, as far as summaries and indexes tell.
package struct LabelAnswer: Sendable {
    /// Ascending by Morton code, then by ID; each has voxels.
    package var labels: [LocatedLabel] = []
    /// Cuboids of which only their voxels tell, ascending.
    package var unknown: [UInt64] = []
    /// Entries that were looked at, for EXPLAIN ANALYZE.
    package var entryCount = 0
}

extension StorageEngine {
    /// Finds labels in the cuboids of a group: by the label indexes of segment files, by the summaries of pages that are in
    /// none yet. No voxel is read.
    ///
    /// An index says what a page holds, whether the page still counts or not; the versions that the view shows decide: an
    /// entry is live if its page is among those of the cuboid, and no newer one of them says something of the label.
    ///
    /// - Parameters:
    ///   - wanted: the IDs.
    ///   - cuboid: voxels of a cuboid.
    /// - Throws: `.corrupt` naming the file of a damaged page or index.
    /// - Complexity: logarithmic in the labels of a segment file, linear in those found and in pages of the log.
    package func find(
        _ wanted: LabelRanges, _ group: PageGroup, in view: View, cuboid: VoxelExtent
    ) throws(StorageError) -> LabelAnswer {
        var search = LabelSearch(engine: self, view: view, group: group, wanted: wanted)
        guard !wanted.isEmpty, !view.isDropped(group) else { return LabelAnswer() }
        try view.forEachSegment(holding: group) { (segment) throws(StorageError) in try search.add(segment) }
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.labelsWithoutLog) { return try search.answer(cuboid) }
        #endif
        for entry in view.unsealed(group) { try search.add(entry.index, entry.store) }
        return try search.answer(cuboid)
    }
}

/// Collects what indexes and summaries say of labels, and then keeps what a view shows.
private struct LabelSearch {
    /// Names a version of a cuboid.
    private struct VersionName: Hashable {
        let store: UInt64
        let place: UInt64

        init(_ entry: IndexEntry, _ store: any PageStore) {
            self.store = store.storeNumber
            place = entry.isIndexOnly ? entry.sequence | 1 << 63 : entry.offsetOrConstant
        }

        init(_ version: PageVersion) {
            store = version.store.storeNumber
            place = version.kind == .constant ? version.sequence | 1 << 63 : version.offset
        }
    }
    private struct Candidate {
        let morton: UInt64
        let stored: LabelCoding.Stored
        let id: UInt64
        let version: VersionName
    }

    let engine: StorageEngine
    let view: View
    let group: PageGroup
    let wanted: LabelRanges
    private var candidates: [Candidate] = []
    /// Cuboids with a version whose labels are not known.
    private var doubtful: [UInt64] = []

    init(engine: StorageEngine, view: View, group: PageGroup, wanted: LabelRanges) {
        self.engine = engine
        self.view = view
        self.group = group
        self.wanted = wanted
    }

    mutating func add(_ segment: Segment) throws(StorageError) {
        let (group, leaves) = (group, engine.leaves)
        var found: [Candidate] = []
        let isIndexed = try segment.forEachIndexedLabel(wanted, group, roots: engine.labelRoots) {
            (label) throws(StorageError) in
            let (entry, store) = try segment.version(label.page, group, leaves: leaves)
            found.append(
                Candidate(
                    morton: entry.morton, stored: label.stored, id: label.id,
                    version: VersionName(entry, store)))
        }
        candidates += found
        if isIndexed, try segment.unknownPageCount(group, roots: engine.labelRoots) == 0 { return }
        var others: [(IndexEntry, any PageStore)] = []
        try segment.forEachVersion(of: group, leaves: leaves) { entry, store in
            if !isIndexed || entry.isUnlabelled { others.append((entry, store)) }
        }
        for (entry, store) in others { try add(entry, store) }
    }

    /// Adds what the summary of a page says.
    mutating func add(_ entry: IndexEntry, _ store: any PageStore) throws(StorageError) {
        if entry.isUnlabelled { return doubtful.append(entry.morton) }
        guard entry.isLabelled else { return }
        let name = VersionName(entry, store)
        guard !entry.isIndexOnly else {
            let bits = entry.offsetOrConstant
            if wanted.contains(bits) {
                candidates.append(
                    Candidate(morton: entry.morton, stored: .whole(bits), id: bits, version: name))
            }
            return
        }
        let summary = try engine.summary(of: entry.version(in: store), entry.morton, group)
        summary.forEach(in: wanted) { label in
            candidates.append(
                Candidate(morton: entry.morton, stored: .label(label), id: label.id, version: name))
        }
    }

    /// What the view shows of it.
    consuming func answer(_ cuboid: VoxelExtent) throws(StorageError) -> LabelAnswer {
        var answer = LabelAnswer()
        answer.entryCount = candidates.count
        candidates.sort { ($0.morton, $0.id) < ($1.morton, $1.id) }
        let codes = LabelSearch.unique((candidates.map(\.morton) + doubtful).sorted())
        var position = 0
        for start in stride(from: 0, to: codes.count, by: 4096) {
            let chunk = Array(codes[start..<min(start + 4096, codes.count)])
            for page in try view.locate(group, codes: chunk) {
                let first = position
                while position < candidates.count, candidates[position].morton == page.morton {
                    position += 1
                }
                let chain = page.deltas + (page.base.map { [$0] } ?? [])
                if chain.contains(where: \.isUnlabelled) {
                    answer.unknown.append(page.morton)
                } else {
                    answer.labels += LabelSearch.live(candidates[first..<position], chain, page, cuboid)
                }
            }
        }
        return answer
    }

    private static func live(
        _ candidates: ArraySlice<Candidate>, _ chain: [PageVersion], _ page: LocatedPage,
        _ cuboid: VoxelExtent
    ) -> [LocatedLabel] {
        let ranks = Dictionary(
            chain.enumerated().map { (VersionName($0.element), $0.offset) },
            uniquingKeysWith: { first, _ in first })
        var newest: (rank: Int, candidate: Candidate)?
        var result: [LocatedLabel] = []
        func finish() {
            guard let candidate = newest?.candidate else { return }
            let label: PageLabel
            switch candidate.stored {
            case .label(let stored): label = stored
            case .whole(let bits): label = .filling(VoxelBox(origin: .zero, extent: cuboid), with: bits)
            }
            guard label.voxelCount > 0 else { return }
            result.append(LocatedLabel(morton: page.morton, label: label, sequence: page.newestSequence))
        }
        for candidate in candidates {
            #if SEEDED_DEFECTS
                let stale: Int? = SeededDefect.isOn(.labelsOfOldPages) ? .max : nil
            #else
                let stale: Int? = nil
            #endif
            guard let rank = ranks[candidate.version] ?? stale else { continue }
            if newest?.candidate.id != candidate.id {
                finish()
                newest = (rank, candidate)
            } else if let known = newest, isNewer(rank, than: known.rank) {
                newest = (rank, candidate)
            }
        }
        finish()
        return result
    }

    /// Whether a version comes before another in a chain, whose newest one is the first.
    private static func isNewer(_ rank: Int, than other: Int) -> Bool {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.olderDeltaTellsLabels) { return rank > other }
        #endif
        return rank < other
    }

    private static func unique(_ sorted: [UInt64]) -> [UInt64] {
        sorted.reduce(into: []) { unique, code in
            if unique.last != code { unique.append(code) }
        }
    }
}

extension PageVersion {
    /// Whether it is a page of voxels whose labels, if they are labels, are not known.
    fileprivate var isUnlabelled: Bool {
        !isLabelled && kind.hasVoxels
    }
}
