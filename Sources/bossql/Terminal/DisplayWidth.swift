/// How many terminal columns text takes.
///
/// Combining marks take none, East Asian wide characters and emoji two. Follows the blocks of
/// Unicode Standard Annex 11 in the coarse form that terminals use.
enum DisplayWidth {
    static func of(_ text: String) -> Int {
        var width = 0
        for scalar in text.unicodeScalars { width += columns(scalar) }
        return width
    }

    static func of(_ text: Substring) -> Int {
        var width = 0
        for scalar in text.unicodeScalars { width += columns(scalar) }
        return width
    }

    static func columns(_ scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x300 { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: return isWide(scalar.value) ? 2 : 1
        }
    }

    private static func isWide(_ value: UInt32) -> Bool {
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF,
            0xA000...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            true
        default: false
        }
    }

    /// The text without control characters: newline and tab as `\n` and `\t`, the others as `\x1B`, those that change
    /// the direction of writing as `\u{202E}`.
    ///
    /// Stored text must not be able to steer the terminal that shows it, nor to show in another order than it is in.
    static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where isControl(scalar):
                let digits = String(scalar.value, radix: 16, uppercase: true)
                result +=
                    digits.count > 2 ? "\\u{\(digits)}" : digits.count == 1 ? "\\x0\(digits)" : "\\x\(digits)"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.properties.isBidiControl
    }

    /// The text cut to a width, with `…` (or `~` without UTF-8) where something is missing.
    static func truncated(_ text: String, to width: Int, isUTF8: Bool) -> String {
        guard width > 0, of(text) > width else { return text }
        var result = ""
        var used = 0
        for character in text {
            let columns = of(String(character))
            if used + columns > width - 1 { break }
            result.append(character)
            used += columns
        }
        return result + (isUTF8 ? "…" : "~")
    }
}
