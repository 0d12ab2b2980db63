import BossCodec
import BossTestSupport
import BossVoxels
import Testing

@Suite("Brick decoder")
struct BrickDecoderTests {
    private static let brickByteCount = 2048

    /// A brick with some of everything and its frame: runs, a ramp and noise, in 16-bit voxels.
    private func frame(_ preference: CompressionPreference) throws -> (voxels: [UInt8], bytes: [UInt8]) {
        let voxels =
            BrickPattern.labels.bytes(.uint16, voxelCount: 512)
            + BrickPattern.smooth.bytes(.uint16, voxelCount: 448)
            + BrickPattern.random.bytes(.uint16, voxelCount: 64)
        let encoder = BrickEncoder(voxelType: .uint16, brickByteCount: voxels.count, preference: preference)
        let output = GuardedBytes(count: BrickEncoder.outputBound(voxels.count))
        let brick = try voxels.withUnsafeBytes { try encoder.encode($0, into: output.bytes) }
        try #require(brick.codec == (preference == .lz4 ? .lz4 : .zstd))
        return (voxels, [UInt8](output.readable[..<brick.byteCount]))
    }

    private func decode(
        _ codec: BrickCodec, _ bytes: [UInt8], outputByteCount: Int = brickByteCount, bits: UInt64 = 0,
        voxelByteCount: Int = 2
    ) throws(CodecError) -> [UInt8] {
        let stored = GuardedBytes(bytes)
        let output = GuardedBytes(count: outputByteCount)
        try BrickDecoder.decode(
            codec, constantBits: bits, bytes: stored.readable, into: output.bytes,
            voxelByteCount: voxelByteCount)
        return [UInt8](output.readable)
    }

    private func codec(_ preference: CompressionPreference) -> BrickCodec {
        preference == .lz4 ? .lz4 : .zstd
    }

    /// The buffers end at pages that must not be touched, so an access past them ends the run.
    @Test(
        "survives every flip of a single bit, which the checksum notices",
        arguments: [.lz4, .zstd] as [CompressionPreference])
    func bitFlips(_ preference: CompressionPreference) throws {
        let (_, intact) = try frame(preference)
        let checksum = intact.withUnsafeBytes { CRC32C.checksum($0) }
        let stored = GuardedBytes(intact)
        let output = GuardedBytes(count: Self.brickByteCount)
        var refused = 0
        for bit in 0..<intact.count * 8 {
            stored.bytes[bit / 8] ^= 1 << (bit % 8)
            #expect(CRC32C.checksum(stored.readable) != checksum, "bit \(bit)")
            do {
                try BrickDecoder.decode(
                    codec(preference), constantBits: 0, bytes: stored.readable, into: output.bytes,
                    voxelByteCount: 2)
            } catch {
                refused += 1
            }
            stored.bytes[bit / 8] ^= 1 << (bit % 8)
        }
        // The header alone has 16 bytes, of which the shuffle and split flags may be flipped unnoticed.
        #expect(refused >= 100)
    }

