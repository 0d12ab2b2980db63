package import BossGeometry
import BossStorage

/// The cuboids of a resolution level, of all time samples.
package struct LevelPages: Hashable, Sendable {
    package let level: ResolutionLevel
    /// Cuboids with voxels.
    package fileprivate(set) var pageCount = 0
    /// Cuboids that DOWNSAMPLE would have to build again, since the level below was written after them.
    package fileprivate(set) var dirtyPageCount = 0
}

extension Channel {
    /// Cuboids of every stored level; no page is read.
    ///
    /// - Returns: nil with more than 65 536 time samples, which would take too long to add up.
    /// - Complexity: linear in the cuboids of all levels; memory in those of one time sample.
    package func levelPages(
        view: DatabaseView? = nil, control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> [LevelPages]? {
        guard layout.timeSampleCount <= Self.timeSampleLimit else { return nil }
        let pinned = try self.view(view)
        let base = try layout.baseLevel
        var levels = storedLevels.map { LevelPages(level: $0) }
        for time in 0..<layout.timeSampleCount {
            var dirty: [ResolutionLevel: Set<UInt64>] = [:]
            for number in levels.indices {
                try control.cancellation.check()
                let level = levels[number].level
                levels[number].pageCount += try pageCount(pinned, layout.group(level, time: time))
                guard level != base, let source = layout.hierarchy.source(of: level) else { continue }
                let cuboids = try dirtyCuboids(pinned, level, source, time, dirty[source] ?? [])
                levels[number].dirtyPageCount += cuboids.count
                dirty[level] = cuboids
            }
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
