/// Reads the numbers of a PLY file's rows one after the other, in any of its encodings.
struct PLYReader {
    private let bytes: [UInt8]
    private let encoding: PLYHeader.Encoding
    /// Where the next number of a text begins.
    private var words: WordScanner
    /// Where the next binary number begins.
    private var offset: Int

    init(_ bytes: [UInt8], _ scanner: WordScanner, _ encoding: PLYHeader.Encoding) {
        (self.bytes, self.encoding) = (bytes, encoding)
        (words, offset) = (scanner, scanner.offset)
    }

    /// Bytes that were not read.
    var remaining: Int { encoding == .ascii ? words.remaining : bytes.count - offset }

    func malformed(_ reason: String) -> MeshError {
        encoding == .ascii
            ? words.malformed(reason) : .malformed(format: .ply, place: "byte \(offset)", reason: reason)
    }

    /// How many numbers a property has in this row.
    mutating func length(of property: PLYHeader.Property) throws(MeshError) -> Int {
        guard let type = property.count else { return 1 }
        let length = try next(type)
        // Every number takes a byte at least.
        guard length >= 0, length <= Double(remaining), let count = Int(exactly: length) else {
            throw malformed("a list of \(length) numbers does not fit into the file")
        }
        return count
    }

    /// A number that is the place of a vertex.
    mutating func place(_ type: PLYHeader.Number) throws(MeshError) -> UInt32 {
        let number = try next(type)
        guard let place = UInt32(exactly: number) else { throw malformed("there is no vertex \(number)") }
        return place
    }

    /// The next number; finite in texts.
    mutating func next(_ type: PLYHeader.Number) throws(MeshError) -> Double {
        if encoding == .ascii {
            let word = try words.wordOfAnyLine()
            return try words.number(word)
        }
        let bits = try bits(type.byteCount)
        return switch type {
        case .int8: Double(Int8(truncatingIfNeeded: bits))
        case .uint8: Double(UInt8(truncatingIfNeeded: bits))
        case .int16: Double(Int16(truncatingIfNeeded: bits))
        case .uint16: Double(UInt16(truncatingIfNeeded: bits))
        case .int32: Double(Int32(truncatingIfNeeded: bits))
        case .uint32: Double(UInt32(truncatingIfNeeded: bits))
        case .float: Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
        case .double: Double(bitPattern: bits)
        }
    }

    private mutating func bits(_ byteCount: Int) throws(MeshError) -> UInt64 {
        guard byteCount <= bytes.count - offset else { throw malformed("the file ends too early") }
        var bits: UInt64 = 0
        for position in 0..<byteCount {
            let shift = encoding == .littleEndian ? position : byteCount - 1 - position
            bits |= UInt64(bytes[offset + position]) << UInt64(shift * 8)
        }
        offset += byteCount
        return bits
    }
}
