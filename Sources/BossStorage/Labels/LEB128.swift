/// Numbers in groups of seven bits, the lowest first; the high bit of a byte says that more follow.
enum LEB128 {
    @inline(__always)
    static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Reads numbers from bytes that are only borrowed.
    struct Reader {
        private let bytes: UnsafeRawBufferPointer
        private let file: String
        private let base: UInt64
        private(set) var offset: Int

        /// A reader.
        ///
        /// - Parameter base: the offset of the first byte in the file, for messages.
        init(_ bytes: UnsafeRawBufferPointer, from offset: Int = 0, file: String, base: UInt64) {
            self.bytes = bytes
            self.file = file
            self.base = base
            self.offset = offset
        }

        var isAtEnd: Bool { offset >= bytes.count }

        func corrupt(_ reason: String) -> StorageError {
            .corrupt(file: file, offset: base &+ UInt64(offset), reason: reason)
        }

        /// The next number.
        ///
        /// - Throws: `.corrupt` at the end of the bytes, and for a number of more than 64 bits.
        @inline(__always)
        mutating func next() throws(StorageError) -> UInt64 {
            guard offset < bytes.count else { throw corrupt("a number is cut short") }
            let first = bytes[offset]
            offset += 1
            if first < 0x80 { return UInt64(first) }
            return try rest(UInt64(first & 0x7F))
        }

        private mutating func rest(_ low: UInt64) throws(StorageError) -> UInt64 {
            var value = low
            var shift: UInt64 = 7
            while true {
                guard offset < bytes.count else { throw corrupt("a number is cut short") }
                let byte = bytes[offset]
                offset += 1
                guard shift < 63 || byte <= 1 else { throw corrupt("a number of more than 64 bits") }
                value |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return value }
                shift += 7
                guard shift <= 63 else { throw corrupt("a number of more than 64 bits") }
            }
        }
    }
}
