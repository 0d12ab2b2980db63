package import BossGeometry
import CVoxelKernels

/// Questions about the values in a window of voxels.
///
/// A value is given by its bits in the low bytes of a `UInt64`, the rest being zero, and is compared bit
/// by bit: -0.0 is not 0.0, and a NaN equals the same NaN.
package enum VoxelScan {
    /// The value of all voxels of a dense buffer if they are equal, else nil, also for an empty buffer.
    ///
    /// - Precondition: the byte count is a multiple of `voxelByteCount`.
    /// - Complexity: memory speed; it stops within 4 KiB of the first voxel that differs.
    package static func isConstant(_ bytes: UnsafeRawBufferPointer, voxelByteCount: Int) -> UInt64? {
        precondition(bytes.count % voxelByteCount == 0, "whole voxels")
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return nil }
        let extent = VoxelExtent(x: bytes.count / voxelByteCount, y: 1, z: 1)
        return isConstant(VoxelWindow(base, extent: extent, voxelByteCount: voxelByteCount))
    }

    /// The value of all voxels of a window if they are equal, else nil, also for an empty window.
    package static func isConstant(_ window: VoxelWindow) -> UInt64? {
        guard !window.extent.isEmpty else { return nil }
        var box = window.box
        guard cvk_is_constant(&box, Int32(window.voxelByteCount)) != 0 else { return nil }
        return valueBits(at: window.base, voxelByteCount: window.voxelByteCount)
    }

    /// The number of voxels of a value.
    package static func count(of valueBits: UInt64, in window: VoxelWindow) -> Int {
        var box = window.box
        return cvk_count_value(&box, Int32(window.voxelByteCount), valueBits)
    }

    /// The smallest box around the voxels of a value, or nil where there are none.
    ///
    /// - Parameter origin: the position of the window's first voxel in the coordinates of the result.
    package static func boundingBox(
        ofValue valueBits: UInt64, in window: VoxelWindow, origin: VoxelPoint = .zero
    ) -> VoxelBox? {
        var box = window.box
        let found = withUnsafeTemporaryAllocation(of: Int64.self, capacity: 6) { bounds -> VoxelBox? in
            bounds.initialize(repeating: 0)
            guard let base = bounds.baseAddress else { return nil }
            guard cvk_value_bounds(&box, Int32(window.voxelByteCount), valueBits, base) != 0 else {
                return nil
            }
            return VoxelBox(
                x: Int(bounds[0])..<Int(bounds[3]), y: Int(bounds[1])..<Int(bounds[4]),
                z: Int(bounds[2])..<Int(bounds[5]))
        }
        return found?.offset(by: origin)
    }

    /// Adds the voxels of a window to a table of distinct values.
    ///
    /// - Parameters:
    ///   - origin: the position of the window's first voxel, for the table's bounding boxes.
    ///   - skipped: a value that is left out, usually the background.
    package static func uniqueValues(
        in window: VoxelWindow, origin: VoxelPoint = .zero, skipping skipped: UInt64? = nil,
        into table: inout LabelTable
    ) {
        table.add(window, origin: origin, skipping: skipped)
    }

    /// Count, extremes and sums of a window's voxels.
    ///
    /// - Precondition: the type has the window's voxel size.
    package static func statistics(of window: VoxelWindow, voxelType: VoxelType) -> VoxelStatistics {
        precondition(window.voxelByteCount == voxelType.byteCount, "the window holds voxels of the type")
        var box = window.box
        var result = cvk_statistics()
        cvk_statistics_box(&box, voxelType.kernelCode, &result)
        return VoxelStatistics(result, voxelType: voxelType)
    }

    /// The bits of a voxel, zero-extended.
    static func valueBits(at address: UnsafeRawPointer, voxelByteCount: Int) -> UInt64 {
        switch voxelByteCount {
        case 1: UInt64(address.loadUnaligned(as: UInt8.self))
        case 2: UInt64(address.loadUnaligned(as: UInt16.self))
        case 4: UInt64(address.loadUnaligned(as: UInt32.self))
        default: address.loadUnaligned(as: UInt64.self)
        }
    }
}

extension VoxelType {
    /// The number of the type in the C kernels.
    var kernelCode: Int32 {
        let code =
            switch self {
            case .uint8: CVK_UINT8
            case .uint16: CVK_UINT16
            case .uint32: CVK_UINT32
            case .uint64: CVK_UINT64
            case .int8: CVK_INT8
            case .int16: CVK_INT16
            case .int32: CVK_INT32
            case .int64: CVK_INT64
            case .float32: CVK_FLOAT32
            case .float64: CVK_FLOAT64
            }
        return Int32(code)
    }
}
