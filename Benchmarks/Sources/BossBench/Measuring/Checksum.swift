/// The CRC-32 of zlib and zip, eight bytes a step: reflected polynomial 0xEDB88320.
enum Checksum {
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
            tables[byte] = value
        }
        for index in 256..<8 * 256 {
            let previous = tables[index - 256]
            tables[index] = previous >> 8 ^ tables[Int(previous & 255)]
        }
        return tables
    }()

    /// The checksum of some bytes.
    static func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        tables.withUnsafeBufferPointer { tables in
            var crc: UInt32 = 0xFFFF_FFFF
            var offset = 0
            while offset + 8 <= bytes.count {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                let low = UInt32(truncatingIfNeeded: word) ^ crc
                let high = UInt32(truncatingIfNeeded: word >> 32)
                crc = tables[7 * 256 + Int(low & 255)] ^ tables[6 * 256 + Int(low >> 8 & 255)]
                crc ^= tables[5 * 256 + Int(low >> 16 & 255)] ^ tables[4 * 256 + Int(low >> 24)]
                crc ^= tables[3 * 256 + Int(high & 255)] ^ tables[2 * 256 + Int(high >> 8 & 255)]
                crc ^= tables[256 + Int(high >> 16 & 255)] ^ tables[Int(high >> 24)]
                offset += 8
            }
            while offset < bytes.count {
                crc = tables[Int((crc ^ UInt32(bytes[offset])) & 255)] ^ crc >> 8
                offset += 1
            }
            return ~crc
        }
    }

    /// Eight hexadecimal digits, as the comparison expects them.
    static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        let digits = String(crc32(bytes), radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
