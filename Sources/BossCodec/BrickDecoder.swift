import BossVoxels

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Turns the stored bytes of a brick back into voxels.
///
/// The caller has verified the checksum. The bytes are still not trusted: whatever they are, decoding
/// throws or fills the output, reads only `bytes`, and allocates at most about twice the output.
package enum BrickDecoder {
    /// Fills the output with the voxels of a brick. Single-threaded and thread safe.
    ///
    /// - Parameters:
    ///   - codec: how the brick is stored.
    ///   - constantBits: the bits of every voxel if the codec is `constant`, otherwise ignored.
    ///   - bytes: exactly the stored bytes; none for `constant`.
    ///   - output: exactly the brick's voxels, any alignment, apart from `bytes`. Its content is arbitrary
    ///     after a throw.
    ///   - voxelByteCount: bytes of one voxel, as `VoxelType.byteCount` gives them.
    /// - Throws: `CodecError` if the bytes are not such a brick.
    package static func decode(
        _ codec: BrickCodec, constantBits: UInt64, bytes: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer, voxelByteCount: Int
    ) throws(CodecError) {
        switch codec {
        case .constant:
            guard bytes.isEmpty else {
                throw .storedByteCountMismatch(codec: codec.rawValue, expected: 0, found: bytes.count)
            }
            try fill(output, with: constantBits, voxelByteCount: voxelByteCount)
        case .raw:
            guard bytes.count == output.count else {
                throw .storedByteCountMismatch(
                    codec: codec.rawValue, expected: output.count, found: bytes.count)
            }
            output.copyMemory(from: bytes)
        case .lz4:
            try BloscFrame.decompress(bytes, into: output, .lz4)
        case .zstd:
            try BloscFrame.decompress(bytes, into: output, .zstd)
        case .label:
            let array = try LabelFrameDecoder.decode(
                bytes, voxelCount: output.count / voxelByteCount, voxelByteCount: voxelByteCount)
            guard output.count % voxelByteCount == 0 else {
                throw .storedByteCountMismatch(
                    codec: codec.rawValue, expected: output.count, found: bytes.count)
            }
            array.fill(output, voxelByteCount: voxelByteCount)
        }
    }

    /// Fills the output with a voxel: one voxel, then copies of what is there already, doubling up to a
    /// block that stays in the first-level cache, then that block.
    private static func fill(
        _ output: UnsafeMutableRawBufferPointer, with bits: UInt64, voxelByteCount: Int
    ) throws(CodecError) {
        precondition(1...8 ~= voxelByteCount, "voxels have 1 to 8 bytes")
        guard voxelByteCount == 8 || bits >> (8 * UInt64(voxelByteCount)) == 0 else {
            throw .constantTooWide(bits: bits, voxelByteCount: voxelByteCount)
        }
        guard output.count % voxelByteCount == 0 else {
            throw .brickByteCountMismatch(
                expected: output.count / voxelByteCount * voxelByteCount, found: output.count)
        }
        guard let base = output.baseAddress, output.count > 0 else { return }
        let first = UInt8(truncatingIfNeeded: bits)
        if (1..<voxelByteCount).allSatisfy({ UInt8(truncatingIfNeeded: bits >> (8 * UInt64($0))) == first }) {
            memset(base, Int32(first), output.count)
            return
        }
        for index in 0..<voxelByteCount {
            output[index] = UInt8(truncatingIfNeeded: bits >> (8 * UInt64(index)))
        }
        var filled = voxelByteCount
        while filled < output.count {
            // 8192 is a multiple of every width, so each copy starts at a whole voxel.
            let step = min(filled, 8192, output.count - filled)
            memcpy(base + filled, base, step)
            filled += step
        }
    }
}
