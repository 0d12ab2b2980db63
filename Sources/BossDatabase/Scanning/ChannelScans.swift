import BossGeometry
import BossStorage
package import BossVoxels
import Synchronization

/// Questions about the voxels of a region, answered by one pass over its bricks on all cores.
extension Channel {
    func scanner(
        _ region: CheckedRegion, time: Int, _ view: DatabaseView, _ control: OperationControl, asStored: Bool
    ) throws(DatabaseError) -> RegionScanner {
        let decoded = region.box.voxelCount.multipliedSaturating(by: voxelType.byteCount)
        let isLarge = decoded > database.options.poolByteCount / 2
        let hint: CacheHint = isLarge ? .scan : .interactive
        return RegionScanner(
            reader: asStored ? reader(hint: hint) : try mappedReader(view.view, hint: hint), view: view.view,
            level: region.level,
            time: time,
            cancellation: control.cancellation)
    }

    /// How often each value occurs, by its bits; for counts under any condition.
    ///
    /// - Parameter asStored: whether merged IDs count as what the voxels hold, not as what they read as.
    /// - Throws: 53200 when there are too many different values to hold.
    package func valueCounts(
        in region: CutoutRegion, asStored: Bool = false, view: DatabaseView? = nil,
        control: OperationControl = OperationControl(), statistics: inout ReadStatistics
    ) throws(DatabaseError) -> LabelTable {
        try fold(
            region, view, control, &statistics, asStored: asStored,
            start: { LabelTable(tracksBoxes: false) }
        ) {
            (table, box, content) throws(DatabaseError) in
            switch content {
            case .constant(let bits): table.add(bits, voxelCount: box.voxelCount)
            case .voxels(let window): table.add(window, origin: box.lower)
            }
            guard table.byteCount <= LabelLimits.tableByteCount else {
                throw DatabaseError(
                    "53200", "the region of \(path) holds too many different values for memory")
            }
        } absent: { [layout] table, count in
            table.add(layout.backgroundBits, voxelCount: count)
        } merge: {
            $0.merge($1)
        }
    }

    /// Count, extremes, sums of a region's voxels; for an annotation channel of its labelled voxels only.
    package func voxelStatistics(
        in region: CutoutRegion, view: DatabaseView? = nil, control: OperationControl = OperationControl(),
        statistics: inout ReadStatistics
    ) throws(DatabaseError) -> VoxelStatistics {
        let (type, layout) = (voxelType, layout)
        return try fold(region, view, control, &statistics, start: { VoxelStatistics(voxelType: type) }) {
            (sum, box, content) throws(DatabaseError) in
            sum.add(content, box, layout)
        } absent: { sum, count in
            guard !layout.isAnnotation else { return }
            sum.merge(
                VoxelStatistics(constantBits: layout.backgroundBits, voxelCount: count, voxelType: type))
        } merge: {
            $0.merge($1)
        }
    }

    /// How many voxels fall into each bin.
    package func histogram(
        in region: CutoutRegion, empty: VoxelHistogram, view: DatabaseView? = nil,
        control: OperationControl = OperationControl(), statistics: inout ReadStatistics
    ) throws(DatabaseError) -> VoxelHistogram {
        let type = voxelType
        return try fold(region, view, control, &statistics, start: { empty }) {
            (sum, box, content) throws(DatabaseError) in
            switch content {
            case .constant(let bits): sum.add(type.number(ofBits: bits), voxelCount: UInt64(box.voxelCount))
            case .voxels(let window): sum.add(window, voxelType: type)
            }
        } absent: { [layout] sum, count in
            sum.add(type.number(ofBits: layout.backgroundBits), voxelCount: UInt64(count))
        } merge: {
            $0.merge($1)
        }
    }

    /// Statistics of this image channel grouped by the labels of another channel of the same space.
    ///
    /// - Throws: 22V05 when the two differ in voxel size or extent at the level.
    package func voxelStatistics(
        within labels: Channel, in region: CutoutRegion, view: DatabaseView? = nil,
        control: OperationControl = OperationControl(), statistics: inout ReadStatistics
    ) throws(DatabaseError) -> [UInt64: VoxelStatistics] {
        guard labels.isAnnotation else {
            throw DatabaseError("22V08", "\(labels.path) is an image channel, so its voxels are no IDs")
        }
        let checked = try check(region)
        try requireSameSpace(labels, at: checked.level)
        let pinned = if let view { view } else { try database.view() }
        var groups: [UInt64: VoxelStatistics] = [:]
        for time in checked.time {
            let sample = CutoutRegion(box: checked.box, level: checked.level, time: time..<time + 1)
            let part = try voxelStatistics(within: labels, sample, time, pinned, control, &statistics)
            for (id, sum) in part { groups[id, default: VoxelStatistics(voxelType: voxelType)].merge(sum) }
        }
        return groups
    }

    private func voxelStatistics(
        within labels: Channel, _ sample: CutoutRegion, _ time: Int, _ view: DatabaseView,
        _ control: OperationControl, _ statistics: inout ReadStatistics
    ) throws(DatabaseError) -> [UInt64: VoxelStatistics] {
        let (type, level) = (voxelType, try check(sample).level)
        // Values that are labels themselves are those that they read as.
        let reader = try mappedReader(view.view).withOneWorker
        let background = labels.layout.backgroundBits
        let spent = Mutex(ReadStatistics())
        // Over the labels, so that space without any costs nothing.
        let groups = try labels.fold(
            sample, view, control, &statistics, start: { [UInt64: VoxelStatistics]() }
        ) {
            (groups, box, content) throws(DatabaseError) in
            if case .constant(background) = content { return }
            let cost = try reader.withVoxels(of: box, view.view, level, time, type.byteCount) { window in
                LabelRuns.add(window, type, labels: content, labels.layout, to: &groups)
            }
            spent.withLock { $0 += cost }
        } absent: { _, _ in
        } merge: { total, part in
            for (id, sum) in part { total[id, default: VoxelStatistics(voxelType: type)].merge(sum) }
        }
        statistics += spent.withLock { $0 }
        return groups
    }

    /// Folds over a region, one time sample after the other; see `RegionScanner`.
    func fold<Accumulator: Sendable>(
        _ region: CutoutRegion, _ view: DatabaseView?, _ control: OperationControl,
        _ statistics: inout ReadStatistics, asStored: Bool = false, start: @Sendable () -> Accumulator,
        visit: @Sendable (inout Accumulator, VoxelBox, RegionScanner.Content) throws(DatabaseError) -> Void,
        absent: (inout Accumulator, Int) -> Void, merge: (inout Accumulator, Accumulator) -> Void
    ) throws(DatabaseError) -> Accumulator {
        let checked = try check(region)
        let pinned = if let view { view } else { try database.view() }
        var total = start()
        for time in checked.time {
            try control.cancellation.check()
            let part = try scanner(checked, time: time, pinned, control, asStored: asStored).fold(
                checked.box, statistics: &statistics, start: start, visit: visit, absent: absent,
                merge: merge)
            merge(&total, part)
        }
        return total
    }
}
