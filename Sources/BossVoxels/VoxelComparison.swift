package import BossGeometry
import CVoxelKernels

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

    /// Calls `body` for every voxel that differs, by z, y and x: the bits on both sides, and the place in the windows.
    ///
    /// - Precondition: both windows have the same extent and voxels of the same size.
    package static func forEachDifference(
        _ left: VoxelWindow, _ right: VoxelWindow, _ body: (UInt64, UInt64, VoxelPoint) -> Void
    ) {
        precondition(
            left.extent == right.extent && left.voxelByteCount == right.voxelByteCount, "the same voxels")
        let (extent, width) = (left.extent, left.voxelByteCount)
        for z in 0..<extent.z {
            for y in 0..<extent.y {
                let first = left.base + z * left.planeStride + y * left.rowStride
                let second = right.base + z * right.planeStride + y * right.rowStride
                var x = cvk_next_difference(first, second, Int32(width), 0, extent.x)
                while x < extent.x {
                    body(
                        VoxelScan.valueBits(at: first + x * width, voxelByteCount: width),
                        VoxelScan.valueBits(at: second + x * width, voxelByteCount: width),
                        VoxelPoint(x: x, y: y, z: z))
                    x = cvk_next_difference(first, second, Int32(width), x + 1, extent.x)
                }
            }
        }
    }
}
