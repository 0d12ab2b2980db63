public import BossGeometry

/// A dense volume whose voxel type is known at compile time, C-order (x fastest).
///
///     var labels = try Volume<UInt64>(extent: VoxelExtent(x: 64, y: 64, z: 8))
///     labels[x: 1, y: 2, z: 3] = 42
public struct Volume<Element: VoxelElement>: Equatable, Sendable {
    /// The volume without its static type.
    public private(set) var erased: AnyVolume

    /// A volume of background voxels with axes z, y, x.
    ///
    /// - Throws: `VoxelError.tooLarge`.
    public init(extent: VoxelExtent) throws(VoxelError) {
        erased = try AnyVolume(
            voxelType: Element.voxelType, axes: [.z, .y, .x], shape: [extent.z, extent.y, extent.x])
    }

    /// A volume from voxels in C-order, axes z, y, x.
    ///
    /// - Throws: `VoxelError.byteCountMismatch` unless there is one element a voxel.
    public init(extent: VoxelExtent, elements: [Element]) throws(VoxelError) {
        let shape = [extent.z, extent.y, extent.x]
        let made = elements.withUnsafeBytes { bytes in
            Result { () throws(VoxelError) in
                try AnyVolume(voxelType: Element.voxelType, axes: [.z, .y, .x], shape: shape, copying: bytes)
            }
        }
        erased = try made.get()
    }

    /// A typed view of a volume.
    ///
    /// - Throws: `VoxelError.typeMismatch` if its voxels have another type.
    public init(_ volume: AnyVolume) throws(VoxelError) {
        guard volume.voxelType == Element.voxelType else {
            throw .typeMismatch(expected: Element.voxelType, found: volume.voxelType)
        }
        erased = volume
    }

    /// Lengths along x, y and z, 1 where an axis is absent.
    public var extent: VoxelExtent { erased.extent }

    /// The voxel at a position inside the volume, counted from its first voxel, at the first time sample.
    ///
    /// - Precondition: the position lies inside the volume.
    public subscript(x x: Int, y y: Int, z z: Int) -> Element {
        get {
            let offset = offset(x, y, z)
            return erased.withUnsafeBytes {
                $0.loadUnaligned(fromByteOffset: offset, as: Element.self)
            }
        }
        set {
            let offset = offset(x, y, z)
            erased.withUnsafeMutableBytes {
                $0.storeBytes(of: newValue, toByteOffset: offset, as: Element.self)
            }
        }
    }

    private func offset(_ x: Int, _ y: Int, _ z: Int) -> Int {
        let extent = erased.extent
        precondition(
            0..<extent.x ~= x && 0..<extent.y ~= y && 0..<extent.z ~= z, "position inside the volume")
        return ((z * extent.y + y) * extent.x + x) * MemoryLayout<Element>.size
    }

    /// All voxels in C-order.
    public var elements: [Element] {
        erased.withUnsafeBytes { Array($0.bindMemory(to: Element.self)) }
    }

    /// The voxels in C-order for reading, valid during the call.
    public func withUnsafeElements<R>(_ body: (UnsafeBufferPointer<Element>) throws -> R) rethrows -> R {
        try erased.withUnsafeBytes { try body($0.bindMemory(to: Element.self)) }
    }

    /// The voxels in C-order for writing, valid during the call.
    public mutating func withUnsafeMutableElements<R>(
        _ body: (UnsafeMutableBufferPointer<Element>) throws -> R
    ) rethrows -> R {
        try erased.withUnsafeMutableBytes { try body($0.bindMemory(to: Element.self)) }
    }
}
