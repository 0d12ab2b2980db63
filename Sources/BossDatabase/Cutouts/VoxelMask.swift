package import BossGeometry
import BossStorage
package import BossVoxels

/// Conditions over the voxels of several channels of the same space, such as labels that choose voxels of an image.
///
/// Each channel's part is read as a mask of its own, a byte a voxel, in slabs that stay small.
package indirect enum VoxelMask: Sendable {
    /// What one channel's voxels fulfil.
    case channel(Channel, VoxelPredicate)
    /// All of them; at least one.
    case all([VoxelMask])
    /// Any of them; at least one.
    case any([VoxelMask])
    case not(VoxelMask)

    /// Voxels of a slab.
    private static let slabVoxelCount = 8 << 20

    /// Reads the mask of a region: UINT8 voxels, 0 or 1.
    ///
    /// - Parameter channel: one of the channels, whose limits hold.
    package func read(
        _ region: CutoutRegion, of channel: Channel, view: DatabaseView, control: OperationControl,
        statistics: inout ReadStatistics
    ) throws(DatabaseError) -> AnyVolume {
        let checked = try channel.check(region)
        let count = try channel.checkResult(checked, as: .uint8)
        var volume = try mappingErrors { () throws(VoxelError) in
            try AnyVolume(
                voxelType: .uint8, axes: [.t, .z, .y, .x], shape: checked.shape, zeroed: false)
        }
        precondition(volume.byteCount == count, "the result has the bytes that were checked")
        var spent = ReadStatistics()
        let filled = volume.withUnsafeMutableBytes { memory in
            Result { () throws(DatabaseError) in
                try checked.forEachSlab(voxelCount: Self.slabVoxelCount) {
                    (slab, range) throws(DatabaseError) in
                    let part = UnsafeMutableRawBufferPointer(rebasing: memory[range])
                    try fill(part, slab, view, control, &spent)
                }
            }
        }
        try filled.get()
        statistics += spent
        return volume
    }

    /// Reads the voxels of a channel, background where the mask does not hold.
    package func read(
        _ region: CutoutRegion, valuesOf channel: Channel, view: DatabaseView, control: OperationControl,
        statistics: inout ReadStatistics
    ) throws(DatabaseError) -> AnyVolume {
        let checked = try channel.check(region)
        var volume = try channel.read(
            CutoutRegion(box: checked.box, level: checked.level, time: checked.time), view: view,
            control: control, statistics: &statistics)
        let width = channel.voxelType.byteCount
        var spent = ReadStatistics()
        let masked = volume.withUnsafeMutableBytes { memory in
            Result { () throws(DatabaseError) in
                try checked.forEachSlab(voxelCount: Self.slabVoxelCount) {
                    (slab, range) throws(DatabaseError) in
                    let part = UnsafeMutableRawBufferPointer(
                        rebasing: memory[range.lowerBound * width..<range.upperBound * width])
                    try withMask(slab, view, control, &spent) { mask in
                        VoxelMasking.clear(
                            part, voxelByteCount: width, where: mask, to: channel.layout.backgroundBits)
                    }
                }
            }
        }
        try masked.get()
        statistics += spent
        return volume
    }

    private func fill(
        _ memory: UnsafeMutableRawBufferPointer, _ region: Channel.CheckedRegion, _ view: DatabaseView,
        _ control: OperationControl, _ statistics: inout ReadStatistics
    ) throws(DatabaseError) {
        switch self {
        case .channel(let channel, let condition):
            let own = try channel.check(
                CutoutRegion(box: region.box, level: region.level, time: region.time))
            statistics += try channel.read(
                own, as: .mask(condition), view: view.view, into: memory, control: control)
        case .all(let parts), .any(let parts):
            let isAll = if case .all = self { true } else { false }
            try parts.first?.fill(memory, region, view, control, &statistics)
            for part in parts.dropFirst() {
                try part.withMask(region, view, control, &statistics) { mask in
                    isAll ? VoxelMasking.and(memory, mask) : VoxelMasking.or(memory, mask)
                }
            }
        case .not(let inner):
            try inner.fill(memory, region, view, control, &statistics)
            VoxelMasking.not(memory)
        }
    }

    private func withMask(
        _ region: Channel.CheckedRegion, _ view: DatabaseView, _ control: OperationControl,
        _ statistics: inout ReadStatistics, _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(DatabaseError) {
        let mask = VoxelStorage(byteCount: region.voxelCount, zeroed: false)
        var spent = ReadStatistics()
        let filled = mask.withUnsafeMutableBytes { memory in
            Result { () throws(DatabaseError) in try fill(memory, region, view, control, &spent) }
        }
        try filled.get()
        statistics += spent
        mask.withUnsafeBytes(body)
    }
}

extension Channel.CheckedRegion {
    /// Lengths of T, Z, Y and X.
    fileprivate var shape: [Int] { [time.count, box.extent.z, box.extent.y, box.extent.x] }

    /// Calls `body` for parts of some sections each, with the range of their voxels in a dense array of the region.
    fileprivate func forEachSlab(
        voxelCount: Int, _ body: (Channel.CheckedRegion, Range<Int>) throws(DatabaseError) -> Void
    ) throws(DatabaseError) {
        var start = 0
        for sample in time {
            for part in box.slabs(byteCount: voxelCount, voxelByteCount: 1, alignment: 1) {
                let slab = Channel.CheckedRegion(
                    level: level, box: part, time: sample..<sample + 1, hasTimeAxis: true)
                try body(slab, start..<start + part.voxelCount)
                start += part.voxelCount
            }
        }
    }
}

extension Channel {
    /// Whether another channel has the same voxels in space at a level.
    ///
    /// - Throws: 22V05.
    package func requireSameSpace(_ other: Channel, at level: ResolutionLevel) throws(DatabaseError) {
        let theirs = try mappingErrors { () throws(GeometryError) in
            try other.hierarchy.level(level.level, isIsotropic: level.isIsotropic)
        }
        guard other.box(at: theirs) == box(at: level),
            other.voxelNanometers(at: theirs) == voxelNanometers(at: level)
        else {
            throw DatabaseError(
                "22V05", "\(path) and \(other.path) differ in extent or voxel size at resolution \(level)",
                hint: "see DESCRIBE \(other.path)")
        }
    }

    private func voxelNanometers(at level: ResolutionLevel) -> PhysicalSize {
        hierarchy.voxelSize(at: level).scaled(by: hierarchy.frame.unit.nanometersPerUnit)
    }
}
