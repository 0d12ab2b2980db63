import BossGeometry
import BossStorage
import BossVoxels
import Synchronization

extension Channel {
    /// Regions whose written cuboids have more bytes than this are deleted without counting.
    private static let countedByteCount = 1 << 30
    /// Attempts of a deletion that counts; without, writers that never pause leave it room.
    private static let countedAttempts = 8

    /// Sets a region to background.
    ///
    /// Cuboids that lie in the region as a whole are deleted by one entry in the log, whatever their number; their space
    /// comes back by compaction. Cuboids at its border are written.
    ///
    /// - Returns: how many voxels were something else; not counted, and `isCounted` false, where that would mean to read
    ///   more than 1 GiB of voxels, or where others keep writing to the region meanwhile.
    /// - Throws: as `write`. In a transaction its commit is refused, 40001, if others write to the region before.
    @discardableResult
    public func erase(
        _ region: CutoutRegion, in transaction: Transaction? = nil,
        control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> WriteSummary {
        let checked = try checkWritable(region)
        guard let transaction else {
            var isCounted = true
            var attempt = 0
            var summary = try inOwnTransaction("DELETE CUTOUT FROM \(path)", in: checked.box) {
                (own) throws(DatabaseError) in
                attempt += 1
                isCounted = attempt <= Self.countedAttempts
                return try addBackground(checked, to: own, control: control, &isCounted)
            }
            summary.isCounted = isCounted
            return summary
        }
        var summary = WriteSummary()
        summary.changedVoxelCount = try transaction.statement { () throws(DatabaseError) in
            try addBackground(checked, to: transaction, control: control, &summary.isCounted)
        }
        transaction.note("DELETE CUTOUT FROM \(path)", changedVoxelCount: summary.changedVoxelCount)
        return summary
    }

    /// Only cuboids that were written are looked at, so space without data costs nothing.
    private func addBackground(
        _ region: CheckedRegion, to transaction: Transaction, control: OperationControl,
        _ isCounted: inout Bool
    ) throws(DatabaseError) -> Int {
        try clear(region, in: transaction)
        let view = transaction.view.view
        let all = try writtenParts(of: region, view, control)
        let extent = layout.hierarchy.box(at: region.level)
        let isWhole = { (box: VoxelBox) -> Bool in
            let cuboid = layout.grid.cuboid
            return SpatialAxis.allCases.allSatisfy { axis in
                (box[axis].lowerBound % cuboid[axis] == 0 || box[axis].lowerBound == extent[axis].lowerBound)
                    && (box[axis].upperBound % cuboid[axis] == 0
                        || box[axis].upperBound == extent[axis].upperBound)
            }
        }
        let whole = all.filter { isWhole($0.box) }
        let parts = all.filter { !isWhole($0.box) }
        var changed = 0
        if !whole.isEmpty {
            let byteCount = whole.reduce(0) { $0 + $1.box.voxelCount * voxelType.byteCount }
            isCounted = isCounted && byteCount <= Self.countedByteCount
            if isCounted { changed = try countForeground(whole, region.level, transaction.view, control) }
            // What is background already needs no commit.
            if !isCounted || changed > 0 {
                try deleteWhole(region, times: Set(whole.map(\.time.lowerBound)), in: transaction)
            }
        }
        guard !parts.isEmpty else { return changed }
        return try changed + overwrite(parts, region, transaction, control)
    }

    /// Others may not write to the cuboids of a region before the transaction commits, not even where there is nothing.
    private func clear(_ region: CheckedRegion, in transaction: Transaction) throws(DatabaseError) {
        let range = try layout.cuboids(touching: region.box)
        func key(_ code: UInt64, time: Int) -> CuboidKey {
            CuboidKey(group: layout.group(region.level, time: time), morton: code)
        }
        try transaction.clear(
            lowest: key(range.codeSpan.lowerBound, time: region.time.lowerBound),
            highest: key(range.codeSpan.upperBound, time: region.time.upperBound - 1), of: self)
    }

    /// Deletes the cuboids that lie in a region as a whole.
    private func deleteWhole(
        _ region: CheckedRegion, times: Set<Int>, in transaction: Transaction
    ) throws(DatabaseError) {
        let extent = layout.hierarchy.box(at: region.level)
        let cuboid = layout.grid.cuboid
        func span(_ axis: SpatialAxis) -> Range<Int> {
            let (range, size) = (region.box[axis], cuboid[axis])
            #if SEEDED_DEFECTS
                if SeededDefect.isOn(.eraseBorderCuboids) {
                    return range.lowerBound / size..<(range.upperBound + size - 1) / size
                }
            #endif
            let low =
                range.lowerBound == extent[axis].lowerBound
                ? range.lowerBound / size : (range.lowerBound + size - 1) / size
            let high =
                range.upperBound == extent[axis].upperBound
                ? (range.upperBound + size - 1) / size : range.upperBound / size
            return low..<max(low, high)
        }
        let (x, y, z) = (span(.x), span(.y), span(.z))
        guard !x.isEmpty, !y.isEmpty, !z.isEmpty else { return }
        let (lowest, highest) = try mappingErrors { () throws(GeometryError) in
            (
                try MortonCode(
                    CuboidIndex(
                        x: UInt32(x.lowerBound), y: UInt32(y.lowerBound), z: UInt32(z.lowerBound))),
                try MortonCode(
                    CuboidIndex(
                        x: UInt32(x.upperBound - 1), y: UInt32(y.upperBound - 1), z: UInt32(z.upperBound - 1))
                )
            )
        }
        for time in times.sorted() {
            try transaction.delete(
                layout.group(region.level, time: time), lowest: lowest.rawValue, highest: highest.rawValue,
                of: self)
        }
    }

    private func countForeground(
        _ parts: [(time: Range<Int>, box: VoxelBox)], _ level: ResolutionLevel, _ view: DatabaseView,
        _ control: OperationControl
    ) throws(DatabaseError) -> Int {
        let total = Mutex(0)
        let reader = reader(hint: .scan)
        try database.workers.forEach(parts.count) { (number) throws(DatabaseError) in
            try control.cancellation.check()
            let part = parts[number]
            let count = try foregroundCount(part.box, level, part.time.lowerBound, view, reader)
            total.withLock { $0 += count }
        }
        return total.withLock { $0 }
    }

    private func overwrite(
        _ parts: [(time: Range<Int>, box: VoxelBox)], _ region: CheckedRegion, _ transaction: Transaction,
        _ control: OperationControl
    ) throws(DatabaseError) -> Int {
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
