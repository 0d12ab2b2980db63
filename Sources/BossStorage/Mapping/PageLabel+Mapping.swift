extension PageLabel {
    /// The same voxels under another ID.
    func renamed(_ id: UInt64) -> PageLabel {
        PageLabel(
            id: id, voxelCount: voxelCount, sumX: sumX, sumY: sumY, sumZ: sumZ, lower: lower, upper: upper)
    }
}

extension [PageLabel] {
    /// The labels of one cuboid under other IDs, ascending; those that get the same ID become one.
    package func merged(by root: (UInt64) -> UInt64) -> [PageLabel] {
        guard contains(where: { root($0.id) != $0.id }) else { return self }
        var merged: [PageLabel] = []
        merged.reserveCapacity(count)
        for label in map({ $0.renamed(root($0.id)) }).sorted(by: { $0.id < $1.id }) {
            if merged.last?.id == label.id {
                merged[merged.count - 1].add(label)
            } else {
                merged.append(label)
            }
        }
        return merged
    }
}
