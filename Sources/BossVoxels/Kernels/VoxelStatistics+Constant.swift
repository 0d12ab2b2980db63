package import BossGeometry

extension VoxelStatistics {
    /// The statistics of voxels that all have one value.
    ///
    /// - Parameter constantBits: the value in its low bytes.
    /// - Complexity: O(log voxelCount).
    package init(constantBits: UInt64, voxelCount: Int, voxelType: VoxelType) {
        self.init(voxelType: voxelType)
        var bits = constantBits.littleEndian
        var doubled = withUnsafeBytes(of: &bits) { bytes in
            bytes.baseAddress.map {
                VoxelScan.statistics(
                    of: VoxelWindow(
                        $0, extent: VoxelExtent(x: 1, y: 1, z: 1), voxelByteCount: voxelType.byteCount),
                    voxelType: voxelType)
            } ?? VoxelStatistics(voxelType: voxelType)
        }
        // Adds 1, 2, 4, ... voxels for every bit of the count.
        var remaining = voxelCount
        while remaining > 0 {
            if remaining & 1 == 1 { merge(doubled) }
            remaining >>= 1
            if remaining > 0 { doubled.merge(doubled) }
        }
    }
}

extension VoxelType {
    /// The number that a voxel's bits stand for; 64-bit integers are rounded.
    package func number(ofBits bits: UInt64) -> Double {
        switch self {
        case .uint8: Double(UInt8(truncatingIfNeeded: bits))
        case .uint16: Double(UInt16(truncatingIfNeeded: bits))
        case .uint32: Double(UInt32(truncatingIfNeeded: bits))
        case .uint64: Double(bits)
        case .int8: Double(Int8(truncatingIfNeeded: bits))
        case .int16: Double(Int16(truncatingIfNeeded: bits))
        case .int32: Double(Int32(truncatingIfNeeded: bits))
        case .int64: Double(Int64(bitPattern: bits))
        case .float32: Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
        case .float64: Double(bitPattern: bits)
        }
    }
}

extension VoxelWindow {
    /// A box of voxels inside the window.
    ///
    /// - Precondition: the box lies inside the window.
    package func part(origin: VoxelPoint, extent part: VoxelExtent) -> VoxelWindow {
        precondition(
            origin.x >= 0 && origin.y >= 0 && origin.z >= 0 && origin.x + part.x <= extent.x
                && origin.y + part.y <= extent.y && origin.z + part.z <= extent.z, "the part lies inside")
        return VoxelWindow(
            base: base + origin.z * planeStride + origin.y * rowStride + origin.x * voxelByteCount,
            rowStride: rowStride, planeStride: planeStride, extent: part, voxelByteCount: voxelByteCount)
    }

    /// Calls `body` for every run of equal voxels along x: the value's bits, the run's first voxel and its length.
    package func forEachRun(_ body: (UInt64, VoxelPoint, Int) -> Void) {
        for z in 0..<extent.z {
            for y in 0..<extent.y {
                let row = base + z * planeStride + y * rowStride
                var x = 0
                while x < extent.x {
                    let bits = VoxelScan.valueBits(
                        at: row + x * voxelByteCount, voxelByteCount: voxelByteCount)
                    var end = x + 1
                    while end < extent.x,
                        VoxelScan.valueBits(at: row + end * voxelByteCount, voxelByteCount: voxelByteCount)
                            == bits
                    { end += 1 }
                    body(bits, VoxelPoint(x: x, y: y, z: z), end - x)
                    x = end
                }
            }
        }
    }
}
