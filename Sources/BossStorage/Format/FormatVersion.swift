import BossCodec

/// What this program writes and reads; docs/FORMAT.md describes the bytes.
package enum FormatVersion {
    /// Raised when older programs must not open the files.
    package static let major: UInt16 = 1
    /// Raised for additions that older programs may ignore.
    package static let minor: UInt16 = 0
    /// Incompatible features, a bit each.
    package enum Feature {
        /// Bricks may be stored as runs of labels.
        package static let labelBricks: UInt64 = 1 << 0
        /// Pages of labels may have summaries, and segment files an index of labels.
        package static let labelIndex: UInt64 = 1 << 1
    }
    /// Feature bits of the files that this program writes.
    package static let writtenFeatures = Feature.labelBricks | Feature.labelIndex
    /// Feature bits that this program understands; a file with any other incompatible bit is refused.
    package static let knownFeatures = writtenFeatures

    /// Refuses files of a newer format.
    static func check(major found: UInt16, features: UInt64, file: String) throws(StorageError) {
        guard found == major else {
            throw .unsupportedFormat(file: file, .version(found: found, supported: major))
        }
        let unknown = features & ~knownFeatures
        guard unknown == 0 else { throw .unsupportedFormat(file: file, .features(unknown)) }
    }
}

/// What of a file this program does not know.
public enum UnknownFormat: Hashable, Sendable {
    /// The version of the whole format.
    case version(found: UInt16, supported: UInt16)
    /// Incompatible features, a bit each.
    case features(UInt64)
    /// A section that readers must understand.
    case section(UInt32)
}

extension UnknownFormat: CustomStringConvertible {
    /// What stands behind the file's name in a sentence.
    public var description: String {
        switch self {
        case .version(let found, let supported): return "has format \(found), this program reads \(supported)"
        case .features(let bits):
            let numbers = (0..<64).filter { bits >> UInt64($0) & 1 == 1 }
            let list = numbers.map(String.init).joined(separator: ", ")
            return "uses feature\(numbers.count == 1 ? "" : "s") \(list), which this program does not know"
        case .section(let kind): return "has section \(kind), which this program does not know"
        }
    }
}

/// Four-byte marks at the start of every structure on disk.
enum Magic {
    static let page: UInt32 = 0x4750_5142  // "BQPG"
    static let commit: UInt32 = 0x4D43_5142  // "BQCM"
    static let segment: UInt32 = 0x4753_5142  // "BQSG"
    static let leaf: UInt32 = 0x464C_5142  // "BQLF"
    static let indexRoot: UInt32 = 0x5249_5142  // "BQIR"
    static let footer: UInt32 = 0x5446_5142  // "BQFT"
    static let root: UInt32 = 0x5452_5142  // "BQRT"
    static let shard: UInt32 = 0x4853_5142  // "BQSH"
    static let lease: UInt32 = 0x534C_5142  // "BQLS"
    static let note: UInt32 = 0x544E_5142  // "BQNT"
    static let labelBlock: UInt32 = 0x424C_5142  // "BQLB"
    static let labelRoot: UInt32 = 0x524C_5142  // "BQLR"
    static let status: UInt32 = 0x5453_5142  // "BQST"
}

extension ByteWriter {
    /// Appends the CRC-32C of everything written so far.
    mutating func appendChecksum() {
        append(bytes.withUnsafeBytes { CRC32C.checksum($0) })
    }
}

/// A 128-bit random name of a database or a file.
package struct FileIdentifier: Hashable, Sendable {
    let high: UInt64
    let low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A fresh random identifier.
    init(from fileSystem: any FileSystem) {
        self.init(high: fileSystem.randomUInt64(), low: fileSystem.randomUInt64())
    }

    /// Reads 16 bytes.
    init(_ cursor: inout ByteCursor) throws(StorageError) {
        high = try cursor.next()
        low = try cursor.next()
    }

    func write(to writer: inout ByteWriter) {
        writer.append(high)
        writer.append(low)
    }
}

extension FileIdentifier: CustomStringConvertible {
    /// 32 hexadecimal digits.
    package var description: String {
        func hex(_ value: UInt64) -> String {
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        return hex(high) + hex(low)
    }
}
