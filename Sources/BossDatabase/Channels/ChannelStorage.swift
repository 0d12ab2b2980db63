public import BossGeometry
import BossStorage

/// What a channel occupies in the files.
extension Channel {
    /// Time samples that are added up; an experiment may claim billions.
    static let timeSampleLimit = 1 << 16

    /// Pages and stored bytes of a level, all time samples together, versions that newer ones replaced included.
    ///
    /// Answered from the index alone. Pages that an open transaction holds are not counted.
    ///
    /// - Returns: nil with more than 65 536 time samples, which would take too long to add up.
    /// - Throws: 22V06 for a level that does not exist, XX001 for a damaged index.
    public func pageCount(
        at level: ResolutionLevel, view: DatabaseView? = nil
    ) throws(DatabaseError) -> (pageCount: UInt64, byteCount: UInt64)? {
        guard layout.timeSampleCount <= Self.timeSampleLimit else { return nil }
        let stored = try mappingErrors { () throws(GeometryError) in
            try hierarchy.level(level.level, isIsotropic: level.isIsotropic)
        }
        let pinned = try self.view(view)
        var (pages, bytes): (UInt64, UInt64) = (0, 0)
        for time in 0..<layout.timeSampleCount {
            let size = try mappingErrors { () throws(StorageError) in
                try pinned.storedSize(of: layout.group(stored, time: time))
            }
            pages += size.pageCount
            bytes += size.byteCount
        }
        return (pages, bytes)
    }

    /// The levels that are stored: the normal chain, then those of the isotropic chain that differ from it.
    public var storedLevels: [ResolutionLevel] { layout.storedLevels }
}

extension ChannelLayout {
    /// The levels that are stored: the normal chain, then those of the isotropic chain that differ from it.
    var storedLevels: [ResolutionLevel] {
        var levels: [ResolutionLevel] = []
        for number in hierarchy.baseResolution...hierarchy.lastLevel {
            // Levels of a hierarchy are always in range.
            if let level = try? hierarchy.level(number) { levels.append(level) }
        }
        if let first = hierarchy.firstDistinctIsotropicLevel, first <= hierarchy.lastLevel {
            for number in first...hierarchy.lastLevel {
                if let level = try? hierarchy.level(number, isIsotropic: true) { levels.append(level) }
            }
        }
        return levels
    }
}
