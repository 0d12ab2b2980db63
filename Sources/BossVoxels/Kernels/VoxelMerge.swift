package import BossGeometry
import CVoxelKernels

/// Which voxels of a box a write replaces.
package enum MergeMode: Hashable, Sendable, CaseIterable {
    /// Every voxel takes its new value, background included.
    case overwrite
    /// Only new voxels other than the background are stored.
    case nonzero
    /// Only voxels that are background now are replaced.
    case preserve

    fileprivate var code: Int32 {
        switch self {
        case .overwrite: Int32(CVK_OVERWRITE)
        case .nonzero: Int32(CVK_NONZERO)
        case .preserve: Int32(CVK_PRESERVE)
        }
    }
}

/// Values and backgrounds are compared bit by bit, also those of float voxels: -0.0 is not 0.0, and a NaN
/// equals the same NaN.
extension VoxelCopy {
    /// Copies a box by a mode and returns how many voxels changed their value.
    ///
    /// - Parameter backgroundBits: the background value in its low bytes.
    @discardableResult
    package static func mergeBox(
        from source: UnsafeRawPointer, sourceExtent: VoxelExtent, sourceOrigin: VoxelPoint,
        to destination: UnsafeMutableRawPointer, destinationExtent: VoxelExtent,
        destinationOrigin: VoxelPoint, extent: VoxelExtent, voxelByteCount: Int, mode: MergeMode,
        backgroundBits: UInt64
    ) -> Int {
        var copy = Plan(
            sourceExtent: sourceExtent, sourceOrigin: sourceOrigin, to: destination,
            destinationExtent: destinationExtent, destinationOrigin: destinationOrigin, extent: extent,
            voxelByteCount: voxelByteCount
        ).reading(source)
        return cvk_merge_box(&copy, Int32(voxelByteCount), mode.code, backgroundBits)
    }

    /// Copies a box like `copyBox` and returns how many voxels changed their value.
    @discardableResult
    package static func overwriteBox(
        from source: UnsafeRawPointer, sourceExtent: VoxelExtent, sourceOrigin: VoxelPoint,
        to destination: UnsafeMutableRawPointer, destinationExtent: VoxelExtent,
        destinationOrigin: VoxelPoint, extent: VoxelExtent, voxelByteCount: Int
    ) -> Int {
        mergeBox(
            from: source, sourceExtent: sourceExtent, sourceOrigin: sourceOrigin, to: destination,
            destinationExtent: destinationExtent, destinationOrigin: destinationOrigin, extent: extent,
            voxelByteCount: voxelByteCount, mode: .overwrite, backgroundBits: 0)
    }

    /// Whether copying the box would replace a voxel other than the background by another value; the
    /// background counts as another value. Nothing is written.
    package static func conflicts(
        from source: UnsafeRawPointer, sourceExtent: VoxelExtent, sourceOrigin: VoxelPoint,
        to destination: UnsafeRawPointer, destinationExtent: VoxelExtent, destinationOrigin: VoxelPoint,
        extent: VoxelExtent, voxelByteCount: Int, backgroundBits: UInt64
    ) -> Bool {
        var copy = Plan(
            sourceExtent: sourceExtent, sourceOrigin: sourceOrigin,
            to: UnsafeMutableRawPointer(mutating: destination), destinationExtent: destinationExtent,
            destinationOrigin: destinationOrigin, extent: extent, voxelByteCount: voxelByteCount
        ).reading(source)
        return cvk_merge_conflicts(&copy, Int32(voxelByteCount), backgroundBits) != 0
    }
}
