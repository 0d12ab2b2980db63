import BossGeometry
package import BossVoxels

/// Turns voxels of a file into the wider unsigned type of a channel, which loses nothing.
package enum VoxelWidening {
    /// Whether every value of one type is a value of the other.
    static func isPossible(from: VoxelType, to: VoxelType) -> Bool {
        from == to || (from.isUnsigned && to.isUnsigned && from.byteCount < to.byteCount)
    }

    /// The volume with voxels of another type, or the volume itself where its values do not all fit.
    package static func widened(_ volume: AnyVolume, to type: VoxelType) throws(VoxelError) -> AnyVolume {
        guard volume.voxelType != type, isPossible(from: volume.voxelType, to: type) else { return volume }
        var wide = try AnyVolume(voxelType: type, axes: volume.axes, shape: volume.shape, zeroed: false)
        wide.withUnsafeMutableBytes { target in
            volume.withUnsafeBytes { widen($0, from: volume.voxelType, to: target, as: type) }
        }
        return wide
    }

    /// Widens a buffer.
    ///
    /// - Precondition: `isPossible`, and both buffers hold the same number of voxels.
    static func widen(
        _ source: UnsafeRawBufferPointer, from: VoxelType, to target: UnsafeMutableRawBufferPointer,
        as to: VoxelType
    ) {
        precondition(source.count / from.byteCount == target.count / to.byteCount, "one voxel each")
        switch from {
        case to: target.copyMemory(from: source)
        case .uint8: widen(source.bindMemory(to: UInt8.self), to: target, as: to)
        case .uint16: widen(source.bindMemory(to: UInt16.self), to: target, as: to)
        default: widen(source.bindMemory(to: UInt32.self), to: target, as: to)
        }
    }

    private static func widen<Source: FixedWidthInteger>(
        _ source: UnsafeBufferPointer<Source>, to target: UnsafeMutableRawBufferPointer, as type: VoxelType
    ) {
        switch type {
        case .uint16: copy(source, target.bindMemory(to: UInt16.self))
        case .uint32: copy(source, target.bindMemory(to: UInt32.self))
        default: copy(source, target.bindMemory(to: UInt64.self))
        }
    }

    @inline(__always)
    private static func copy<Source: FixedWidthInteger, Target: FixedWidthInteger>(
        _ source: UnsafeBufferPointer<Source>, _ target: UnsafeMutableBufferPointer<Target>
    ) {
        for index in source.indices { target[index] = Target(truncatingIfNeeded: source[index]) }
    }
}
