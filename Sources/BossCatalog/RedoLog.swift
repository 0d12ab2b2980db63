import GRDB

/// The statements that changed rows in a transaction, as bytes that run them again.
///
/// | offset | bytes | content |
/// | --- | --- | --- |
/// | 0 | 4 | `BCRL` |
/// | 4 | 1 | version, 1 |
/// | 5 | 8 | digest in the seal of the state that the statements were run on, little-endian |
/// | 13 | 8 | byte count *n* of the records, little-endian |
/// | 21 | *n* | records |
/// | 21 + *n* | 8 | FNV-1a hash of all bytes before, little-endian |
///
/// A record is the number of the statement's text (the next free number is followed by the text itself), the number
/// of arguments and the arguments. An argument is a tag: 0 null, 1 integer, 2 real (8 bytes, little-endian), 3 text
/// in UTF-8, 4 bytes (length, content). Numbers and lengths of records are LEB128 of at most 64 bits.
struct RedoLog {
    static let magic: [UInt8] = Array("BCRL".utf8) + [1]
    static let headerByteCount = 21
    static let checksumByteCount = 8

    /// How much was recorded at some moment.
    struct Mark {
        fileprivate var byteCount: Int
        fileprivate var textCount: Int
    }

    private var records: [UInt8] = []
    private var texts: [String: Int] = [:]

    var isEmpty: Bool { records.isEmpty }
    var mark: Mark { Mark(byteCount: records.count, textCount: texts.count) }

    mutating func append(_ sql: String, _ arguments: [DatabaseValue]) {
        if let number = texts[sql] {
            append(number: number)
        } else {
            append(number: texts.count)
            append(tag: nil, Array(sql.utf8))
            texts[sql] = texts.count
        }
        append(number: arguments.count)
        for argument in arguments {
            switch argument.storage {
            case .null: records.append(0)
            case .int64(let integer): append(tag: 1, UInt64(bitPattern: integer))
            case .double(let real): append(tag: 2, real.bitPattern)
            case .string(let text): append(tag: 3, Array(text.utf8))
            case .blob(let bytes): append(tag: 4, Array(bytes))
            }
        }
    }

    /// Forgets what was recorded after a mark.
    mutating func rollBack(to mark: Mark) {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.keepRolledBackRedo) { return }
        #endif
        records.removeLast(records.count - mark.byteCount)
        guard texts.count > mark.textCount else { return }
        texts = texts.filter { $0.value < mark.textCount }
    }

    /// The bytes to keep; empty if no statement changed anything.
    func encoded(base: Int64) -> [UInt8] {
        guard !isEmpty else { return [] }
        var bytes = Self.magic
        bytes.reserveCapacity(Self.headerByteCount + records.count + Self.checksumByteCount)
        bytes += Self.littleEndian(UInt64(bitPattern: base))
        bytes += Self.littleEndian(UInt64(records.count))
        bytes += records
        var hash = FNV1a()
        hash.add(bytes)
        bytes += Self.littleEndian(hash.value)
        return bytes
    }

    private static func littleEndian(_ word: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
    }

    private mutating func append(number: Int) {
        var rest = UInt64(number)
        while rest >= 0x80 {
            records.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        records.append(UInt8(rest))
    }

    private mutating func append(tag: UInt8, _ word: UInt64) {
        records.append(tag)
        records += Self.littleEndian(word)
    }

    private mutating func append(tag: UInt8?, _ bytes: [UInt8]) {
        if let tag { records.append(tag) }
        append(number: bytes.count)
        records += bytes
    }
}
