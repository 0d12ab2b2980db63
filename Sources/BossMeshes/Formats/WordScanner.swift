/// Reads the words of a text file, line by line, without copying it.
struct WordScanner {
    private let bytes: [UInt8]
    private let format: MeshFormat
    private(set) var offset: Int
    /// The line that is read, from 1.
    private(set) var line: Int

    /// Longer words are no numbers.
    private static let wordLimit = 128

    init(_ bytes: [UInt8], from offset: Int = 0, line: Int = 1, format: MeshFormat) {
        (self.bytes, self.offset, self.line, self.format) = (bytes, offset, line, format)
    }

    var isAtEnd: Bool { offset >= bytes.count }
    /// Bytes that were not read.
    var remaining: Int { bytes.count - offset }

    func malformed(_ reason: String) -> MeshError {
        .malformed(format: format, place: "line \(line)", reason: reason)
    }

    /// The next word of the line; nil at its end.
    mutating func word() -> ArraySlice<UInt8>? {
        skipBlanks()
        let start = offset
        while offset < bytes.count, !Self.isBlank(bytes[offset]), !Self.isBreak(bytes[offset]) { offset += 1 }
        return offset > start ? bytes[start..<offset] : nil
    }

    /// The next word, which may stand in a later line.
    mutating func wordOfAnyLine() throws(MeshError) -> ArraySlice<UInt8> {
        while true {
            if let word = word() { return word }
            guard !isAtEnd else { throw malformed("the file ends too early") }
            nextLine()
        }
    }

    /// Goes to the beginning of the next line; a line may end with CR, LF or both.
    mutating func nextLine() {
        while offset < bytes.count, !Self.isBreak(bytes[offset]) { offset += 1 }
        guard offset < bytes.count else { return }
        let isReturn = bytes[offset] == 13
        offset += 1
        if isReturn, offset < bytes.count, bytes[offset] == 10 { offset += 1 }
        line += 1
    }

    /// A blank, or a backslash at the end of a line, which goes on in the next one.
    private mutating func skipBlanks() {
        while offset < bytes.count {
            if Self.isBlank(bytes[offset]) {
                offset += 1
            } else if bytes[offset] == 92, offset + 1 < bytes.count, Self.isBreak(bytes[offset + 1]) {
                nextLine()
            } else {
                return
            }
        }
    }

    func number(_ word: ArraySlice<UInt8>) throws(MeshError) -> Double {
        guard word.count <= Self.wordLimit, let value = Double(String(decoding: word, as: UTF8.self)),
            value.isFinite
        else { throw malformed("\(Self.shown(word)) is not a number") }
        return value
    }

    func integer(_ word: ArraySlice<UInt8>) throws(MeshError) -> Int {
        var rest = word
        let isNegative = rest.first == 45
        if isNegative { rest = rest.dropFirst() }
        var value = 0
        guard (1...18).contains(rest.count) else { throw malformed("\(Self.shown(word)) is not an integer") }
        for byte in rest {
            guard (48...57).contains(byte) else { throw malformed("\(Self.shown(word)) is not an integer") }
            value = value * 10 + Int(byte - 48)
        }
        return isNegative ? -value : value
    }

    /// A coordinate, which a mesh keeps with single precision.
    mutating func coordinate() throws(MeshError) -> Float {
        guard let word = word() else { throw malformed("a coordinate is missing") }
        let value = Float(try number(word))
        guard value.isFinite else { throw malformed("\(Self.shown(word)) is too large") }
        return value
    }

    /// A word for a message, cut and without what a terminal might obey.
    static func shown(_ word: ArraySlice<UInt8>) -> String {
        let printable = word.prefix(24).map { (32...126).contains($0) ? $0 : 63 }
        return "'" + String(decoding: printable, as: UTF8.self) + (word.count > 24 ? "…'" : "'")
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }
    private static func isBreak(_ byte: UInt8) -> Bool { byte == 10 || byte == 13 }
}
