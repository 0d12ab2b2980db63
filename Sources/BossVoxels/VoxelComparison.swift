/// Compares dense voxels bit by bit: two NaNs of the same bits are equal, 0 and -0 are not.
package enum VoxelComparison {
    /// How many voxels differ.
    ///
    /// - Precondition: both have the same number of bytes, whole voxels of 1, 2, 4 or 8 bytes, aligned to them.
    package static func differingCount(
        _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer, voxelByteCount: Int
    ) -> Int {
        precondition(left.count == right.count && left.count % voxelByteCount == 0, "the same voxels")
        switch voxelByteCount {
        case 1: return count(left.bindMemory(to: UInt8.self), right.bindMemory(to: UInt8.self))
        case 2: return count(left.bindMemory(to: UInt16.self), right.bindMemory(to: UInt16.self))
        case 4: return count(left.bindMemory(to: UInt32.self), right.bindMemory(to: UInt32.self))
        default: return count(left.bindMemory(to: UInt64.self), right.bindMemory(to: UInt64.self))
        }
    }

    private static func count<Bits: FixedWidthInteger>(
        _ left: UnsafeBufferPointer<Bits>, _ right: UnsafeBufferPointer<Bits>
    ) -> Int {
        var count = 0
        for index in 0..<left.count where left[index] != right[index] { count &+= 1 }
        return count
    }
}
