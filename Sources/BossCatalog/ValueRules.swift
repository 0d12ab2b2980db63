import BossGeometry

/// What names and values may look like; the refusals carry what is allowed.
package enum ValueRules {
    static let longestName = 255
    static let longestDescription = 4096
    static let longestKey = 255
    static let longestValueByteCount = 16 << 20
    static let longestPattern = 1024

    /// Checks a name: 1 to 255 of `A-Z a-z 0-9 _ -`, as BossDB allows.
    static func checkName(_ name: String, kind: ResourceKind) throws(CatalogError) {
        guard isName(name) else { throw .invalidName(kind: kind, name: shortened(name)) }
    }

    /// Whether a text may be the name of something: 1 to 255 letters, digits, `_` and `-`.
    package static func isName(_ name: String) -> Bool {
        1...longestName ~= name.utf8.count && name.utf8.allSatisfy(isNameByte)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    static func checkDescription(_ text: String) throws(CatalogError) {
        guard isText(text, longest: longestDescription) else {
            throw .invalidValue(
                field: "description", value: shortened(text),
                allowed: "at most \(longestDescription) characters, no NUL")
        }
    }

    static func checkCreator(_ name: String) throws(CatalogError) {
        guard isText(name, longest: longestName) else {
            throw .invalidValue(
                field: "creator", value: shortened(name), allowed: "at most \(longestName) characters, no NUL"
            )
        }
    }

    static func checkKey(_ key: String) throws(CatalogError) {
        guard !key.isEmpty, isText(key, longest: longestKey) else {
            throw .invalidName(kind: .metadataKey, name: shortened(key))
        }
    }

    static func checkMetadataValueSize(_ value: String) throws(CatalogError) {
        guard value.utf8.count <= longestValueByteCount, !value.utf8.contains(0) else {
            throw .invalidValue(
                field: "metadata value", value: shortened(value),
                allowed: "a JSON text of at most \(longestValueByteCount) bytes")
        }
    }

    static func checkPattern(_ pattern: String) throws(CatalogError) {
        guard isText(pattern, longest: longestPattern) else {
            throw .invalidValue(
                field: "pattern", value: shortened(pattern),
                allowed: "at most \(longestPattern) characters, no NUL")
        }
    }

    static func check(_ field: String, _ value: Int, in range: ClosedRange<Int>) throws(CatalogError) {
        guard range ~= value else {
            throw .invalidValue(
                field: field, value: "\(value)", allowed: "\(range.lowerBound) to \(range.upperBound)")
        }
    }

    /// Characters are Unicode scalars, as SQLite counts them. NUL is refused because SQLite would cut there.
    private static func isText(_ text: String, longest: Int) -> Bool {
        text.utf8.count <= longest * 4 && text.unicodeScalars.count <= longest && !text.utf8.contains(0)
    }

    /// Enough of a refused text to recognise it.
    static func shortened(_ text: String) -> String { String(text.unicodeScalars.prefix(300)) }
}
