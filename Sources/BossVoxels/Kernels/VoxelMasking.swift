/// Masks of a byte a voxel, 0 or 1, and what they do to voxels.
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

    /// Keeps 1 where both masks have it.
    package static func and(_ mask: UnsafeMutableRawBufferPointer, _ other: UnsafeRawBufferPointer) {
        combine(mask, other) { $0 & $1 }
    }

    /// Makes 1 where either mask has it.
    package static func or(_ mask: UnsafeMutableRawBufferPointer, _ other: UnsafeRawBufferPointer) {
        combine(mask, other) { $0 | $1 }
    }

    /// Exchanges 0 and 1.
    package static func not(_ mask: UnsafeMutableRawBufferPointer) {
        combine(mask, UnsafeRawBufferPointer(mask)) { byte, _ in byte ^ 1 }
    }

    @inline(__always)
    private static func combine(
        _ mask: UnsafeMutableRawBufferPointer, _ other: UnsafeRawBufferPointer,
        _ operation: (UInt8, UInt8) -> UInt8
    ) {
        precondition(mask.count == other.count, "masks of one region")
        guard let base = mask.baseAddress, let bytes = other.baseAddress else { return }
        for index in 0..<mask.count {
            let byte = base.load(fromByteOffset: index, as: UInt8.self)
            base.storeBytes(
                of: operation(byte, bytes.load(fromByteOffset: index, as: UInt8.self)), toByteOffset: index,
                as: UInt8.self)
        }
    }
}
