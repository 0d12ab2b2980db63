import BossCodec
import BossGeometry
import BossTestSupport
import BossVoxels
import Testing

@Suite("Label frame")
struct LabelFrameTests {
    private static let extents = [
        VoxelExtent(x: 64, y: 64, z: 16), VoxelExtent(x: 33, y: 7, z: 5), VoxelExtent(x: 300, y: 9, z: 2),
        VoxelExtent(x: 1000, y: 1, z: 3), VoxelExtent(x: 64, y: 1, z: 40), VoxelExtent(x: 129, y: 64, z: 1),
    ]
    private static let types: [VoxelType] = [.uint8, .uint16, .uint32, .uint64]

    private func encode(
        _ voxels: [UInt8], _ type: VoxelType, _ extent: VoxelExtent
    ) throws -> (brick: EncodedBrick, stored: [UInt8]) {
        let encoder = BrickEncoder(
            voxelType: type, brickByteCount: voxels.count, preference: .automatic, labelExtent: extent)
        let output = GuardedBytes(count: BrickEncoder.outputBound(voxels.count))
        let source = GuardedBytes(voxels)
        return try withExtendedLifetime((source, output)) {
            let brick = try encoder.encode(source.readable, into: output.bytes)
            return (brick, [UInt8](output.readable[..<brick.byteCount]))
        }
    }

    private func decode(
        _ codec: BrickCodec, _ bits: UInt64, _ stored: [UInt8], byteCount: Int, voxelByteCount: Int
    ) throws -> [UInt8] {
        let (source, decoded) = (GuardedBytes(stored), GuardedBytes(count: byteCount))
        return try withExtendedLifetime((source, decoded)) {
            try BrickDecoder.decode(
                codec, constantBits: bits, bytes: source.readable, into: decoded.bytes,
                voxelByteCount: voxelByteCount)
            return [UInt8](decoded.readable)
        }
    }

    @Test("gives every brick of labels back, of each width, shape and pattern", arguments: types)
    func everything(_ type: VoxelType) throws {
        var codecs: Set<BrickCodec> = []
        for extent in Self.extents {
            for (seed, pattern) in LabelPattern.allCases.enumerated() {
                let values = pattern.values(extent, seed: UInt64(seed))
                let voxels = LabelPattern.bytes(values, voxelByteCount: type.byteCount)
                let (brick, stored) = try encode(voxels, type, extent)
                codecs.insert(brick.codec)
                let decoded = try decode(
                    brick.codec, brick.constantBits, stored, byteCount: voxels.count,
                    voxelByteCount: type.byteCount)
                #expect(decoded == voxels, "\(type) \(extent) \(pattern) as \(brick.codec)")
            }
        }
        #expect(codecs.contains(.label) && codecs.contains(.constant))
    }

    @Test("is chosen for cells, and a third of what Zstandard makes of them")
    func size() throws {
        let extent = VoxelExtent(x: 64, y: 64, z: 16)
        let voxels = LabelPattern.bytes(
            LabelPattern.cells.values(extent, seed: 5), voxelByteCount: 8)
        let (brick, _) = try encode(voxels, .uint64, extent)
        #expect(brick.codec == .label)
        let zstd = BrickEncoder(voxelType: .uint64, brickByteCount: voxels.count, preference: .zstd)
        var output = [UInt8](repeating: 0, count: BrickEncoder.outputBound(voxels.count))
        let other = try voxels.withUnsafeBytes { source in
            try output.withUnsafeMutableBytes { try zstd.encode(source, into: $0) }
        }
        #expect(brick.byteCount * 3 < other.byteCount, "\(brick.byteCount) and \(other.byteCount) bytes")
    }

