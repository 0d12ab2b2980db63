import BossGeometry

@testable import BossDatabase

/// Volume files written by their specifications.
enum VolumeFileBytes {
    /// A NIfTI-1 file of voxels that lie x fastest, as nifti1.h describes it.
    static func niftiFile(_ model: ModelVolume, code: Int16, bits: Int16) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 352)
        func put<Value: BitwiseCopyable>(_ value: Value, at offset: Int) {
            withUnsafeBytes(of: value) {
                for (index, byte) in $0.enumerated() { bytes[offset + index] = byte }
            }
        }
        put(Int32(348), at: 0)
        let extent = model.box.extent
        for (index, length) in [3, extent.x, extent.y, extent.z, 1, 1, 1, 1].enumerated() {
            put(Int16(length), at: 40 + 2 * index)
        }
        put(code, at: 70)
        put(bits, at: 72)
        put(Float(352), at: 108)
        bytes.replaceSubrange(344..<348, with: Array("n+1\0".utf8))
        for voxel in model.voxels { bytes += [UInt8(voxel & 0xFF), UInt8(voxel >> 8 & 0xFF)] }
        return bytes
    }

    /// A gzip file of stored blocks (RFC 1951, 3.2.4, and RFC 1952).
    static func gzip(_ content: [UInt8]) -> [UInt8] {
        var file: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
        let limit = 65_535
        for start in stride(from: 0, to: content.count, by: limit) {
            let end = min(start + limit, content.count)
            let length = UInt16(end - start)
            file.append(end == content.count ? 1 : 0)
            for word in [length, ~length] { file += [UInt8(word & 0xFF), UInt8(word >> 8)] }
            file += content[start..<end]
        }
        let table = (0..<256).map { byte in
            (0..<8).reduce(UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        let checksum = content.withUnsafeBufferPointer { bytes in
            table.withUnsafeBufferPointer { table in
                var value = UInt32.max
                for byte in bytes { value = value >> 8 ^ table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] }
                return ~value
            }
        }
        for word in [checksum, UInt32(content.count)] {
            for shift in [0, 8, 16, 24] { file.append(UInt8(word >> UInt32(shift) & 0xFF)) }
        }
        return file
    }
}