    @Test("survives random damage of any extent", arguments: [.lz4, .zstd] as [CompressionPreference])
    func damage(_ preference: CompressionPreference) throws {
        var random = SeededGenerator(seed: 0xDA3A6E)
        let (_, intact) = try frame(preference)
        let output = GuardedBytes(count: Self.brickByteCount)
        let stored = GuardedBytes(intact)
        for _ in 0..<3000 {
            stored.bytes.copyBytes(from: intact)
            // The header mostly stays valid, so that the damage reaches the decompressor.
            let first = Int.random(in: 0..<8, using: &random) == 0 ? 0 : 16
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                let position = Int.random(in: first..<intact.count, using: &random)
                stored.bytes[position] = UInt8(truncatingIfNeeded: random.next())
            }
            _ = try? BrickDecoder.decode(
                codec(preference), constantBits: 0, bytes: stored.readable, into: output.bytes,
                voxelByteCount: 2)
        }
    }

    @Test(
        "refuses every truncation and every extension", arguments: [.lz4, .zstd] as [CompressionPreference])
    func truncations(_ preference: CompressionPreference) throws {
        let (voxels, intact) = try frame(preference)
        #expect(try decode(codec(preference), intact) == voxels)
        for count in 0..<intact.count {
            let expected: CodecError =
                count < 16
                ? .frameTooShort(needed: 16, found: count)
                : .invalidFrame(field: .compressedByteCount, found: intact.count)
            #expect(throws: expected) { try decode(codec(preference), [UInt8](intact[..<count])) }
        }
        #expect(throws: CodecError.invalidFrame(field: .compressedByteCount, found: intact.count)) {
            try decode(codec(preference), intact + [0])
        }
        // Truncated with a header that says so.
        for count in 16..<intact.count {
            var bytes = [UInt8](intact[..<count])
            store(count, at: 12, in: &bytes)
            #expect(throws: CodecError.self) { try decode(codec(preference), bytes) }
        }
    }

    private func store(_ number: Int, at offset: Int, in bytes: inout [UInt8]) {
        for byte in 0..<4 { bytes[offset + byte] = UInt8(truncatingIfNeeded: number >> (8 * byte)) }
    }

    @Test("refuses each header field that does not fit the brick, huge sizes among them")
    func headerFields() throws {
        for preference in [CompressionPreference.lz4, .zstd] {
            let (_, intact) = try frame(preference)
            func refuses(_ field: CodecError.FrameField, _ found: Int, _ change: (inout [UInt8]) -> Void) {
                var bytes = intact
                change(&bytes)
                #expect(throws: CodecError.invalidFrame(field: field, found: found)) {
                    try decode(codec(preference), bytes)
                }
            }
            for version in [0, 1, 3, 255] { refuses(.version, version) { $0[0] = UInt8(version) } }
            for version in [0, 2, 255] { refuses(.compressorVersion, version) { $0[1] = UInt8(version) } }
            // Plain copy, bit shuffle, reserved bit, another compressor.
            for bit in [1, 2, 3, 6] {
                refuses(.flags, Int(intact[2] ^ 1 << bit)) { $0[2] ^= 1 << bit }
            }
            for size in [0, 3, 5, 16, 255] { refuses(.typeSize, size) { $0[3] = UInt8(size) } }
            let sizes = [0, 1, 2047, 2049, Int(Int32.max) - 16, 1 << 31, Int(UInt32.max)]
            for size in sizes { refuses(.byteCount, size) { store(size, at: 4, in: &$0) } }
            for size in [0, 1, 2050, 4096, Int(Int32.max), 1 << 31, Int(UInt32.max)] {
                refuses(.blockByteCount, size) { store(size, at: 8, in: &$0) }
            }
            for size in [0, 15, intact.count - 1, intact.count + 1, 1 << 31, Int(UInt32.max)] {
                refuses(.compressedByteCount, size) { store(size, at: 12, in: &$0) }
            }
        }
    }

    @Test("refuses a frame for a brick of another size")
    func otherBrick() throws {
        let (_, intact) = try frame(.lz4)
        for count in [0, 2, 2046, 2050, 65_536] {
            #expect(throws: CodecError.invalidFrame(field: .byteCount, found: 2048)) {
                try decode(.lz4, intact, outputByteCount: count)
            }
        }
    }

    @Test("refuses a frame of the other compressor")
    func otherCompressor() throws {
        let (_, intact) = try frame(.lz4)
        #expect(throws: CodecError.invalidFrame(field: .flags, found: Int(intact[2]))) {
            try decode(.zstd, intact)
        }
    }

    @Test("refuses raw bytes of another length")
    func rawLength() throws {
        #expect(try decode(.raw, [1, 2, 3, 4], outputByteCount: 4) == [1, 2, 3, 4])
        #expect(try decode(.raw, [], outputByteCount: 0) == [])
        for count in [0, 3, 5] {
            #expect(throws: CodecError.storedByteCountMismatch(codec: 2, expected: 4, found: count)) {
                try decode(.raw, [UInt8](repeating: 0, count: count), outputByteCount: 4)
            }
        }
    }

    @Test("fills with a constant of each width, and refuses one that is wider or has bytes")
    func constants() throws {
        let bits: UInt64 = 0x8877_6655_4433_2211
        for width in [1, 2, 4, 8] {
            let narrowed = width == 8 ? bits : bits & (1 << (8 * UInt64(width)) - 1)
            let voxel = (0..<width).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt64($0))) }
            for voxelCount in [0, 1, 3, 1023, 5000] {
                let expected = [UInt8]((0..<voxelCount).map { _ in voxel }.joined())
                let found = try decode(
                    .constant, [], outputByteCount: voxelCount * width, bits: narrowed,
                    voxelByteCount: width)
                #expect(found == expected, "\(voxelCount) voxels of \(width) bytes")
            }
            if width < 8 {
                let tooWide: UInt64 = 1 << (8 * UInt64(width))
                #expect(throws: CodecError.constantTooWide(bits: tooWide, voxelByteCount: width)) {
                    try decode(.constant, [], outputByteCount: 64, bits: tooWide, voxelByteCount: width)
                }
            }
        }
        #expect(throws: CodecError.storedByteCountMismatch(codec: 1, expected: 0, found: 1)) {
            try decode(.constant, [0], outputByteCount: 64)
        }
        #expect(throws: CodecError.brickByteCountMismatch(expected: 64, found: 66)) {
            try decode(.constant, [], outputByteCount: 66, bits: 1, voxelByteCount: 4)
        }
    }

    @Test("names the numbers that are no codec")
    func codecNumbers() throws {
        let numbers: [UInt8: BrickCodec] = [1: .constant, 2: .raw, 3: .lz4, 4: .zstd, 5: .label]
        for number in UInt8.min...UInt8.max {
            if let codec = numbers[number] {
                #expect(try BrickCodec(stored: number) == codec)
            } else {
                #expect(throws: CodecError.unknownCodec(number)) { try BrickCodec(stored: number) }
            }
        }
    }
}
