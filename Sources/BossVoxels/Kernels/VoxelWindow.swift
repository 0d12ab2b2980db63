package import BossGeometry
import CVoxelKernels

/// A box of voxels inside a dense C-order array in memory (x fastest).
///
/// A window borrows the array: it must not outlive the call that lent the pointer. The bounds are
/// checked once, here; the kernels that take a window check nothing more. No alignment is needed.
package struct VoxelWindow {
    /// The first voxel of the window.
    let base: UnsafeRawPointer
    /// Bytes from a row to the next and from a plane to the next.
    let rowStride: Int
    let planeStride: Int
    /// Voxels of the window.
    package let extent: VoxelExtent
    /// Bytes of a voxel: 1, 2, 4 or 8.
    package let voxelByteCount: Int

    /// A box of `extent` voxels at `origin` inside an array of `arrayExtent` voxels.
    ///
    /// - Precondition: the box lies inside the array, and `bytes` holds the whole array.
    package init(
        _ bytes: UnsafeRawPointer, arrayExtent: VoxelExtent, origin: VoxelPoint, extent: VoxelExtent,
        voxelByteCount: Int
    ) {
        let array = ArrayLayout(arrayExtent, voxelByteCount)
        base = bytes + array.offset(of: origin, extent)
        rowStride = array.rowStride
        planeStride = array.planeStride
        self.extent = extent
        self.voxelByteCount = voxelByteCount
    }

    init(base: UnsafeRawPointer, rowStride: Int, planeStride: Int, extent: VoxelExtent, voxelByteCount: Int) {
        self.base = base
        self.rowStride = rowStride
        self.planeStride = planeStride
        self.extent = extent
        self.voxelByteCount = voxelByteCount
    }

    /// A whole array.
    package init(_ bytes: UnsafeRawPointer, extent: VoxelExtent, voxelByteCount: Int) {
        self.init(
            bytes, arrayExtent: extent, origin: .zero, extent: extent, voxelByteCount: voxelByteCount)
    }

    /// Copies the voxels to dense memory.
    package func copy(to destination: UnsafeMutableRawPointer) {
        let rowByteCount = extent.x * voxelByteCount
        var target = destination
        for z in 0..<extent.z {
            for y in 0..<extent.y {
                target.copyMemory(from: base + z * planeStride + y * rowStride, byteCount: rowByteCount)
                target += rowByteCount
            }
        }
    }

    /// The C form; the kernels that take it only read.
    var box: cvk_box {
        cvk_box(
            base: UnsafeMutableRawPointer(mutating: base), row_stride: rowStride, plane_stride: planeStride,
            x: extent.x, y: extent.y, z: extent.z)
    }
}

/// A box of voxels, for writing, inside a dense C-order array in memory (x fastest).
///
/// Like `VoxelWindow`, it borrows the array and is checked once.
package struct MutableVoxelWindow {
    private let base: UnsafeMutableRawPointer
    private let rowStride: Int
    private let planeStride: Int
    /// Voxels of the window.
    package let extent: VoxelExtent
    /// Bytes of a voxel: 1, 2, 4 or 8.
    package let voxelByteCount: Int

    /// A box of `extent` voxels at `origin` inside an array of `arrayExtent` voxels.
    ///
    /// - Precondition: the box lies inside the array, and `bytes` holds the whole array.
    package init(
        _ bytes: UnsafeMutableRawPointer, arrayExtent: VoxelExtent, origin: VoxelPoint, extent: VoxelExtent,
        voxelByteCount: Int
    ) {
        let array = ArrayLayout(arrayExtent, voxelByteCount)
        base = bytes + array.offset(of: origin, extent)
        rowStride = array.rowStride
        planeStride = array.planeStride
        self.extent = extent
        self.voxelByteCount = voxelByteCount
    }

    /// A whole array.
    package init(_ bytes: UnsafeMutableRawPointer, extent: VoxelExtent, voxelByteCount: Int) {
        self.init(
            bytes, arrayExtent: extent, origin: .zero, extent: extent, voxelByteCount: voxelByteCount)
    }

    /// The C form.
    var box: cvk_box {
        cvk_box(
            base: base, row_stride: rowStride, plane_stride: planeStride, x: extent.x, y: extent.y,
            z: extent.z)
    }
}

/// Where voxels lie in a dense C-order array.
struct ArrayLayout {
    let extent: VoxelExtent
    let voxelByteCount: Int

    init(_ extent: VoxelExtent, _ voxelByteCount: Int) {
        precondition(
            voxelByteCount == 1 || voxelByteCount == 2 || voxelByteCount == 4 || voxelByteCount == 8,
            "voxels have 1, 2, 4 or 8 bytes")
        self.extent = extent
        self.voxelByteCount = voxelByteCount
    }

    var rowStride: Int { extent.x * voxelByteCount }
    var planeStride: Int { extent.y * extent.x * voxelByteCount }

    /// Bytes from the array's start to a box's first voxel.
    ///
    /// - Precondition: the box lies inside the array.
    func offset(of origin: VoxelPoint, _ box: VoxelExtent) -> Int {
        precondition(
            origin.x >= 0 && origin.y >= 0 && origin.z >= 0 && origin.x <= extent.x - box.x
                && origin.y <= extent.y - box.y && origin.z <= extent.z - box.z,
            "the box lies inside the array")
        return ((origin.z * extent.y + origin.y) * extent.x + origin.x) * voxelByteCount
    }
}
