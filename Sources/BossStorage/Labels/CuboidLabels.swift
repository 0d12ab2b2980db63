/// All labels of a cuboid in a view.
package enum CuboidLabels: Sendable {
    /// Never written, or deleted: background.
    case none
    /// One value in every voxel, which may be the background.
    case constant(UInt64)
    /// The labels, ascending by ID, each with voxels.
    case labels([PageLabel])
    /// A version of the cuboid has no summary: only its voxels tell.
    case unknown
}

extension StorageEngine {
    /// The labels of a located cuboid, from the summaries of its pages; no voxel is read.
    ///
    /// - Throws: `.corrupt` naming the file of a damaged page.
    package func labels(of page: LocatedPage, _ group: PageGroup) throws(StorageError) -> CuboidLabels {
        guard page.deltas.allSatisfy(\.isLabelled) else { return .unknown }
        var base: [PageLabel] = []
        switch page.base?.kind {
        case nil, .tombstone, .rangeTombstone:
            if page.deltas.isEmpty { return .none }
        case .constant:
            guard page.deltas.isEmpty, let version = page.base, version.isLabelled else { return .unknown }
            return .constant(version.constantBits)
        case .full, .delta:
            guard let version = page.base, version.isLabelled else { return .unknown }
            base = try summary(of: version, page.morton, group).labels
        }
        var deltas: [PageSummary] = []
        for version in page.deltas { deltas.append(try summary(of: version, page.morton, group)) }
        return .labels(PageSummary.merged(base: base, deltas: deltas))
    }

    /// The summary of a version that has one.
    func summary(
        of version: PageVersion, _ morton: UInt64, _ group: PageGroup
    ) throws(StorageError) -> PageSummary {
        let key = CuboidKey(group: group, morton: morton)
        let header = try directories.directory(of: version, key: key).header
        guard header.isLabelled, header.summaryByteCount > 0 else {
            throw .corrupt(
                file: version.store.name, offset: version.offset,
                reason: "the index promises a summary of cuboid \(morton), and its page has none")
        }
        return try summaries.summary(of: version, header)
    }
}

extension LocatedPage {
    /// What a delta of a transaction lies over: its own delta, which it takes the place of, left out.
    package var withoutPendingDelta: LocatedPage {
        LocatedPage(morton: morton, base: base, deltas: deltas.filter { $0.sequence != .max })
    }
}
