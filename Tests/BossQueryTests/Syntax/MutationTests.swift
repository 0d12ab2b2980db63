import BossDatabase
import BossQuery
import BossTestSupport
import Testing

@Suite("Damaged statements")
struct MutationTests {
    private static let codes: Set<String> = ["42601", "42602", "42883", "22003", "54001"]

    /// The oracle is that the process lives, and that an error has a known code and a place in the text.
    @Test("give statements or an error with a position, never a trap", arguments: [11, 12] as [UInt64])
    func mutations(seed: UInt64) throws {
        let names = try GrammarFiles.examples() + GrammarFiles.examples(in: "examples/errors")
        let texts = try names.map { Array(try GrammarFiles.text($0).utf8.drop { $0 != 10 }) }
        var random = SeededGenerator(seed: seed)
        for _ in 0..<10_000 {
            guard var bytes = texts.randomElement(using: &random) else { return }
            bytes = Array(bytes.prefix(600))
            for _ in 0..<Int.random(in: 1...4, using: &random) { mutate(&bytes, texts, &random) }
            check(bytes, seed)
        }
    }

    @Test("of random bytes give an error or nothing")
    func noise() {
        var random = SeededGenerator(seed: 13)
        for _ in 0..<2000 {
            let count = Int.random(in: 0...60, using: &random)
            check((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }, 13)
        }
    }

    @Test("that are not UTF-8 are refused at the first wrong byte")
    func invalidUTF8() {
        for wrong: [UInt8] in [
            [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82],
        ] {
            for (before, after) in [
                ("COMMIT MESSAGE 'é", "'"), ("COMMIT -- é", "\n"), ("COMMIT MESSAGé", ""),
            ] {
                var parser = Parser(utf8: Array(before.utf8) + wrong + Array(after.utf8))
                let error = #expect(throws: DatabaseError.self) { try parser.next() }
                #expect(error?.sqlState == "42601")
                let isOutside = after.isEmpty
                #expect(
                    error?.position?.utf8Offset == (isOutside ? 7 : before.utf8.count), "\(wrong) \(before)")
            }
        }
    }

    private func check(_ bytes: [UInt8], _ seed: UInt64) {
        var parser = Parser(utf8: bytes)
        do {
            while let parsed = try parser.next() {
                _ = String(parsed.statement)
            }
        } catch {
            let offset = error.position?.utf8Offset ?? -1
            if !Self.codes.contains(error.sqlState) || !(0...bytes.count).contains(offset) {
                Issue.record("\(error), \(String(decoding: bytes, as: UTF8.self)), seed \(seed)")
            }
        }
    }

    private func mutate(_ bytes: inout [UInt8], _ texts: [[UInt8]], _ random: inout SeededGenerator) {
        let interesting = Array("'\"();,:-/*$@#._0xX9e~\u{B5}\n ".utf8) + [0, 0x80, 0xC2, 0xFF]
        let at = Int.random(in: 0...bytes.count, using: &random)
        let end = Int.random(in: at...min(bytes.count, at + 12), using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes.insert(interesting.randomElement(using: &random) ?? 0, at: at)
        case 1: bytes.removeSubrange(at..<end)
        case 2: bytes.insert(contentsOf: bytes[at..<end], at: at)
        case 3: bytes.removeLast(bytes.count - end)
        case 4 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &random)
        default:
            let other = texts.randomElement(using: &random) ?? []
            let from = Int.random(in: 0...other.count, using: &random)
            bytes.insert(contentsOf: other[from..<min(other.count, from + 20)], at: at)
        }
    }
}
