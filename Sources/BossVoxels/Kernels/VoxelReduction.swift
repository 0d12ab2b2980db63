package import BossGeometry
import CVoxelKernels

/// How the voxels of a window become one voxel of the next resolution level. The raw value is the word of
/// the language.
public enum ReductionMethod: String, CaseIterable, Hashable, Sendable {
    /// The arithmetic mean; integers round half to even, a NaN makes the result NaN. For images.
    case mean = "MEAN"
    /// The most frequent value; of equally frequent ones the smallest other than 0. For labels.
    case mode = "MODE"
    /// The smallest value; a NaN makes the result NaN.
    case minimum = "MIN"
    /// The largest value; a NaN makes the result NaN.
    case maximum = "MAX"
    /// The first voxel of the window.
    case stride = "STRIDE"

    fileprivate var code: Int32 {
        switch self {
        case .mean: Int32(CVK_MEAN)
        case .mode: Int32(CVK_MODE)
        case .minimum: Int32(CVK_MINIMUM)
        case .maximum: Int32(CVK_MAXIMUM)
        case .stride: Int32(CVK_STRIDE)
        }
    }
}

/// Downsampling of dense arrays by 1 or 2 along each axis.
///
/// Voxel d of the destination covers the source voxels from `d * factor - phase` up to but not including
/// `(d + 1) * factor - phase`, as far as they exist; the others count for nothing. A phase of 1 says that
/// the source starts at an odd coordinate, so that its first window lacks a voxel.
package enum VoxelReduction {
    /// The size of the destination: every source voxel has its window, every window a source voxel.
    package static func destinationExtent(
        of source: VoxelExtent, phase: VoxelPoint, factors: VoxelExtent
    ) -> VoxelExtent {
        func length(_ axis: SpatialAxis) -> Int {
            source[axis] == 0 ? 0 : (source[axis] + phase[axis] + factors[axis] - 1) / factors[axis]
        }
        return VoxelExtent(x: length(.x), y: length(.y), z: length(.z))
    }

    /// Reduces a whole array.
    ///
    /// - Precondition: as for windows.
    package static func reduce(
        from source: UnsafeRawPointer, sourceExtent: VoxelExtent, sourcePhase: VoxelPoint,
        to destination: UnsafeMutableRawPointer, destinationExtent: VoxelExtent, factors: VoxelExtent,
        method: ReductionMethod, voxelType: VoxelType
    ) {
        reduce(
            from: VoxelWindow(source, extent: sourceExtent, voxelByteCount: voxelType.byteCount),
            phase: sourcePhase,
            to: MutableVoxelWindow(
                destination, extent: destinationExtent, voxelByteCount: voxelType.byteCount),
            factors: factors, method: method, voxelType: voxelType)
    }

    /// Reduces a box of one array into a box of another.
    ///
    /// - Parameter phase: per axis 0, or 1 if the first window lacks its first voxel.
    /// - Precondition: factors are 1 or 2, the phase is 0 where the factor is 1, the destination has
    ///   `destinationExtent(of:phase:factors:)`, and both windows hold voxels of the type.
    package static func reduce(
        from source: VoxelWindow, phase: VoxelPoint, to destination: MutableVoxelWindow,
        factors: VoxelExtent, method: ReductionMethod, voxelType: VoxelType
    ) {
        for axis in SpatialAxis.allCases {
            precondition(1...2 ~= factors[axis], "factors are 1 or 2")
            precondition(0..<factors[axis] ~= phase[axis], "a phase is less than its factor")
        }
        precondition(
            destination.extent == destinationExtent(of: source.extent, phase: phase, factors: factors),
            "the destination has a voxel for every window")
        precondition(
            source.voxelByteCount == voxelType.byteCount && destination.voxelByteCount == voxelType.byteCount,
            "the windows hold voxels of the type")
        guard !source.extent.isEmpty else { return }
        var plan = cvk_reduction(
            source: source.box, destination: destination.box, factor_x: factors.x, factor_y: factors.y,
            factor_z: factors.z, phase_x: phase.x, phase_y: phase.y, phase_z: phase.z)
        cvk_reduce(&plan, method.code, voxelType.kernelCode)
    }
}
