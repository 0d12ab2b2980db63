import BossTestSupport
import Testing

@testable import BossSimulator
@testable import BossStorage

@Suite("Deletions of boxes")
struct RangeTombstoneTests {
    /// The oracle takes Morton codes apart bit by bit and compares coordinates.
    @Test("hold the cuboids between their corners, both included, and no other")
    func contains() {
        var random = SeededGenerator(seed: 71)
        let group = CuboidKey(1, 0).group
        for round in 0..<300 {
            // Small boxes at the origin, and large ones anywhere.
            let limit: UInt64 = round % 2 == 0 ? 1 << 9 : 1 << 63
            let corners = (0..<2).map { _ in UInt64.random(in: 0..<limit, using: &random) }
            let box = ModelBox(group, around: corners[0], corners[1])
            let tombstone = RangeTombstone(
                group: group, lowest: box.lowest, highest: box.highest, sequence: 1)
            var codes = [box.lowest, box.highest] + corners
            codes += codes.flatMap { code in (0..<63).map { code ^ (1 << UInt64($0)) } }
            codes += (0..<100).map { _ in UInt64.random(in: 0..<limit, using: &random) }
            for code in codes {
                #expect(
                    tombstone.contains(code) == box.contains(CuboidKey(group: group, morton: code)),
                    "code \(code), box \(box), seed \(random.seed)")
                if tombstone.contains(code) { #expect(tombstone.codes.contains(code)) }
            }
        }
    }
}