    @Test("any part of a brick equals that part of its voxels", arguments: types)
    func parts(_ type: VoxelType) throws {
        var random = SeededGenerator(seed: 0xB0C5)
        for extent in Self.extents {
            let values = LabelPattern.cells.values(extent, seed: 9)
            let voxels = LabelPattern.bytes(values, voxelByteCount: type.byteCount)
            let (brick, stored) = try encode(voxels, type, extent)
            guard brick.codec == .label else { continue }
            let array = try stored.withUnsafeBytes {
                try LabelFrameDecoder.decode(
                    $0, voxelCount: extent.voxelCount, voxelByteCount: type.byteCount)
            }
            #expect(array.extent == extent)
            for _ in 0..<40 {
                let (x, y, z) = (
                    randomRange(extent.x, &random), randomRange(extent.y, &random),
                    randomRange(extent.z, &random)
                )
                let part = VoxelExtent(x: x.count, y: y.count, z: z.count)
                let target = GuardedBytes(count: part.voxelCount * type.byteCount)
                let origin = VoxelPoint(x: x.lowerBound, y: y.lowerBound, z: z.lowerBound)
                let filled = try withExtendedLifetime(target) {
                    let base = try #require(target.bytes.baseAddress)
                    array.fill(
                        MutableVoxelWindow(base, extent: part, voxelByteCount: type.byteCount), from: origin)
                    return [UInt8](target.readable)
                }
                let expected = z.flatMap { z in
                    y.flatMap { y in x.map { x in values[(z * extent.y + y) * extent.x + x] } }
                }
                #expect(
                    filled == LabelPattern.bytes(expected, voxelByteCount: type.byteCount),
                    "\(type) \(extent) x \(x) y \(y) z \(z), seed \(random.seed)")
            }
        }
    }

    private func randomRange(_ count: Int, _ random: inout SeededGenerator) -> Range<Int> {
        let lower = Int.random(in: 0..<count, using: &random)
        return lower..<Int.random(in: lower + 1...count, using: &random)
    }

    @Test("tells its values without a look at the voxels")
    func values() throws {
        let extent = VoxelExtent(x: 64, y: 64, z: 16)
        let values = LabelPattern.cells.values(extent, seed: 3)
        let (_, stored) = try encode(LabelPattern.bytes(values, voxelByteCount: 8), .uint64, extent)
        let found = try stored.withUnsafeBytes {
            try LabelFrameDecoder.values($0, voxelCount: extent.voxelCount, voxelByteCount: 8)
        }
        #expect(found == Set(values).sorted())
    }

    @Test("changed bytes are refused or decode to something, and never reach beyond")
    func changedBytes() throws {
        var random = SeededGenerator(seed: 0xBAD)
        var refused = 0
        for extent in Self.extents {
            for pattern in [LabelPattern.cells, .shearedStripes, .manyValues] {
                let voxels = LabelPattern.bytes(pattern.values(extent, seed: 1), voxelByteCount: 8)
                let (brick, stored) = try encode(voxels, .uint64, extent)
                guard brick.codec == .label else { continue }
                let decoded = GuardedBytes(count: voxels.count)
                for _ in 0..<400 {
                    var bytes = stored
                    for _ in 0..<Int.random(in: 1...3, using: &random) {
                        // Half of the changes in the header and the palette.
                        let limit = Bool.random(using: &random) ? min(60, bytes.count) : bytes.count
                        bytes[Int.random(in: 0..<limit, using: &random)] = UInt8.random(
                            in: 0...255, using: &random)
                    }
                    if Bool.random(using: &random) {
                        bytes.removeLast(Int.random(in: 1...min(bytes.count, 40), using: &random))
                    }
                    let source = GuardedBytes(bytes)
                    do throws(CodecError) {
                        try BrickDecoder.decode(
                            .label, constantBits: 0, bytes: source.readable, into: decoded.bytes,
                            voxelByteCount: 8)
                    } catch { refused += 1 }
                    withExtendedLifetime((source, decoded)) {}
                }
            }
        }
        #expect(refused > 1000, "seed \(random.seed)")
    }
}
