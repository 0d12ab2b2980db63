import BossCatalog
import BossCodec
import BossGeometry
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase
@testable import BossStorage

/// Summaries under right checksums that no program of ours wrote: they may be believed or refused, but nothing ends the
/// process, no voxel changes for them, and a full check names every cuboid that has one.
@Suite("Summaries that lie")
struct HostileLabelTests {
    private static let seed: UInt64 = 0x11E5
    private static let plan = ChannelPlan(
        kind: .annotation, voxelType: .uint64, frame: VoxelBox(x: 0..<40, y: 0..<40, z: 0..<20), levels: 2)

    @Test("leave the voxels alone, and every statement an answer or an error", arguments: 0..<6)
    func statements(run: Int) throws {
        var random = SeededGenerator(seed: Self.seed + UInt64(run))
        let simulated = try SimulatedDatabase(options: smallOptions(bulk: 4 << 10))
        var model = ModelVolume(Self.plan.frame, filledWith: 0)
        let channel = try simulated.database.make(Self.plan)
        try write(Self.plan.frame, channel, &model, &random)
        for round in 0..<12 {
            for _ in 0..<3 { try lie(simulated, channel, &random) }
            if random.chance(50) { try simulated.database.checkpoint() }
            ask(channel, &random)
            try write(
                random.box(in: Self.plan.frame, longest: Self.plan.frame.extent), channel, &model, &random)
            if random.chance(30) { try simulated.database.compact() }
            ask(channel, &random)
            let found = ModelVolume(
                try channel.read(CutoutRegion(box: Self.plan.frame)), in: Self.plan.frame)
            let difference = model.firstDifference(from: found)
            #expect(difference == nil, "seed \(random.seed), round \(round): \(difference ?? "")")
        }
        _ = try simulated.database.check(isFull: true)
        // Written anew, every cuboid is as it should be.
        try write(Self.plan.frame, channel, &model, &random)
        let problems = try simulated.database.check(isFull: true)
        #expect(problems.isEmpty, "seed \(random.seed): \(problems)")
        var statistics = ReadStatistics()
        let labels = try channel.labels(
            in: CutoutRegion(box: Self.plan.frame), statistics: &statistics)
        let counts = Dictionary(model.voxels.map { ($0, 1) }, uniquingKeysWith: +).filter { $0.key != 0 }
        #expect(Dictionary(uniqueKeysWithValues: labels.map { ($0.id, $0.voxelCount) }) == counts)
    }

    private func write(
        _ box: VoxelBox, _ channel: Channel, _ model: inout ModelVolume, _ random: inout SeededGenerator
    ) throws {
        let part = VoxelMaker(type: .uint64, background: 0).fill(box, &random)
        _ = model.write(part, mode: .overwrite, background: 0)
        try channel.write(try part.volume(.uint64), at: box.lower)
    }

    /// Writes the bricks of a cuboid again, under a summary with wrong numbers.
    private func lie(
        _ simulated: SimulatedDatabase, _ channel: Channel, _ random: inout SeededGenerator
    ) throws {
        let layout = channel.layout
        let group = layout.group(try layout.baseLevel, time: 0)
        let engine = simulated.database.engine
        let view = try engine.view()
        let pages = try view.locate(group, codes: Array(0..<64)).filter {
            $0.base != nil || !$0.deltas.isEmpty
        }
        let page = try #require(pages.randomElement(using: &random))
        guard case .labels(let labels) = try engine.labels(of: page, group) else { return }
        let resolved = try engine.resolve(page, group)
        var builder = PageBuilder(
            key: CuboidKey(group: group, morton: page.morton), kind: .full, encoder: layout.encoder,
            voxelByteCount: 8, brickByteCount: layout.brickByteCount, brickCapacity: layout.grid.brickCount,
            scratch: VoxelStorage(byteCount: BrickEncoder.outputBound(layout.brickByteCount), zeroed: false))
        for brick in 0..<layout.grid.brickCount {
            try builder.append(
                brick: brick, copying: resolved.source(ofBrick: brick), backgroundBits: 0, from: engine)
        }
        var lies = labels.filter { _ in random.chance(80) }.map { random.lie($0.id) ?? $0 }
        let last = lies.last?.id ?? 0
        if last < .max, random.chance(30), let lie = random.lie(last + 1) { lies.append(lie) }
        var batch = WriteBatch(base: view)
        batch.put(builder.finish(labels: lies), dependsOnBase: true)
        try engine.commit(batch)
    }

    /// Every kind of question; only that it comes back counts.
    private func ask(_ channel: Channel, _ random: inout SeededGenerator) {
        var statistics = ReadStatistics()
        let region = CutoutRegion(box: random.box(in: Self.plan.frame, longest: Self.plan.frame.extent))
        let objects = try? channel.objects(in: region, touching: random.chance(50), statistics: &statistics)
        _ = try? channel.labels(in: region, statistics: &statistics)
        _ = try? channel.largestID(view: channel.database.view(), control: OperationControl())
        for object in objects?.shuffled(using: &random).prefix(3) ?? [] {
            let ids = IDCondition(ids: [object.id])
            _ = object.centroid
            _ = try? channel.labels(in: region, ids: ids, statistics: &statistics)
            _ = try? channel.objects(ids: ids, in: region, statistics: &statistics)
            _ = try? channel.mesh(of: object.id)
            _ = try? channel.contacts(of: object.id, in: region, statistics: &statistics)
        }
        _ = try? channel.reserveIDs(1)
    }
}

extension SeededGenerator {
    /// A label with any numbers that a reader takes for possible; nil sometimes.
    fileprivate mutating func lie(_ id: UInt64) -> PageLabel? {
        guard chance(50) else { return nil }
        let limit = [8, 16, 64, 4096][below(4)]
        func edge(_ random: inout SeededGenerator) -> Range<UInt16> {
            let lower = UInt16(random.below(limit))
            return lower..<lower + 1 + UInt16(random.below(limit - Int(lower)))
        }
        let (x, y, z) = (edge(&self), edge(&self), edge(&self))
        let room = min(UInt64(x.count) * UInt64(y.count) * UInt64(z.count), 1 << 32)
        let count = chance(30) ? room : 1 + next() % room
        func sum(_ range: Range<UInt16>, _ random: inout SeededGenerator) -> UInt64 {
            UInt64(range.lowerBound) * count + random.next() % (UInt64(range.count - 1) * count + 1)
        }
        let lie = PageLabel(
            id: id, voxelCount: count, sumX: sum(x, &self), sumY: sum(y, &self), sumZ: sum(z, &self),
            lower: SIMD3(x.lowerBound, y.lowerBound, z.lowerBound),
            upper: SIMD3(x.upperBound, y.upperBound, z.upperBound))
        return lie.isPossible ? lie : nil
    }
}
