/// The 64-bit FNV-1a hash: a bijection of its state in each byte, so one changed byte always changes the value.
///
/// Source: G. Fowler, L. C. Noll, K.-P. Vo, "The FNV Non-Cryptographic Hash Algorithm", IETF draft.
struct FNV1a {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }

    mutating func add(_ tag: UInt8, _ word: UInt64) {
        add([tag])
        add((0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) })
    }
}
