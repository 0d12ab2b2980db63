/// A resolution level of a hierarchy: 0 is native, every next one halves x and y at least.
///
/// Beside the normal chain of levels an anisotropic hierarchy may have an isotropic chain, in which z is
/// halved as well above the level where voxels are nearest to cubes.
public struct ResolutionLevel: Hashable, Sendable {
    /// The coarsest level, 30.
    public static let maximum = 30

    /// The number of halvings of x and y, 0 to `maximum`.
    public let level: Int
    /// Whether the level belongs to the isotropic chain.
    public let isIsotropic: Bool

    /// A level from an untrusted number.
    ///
    /// - Throws: `GeometryError.resolutionOutOfRange` outside 0 to `maximum`.
    public init(level: Int, isIsotropic: Bool = false) throws(GeometryError) {
        guard 0...Self.maximum ~= level else {
            throw .resolutionOutOfRange(level: level, levelCount: Self.maximum + 1)
        }
        self.init(unchecked: level, isIsotropic: isIsotropic)
    }

    init(unchecked level: Int, isIsotropic: Bool) {
        self.level = level
        self.isIsotropic = isIsotropic
    }

    /// The native level of the normal chain.
    public static let native = ResolutionLevel(unchecked: 0, isIsotropic: false)
}

extension ResolutionLevel: RawRepresentable {
    /// The level in one byte, as in the file format: bit 7 is the isotropic chain.
    public var rawValue: UInt8 { UInt8(level) | (isIsotropic ? 0x80 : 0) }

    /// A level read back from a file; nil beyond `maximum`.
    public init?(rawValue: UInt8) {
        guard rawValue & 0x7F <= Self.maximum else { return nil }
        self.init(unchecked: Int(rawValue & 0x7F), isIsotropic: rawValue & 0x80 != 0)
    }
}

extension ResolutionLevel: CustomStringConvertible {
    /// The level as in a statement, `3` or `3 ISO`.
    public var description: String { isIsotropic ? "\(level) ISO" : "\(level)" }
}

/// How the normal chain of resolution levels is made. The raw value is BossDB's word.
public enum HierarchyMethod: String, CaseIterable, Hashable, Sendable {
    /// Every level halves x and y and never z; an isotropic chain stands beside it.
    case anisotropic
    /// Every level halves x, y and z.
    case isotropic
}
