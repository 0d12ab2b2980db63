import BossGeometry
import BossQuery
import BossVoxels
import Foundation

/// Why a case file cannot be read.
struct CaseError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// `$1 name = UINT8 (2,3,4) all 7` and the other lines that begin with a dollar sign.
enum CaseParameters {
    /// Number and value of a parameter line; a name before the equals sign is for readers and oracle.py.
    static func parse(_ line: String) throws -> (number: Int, value: Parameter) {
        guard let equals = line.range(of: " = "),
            let number = Int(line[..<equals.lowerBound].dropFirst().prefix { $0 != " " })
        else { throw CaseError("not a parameter: \(line)") }
        return (number, try value(String(line[equals.upperBound...])))
    }

    private static func value(_ text: String) throws -> Parameter {
        let words = text.split(separator: " ", maxSplits: 1).map(String.init)
        let rest = words.count > 1 ? words[1] : ""
        if let type = VoxelType(rawValue: words[0]) { return .volume(try volume(type, rest)) }
        switch words[0] {
        case "null": return .null
        case "boolean": return .boolean(rest == "true")
        case "integer": return .integer(try number(rest))
        case "unsigned": return .unsigned(try number(rest))
        case "float": return .float(try number(rest))
        case "text": return .text(rest)
        case "list": return .list(try rest.split(separator: " ").map { .unsigned(try number(String($0))) })
        default: throw CaseError("not a parameter: \(text)")
        }
    }

    private static func number<Number: LosslessStringConvertible>(_ text: String) throws -> Number {
        guard let number = Number(text) else { throw CaseError("not a number: \(text)") }
        return number
    }

    // MARK: Volumes

    /// `(2,3,4) rule`: lengths in storage order and how voxels get their values.
    private static func volume(_ type: VoxelType, _ text: String) throws -> AnyVolume {
        let parts = text.split(separator: " ").map(String.init)
        guard parts.count >= 2 else { throw CaseError("not a volume: \(text)") }
        let shape = try parts[0].dropFirst().dropLast().split(separator: ",").map {
            try number(String($0)) as Int
        }
        guard 1...4 ~= shape.count else { throw CaseError("not a shape: \(text)") }
        let axes: [Axis] = [.t, .z, .y, .x].suffix(shape.count)
        var volume = try AnyVolume(voxelType: type, axes: axes, shape: shape)
        let bits = try bits(type, Array(parts.dropFirst()), volume)
        volume.withUnsafeMutableBytes { bytes in
            for (index, bits) in bits.enumerated() {
                for byte in 0..<type.byteCount {
                    bytes[index * type.byteCount + byte] = UInt8(truncatingIfNeeded: bits >> UInt64(8 * byte))
                }
            }
        }
        return volume
    }

    private static func bits(_ type: VoxelType, _ rule: [String], _ volume: AnyVolume) throws -> [UInt64] {
        let arguments = rule.dropFirst().filter { $0 != "mod" }
        switch rule[0] {
        case "all":
            return Array(repeating: try bits(rule[1], type), count: volume.voxelCount)
        case "values":
            guard arguments.count == volume.voxelCount else {
                throw CaseError("\(volume.voxelCount) values wanted")
            }
            return try arguments.map { try bits($0, type) }
        case "linear":
            // cx cy cz ct mod m: (cx x + cy y + cz z + ct t) modulo m.
            let numbers = try arguments.map { try number($0) as Int }
            return positions(volume).map { place in
                let sum =
                    numbers[0] * place.x + numbers[1] * place.y + numbers[2] * place.z + numbers[3] * place.t
                return UInt64(sum % numbers[4])
            }
        case "blocks":
            // w h d nx ny: blocks of w x h x d voxels, numbered from 1, nx in a row and ny rows in a plane.
            let numbers = try arguments.map { try number($0) as Int }
            return positions(volume).map { place in
                let (x, y, z) = (place.x / numbers[0], place.y / numbers[1], place.z / numbers[2])
                return UInt64(1 + x + numbers[3] * (y + numbers[4] * z))
            }
        default: throw CaseError("not a rule: \(rule[0])")
        }
    }

    private static func bits(_ text: String, _ type: VoxelType) throws -> UInt64 {
        switch type {
        case .float32: UInt64((try number(text) as Float).bitPattern)
        case .float64: (try number(text) as Double).bitPattern
        default: text.hasPrefix("-") ? UInt64(bitPattern: try number(text)) : try number(text)
        }
    }

    private static func positions(_ volume: AnyVolume) -> [(x: Int, y: Int, z: Int, t: Int)] {
        let (extent, times) = (volume.extent, volume.length(.t))
        var places: [(x: Int, y: Int, z: Int, t: Int)] = []
        for t in 0..<times {
            for z in 0..<extent.z {
                for y in 0..<extent.y { for x in 0..<extent.x { places.append((x, y, z, t)) } }
            }
        }
        return places
    }
}

/// NPY files as the format's specification (NEP 1) describes them, written without the library under test.
enum CaseFiles {
    /// `file name = NPY $1`, `RAW $1` or `HEX 00ff`.
    static func write(_ line: String, _ parameters: [Int: Parameter], to folder: String) throws {
        let words = line.split(separator: " ").map(String.init)
        guard words.count == 5, words[2] == "=" else { throw CaseError("not a file: \(line)") }
        let bytes: [UInt8]
        if words[3] == "HEX" {
            let digits = Array(words[4])
            bytes = stride(from: 0, to: digits.count - 1, by: 2).map {
                UInt8(String(digits[$0...$0 + 1]), radix: 16) ?? 0
            }
        } else {
            guard let number = Int(words[4].dropFirst()), case .volume(let volume)? = parameters[number]
            else {
                throw CaseError("not a volume: \(line)")
            }
            let header = words[3] == "NPY" ? npyHeader(volume) : []
            bytes = header + volume.withUnsafeBytes { Array($0) }
        }
        try Data(bytes).write(to: URL(fileURLWithPath: folder + "/" + words[1]))
    }

    static func npyHeader(_ volume: AnyVolume) -> [UInt8] {
        let kind = volume.voxelType.isUnsigned ? "u" : volume.voxelType.isInteger ? "i" : "f"
        let shape = volume.shape.map { "\($0)," }.joined()
        return npyHeader(descriptor: "<\(kind)\(volume.voxelType.byteCount)", shape: shape)
    }

    static func npyHeader(descriptor: String, shape: String) -> [UInt8] {
        var text = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(shape)), }"
        text += String(repeating: " ", count: (64 - (10 + text.utf8.count + 1) % 64) % 64) + "\n"
        let count = UInt16(text.utf8.count)
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(count & 0xFF), UInt8(count >> 8)]
            + Array(text.utf8)
    }
}
