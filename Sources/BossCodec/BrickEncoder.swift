package import BossGeometry
package import BossVoxels

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What encoding made of one brick: the facts its directory entry records.
package struct EncodedBrick: Sendable {
    /// How the brick is stored.
    package let codec: BrickCodec
    /// The bits of every voxel, zero-extended, if the codec is `constant`; otherwise 0.
    package let constantBits: UInt64
    /// Bytes to store: 0 for `constant`, all of the voxels for `raw`.
    package let byteCount: Int
    /// CRC-32C of the bytes to store; 0 for `constant`.
    package let checksum: UInt32
    /// The runs of a brick that is stored as such, else nil.
    package var runs: RunArray?
}

/// Encodes the bricks of one channel, each with the codec that suits it.
///
/// A value without mutable state: any number of threads may encode with the same one. Which codec a brick
/// gets follows docs/decisions/0002-brick-codecs.md.
package struct BrickEncoder: Hashable, Sendable {
    /// The type of the voxels.
    package let voxelType: VoxelType
    /// Bytes of one brick of voxels.
    package let brickByteCount: Int
    /// What the channel asks for.
    package let preference: CompressionPreference
    private let plan: CompressionPlan
    /// The voxels of a brick along the axes, if they are labels.
    private let labelExtent: VoxelExtent?

    /// Bytes that a brick can have at most, a little below 2 GiB.
    package static let maximumBrickByteCount = BloscFrame.maximumByteCount

    /// An encoder for bricks of one size.
    ///
    /// - Parameter labelExtent: the brick's extent, if its voxels are labels: they may be stored as runs then.
    /// - Precondition: the byte count is positive, a multiple of the voxel's and at most `maximumBrickByteCount`.
    package init(
        voxelType: VoxelType, brickByteCount: Int, preference: CompressionPreference,
        labelExtent: VoxelExtent? = nil
    ) {
        precondition(
            brickByteCount > 0 && brickByteCount <= Self.maximumBrickByteCount
                && brickByteCount % voxelType.byteCount == 0, "a brick is whole voxels")
        self.voxelType = voxelType
        self.brickByteCount = brickByteCount
        self.preference = preference
        plan = CompressionPlan(voxelType: voxelType, preference: preference)
        self.labelExtent =
            preference == .automatic && voxelType.isInteger
            ? labelExtent.flatMap { RunArray.holds($0) ? $0 : nil } : nil
        precondition(
            labelExtent.map { $0.voxelCount * voxelType.byteCount == brickByteCount } ?? true,
            "the extent of the brick")
    }

    /// Bytes that the output of `encode` must have for a brick of this size.
    package static func outputBound(_ brickByteCount: Int) -> Int {
        brickByteCount + BloscFrame.headerByteCount
    }

    /// Encodes one brick.
    ///
    /// - Parameters:
    ///   - voxels: the voxels, C-order, exactly `brickByteCount` bytes, any alignment.
    ///   - output: at least `outputBound(brickByteCount)` bytes, apart from the voxels. The first
    ///     `byteCount` of the result are the stored bytes, the rest is scratch.
    ///   - copyRaw: whether the bytes of a `raw` brick are copied to the output. Without it the caller
    ///     stores a raw brick from its own memory; the checksum is the same.
    /// - Throws: `CodecError.brickByteCountMismatch`, `outputTooSmall` or `compressionFailed`.
    package func encode(
        _ voxels: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, copyRaw: Bool = true
    ) throws(CodecError) -> EncodedBrick {
        guard voxels.count == brickByteCount else {
            throw .brickByteCountMismatch(expected: brickByteCount, found: voxels.count)
        }
        let bound = Self.outputBound(brickByteCount)
        guard output.count >= bound else { throw .outputTooSmall(needed: bound, found: output.count) }

        if let bits = constantBits(of: voxels) {
            return EncodedBrick(codec: .constant, constantBits: bits, byteCount: 0, checksum: 0)
        }
        if let runs = try encodeLabels(voxels, into: output) { return runs }
        if let compressed = try compress(voxels, into: output) { return compressed }
        if copyRaw { output.copyMemory(from: voxels) }
        return EncodedBrick(
            codec: .raw, constantBits: 0, byteCount: voxels.count, checksum: CRC32C.checksum(voxels))
    }

    /// The bits of every voxel if all have the same, zero-extended. Compared as bits, so that NaN equals
    /// itself and -0.0 stays apart from 0.0; stops at the first difference.
    private func constantBits(of voxels: UnsafeRawBufferPointer) -> UInt64? {
        let width = voxelType.byteCount
        guard let base = voxels.baseAddress, memcmp(base, base + width, voxels.count - width) == 0 else {
            return nil
        }
        return (0..<width).reduce(into: 0) { bits, index in bits |= UInt64(voxels[index]) << (8 * index) }
    }

    /// The brick as runs of labels, or `nil` if they do not save enough.
    private func encodeLabels(
        _ voxels: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(CodecError) -> EncodedBrick? {
        guard let labelExtent, let base = voxels.baseAddress else { return nil }
        let window = VoxelWindow(base, extent: labelExtent, voxelByteCount: voxelType.byteCount)
        let limit = LabelFrame.runLimit(brickByteCount: voxels.count)
        guard let array = RunArray(window, runLimit: limit) else { return nil }
        let room = UnsafeMutableRawBufferPointer(rebasing: output[..<plan.frameLimit(voxels.count)])
        guard let byteCount = try LabelFrameEncoder.encode(array, into: room) else { return nil }
        return EncodedBrick(
            codec: .label, constantBits: 0, byteCount: byteCount,
            checksum: CRC32C.checksum(UnsafeRawBufferPointer(rebasing: room[..<byteCount])), runs: array)
    }

    /// The brick as a frame, or `nil` if that does not save enough.
    private func compress(
        _ voxels: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(CodecError) -> EncodedBrick? {
        guard var setting = plan.candidates.first else { return nil }
        if voxels.count >= BrickSample.minimumBrickByteCount, plan.candidates.count > 1 || plan.skipsBySample
        {
            let best = try BrickSample.best(of: plan.candidates, for: voxels, scratch: output)
            if let best {
                setting = best
            } else if plan.skipsBySample {
                return nil
            }
        }
        let room = UnsafeMutableRawBufferPointer(rebasing: output[..<plan.frameLimit(voxels.count)])
        guard let byteCount = try BloscFrame.compress(voxels, into: room, setting) else { return nil }
        let frame = UnsafeRawBufferPointer(rebasing: room[..<byteCount])
        return EncodedBrick(
            codec: setting.compressor == .lz4 ? .lz4 : .zstd, constantBits: 0, byteCount: byteCount,
            checksum: CRC32C.checksum(frame))
    }
}
