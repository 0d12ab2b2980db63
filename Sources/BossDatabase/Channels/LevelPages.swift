package import BossGeometry
import BossStorage

/// The cuboids of a resolution level, of all time samples.
package struct LevelPages: Hashable, Sendable {
    package let level: ResolutionLevel
    /// Cuboids with voxels.
    package let pageCount: Int
    /// Cuboids that DOWNSAMPLE would have to build again, since the level below was written after them.
    package let dirtyPageCount: Int
}

extension Channel {
    /// Cuboids of every stored level; no page is read.
    ///
    /// - Complexity: linear in the cuboids of all levels.
    package func levelPages(
        view: DatabaseView? = nil, control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> [LevelPages] {
        let pinned = try self.view(view)
        let base = try layout.baseLevel
        /// By level and time sample.
        var dirty: [ResolutionLevel: [Set<UInt64>]] = [:]
        var levels: [LevelPages] = []
        for level in storedLevels {
            var (pageCount, sets) = (0, [Set<UInt64>]())
            for time in 0..<layout.timeSampleCount {
                try control.cancellation.check()
                pageCount += try self.pageCount(pinned, layout.group(level, time: time))
                guard level != base, let source = layout.hierarchy.source(of: level) else {
                    sets.append([])
                    continue
                }
                let below = dirty[source]?[time] ?? []
                sets.append(try dirtyCuboids(pinned, level, source, time, below))
            }
            dirty[level] = sets
            levels.append(
                LevelPages(
                    level: level, pageCount: pageCount, dirtyPageCount: sets.reduce(0) { $0 + $1.count }))
        }
        return levels
    }

    private func pageCount(_ view: View, _ group: PageGroup) throws(DatabaseError) -> Int {
        try mappingErrors { () throws(StorageError) in
            var count = 0
            try forEachWritten(view, group) { pages in
                for page in pages where page.isWritten { count += 1 }
            }
            return count
        }
    }

    private func dirtyCuboids(
        _ view: View, _ level: ResolutionLevel, _ source: ResolutionLevel, _ time: Int, _ below: Set<UInt64>
    ) throws(DatabaseError) -> Set<UInt64> {
        let (group, sourceGroup) = (layout.group(level, time: time), layout.group(source, time: time))
        let factors = layout.hierarchy.factors(from: source.level, isIsotropic: level.isIsotropic)
        return try mappingErrors { () throws(StorageError) in
            var dirty = Set(below.compactMap { Self.parent(of: $0, factors) })
            try forEachWritten(view, sourceGroup) { (pages) throws(StorageError) in
                dirty.formUnion(try staleParents(view, pages, group, factors))
            }
            return dirty
        }
    }

    /// Calls `body` with the cuboids of a group, some at a time.
    private func forEachWritten(
        _ view: View, _ group: PageGroup, _ body: ([LocatedPage]) throws(StorageError) -> Void
    ) throws(StorageError) {
        guard try view.isWritten(group) else { return }
        let codes = try view.writtenCodes(group, in: 0...UInt64.max)
        for start in stride(from: 0, to: codes.count, by: 4096) {
            let chunk = Array(codes[start..<min(start + 4096, codes.count)])
            try body(view.locate(group, codes: chunk))
        }
    }
}
