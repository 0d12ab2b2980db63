/// A repeatable random number generator (SplitMix64).
///
/// Source: G. Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    /// Scrambles a number; neighbours get unrelated results.
    @inline(__always)
    static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// A number that a seed and a position decide.
    @inline(__always)
    static func hash(_ seed: UInt64, _ x: Int, _ y: Int, _ z: Int) -> UInt64 {
        let position =
            UInt64(truncatingIfNeeded: x) | UInt64(truncatingIfNeeded: y) << 21 | UInt64(
                truncatingIfNeeded: z) << 42
        return mix(seed &* 0x9E37_79B9_7F4A_7C15 &+ position &* 0xD134_2543_DE82_EF95)
    }
}
