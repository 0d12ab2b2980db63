import BossTestSupport
import Testing

@testable import BossSimulator
@testable import BossStorage

/// Random histories of one cuboid. The oracle is the definition: a commit shows a version when nothing that was
/// written or deleted since, up to that commit, takes its place.
@Suite("Who needs a version")
struct VersionChainTests {
    private struct History {
        var versions: [IndexEntry] = []
        var deletions: [RangeTombstone] = []
        let newest: UInt64
        let kept: KeptCommits

        init(using random: inout SeededGenerator) {
            let newest = UInt64.random(in: 1...14, using: &random)
            self.newest = newest
            let kinds: [PageKind] = [.full, .delta, .delta, .constant, .tombstone]
            let group = CuboidKey(1, 0).group
            for sequence in 1...newest {
                // A commit may delete the box and then write in it.
                if Int.random(in: 0..<6, using: &random) == 0 {
                    deletions.append(
                        RangeTombstone(group: group, lowest: 0, highest: 7, sequence: sequence))
                }
                guard Int.random(in: 0..<3, using: &random) > 0 else { continue }
                let kind = kinds[Int.random(in: 0..<kinds.count, using: &random)]
                versions.append(
                    IndexEntry(
                        morton: 5, sequence: sequence, kind: kind, offsetOrConstant: 0, pageByteCount: 96,
                        headerChecksum: 0))
            }
            let snapshots = (0..<2).map { _ in UInt64.random(in: 0...20, using: &random) }
            kept = KeptCommits(
                oldest: UInt64.random(in: 0...newest, using: &random),
                snapshots: snapshots.filter { $0 <= newest })
        }

        func isShown(_ version: IndexEntry, at commit: UInt64) -> Bool {
            func takesItsPlace(_ sequence: UInt64) -> Bool {
                sequence > version.sequence && sequence <= commit
            }
            return version.sequence <= commit
                && !versions.contains { $0.kind != .delta && takesItsPlace($0.sequence) }
                && !deletions.contains { takesItsPlace($0.sequence) }
        }

        func fate(_ version: IndexEntry) -> VersionFate {
            if isShown(version, at: newest) { return .needed }
            if kept.snapshots.contains(where: { isShown(version, at: $0) }) { return .inSnapshot }
            return (kept.oldest...newest).contains { isShown(version, at: $0) } ? .inHistory : .dead
        }
    }

    @Test(
        "the newest state, snapshots, and every commit of the history keep what they show, and nothing else is kept"
    )
    func fates() {
        var random = SeededGenerator(seed: 81)
        for round in 0..<3000 {
            let history = History(using: &random)
            let items = history.versions.shuffled(using: &random).map {
                VersionChain.Item(entry: $0, segment: nil, store: NoPageStore.shared)
            }
            let chain = VersionChain(
                items, tombstones: history.deletions.shuffled(using: &random), kept: history.kept)
            #expect(chain.items.count == history.versions.count)
            for item in chain.items {
                #expect(
                    item.fate == history.fate(item.entry), "round \(round), seed \(random.seed), \(history)")
            }
        }
    }

    @Test("deltas are folded only where no kept commit shows a state in between")
    func folding() {
        var random = SeededGenerator(seed: 82)
        let segment = FileIdentifier(high: 1, low: 1)
        var foldedCount = 0
        for round in 0..<3000 {
            let history = History(using: &random)
            let items = history.versions.map {
                VersionChain.Item(entry: $0, segment: segment, store: NoPageStore.shared)
            }
            let chain = VersionChain(items, tombstones: history.deletions, kept: history.kept)
            guard let (base, deltas) = chain.foldable(within: [segment], kept: history.kept) else { continue }
            foldedCount += 1
            let newest = deltas[0].entry.sequence
            let between = history.kept.snapshots + Array(history.kept.oldest...history.newest)
            #expect(
                !between.contains { $0 >= base.entry.sequence && $0 < newest },
                "round \(round), seed \(random.seed), \(history)")
            let shown = history.versions.filter { history.isShown($0, at: history.newest) }
            #expect(Set(([base] + deltas).map(\.entry)) == Set(shown), "round \(round), seed \(random.seed)")
        }
        #expect(foldedCount > 20)
    }
}
