/// The pixels of a PNG picture, decoded from the specifications (PNG: ISO/IEC 15948, deflate: RFC 1951), so
/// that pictures are not judged by the library that wrote them. Grey 8 and 16 bits and RGBA 8 bits.
struct PNGPixels {
    let width: Int
    let height: Int
    /// `gray8`, `gray16` or `rgba8`.
    let kind: String
    /// Rows from the top; samples of 16 bits are big-endian.
    private(set) var bytes: [UInt8] = []

    private let pixelByteCount: Int

    init(_ file: [UInt8]) throws {
        guard file.prefix(8) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] else {
            throw CaseError("no PNG")
        }
        var (offset, header, data): (Int, [UInt8], [UInt8]) = (8, [], [])
        while offset + 12 <= file.count {
            let length = Self.word(file, offset)
            guard offset + 12 + length <= file.count else { throw CaseError("cut PNG") }
            let content = file[offset + 8..<offset + 8 + length]
            switch String(decoding: file[offset + 4..<offset + 8], as: UTF8.self) {
            case "IHDR": header = Array(content)
            case "IDAT": data += content
            default: break
            }
            offset += 12 + length
        }
        guard header.count == 13, header[12] == 0 else { throw CaseError("no header, or interlaced") }
        (width, height) = (Self.word(header, 0), Self.word(header, 4))
        switch (header[8], header[9]) {
        case (8, 0): (kind, pixelByteCount) = ("gray8", 1)
        case (16, 0): (kind, pixelByteCount) = ("gray16", 2)
        case (8, 6): (kind, pixelByteCount) = ("rgba8", 4)
        default: throw CaseError("PNG of depth \(header[8]) and colour type \(header[9])")
        }
        var inflater = Inflater(Array(data.dropFirst(2)))
        try unfilter(inflater.inflate())
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> Int {
        bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
    }

    private mutating func unfilter(_ raw: [UInt8]) throws {
        let rowByteCount = width * pixelByteCount
        guard raw.count == (rowByteCount + 1) * height else { throw CaseError("PNG has \(raw.count) bytes") }
        bytes = Array(repeating: 0, count: rowByteCount * height)
        for y in 0..<height {
            let filter = raw[y * (rowByteCount + 1)]
            for x in 0..<rowByteCount {
                let left = x < pixelByteCount ? 0 : Int(bytes[y * rowByteCount + x - pixelByteCount])
                let up = y == 0 ? 0 : Int(bytes[(y - 1) * rowByteCount + x])
                let corner =
                    y == 0 || x < pixelByteCount ? 0 : Int(bytes[(y - 1) * rowByteCount + x - pixelByteCount])
                let prediction: Int
                switch filter {
                case 0: prediction = 0
                case 1: prediction = left
                case 2: prediction = up
                case 3: prediction = (left + up) / 2
                default:
                    let (toLeft, toUp, toCorner) = (
                        abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
                    )
                    prediction = toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner
                }
                bytes[y * rowByteCount + x] = raw[y * (rowByteCount + 1) + 1 + x] &+ UInt8(prediction)
            }
        }
    }

    /// A grey level, or red, green, blue and opacity as hexadecimal digits.
    func text(x: Int, y: Int) -> String {
        let start = (y * width + x) * pixelByteCount
        let pixel = bytes[start..<start + pixelByteCount]
        guard kind == "rgba8" else { return "\(pixel.reduce(0) { $0 << 8 | Int($1) })" }
        return pixel.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}

/// Deflate as RFC 1951 states it, a bit at a time.
private struct Inflater {
    private let input: [UInt8]
    private var bit = 0
    private var output: [UInt8] = []

    init(_ input: [UInt8]) { self.input = input }

    mutating func inflate() throws -> [UInt8] {
        var isLast = false
        while !isLast {
            isLast = try bits(1) == 1
            switch try bits(2) {
            case 0: try stored()
            case 1:
                let lengths = (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }
                try compressed(Code(lengths), Code(Array(repeating: 5, count: 30)))
            case 2: try dynamic()
            default: throw CaseError("deflate block of type 3")
            }
        }
        return output
    }

    private mutating func bits(_ count: Int) throws -> Int {
        guard bit + count <= input.count * 8 else { throw CaseError("deflate stream ends early") }
        let value = (0..<count).reduce(0) {
            $0 | Int(input[(bit + $1) / 8] >> UInt8((bit + $1) % 8) & 1) << $1
        }
        bit += count
        return value
    }

    private mutating func stored() throws {
        bit = (bit + 7) / 8 * 8
        let count = try bits(16)
        _ = try bits(16)
        for _ in 0..<count { output.append(UInt8(try bits(8))) }
    }

    /// A Huffman code: symbols by length and bits.
    private struct Code {
        var symbols: [Int: Int] = [:]

        init(_ lengths: [Int]) {
            var code = 0
            for length in 1...15 {
                for (symbol, own) in lengths.enumerated() where own == length {
                    symbols[1 << length | code] = symbol
                    code += 1
                }
                code <<= 1
            }
        }
    }

    private mutating func symbol(_ code: Code) throws -> Int {
        var key = 1
        for _ in 0..<15 {
            key = key << 1 | (try bits(1))
            if let symbol = code.symbols[key] { return symbol }
        }
        throw CaseError("no such code")
    }

    private mutating func dynamic() throws {
        let (literalCount, distanceCount, count) = (try bits(5) + 257, try bits(5) + 1, try bits(4) + 4)
        let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
        var meta = [Int](repeating: 0, count: 19)
        for place in order.prefix(count) { meta[place] = try bits(3) }
        let code = Code(meta)
        var lengths: [Int] = []
        while lengths.count < literalCount + distanceCount {
            let found = try symbol(code)
            switch found {
            case 16: lengths += Array(repeating: lengths.last ?? 0, count: try bits(2) + 3)
            case 17: lengths += Array(repeating: 0, count: try bits(3) + 3)
            case 18: lengths += Array(repeating: 0, count: try bits(7) + 11)
            default: lengths.append(found)
            }
        }
        try compressed(
            Code(Array(lengths.prefix(literalCount))), Code(Array(lengths.dropFirst(literalCount))))
    }

    private static let lengthBases = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163,
        195, 227, 258,
    ]
    private static let distanceBases = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073,
        4097, 6145,
        8193, 12289, 16385, 24577,
    ]

    private mutating func compressed(_ literals: Code, _ distances: Code) throws {
        while true {
            let found = try symbol(literals)
            if found < 256 {
                output.append(UInt8(found))
                continue
            }
            if found == 256 { return }
            let kind = found - 257
            guard kind < Self.lengthBases.count else { throw CaseError("no such length") }
            let length = Self.lengthBases[kind] + (try bits(kind < 8 || kind == 28 ? 0 : kind / 4 - 1))
            let far = try symbol(distances)
            guard far < Self.distanceBases.count else { throw CaseError("no such distance") }
            let distance = Self.distanceBases[far] + (try bits(far < 4 ? 0 : far / 2 - 1))
            guard distance <= output.count else { throw CaseError("a distance before the start") }
            for _ in 0..<length { output.append(output[output.count - distance]) }
        }
    }
}
