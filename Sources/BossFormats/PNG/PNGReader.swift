import BossGeometry
import BossVoxels
import CPNG

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A grey PNG image of 8 or 16 bits as a volume of one slice. Sample values come out as stored: no gamma,
/// no scaling.
final class PNGReader: VolumeReader {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    let name: String
    var voxelType: VoxelType { shape.voxelType }
    var extent: VoxelExtent { shape.extent }
    var timeSampleCount: Int { 1 }

    private let file: InputFile
    private let shape: VolumeShape
    private var facts = boss_png_info()

    /// Reads the header.
    ///
    /// - Throws: `FormatError.unsupported` for colour, opacity, palettes and less than 8 bits.
    init(path: String) throws(FormatError) {
        file = try InputFile(path: path)
        name = path
        let start = try file.prefix(Self.signature.count)
        guard start == Self.signature else {
            throw .corrupt(file: path, reason: "it does not begin with the signature of a PNG file")
        }
        facts = boss_png_info()
        try Self.read(file, &facts, pixels: nil)
        let kinds: [Int32: String] = [
            2: "an RGB image", 3: "an image with a palette", 4: "a grey image with opacity",
            6: "an RGBA image",
        ]
        guard facts.color_type == 0, facts.bit_depth >= 8 else {
            let what = kinds[facts.color_type] ?? "a grey image of \(facts.bit_depth) bits"
            throw .unsupported(file: path, what: "\(what); grey images of 8 and 16 bits are read")
        }
        shape = try VolumeShape(
            file: path, voxelType: facts.bit_depth == 8 ? .uint8 : .uint16, t: 1, z: 1, y: Int(facts.height),
            x: Int(facts.width))
        let limit = file.fileByteCount.multipliedReportingOverflow(by: GzipInflater.maximumRatio)
        guard limit.overflow || shape.byteCount <= limit.partialValue else {
            throw .corrupt(
                file: path,
                reason:
                    "\(file.fileByteCount) bytes cannot hold the \(shape.sliceDescription) pixels it declares"
            )
        }
    }

    func read(z: Range<Int>, time: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FormatError) {
        checkRequest(z: z, time: time, buffer: buffer)
        guard let base = buffer.baseAddress, !z.isEmpty else { return }
        try Self.read(file, &facts, pixels: base.assumingMemoryBound(to: UInt8.self))
    }

    private static func read(
        _ file: InputFile, _ facts: inout boss_png_info, pixels: UnsafeMutablePointer<UInt8>?
    ) throws(FormatError) {
        guard lseek(file.descriptor, 0, SEEK_SET) == 0 else {
            throw .unreadable(file: file.file, errno: errno)
        }
        let status = Int(boss_png_read(file.descriptor, &facts, pixels))
        switch status {
        case Int(boss_png_ok): return
        case Int(boss_png_truncated):
            throw .corrupt(
                file: file.file,
                reason: "PNG: the image goes on after the \(file.fileByteCount) bytes of the file")
        case Int(boss_png_changed):
            throw .mismatch(
                file: file.file, expected: "\(facts.width)x\(facts.height) of \(facts.bit_depth) bits",
                found: "another image, the file was replaced")
        case Int(boss_png_no_memory): throw .unreadable(file: file.file, errno: ENOMEM)
        case Int(boss_png_unreadable): throw .unreadable(file: file.file, errno: facts.error_number)
        default:
            let reason = withUnsafeBytes(of: facts.message) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            throw .corrupt(file: file.file, reason: "PNG: \(reason)")
        }
    }
}
