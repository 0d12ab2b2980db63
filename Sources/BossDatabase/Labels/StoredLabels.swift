import BossGeometry
import BossStorage
package import BossVoxels

extension Channel {
    /// The stored IDs in a region that read as one ID, ascending, with their voxels.
    ///
    /// - Throws: 22V08 for an image channel, 53200, XX001, 57014.
    package func storedLabels(
        of id: UInt64, in region: CutoutRegion, view: DatabaseView? = nil,
        control: OperationControl = OperationControl(), statistics: inout ReadStatistics
    ) throws(DatabaseError) -> [LabelTable.Entry] {
        guard isAnnotation else {
            throw DatabaseError(
                "22V08", "\(path) is an image channel, so its voxels are no IDs",
                hint: "ask an annotation channel")
        }
        let pinned = if let view { view } else { try database.view() }
        let members = Set(try mapping(in: pinned)?.members(of: id) ?? [id])
        let table = try valueCounts(
            in: region, asStored: true, view: pinned, control: control, statistics: &statistics)
        return table.sortedEntries.filter { members.contains($0.id) }
    }
}
