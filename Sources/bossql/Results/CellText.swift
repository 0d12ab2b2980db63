import BossQuery
import Glibc

/// One value as text, for people and for machines.
enum CellText {
    /// A value as it stands in CSV and before escaping in every other format, NULL excepted.
    static func plain(_ value: Value) -> String {
        switch value {
        case .null: ""
        case .boolean(let flag): flag ? "true" : "false"
        case .integer(let number): String(number)
        case .unsigned(let number): String(number)
        case .float(let number): String(describing: number)
        case .text(let text): text
        case .bytes(let bytes): hex(bytes)
        case .timestamp(let microseconds): timestamp(microseconds)
        }
    }

    /// A value on one line of a terminal: bytes as the literal `X'0aff'`, short numbers, no control characters.
    static func shown(_ value: Value, null: String) -> String {
        switch value {
        case .null: null
        case .bytes(let bytes):
            bytes.count <= 32 ? "X'\(hex(bytes))'" : "X'\(hex(bytes.prefix(32)))...' (\(bytes.count) bytes)"
        case .text(let text): DisplayWidth.printable(text)
        case .float(let number): shortened(number)
        case .boolean, .integer, .unsigned, .timestamp: plain(value)
        }
    }

    /// A number to 7 significant digits, whole numbers as they are: `44.61177`, `317151210`, `1.5e-07`.
    static func shortened(_ number: Double) -> String {
        let size = abs(number)
        // Beyond these the powers of ten below are no longer exact enough.
        guard size.isFinite, size == 0 || (1e-300..<1e300).contains(size) else {
            return plain(.float(number))
        }
        let sign = number < 0 ? "-" : ""
        if size == size.rounded(), size < 1e15 { return "\(sign)\(Int64(size))" }
        var exponent = Int(log10(size).rounded(.down))
        if (-4..<15).contains(exponent) {
            return sign + trimmed(size, places: min(10, max(0, 6 - exponent)))
        }
        var mantissa = trimmed(size / pow(10, Double(exponent)), places: 6)
        if mantissa == "10" { (mantissa, exponent) = ("1", exponent + 1) }
        return "\(sign)\(mantissa)e\(exponent < 0 ? "-" : "+")\(padded(Int64(abs(exponent)), 2))"
    }

    /// A number with as many decimal places as it needs, at most `places`.
    private static func trimmed(_ size: Double, places: Int) -> String {
        var scale: Int64 = 1
        for _ in 0..<places { scale *= 10 }
        let scaled = Int64((size * Double(scale)).rounded())
        var fraction = padded(scaled % scale, places)
        while fraction.last == "0" { fraction.removeLast() }
        return fraction.isEmpty ? String(scaled / scale) : "\(scaled / scale).\(fraction)"
    }

    static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// ISO 8601 in UTC, `2026-03-01T12:00:00Z`, with microseconds only where there are some.
    static func timestamp(_ microseconds: Int64) -> String {
        let perSecond: Int64 = 1_000_000
        let seconds = floorDivide(microseconds, perSecond)
        let fraction = (microseconds % perSecond + perSecond) % perSecond
        let days = floorDivide(seconds, 86_400)
        let clock = seconds - days * 86_400
        let date = civilDate(daysSince1970: days)
        let sign = date.year < 0 ? "-" : ""
        var text = "\(sign)\(padded(abs(date.year), 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
        text += "T\(padded(clock / 3600, 2)):\(padded(clock / 60 % 60, 2)):\(padded(clock % 60, 2))"
        if fraction != 0 { text += "." + padded(fraction, 6) }
        return text + "Z"
    }

    /// Proleptic Gregorian date of a day number.
    ///
    /// Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
    private static func civilDate(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = daysSince1970 + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
