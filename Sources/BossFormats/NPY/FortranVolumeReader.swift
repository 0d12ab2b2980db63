import BossGeometry
import BossVoxels

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// An NPY array in Fortran order, the first axis fastest, given out in C-order.
///
/// Every slab needs bytes from all over the file, so the file is held in memory from the first read on;
/// `NPYHeader.maximumFortranByteCount` bounds that.
final class FortranVolumeReader: VolumeReader {
    let name: String
    var voxelType: VoxelType { header.shape.voxelType }
    var extent: VoxelExtent { header.shape.extent }
    var timeSampleCount: Int { header.shape.timeSampleCount }

    private let source: any ByteSource
    private let header: NPYHeader
    private var content: UnsafeMutableRawBufferPointer?

    init(source: any ByteSource, header: NPYHeader) throws(FormatError) {
        guard header.shape.byteCount <= NPYHeader.maximumFortranByteCount else {
            throw .unsupported(
                file: source.file,
                what: "an array in Fortran order of \(header.shape.byteCount) bytes; "
                    + "the limit is \(NPYHeader.maximumFortranByteCount), save it in C-order")
        }
        try source.checkDeclared(byteCount: header.byteCount + header.shape.byteCount)
        name = source.file
        self.source = source
        self.header = header
    }

    deinit { free(content?.baseAddress) }

    func read(z: Range<Int>, time: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FormatError) {
        checkRequest(z: z, time: time, buffer: buffer)
        guard let from = try load().baseAddress, let to = buffer.baseAddress else { return }
        switch voxelType.byteCount {
        case 1: gather(UInt8.self, from, to, z, time)
        case 2: gather(UInt16.self, from, to, z, time)
        case 4: gather(UInt32.self, from, to, z, time)
        default: gather(UInt64.self, from, to, z, time)
        }
        if header.isBigEndian { ByteOrder.swap(buffer, width: voxelType.byteCount) }
    }

    private func load() throws(FormatError) -> UnsafeMutableRawBufferPointer {
        if let content { return content }
        let byteCount = header.shape.byteCount
        guard let base = malloc(byteCount) else { throw .unreadable(file: name, errno: ENOMEM) }
        let buffer = UnsafeMutableRawBufferPointer(start: base, count: byteCount)
        do {
            try source.readExactly(into: buffer, at: header.byteCount)
            try source.expectEnd(at: header.byteCount + byteCount)
        } catch {
            free(base)
            throw error
        }
        content = buffer
        return buffer
    }

    /// Writes rows of x; in the file the offset of a voxel is t + T * (z + Z * (y + Y * x)).
    private func gather<Word: FixedWidthInteger & BitwiseCopyable>(
        _: Word.Type, _ from: UnsafeMutableRawPointer, _ to: UnsafeMutableRawPointer, _ z: Range<Int>,
        _ time: Int
    ) {
        let (extent, times) = (extent, timeSampleCount)
        let size = MemoryLayout<Word>.size
        let xStride = times * extent.z * extent.y * size
        // Columns in blocks: the cache lines that one section loads serve the sections after it.
        for row in 0..<extent.y {
            for block in stride(from: 0, to: extent.x, by: 64) {
                let end = min(block + 64, extent.x)
                for section in z {
                    let sample = time &+ times &* (section &+ extent.z &* row)
                    var offset = sample &* size &+ block &* xStride
                    var target = (((section &- z.lowerBound) &* extent.y &+ row) &* extent.x &+ block) &* size
                    for _ in block..<end {
                        let voxel = from.loadUnaligned(fromByteOffset: offset, as: Word.self)
                        to.storeBytes(of: voxel, toByteOffset: target, as: Word.self)
                        offset &+= xStride
                        target &+= size
                    }
                }
            }
        }
    }
}
