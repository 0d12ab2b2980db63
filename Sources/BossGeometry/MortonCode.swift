/// The Z-order (Morton) code of a cuboid, an integer that keeps neighbours in space close on disk.
///
/// Bits *i* of x, y and z become bits 3*i*, 3*i* + 1 and 3*i* + 2, so x varies fastest. The order
/// is part of the file format and is the one of BossDB's `spdb` cuboid keys.
///
///     let code = try MortonCode(CuboidIndex(x: 1, y: 2, z: 3))
///     code.rawValue  // 53, which is 0b110_101
///
/// Source: G. M. Morton, "A Computer Oriented Geodetic Data Base", IBM research report, 1966.
public struct MortonCode: Hashable, Sendable {
    /// Bits per axis: 3 * 21 = 63, which also fits SQLite's signed 64-bit integer.
    public static let bitsPerAxis = 21

    /// The interleaved bits; bit 63 is always 0.
    public let rawValue: UInt64

    /// Interleaves the bits of a cuboid index.
    ///
    /// - Parameter index: position in the cuboid grid, in cuboids (not voxels), x, y, z order.
    /// - Throws: `GeometryError.cuboidIndexTooLarge` if an axis needs more than 21 bits.
    /// - Complexity: O(1), without allocation.
    public init(_ index: CuboidIndex) throws(GeometryError) {
        guard (index.x | index.y | index.z) >> Self.bitsPerAxis == 0 else {
            throw .cuboidIndexTooLarge(index)
        }
        self.init(unchecked: index)
    }

    init(unchecked index: CuboidIndex) {
        rawValue = Self.spread(index.x) | Self.spread(index.y) << 1 | Self.spread(index.z) << 2
        assert(rawValue >> 63 == 0, "three axes of 21 bits leave the top bit free")
    }

    /// A code read back from a file or an index.
    ///
    /// - Throws: `GeometryError.mortonCodeTooLarge` if bit 63 is set.
    public init(rawValue: UInt64) throws(GeometryError) {
        guard rawValue >> 63 == 0 else { throw .mortonCodeTooLarge(rawValue) }
        self.rawValue = rawValue
    }

    /// A code that is known to leave bit 63 free.
    init(unchecked rawValue: UInt64) {
        assert(rawValue >> 63 == 0, "three axes of 21 bits leave the top bit free")
        self.rawValue = rawValue
    }

    /// The cuboid index whose bits the code interleaves.
    public var index: CuboidIndex {
        CuboidIndex(
            x: Self.gather(rawValue), y: Self.gather(rawValue >> 1), z: Self.gather(rawValue >> 2))
    }

    /// Moves bit *i* to bit 3*i*; each step doubles the number of groups and halves their width.
    private static func spread(_ axis: UInt32) -> UInt64 {
        var bits = UInt64(axis)
        bits = (bits | bits << 32) & 0x001F_0000_0000_FFFF
        bits = (bits | bits << 16) & 0x001F_0000_FF00_00FF
        bits = (bits | bits << 8) & 0x100F_00F0_0F00_F00F
        bits = (bits | bits << 4) & 0x10C3_0C30_C30C_30C3
        bits = (bits | bits << 2) & 0x1249_2492_4924_9249
        return bits
    }

    /// The inverse of `spread`: collects every third bit.
    private static func gather(_ code: UInt64) -> UInt32 {
        var bits = code & 0x1249_2492_4924_9249
        bits = (bits | bits >> 2) & 0x10C3_0C30_C30C_30C3
        bits = (bits | bits >> 4) & 0x100F_00F0_0F00_F00F
        bits = (bits | bits >> 8) & 0x001F_0000_FF00_00FF
        bits = (bits | bits >> 16) & 0x001F_0000_0000_FFFF
        bits = (bits | bits >> 32) & 0x0000_0000_001F_FFFF
        return UInt32(truncatingIfNeeded: bits)
    }
}

extension MortonCode: Comparable {
    /// Orders codes as unsigned integers, the order of pages on disk.
    public static func < (left: MortonCode, right: MortonCode) -> Bool { left.rawValue < right.rawValue }
}
