import BossGeometry
import BossStorage

extension StorageEngine {
    /// The cuboids of a range that may have wanted labels, ascending, from the label index.
    ///
    /// - Returns: nil where the index has more to read than the cuboids themselves.
    func cuboids(
        of wanted: LabelRanges, _ group: PageGroup, in view: View, _ range: CuboidRange, _ grid: CuboidGrid,
        entryCount: inout Int
    ) throws(DatabaseError) -> [UInt64]? {
        guard wanted != .all, range.count > 1 else { return nil }
        let answer = try mappingErrors { () throws(StorageError) -> LabelAnswer? in
            guard try lookupCost(wanted, group, in: view) <= range.count else { return nil }
            return try find(wanted, group, in: view, cuboid: grid.cuboid)
        }
        guard let answer else { return nil }
        entryCount += answer.entryCount
        let codes = (answer.labels.map(\.morton) + answer.unknown).sorted()
        return codes.reduce(into: []) { unique, code in
            if unique.last != code, range.contains(rawCode: code) { unique.append(code) }
        }
    }
}
