import BossCodec
import BossGeometry
import BossVoxels

/// Stored bytes of a brick. Input: codec, voxel byte count, bytes of the decoded brick (three bytes), flags
/// (bit 0 puts the two lengths into a Blosc header, bits 1 to 7 shift a constant), then the stored bytes.
enum CodecTarget {
    static let target = FuzzTarget("codec", body: run, seeds: seeds)
    private static let voxelByteCounts = [1, 2, 4, 8]

    @Sendable private static func run(_ input: UnsafeRawBufferPointer) throws {
        var input = FuzzInput(input)
        let codec = try BrickCodec(stored: input.byte() % 6)
        let voxelByteCount = voxelByteCounts[Int(input.byte()) % 4]
        let byteCount = input.number(byteCount: 3) % (64 << 10)
        let flags = input.byte()
        var stored = input.rest()
        var bits = UInt64(0)
        if codec == .constant {
            bits = (stored.number(UInt64.self, at: 0) ?? 0) >> UInt64(flags >> 1 & 63)
            stored = Array(stored.dropFirst(8))
        } else if flags & 1 == 1 {
            stored.put(UInt32(byteCount), at: 4)
            stored.put(UInt32(stored.count), at: 12)
        }
        let first = try decode(
            codec, bits, stored, voxelByteCount, [UInt8](repeating: 0xA5, count: byteCount))
        let second = try decode(
            codec, bits, stored, voxelByteCount, [UInt8](repeating: 0x5A, count: byteCount))
        try FuzzFailure.require(first == second, "the decoder leaves bytes as they were")
        if codec == .raw { try FuzzFailure.require(first == stored, "raw bytes change") }
        if codec == .constant {
            let isRight = first.indices.allSatisfy {
                first[$0] == UInt8(truncatingIfNeeded: bits >> UInt64(8 * ($0 % voxelByteCount)))
            }
            try FuzzFailure.require(isRight, "a constant is not everywhere")
        }
    }

    private static func decode(
        _ codec: BrickCodec, _ bits: UInt64, _ stored: [UInt8], _ voxelByteCount: Int, _ output: [UInt8]
    ) throws -> [UInt8] {
        // Exactly as long as the bytes are, so that the address sanitizer sees a read or write beyond.
        let source = UnsafeMutableRawBufferPointer.allocate(byteCount: stored.count, alignment: 1)
        let target = UnsafeMutableRawBufferPointer.allocate(byteCount: output.count, alignment: 1)
        defer {
            source.deallocate()
            target.deallocate()
        }
        source.copyBytes(from: stored)
        target.copyBytes(from: output)
        try BrickDecoder.decode(
            codec, constantBits: bits, bytes: UnsafeRawBufferPointer(source), into: target,
            voxelByteCount: voxelByteCount)
        return Array(target)
    }

    @Sendable private static func seeds() throws -> [[UInt8]] {
        var seeds: [[UInt8]] = [
            [1, 0, 64, 0, 0, 0, 7], [1, 1, 64, 0, 0, 0, 1, 2], [2, 0, 3, 0, 0, 0, 9, 8, 7],
        ]
        for (index, type) in [VoxelType.uint8, .uint16, .uint32, .uint64].enumerated() {
            for preference in [CompressionPreference.lz4, .zstd, .automatic] {
                for (number, byteCount) in [(UInt32(1), 128), (2, 1000), (2, 4096), (1, 40_000)] {
                    let voxels = SampleBricks.voxels(number, byteCount)
                    let (brick, bytes) = try RoundTripTarget.encode(voxels, type, preference)
                    guard brick.codec != .constant else { continue }
                    let size = [byteCount, byteCount >> 8, byteCount >> 16].map {
                        UInt8(truncatingIfNeeded: $0)
                    }
                    seeds.append([brick.codec.rawValue, UInt8(index)] + size + [1] + bytes)
                }
            }
        }
        return try seeds + labelSeeds()
    }

