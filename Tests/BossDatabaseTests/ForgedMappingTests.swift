import BossCatalog
import BossGeometry
import BossStorage
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase

/// Pages of merged IDs that no program writes: their checksums fit, their content does not.
@Suite("Forged merged IDs")
struct ForgedMappingTests {
    private let simulated: SimulatedDatabase
    private let channel: Channel
    private let plan = ChannelPlan(name: "seg", kind: .annotation, voxelType: .uint32, background: 6)

    init() throws {
        simulated = try SimulatedDatabase()
        channel = try simulated.database.make(plan)
    }

    /// What is forged, and the state that a read answers with.
    enum Forgery: CaseIterable {
        case circle, circleOfThree, wrongBucket, unsorted, twice, itself, wrongCount, wrongMark, wrongVersion,
            cut
        case wrongHead, cutHead, constantHead, missingBucket, background, tooWide

        var sqlState: String { "XX001" }
    }

    private func commit(_ pages: [EncodedPage]) throws {
        let engine = simulated.database.engine
        var batch = WriteBatch(base: try engine.view())
        for page in pages { batch.put(page, dependsOnBase: false) }
        _ = try engine.commit(batch)
    }

    private func head(_ count: Int) -> EncodedPage {
        channel.layout.mappingPage(
            MappingPage.headCode,
            MappingPage.encode(MappingHead(pairCount: UInt64(count), changeCount: 1)))
    }

    /// Pages of pairs in their buckets, as they should be.
    private func buckets(_ pairs: [(UInt64, UInt64)]) -> [EncodedPage] {
        Dictionary(grouping: pairs) { MappingPage.bucket(of: $0.0) }.map { bucket, pairs in
            channel.layout.mappingPage(
                bucket,
                MappingPage.encode(
                    pairs.map { MappingPair(from: $0.0, to: $0.1) }.sorted { $0.from < $1.from }))
        }
    }

    /// Two IDs of one bucket, ascending.
    private var twins: (UInt64, UInt64) {
        let other = (UInt64(2)...100_000).first { MappingPage.bucket(of: $0) == MappingPage.bucket(of: 1) }
        return (1, other ?? 0)
    }

    private func bytes(_ words: [UInt64]) -> [UInt8] {
        words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) } }
    }

    private func pages(_ forgery: Forgery) -> [EncodedPage] {
        let layout = channel.layout
        let (mark, headMark): (UInt64, UInt64) = (0x1_504D_5142, 0x1_484D_5142)
        let bucket = MappingPage.bucket(of: 1)
        func page(_ words: [UInt64]) -> EncodedPage { layout.mappingPage(bucket, bytes(words)) }
        switch forgery {
        case .circle: return buckets([(1, 2), (2, 1)]) + [head(2)]
        case .circleOfThree: return buckets([(1, 2), (2, 3), (3, 1), (4, 1)]) + [head(4)]
        case .wrongBucket: return [layout.mappingPage(bucket ^ 1, bytes([mark, 1, 1, 2])), head(1)]
        case .unsorted: return [page([mark, 2, twins.1, 5, twins.0, 5]), head(2)]
        case .twice: return [page([mark, 2, 1, 5, 1, 7]), head(2)]
        case .itself: return [page([mark, 1, 1, 1]), head(1)]
        case .wrongCount: return [page([mark, 1 << 60, 1, 2]), head(1)]
        case .wrongMark: return [page([mark + 1, 1, 1, 2]), head(1)]
        case .wrongVersion: return [page([mark + 1 << 32, 1, 1, 2]), head(1)]
        case .cut: return [page([mark, 2, 1, 2]), head(2)]
        case .wrongHead: return [layout.mappingPage(MappingPage.headCode, bytes([mark, 1, 1]))]
        case .cutHead: return [layout.mappingPage(MappingPage.headCode, bytes([headMark, 1]))]
        case .constantHead:
            let key = CuboidKey(group: .mapping(of: layout.channel), morton: MappingPage.headCode)
            return [EncodedPage.constant(key: key, bits: 5, voxelByteCount: 1)]
        case .missingBucket: return [head(3)]
        case .background: return buckets([(1, 6)]) + [head(1)]
        case .tooWide: return buckets([(1, 1 << 32)]) + [head(1)]
        }
    }

    @Test("are refused by every read and found by a check", arguments: Forgery.allCases)
    func forged(_ forgery: Forgery) throws {
        try channel.write(try ModelVolume(plan.frame, filledWith: 1).volume(.uint32), at: plan.frame.lower)
        try commit(pages(forgery))
        let region = CutoutRegion(box: plan.frame)
        expectRefusal(forgery.sqlState, naming: ["merged IDs of lab/exp/seg"]) { try channel.read(region) }
        var statistics = ReadStatistics()
        expectRefusal(forgery.sqlState) { try channel.labels(in: region, statistics: &statistics) }
        expectRefusal(forgery.sqlState) { try channel.mergeIDs([11], into: 12) }
        expectRefusal(forgery.sqlState) { try channel.bakeMapping() }
        // What the voxels can hold is for the reader to know: the engine does not know their type.
        guard forgery != .background, forgery != .tooWide else { return }
        for isSealed in [false, true] {
            if isSealed { try simulated.database.checkpoint() }
            let findings = try simulated.database.check(channel, isFull: true)
            #expect(
                findings.contains { $0.isError && $0.object.hasPrefix("merged IDs of lab/exp/seg") },
                "\(findings)")
        }
    }

    @Test("more merged IDs than memory is meant for are refused before they are read")
    func tooMany() throws {
        try commit([head(LabelMapping.countLimit + 1)])
        expectRefusal("53200") { try channel.read(CutoutRegion(box: plan.frame)) }
    }

    @Test("pairs that follow one another in any order end at the same root")
    func chain() throws {
        let pairs = (UInt64(10)..<2000).map { ($0, $0 + 1) }
        try commit(buckets(pairs) + [head(pairs.count)])
        let mapping = try #require(try channel.mapping(in: simulated.database.view()))
        #expect((10..<2000).allSatisfy { mapping.root(of: $0) == 2000 })
    }

    /// Python: (id * 0x9E3779B97F4A7C15 % 2**64) >> 54
    @Test("buckets are the high bits of a product")
    func hash() {
        let expected: [(UInt64, UInt64)] = [
            (0, 0), (1, 632), (2, 241), (3, 874), (98340797, 27), (4294967295, 900),
            (9223372036854775808, 512), (18446744073709551615, 391),
        ]
        for (id, bucket) in expected { #expect(MappingPage.bucket(of: id) == bucket, "\(id)") }
    }
}
