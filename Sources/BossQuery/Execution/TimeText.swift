/// Times as text, ISO 8601: `2026-03-01`, `2026-03-01T12:00`, `2026-03-01 12:00:00.25+01:00`. Without a zone UTC
/// is meant.
enum TimeText {
    static let hint = "write it as '2026-03-01', '2026-03-01T12:00:00Z' or '2026-03-01 12:00:00+01:00'"

    /// Microseconds since 1970 UTC; nil for a text that is no time, years 1 to 9999.
    static func microseconds(_ text: String) -> Int64? {
        var rest = Scanner(Array(text.utf8))
        guard let year = rest.number(4), rest.take("-"), let month = rest.number(2), rest.take("-"),
            let day = rest.number(2), year >= 1, 1...12 ~= month, 1...length(of: month, in: year) ~= day
        else { return nil }
        var seconds = days(year, month, day) * 86_400
        guard !rest.isAtEnd else { return seconds * 1_000_000 }
        guard rest.take("T") || rest.take("t") || rest.take(" "), let hour = rest.number(2), hour < 24,
            rest.take(":"), let minute = rest.number(2), minute < 60
        else { return nil }
        seconds += hour * 3600 + minute * 60
        var fraction: Int64 = 0
        if rest.take(":") {
            guard let second = rest.number(2), second < 60 else { return nil }
            seconds += second
            if rest.take(".") {
                guard let digits = rest.fraction() else { return nil }
                fraction = digits
            }
        }
        guard let offset = rest.zone(), rest.isAtEnd else { return nil }
        return (seconds - offset) * 1_000_000 + fraction
    }

    private static func length(of month: Int64, in year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from 1970-01-01 in the Gregorian calendar.
    ///
    /// Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = (shifted / 400, shifted % 400)
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private struct Scanner {
        private var bytes: ArraySlice<UInt8>

        init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

        var isAtEnd: Bool { bytes.isEmpty }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard bytes.first == UInt8(ascii: character) else { return false }
            bytes.removeFirst()
            return true
        }

        private mutating func digit() -> Int64? {
            guard let byte = bytes.first, byte.isDigit else { return nil }
            bytes.removeFirst()
            return Int64(byte - UInt8(ascii: "0"))
        }

        /// Exactly that many digits.
        mutating func number(_ digitCount: Int) -> Int64? {
            var value: Int64 = 0
            for _ in 0..<digitCount {
                guard let digit = digit() else { return nil }
                value = value * 10 + digit
            }
            return value
        }

        /// Digits behind the point as microseconds; further ones are dropped.
        mutating func fraction() -> Int64? {
            var (value, unit): (Int64, Int64) = (0, 100_000)
            guard bytes.first?.isDigit == true else { return nil }
            while let digit = digit() {
                value += digit * unit
                unit /= 10
            }
            return value
        }

        /// Seconds east of UTC: `Z`, `+01:00`, `+0100`, `+01`, or nothing.
        mutating func zone() -> Int64? {
            if isAtEnd || take("Z") || take("z") { return 0 }
            let sign: Int64 = take("+") ? 1 : -1
            guard sign == 1 || take("-"), let hours = number(2), hours < 24 else { return nil }
            guard !isAtEnd else { return sign * hours * 3600 }
            _ = take(":")
            guard let minutes = number(2), minutes < 60 else { return nil }
            return sign * (hours * 3600 + minutes * 60)
        }
    }
}
