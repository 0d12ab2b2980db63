package import BossGeometry
import CVoxelKernels

/// Copying boxes between dense C-order arrays (x fastest) at the speed of `memcpy`.
///
/// Origins are voxel positions inside their array. Every function checks once that the box lies inside
/// both arrays and traps otherwise; the arrays themselves must not overlap and need no alignment.
package enum VoxelCopy {
    /// A copy prepared before its source bytes are at hand, for example a brick inside a mapped file
    /// that is read under a guard against I/O faults.
    ///
    ///     var plan = VoxelCopy.Plan(sourceExtent: brick, ...)
    ///     plan.withContext { context in VoxelCopy.guardedCopy(bytes, byteCount, context) }
    package struct Plan {
        private var copy: cvk_copy
        private let sourceExtent: VoxelExtent
        private let sourceOrigin: VoxelPoint
        private let target: MutableVoxelWindow

        /// A copy of `extent` voxels from `sourceOrigin` in an array of `sourceExtent` voxels to
        /// `destinationOrigin` in `destination`, an array of `destinationExtent` voxels.
        ///
        /// - Precondition: the box lies inside both arrays.
        package init(
            sourceExtent: VoxelExtent, sourceOrigin: VoxelPoint,
            to destination: UnsafeMutableRawPointer, destinationExtent: VoxelExtent,
            destinationOrigin: VoxelPoint, extent: VoxelExtent, voxelByteCount: Int
        ) {
            let source = ArrayLayout(sourceExtent, voxelByteCount)
            let target = ArrayLayout(destinationExtent, voxelByteCount)
            self.sourceExtent = sourceExtent
            self.sourceOrigin = sourceOrigin
            self.target = MutableVoxelWindow(
                destination, arrayExtent: destinationExtent, origin: destinationOrigin, extent: extent,
                voxelByteCount: voxelByteCount)
            copy = cvk_copy(
                source: nil, destination: destination + target.offset(of: destinationOrigin, extent),
                source_offset: source.offset(of: sourceOrigin, extent),
                source_row_stride: source.rowStride, source_plane_stride: source.planeStride,
                destination_row_stride: target.rowStride, destination_plane_stride: target.planeStride,
                row_byte_count: extent.x * voxelByteCount, row_count: extent.y, plane_count: extent.z)
        }

        /// The context for `VoxelCopy.guardedCopy`, valid during the call.
        package mutating func withContext<R>(_ body: (UnsafeMutableRawPointer) throws -> R) rethrows -> R {
            try withUnsafeMutablePointer(to: &copy) { try body(UnsafeMutableRawPointer($0)) }
        }

        /// Performs the plan with runs as the source array; false, and nothing done, if they have another extent.
        package func fill(from runs: RunArray) -> Bool {
            guard runs.extent == sourceExtent else { return false }
            runs.fill(target, from: sourceOrigin)
            return true
        }

        /// The same with other values in the place of the array's own.
        package func fill(from runs: RunArray, replacing replacement: (UInt64) -> UInt64) -> Bool {
            guard runs.extent == sourceExtent else { return false }
            runs.fill(target, from: sourceOrigin, replacing: replacement)
            return true
        }

        /// The C form with its source, which starts at the array's first voxel.
        func reading(_ source: UnsafeRawPointer) -> cvk_copy {
            var copy = copy
            copy.source = source
            return copy
        }
    }

    /// Performs a plan: takes the bytes of the source array, their number and the plan's context.
    ///
    /// It calls nothing but `memcpy`, so a signal handler may leave it by `siglongjmp`; the destination
    /// is then partly written. It traps if the plan's box does not fit the byte count.
    package static var guardedCopy: @convention(c) (UnsafeRawPointer, Int, UnsafeMutableRawPointer) -> Void {
        cvk_copy_guarded
    }

    /// Copies a box.
    ///
    /// Rows and planes that lie one after the other on both sides become one `memcpy`.
    package static func copyBox(
        from source: UnsafeRawPointer, sourceExtent: VoxelExtent, sourceOrigin: VoxelPoint,
        to destination: UnsafeMutableRawPointer, destinationExtent: VoxelExtent,
        destinationOrigin: VoxelPoint, extent: VoxelExtent, voxelByteCount: Int
    ) {
        var copy = Plan(
            sourceExtent: sourceExtent, sourceOrigin: sourceOrigin, to: destination,
            destinationExtent: destinationExtent, destinationOrigin: destinationOrigin, extent: extent,
            voxelByteCount: voxelByteCount
        ).reading(source)
        cvk_copy_box(&copy)
    }

    /// Sets every voxel of a box to the low bytes of `valueBits`.
    package static func fillBox(
        in destination: UnsafeMutableRawPointer, destinationExtent: VoxelExtent,
        destinationOrigin: VoxelPoint, extent: VoxelExtent, voxelByteCount: Int, valueBits: UInt64
    ) {
        var box = MutableVoxelWindow(
            destination, arrayExtent: destinationExtent, origin: destinationOrigin, extent: extent,
            voxelByteCount: voxelByteCount
        ).box
        cvk_fill_box(&box, Int32(voxelByteCount), valueBits)
    }
}
