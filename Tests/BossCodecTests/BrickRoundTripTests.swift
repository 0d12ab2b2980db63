import BossCodec
import BossTestSupport
import BossVoxels
import Testing

@Suite("Brick round trip")
struct BrickRoundTripTests {
    @Test("gives every brick back, of each type, pattern and preference", arguments: VoxelType.allCases)
    func everything(_ type: VoxelType) throws {
        // Below the smallest frame, below the sample, above it, and one that no power of two divides.
        for voxelCount in [1, 15, 2048, 6001, 40_000 / type.byteCount] {
            for pattern in BrickPattern.allCases {
                let voxels = GuardedBytes(pattern.bytes(type, voxelCount: voxelCount))
                for preference in CompressionPreference.allCases {
                    let encoder = BrickEncoder(
                        voxelType: type, brickByteCount: voxels.bytes.count, preference: preference)
                    let output = GuardedBytes(count: BrickEncoder.outputBound(voxels.bytes.count))
                    let brick = try encoder.encode(voxels.readable, into: output.bytes)
                    let stored = GuardedBytes([UInt8](output.readable[..<brick.byteCount]))
                    #expect(CRC32C.checksum(stored.readable) == brick.checksum)
                    #expect(brick.byteCount <= voxels.bytes.count)

                    let decoded = GuardedBytes(count: voxels.bytes.count)
                    try BrickDecoder.decode(
                        brick.codec, constantBits: brick.constantBits, bytes: stored.readable,
                        into: decoded.bytes, voxelByteCount: type.byteCount)
                    #expect(
                        decoded.readable.elementsEqual(voxels.readable),
                        "\(type) \(pattern) \(preference) \(voxelCount) as \(brick.codec)")
                }
            }
        }
    }

    @Test("works from many threads with one encoder")
    func threads() async throws {
        let voxels = BrickPattern.labels.bytes(.uint64, voxelCount: 8192)
        let encoder = BrickEncoder(voxelType: .uint64, brickByteCount: voxels.count, preference: .automatic)
        let checksums = try await withThrowingTaskGroup(of: UInt32.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    let output = GuardedBytes(count: BrickEncoder.outputBound(voxels.count))
                    let decoded = GuardedBytes(count: voxels.count)
                    let brick = try voxels.withUnsafeBytes { try encoder.encode($0, into: output.bytes) }
                    let stored = UnsafeRawBufferPointer(rebasing: output.readable[..<brick.byteCount])
                    try BrickDecoder.decode(
                        brick.codec, constantBits: 0, bytes: stored, into: decoded.bytes, voxelByteCount: 8)
                    #expect(decoded.readable.elementsEqual(voxels))
                    return brick.checksum
                }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(checksums.count == 1)
    }
}
