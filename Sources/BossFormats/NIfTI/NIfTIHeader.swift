import BossGeometry
import BossVoxels

/// The header of a NIfTI-1 file, either byte order.
///
///     byte 0     4  348, the length of the header; tells the byte order
///     byte 40   16  dim: rank, then lengths along x, y, z, t and three more, as 16-bit integers
///     byte 70    2  datatype;  byte 72  2  bits of a voxel
///     byte 76   32  pixdim: 8 floats, 1 to 3 are the voxel size along x, y, z
///     byte 108   4  vox_offset: float, bytes before the first voxel
///     byte 112   4  scl_slope; byte 116  4  scl_inter: floats
///     byte 123   1  xyzt_units: low three bits 1 metre, 2 millimetre, 3 micrometre
///     byte 344   4  magic: "n+1" and a zero byte
///
/// Voxels are stored x fastest. Orientation (qform, sform) is not looked at: axes stay as stored.
/// Source: nifti1.h, R. W. Cox, 2003 to 2007, https://nifti.nimh.nih.gov/nifti-1
struct NIfTIHeader {
    static let byteCount = 348
    /// The largest distance of the voxels from the start of the file; header extensions lie between.
    static let maximumOffset = 1 << 24

    let shape: VolumeShape
    let isBigEndian: Bool
    let offset: Int
    let voxelSize: NanometerSize?
    let scaling: IntensityScaling?

