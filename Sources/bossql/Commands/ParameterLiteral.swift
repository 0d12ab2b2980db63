/// A value of `.param set`, as written.
indirect enum ParameterLiteral: Hashable {
    case null
    case integer(Int64)
    /// From 2^63 on.
    case unsigned(UInt64)
    case float(Double)
    case text(String)
    case boolean(Bool)
    case list([ParameterLiteral])
    /// `@block.npy`: the volume in a file.
    case file(String)

    private static let maximumDepth = 16

    /// Reads a number (decimal or `0x`, `_` allowed), `'text'`, TRUE, FALSE, NULL, a list in brackets, `@file`.
    init(parsing text: String) throws(ShellError) {
        var rest = Substring(text)
        guard let value = Self.value(&rest, depth: 0), Self.trimmed(rest).isEmpty else {
            throw .badParameter(text: text)
        }
        self = value
    }

    private static func trimmed(_ text: Substring) -> Substring { text.drop { $0 == " " || $0 == "\t" } }

    private static func value(_ rest: inout Substring, depth: Int) -> ParameterLiteral? {
        rest = trimmed(rest)
        switch rest.first {
        case "'": return quoted(&rest).map { .text($0) }
        case "(" where depth < maximumDepth: return list(&rest, depth: depth)
        case "@" where depth == 0:
            rest.removeFirst()
            if rest.first == "'" { return quoted(&rest).map { .file($0) } }
            defer { rest = "" }
            return rest.isEmpty ? nil : .file(String(rest))
        default:
            let word = rest.prefix { !" \t,()".contains($0) }
            rest = rest.dropFirst(word.count)
            return scalar(word)
        }
    }

    private static func quoted(_ rest: inout Substring) -> String? {
        rest.removeFirst()
        var text = ""
        while let character = rest.popFirst() {
            if character != "'" {
                text.append(character)
            } else if rest.first == "'" {
                text.append("'")
                rest.removeFirst()
            } else {
                return text
            }
        }
        return nil
    }

    private static func list(_ rest: inout Substring, depth: Int) -> ParameterLiteral? {
        rest.removeFirst()
        var items: [ParameterLiteral] = []
        rest = trimmed(rest)
        if rest.first == ")" {
            rest.removeFirst()
            return .list([])
        }
        while let item = value(&rest, depth: depth + 1) {
            items.append(item)
            rest = trimmed(rest)
            switch rest.popFirst() {
            case ",": continue
            case ")": return .list(items)
            default: return nil
            }
        }
        return nil
    }

    private static func scalar(_ word: Substring) -> ParameterLiteral? {
        switch word.uppercased() {
        case "NULL": return .null
        case "TRUE": return .boolean(true)
        case "FALSE": return .boolean(false)
        default: break
        }
        guard let first = word.first(where: { $0 != "-" }), first.isASCII, first.isNumber || first == "."
        else {
            return nil
        }
        let digits = word.replacing("_", with: "")
        let isNegative = digits.hasPrefix("-")
        let magnitude = isNegative ? digits.dropFirst() : digits[...]
        let isHexadecimal = magnitude.lowercased().hasPrefix("0x")
        let number = isHexadecimal ? UInt64(magnitude.dropFirst(2), radix: 16) : UInt64(magnitude)
        if let number {
            if !isNegative {
                return number <= UInt64(Int64.max) ? .integer(Int64(number)) : .unsigned(number)
            }
            if number <= UInt64(Int64.max) { return .integer(-Int64(number)) }
            return number == UInt64(Int64.max) + 1 ? .integer(.min) : nil
        }
        return isHexadecimal ? nil : Double(digits).flatMap { $0.isFinite ? .float($0) : nil }
    }
}

extension ParameterLiteral: CustomStringConvertible {
    var description: String {
        switch self {
        case .null: "NULL"
        case .integer(let number): "\(number)"
        case .unsigned(let number): "\(number)"
        case .float(let number): "\(number)"
        case .text(let text): "'" + text.replacing("'", with: "''") + "'"
        case .boolean(let flag): flag ? "TRUE" : "FALSE"
        case .list(let items): "(" + items.map(\.description).joined(separator: ", ") + ")"
        case .file(let path): "@\(path)"
        }
    }
}
