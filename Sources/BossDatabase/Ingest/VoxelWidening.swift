import BossGeometry
import BossVoxels

/// Turns voxels of a file into the wider unsigned type of a channel, which loses nothing.
enum VoxelWidening {
    /// Whether every value of one type is a value of the other.
    static func isPossible(from: VoxelType, to: VoxelType) -> Bool {
        from == to || (from.isUnsigned && to.isUnsigned && from.byteCount < to.byteCount)
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
