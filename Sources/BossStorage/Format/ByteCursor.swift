/// Reads little-endian fields from bytes that came from a disk, never past their end.
///
/// The bytes are only borrowed: a cursor must not outlive the closure that lent them.
package struct ByteCursor {
    private let bytes: UnsafeRawBufferPointer
    private let file: String
    private let base: UInt64
    /// Position of the next field.
    package private(set) var offset = 0

    /// A cursor over bytes.
    ///
    /// - Parameters:
    ///   - file: name for messages.
    ///   - base: offset of the first byte in that file, for messages.
    package init(_ bytes: UnsafeRawBufferPointer, file: String, base: UInt64 = 0) {
        self.bytes = bytes
        self.file = file
        self.base = base
    }

    /// Bytes left.
    package var remaining: Int { bytes.count - offset }

    /// An error at the current position.
    package func corrupt(_ reason: String) -> StorageError {
        .corrupt(file: file, offset: base + UInt64(offset), reason: reason)
    }

    /// The next integer.
    package mutating func next<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type = T.self)
        throws(StorageError) -> T
    {
        let size = MemoryLayout<T>.size
        guard remaining >= size else { throw corrupt("\(size) bytes expected, \(remaining) left") }
        defer { offset += size }
        return T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    /// Moves ahead.
    package mutating func skip(_ count: Int) throws(StorageError) {
        guard count >= 0, remaining >= count else {
            throw corrupt("\(count) bytes expected, \(remaining) left")
        }
        offset += count
    }

    /// The next bytes, borrowed.
    package mutating func slice(_ count: Int) throws(StorageError) -> UnsafeRawBufferPointer {
        let start = offset
        try skip(count)
        return UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])
    }
}

/// Collects little-endian fields.
package struct ByteWriter {
    /// What was written.
    package private(set) var bytes: [UInt8] = []

    /// Nothing written yet.
    package init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    /// Appends an integer.
    package mutating func append<T: FixedWidthInteger>(_ value: T) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Appends bytes as they are.
    package mutating func append(contentsOf other: [UInt8]) { bytes.append(contentsOf: other) }

    /// Appends zeros until the length is `byteCount`.
    package mutating func pad(to byteCount: Int) {
        precondition(byteCount >= bytes.count, "padding only grows")
        bytes.append(contentsOf: repeatElement(0, count: byteCount - bytes.count))
    }
}

/// Rounds up to a power of two.
package func alignUp(_ value: UInt64, to alignment: UInt64) -> UInt64 {
    (value &+ alignment &- 1) & ~(alignment &- 1)
}
