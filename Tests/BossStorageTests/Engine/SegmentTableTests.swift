import BossTestSupport
import Testing

@testable import BossStorage

/// Lists of segments with random key ranges; the oracle looks at every segment.
@Suite("Table of segments")
struct SegmentTableTests {
    private let origin = SegmentOrigin(
        fileSystem: SimulatedFileSystem(seed: 1), database: FileIdentifier(high: 1, low: 1))

    private func key(_ number: UInt64) -> CuboidKey {
        CuboidKey(group: PageGroup(channel: UInt32(number / 40), resolution: 0, time: 0), morton: number % 40)
    }

    /// A segment with a range of keys.
    private func reference(_ number: UInt64, _ range: ClosedRange<UInt64>) -> SegmentReference {
        let footer = SegmentFooter(
            indexChecksum: 0, indexOffset: 0, indexByteCount: 0, pagesChecksum: 0, pageCount: 1,
            liveByteCount: 1, minimumKey: key(range.lowerBound), maximumKey: key(range.upperBound),
            minimumSequence: 1, maximumSequence: number)
        return SegmentReference(
            identifier: FileIdentifier(high: 7, low: number), role: .bulk, fileByteCount: 1,
            footerChecksum: 0, footer: footer, commitSequence: 0)
    }

    /// A table of some segments by themselves and some in lists, which overlap or not.
    private func table(
        longest: UInt64, using random: inout SeededGenerator
    ) -> (table: SegmentTable, all: [SegmentReference]) {
        var all: [SegmentReference] = []
        var start: UInt64 = 0
        for number in 0..<UInt64.random(in: 1...20, using: &random) {
            // Long ones reach over those that begin later.
            let length = UInt64.random(in: 0...longest, using: &random)
            all.append(reference(number, start...start + length))
            start += longest > 2 ? UInt64.random(in: 0...4, using: &random) : length + 1
        }
        let shardCount = Int.random(in: 0...3, using: &random)
        var parts = [[SegmentReference]](repeating: [], count: shardCount + 1)
        for (index, reference) in all.enumerated() {
            // Neighbours stay together, and some stand by themselves.
            let isRecent = shardCount == 0 || Int.random(in: 0..<5, using: &random) == 0
            parts[isRecent ? 0 : 1 + index * shardCount / all.count].append(reference)
        }
        var table = SegmentTable(recent: parts[0].map { Segment(reference: $0, origin: origin) })
        for (index, part) in parts.dropFirst().enumerated() where !part.isEmpty {
            let shard = ShardReference(
                identifier: FileIdentifier(high: 8, low: UInt64(index)), fileByteCount: 1, checksum: 0,
                segments: part)
            table.shards.append(
                Shard(
                    reference: shard, origin: origin,
                    segments: Shard.Segments(part.shuffled(using: &random), origin: origin)))
        }
        return (table, all)
    }

    @Test("every segment that may hold a key of a range is found, and no other", arguments: [UInt64(2), 30])
    func ranges(longest: UInt64) throws {
        var random = SeededGenerator(seed: 101)
        for round in 0..<150 {
            let (table, all) = table(longest: longest, using: &random)
            for _ in 0..<20 {
                let numbers = (0..<2).map { _ in UInt64.random(in: 0...130, using: &random) }.sorted()
                let (low, high) = (key(numbers[0]), key(numbers[1]))
                var found: [FileIdentifier] = []
                try table.forEach(from: low, through: high) { found.append($0.reference.identifier) }
                let expected = all.filter { $0.minimumKey <= high && low <= $0.maximumKey }
                #expect(found.count == expected.count, "round \(round), seed \(random.seed)")
                #expect(
                    Set(found) == Set(expected.map(\.identifier)), "round \(round), seed \(random.seed)")
            }
            for reference in all {
                for start in [nil, reference.minimumKey] {
                    let found = try table.segment(reference.identifier, startingAt: start)
                    #expect(found?.reference == reference, "round \(round), seed \(random.seed)")
                }
            }
        }
    }
}
