/// The type of a channel's voxels. The raw value is the word of the language and of the catalog.
public enum VoxelType: String, CaseIterable, Hashable, Sendable {
    /// Unsigned 8-bit integer.
    case uint8 = "UINT8"
    /// Unsigned 16-bit integer.
    case uint16 = "UINT16"
    /// Unsigned 32-bit integer.
    case uint32 = "UINT32"
    /// Unsigned 64-bit integer, the type of annotation IDs.
    case uint64 = "UINT64"
    /// Signed 8-bit integer.
    case int8 = "INT8"
    /// Signed 16-bit integer.
    case int16 = "INT16"
    /// Signed 32-bit integer.
    case int32 = "INT32"
    /// Signed 64-bit integer.
    case int64 = "INT64"
    /// IEEE 754 binary32.
    case float32 = "FLOAT32"
    /// IEEE 754 binary64.
    case float64 = "FLOAT64"

    /// Bytes of one voxel: 1, 2, 4 or 8.
    public var byteCount: Int {
        switch self {
        case .uint8, .int8: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        }
    }

    /// Whether voxels are integers.
    public var isInteger: Bool { self != .float32 && self != .float64 }

    /// Whether voxels are unsigned integers.
    public var isUnsigned: Bool {
        switch self {
        case .uint8, .uint16, .uint32, .uint64: true
        default: false
        }
    }
}

/// A Swift type that a voxel can have.
public protocol VoxelElement: BitwiseCopyable, Comparable, Hashable, Sendable {
    /// The voxel type that this Swift type stands for.
    static var voxelType: VoxelType { get }
    /// The background value.
    init()
}

extension UInt8: VoxelElement {
    /// `UINT8` voxels.
    public static var voxelType: VoxelType { .uint8 }
}

extension UInt16: VoxelElement {
    /// `UINT16` voxels.
    public static var voxelType: VoxelType { .uint16 }
}

extension UInt32: VoxelElement {
    /// `UINT32` voxels.
    public static var voxelType: VoxelType { .uint32 }
}

extension UInt64: VoxelElement {
    /// `UINT64` voxels.
    public static var voxelType: VoxelType { .uint64 }
}

extension Int8: VoxelElement {
    /// `INT8` voxels.
    public static var voxelType: VoxelType { .int8 }
}

extension Int16: VoxelElement {
    /// `INT16` voxels.
    public static var voxelType: VoxelType { .int16 }
}

extension Int32: VoxelElement {
    /// `INT32` voxels.
    public static var voxelType: VoxelType { .int32 }
}

extension Int64: VoxelElement {
    /// `INT64` voxels.
    public static var voxelType: VoxelType { .int64 }
}

extension Float: VoxelElement {
    /// `FLOAT32` voxels.
    public static var voxelType: VoxelType { .float32 }
}

extension Double: VoxelElement {
    /// `FLOAT64` voxels.
    public static var voxelType: VoxelType { .float64 }
}
