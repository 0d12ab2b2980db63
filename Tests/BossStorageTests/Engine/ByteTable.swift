import BossCodec
import Testing

@testable import BossStorage

/// Bytes put together field by field, at the offsets that the format's documentation gives.
struct ByteTable {
    private(set) var bytes: [UInt8]

    init(_ byteCount: Int) { bytes = [UInt8](repeating: 0, count: byteCount) }

    mutating func put(_ new: [UInt8], at offset: Int) {
        bytes.replaceSubrange(offset..<offset + new.count, with: new)
    }

    mutating func put<T: FixedWidthInteger>(_ value: T, at offset: Int) {
        put((0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }, at: offset)
    }

    mutating func put(_ mark: String, at offset: Int) { put(Array(mark.utf8), at: offset) }

    mutating func put(_ identifier: FileIdentifier, at offset: Int) {
        put(identifier.high, at: offset)
        put(identifier.low, at: offset + 8)
    }

    mutating func put(_ key: CuboidKey, at offset: Int) {
        put(key.group.channel, at: offset)
        put(UInt32(key.group.resolution), at: offset + 4)
        put(key.group.time, at: offset + 8)
        put(key.morton, at: offset + 16)
    }

    /// Puts the CRC of everything before an offset there.
    mutating func seal(at offset: Int) {
        put(bytes.prefix(offset).withUnsafeBytes { CRC32C.checksum($0) }, at: offset)
    }
}

/// Expects `StorageError.corrupt`.
func expectCorrupt<Value>(
    sourceLocation: SourceLocation = #_sourceLocation, _ read: () throws -> Value
) {
    do {
        _ = try read()
        Issue.record("nothing was refused", sourceLocation: sourceLocation)
    } catch StorageError.corrupt(let file, _, _) {
        #expect(file == "f", sourceLocation: sourceLocation)
    } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
    }
}

extension FormatTests {
    /// Every structure refuses a wrong mark, every wrong bit in front of its checksum, one byte too few, newer
    /// versions and features that it does not know.
    static func expectRefusals<Value>(
        _ table: ByteTable, version: Int, features: Int? = nil, seal: Int,
        _ read: (UnsafeRawBufferPointer) throws -> Value
    ) {
        for bit in 0..<(seal + 4) * 8 {
            var wrong = table.bytes
            wrong[bit / 8] ^= 1 << UInt8(bit % 8)
            expectCorrupt { try wrong.withUnsafeBytes { try read($0) } }
        }
        for count in [0, 3, 20, seal + 3] {
            expectCorrupt { try table.bytes.prefix(count).withUnsafeBytes { try read($0) } }
        }
        var mark = table
        mark.put("BQXX", at: 0)
        mark.seal(at: seal)
        expectCorrupt { try mark.bytes.withUnsafeBytes { try read($0) } }
        var newer = table
        newer.put(UInt16(2), at: version)
        newer.seal(at: seal)
        #expect(throws: StorageError.unsupportedFormat(file: "f", .version(found: 2, supported: 1))) {
            try newer.bytes.withUnsafeBytes { try read($0) }
        }
        guard let features else { return }
        for bit in [2, 17, 63] {
            var unknown = table
            unknown.put(UInt64(1) << UInt64(bit), at: features)
            unknown.seal(at: seal)
            #expect(throws: StorageError.self) { try unknown.bytes.withUnsafeBytes { try read($0) } }
        }
    }
}
