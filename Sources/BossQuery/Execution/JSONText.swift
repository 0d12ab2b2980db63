import Foundation

/// JSON as RFC 8259 has it, as far as metadata needs it.
///
/// The rules are those of the catalog (SQLite's json_valid), so that what is taken for JSON here is accepted
/// there.
enum JSONText {
    /// Arrays and objects inside one another; deeper text is taken for plain text.
    static let maximumDepth = 1000

    /// Whether a text is one JSON value.
    static func isValid(_ text: String) -> Bool {
        var scanner = JSONScanner(bytes: Array(text.utf8))
        return scanner.document()
    }

    /// The value of a key of an object; nil for other text, and where there is no such key.
    ///
    /// - Parameter asText: gives strings without quotes and escapes, and nil for null; else JSON is given as it stands.
    static func member(_ key: String, of text: String, asText: Bool) -> String? {
        var scanner = JSONScanner(bytes: Array(text.utf8))
        guard isValid(text), let value = scanner.member(key) else { return nil }
        guard asText else { return String(decoding: value, as: UTF8.self) }
        if value.elementsEqual("null".utf8) { return nil }
        return content(ofString: value) ?? String(decoding: value, as: UTF8.self)
    }

    /// What a JSON string says; nil for other JSON.
    fileprivate static func content(ofString json: ArraySlice<UInt8>) -> String? {
        // An escape of half a character has no content.
        json.first == UInt8(ascii: "\"") ? try? JSONDecoder().decode(String.self, from: Data(json)) : nil
    }

    /// A text as a JSON string.
    static func string(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

/// Walks over the bytes once, with a stack instead of recursion.
private struct JSONScanner {
    private enum Closer: UInt8 {
        case array = 0x5D
        case object = 0x7D
    }

    let bytes: [UInt8]
    private var index = 0
    private var open: [Closer] = []

    init(bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    mutating func document() -> Bool {
        repeat {
            skipBlanks()
            // A value begins here: containers only open, so that the loop goes on inside them.
            if accept("[") {
                guard open.count < JSONText.maximumDepth else { return false }
                skipBlanks()
                if !accept("]") {
                    open.append(.array)
                    continue
                }
            } else if accept("{") {
                guard open.count < JSONText.maximumDepth else { return false }
                skipBlanks()
                if !accept("}") {
                    open.append(.object)
                    guard key() else { return false }
                    skipBlanks()
                    continue
                }
            } else if !scalar() {
                return false
            }
            guard closeOrSeparate() else { return false }
        } while !open.isEmpty
        skipBlanks()
        return index == bytes.count
    }

    /// The bytes of the value of a key, in a document that is an object and valid.
    mutating func member(_ key: String) -> ArraySlice<UInt8>? {
        skipBlanks()
        guard accept("{") else { return nil }
        repeat {
            skipBlanks()
            let nameStart = index
            guard string() else { return nil }
            let name = bytes[nameStart..<index]
            skipBlanks()
            guard accept(":") else { return nil }
            skipBlanks()
            let start = index
            skipValue()
            if JSONText.content(ofString: name) == key { return bytes[start..<index] }
            skipBlanks()
        } while accept(",")
        return nil
    }

    /// Moves behind a value of a valid document.
    private mutating func skipValue() {
        var depth = 0
        repeat {
            skipBlanks()
            switch next {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                index += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                index += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"): index += 1
            default: guard scalar() else { return }
            }
        } while depth > 0
    }

    /// After a value: closes what ends here, or takes the comma before the next value.
    private mutating func closeOrSeparate() -> Bool {
        while let container = open.last {
            skipBlanks()
            if next == container.rawValue {
                index += 1
                open.removeLast()
            } else if accept(",") {
                skipBlanks()
                return container == .array || key()
            } else {
                return false
            }
        }
        return true
    }

    private mutating func key() -> Bool {
        guard string() else { return false }
        skipBlanks()
        return accept(":")
    }

    private mutating func scalar() -> Bool {
        switch next {
        case UInt8(ascii: "\""): string()
        case UInt8(ascii: "t"): word("true")
        case UInt8(ascii: "f"): word("false")
        case UInt8(ascii: "n"): word("null")
        default: number()
        }
    }

    private mutating func string() -> Bool {
        guard accept("\"") else { return false }
        while let byte = next {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return true
            case UInt8(ascii: "\\"): guard escape() else { return false }
            case 0..<0x20: return false
            default: break
            }
        }
        return false
    }

    private mutating func escape() -> Bool {
        guard let byte = next else { return false }
        index += 1
        guard byte == UInt8(ascii: "u") else { return "\"\\/bfnrt".utf8.contains(byte) }
        guard bytes.count - index >= 4, bytes[index..<index + 4].allSatisfy(Self.isHexDigit) else {
            return false
        }
        index += 4
        return true
    }

    private mutating func number() -> Bool {
        _ = accept("-")
        if !accept("0"), !digits() { return false }
        if accept("."), !digits() { return false }
        if accept("e") || accept("E") {
            if !accept("+") { _ = accept("-") }
            return digits()
        }
        return true
    }

    private mutating func digits() -> Bool {
        let start = index
        while let byte = next, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { index += 1 }
        return index > start
    }

    private mutating func word(_ word: String) -> Bool {
        guard bytes[index...].starts(with: word.utf8) else { return false }
        index += word.utf8.count
        return true
    }

    private mutating func accept(_ symbol: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: symbol) else { return false }
        index += 1
        return true
    }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || 0x09...0x0A ~= byte || byte == 0x0D { index += 1 }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
