import BossGeometry
import BossStorage
import BossVoxels
import Synchronization

/// Two labels that meet.
package struct LabelPair: Hashable, Comparable, Sendable {
    package let first: UInt64
    package let second: UInt64

    package static func < (left: LabelPair, right: LabelPair) -> Bool {
        (left.first, left.second) < (right.first, right.second)
    }
}

extension Channel {
    /// How many voxels of a region have a label of this channel and one of another at the same place; background of
    /// either is left out.
    ///
    /// - Parameter other: a label channel of the same space.
    /// - Throws: 22V08 for an image channel, 22V05 when the two differ in extent or voxel size at the level, 53200 for
    ///   too many pairs, XX001, 57014.
    package func overlap(
        with other: Channel, in region: CutoutRegion, view: DatabaseView? = nil,
        control: OperationControl = OperationControl(), statistics: inout ReadStatistics
    ) throws(DatabaseError) -> [LabelPair: UInt64] {
        try requireAnnotation()
        try other.requireAnnotation()
        let checked = try check(region)
        try requireSameSpace(other, at: checked.level)
        let pinned = if let view { view } else { try database.view() }
        let (background, otherBackground) = (layout.backgroundBits, other.layout.backgroundBits)
        let reader = try other.mappedReader(pinned.view, hint: .scan).withOneWorker
        var total: [LabelPair: UInt64] = [:]
        let spent = Mutex(ReadStatistics())
        for time in checked.time {
            let sample = CutoutRegion(box: checked.box, level: checked.level, time: time..<time + 1)
            let width = other.voxelType.byteCount
            let part = try fold(sample, pinned, control, &statistics, start: { [LabelPair: UInt64]() }) {
                (pairs, box, content) throws(DatabaseError) in
                if case .constant(background) = content { return }
                let cost = try reader.withVoxels(of: box, pinned.view, checked.level, time, width) { theirs in
                    pairs.add(content, background, theirs, otherBackground)
                }
                spent.withLock { $0 += cost }
                guard pairs.count <= ScanLimits.rowCount else { throw refuseTooManyPairs(other) }
            } absent: { _, _ in
            } merge: {
                $0.merge($1, uniquingKeysWith: +)
            }
            total.merge(part, uniquingKeysWith: +)
            guard total.count <= ScanLimits.rowCount else { throw refuseTooManyPairs(other) }
        }
        statistics += spent.withLock { $0 }
        return total
    }

    private func refuseTooManyPairs(_ other: Channel) -> DatabaseError {
        DatabaseError(
            "53200", "the labels of \(path) and \(other.path) make more than \(ScanLimits.rowCount) pairs",
            hint: "ask for a smaller region")
    }
}

extension CutoutReader {
    /// Hands out the voxels of a box, read on this thread.
    ///
    /// - Returns: what was touched.
    func withVoxels(
        of box: VoxelBox, _ view: View, _ level: ResolutionLevel, _ time: Int, _ voxelByteCount: Int,
        _ body: (VoxelWindow) throws(DatabaseError) -> Void
    ) throws(DatabaseError) -> ReadStatistics {
        let voxels = VoxelStorage(byteCount: box.voxelCount * voxelByteCount, zeroed: false)
        let read = voxels.withUnsafeMutableBytes { memory in
            Result { () throws(DatabaseError) in
                try self.read(view, level: level, time: time, box: box, into: memory)
            }
        }
        let cost = try read.get()
        let visited = voxels.withUnsafeBytes { bytes in
            Result { () throws(DatabaseError) in
                guard let base = bytes.baseAddress else { return }
                try body(VoxelWindow(base, extent: box.extent, voxelByteCount: voxelByteCount))
            }
        }
        try visited.get()
        return cost
    }
}

extension [LabelPair: UInt64] {
    /// Adds the voxels of a box, run by run of the first labels.
    fileprivate mutating func add(
        _ content: RegionScanner.Content, _ background: UInt64, _ theirs: VoxelWindow,
        _ theirBackground: UInt64
    ) {
        var (last, count) = (LabelPair(first: 0, second: 0), UInt64(0))
        func add(_ id: UInt64, _ window: VoxelWindow, to pairs: inout Self) {
            window.forEachRun { other, _, length in
                guard other != theirBackground else { return }
                let pair = LabelPair(first: id, second: other)
                if pair != last {
                    if count > 0 { pairs[last, default: 0] += count }
                    (last, count) = (pair, 0)
                }
                count += UInt64(length)
            }
        }
        switch content {
        case .constant(let id): add(id, theirs, to: &self)
        case .voxels(let window):
            window.forEachRun { id, place, length in
                guard id != background else { return }
                add(id, theirs.part(origin: place, extent: VoxelExtent(x: length, y: 1, z: 1)), to: &self)
            }
        }
        if count > 0 { self[last, default: 0] += count }
    }
}
