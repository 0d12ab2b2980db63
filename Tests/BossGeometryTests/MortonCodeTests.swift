import BossGeometry
import BossTestSupport
import Testing

@Suite("Morton code")
struct MortonCodeTests {
    /// The oracle is the definition itself, one bit at a time, over seeded random positions.
    @Test("agrees with the bit-by-bit definition and comes back")
    func definition() throws {
        var random = SeededGenerator(seed: 0xB055)
        for _ in 0..<2000 {
            let index = randomIndex(below: 1 << 21, using: &random)
            let expected = (0..<MortonCode.bitsPerAxis).reduce(into: UInt64(0)) { code, bit in
                code |= UInt64(index.x >> UInt32(bit) & 1) << UInt64(3 * bit)
                code |= UInt64(index.y >> UInt32(bit) & 1) << UInt64(3 * bit + 1)
                code |= UInt64(index.z >> UInt32(bit) & 1) << UInt64(3 * bit + 2)
            }
            let code = try MortonCode(index)
            #expect(code.rawValue == expected, "\(index), seed \(random.seed)")
            #expect(code.index == index, "seed \(random.seed)")
        }
    }

    @Test("takes 21 bits an axis and refuses the 22nd")
    func limits() throws {
        let largest = CuboidIndex(x: (1 << 21) - 1, y: (1 << 21) - 1, z: (1 << 21) - 1)
        #expect(try MortonCode(largest).rawValue == UInt64.max >> 1)
        let over = CuboidIndex(x: 0, y: 1 << 21, z: 0)
        #expect(throws: GeometryError.cuboidIndexTooLarge(over)) { try MortonCode(over) }
        #expect(throws: GeometryError.mortonCodeTooLarge(1 << 63)) { try MortonCode(rawValue: 1 << 63) }
    }
}

func randomIndex(below limit: UInt32, using random: inout SeededGenerator) -> CuboidIndex {
    CuboidIndex(
        x: UInt32.random(in: 0..<limit, using: &random), y: UInt32.random(in: 0..<limit, using: &random),
        z: UInt32.random(in: 0..<limit, using: &random))
}
