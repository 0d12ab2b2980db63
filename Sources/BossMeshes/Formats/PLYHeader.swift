/// The header of a PLY file: which numbers its elements have, and how they are written.
///
/// Source: G. Turk, "The PLY polygon file format", Stanford, 1994.
struct PLYHeader {
    enum Encoding: String {
        case ascii
        case littleEndian = "binary_little_endian"
        case bigEndian = "binary_big_endian"
    }

    enum Number {
        case int8, uint8, int16, uint16, int32, uint32, float, double

        init?(_ word: String) {
            switch word {
            case "char", "int8": self = .int8
            case "uchar", "uint8": self = .uint8
            case "short", "int16": self = .int16
            case "ushort", "uint16": self = .uint16
            case "int", "int32": self = .int32
            case "uint", "uint32": self = .uint32
            case "float", "float32": self = .float
            case "double", "float64": self = .double
            default: return nil
            }
        }

        var byteCount: Int {
            switch self {
            case .int8, .uint8: 1
            case .int16, .uint16: 2
            case .int32, .uint32, .float: 4
            case .double: 8
            }
        }
    }

    struct Property {
        let name: String
        /// The type of the length, of a list.
        let count: Number?
        let number: Number
    }

    struct Element {
        let name: String
        let count: Int
        var properties: [Property] = []

        /// Bytes of its shortest row.
        func minimumByteCount(_ encoding: Encoding) -> Int {
            properties.reduce(0) { sum, property in
                // A digit and what stands behind it, though not behind the last one.
                sum + (encoding == .ascii ? 1 : (property.count ?? property.number).byteCount)
            }
        }
    }

    private(set) var encoding = Encoding.ascii
    private(set) var elements: [Element] = []

    /// More elements or properties mean nothing.
    private static let limit = 256

    /// Reads the header; the scanner then stands at the first row.
    init(_ scanner: inout WordScanner) throws(MeshError) {
        guard Self.text(scanner.word()) == "ply" else {
            throw scanner.malformed("it does not begin with ply")
        }
        scanner.nextLine()
        var hasEncoding = false
        while true {
            guard !scanner.isAtEnd else { throw scanner.malformed("the header has no end") }
            let keyword = Self.text(scanner.word())
            switch keyword {
            case "format":
                guard let encoding = Encoding(rawValue: Self.text(scanner.word())) else {
                    throw scanner.malformed("the encoding is not known")
                }
                (self.encoding, hasEncoding) = (encoding, true)
            case "element": try readElement(&scanner)
            case "property": try readProperty(&scanner)
            case "comment", "obj_info", "": break
            case "end_header":
                scanner.nextLine()
                guard hasEncoding else { throw scanner.malformed("the header has no format") }
                return
            default:
                throw scanner.malformed("\(WordScanner.shown(Array(keyword.utf8)[...])) is not of a header")
            }
            scanner.nextLine()
        }
    }

    private mutating func readElement(_ scanner: inout WordScanner) throws(MeshError) {
        let name = Self.text(scanner.word())
        guard let word = scanner.word(), elements.count < Self.limit else {
            throw scanner.malformed("an element without a count, or too many elements")
        }
        let count = try scanner.integer(word)
        guard count >= 0 else { throw scanner.malformed("an element has \(count) rows") }
        elements.append(Element(name: name, count: count))
    }

    private mutating func readProperty(_ scanner: inout WordScanner) throws(MeshError) {
        var word = Self.text(scanner.word())
        var count: Number?
        if word == "list" {
            guard let type = Number(Self.text(scanner.word())) else {
                throw scanner.malformed("the length of a list has no known type")
            }
            count = type
            word = Self.text(scanner.word())
        }
        guard let number = Number(word), let last = elements.indices.last,
            elements[last].properties.count < Self.limit
        else { throw scanner.malformed("a property without a known type or an element") }
        elements[last].properties.append(
            Property(name: Self.text(scanner.word()), count: count, number: number))
    }

    private static func text(_ word: ArraySlice<UInt8>?) -> String {
        String(decoding: (word ?? []).prefix(64), as: UTF8.self)
    }
}
