import BossDatabase
import BossFormats
import BossVoxels

/// The pixels of a slice.
enum SlicePixels {
    /// Red, green, blue and opacity of every label; background is transparent.
    ///
    /// - Throws: 22V10 for voxels that are no unsigned integers.
    static func labelColors(_ slice: AnyVolume) throws(DatabaseError) -> [UInt8] {
        guard slice.voxelType.isUnsigned else {
            throw DatabaseError(
                "22V10", "COLOR HASH shows labels, not \(slice.voxelType.rawValue)", hint: "use COLOR GRAY")
        }
        return slice.withUnsafeBytes { bytes in
            var pixels: [UInt8] = []
            pixels.reserveCapacity(slice.voxelCount * 4)
            var last: (id: UInt64, color: (r: UInt8, g: UInt8, b: UInt8, a: UInt8))?
            for index in 0..<slice.voxelCount {
                let id = bits(bytes, index, slice.voxelType)
                if last?.id != id { last = (id, LabelColors.pixel(for: id)) }
                guard let color = last?.color else { continue }
                pixels.append(color.r)
                pixels.append(color.g)
                pixels.append(color.b)
                pixels.append(color.a)
            }
            return pixels
        }
    }

    /// Grey levels: `window` becomes 0 to 255; the slice's own extremes without one. NaN is black.
    static func gray(_ slice: AnyVolume, window: ClosedRange<Double>?) -> [UInt8] {
        slice.withUnsafeBytes { bytes in
            let type = slice.voxelType
            let values = (0..<slice.voxelCount).lazy.map { type.number(ofBits: bits(bytes, $0, type)) }
            var (low, high) = (window?.lowerBound ?? .infinity, window?.upperBound ?? -.infinity)
            if window == nil {
                for value in values where value.isFinite { (low, high) = (min(low, value), max(high, value)) }
            }
            let scale = high > low ? 255 / (high - low) : 0
            return values.map { value in
                guard !value.isNaN else { return 0 }
                return UInt8(min(255, max(0, ((min(high, max(low, value)) - low) * scale).rounded())))
            }
        }
    }

    static func bits(_ bytes: UnsafeRawBufferPointer, _ index: Int, _ type: VoxelType) -> UInt64 {
        switch type.byteCount {
        case 1: UInt64(bytes[index])
        case 2: UInt64(bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
        case 4: UInt64(bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
        default: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)
        }
    }
}