    /// Whether bytes look like a header of NIfTI-1, NIfTI-2 or their predecessor ANALYZE.
    static func isRecognized(_ content: [UInt8]) -> Bool {
        guard content.count >= 4 else { return false }
        let little = content[..<4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        return [348, 540].contains(little) || [348, 540].contains(little.byteSwapped)
    }

    /// Opens a `.nii` file, also gzipped.
    static func openVolume(path: String) throws(FormatError) -> any VolumeReader {
        guard !path.lowercased().hasSuffix(".img") else { throw pairRefused(path) }
        let source = try openContent(path: path)
        let header = try NIfTIHeader(source: source)
        let reader = try DenseVolumeReader(
            source: source, shape: header.shape, offset: header.offset, isBigEndian: header.isBigEndian)
        reader.voxelSize = header.voxelSize
        reader.scaling = header.scaling
        return reader
    }

    init(source: any ByteSource) throws(FormatError) {
        let file = source.file
        let bytes = try source.prefix(Self.byteCount)
        let fields = try Fields(file: file, bytes: bytes)
        try Self.checkMagic(fields)
        isBigEndian = fields.isBigEndian
        shape = try Self.shape(fields)
        let start = Double(fields.float(108))
        guard start >= 352, start <= Double(Self.maximumOffset), start == start.rounded() else {
            throw .corrupt(file: file, reason: "vox_offset is \(start); expected a whole number from 352 on")
        }
        offset = Int(start)
        voxelSize = Self.voxelSize(fields)
        scaling = Self.scaling(fields)
    }

    private static func pairRefused(_ file: String) -> FormatError {
        .unsupported(
            file: file, what: "a pair of .hdr and .img files; save header and voxels in one .nii file")
    }

    private static func checkMagic(_ fields: Fields) throws(FormatError) {
        let magic = Array(fields.bytes[344..<348])
        if magic == Array("n+1\0".utf8) { return }
        if magic == Array("ni1\0".utf8) { throw pairRefused(fields.file) }
        if magic.allSatisfy({ $0 == 0 }) {
            throw .unsupported(
                file: fields.file, what: "an ANALYZE 7.5 header; save it as NIfTI-1 in one .nii file")
        }
        throw .corrupt(file: fields.file, reason: "the magic of NIfTI-1 is missing at byte 344")
    }

    private static func shape(_ fields: Fields) throws(FormatError) -> VolumeShape {
        let file = fields.file
        let rank = fields.int16(40)
        guard 1...7 ~= rank else { throw .corrupt(file: file, reason: "dim[0], the rank, is \(rank)") }
        var lengths = [1, 1, 1, 1]
        for index in 1...rank {
            let length = fields.int16(40 + 2 * index)
            guard length > 0 else { throw .corrupt(file: file, reason: "dim[\(index)] is \(length)") }
            if index <= 4 {
                lengths[index - 1] = length
            } else if length > 1 {
                throw .unsupported(file: file, what: "\(rank) axes; x, y, z and t are read")
            }
        }
        let code = fields.int16(70)
        guard let voxelType = voxelTypes[code] else {
            throw .unsupported(
                file: file, what: "datatype \(code); 2, 4, 8, 16, 64, 256, 512, 768, 1024 and 1280 are read")
        }
        let bits = fields.int16(72)
        guard bits == voxelType.byteCount * 8 else {
            throw .corrupt(
                file: file,
                reason: "datatype \(code) has \(voxelType.byteCount * 8) bits, bitpix says \(bits)")
        }
        return try VolumeShape(
            file: file, voxelType: voxelType, t: lengths[3], z: lengths[2], y: lengths[1], x: lengths[0])
    }

    private static let voxelTypes: [Int: VoxelType] = [
        2: .uint8, 4: .int16, 8: .int32, 16: .float32, 64: .float64, 256: .int8, 512: .uint16, 768: .uint32,
        1024: .int64, 1280: .uint64,
    ]

    /// Nil unless the unit is known and all three lengths make sense.
    private static func voxelSize(_ fields: Fields) -> NanometerSize? {
        let factors: [UInt8: Double] = [1: 1e9, 2: 1e6, 3: 1e3]
        guard let factor = factors[fields.bytes[123] & 7] else { return nil }
        let lengths = (1...3).map { Double(fields.float(76 + 4 * $0)) * factor }
        guard lengths.allSatisfy({ $0.isFinite && $0 > 0 }) else { return nil }
        return NanometerSize(x: lengths[0], y: lengths[1], z: lengths[2])
    }

    /// Nil for a slope of 0 ("not scaled"), for the identity, and for numbers that make no sense.
    private static func scaling(_ fields: Fields) -> IntensityScaling? {
        let (slope, intercept) = (Double(fields.float(112)), Double(fields.float(116)))
        guard slope.isFinite, intercept.isFinite, slope != 0, slope != 1 || intercept != 0 else { return nil }
        return IntensityScaling(slope: slope, intercept: intercept)
    }

    /// Numbers at offsets of the header, in its byte order.
    private struct Fields {
        let file: String
        let bytes: [UInt8]
        let isBigEndian: Bool

        init(file: String, bytes: [UInt8]) throws(FormatError) {
            self.file = file
            self.bytes = bytes
            if bytes.count >= 4 {
                let length = bytes[..<4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
                if length == 540 || length.byteSwapped == 540 {
                    throw .unsupported(file: file, what: "a NIfTI-2 header; save it as NIfTI-1")
                }
                guard length == 348 || length.byteSwapped == 348 else {
                    throw .corrupt(
                        file: file, reason: "it does not begin with 348, the length of a NIfTI-1 header")
                }
                isBigEndian = length != 348
            } else {
                isBigEndian = false
            }
            guard bytes.count == NIfTIHeader.byteCount else {
                throw .truncated(file: file, expected: NIfTIHeader.byteCount, found: bytes.count)
            }
        }

        func int16(_ offset: Int) -> Int {
            let (first, second) = (UInt16(bytes[offset]), UInt16(bytes[offset + 1]))
            return Int(Int16(bitPattern: isBigEndian ? first << 8 | second : second << 8 | first))
        }

        func float(_ offset: Int) -> Float {
            let four = bytes[offset..<offset + 4]
            let bits = (isBigEndian ? Array(four) : four.reversed()).reduce(UInt32(0)) {
                $0 << 8 | UInt32($1)
            }
            return Float(bitPattern: bits)
        }
    }
}
