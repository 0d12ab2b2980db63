import BossGeometry
import BossStorage
import BossVoxels
import Synchronization

/// Voxels that get a new value by the one they have.
extension Channel {
    /// Cuboids of a region of which a change may have to write every one.
    private static let denseCuboidLimit = 1 << 20
    /// A brick of labels takes a small part of its voxels' bytes, so that more of them go through the log.
    private static let labelsPerStoredByte = 16

    /// Gives the voxels of a region that fulfil a condition a new value; all or nothing.
    ///
    /// Voxels are read and written brick by brick: memory does not grow with the region. Outside a transaction a large
    /// region goes straight to segment files.
    ///
    /// - Parameter action: what the history says.
    /// - Throws: as `write`; 54000 for a change of the background of a region of more than 2^20 cuboids.
    package func change(
        _ region: CutoutRegion, _ change: VoxelChange, action: String, in transaction: Transaction? = nil,
        control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> WriteSummary {
        let checked = try checkWritable(region)
        guard let transaction else {
            let limit = database.options.bulkByteCount.multipliedSaturating(
                by: isAnnotation ? Self.labelsPerStoredByte : 1)
            let isLarge = try touchedByteCount(checked, change, database.view(), control) >= limit
            guard isLarge else {
                return try inOwnTransaction(action, in: checked.box) { (own) throws(DatabaseError) in
                    try addChange(checked, change, to: own, control)
                }
            }
            return try repeatingConflicts(in: checked.box) { () throws(DatabaseError) in
                try changeInBulk(checked, change, action: action, control)
            }
        }
        var summary = WriteSummary()
        summary.changedVoxelCount = try addChange(checked, change, to: transaction, control)
        transaction.note(action, changedVoxelCount: summary.changedVoxelCount)
        return summary
    }

    /// Bytes of the voxels in the cuboids that a change looks at.
    private func touchedByteCount(
        _ region: CheckedRegion, _ change: VoxelChange, _ view: DatabaseView, _ control: OperationControl
    ) throws(DatabaseError) -> Int {
        let function = try function(change, in: view.view, voxelCount: 0)
        if function(layout.backgroundBits) != layout.backgroundBits {
            let count = try layout.cuboids(touching: region.box).count.multipliedSaturating(
                by: region.time.count)
            guard count <= Self.denseCuboidLimit else {
                throw DatabaseError(
                    "54000", "the change would write \(count) cuboids, the limit is \(Self.denseCuboidLimit)",
                    hint: "change a smaller region, or leave the background as it is")
            }
            return region.voxelCount.multipliedSaturating(by: voxelType.byteCount)
        }
        var count = 0
        for time in region.time {
            try control.cancellation.check()
            count += try writer.writtenCodes(
                function, region.box, layout.group(region.level, time: time), view.view
            ).count
        }
        let cuboids = count.multipliedSaturating(by: layout.grid.cuboid.voxelCount)
        return min(cuboids, region.voxelCount).multipliedSaturating(by: voxelType.byteCount)
    }

    private func addChange(
        _ region: CheckedRegion, _ change: VoxelChange, to transaction: Transaction,
        _ control: OperationControl
    ) throws(DatabaseError) -> Int {
        try transaction.statement { () throws(DatabaseError) in
            let view = transaction.view.view
            _ = try touchedByteCount(region, change, transaction.view, control)
            let function = try function(change, in: view, voxelCount: region.voxelCount)
            let collected = Mutex(CollectedPages())
            let limit = database.options.transactionByteCountLimit
            for time in region.time {
                try control.cancellation.check()
                try writer.write(
                    .init(change: function, box: region.box), level: region.level, time: time,
                    mode: .overwrite, view: view, fullPagesOnly: false, cancellation: control.cancellation,
                    pendingBricks: transaction.pendingBricks
                ) { (_, change) throws(DatabaseError) in
                    let byteCount = collected.withLock { $0.add(change) }
                    guard byteCount <= limit else {
                        throw DatabaseError(
                            "53200", "the transaction would hold more than \(limit) bytes",
                            hint: "change smaller regions, or outside of BEGIN")
                    }
                }
            }
            return try add(collected, to: transaction)
        }
    }

    private func changeInBulk(
        _ region: CheckedRegion, _ change: VoxelChange, action: String, _ control: OperationControl
    ) throws(DatabaseError) -> WriteSummary {
        let bulk = try mappingErrors { () throws(StorageError) in try database.engine.beginBulk() }
        let function = try function(change, in: bulk.base, voxelCount: region.voxelCount)
        var summary = WriteSummary()
        for time in region.time {
            try control.cancellation.check()
            summary.changedVoxelCount += try writer.write(
                .init(change: function, box: region.box), level: region.level, time: time, mode: .overwrite,
                to: bulk, control: control)
        }
        bulk.describe(action, changedVoxelCount: summary.changedVoxelCount)
        let commit = try commit(bulk)
        if summary.changedVoxelCount > 0 { summary.commit = commit }
        return summary
    }
}

extension Channel.CollectedPages {
    /// - Returns: bytes of all pages.
    fileprivate mutating func add(_ change: CutoutWriter.PageChange) -> Int {
        changedVoxelCount += change.changedVoxelCount
        if let page = change.page {
            pages.append((page, change.dependsOnBase))
            byteCount += page.byteCount
        }
        return byteCount
    }
}
