package import BossGeometry
package import BossVoxels

/// A volume in a file or in a stack of files, read slab by slab, so it may be larger than memory.
///
///     let reader = try VolumeFiles.open(pattern: "slices/*.png", format: nil)
///     for z in 0..<reader.extent.z { try reader.read(z: z..<z + 1, time: 0, into: slice) }
///
/// The header and, where the format allows it, the length of the file were checked when it was
/// opened. Gzipped and compressed files show damage further on only as they are read: a volume is
/// known to be whole once its last slice was read without an error.
///
/// A reader belongs to one thread at a time.
package protocol VolumeReader: AnyObject {
    /// The path, or for a stack the pattern, for messages.
    var name: String { get }
    /// The type of the voxels, as read by `read`.
    var voxelType: VoxelType { get }
    /// `[.z, .y, .x]`, with `.t` before them when there are several time samples.
    var axes: [Axis] { get }
    /// Lengths along x, y and z, each 1 to 2^40; at most 2^46 bytes with all time samples.
    var extent: VoxelExtent { get }
    /// Time samples, at least 1.
    var timeSampleCount: Int { get }
    /// The size of a voxel, where the file states one in a known unit.
    var voxelSize: NanometerSize? { get }
    /// The linear map from voxels to physical values that the file states and `read` does not apply.
    var scaling: IntensityScaling? { get }

    /// Reads whole slices of one time sample, C-order (z, y, x), little-endian.
    ///
    /// Slabs in rising order are cheap; a gzipped file starts over when an earlier slab is asked for.
    /// After an error the content of the buffer is arbitrary.
    ///
    /// - Parameters:
    ///   - z: slices, inside `0..<extent.z`.
    ///   - time: time sample, inside `0..<timeSampleCount`.
    ///   - buffer: exactly `z.count * sliceByteCount` bytes.
    /// - Precondition: the ranges hold and the buffer has that length.
    func read(z: Range<Int>, time: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FormatError)
}

extension VolumeReader {
    package var axes: [Axis] { timeSampleCount > 1 ? [.t, .z, .y, .x] : [.z, .y, .x] }
    package var voxelSize: NanometerSize? { nil }
    package var scaling: IntensityScaling? { nil }

    /// Bytes of one slice.
    package var sliceByteCount: Int { extent.x * extent.y * voxelType.byteCount }

    func checkRequest(z: Range<Int>, time: Int, buffer: UnsafeMutableRawBufferPointer) {
        precondition(z.lowerBound >= 0 && z.upperBound <= extent.z, "slices inside the volume")
        precondition(time >= 0 && time < timeSampleCount, "time sample inside the volume")
        precondition(buffer.count == z.count * sliceByteCount, "a buffer of exactly the slices")
    }
}

/// The size of a voxel in nanometers; every length is finite and above zero.
package struct NanometerSize: Hashable, Sendable {
    /// Along x.
    package var x: Double
    /// Along y.
    package var y: Double
    /// Along z.
    package var z: Double

    package init(x: Double, y: Double, z: Double) {
        self.x = x
        self.y = y
        self.z = z
    }
}

/// `physical value = slope * voxel + intercept`.
package struct IntensityScaling: Hashable, Sendable {
    /// Factor; finite and not 0.
    package var slope: Double
    /// Summand; finite.
    package var intercept: Double

    package init(slope: Double, intercept: Double) {
        self.slope = slope
        self.intercept = intercept
    }
}

/// What a file of bare voxels does not say itself. C-order (t, z, y, x), x fastest, no header.
package struct RawLayout: Hashable, Sendable {
    /// The type of the voxels.
    package var voxelType: VoxelType
    /// Lengths along x, y and z.
    package var extent: VoxelExtent
    /// Time samples.
    package var timeSampleCount: Int
    /// Whether the most significant byte of a voxel comes first.
    package var isBigEndian: Bool

    package init(
        voxelType: VoxelType, extent: VoxelExtent, timeSampleCount: Int = 1, isBigEndian: Bool = false
    ) {
        self.voxelType = voxelType
        self.extent = extent
        self.timeSampleCount = timeSampleCount
        self.isBigEndian = isBigEndian
    }
}
