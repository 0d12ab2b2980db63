import BossGeometry
import BossVoxels
import CTIFF

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A grey TIFF of one or more pages; each page is a slice, in file order.
///
/// Strips and tiles, every compression of the installed libtiff, TIFF and BigTIFF. Samples come out as
/// stored.
final class TIFFReader: VolumeReader {
    /// TIFF and BigTIFF in either byte order.
    static let signatures: [[UInt8]] = [
        [0x49, 0x49, 42, 0], [0x4D, 0x4D, 0, 42], [0x49, 0x49, 43, 0], [0x4D, 0x4D, 0, 43],
    ]
    /// The most memory libtiff may take at once for the encoded bytes of a strip or tile, 1 GiB.
    static let allocationLimit = 1 << 30

    let name: String
    let voxelType: VoxelType
    let extent: VoxelExtent
    var timeSampleCount: Int { 1 }

    private let handle: TIFFHandle
    private let pages: [TIFFPage]

    /// Reads the tags of every page.
    ///
    /// - Throws: `FormatError.mismatch` for a page whose type or size differs from the first one's.
    init(path: String) throws(FormatError) {
        let handle = try TIFFHandle(file: InputFile(path: path))
        var pages: [TIFFPage] = []
        var storedByteCount = 0
        repeat {
            let page = try handle.describe(page: pages.count)
            let expected = pages.first?.shape ?? page.shape
            guard page.shape == expected else {
                throw .mismatch(
                    file: path, expected: expected.sliceDescription + " as on page 1",
                    found: page.shape.sliceDescription + " on page \(pages.count + 1)")
            }
            storedByteCount += page.storedByteCount
            try TIFFPage.checkTotal(storedByteCount, file: path, fileByteCount: handle.fileByteCount)
            pages.append(page)
        } while try handle.advance()
        let first = pages[0]
        // ImageJ writes only one page for stacks over 4 GiB, and the other slices behind its pixels.
        let declared = first.description.imagej_images
        guard declared <= UInt64(pages.count) else {
            throw .unsupported(file: path, what: "ImageJ put \(declared) images into \(pages.count) pages")
        }
        let shape = try VolumeShape(
            file: path, voxelType: first.shape.voxelType, t: 1, z: pages.count, y: first.shape.extent.y,
            x: first.shape.extent.x)
        name = path
        voxelType = shape.voxelType
        extent = shape.extent
        self.handle = handle
        self.pages = pages
    }

    func read(z: Range<Int>, time: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FormatError) {
        checkRequest(z: z, time: time, buffer: buffer)
        for (index, page) in pages[z].enumerated() {
            let start = index * sliceByteCount
            try handle.decode(
                page, number: z.lowerBound + index,
                into: UnsafeMutableRawBufferPointer(rebasing: buffer[start..<start + sliceByteCount]))
        }
    }
}

/// An open libtiff handle that stands on one page.
private final class TIFFHandle {
    private let file: InputFile
    private let tiff: OpaquePointer
    private let log: UnsafeMutablePointer<boss_tiff_log>

    init(file: InputFile) throws(FormatError) {
        let start = try file.prefix(4)
        guard TIFFReader.signatures.contains(start) else {
            throw .corrupt(file: file.file, reason: "it does not begin with the signature of a TIFF file")
        }
        let descriptor = try file.duplicateDescriptor()
        let log = UnsafeMutablePointer<boss_tiff_log>.allocate(capacity: 1)
        log.initialize(to: boss_tiff_log())
        guard let tiff = boss_tiff_open(descriptor, file.file, TIFFReader.allocationLimit, log) else {
            let error = Self.failure(file, log)
            close(descriptor)
            log.deallocate()
            throw error
        }
        self.file = file
        self.tiff = tiff
        self.log = log
    }

    deinit {
        TIFFClose(tiff)
        log.deallocate()
    }

    var fileByteCount: Int { file.fileByteCount }

    /// Checks the page the handle stands on.
    func describe(page: Int) throws(FormatError) -> TIFFPage {
        try TIFFPage(file: file.file, fileByteCount: file.fileByteCount, handle: tiff, page: page)
    }

    /// Goes to the next page; false after the last one.
    func advance() throws(FormatError) -> Bool {
        if TIFFLastDirectory(tiff) != 0 { return false }
        log.pointee.message.0 = 0
        guard TIFFReadDirectory(tiff) != 0 else { throw Self.failure(file, log) }
        return true
    }

    /// Decodes a page whose tags were checked before; they are compared again, since the file may change.
    func decode(_ page: TIFFPage, number: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FormatError)
    {
        guard let base = buffer.baseAddress else { return }
        log.pointee.message.0 = 0
        if TIFFCurrentDirOffset(tiff) != page.description.offset {
            guard TIFFSetSubDirectory(tiff, page.description.offset) != 0 else {
                throw Self.failure(file, log)
            }
            let found = try describe(page: number)
            guard found.shape == page.shape else {
                throw .mismatch(
                    file: file.file, expected: page.shape.sliceDescription,
                    found: found.shape.sliceDescription)
            }
            try decodeCurrent(found, base)
        } else {
            try decodeCurrent(page, base)
        }
    }

    private func decodeCurrent(_ page: TIFFPage, _ base: UnsafeMutableRawPointer) throws(FormatError) {
        var description = page.description
        switch boss_tiff_decode(tiff, &description, base.assumingMemoryBound(to: UInt8.self)) {
        case 0: return
        case 1: throw Self.failure(file, log)
        default: throw .unreadable(file: file.file, errno: ENOMEM)
        }
    }

    private static func failure(_ file: InputFile, _ log: UnsafeMutablePointer<boss_tiff_log>) -> FormatError
    {
        let text = withUnsafeBytes(of: log.pointee.message) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        return .corrupt(file: file.file, reason: "TIFF: " + (text.isEmpty ? "bad data" : text))
    }
}
