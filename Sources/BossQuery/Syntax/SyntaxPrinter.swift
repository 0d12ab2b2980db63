import BossDatabase
import BossGeometry

/// Writes trees as canonical text: keywords in capitals, one space between words, no more brackets than needed.
///
/// Parsing the text of a tree gives an equal tree.
struct SyntaxPrinter {
    private(set) var text = ""

    /// Appends words with a space before them.
    mutating func word(_ words: String...) {
        for word in words {
            if !text.isEmpty, text.last != " ", text.last != "(" { text += " " }
            text += word
        }
    }

    /// Appends text as it is.
    mutating func raw(_ string: String) { text += string }

    /// Appends elements with commas between them.
    mutating func list<Element>(_ elements: [Element], _ write: (inout SyntaxPrinter, Element) -> Void) {
        for (index, element) in elements.enumerated() {
            if index > 0 { raw(", ") }
            write(&self, element)
        }
    }

    /// Appends `(...)`, after a space unless it is a call.
    mutating func brackets(isCall: Bool = false, _ write: (inout SyntaxPrinter) -> Void) {
        if isCall { raw("(") } else { word("(") }
        write(&self)
        raw(")")
    }

    mutating func word(if condition: Bool, _ words: String...) {
        guard condition else { return }
        for next in words { word(next) }
    }
}

/// Names, paths and constants.
extension SyntaxPrinter {
    mutating func identifier(_ name: Identifier) { word(Self.spelling(of: name)) }

    static func spelling(of name: Identifier) -> String {
        name.isQuoted ? quoted(name.text, by: "\"") : name.text
    }

    /// An identifier by the name that it stands for.
    static func identifier(named name: String) -> String {
        let isPlain =
            name.utf8.first?.isWordStart == true && name.utf8.allSatisfy(\.isWordByte)
            && name == name.lowercased() && Keyword(word: name)?.isReserved != true
        return isPlain ? name : quoted(name, by: "\"")
    }

    mutating func alias(_ alias: Identifier?) {
        guard let alias else { return }
        word("AS")
        identifier(alias)
    }

    mutating func path(_ path: PathSyntax) {
        var spelling: String
        if path.segments.count == 1, let name = path.segments.first, Keyword(word: name) != nil {
            spelling = Self.quoted(name, by: "\"")
        } else {
            spelling = path.segments.map(Self.segment).joined(separator: "/")
        }
        if let version = path.version { spelling += "@" + Self.spelling(of: version) }
        word(spelling)
    }

    /// A name by the rules for paths. One that would begin a comment is quoted.
    static func segment(_ name: String) -> String {
        let isPlain = !name.isEmpty && name.utf8.allSatisfy(\.isNameByte) && !name.hasPrefix("-")
        return isPlain ? name : quoted(name, by: "\"")
    }

    mutating func name(_ name: Located<String>) { word(Self.segment(name.value)) }

    static func spelling(of version: VersionReference) -> String { spelling(of: version.kind) }

    static func spelling(of version: VersionReference.Kind) -> String {
        switch version {
        case .name(let name): segment(name)
        case .commit(let number): "#\(number)"
        case .time(let time): quoted(time, by: "'")
        }
    }

    /// The text between quotes, with the quotes inside it doubled.
    static func quoted(_ text: String, by quote: Unicode.Scalar) -> String {
        var result = String(quote)
        for scalar in text.unicodeScalars {
            result.unicodeScalars.append(scalar)
            if scalar == quote { result.unicodeScalars.append(quote) }
        }
        result.unicodeScalars.append(quote)
        return result
    }

    mutating func text(_ text: Located<String>) { word(Self.quoted(text.value, by: "'")) }

    mutating func scalar(_ scalar: Scalar) {
        switch scalar {
        case .literal(let literal, _): word(Self.spelling(of: literal))
        case .parameter(let number, _): word("$\(number)")
        }
    }

    mutating func parameter(_ number: Int) { word("$\(number)") }

    static func spelling(of literal: Literal) -> String {
        switch literal {
        case .null: "NULL"
        case .boolean(let value): value ? "TRUE" : "FALSE"
        case .unsigned(let value): String(value)
        case .signed(let value): String(value)
        case .float(let value): spelling(of: value)
        case .text(let value): quoted(value, by: "'")
        case .bytes(let bytes): "X'" + bytes.map(hexadecimal).joined() + "'"
        case .quantity(let value): spelling(of: value)
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.utf8.count == 1 ? "0" + digits : digits
    }

    /// A decimal that reads back as the same decimal; it always has a fraction or an exponent.
    static func spelling(of value: Double) -> String { value.description }

    static func spelling(of quantity: Quantity) -> String {
        let number = quantity.value.description
        return (number.hasSuffix(".0") ? String(number.dropLast(2)) : number) + quantity.unit.rawValue
    }
}

/// Regions.
extension SyntaxPrinter {
    mutating func region(_ region: RegionSyntax) {
        if let clause = region.resolution { resolution(clause) }
        if let level = region.coordinates { word("COORDS", "RES", String(level.value)) }
        if let shape = region.shape { self.shape(shape) }
        for axis in Axis.allCases {
            if let clause = region[axis] { self.axis(axis.rawValue, clause) }
        }
        if let path = region.regionOfInterest {
            word("IN", "ROI")
            self.path(path)
        }
        if let clause = region.outside { outside(clause) }
    }

    private mutating func resolution(_ clause: ResolutionClause) {
        switch clause.choice {
        case .level(let level): word("RES", String(level))
        case .voxelSize(let size): word("RES", "AT", Self.spelling(of: size))
        }
        word(if: clause.isIsotropic, "ISO")
    }

    mutating func axis(_ name: String, _ clause: AxisClause) {
        let range =
            switch clause.range {
            case .all: "*"
            case .single(let bound): Self.spelling(of: bound)
            case .interval(let lower, let upper):
                (lower.map(Self.spelling) ?? "") + ":" + (upper.map(Self.spelling) ?? "")
            }
        word(name, range)
    }

    private mutating func shape(_ shape: RegionShape) {
        switch shape {
        case .box(let first, let second, _):
            word("BOX")
            point(first)
            word("TO")
            point(second)
        case .around(let center, let size, _):
            word("AROUND")
            point(center)
            word("SIZE", Self.spelling(of: size))
        case .object(let id, let padding, _):
            word("OF", "ID")
            scalar(id)
            if let padding { word("PAD", String(padding.value)) }
        }
    }

    private mutating func outside(_ clause: OutsideClause) {
        word("OUTSIDE")
        switch clause.policy {
        case .error: word("ERROR")
        case .clip: word("CLIP")
        case .fill(let value):
            word("FILL")
            if let value { scalar(value) }
        }
    }

    mutating func point(_ point: PointSyntax) {
        let bounds = [point.x, point.y, point.z].map(Self.spelling)
        word("(" + bounds.joined(separator: ", ") + ")")
    }

    static func spelling(of bound: Bound) -> String {
        switch bound {
        case .integer(let value, _): String(value)
        case .quantity(let quantity, _): spelling(of: quantity)
        case .parameter(let number, _): "$\(number)"
        }
    }

    static func spelling(of size: SizeSyntax) -> String { "\(size.x), \(size.y), \(size.z)" }
}
