import BossDatabase
import BossGeometry
import BossQuery
import BossVoxels

/// Volumes for statements, and what a database holds as text.
extension ResourceFixture {
    /// A volume whose voxels have these bits, axes the last of t, z, y, x.
    static func volume(_ type: VoxelType, _ shape: [Int], _ bits: [UInt64]) throws -> AnyVolume {
        var volume = try AnyVolume(voxelType: type, axes: [.t, .z, .y, .x].suffix(shape.count), shape: shape)
        precondition(volume.voxelCount == bits.count, "a value a voxel")
        volume.withUnsafeMutableBytes { bytes in
            for (index, value) in bits.enumerated() {
                switch type.byteCount {
                case 1: bytes[index] = UInt8(truncatingIfNeeded: value)
                case 2:
                    bytes.storeBytes(
                        of: UInt16(truncatingIfNeeded: value), toByteOffset: index * 2, as: UInt16.self)
                case 4:
                    bytes.storeBytes(
                        of: UInt32(truncatingIfNeeded: value), toByteOffset: index * 4, as: UInt32.self)
                default: bytes.storeBytes(of: value, toByteOffset: index * 8, as: UInt64.self)
                }
            }
        }
        return volume
    }

    /// A volume of one value.
    static func volume(_ type: VoxelType, _ shape: [Int], filledWith bits: UInt64) throws -> AnyVolume {
        try volume(type, shape, Array(repeating: bits, count: shape.reduce(1, *)))
    }

    /// The voxels as numbers, in C order.
    static func bits(_ volume: AnyVolume) -> [UInt64] {
        let width = volume.voxelType.byteCount
        return volume.withUnsafeBytes { bytes in
            (0..<volume.voxelCount).map { index in
                switch width {
                case 1: UInt64(bytes[index])
                case 2: UInt64(bytes.load(fromByteOffset: index * 2, as: UInt16.self))
                case 4: UInt64(bytes.load(fromByteOffset: index * 4, as: UInt32.self))
                default: bytes.load(fromByteOffset: index * 8, as: UInt64.self)
                }
            }
        }
    }

    /// The volume that a statement returns.
    func volume(_ statement: String, _ parameters: [Parameter] = []) throws -> VolumeResult {
        guard case .volume(let result) = try session.query(statement, parameters: parameters).value else {
            throw CaseError("no volume from \(statement)")
        }
        return result
    }

    /// The rows that a statement returns, a text a row.
    func lines(_ statement: String, _ parameters: [Parameter] = []) throws -> [String] {
        guard case .rows(let rows) = try session.query(statement, parameters: parameters).value else {
            throw CaseError("no rows from \(statement)")
        }
        return rows.rows.map { $0.map(Self.text).joined(separator: " ") }
    }

    /// The states of the warnings of a statement.
    func warnings(_ statement: String) throws -> [String] {
        try session.query(statement).warnings.map(\.sqlState)
    }

    /// FNV-1a over words of eight bytes: quick in debug builds, where every voxel of a database is hashed often.
    private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for word in 0..<bytes.count / 8 {
            hash = (hash ^ bytes.load(fromByteOffset: word &* 8, as: UInt64.self)) &* 0x100_0000_01B3
        }
        for byte in bytes.suffix(bytes.count % 8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }

    /// Everything of a database: its catalog as statements, and a checksum of every channel's voxels.
    func fingerprint() throws -> [String] {
        let reader = Session(database: database)
        var found: [String] = []
        func texts(_ statement: String, _ column: Int) throws -> [String] {
            guard case .rows(let rows) = try reader.query(statement).value else { return [] }
            return rows.rows.map { Self.text($0[column]) }
        }
        for collection in try texts("SHOW COLLECTIONS", 0) {
            found += try texts("SHOW CREATE \(collection)", 0)
            for experiment in try texts("SHOW EXPERIMENTS IN \(collection)", 0) {
                for channel in try texts("SHOW CHANNELS IN \(collection)/\(experiment)", 0) {
                    let path = "\(collection)/\(experiment)/\(channel)"
                    guard case .volume(let all) = try reader.query("SELECT CUTOUT FROM \(path) T *").value
                    else { continue }
                    found.append("\(path) \(all.volume.withUnsafeBytes(Self.hash))")
                }
            }
        }
        return found
    }
}
