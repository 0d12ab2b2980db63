import BossCodec
import BossTestSupport
import BossVoxels
import Testing

@Suite("Brick encoder")
struct BrickEncoderTests {
    private func encode(
        _ voxels: [UInt8], _ type: VoxelType, _ preference: CompressionPreference
    ) throws -> EncodedBrick {
        let encoder = BrickEncoder(voxelType: type, brickByteCount: voxels.count, preference: preference)
        let output = GuardedBytes(count: BrickEncoder.outputBound(voxels.count))
        return try voxels.withUnsafeBytes { try encoder.encode($0, into: output.bytes) }
    }

    @Test("stores equal voxels of each width as their bits, whatever the preference")
    func constants() throws {
        let bits: [VoxelType: UInt64] = [
            .uint8: 0xEF, .int8: 0xEF, .uint16: 0xCDEF, .int16: 0xCDEF, .uint32: 0x89AB_CDEF,
            .int32: 0x89AB_CDEF, .float32: 0x89AB_CDEF, .uint64: 0x8123_4567_89AB_CDEF,
            .int64: 0x8123_4567_89AB_CDEF, .float64: 0x8123_4567_89AB_CDEF,
        ]
        for type in VoxelType.allCases {
            for preference in CompressionPreference.allCases {
                let voxels = BrickPattern.constant.bytes(type, voxelCount: 4096)
                let brick = try encode(voxels, type, preference)
                #expect(brick.codec == .constant && brick.constantBits == bits[type])
                #expect(brick.byteCount == 0 && brick.checksum == 0)
            }
        }
    }

    @Test("sees a difference in any single voxel")
    func almostConstant() throws {
        for position in [0, 1, 63, 64, 2047, 4094, 4095] {
            var voxels = [UInt8](repeating: 7, count: 4096)
            voxels[position] = 8
            #expect(try encode(voxels, .uint8, .automatic).codec != .constant, "voxel \(position)")
        }
    }

    @Test("treats NaN as equal to itself and keeps zeros of both signs apart")
    func floatBits() throws {
        let nan = BrickPattern.notANumber.bytes(.float32, voxelCount: 1024)
        #expect(try encode(nan, .float32, .automatic).constantBits == UInt64(Float.nan.bitPattern))
        var zeros = [UInt8](repeating: 0, count: 4096)
        zeros[4095] = 0x80
        #expect(try encode(zeros, .float32, .automatic).codec != .constant)
    }

    @Test("stores bricks that do not shrink raw, with the bytes and checksum of the voxels")
    func incompressible() throws {
        for type in VoxelType.allCases {
            for byteCount in [64, 4096, 65_536] {
                let voxels = BrickPattern.random.bytes(type, voxelCount: byteCount / type.byteCount)
                for preference in CompressionPreference.allCases {
                    let brick = try encode(voxels, type, preference)
                    #expect(brick.codec == .raw && brick.byteCount == voxels.count, "\(type) \(preference)")
                    #expect(brick.checksum == voxels.withUnsafeBytes { CRC32C.portableChecksum($0) })
                }
            }
        }
    }

    /// Noise and zeros in turn: `noisy` of 256 bytes are noise, which no compressor shrinks.
    private func mixed(noisy: Int, of byteCount: Int) -> [UInt8] {
        var random = SeededGenerator(seed: 0x3A1E)
        return (0..<byteCount).map { $0 % 256 < noisy ? UInt8(truncatingIfNeeded: random.next()) : 0 }
    }

    @Test("keeps a frame that saves a fifth, and below that only for a named codec")
    func savings() throws {
        let quarter = mixed(noisy: 180, of: 65_536)
        #expect(try encode(quarter, .uint8, .automatic).codec == .lz4)
        let eighth = mixed(noisy: 224, of: 65_536)
        #expect(try encode(eighth, .uint8, .automatic).codec == .raw)
        #expect(try encode(eighth, .uint8, .lz4).codec == .lz4)
        #expect(try encode(eighth, .uint8, .zstd).codec == .zstd)
        let hardly = mixed(noisy: 248, of: 65_536)
        #expect(try encode(hardly, .uint8, .lz4).codec == .raw)
        #expect(try encode(hardly, .uint8, .zstd).codec == .raw)
    }

    @Test("follows the preference where compression pays")
    func preferences() throws {
        for type in [VoxelType.uint16, .uint32, .uint64] {
            let labels = BrickPattern.labels.bytes(type, voxelCount: 16_384)
            #expect(try encode(labels, type, .automatic).codec == .lz4)
            #expect(try encode(labels, type, .lz4).codec == .lz4)
            #expect(try encode(labels, type, .zstd).codec == .zstd)
            #expect(try encode(labels, type, .none).codec == .raw)
            #expect(try encode(labels, type, .automatic).byteCount < labels.count / 5)
        }
    }

    /// Byte 3 of a frame is the size of the shuffled element, bit 0 of byte 2 the shuffle (README_CHUNK_FORMAT).
    @Test("never shuffles integers of 32 and 64 bits, shuffles floats, and decides for 16 bits")
    func shuffles() throws {
        func isShuffled(_ pattern: BrickPattern, _ type: VoxelType) throws -> Bool {
            let voxels = pattern.bytes(type, voxelCount: 32_768)
            let encoder = BrickEncoder(voxelType: type, brickByteCount: voxels.count, preference: .lz4)
            let output = GuardedBytes(count: BrickEncoder.outputBound(voxels.count))
            let brick = try voxels.withUnsafeBytes { try encoder.encode($0, into: output.bytes) }
            try #require(brick.codec == .lz4)
            return output.bytes[2] & 1 == 1 && output.bytes[3] > 1
        }
        for type in [VoxelType.uint32, .int32, .uint64, .int64] {
            #expect(try !isShuffled(.labels, type))
            #expect(try !isShuffled(.smooth, type))
        }
        #expect(try isShuffled(.smooth, .float32))
        #expect(try isShuffled(.smooth, .float64))
        #expect(try !isShuffled(.labels, .uint16))
    }

    @Test("leaves a raw brick where it is when asked to")
    func withoutCopy() throws {
        let voxels = BrickPattern.random.bytes(.uint8, voxelCount: 512)
        let encoder = BrickEncoder(voxelType: .uint8, brickByteCount: 512, preference: .none)
        let output = GuardedBytes(count: BrickEncoder.outputBound(512))
        let brick = try voxels.withUnsafeBytes { try encoder.encode($0, into: output.bytes, copyRaw: false) }
        #expect(brick.codec == .raw && brick.byteCount == 512)
        #expect(brick.checksum == voxels.withUnsafeBytes { CRC32C.checksum($0) })
        #expect(output.readable.allSatisfy { $0 == 0 })
    }

    @Test("refuses voxels that are not one brick and an output below the bound")
    func refusals() throws {
        let encoder = BrickEncoder(voxelType: .uint16, brickByteCount: 512, preference: .automatic)
        let output = GuardedBytes(count: BrickEncoder.outputBound(512))
        for found in [0, 510, 514] {
            let voxels = GuardedBytes(count: found)
            #expect(throws: CodecError.brickByteCountMismatch(expected: 512, found: found)) {
                try encoder.encode(voxels.readable, into: output.bytes)
            }
        }
        let voxels = GuardedBytes(count: 512)
        let short = GuardedBytes(count: BrickEncoder.outputBound(512) - 1)
        #expect(throws: CodecError.outputTooSmall(needed: 528, found: 527)) {
            try encoder.encode(voxels.readable, into: short.bytes)
        }
    }
}