    /// Runs of labels in bricks of 32 x 16 x 4 voxels.
    private static func labelSeeds() throws -> [[UInt8]] {
        let extent = VoxelExtent(x: 32, y: 16, z: 4)
        return try [VoxelType.uint8, .uint16, .uint32, .uint64].enumerated().map { (index, type) in
            let voxels = (0..<extent.voxelCount).flatMap { voxel -> [UInt8] in
                let (x, y, z) = (voxel % extent.x, voxel / extent.x % extent.y, voxel / extent.x / extent.y)
                let label = UInt8((x + y / 2) / 30 * 40 + z)
                return [label] + [UInt8](repeating: label / 40, count: type.byteCount - 1)
            }
            let encoder = BrickEncoder(
                voxelType: type, brickByteCount: voxels.count, preference: .automatic, labelExtent: extent)
            var output = [UInt8](repeating: 0, count: BrickEncoder.outputBound(voxels.count))
            let brick = try voxels.withUnsafeBytes { source in
                try output.withUnsafeMutableBytes { try encoder.encode(source, into: $0) }
            }
            try FuzzFailure.require(brick.codec == .label, "labels are stored as \(brick.codec)")
            let size = [voxels.count, voxels.count >> 8, 0].map { UInt8(truncatingIfNeeded: $0) }
            return [brick.codec.rawValue, UInt8(index)] + size + [0] + output.prefix(brick.byteCount)
        }
    }
}

/// Encode and decode. Input: voxel type, preference, brick length (two bytes), then bytes that are repeated
/// until the brick is full.
enum RoundTripTarget {
    static let target = FuzzTarget("roundtrip", body: run, seeds: seeds)

    @Sendable private static func run(_ input: UnsafeRawBufferPointer) throws {
        var input = FuzzInput(input)
        let types = VoxelType.allCases
        let type = types[Int(input.byte()) % types.count]
        let preferences = CompressionPreference.allCases
        let preference = preferences[Int(input.byte()) % preferences.count]
        let voxelCount = max(1, input.number(byteCount: 2) / type.byteCount)
        let pattern = input.rest()
        guard !pattern.isEmpty else { return }
        var voxels: [UInt8] = []
        let byteCount = voxelCount * type.byteCount
        voxels.reserveCapacity(byteCount)
        while voxels.count < byteCount { voxels += pattern.prefix(byteCount - voxels.count) }
        let brick: EncodedBrick
        let stored: [UInt8]
        // Voxels are never refused.
        do { (brick, stored) = try encode(voxels, type, preference) } catch {
            throw FuzzFailure("a brick of \(voxels.count) bytes cannot be encoded: \(error)")
        }
        try FuzzFailure.require(brick.byteCount <= voxels.count, "a brick has grown")
        let checksum = stored.withUnsafeBytes { CRC32C.checksum($0) }
        try FuzzFailure.require(brick.codec == .constant || checksum == brick.checksum, "wrong checksum")
        var decoded = [UInt8](repeating: 0xA5, count: voxels.count)
        do {
            try decoded.withUnsafeMutableBytes { output in
                try stored.withUnsafeBytes {
                    try BrickDecoder.decode(
                        brick.codec, constantBits: brick.constantBits, bytes: $0, into: output,
                        voxelByteCount: type.byteCount)
                }
            }
        } catch { throw FuzzFailure("what was encoded cannot be decoded: \(error)") }
        try FuzzFailure.require(decoded == voxels, "a brick comes back changed")
    }

    static func encode(
        _ voxels: [UInt8], _ type: VoxelType, _ preference: CompressionPreference
    ) throws -> (EncodedBrick, [UInt8]) {
        let encoder = BrickEncoder(voxelType: type, brickByteCount: voxels.count, preference: preference)
        var output = [UInt8](repeating: 0, count: BrickEncoder.outputBound(voxels.count))
        let brick = try voxels.withUnsafeBytes { source in
            try output.withUnsafeMutableBytes { try encoder.encode(source, into: $0) }
        }
        return (brick, Array(output.prefix(brick.byteCount)))
    }

    @Sendable private static func seeds() throws -> [[UInt8]] {
        var seeds: [[UInt8]] = []
        for type in VoxelType.allCases.indices {
            for preference in CompressionPreference.allCases.indices {
                for (low, high) in [(UInt8(200), UInt8(0)), (0, 16), (0, 160)] {
                    let pattern = SampleBricks.voxels(UInt32(type % 4), 64)
                    seeds.append([UInt8(type), UInt8(preference), low, high] + pattern)
                }
            }
        }
        return seeds
    }
}
