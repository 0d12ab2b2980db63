import BossGeometry
import BossVoxels
import CTIFF

/// Checks of one page's tags, made before anything is allocated for its pixels.
struct TIFFPage {
    let description: boss_tiff_page
    let shape: VolumeShape
    /// Bytes that the page takes in the file: its strips or tiles and their table.
    private(set) var storedByteCount = 0

    /// The largest tile that is decoded, 256 MiB.
    static let maximumTileByteCount = 1 << 28

    /// - Throws: `FormatError.unsupported` for what is not grey samples of whole bytes,
    ///   `.truncated`, `.corrupt` when the file cannot hold the pixels.
    init(file: String, fileByteCount: Int, handle: OpaquePointer, page: Int) throws(FormatError) {
        var description = boss_tiff_page()
        boss_tiff_describe(handle, &description)
        self.description = description
        let prefix = page == 0 ? "" : "page \(page + 1): "
        let voxelType = try Self.voxelType(description, file: file, prefix: prefix)
        shape = try VolumeShape(
            file: file, voxelType: voxelType, t: 1, z: 1, y: Int(description.height),
            x: Int(description.width))
        try checkStriles(file: file, fileByteCount: fileByteCount, handle: handle, prefix: prefix)
    }

    private static func voxelType(
        _ page: boss_tiff_page, file: String, prefix: String
    ) throws(FormatError) -> VoxelType {
        func refuse(_ what: String) -> FormatError { .unsupported(file: file, what: prefix + what) }
        guard page.samples == 1 else {
            throw refuse("\(page.samples) samples a pixel; grey images of 1 are read")
        }
        guard page.has_photometric != 0 else { throw refuse("no photometric interpretation is stated") }
        guard Int32(page.photometric) == PHOTOMETRIC_MINISBLACK else {
            let names: [UInt16: String] = [0: "white is 0", 2: "RGB", 3: "palette", 4: "mask", 6: "YCbCr"]
            throw refuse(
                "photometric \(names[page.photometric] ?? "\(page.photometric)"); black is 0 is read")
        }
        guard page.orientation == 1 else {
            throw refuse(
                "orientation \(page.orientation); rows from the top, columns from the left (1) are read")
        }
        guard page.depth == 1 else { throw refuse("an image depth of \(page.depth)") }
        guard Int32(page.compression) != COMPRESSION_OJPEG, TIFFIsCODECConfigured(page.compression) != 0
        else {
            throw refuse("compression \(page.compression)")
        }
        let types: [[UInt16]: VoxelType] = [
            [1, 8]: .uint8, [1, 16]: .uint16, [1, 32]: .uint32, [1, 64]: .uint64, [2, 8]: .int8,
            [2, 16]: .int16,
            [2, 32]: .int32, [2, 64]: .int64, [3, 32]: .float32, [3, 64]: .float64,
        ]
        guard let voxelType = types[[page.format, page.bits]] else {
            let names: [UInt16: String] = [1: "unsigned", 2: "signed", 3: "float"]
            throw refuse("\(page.bits)-bit \(names[page.format] ?? "format \(page.format)") samples")
        }
        return voxelType
    }

    /// How much a byte of a strip or tile can grow at most; an upper bound, to refuse absurd sizes.
    private var maximumRatio: Int {
        switch Int32(description.compression) {
        case COMPRESSION_NONE: 1
        case COMPRESSION_PACKBITS: 128
        case COMPRESSION_LZW: 4096
        case COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE: GzipInflater.maximumRatio
        default: 1 << 16
        }
    }

    /// Each strip or tile lies inside the file and is large enough for its pixels.
    private mutating func checkStriles(
        file: String, fileByteCount: Int, handle: OpaquePointer, prefix: String
    ) throws(FormatError) {
        let (width, height) = (Int(description.strile_width), Int(description.strile_height))
        guard width > 0, height > 0 else {
            throw .corrupt(file: file, reason: prefix + "an empty strip or tile")
        }
        let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
        let isTiled = description.is_tiled != 0
        guard !overflow, !isTiled || pixels <= Self.maximumTileByteCount / shape.voxelType.byteCount else {
            throw .tooLarge(
                file: file, what: prefix + "tiles of \(width) x \(height) pixels",
                limit: Self.maximumTileByteCount)
        }
        let across = isTiled ? (shape.extent.x + width - 1) / width : 1
        let down = (shape.extent.y + height - 1) / height
        let (count, tooMany) = across.multipliedReportingOverflow(by: down)
        guard !tooMany, count == Int(description.strile_count), count <= fileByteCount else {
            throw .corrupt(
                file: file,
                reason: prefix + "it has \(description.strile_count) strips or tiles for a size of "
                    + shape.sliceDescription)
        }
        for index in 0..<count {
            let rows = isTiled ? height : min(height, shape.extent.y - index * height)
            let byteCount = try stored(
                index, file: file, fileByteCount: fileByteCount, handle: handle, prefix)
            guard
                byteCount * maximumRatio + (maximumRatio > 1 ? 64 : 0) >= width * rows
                    * shape.voxelType.byteCount
            else {
                throw .corrupt(
                    file: file,
                    reason: prefix
                        + "strip or tile \(index) of \(byteCount) bytes cannot hold \(width)x\(rows) pixels")
            }
            storedByteCount += byteCount + 8
            try Self.checkTotal(storedByteCount, file: file, fileByteCount: fileByteCount)
        }
    }

    /// Pages, strips and tiles that share bytes would let a small file declare a huge image.
    static func checkTotal(_ total: Int, file: String, fileByteCount: Int) throws(FormatError) {
        guard total <= 2 * fileByteCount else {
            throw .corrupt(file: file, reason: "its pages, strips or tiles overlap")
        }
    }

    /// The stored bytes of a strip or tile, checked to lie inside the file.
    private func stored(
        _ index: Int, file: String, fileByteCount: Int, handle: OpaquePointer, _ prefix: String
    ) throws(FormatError) -> Int {
        let offset = TIFFGetStrileOffset(handle, UInt32(index))
        let length = TIFFGetStrileByteCount(handle, UInt32(index))
        let (end, overflow) = offset.addingReportingOverflow(length)
        guard !overflow, let end = Int(exactly: end) else {
            throw .corrupt(file: file, reason: prefix + "strip or tile \(index) lies at byte \(offset)")
        }
        guard end <= fileByteCount else { throw .truncated(file: file, expected: end, found: fileByteCount) }
        return Int(length)
    }
}
