import BossGeometry
package import BossVoxels
import CPNG

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Writes images as PNG, not interlaced.
package enum PNGEncoder {
    /// The largest length of a side, libpng's own limit.
    package static let maximumLength = 1_000_000
    /// The most bytes of pixels, 1 GiB.
    package static let maximumByteCount = 1 << 30

    /// An 8-bit grey image.
    ///
    /// - Parameter pixels: `width * height` bytes, rows from the top.
    /// - Throws: `FormatError.cannotHold` for an empty image, one over the limits, or a wrong byte count.
    package static func encodeGray8(
        width: Int, height: Int, pixels: UnsafeRawBufferPointer
    ) throws(FormatError) -> [UInt8] {
        try encode(width: width, height: height, pixels, colorType: PNG_COLOR_TYPE_GRAY, bytesPerSample: 1)
    }

    /// A 16-bit grey image; as above with two bytes a pixel, little-endian.
    package static func encodeGray16(
        width: Int, height: Int, pixels: UnsafeRawBufferPointer
    ) throws(FormatError) -> [UInt8] {
        try encode(width: width, height: height, pixels, colorType: PNG_COLOR_TYPE_GRAY, bytesPerSample: 2)
    }

    /// A colour image with opacity; as above with four bytes a pixel: red, green, blue, alpha.
    package static func encodeRGBA8(
        width: Int, height: Int, pixels: UnsafeRawBufferPointer
    ) throws(FormatError) -> [UInt8] {
        try encode(
            width: width, height: height, pixels, colorType: Int32(boss_png_color_rgba), bytesPerSample: 1)
    }

    /// As `encodeGray8`, from an array.
    package static func encodeGray8(width: Int, height: Int, pixels: [UInt8]) throws(FormatError) -> [UInt8] {
        try pixels.withUnsafeBytes { bytes in
            Result { () throws(FormatError) in try encodeGray8(width: width, height: height, pixels: bytes) }
        }.get()
    }

    /// As `encodeGray16`, from an array.
    package static func encodeGray16(width: Int, height: Int, pixels: [UInt16]) throws(FormatError) -> [UInt8]
    {
        try pixels.withUnsafeBytes { bytes in
            Result { () throws(FormatError) in try encodeGray16(width: width, height: height, pixels: bytes) }
        }.get()
    }

    /// As `encodeRGBA8`, from an array.
    package static func encodeRGBA8(width: Int, height: Int, pixels: [UInt8]) throws(FormatError) -> [UInt8] {
        try pixels.withUnsafeBytes { bytes in
            Result { () throws(FormatError) in try encodeRGBA8(width: width, height: height, pixels: bytes) }
        }.get()
    }

    /// A slice as a grey image: `UINT8` or `UINT16` voxels, exactly two axes longer than 1 at most.
    /// The outer one runs down, the inner one to the right; a volume of two axes keeps both.
    ///
    /// - Throws: `FormatError.cannotHold` for other voxel types, several slices or time samples.
    package static func encode(slice: AnyVolume) throws(FormatError) -> [UInt8] {
        let lengths = slice.shape.count <= 2 ? slice.shape : inPlane(slice)
        guard let width = lengths.last, lengths.count <= 2 else {
            throw .cannotHold(format: "PNG", what: "a volume of shape \(slice.shape)")
        }
        let height = lengths.count == 2 ? lengths[0] : 1
        return try slice.withUnsafeBytes { bytes in
            Result { () throws(FormatError) in
                switch slice.voxelType {
                case .uint8: try encodeGray8(width: width, height: height, pixels: bytes)
                case .uint16: try encodeGray16(width: width, height: height, pixels: bytes)
                default: throw .cannotHold(format: "PNG", what: "\(slice.voxelType.rawValue) voxels")
                }
            }
        }.get()
    }

    /// The lengths that span the image: y and x of one section, or whatever two axes exceed 1.
    private static func inPlane(_ slice: AnyVolume) -> [Int] {
        if slice.length(.z) == 1, slice.length(.t) == 1 { return [slice.length(.y), slice.length(.x)] }
        let long = slice.shape.filter { $0 != 1 }
        return long.count == 1 ? [1] + long : long
    }

    /// Refuses an image over the limits.
    ///
    /// - Throws: `FormatError.cannotHold`.
    package static func check(width: Int, height: Int, pixelByteCount: Int) throws(FormatError) {
        guard 1...maximumLength ~= width, 1...maximumLength ~= height else {
            throw .cannotHold(format: "PNG", what: "an image of \(width) x \(height) pixels")
        }
        guard width * pixelByteCount * height <= maximumByteCount else {
            throw .cannotHold(
                format: "PNG", what: "\(width * pixelByteCount * height) bytes of pixels here")
        }
    }

    private static func encode(
        width: Int, height: Int, _ pixels: UnsafeRawBufferPointer, colorType: Int32, bytesPerSample: Int
    ) throws(FormatError) -> [UInt8] {
        let pixelByteCount = (colorType == PNG_COLOR_TYPE_GRAY ? 1 : 4) * bytesPerSample
        try check(width: width, height: height, pixelByteCount: pixelByteCount)
        let rowByteCount = width * pixelByteCount
        guard pixels.count == rowByteCount * height, let source = pixels.baseAddress else {
            throw .cannotHold(
                format: "PNG", what: "\(pixels.count) bytes for an image of \(rowByteCount * height)")
        }
        var output = boss_png_output()
        defer { free(output.bytes) }
        let status = boss_png_encode(
            source.assumingMemoryBound(to: UInt8.self), UInt32(width), UInt32(height), colorType,
            Int32(8 * bytesPerSample), rowByteCount, 4, &output)
        guard status == 0, let bytes = output.bytes else {
            throw .cannotHold(format: "PNG", what: "this image: out of memory")
        }
        return Array(UnsafeBufferPointer(start: bytes, count: output.byte_count))
    }
}
