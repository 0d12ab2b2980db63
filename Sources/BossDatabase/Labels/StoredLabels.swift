import BossGeometry
import BossStorage

extension Channel {
    /// The stored IDs in a region that read as one ID, ascending, with their voxels.
    ///
    /// - Throws: 22V08 for an image channel, 53200, XX001, 57014.
    package func storedLabels(
        of id: UInt64, in region: CutoutRegion, view: DatabaseView? = nil,
        control: OperationControl = OperationControl(), statistics: inout ReadStatistics
    ) throws(DatabaseError) -> [LabelSummary] {
        try requireAnnotation()
        let checked = try check(region)
        let pinned = if let view { view } else { try database.view() }
        let members = try mapping(in: pinned)?.members(of: id) ?? [id]
        var total = FoundLabels()
        for time in checked.time {
            let reader = LabelReader(
                scanner: try scanner(checked, time: time, pinned, control, asStored: true),
                wanted: LabelRanges(ids: members), mapping: nil)
            total.merge(try reader.read(checked.box, &statistics))
        }
        return total.labels
    }
}
