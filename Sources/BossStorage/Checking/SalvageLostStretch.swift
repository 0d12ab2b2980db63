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
    let path: String
    /// The file's commit; 0 where it has several.
    let commit: UInt64
    /// The youngest commit in the file.
    let newest: UInt64
    let part: SalvagePart
    /// The cuboids of the part that were found, one for each version.
    let found: [CuboidKey]
    /// Whether these may be another file's.
    let isDoubtful: Bool

    init(_ reference: SegmentReference, _ part: SalvagePart, found: [CuboidKey], isDoubtful: Bool = false) {
        path = reference.path
        commit = reference.commitSequence
        newest = max(reference.commitSequence, reference.maximumSequence)
        self.part = part
        self.found = found.filter(part.contains)
        self.isDoubtful = isDoubtful
    }

    /// Everything that may be lost of the part; nil when all of it was found.
    var stretch: SalvageLostStretch? {
        let found = isDoubtful ? 0 : UInt64(found.count)
        guard found < part.count else { return nil }
        return SalvageLostStretch(
            path: path, lowest: part.lowest, highest: part.highest, count: part.count - found, commit: commit)
    }
}

extension SalvageInventory {
    /// Cuboids of a stretch of at most so many codes are looked at one by one.
    private static let candidateLimit: UInt64 = 1 << 16

    /// Finds the cuboids that may be lost in a gap.
    private func narrowed(_ stretch: SalvageLostStretch, _ gap: SalvageGap) -> SalvageLostStretch {
        let group = stretch.lowest.group
        guard group == stretch.highest.group, !gap.isDoubtful,
            stretch.highest.morton - stretch.lowest.morton < Self.candidateLimit
        else { return stretch }
        // A load has one version of each cuboid; of other files another one may be lost.
        let found = gap.commit == 0 ? [] : Set(gap.found)
        let deletions = tombstones[group] ?? []
        var narrowed = stretch
        var candidates: [SalvageLostStretch.Candidate] = []
        for code in stretch.lowest.morton...stretch.highest.morton
        where !found.contains(CuboidKey(group: group, morton: code)) {
            let known = versions[group]?[code] ?? []
            let isReplaced = known.contains { hides($0, gap.newest) }
            let isDeleted = deletions.contains { $0.sequence > gap.newest && $0.contains(code) }
            if isReplaced || isDeleted { continue }
            let older = known.filter { $0.order.sequence < gap.newest }.map(\.order.sequence).max()
            candidates.append(.init(morton: code, shownCommit: older))
        }
        narrowed.count = min(stretch.count, UInt64(candidates.count))
        narrowed.candidates = candidates
        return narrowed
    }

    /// Whether a version stands over everything up to a commit. A deletion may lie under what its commit wrote.
    private func hides(_ version: SalvagedVersion, _ newest: UInt64) -> Bool {
        switch version.kind {
        case .delta: false
        case .full, .constant: version.order.sequence >= newest
        case .tombstone, .rangeTombstone: version.order.sequence > newest
        }
    }

    /// Puts keys to what was not found, as far as they can be known.
    ///
    /// - Parameter dropped: channels of which nothing can be lost.
    mutating func resolve(_ gaps: [SalvageGap], dropped: Set<UInt32>) {
        for gap in gaps {
            let channels = (gap.part.lowest.group.channel, gap.part.highest.group.channel)
            if channels.0 == channels.1, dropped.contains(channels.0) { continue }
            guard let whole = gap.stretch else { continue }
            let stretch = narrowed(whole, gap)
            if stretch.count > 0 {
                stretches.append(stretch)
            } else {
                notes.append(
                    "what segment file \(gap.path) has lost was written again by later commits")
            }
        }
    }
}
