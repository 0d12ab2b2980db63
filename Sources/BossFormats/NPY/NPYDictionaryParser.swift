/// What the dictionary of an NPY header says.
struct NPYDictionary: Hashable {
    var descriptor: String
    var isFortranOrder: Bool
    var shape: [Int]
}

/// Reads the one kind of Python source that NPY headers are made of, without recursion:
///
///     {'descr': '<u8', 'fortran_order': False, 'shape': (3, 4, 5), }
///
/// All three keys stand once, in any order; nothing but white space follows.
struct NPYDictionaryParser {
    private let file: String
    private let text: [UInt8]
    private var index = 0

    /// numpy's limit on the rank is 64; more is damage.
    private static let maximumRank = 64

    init(file: String, text: [UInt8]) {
        self.file = file
        self.text = text
    }

    /// - Throws: `FormatError.corrupt` with the position, `.unsupported` for structured types.
    mutating func parse() throws(FormatError) -> NPYDictionary {
        var descriptor: String?
        var isFortranOrder: Bool?
        var shape: [Int]?
        try expect("{")
        while !take("}") {
            let key = try string()
            try expect(":")
            switch key {
            case "descr" where descriptor == nil: descriptor = try self.descriptor()
            case "fortran_order" where isFortranOrder == nil: isFortranOrder = try boolean()
            case "shape" where shape == nil: shape = try tuple()
            default: throw failure("the key '\(key)' is unknown or stands twice")
            }
            if !take(",") {
                try expect("}")
                break
            }
        }
        skipSpace()
        guard index == text.count else { throw failure("text follows the dictionary") }
        guard let descriptor, let isFortranOrder, let shape else {
            throw failure("one of descr, fortran_order and shape is missing")
        }
        return NPYDictionary(descriptor: descriptor, isFortranOrder: isFortranOrder, shape: shape)
    }

    private func failure(_ reason: String) -> FormatError {
        .corrupt(file: file, reason: "NPY header, character \(index): \(reason)")
    }

    private mutating func skipSpace() {
        while index < text.count, [0x20, 0x09, 0x0A, 0x0D].contains(text[index]) { index += 1 }
    }

    /// Takes a character if it comes next, after white space.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard index < text.count, text[index] == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(FormatError) {
        guard take(character) else { throw failure("expected '\(character)'") }
    }

    /// Quoted printable ASCII without escapes, at most 64 characters.
    private mutating func string() throws(FormatError) -> String {
        let quote: UInt8 = take("'") ? UInt8(ascii: "'") : UInt8(ascii: "\"")
        if quote == UInt8(ascii: "\"") { try expect("\"") }
        let start = index
        while index < text.count, text[index] != quote {
            guard 0x20..<0x7F ~= text[index], text[index] != UInt8(ascii: "\\"), index - start < 64 else {
                throw failure("expected a short text without escapes")
            }
            index += 1
        }
        guard index < text.count else { throw failure("a text has no end") }
        index += 1
        return String(decoding: text[start..<index - 1], as: UTF8.self)
    }

    private mutating func descriptor() throws(FormatError) -> String {
        if take("[") || take("(") { throw .unsupported(file: file, what: "a structured dtype") }
        return try string()
    }

    private mutating func boolean() throws(FormatError) -> Bool {
        skipSpace()
        for (word, value) in [("True", true), ("False", false)] where text[index...].starts(with: word.utf8) {
            index += word.utf8.count
            return value
        }
        throw failure("expected True or False")
    }

    private mutating func tuple() throws(FormatError) -> [Int] {
        try expect("(")
        var lengths: [Int] = []
        while !take(")") {
            guard lengths.count < Self.maximumRank else {
                throw failure("more than \(Self.maximumRank) lengths")
            }
            lengths.append(try length())
            if !take(",") {
                try expect(")")
                // (5) is a number in Python, not a tuple.
                if lengths.count == 1 { throw failure("expected ',' in a tuple of one length") }
                break
            }
        }
        return lengths
    }

    /// Decimal digits; Python 2 put an L behind some.
    private mutating func length() throws(FormatError) -> Int {
        skipSpace()
        let start = index
        while index < text.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= text[index] { index += 1 }
        let digits = String(decoding: text[start..<index], as: UTF8.self)
        guard !digits.isEmpty else { throw failure("expected a length, decimal digits") }
        guard let value = Int(digits) else {
            throw .tooLarge(
                file: file, what: "the shape has a length of \(digits.prefix(40))", limit: Int.max)
        }
        if index < text.count, text[index] == UInt8(ascii: "L") { index += 1 }
        return value
    }
}
