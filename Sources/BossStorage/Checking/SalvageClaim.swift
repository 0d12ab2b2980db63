/// What of a search through a segment file counts as the file's own.
///
/// Pages say which database they are of, but not which file; those of a bulk load do not say their commit either. A
/// page of another file would get this file's commit, and could hide newer voxels. So a page counts only if its key and
/// its commit are such as the manifest says, and if no index that verifies has it already. Leaves of an index count only
/// where the file is known to be the one that the manifest means.
struct SalvageClaim {
    /// What is known about the file beside its pages.
    struct Subject {
        /// Nil for a file that no root names.
        let reference: SegmentReference?
        let role: SegmentRole?
        /// Where pages are missing from the index; empty where nothing is known.
        let parts: [SalvagePart]
        /// Whether header or footer show that it is this file.
        let isVouchedFor: Bool
        /// Whether its index leads to all leaves that verify, so that others do not count.
        let hasIndex: Bool
    }
    /// One version of one cuboid.
    fileprivate struct Version: Hashable {
        let key: CuboidKey
        let sequence: UInt64
        let kind: PageKind
    }

    private(set) var leaves: [(group: PageGroup, entries: [IndexEntry])] = []
    private(set) var pages: [SalvageScan.FoundPage] = []
    /// The cuboids of all versions that count.
    private(set) var keys: [CuboidKey] = []
    /// Pages and leaves that were passed over since they are of another file.
    private(set) var foreignCount = 0
    private let subject: Subject

    init(_ scan: SalvageScan, _ subject: Subject, _ inventory: SalvageInventory) {
        self.subject = subject
        var checksums: [Version: UInt32] = [:]
        var conflicts: Set<Version> = []
        let fitting = scan.pages.filter { fits($0, inventory) }
        let found = Set(fitting.map(\.checksum))
        if subject.isVouchedFor, !subject.hasIndex {
            leaves = scan.leaves.filter { fits($0, found, inventory) }
        }
        // Beside an index most of what does not fit is in the index.
        if !subject.hasIndex {
            foreignCount = scan.pages.count - fitting.count + scan.leaves.count - leaves.count
        }
        for (group, entries) in leaves {
            for entry in entries {
                let key = CuboidKey(group: group, morton: entry.morton)
                let version = Version(key: key, sequence: entry.sequence, kind: entry.kind)
                checksums[version] = entry.headerChecksum
            }
        }
        let listed = Set(checksums.keys)
        for page in fitting where page.header.kind != .rangeTombstone {
            let known = checksums[page.version]
            if known == nil {
                checksums[page.version] = page.checksum
            } else if known != page.checksum, !listed.contains(page.version) {
                // One of them is of another file, and nothing says which one.
                conflicts.insert(page.version)
            }
        }
        foreignCount += conflicts.count
        for version in conflicts { checksums[version] = nil }
        pages = fitting.filter { $0.header.kind == .rangeTombstone || checksums[$0.version] == $0.checksum }
        keys = checksums.keys.map(\.key)
    }

    /// Whether it cannot be told if the pages are the file's own: an older load may have had as many of the same cuboids.
    var isDoubtful: Bool {
        guard let reference = subject.reference, !subject.hasIndex, !keys.isEmpty else { return false }
        return !subject.isVouchedFor || UInt64(keys.count) > reference.pageCount
    }

    private func fits(_ page: SalvageScan.FoundPage, _ inventory: SalvageInventory) -> Bool {
        let header = page.header
        guard fits(header.sequence, isFull: header.kind == .full) else { return false }
        if header.kind == .rangeTombstone { return subject.role == .log }
        return fits(header.key) && !inventory.isIndexed(header.key, page.checksum)
    }

    /// A leaf whose pages are elsewhere is of another file.
    private func fits(
        _ leaf: (group: PageGroup, entries: [IndexEntry]), _ found: Set<UInt32>,
        _ inventory: SalvageInventory
    ) -> Bool {
        let stored = leaf.entries.filter { !$0.isIndexOnly }
        guard stored.isEmpty || stored.contains(where: { found.contains($0.headerChecksum) }) else {
            return false
        }
        return leaf.entries.allSatisfy { entry in
            let key = CuboidKey(group: leaf.group, morton: entry.morton)
            return fits(key) && fits(entry.sequence, isFull: entry.kind != .delta)
                && (entry.isIndexOnly || !inventory.isIndexed(key, entry.headerChecksum))
        }
    }

    private func fits(_ key: CuboidKey) -> Bool {
        subject.parts.isEmpty || subject.parts.contains { $0.contains(key) }
    }

    /// Pages of a bulk load leave their commit to the manifest, all others name it.
    private func fits(_ sequence: UInt64, isFull: Bool) -> Bool {
        switch subject.role {
        case .bulk: return sequence == 0 && isFull
        case .log, .compacted:
            guard let reference = subject.reference else { return sequence > 0 }
            return sequence > 0 && reference.minimumSequence <= sequence
                && sequence <= reference.maximumSequence
        case nil: return true
        }
    }
}

extension SalvageScan.FoundPage {
    fileprivate var version: SalvageClaim.Version {
        SalvageClaim.Version(key: header.key, sequence: header.sequence, kind: header.kind)
    }
}
