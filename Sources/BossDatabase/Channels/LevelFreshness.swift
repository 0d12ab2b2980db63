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
                if try !staleParents(view, pages, group, factors).isEmpty { return true }
            }
            return false
        }
    }

    /// The cuboids of a coarser level that are older than pages they are made from.
    ///
    /// A page shows what its writer could see, and what was built in the same commit.
    func staleParents(
        _ view: View, _ sources: [LocatedPage], _ group: PageGroup, _ factors: VoxelExtent
    ) throws(StorageError) -> Set<UInt64> {
        var pairs: [(source: UInt64, parent: UInt64)] = []
        for page in sources {
            guard let parent = Self.parent(of: page.morton, factors) else { continue }
            pairs.append((page.newestSequence, parent))
        }
        let codes = Set(pairs.map(\.parent)).sorted()
        let parents = Dictionary(uniqueKeysWithValues: zip(codes, try view.locate(group, codes: codes)))
        return Set(
            pairs.lazy.filter { pair in
                guard let parent = parents[pair.parent] else { return true }
                return pair.source > parent.newestBaseSequence && pair.source != parent.newestSequence
            }.map(\.parent))
    }

    /// The cuboid of the next level that a cuboid is made into.
    static func parent(of morton: UInt64, _ factors: VoxelExtent) -> UInt64? {
        guard let index = try? MortonCode(rawValue: morton).index else { return nil }
        let parent = CuboidIndex(
            x: index.x / UInt32(factors.x), y: index.y / UInt32(factors.y), z: index.z / UInt32(factors.z))
        return (try? MortonCode(parent))?.rawValue
    }
}

extension ChannelLayout {
    /// The group that holds a page once a whole level was built, for all time samples and also from nothing.
    func buildMark(_ level: ResolutionLevel) -> PageGroup { group(level, time: 0) }
}
