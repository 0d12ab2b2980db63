import BossGeometry
import BossVoxels

/// Voxels that lie in a file in C-order (t, z, y, x) without gaps: NPY, NIfTI, RAW.
final class DenseVolumeReader: VolumeReader {
    let name: String
    var voxelType: VoxelType { shape.voxelType }
    var extent: VoxelExtent { shape.extent }
    var timeSampleCount: Int { shape.timeSampleCount }
    var voxelSize: NanometerSize?
    var scaling: IntensityScaling?

    private let source: any ByteSource
    private let shape: VolumeShape
    private let offset: Int
    private let isBigEndian: Bool

    /// Checks that the file has exactly the declared voxels.
    ///
    /// - Parameter offset: bytes before the first voxel; the caller checked that it is not absurd.
    init(source: any ByteSource, shape: VolumeShape, offset: Int, isBigEndian: Bool) throws(FormatError) {
        try source.checkDeclared(byteCount: offset + shape.byteCount)
        name = source.file
        self.source = source
        self.shape = shape
        self.offset = offset
        self.isBigEndian = isBigEndian
    }

    /// A file of bare voxels. Only its name tells that it is gzipped: voxels may look like gzip.
    convenience init(path: String, layout: RawLayout) throws(FormatError) {
        let file = try InputFile(path: path)
        let source: any ByteSource = path.lowercased().hasSuffix(".gz") ? try GzipInflater(file) : file
        let shape = try VolumeShape(
            file: path, voxelType: layout.voxelType, t: layout.timeSampleCount, z: layout.extent.z,
            y: layout.extent.y, x: layout.extent.x)
        try self.init(source: source, shape: shape, offset: 0, isBigEndian: layout.isBigEndian)
    }

    func read(z: Range<Int>, time: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FormatError) {
        checkRequest(z: z, time: time, buffer: buffer)
        let start = (time * extent.z + z.lowerBound) * shape.sliceByteCount
        try source.readExactly(into: buffer, at: offset + start)
        if start + buffer.count == shape.byteCount { try source.expectEnd(at: offset + shape.byteCount) }
        if isBigEndian { ByteOrder.swap(buffer, width: voxelType.byteCount) }
    }
}

/// Opens a file and, if it is gzipped, its inflated content.
func openContent(path: String) throws(FormatError) -> any ByteSource {
    let file = try InputFile(path: path)
    return VolumeFormat.isGzip(try file.prefix(2)) ? try GzipInflater(file) : file
}

/// Byte order of voxels. Every platform of this package is little-endian, as are the voxels in memory.
enum ByteOrder {
    /// Reverses the bytes of each voxel in place.
    static func swap(_ buffer: UnsafeMutableRawBufferPointer, width: Int) {
        switch width {
        case 2: swap(buffer, as: UInt16.self)
        case 4: swap(buffer, as: UInt32.self)
        case 8: swap(buffer, as: UInt64.self)
        default: break
        }
    }

    private static func swap<Word: FixedWidthInteger>(_ buffer: UnsafeMutableRawBufferPointer, as: Word.Type)
    {
        guard let base = buffer.baseAddress else { return }
        let size = MemoryLayout<Word>.size
        var offset = 0
        while offset &+ size <= buffer.count {
            let word = base.loadUnaligned(fromByteOffset: offset, as: Word.self)
            base.storeBytes(of: word.byteSwapped, toByteOffset: offset, as: Word.self)
            offset &+= size
        }
    }
}
