public import BossGeometry

/// A dense volume of any voxel type, C-order, little-endian.
///
/// Axes are named in storage order, outermost first: a cutout has `[.z, .y, .x]`, one with several
/// time samples `[.t, .z, .y, .x]`, an xz slice `[.z, .x]`. The last axis varies fastest.
/// Copies share memory until one of them is written.
public struct AnyVolume: Sendable {
    /// The type of every voxel.
    public let voxelType: VoxelType
    /// The axes in storage order, outermost first.
    public let axes: [Axis]
    /// The length along each of `axes`.
    public let shape: [Int]
    private var storage: VoxelStorage

    /// A volume of background (all zero) voxels, or of arbitrary bytes that the caller fills.
    ///
    /// - Throws: `VoxelError.invalidShape`, or `VoxelError.tooLarge` over `maximumByteCount` bytes.
    public init(voxelType: VoxelType, axes: [Axis], shape: [Int], zeroed: Bool = true) throws(VoxelError) {
        let byteCount = try Self.byteCount(voxelType: voxelType, axes: axes, shape: shape)
        self.voxelType = voxelType
        self.axes = axes
        self.shape = shape
        storage = VoxelStorage(byteCount: byteCount, zeroed: zeroed)
    }

    /// A volume from voxel bytes in C-order.
    ///
    /// - Throws: as above, and `VoxelError.byteCountMismatch` if the bytes do not fit the shape.
    public init(
        voxelType: VoxelType, axes: [Axis], shape: [Int], copying bytes: UnsafeRawBufferPointer
    ) throws(VoxelError) {
        try self.init(voxelType: voxelType, axes: axes, shape: shape, zeroed: false)
        guard bytes.count == byteCount else {
            throw .byteCountMismatch(expected: byteCount, found: bytes.count)
        }
        storage.withUnsafeMutableBytes { $0.copyMemory(from: bytes) }
    }

    /// The most bytes a volume can have, 2^46; budgets are far below.
    public static let maximumByteCount = 1 << 46

    private static func byteCount(
        voxelType: VoxelType, axes: [Axis], shape: [Int]
    ) throws(VoxelError) -> Int {
        guard axes.count == shape.count, Set(axes).count == axes.count, shape.allSatisfy({ $0 >= 0 }) else {
            throw .invalidShape(axes: axes, shape: shape)
        }
        var count = voxelType.byteCount
        for length in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: length)
            guard !overflow, product <= maximumByteCount else {
                throw .tooLarge(shape: shape, voxelType: voxelType)
            }
            count = product
        }
        return count
    }

    /// Bytes of all voxels.
    public var byteCount: Int { storage.byteCount }
    /// The number of voxels.
    public var voxelCount: Int { byteCount / voxelType.byteCount }

    /// The length along an axis; 1 for an axis that the volume does not have.
    public func length(_ axis: Axis) -> Int {
        axes.firstIndex(of: axis).map { shape[$0] } ?? 1
    }

    /// Lengths along x, y and z, 1 where an axis is absent.
    public var extent: VoxelExtent { VoxelExtent(x: length(.x), y: length(.y), z: length(.z)) }

    /// The same voxels under other axes, for example a cutout of one section as a slice.
    ///
    /// - Throws: `VoxelError.invalidShape` unless the voxel count stays the same.
    public func reshaped(axes: [Axis], shape: [Int]) throws(VoxelError) -> AnyVolume {
        guard try Self.byteCount(voxelType: voxelType, axes: axes, shape: shape) == byteCount else {
            throw .invalidShape(axes: axes, shape: shape)
        }
        return AnyVolume(voxelType: voxelType, axes: axes, shape: shape, storage: storage)
    }

    private init(voxelType: VoxelType, axes: [Axis], shape: [Int], storage: VoxelStorage) {
        self.voxelType = voxelType
        self.axes = axes
        self.shape = shape
        self.storage = storage
    }

    /// The voxel bytes in C-order, valid during the call.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try storage.withUnsafeBytes(body)
    }

    /// The voxel bytes for writing; copies them first when another volume shares them.
    public mutating func withUnsafeMutableBytes<R>(
        _ body: (UnsafeMutableRawBufferPointer) throws -> R
    ) rethrows -> R {
        if !isKnownUniquelyReferenced(&storage) {
            let copy = VoxelStorage(byteCount: storage.byteCount, zeroed: false)
            storage.withUnsafeBytes { source in
                copy.withUnsafeMutableBytes { $0.copyMemory(from: source) }
            }
            storage = copy
        }
        return try storage.withUnsafeMutableBytes(body)
    }
}

extension AnyVolume: Equatable {
    /// Same type, axes, shape and bytes.
    public static func == (left: AnyVolume, right: AnyVolume) -> Bool {
        guard left.voxelType == right.voxelType, left.axes == right.axes, left.shape == right.shape else {
            return false
        }
        return left.withUnsafeBytes { leftBytes in
            right.withUnsafeBytes { leftBytes.elementsEqual($0) }
        }
    }
}
