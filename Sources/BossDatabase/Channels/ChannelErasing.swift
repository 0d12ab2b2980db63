import BossGeometry
import BossStorage
import BossVoxels
import Synchronization

extension Channel {
    /// Sets a region to background.
    ///
    /// - Returns: how many voxels were something else.
    @discardableResult
    public func erase(
        _ region: CutoutRegion, in transaction: Transaction? = nil,
        control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> WriteSummary {
        let checked = try checkWritable(region)
        guard let transaction else {
            return try inOwnTransaction { (own) throws(DatabaseError) in
                try addBackground(checked, to: own, control: control)
            }
        }
        var summary = WriteSummary()
        summary.changedVoxelCount = try transaction.statement { () throws(DatabaseError) in
            try addBackground(checked, to: transaction, control: control)
        }
        return summary
    }

    /// Only cuboids that were written are looked at, so space without data costs nothing.
    private func addBackground(
        _ region: CheckedRegion, to transaction: Transaction, control: OperationControl
    ) throws(DatabaseError) -> Int {
        let view = transaction.view.view
        let parts = try writtenParts(of: region, view, control)
        let largest = parts.reduce(0) { max($0, $1.box.voxelCount) }
        let background = VoxelStorage(byteCount: largest * voxelType.byteCount, zeroed: false)
        background.withUnsafeMutableBytes { bytes in
            let row = VoxelExtent(x: largest, y: 1, z: 1)
            VoxelCopy.fillBox(
                in: SharedMemory(bytes).base, destinationExtent: row, destinationOrigin: .zero, extent: row,
                voxelByteCount: voxelType.byteCount, valueBits: layout.backgroundBits)
        }
        let collected = Mutex(CollectedPages())
        let made = background.withUnsafeBytes { buffer in
            let bytes = SharedBytes(buffer)
            return Result { () throws(DatabaseError) in
                try database.workers.forEach(parts.count) { (number) throws(DatabaseError) in
                    let part = CheckedRegion(
                        level: region.level, box: parts[number].box, time: parts[number].time,
                        hasTimeAxis: false)
                    try makePages(
                        bytes, part, mode: .overwrite, for: transaction, control: control, into: collected)
                }
            }
        }
        try made.get()
        return try add(collected, to: transaction)
    }

    /// The parts of a region that lie in written cuboids, one a cuboid and time sample.
    private func writtenParts(
        of region: CheckedRegion, _ view: View, _ control: OperationControl
    ) throws(DatabaseError) -> [(time: Range<Int>, box: VoxelBox)] {
        let range = try layout.cuboids(touching: region.box)
        var parts: [(time: Range<Int>, box: VoxelBox)] = []
        for time in region.time {
            try control.cancellation.check()
            let codes = try mappingErrors { () throws(StorageError) in
                try view.writtenCodes(layout.group(region.level, time: time), in: range.codeSpan)
            }
            for code in codes where range.contains(rawCode: code) {
                guard let index = try? MortonCode(rawValue: code).index,
                    let box = layout.grid.box(of: index).intersection(region.box)
                else { continue }
                parts.append((time..<time + 1, box))
            }
        }
        return parts
    }
}
