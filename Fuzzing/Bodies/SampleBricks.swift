import BossCodec
import BossVoxels

@testable import BossStorage

/// Voxels that follow from a number, and pages of them.
enum SampleBricks {
    /// One value, few values, or noise, by the number's two low bits.
    static func voxels(_ number: UInt32, _ byteCount: Int) -> [UInt8] {
        var state = UInt64(number) &* 0x9E37_79B9_7F4A_7C15 | 1
        return (0..<byteCount).map { index in
            switch number & 3 {
            case 0: return UInt8(truncatingIfNeeded: number >> 2)
            case 1: return UInt8(truncatingIfNeeded: index / 24 + Int(number))
            case 2: return index % 8 == 0 ? UInt8(truncatingIfNeeded: index / 32 + Int(number)) : 0
            default:
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 56)
            }
        }
    }

    /// A page with bricks by index and number.
    static func page(
        _ key: CuboidKey, _ kind: PageKind, _ bricks: [(index: Int, number: UInt32)], _ brickByteCount: Int,
        _ preference: CompressionPreference, base: UInt64 = 0
    ) throws -> EncodedPage {
        let encoder = BrickEncoder(voxelType: .uint8, brickByteCount: brickByteCount, preference: preference)
        var builder = PageBuilder(
            key: key, kind: kind, encoder: encoder, voxelByteCount: 1, brickByteCount: brickByteCount,
            brickCapacity: bricks.count, baseSequence: base,
            scratch: VoxelStorage(byteCount: BrickEncoder.outputBound(brickByteCount), zeroed: false))
        for (index, number) in bricks {
            let bytes = voxels(number, brickByteCount)
            try builder.append(brick: index) { $0.copyBytes(from: bytes) }
        }
        return builder.finish()
    }
}
