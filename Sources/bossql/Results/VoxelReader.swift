import BossVoxels

/// Single voxels and ranges of a volume whose type is known only at run time.
struct VoxelReader {
    private let bytes: UnsafeRawBufferPointer
    private let type: VoxelType

    /// - Parameter bytes: voxels of `type`, valid as long as the reader is used.
    init(bytes: UnsafeRawBufferPointer, type: VoxelType) {
        self.bytes = bytes
        self.type = type
    }

    private func load<T: BitwiseCopyable>(_ index: Int, as element: T.Type) -> T {
        bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.stride, as: element)
    }

    /// A voxel as a brightness; 64-bit integers lose their lowest bits.
    func brightness(_ index: Int) -> Double {
        switch type {
        case .uint8: Double(load(index, as: UInt8.self))
        case .uint16: Double(load(index, as: UInt16.self))
        case .uint32: Double(load(index, as: UInt32.self))
        case .uint64: Double(load(index, as: UInt64.self))
        case .int8: Double(load(index, as: Int8.self))
        case .int16: Double(load(index, as: Int16.self))
        case .int32: Double(load(index, as: Int32.self))
        case .int64: Double(load(index, as: Int64.self))
        case .float32: Double(load(index, as: Float.self))
        case .float64: load(index, as: Double.self)
        }
    }

    /// A voxel as an ID, its bits widened to 64.
    func label(_ index: Int) -> UInt64 {
        switch type {
        case .uint8, .int8: UInt64(load(index, as: UInt8.self))
        case .uint16, .int16: UInt64(load(index, as: UInt16.self))
        case .uint32, .int32, .float32: UInt64(load(index, as: UInt32.self))
        case .uint64, .int64, .float64: load(index, as: UInt64.self)
        }
    }

    /// The smallest and the largest voxel as text, NaN left out; nil when there is none.
    static func range(of volume: AnyVolume) -> (least: String, most: String)? {
        switch volume.voxelType {
        case .uint8: range(volume, of: UInt8.self)
        case .uint16: range(volume, of: UInt16.self)
        case .uint32: range(volume, of: UInt32.self)
        case .uint64: range(volume, of: UInt64.self)
        case .int8: range(volume, of: Int8.self)
        case .int16: range(volume, of: Int16.self)
        case .int32: range(volume, of: Int32.self)
        case .int64: range(volume, of: Int64.self)
        case .float32: range(volume, of: Float.self)
        case .float64: range(volume, of: Double.self)
        }
    }

    private static func range<T: VoxelElement>(
        _ volume: AnyVolume, of element: T.Type
    ) -> (least: String, most: String)? {
        volume.withUnsafeBytes { bytes in
            let voxels = bytes.assumingMemoryBound(to: element)
            // A NaN differs from itself.
            guard let first = voxels.first(where: { $0 == $0 }) else { return nil }
            var least = first
            var most = first
            for voxel in voxels {
                if voxel < least { least = voxel }
                if voxel > most { most = voxel }
            }
            return ("\(least)", "\(most)")
        }
    }
}
