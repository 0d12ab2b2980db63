import BossFormats
import BossTestSupport
import Testing

@Suite("Label colours")
struct LabelColorsTests {
    @Test("background is transparent black, labels are opaque")
    func background() {
        #expect(LabelColors.pixel(for: 0) == (0, 0, 0, 0))
        #expect(LabelColors.pixel(for: 1).a == 255 && LabelColors.pixel(for: .max).a == 255)
    }

    @Test("every label is bright")
    func bright() {
        var random = SeededGenerator(seed: 0xC0105)
        for _ in 0..<20_000 {
            let color = LabelColors.color(for: random.next() | 1)
            #expect(max(color.r, color.g, color.b) >= 200, "\(color), seed \(random.seed)")
        }
    }

    @Test("neighbouring IDs differ clearly, a thousand IDs share few colours")
    func separation() {
        func distance(_ a: UInt64, _ b: UInt64) -> Int {
            let (p, q) = (LabelColors.color(for: a), LabelColors.color(for: b))
            return abs(Int(p.r) - Int(q.r)) + abs(Int(p.g) - Int(q.g)) + abs(Int(p.b) - Int(q.b))
        }
        for id in 1..<1000 as Range<UInt64> {
            #expect(distance(id, id + 1) > 100, "\(id)")
            #expect(distance(id, id + 2) > 40, "\(id)")
        }
        let colors = Set(
            (1...1000).map { id -> UInt32 in
                let color = LabelColors.color(for: UInt64(id))
                return UInt32(color.r) << 16 | UInt32(color.g) << 8 | UInt32(color.b)
            })
        #expect(colors.count > 980)
    }

    /// Worked out by a separate program from the definition: a change would recolour everyone's images.
    @Test(
        "the colours of some IDs never change",
        arguments: [
            (1, [109, 148, 243]), (2, [164, 223, 81]), (3, [250, 35, 224]), (1 << 63, [48, 252, 252]),
            (.max, [53, 235, 105]),
        ] as [(UInt64, [UInt8])])
    func stable(id: UInt64, expected: [UInt8]) {
        let color = LabelColors.color(for: id)
        #expect([color.r, color.g, color.b] == expected)
    }
}
