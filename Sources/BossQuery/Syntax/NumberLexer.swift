import BossDatabase

/// Numbers, quantities, parameters and byte literals.
extension Lexer {
    /// An integer, a decimal, or either with a unit.
    mutating func number() throws(DatabaseError) -> Token.Kind {
        let start = mark
        if byte() == UInt8(ascii: "0"),
            byte(ahead: 1) == UInt8(ascii: "x") || byte(ahead: 1) == UInt8(ascii: "X")
        {
            advance(2)
            return .integer(try integer(radix: 16, from: start))
        }
        var digits = run { $0.isDigit || $0 == UInt8(ascii: "_") }
        try checkSeparators(digits, from: start)
        digits.removeAll { $0 == "_" }
        var isDecimal = false
        if byte() == UInt8(ascii: "."), byte(ahead: 1)?.isDigit == true {
            isDecimal = true
            advance()
            digits += "." + run { $0.isDigit }
        }
        if let exponent = exponent() {
            isDecimal = true
            digits += exponent
        }
        let unitStart = mark
        let suffix = unitSuffix()
        if suffix.isEmpty, !isDecimal {
            guard let value = UInt64(digits) else { throw tooLarge(from: start) }
            return .integer(value)
        }
        guard let value = Double(digits), value.isFinite else { throw tooLarge(from: start) }
        if suffix.isEmpty { return .decimal(value) }
        guard let unit = MeasurementUnit(spelling: suffix) else {
            let units = MeasurementUnit.allCases.map(\.rawValue).joined(separator: " ")
            throw failure(
                "\(suffix) is not a unit", from: unitStart,
                hint: "units are \(units); a word after a number needs a space before it")
        }
        return .quantity(Quantity(value: value, unit: unit))
    }

    /// Reads the exponent of a decimal if the text has one: `e`, a sign or none, digits.
    private mutating func exponent() -> String? {
        guard byte() == UInt8(ascii: "e") || byte() == UInt8(ascii: "E") else { return nil }
        let isSigned = byte(ahead: 1) == UInt8(ascii: "-") || byte(ahead: 1) == UInt8(ascii: "+")
        guard byte(ahead: isSigned ? 2 : 1)?.isDigit == true else { return nil }
        let start = mark.offset
        advance(isSigned ? 2 : 1)
        _ = run { $0.isDigit }
        return string(from: start, to: mark.offset)
    }

    /// The word at the mark, which may start with a micro sign; empty if there is none.
    mutating func unitSuffix() -> String {
        let start = mark.offset
        let isMicro =
            (byte() == 0xC2 && byte(ahead: 1) == 0xB5) || (byte() == 0xCE && byte(ahead: 1) == 0xBC)
        if isMicro { advance(2) }
        _ = run { $0.isWordByte }
        return string(from: start, to: mark.offset)
    }

    /// Digits of an integer in a radix, without a prefix.
    private mutating func integer(radix: Int, from start: TextMark) throws(DatabaseError) -> UInt64 {
        let run = run { $0.isWordByte }
        try checkSeparators(run, from: start)
        let digits = run.filter { $0 != "_" }
        guard digits.utf8.allSatisfy(\.isHexadecimalDigit) else {
            throw failure("a hexadecimal number has only the digits 0 to 9 and a to f", from: start)
        }
        guard let value = UInt64(digits, radix: radix) else { throw tooLarge(from: start) }
        return value
    }

    /// `_` must stand between two digits.
    private func checkSeparators(_ digits: String, from start: TextMark) throws(DatabaseError) {
        let underscore = UInt8(ascii: "_")
        var previous = underscore
        for byte in digits.utf8 {
            if byte == underscore, previous == underscore { break }
            previous = byte
        }
        if previous == underscore {
            throw failure("_ in a number must stand between two digits", from: start)
        }
    }

    private func tooLarge(from start: TextMark) -> DatabaseError {
        failure(
            "the number is out of range", from: start,
            hint: "integers go from 0 to 18446744073709551615", sqlState: "22003")
    }

    /// `$1` to `$999`.
    mutating func parameter() throws(DatabaseError) -> Int {
        let start = mark
        advance()
        let digits = run { $0.isWordByte }
        guard digits.utf8.allSatisfy(\.isDigit), let number = Int(digits), (1...999).contains(number) else {
            throw failure("parameters are written $1 to $999", from: start)
        }
        return number
    }

    /// `X'0aff'`.
    mutating func hexadecimalBytes() throws(DatabaseError) -> [UInt8] {
        let start = mark
        advance()
        let digits = Array(try quoted(by: UInt8(ascii: "'"), what: "byte literal").utf8)
        guard digits.count.isMultiple(of: 2) else {
            throw failure("a byte literal needs an even number of digits", from: start)
        }
        var content: [UInt8] = []
        content.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index].hexadecimalValue, let low = digits[index + 1].hexadecimalValue
            else {
                throw failure("a byte literal has only the digits 0 to 9 and a to f", from: start)
            }
            content.append(high << 4 | low)
        }
        return content
    }
}

extension MeasurementUnit {
    /// The unit that a word spells; `µ` (either micro sign or Greek letter) may stand for the `u` of micro.
    init?(spelling: String) {
        let isMicro = spelling.utf8.starts(with: [0xC2, 0xB5]) || spelling.utf8.starts(with: [0xCE, 0xBC])
        self.init(
            rawValue: isMicro ? "u" + spelling.unicodeScalars.dropFirst().map(String.init).joined() : spelling
        )
    }
}
