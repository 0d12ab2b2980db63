public import BossGeometry
import BossStorage
import BossVoxels
import Synchronization

/// A cuboid that two states of a channel show differently.
public struct PageDifference: Hashable, Sendable {
    /// The part of the cuboid inside the region, absolute voxels.
    public let box: VoxelBox
    /// Time sample.
    public let time: Int
    /// Voxels with another value, never 0.
    public let changedVoxelCount: Int
}

extension Channel {
    /// Compares two states cuboid by cuboid, voxels as they are stored: merging IDs makes no difference. Cuboids that have
    /// the same version in both are not read.
    ///
    /// - Returns: the cuboids that differ, by time sample and Morton code.
    /// - Throws: 22V01, 22V02, 22V06 for a region that does not fit, XX001, 57014.
    public func differences(
        _ region: CutoutRegion, from old: DatabaseView, to new: DatabaseView,
        control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> [PageDifference] {
        let checked = try check(region)
        var result: [PageDifference] = []
        for time in checked.time {
            let parts = try changedCuboids(checked, time, from: old, to: new, control)
            let found = Mutex<[Int: Int]>([:])
            let reader = reader(hint: .scan)
            try database.workers.forEach(parts.count) { (number) throws(DatabaseError) in
                try control.cancellation.check()
                let count = try differingCount(parts[number], checked.level, time, old, new, reader)
                if count > 0 { found.withLock { $0[number] = count } }
            }
            let counts = found.withLock { $0 }
            result += counts.sorted { $0.key < $1.key }.map {
                PageDifference(box: parts[$0.key], time: time, changedVoxelCount: $0.value)
            }
        }
        return result
    }

    /// The parts of a region in cuboids of which two states have different versions.
    func changedCuboids(
        _ region: CheckedRegion, _ time: Int, from old: DatabaseView, to new: DatabaseView,
        _ control: OperationControl
    ) throws(DatabaseError) -> [VoxelBox] {
        try control.cancellation.check()
        let range = try layout.cuboids(touching: region.box)
        let group = layout.group(region.level, time: time)
        return try mappingErrors { () throws(StorageError) in
            let span = range.codeSpan
            let codes = Set(try new.view.writtenCodes(group, in: span))
                .union(try old.view.writtenCodes(group, in: span))
                .filter { range.contains(rawCode: $0) }.sorted()
            let pairs = zip(
                try old.view.locate(group, codes: codes), try new.view.locate(group, codes: codes))
            return pairs.compactMap { before, after in
                guard before.newestSequence != after.newestSequence,
                    let index = try? MortonCode(rawValue: before.morton).index
                else { return nil }
                return layout.grid.box(of: index).intersection(region.box)
            }
        }
    }

    private func differingCount(
        _ box: VoxelBox, _ level: ResolutionLevel, _ time: Int, _ old: DatabaseView, _ new: DatabaseView,
        _ reader: CutoutReader
    ) throws(DatabaseError) -> Int {
        var count = 0
        try withBoth(box, level, time, old, new, reader) { left, right in
            count = VoxelComparison.differingCount(left, right, voxelByteCount: voxelType.byteCount)
        }
        return count
    }

    /// Hands out the voxels of a box as two states store them.
    func withBoth(
        _ box: VoxelBox, _ level: ResolutionLevel, _ time: Int, _ old: DatabaseView, _ new: DatabaseView,
        _ reader: CutoutReader, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
    ) throws(DatabaseError) {
        let byteCount = box.voxelCount * voxelType.byteCount
        let (before, after) = (
            VoxelStorage(byteCount: byteCount, zeroed: false),
            VoxelStorage(byteCount: byteCount, zeroed: false)
        )
        try fill(before, box, level, time, old, reader)
        try fill(after, box, level, time, new, reader)
        before.withUnsafeBytes { left in after.withUnsafeBytes { right in body(left, right) } }
    }

    /// Voxels of a box that are not background.
    func foregroundCount(
        _ box: VoxelBox, _ level: ResolutionLevel, _ time: Int, _ view: DatabaseView, _ reader: CutoutReader
    ) throws(DatabaseError) -> Int {
        let byteCount = box.voxelCount * voxelType.byteCount
        let voxels = VoxelStorage(byteCount: byteCount, zeroed: false)
        try fill(voxels, box, level, time, view, reader)
        let background = VoxelStorage(byteCount: byteCount, zeroed: false)
        background.withUnsafeMutableBytes { bytes in
            let row = VoxelExtent(x: box.voxelCount, y: 1, z: 1)
            VoxelCopy.fillBox(
                in: SharedMemory(bytes).base, destinationExtent: row, destinationOrigin: .zero, extent: row,
                voxelByteCount: voxelType.byteCount, valueBits: layout.backgroundBits)
        }
        return voxels.withUnsafeBytes { left in
            background.withUnsafeBytes { right in
                VoxelComparison.differingCount(left, right, voxelByteCount: voxelType.byteCount)
            }
        }
    }

    private func fill(
        _ storage: VoxelStorage, _ box: VoxelBox, _ level: ResolutionLevel, _ time: Int, _ view: DatabaseView,
        _ reader: CutoutReader
    ) throws(DatabaseError) {
        let filled = storage.withUnsafeMutableBytes { memory in
            Result { () throws(DatabaseError) in
                _ = try reader.read(view.view, level: level, time: time, box: box, into: memory)
            }
        }
        try filled.get()
    }

    /// Writes the voxels of an older state as a new commit.
    ///
    /// Only cuboids that have other versions now are read and written; all or nothing. Stored voxels are compared and
    /// restored. Merged IDs are those of the older state again where all of the channel is restored, and stay else.
    ///
    /// - Parameter old: the state to come back to.
    /// - Throws: as `write`. Cuboids that others change meanwhile are restored again.
    @discardableResult
    public func restore(
        _ region: CutoutRegion, to old: DatabaseView, control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> WriteSummary {
        let checked = try checkWritable(region)
        return try repeatingConflicts(in: checked.box) { () throws(DatabaseError) in
            let bulk = try mappingErrors { () throws(StorageError) in try database.engine.beginBulk() }
            let now = DatabaseView(view: bulk.base)
            let reader = reader(hint: .scan)
            var summary = WriteSummary()
            for time in checked.time {
                for box in try changedCuboids(checked, time, from: old, to: now, control) {
                    try control.cancellation.check()
                    let voxels = VoxelStorage(
                        byteCount: box.voxelCount * voxelType.byteCount, zeroed: false)
                    try fill(voxels, box, checked.level, time, old, reader)
                    let written = voxels.withUnsafeBytes { bytes in
                        Result { () throws(DatabaseError) in
                            try writer.write(
                                .init(bytes: SharedBytes(bytes), box: box), level: checked.level, time: time,
                                mode: .overwrite, to: bulk, control: control)
                        }
                    }
                    summary.changedVoxelCount += try written.get()
                }
            }
            let isMappingRestored = isWhole(checked) ? try addMapping(of: old.view, to: bulk) : false
            bulk.describe(
                "RESTORE \(path)\(words(of: checked)) TO @#\(old.commit)",
                changedVoxelCount: summary.changedVoxelCount)
            let commit = try commit(bulk)
            if summary.changedVoxelCount > 0 || isMappingRestored { summary.commit = commit }
            return summary
        }
    }

    /// Whether a region is all of the channel, so that its merged IDs are restored too.
    private func isWhole(_ region: CheckedRegion) -> Bool {
        region.box == box(at: region.level) && region.time == 0..<timeSampleCount
    }

    /// The part of a channel as a statement names it; nothing for all of it.
    private func words(of region: CheckedRegion) -> String {
        let extent = layout.hierarchy.box(at: region.level)
        var words = ""
        for axis in SpatialAxis.allCases where region.box[axis] != extent[axis] {
            words +=
                " \(axis.rawValue.uppercased()) \(region.box[axis].lowerBound):\(region.box[axis].upperBound)"
        }
        if region.time != 0..<timeSampleCount {
            words += " T \(region.time.lowerBound):\(region.time.upperBound)"
        }
        return words
    }
}
