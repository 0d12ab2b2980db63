import BossStorage
package import BossVoxels
import Synchronization

/// What merged IDs of a channel read as in one state.
///
/// `MERGE IDS` changes no voxel: it writes down that IDs read as another one, their *root*. Every read goes through here.
///
///     guard let mapping = try channel.mapping(in: view) else { … }   // nothing is merged
///     mapping.root(of: 17)       // 9, after MERGE IDS 17, 23 INTO 9
///     mapping.members(of: 9)     // [9, 17, 23]: what stored voxels of 9 may hold
///
/// Immutable, and the same for all reads of one state. Memory: about 32 bytes for each merged ID, 48 once members were
/// asked for.
package final class LabelMapping: Sendable {
    /// IDs that a channel may have merged at a time; about 400 MiB of memory.
    static let countLimit = 1 << 23

    private let roots: [UInt64: UInt64]
    /// Merged IDs by root, then by themselves; made when it is asked for first.
    private let byRoot = Mutex<[MappingPair]?>(nil)

    init(_ roots: [UInt64: UInt64]) { self.roots = roots }

    /// IDs that read as another one.
    package var count: Int { roots.count }

    /// The largest ID that was merged, or that others were merged into.
    var largestID: UInt64 { roots.reduce(0) { max($0, $1.key, $1.value) } }

    /// What an ID reads as: itself, unless it was merged.
    package func root(of id: UInt64) -> UInt64 { roots[id] ?? id }

    /// Whether an ID reads as another one, so that no voxel has it any more.
    package func isMerged(_ id: UInt64) -> Bool { roots[id] != nil }

    /// The stored IDs that read as an ID, ascending: itself and what was merged into it; none for a merged one.
    package func members(of id: UInt64) -> [UInt64] {
        guard !isMerged(id) else { return [] }
        let sorted = byRoot.withLock { known in
            if let known { return known }
            let made = roots.map { MappingPair(from: $0.key, to: $0.value) }.sorted {
                ($0.to, $0.from) < ($1.to, $1.from)
            }
            known = made
            return made
        }
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle].to < id { low = middle + 1 } else { high = middle }
        }
        var members = [id]
        while low < sorted.count, sorted[low].to == id {
            members.append(sorted[low].from)
            low += 1
        }
        return members.sorted()
    }

    /// The stored IDs that may read as some.
    func stored(_ ids: IDCondition) -> IDCondition {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.lookUpWithoutMapping) { return ids }
        #endif
        if ids == .all { return .all }
        if let few = ids.members(limit: 1000) { return IDCondition(ids: few.flatMap(members)) }
        return ids.union(IDCondition(ids: roots.lazy.filter { ids.contains($0.value) }.map(\.key)))
    }

    // MARK: Voxels

    /// An array of labels as it reads.
    package func applied(to runs: RunArray) -> RunArray { runs.replacingValues(root)?.array ?? runs }

    /// Makes labels in memory what they read as.
    ///
    /// - Returns: how many voxels have another value now.
    @discardableResult
    package func apply(to window: MutableVoxelWindow) -> Int { window.replaceLabels(root) }

    /// Counts and boxes of stored labels as those of what they read as.
    package func applied(to table: LabelTable) -> LabelTable {
        var merged = LabelTable(tracksBoxes: table.tracksBoxes)
        for entry in table.sortedEntries {
            merged.add(root(of: entry.id), voxelCount: entry.voxelCount, box: entry.box)
        }
        return merged
    }
}
