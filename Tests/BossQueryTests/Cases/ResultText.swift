import BossDatabase
import BossGeometry
import BossQuery
import BossVoxels
import Foundation

/// Results as the lines of a case file.
enum ResultText {
    /// Volumes and pictures of at most this many voxels are shown.
    private static let shownCount = 64
    /// Columns whose values depend on the machine, on its clock or on the compression.
    private static let maskedColumns: Set<String> = ["ms", "bytes_read", "at", "created_at", "updated_at"]

    static func lines(_ result: StatementResult) throws -> [String] {
        var lines = try lines(result.value)
        lines += result.warnings.map { "WARNING \($0.sqlState) \($0.message)" }
        return lines
    }

    private static func lines(_ value: ResultValue) throws -> [String] {
        switch value {
        case .tag(let word, let count): return [count.map { "\(word) \($0)" } ?? word]
        case .rows(let rows): return lines(rows)
        case .volume(let result): return volume(result)
        case .encoded(let result) where result.mediaType == "image/png":
            return try picture(PNGPixels(result.bytes))
        case .encoded(let result):
            return ["\(result.mediaType) \(result.bytes.count) bytes crc32 \(CRC32.text(result.bytes))"]
        }
    }

    static func line(_ error: DatabaseError, column: Int) -> String {
        let place = error.position.map { "\($0.line):\(column)" } ?? "-"
        return "ERROR \(error.sqlState) \(place) \(error.message)" + (error.hint.map { " | \($0)" } ?? "")
    }

    /// Whether a result is the expected one. Of errors and warnings the state and the place must be equal,
    /// and message and hint must contain what is expected of them.
    static func matches(_ found: [String], _ expected: [String]) -> Bool {
        found.count == expected.count
            && zip(found, expected).allSatisfy { found, expected in
                let count = expected.hasPrefix("ERROR ") ? 3 : expected.hasPrefix("WARNING ") ? 2 : 0
                guard count > 0 else { return found == expected }
                let left = found.split(separator: " ", maxSplits: count).map(String.init)
                let right = expected.split(separator: " ", maxSplits: count).map(String.init)
                guard left.prefix(count) == right.prefix(count) else { return false }
                guard right.count > count else { return true }
                let (texts, fragments) = (
                    left[count].components(separatedBy: " | "), right[count].components(separatedBy: " | ")
                )
                return fragments.count <= texts.count && zip(texts, fragments).allSatisfy { $0.contains($1) }
            }
    }

    // MARK: Volumes

    private static func volume(_ result: VolumeResult) -> [String] {
        let volume = result.volume
        let axes = volume.axes.map { $0.rawValue.uppercased() }.joined(separator: ",")
        let shape = volume.shape.map(String.init).joined(separator: ",")
        let origin = result.origin.map(String.init).joined(separator: ",")
        let level = result.resolution == 0 ? "" : " res \(result.resolution)"
        let crc = volume.withUnsafeBytes { CRC32.text($0) }
        var lines = [
            "\(volume.voxelType.rawValue) (\(axes)) = (\(shape)) at (\(origin))\(level) crc32 \(crc)"
        ]
        guard volume.voxelCount <= shownCount, let length = volume.shape.last, length > 0 else {
            return lines
        }
        let voxels = text(volume)
        for start in stride(from: 0, to: voxels.count, by: length) {
            lines.append(voxels[start..<start + length].joined(separator: " "))
        }
        return lines
    }

    private static func text(_ volume: AnyVolume) -> [String] {
        volume.withUnsafeBytes { bytes in
            (0..<volume.voxelCount).map { index in
                func load<Voxel: BitwiseCopyable>(_ type: Voxel.Type) -> Voxel {
                    bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Voxel>.size, as: type)
                }
                switch volume.voxelType {
                case .uint8: return "\(load(UInt8.self))"
                case .uint16: return "\(load(UInt16.self))"
                case .uint32: return "\(load(UInt32.self))"
                case .uint64: return "\(load(UInt64.self))"
                case .int8: return "\(load(Int8.self))"
                case .int16: return "\(load(Int16.self))"
                case .int32: return "\(load(Int32.self))"
                case .int64: return "\(load(Int64.self))"
                case .float32: return text(Double(load(Float.self)))
                case .float64: return text(load(Double.self))
                }
            }
        }
    }

    /// Nine digits, as C and Python write them with `%.9g`.
    private static func text(_ number: Double) -> String {
        number.isNaN
            ? "nan" : number.isInfinite ? (number < 0 ? "-inf" : "inf") : String(format: "%.9g", number)
    }

    private static func picture(_ picture: PNGPixels) -> [String] {
        let size = "\(picture.width)x\(picture.height)"
        var lines = ["PNG \(picture.kind) \(size) crc32 \(CRC32.text(picture.bytes))"]
        guard picture.width * picture.height <= shownCount else { return lines }
        for row in 0..<picture.height {
            lines.append((0..<picture.width).map { picture.text(x: $0, y: row) }.joined(separator: " "))
        }
        return lines
    }

    // MARK: Rows

    private static func lines(_ rows: RowSet) -> [String] {
        let header = rows.columns.map { "\($0.name) \($0.type.rawValue)" }.joined(separator: " | ")
        return [header]
            + rows.rows.map { row in
                // How small a picture gets is not ours to say.
                let isPicture = row.contains { text($0).hasSuffix(".png") }
                return zip(row, rows.columns).map { value, column in
                    let isMasked =
                        maskedColumns.contains(column.name) || (isPicture && column.name == "bytes")
                    return isMasked && value != .null ? "*" : text(value)
                }.joined(separator: " | ")
            }
    }

    private static func text(_ value: Value) -> String {
        switch value {
        case .null: "NULL"
        case .boolean(let value): value ? "TRUE" : "FALSE"
        case .integer(let value): "\(value)"
        case .unsigned(let value): "\(value)"
        case .float(let value): text(value)
        case .text(let value): value
        case .bytes(let value): value.map { String(format: "%02x", $0) }.joined()
        case .timestamp(let value): "\(value)"
        }
    }
}

/// The checksum of zlib and PNG, by its definition (ISO 3309), so that numpy users can compute it too.
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
    }

    static func text(_ bytes: some Sequence<UInt8>) -> String {
        let value = ~bytes.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
        return String(format: "%08x", value)
    }
}
