import BossGeometry
import BossStorage

/// How a coarser level relates to the base level it was built from.
public enum LevelFreshness: Hashable, Sendable {
    /// It shows what the base level holds.
    case current
    /// The base level was written after it was built.
    case stale
    /// It was never built, although the base level was written.
    case missing
}

extension Channel {
    /// Pages compared at a time.
    private static let chunkCount = 1 << 12

    /// Whether a region of a level is up to date, or was in the state that `view` shows.
    ///
    /// Answered from the index alone; no page is read. A level is as fresh as the stalest below it.
    public func freshness(of region: CutoutRegion, view: DatabaseView? = nil) throws(DatabaseError)
        -> LevelFreshness
    {
        let checked = try check(region)
        let base = try layout.baseLevel
        guard layout.hierarchy.stored(checked.level) != base else { return .current }
        let pinned = try self.view(view)
        var result = LevelFreshness.current
        for time in checked.time {
            switch try freshness(pinned, checked.level, base, time, checked.box) {
            case .missing: return .missing
            case .stale: result = .stale
            case .current: break
            }
        }
        return result
    }

    private func freshness(
        _ view: View, _ level: ResolutionLevel, _ base: ResolutionLevel, _ time: Int, _ box: VoxelBox
    ) throws(DatabaseError) -> LevelFreshness {
        let (isWritten, isBuilt, isMarked) = try mappingErrors { () throws(StorageError) in
            (
                try view.isWritten(layout.group(base, time: time)),
                try view.isWritten(layout.group(level, time: time)),
                try view.isWritten(layout.buildMark(level))
            )
        }
        if !isWritten { return .current }
        if !isBuilt && !isMarked { return .missing }
        var (level, box) = (level, box)
        while let source = layout.hierarchy.source(of: level) {
            let below = try mappingErrors { () throws(GeometryError) in
                try layout.hierarchy.box(box, from: level, to: source)
            }
            guard let part = below.intersection(layout.hierarchy.box(at: source)) else { break }
            if try isStale(view, level, source, time, part) { return .stale }
            (level, box) = (source, part)
        }
        return .current
    }

    /// Whether a page of the source level is newer than the page made from it.
    private func isStale(
        _ view: View, _ level: ResolutionLevel, _ source: ResolutionLevel, _ time: Int, _ box: VoxelBox
    ) throws(DatabaseError) -> Bool {
        let (group, sourceGroup) = (layout.group(level, time: time), layout.group(source, time: time))
        let factors = layout.hierarchy.factors(from: source.level, isIsotropic: level.isIsotropic)
        let range = try layout.cuboids(touching: box)
        return try mappingErrors { () throws(StorageError) in
            let codes = try view.writtenCodes(sourceGroup, in: range.codeSpan).filter {
                range.contains(rawCode: $0)
            }
            for first in stride(from: 0, to: codes.count, by: Self.chunkCount) {
                let chunk = Array(codes[first..<min(first + Self.chunkCount, codes.count)])
                let pages = try view.locate(sourceGroup, codes: chunk)
                if try isStale(view, pages, group, factors) { return true }
            }
            return false
        }
    }

    /// A page shows what its writer could see, and what was built in the same commit.
    private func isStale(
        _ view: View, _ sources: [LocatedPage], _ group: PageGroup, _ factors: VoxelExtent
    ) throws(StorageError) -> Bool {
        var pairs: [(source: UInt64, parent: UInt64)] = []
        for page in sources {
            guard let index = try? MortonCode(rawValue: page.morton).index,
                let parent = try? MortonCode(
                    CuboidIndex(
                        x: index.x / UInt32(factors.x), y: index.y / UInt32(factors.y),
                        z: index.z / UInt32(factors.z)))
            else { continue }
            pairs.append((page.newestSequence, parent.rawValue))
        }
        let codes = Set(pairs.map(\.parent)).sorted()
        let parents = Dictionary(uniqueKeysWithValues: zip(codes, try view.locate(group, codes: codes)))
        return pairs.contains { pair in
            guard let parent = parents[pair.parent] else { return true }
            return pair.source > parent.newestBaseSequence && pair.source != parent.newestSequence
        }
    }
}

extension ChannelLayout {
    /// The group that holds a page once a whole level was built, for all time samples and also from nothing.
    func buildMark(_ level: ResolutionLevel) -> PageGroup { group(level, time: 0) }
}
