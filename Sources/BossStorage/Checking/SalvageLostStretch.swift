/// Cuboids that were lost with their places: what told where they were is damaged too.
package struct SalvageLostStretch: Hashable, Sendable {
    /// The damaged or missing file.
    package let path: String
    /// The cuboids lie from this key on.
    package let lowest: CuboidKey
    /// Up to this key, inclusive.
    package let highest: CuboidKey
    /// How many versions of cuboids are lost at most; older ones may have been replaced by later commits.
    package var count: UInt64
    /// The commit that wrote them; 0 where they are of several.
    package let commit: UInt64
    /// The cuboids that may be among them: those of the stretch that the file does not hold any more and that no later
    /// commit has written as a whole. Nil where the stretch is too long, or goes over several groups.
    package var candidates: [Candidate]?

    /// A cuboid that may be lost.
    package struct Candidate: Hashable, Sendable {
        /// Morton code.
        package let morton: UInt64
        /// The older commit whose content the new database shows; nil for none.
        package let shownCommit: UInt64?
    }

    /// Whether a cuboid may be among them.
    package func contains(_ key: CuboidKey) -> Bool {
        guard lowest <= key, key <= highest else { return false }
        return candidates?.contains { $0.morton == key.morton } ?? true
    }
}

/// Cuboids of a segment file that were not found; what else there is of them is known once all files were read.
struct SalvageGap {
    let reference: SegmentReference
    /// The cuboids that were found, one for each version.
    let found: [CuboidKey]
}

extension SalvageInventory {
    /// Cuboids of a stretch of at most so many codes are looked at one by one.
    private static let candidateLimit: UInt64 = 1 << 16

    /// Finds the cuboids that may be lost in a stretch.
    ///
    /// - Parameters:
    ///   - found: what the file still holds.
    ///   - newest: the youngest commit of the file.
    func narrowed(_ stretch: SalvageLostStretch, found: Set<CuboidKey>, newest: UInt64) -> SalvageLostStretch
    {
        let group = stretch.lowest.group
        guard group == stretch.highest.group,
            stretch.highest.morton - stretch.lowest.morton < Self.candidateLimit
        else { return stretch }
        let deletions = tombstones[group] ?? []
        var narrowed = stretch
        var candidates: [SalvageLostStretch.Candidate] = []
        for code in stretch.lowest.morton...stretch.highest.morton
        where !found.contains(CuboidKey(group: group, morton: code)) {
            let known = versions[group]?[code] ?? []
            let isReplaced = known.contains { $0.kind != .delta && $0.order.sequence >= newest }
            let isDeleted = deletions.contains { $0.sequence > newest && $0.contains(code) }
            if isReplaced || isDeleted { continue }
            let older = known.filter { $0.order.sequence < newest }.map(\.order.sequence).max()
            candidates.append(.init(morton: code, shownCommit: older))
        }
        narrowed.count = min(stretch.count, UInt64(candidates.count))
        narrowed.candidates = candidates
        return narrowed
    }
}

extension SalvageReading {
    /// Puts keys to what was not found, as far as they can be known.
    mutating func resolveGaps() {
        for gap in gaps {
            let found = Set(gap.found)
            let newest = max(gap.reference.commitSequence, gap.reference.maximumSequence)
            let lost = lostStretches(gap.reference, gap.found).map {
                inventory.narrowed($0, found: found, newest: newest)
            }.filter { $0.count > 0 }
            take(lost, of: gap)
        }
    }

    /// Where the cuboids of a segment are that were not found: by its leaves if the root of its index verifies, else
    /// by the keys that the manifest has of it.
    ///
    /// - Parameter found: the cuboids of all versions that were found in the file.
    func lostStretches(_ reference: SegmentReference, _ found: [CuboidKey]) -> [SalvageLostStretch] {
        let whole = SalvageLostStretch(
            path: reference.path, lowest: reference.minimumKey, highest: reference.maximumKey,
            count: reference.pageCount - min(reference.pageCount, UInt64(found.count)),
            commit: reference.commitSequence)
        let segment = Segment(
            reference: reference, origin: SegmentOrigin(fileSystem: source, database: database))
        guard let opened = try? segment.open() else { return [whole] }
        let cache = LeafCache(budget: 0)
        let sorted = found.sorted()
        var stretches: [SalvageLostStretch] = []
        for group in opened.index.groups {
            let last = group.firstLeaf + group.leafCount - 1
            for number in group.firstLeaf...last {
                let leaf = try? cache.leaf(number, group: group.group, of: opened, name: reference.path)
                guard leaf == nil else { continue }
                let fence = opened.index.fences[number]
                // Versions of one cuboid may go on in the next leaf.
                let end =
                    number < last
                    ? opened.index.fences[number + 1].firstMorton
                    : reference.maximumKey.group == group.group ? reference.maximumKey.morton : .max >> 1
                let lowest = CuboidKey(group: group.group, morton: fence.firstMorton)
                let highest = CuboidKey(group: group.group, morton: max(end, fence.firstMorton))
                let expected =
                    max(0, fence.byteCount - SegmentIndex.leafHeaderByteCount) / IndexEntry.byteCount
                let count = Self.count(of: sorted, from: lowest, to: highest, isOpen: number < last)
                guard count < expected else { continue }
                stretches.append(
                    SalvageLostStretch(
                        path: reference.path, lowest: lowest, highest: highest,
                        count: UInt64(expected - count), commit: reference.commitSequence))
            }
        }
        // Where leaves share a cuboid the counts may miss one; no loss goes unsaid.
        let isCovered = stretches.reduce(0) { $0 + $1.count } >= whole.count
        return isCovered ? stretches : stretches + [whole]
    }

    /// Keys of a sorted list in a range, without its end if that is open.
    private static func count(
        of sorted: [CuboidKey], from low: CuboidKey, to high: CuboidKey, isOpen: Bool
    ) -> Int {
        func index(_ isBefore: (CuboidKey) -> Bool) -> Int {
            var (lower, upper) = (0, sorted.count)
            while lower < upper {
                let middle = (lower + upper) / 2
                if isBefore(sorted[middle]) { lower = middle + 1 } else { upper = middle }
            }
            return lower
        }
        return index { isOpen ? $0 < high : $0 <= high } - index { $0 < low }
    }
}
