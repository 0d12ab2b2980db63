/// Masks of a byte a voxel, 0 or 1.
package enum VoxelMasking {
    /// Sets voxels to a value where the mask is 0.
    ///
    /// - Precondition: a byte of the mask for each voxel.
    package static func clear(
        _ voxels: UnsafeMutableRawBufferPointer, voxelByteCount: Int, where mask: UnsafeRawBufferPointer,
        to valueBits: UInt64
    ) {
        precondition(voxels.count == mask.count * voxelByteCount, "a byte of the mask for each voxel")
        guard let base = voxels.baseAddress, let bytes = mask.baseAddress else { return }
        switch voxelByteCount {
        case 1: clear(base, bytes, mask.count, UInt8(truncatingIfNeeded: valueBits))
        case 2: clear(base, bytes, mask.count, UInt16(truncatingIfNeeded: valueBits))
        case 4: clear(base, bytes, mask.count, UInt32(truncatingIfNeeded: valueBits))
        default: clear(base, bytes, mask.count, valueBits)
        }
    }

    private static func clear<Element: FixedWidthInteger>(
        _ voxels: UnsafeMutableRawPointer, _ mask: UnsafeRawPointer, _ count: Int, _ value: Element
    ) {
        for index in 0..<count where mask.load(fromByteOffset: index, as: UInt8.self) == 0 {
            voxels.storeBytes(
                of: value, toByteOffset: index &* MemoryLayout<Element>.size, as: Element.self)
        }
    }

    /// Whether a mask is 1 anywhere.
    package static func holdsAnywhere(_ mask: UnsafeRawBufferPointer) -> Bool { mask.contains(1) }
}
