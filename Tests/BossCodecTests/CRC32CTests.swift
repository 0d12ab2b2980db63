import BossCodec
import BossTestSupport
import Testing

@Suite("CRC-32C")
struct CRC32CTests {
    /// The definition: one bit at a time, lowest first, register all ones before and inverted after.
    private func definition(_ bytes: ArraySlice<UInt8>, seed: UInt32) -> UInt32 {
        var state = ~seed
        for byte in bytes {
            state ^= UInt32(byte)
            for _ in 0..<8 { state = state >> 1 ^ (state & 1 == 1 ? 0x82F6_3B78 : 0) }
        }
        return ~state
    }

    private func checksum(_ bytes: [UInt8], seed: UInt32 = 0) -> UInt32 {
        bytes.withUnsafeBytes { CRC32C.checksum($0, seed: seed) }
    }

    private func randomBytes(_ count: Int, _ random: inout SeededGenerator) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    /// RFC 3720, B.4, whose byte order is the wire's; and the check value of "123456789".
    @Test("gives the published vectors with every kernel")
    func publishedVectors() {
        let readCommand: [UInt8] =
            [0x01, 0xC0] + [UInt8](repeating: 0, count: 14) + [0x14, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0x14]
            + [0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
        let vectors: [([UInt8], UInt32)] = [
            ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
            ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
            ([UInt8](0..<32), 0x46DD_794E),
            ([UInt8]((0..<32).reversed()), 0x113F_DB5C),
            (readCommand, 0xD996_3A56),
            ([UInt8]("123456789".utf8), 0xE306_9283),
            ([], 0),
        ]
        for (bytes, expected) in vectors {
            #expect(checksum(bytes) == expected)
            #expect(bytes.withUnsafeBytes { CRC32C.portableChecksum($0) } == expected)
            for index in CRC32C.availableKernels.indices {
                #expect(bytes.withUnsafeBytes { CRC32C.checksum($0, kernel: index) } == expected)
            }
        }
    }

    /// All lengths around the steps of the kernels (8, 64, 256, 768 bytes), at moving alignments.
    @Test("agrees with the bit-by-bit definition in every kernel")
    func definition() {
        var random = SeededGenerator(seed: 0xC4C)
        let bytes = randomBytes(1200, &random)
        for length in stride(from: 0, through: 1100, by: 1) where length < 300 || length % 7 == 0 {
            let start = length % 67
            let seed = UInt32(truncatingIfNeeded: random.next())
            let expected = definition(bytes[start..<start + length], seed: seed)
            bytes.withUnsafeBytes { all in
                let part = UnsafeRawBufferPointer(rebasing: all[start..<start + length])
                #expect(
                    CRC32C.portableChecksum(part, seed: seed) == expected, "\(length), seed \(random.seed)")
                for (index, name) in CRC32C.availableKernels.enumerated() {
                    let found = CRC32C.checksum(part, seed: seed, kernel: index)
                    #expect(found == expected, "\(name), \(length) bytes, seed \(random.seed)")
                }
            }
        }
    }

    @Test("agrees with the definition where the long streams begin, and between kernels beyond")
    func longInputs() {
        var random = SeededGenerator(seed: 0x1046)
        let bytes = randomBytes(150_000, &random)
        for length in [6143, 6144, 6145, 13_107] {
            let expected = definition(bytes[3..<3 + length], seed: 0)
            bytes.withUnsafeBytes { all in
                let part = UnsafeRawBufferPointer(rebasing: all[3..<3 + length])
                #expect(CRC32C.checksum(part) == expected, "\(length), seed \(random.seed)")
                for index in CRC32C.availableKernels.indices {
                    #expect(CRC32C.checksum(part, kernel: index) == expected, "\(length), kernel \(index)")
                }
            }
        }
        for _ in 0..<100 {
            let start = Int.random(in: 0..<64, using: &random)
            let length = Int.random(in: 0...149_000, using: &random)
            bytes.withUnsafeBytes { all in
                let part = UnsafeRawBufferPointer(rebasing: all[start..<start + length])
                let expected = CRC32C.portableChecksum(part)
                #expect(CRC32C.checksum(part) == expected, "\(start), \(length), seed \(random.seed)")
                for index in CRC32C.availableKernels.indices {
                    #expect(CRC32C.checksum(part, kernel: index) == expected, "\(start), \(length)")
                }
            }
        }
    }

    @Test("of two parts is that of the second continued from the first")
    func splits() {
        var random = SeededGenerator(seed: 0x5911)
        let bytes = randomBytes(3000, &random)
        let whole = checksum(bytes)
        for split in [0, 1, 7, 8, 255, 256, 257, 1024, 2999, 3000] {
            let first = checksum([UInt8](bytes[..<split]))
            #expect(checksum([UInt8](bytes[split...]), seed: first) == whole, "\(split), seed \(random.seed)")
        }
    }

    @Test("reads no byte outside of its input")
    func bounds() {
        for length in [0, 1, 63, 64, 65, 255, 256, 257, 319, 320, 767, 768, 6144, 6200] {
            let guarded = GuardedBytes(count: length)
            for index in CRC32C.availableKernels.indices {
                #expect(
                    CRC32C.checksum(guarded.readable, kernel: index)
                        == CRC32C.portableChecksum(guarded.readable))
            }
        }
    }

    @Test("always has the table kernel, as the last")
    func tables() {
        #expect(CRC32C.availableKernels.last == "tables")
    }
}
