import BossGeometry
import BossVoxels

/// Type and lengths that a header declares, checked before anything is made of them.
struct VolumeShape: Hashable {
    let voxelType: VoxelType
    let extent: VoxelExtent
    let timeSampleCount: Int
    /// Bytes of one slice.
    let sliceByteCount: Int
    /// Bytes of all voxels, at most 2^46.
    let byteCount: Int

    /// - Parameter lengths: t, z, y, x as declared.
    /// - Throws: `FormatError.unsupported` for a volume without voxels, `.corrupt` for a negative length,
    ///   `.tooLarge` over 2^40 along an axis or 2^46 bytes in all.
    init(
        file: String, voxelType: VoxelType, t: Int, z: Int, y: Int, x: Int
    ) throws(FormatError) {
        var count = voxelType.byteCount
        for (axis, length) in [("x", x), ("y", y), ("z", z), ("t", t)] {
            if length < 0 { throw .corrupt(file: file, reason: "the length along \(axis) is \(length)") }
            if length == 0 {
                throw .unsupported(file: file, what: "it has no voxels: the length along \(axis) is 0")
            }
            guard length <= VoxelPoint.coordinateLimit else {
                throw .tooLarge(
                    file: file, what: "the length along \(axis) is \(length)",
                    limit: VoxelPoint.coordinateLimit)
            }
            #if SEEDED_DEFECTS
                if SeededDefect.isOn(.multiplyUnchecked), ["z", "t"].contains(axis) {
                    count = count &* length
                    continue
                }
            #endif
            let (product, overflow) = count.multipliedReportingOverflow(by: length)
            guard !overflow, product <= AnyVolume.maximumByteCount else {
                throw .tooLarge(
                    file: file,
                    what: "it declares \(t) x \(z) x \(y) x \(x) voxels of \(voxelType.byteCount) bytes",
                    limit: AnyVolume.maximumByteCount)
            }
            count = product
        }
        self.voxelType = voxelType
        extent = VoxelExtent(x: x, y: y, z: z)
        timeSampleCount = t
        sliceByteCount = x * y * voxelType.byteCount
        byteCount = count
    }

    /// Type and lengths of a slice in words, for messages.
    var sliceDescription: String { "\(extent.x)x\(extent.y) \(voxelType.rawValue)" }
}
