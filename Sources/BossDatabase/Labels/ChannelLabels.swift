import BossGeometry
import BossStorage
import BossVoxels

/// Questions about objects, answered from the label index.
extension Channel {
    /// The distinct IDs of a region with their voxel counts and boxes, ascending; background is left out.
    ///
    /// Cuboids that lie wholly in the region cost no look at their voxels.
    ///
    /// - Parameter ids: other IDs are left out; few of them are found by the index.
    /// - Throws: 22V08 for an image channel, 53200 when there are too many to hold.
    public func labels(
        in region: CutoutRegion, ids: IDCondition = .all, view: DatabaseView? = nil,
        control: OperationControl = OperationControl(), statistics: inout ReadStatistics
    ) throws(DatabaseError) -> [LabelSummary] {
        try requireAnnotation()
        let checked = try check(region)
        let pinned = if let view { view } else { try database.view() }
        // Of whole objects the index knows all.
        if ids != .all, checked.box == layout.hierarchy.box(at: checked.level) {
            return try objects(ids: ids, in: region, view: pinned, control: control, statistics: &statistics)
                .map {
                    LabelSummary(
                        id: $0.id, voxelCount: Int(clamping: $0.voxelCount), box: $0.box, time: $0.time,
                        cuboidCount: $0.cuboidCount)
                }
        }
        let mapping = try mapping(in: pinned)
        let wanted = mapping?.stored(ids) ?? ids
        var total = FoundLabels()
        for time in checked.time {
            let reader = LabelReader(
                scanner: try scanner(checked, time: time, pinned, control, asStored: true),
                wanted: wanted.labelRanges, mapping: mapping)
            total.merge(try reader.read(checked.box, &statistics))
        }
        return ids == .all ? total.labels : total.labels.filter { ids.contains($0.id) }
    }

    /// The smallest box around the voxels of IDs in a region; IDs without voxels there are left out.
    public func boundingBoxes(
        of ids: [UInt64], in region: CutoutRegion, view: DatabaseView? = nil,
        control: OperationControl = OperationControl(), statistics: inout ReadStatistics
    ) throws(DatabaseError) -> [LabelSummary] {
        try labels(
            in: region, ids: IDCondition(ids: ids), view: view, control: control, statistics: &statistics)
    }

    /// Whole objects of a level, ascending by ID: size, box, centroid; no voxel is read where pages have summaries.
    ///
    /// - Parameters:
    ///   - ids: other objects are left out; few of them are found by the index.
    ///   - region: its level and its time samples are asked; with `touching` also its box.
    ///   - touching: only objects of which some cuboid's part has a box that meets the region's. They are told as a whole.
    /// - Throws: 22V08 for an image channel, 53200 when there are too many to hold.
    public func objects(
        ids: IDCondition = .all, in region: CutoutRegion, touching: Bool = false, view: DatabaseView? = nil,
        control: OperationControl = OperationControl(), statistics: inout ReadStatistics
    ) throws(DatabaseError) -> [LabelObject] {
        try requireAnnotation()
        let checked = try check(region)
        let pinned = if let view { view } else { try database.view() }
        let mapping = try mapping(in: pinned)
        var total: [UInt64: LabelObject] = [:]
        for time in checked.time {
            let reader = ObjectReader(
                scanner: try scanner(checked, time: time, pinned, control, asStored: true), mapping: mapping)
            var wanted = (mapping?.stored(ids) ?? ids).labelRanges
            if touching, checked.box != layout.hierarchy.box(at: checked.level) {
                wanted = try reader.ids(touching: checked.box, wanted, &statistics)
            }
            ObjectReader.merge(try reader.objects(wanted, &statistics), into: &total)
        }
        return total.values.filter { ids.contains($0.id) }.sorted { $0.id < $1.id }
    }

    /// - Throws: 22V08 for an image channel.
    package func requireAnnotation() throws(DatabaseError) {
        guard isAnnotation else {
            throw DatabaseError(
                "22V08", "\(path) is an image channel, so its voxels are no IDs",
                hint: "ask an annotation channel")
        }
    }
}
