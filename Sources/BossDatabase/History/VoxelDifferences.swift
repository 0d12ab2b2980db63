package import BossGeometry
import BossStorage
import BossVoxels
import Synchronization

/// A voxel that two states of a channel store differently.
package struct VoxelDifference: Hashable, Sendable {
    /// Absolute voxel.
    package let place: VoxelPoint
    package let time: Int
    /// The values, by their bits.
    package let old: UInt64
    package let new: UInt64
}

extension Channel {
    /// How many voxels of a region changed from one value into another, as they are stored: merging IDs makes no
    /// difference.
    ///
    /// - Returns: counts by the old and the new value, by their bits.
    /// - Throws: 53200 for too many pairs of values, 22V01, 22V02, 22V06, XX001, 57014.
    package func changedValues(
        _ region: CutoutRegion, from old: DatabaseView, to new: DatabaseView,
        control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> [LabelPair: UInt64] {
        let total = Mutex<[LabelPair: UInt64]>([:])
        try forEachChangedCuboid(region, from: old, to: new, control) {
            (_, _, _, left, right) throws(DatabaseError) in
            var pairs: [LabelPair: UInt64] = [:]
            VoxelComparison.forEachDifference(left, right) { before, after, _ in
                pairs[LabelPair(first: before, second: after), default: 0] += 1
            }
            let found = pairs
            let count = total.withLock {
                $0.merge(found, uniquingKeysWith: +)
                return $0.count
            }
            guard count <= ScanLimits.rowCount else { throw refuseTooManyDifferences() }
        }
        return total.withLock { $0 }
    }

    /// Every voxel of a region that two states store differently, by time sample, z, y and x.
    ///
    /// - Throws: 53200 for too many of them, 22V01, 22V02, 22V06, XX001, 57014.
    package func changedVoxels(
        _ region: CutoutRegion, from old: DatabaseView, to new: DatabaseView,
        control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> [VoxelDifference] {
        let total = Mutex<[VoxelDifference]>([])
        try forEachChangedCuboid(region, from: old, to: new, control) {
            (box, time, count, left, right) throws(DatabaseError) in
            guard total.withLock({ $0.count }) <= ScanLimits.rowCount - count else {
                throw refuseTooManyDifferences()
            }
            var found: [VoxelDifference] = []
            found.reserveCapacity(count)
            VoxelComparison.forEachDifference(left, right) { before, after, place in
                let place = VoxelPoint(
                    x: box.lower.x + place.x, y: box.lower.y + place.y, z: box.lower.z + place.z)
                found.append(VoxelDifference(place: place, time: time, old: before, new: after))
            }
            let part = found
            total.withLock { $0 += part }
        }
        return total.withLock { $0 }.sorted {
            ($0.time, $0.place.z, $0.place.y, $0.place.x) < ($1.time, $1.place.z, $1.place.y, $1.place.x)
        }
    }

    /// Hands out both contents of the cuboids that two states show differently, with the number of voxels that differ;
    /// several at a time.
    private func forEachChangedCuboid(
        _ region: CutoutRegion, from old: DatabaseView, to new: DatabaseView, _ control: OperationControl,
        _ body: @Sendable (VoxelBox, Int, Int, VoxelWindow, VoxelWindow) throws(DatabaseError) -> Void
    ) throws(DatabaseError) {
        let checked = try check(region)
        let (reader, width) = (reader(hint: .scan).withOneWorker, voxelType.byteCount)
        for time in checked.time {
            let parts = try changedCuboids(checked, time, from: old, to: new, control)
            try database.workers.forEach(parts.count) { (number) throws(DatabaseError) in
                try control.cancellation.check()
                let box = parts[number]
                var outcome: Result<Void, DatabaseError> = .success(())
                try withBoth(box, checked.level, time, old, new, reader) { left, right in
                    let count = VoxelComparison.differingCount(left, right, voxelByteCount: width)
                    guard count > 0, let before = left.baseAddress, let after = right.baseAddress else {
                        return
                    }
                    outcome = Result { () throws(DatabaseError) in
                        try body(
                            box, time, count, VoxelWindow(before, extent: box.extent, voxelByteCount: width),
                            VoxelWindow(after, extent: box.extent, voxelByteCount: width))
                    }
                }
                try outcome.get()
            }
        }
    }

    private func refuseTooManyDifferences() -> DatabaseError {
        DatabaseError(
            "53200",
            "the versions of \(path) differ in more rows than an answer holds, \(ScanLimits.rowCount)",
            hint: "ask for a smaller region, or BY PAGE")
    }
}
