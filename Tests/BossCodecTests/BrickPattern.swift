import BossTestSupport
import BossVoxels

/// Bricks of kinds that bricks have in life, as bytes.
enum BrickPattern: String, CaseIterable, Sendable {
    case constant, random, smooth, labels, notANumber, lastVoxelDiffers

    func bytes(_ type: VoxelType, voxelCount: Int, seed: UInt64 = 0xB055) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        var label = random.next()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(voxelCount * type.byteCount)
        for index in 0..<voxelCount {
            let bits: UInt64
            switch self {
            case .constant: bits = 0x8123_4567_89AB_CDEF
            case .random: bits = random.next()
            case .smooth: bits = Self.ramp(type, index)
            case .labels:
                if index % 23 == 0 { label = random.next() % 5 }
                bits = label &* 0x1_0001_0101
            case .notANumber: bits = Self.notANumber(type)
            case .lastVoxelDiffers: bits = index == voxelCount - 1 ? 1 : 0
            }
            for byte in 0..<type.byteCount { bytes.append(UInt8(truncatingIfNeeded: bits >> (8 * byte))) }
        }
        return bytes
    }

    private static func ramp(_ type: VoxelType, _ index: Int) -> UInt64 {
        switch type {
        case .float32: UInt64(Float(index).bitPattern)
        case .float64: Double(index).bitPattern
        default: UInt64(index / 16)
        }
    }

    private static func notANumber(_ type: VoxelType) -> UInt64 {
        switch type {
        case .float32: UInt64(Float.nan.bitPattern)
        case .float64: Double.nan.bitPattern
        default: .max
        }
    }
}
