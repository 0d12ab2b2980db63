import BossCatalog
import BossGeometry
import BossTestSupport
import BossVoxels
import Synchronization
import Testing

@testable import BossDatabase

/// Questions about regions against loops over the voxels.
@Suite("Scans")
struct ScanTests {
    private static func plan(_ type: VoxelType, kind: ChannelKind = .image, background: UInt64 = 0)
        -> ChannelPlan
    {
        ChannelPlan(kind: kind, voxelType: type, background: background, times: 2)
    }

    /// A channel with some random content, part of it in the log and part in segment files.
    private func filled(
        _ plan: ChannelPlan, _ random: inout SeededGenerator
    ) throws -> (SimulatedDatabase, Channel, [ModelVolume]) {
        let simulated = try SimulatedDatabase(options: smallOptions(bulk: 4 << 10, workers: 3))
        let channel = try simulated.database.make(plan)
        return (simulated, channel, try fill(channel, plan, &random))
    }

    private func fill(
        _ channel: Channel, _ plan: ChannelPlan, _ random: inout SeededGenerator
    ) throws -> [ModelVolume] {
        var models = Array(repeating: ModelVolume(plan.frame, filledWith: plan.background), count: plan.times)
        let maker = VoxelMaker(type: plan.voxelType, background: plan.background)
        for _ in 0..<6 {
            let box = random.box(in: plan.frame, longest: VoxelExtent(x: 30, y: 20, z: 10))
            let part = maker.fill(box, &random)
            let time = random.below(plan.times)
            _ = models[time].write(part, mode: .overwrite, background: plan.background)
            try channel.write(try part.volume(plan.voxelType), at: box.lower, time: time)
        }
        return models
    }

    private func regions(_ frame: VoxelBox, _ random: inout SeededGenerator) -> [CutoutRegion] {
        var regions = [CutoutRegion(box: frame), CutoutRegion(box: frame, time: 0..<2)]
        for _ in 0..<8 {
            let box = random.box(in: frame, longest: frame.extent)
            regions.append(CutoutRegion(box: box, time: random.chance(50) ? 1..<2 : 0..<2))
        }
        return regions
    }

    /// The voxels of a region, all samples one after the other, with their positions.
    private func forEachVoxel(
        _ models: [ModelVolume], _ region: CutoutRegion, _ body: (VoxelPoint, UInt64) -> Void
    ) {
        let box = region.box
        for time in region.time ?? 0..<1 {
            for z in box.lower.z..<box.upper.z {
                for y in box.lower.y..<box.upper.y {
                    for x in box.lower.x..<box.upper.x {
                        body(VoxelPoint(x: x, y: y, z: z), models[time][x, y, z])
                    }
                }
            }
        }
    }

    @Test("labels and bounding boxes", arguments: [VoxelType.uint64, .uint32], [UInt64(0), 3])
    func labels(type: VoxelType, background: UInt64) throws {
        var random = SeededGenerator(seed: 0x1ABE1 + background)
        let plan = Self.plan(type, kind: .annotation, background: background)
        let (_, channel, models) = try filled(plan, &random)
        for region in regions(plan.frame, &random) {
            let summaries = NaiveObjects(
                models, times: region.time ?? 0..<1, in: region.box, cuboid: plan.cuboid,
                background: background
            ).summaries()
            var cost = ReadStatistics()
            let found = try channel.labels(in: region, statistics: &cost)
            #expect(found == summaries, "\(region), seed \(random.seed)")
            let asked = [background, 1, 0] + summaries.map(\.id).filter { $0 % 2 == 0 }
            let boxes = try channel.boundingBoxes(of: asked, in: region, statistics: &cost)
            #expect(boxes == summaries.filter { asked.contains($0.id) }, "\(region), seed \(random.seed)")
        }
    }

    @Test("how often each value occurs, background included", arguments: VoxelType.allCases)
    func valueCounts(type: VoxelType) throws {
        var random = SeededGenerator(seed: 0xC0_0017)
        let plan = Self.plan(type, background: 9)
        let (_, channel, models) = try filled(plan, &random)
        for region in regions(plan.frame, &random) {
            var expected: [UInt64: Int] = [:]
            forEachVoxel(models, region) { _, bits in expected[bits, default: 0] += 1 }
            var cost = ReadStatistics()
            let found = try channel.valueCounts(in: region, statistics: &cost)
            let counts = Dictionary(uniqueKeysWithValues: found.sortedEntries.map { ($0.id, $0.voxelCount) })
            #expect(counts == expected, "\(region), seed \(random.seed)")
        }
    }

    @Test("count, extremes, sums and deviation", arguments: VoxelType.allCases)
    func statistics(type: VoxelType) throws {
        var random = SeededGenerator(seed: 0x57A7)
        let plan = Self.plan(type, background: type.isInteger ? 2 : 0)
        let (_, channel, models) = try filled(plan, &random)
        for region in regions(plan.frame, &random) {
            var voxels: [UInt64] = []
            forEachVoxel(models, region) { voxels.append($1) }
            var cost = ReadStatistics()
            expect(try channel.voxelStatistics(in: region, statistics: &cost), describe: voxels, type)
        }
    }

    /// Compares with sums over the voxels; integers exactly.
    private func expect(_ found: VoxelStatistics?, describe voxels: [UInt64], _ type: VoxelType) {
        let numbers = voxels.map { number($0, type) }.filter { !$0.isNaN }
        #expect(found.map(\.count) ?? 0 == UInt64(numbers.count))
        #expect(found.map(\.nans) ?? 0 == UInt64(voxels.count - numbers.count))
        guard let found, !numbers.isEmpty else { return }
        #expect(found.zeros == UInt64(numbers.count { $0 == 0 }))
        #expect(found.minimum == numbers.min() && found.maximum == numbers.max())
        if type.isInteger {
            let integers = voxels.map { integer($0, type) }
            #expect(found.exactSum == integers.reduce(0, +))
            #expect(found.exactExtremes?.lowerBound == integers.min())
            #expect(found.exactExtremes?.upperBound == integers.max())
        }
        let mean = numbers.reduce(0) { $0 + $1 / Double(numbers.count) }
        guard mean.isFinite else { return }
        // Two orders of summation differ by a few last digits of the largest summand.
        let scale = numbers.reduce(0) { max($0, $1.magnitude) }
        #expect(abs((found.mean ?? .nan) - mean) <= scale * 1e-9)
        let squares = numbers.reduce(0) { $0 + ($1 / scale) * ($1 / scale) / Double(numbers.count) }
        if scale > 0, scale < 1e150, scale > 1e-150 {
            #expect(abs(found.sumOfSquares / scale / scale / Double(numbers.count) - squares) <= 1e-9)
        }
    }

    @Test("statistics of an annotation channel are those of its labelled voxels")
    func annotationStatistics() throws {
        var random = SeededGenerator(seed: 0xA5)
        let plan = Self.plan(.uint32, kind: .annotation, background: 7)
        let (_, channel, models) = try filled(plan, &random)
        for region in regions(plan.frame, &random) {
            var voxels: [UInt64] = []
            forEachVoxel(models, region) { if $1 != 7 { voxels.append($1) } }
            var cost = ReadStatistics()
            expect(try channel.voxelStatistics(in: region, statistics: &cost), describe: voxels, .uint32)
        }
    }

    @Test("histograms", arguments: [VoxelType.uint8, .int16, .uint32, .float32, .float64])
    func histograms(type: VoxelType) throws {
        var random = SeededGenerator(seed: 0x4157)
        let plan = Self.plan(type, background: type.isInteger ? 50 : 0)
        let (_, channel, models) = try filled(plan, &random)
        let empty = try #require(VoxelHistogram(binCount: 10, lower: -20, upper: 180))
        for region in regions(plan.frame, &random) {
            var (counts, below, above, nans) = (
                [UInt64](repeating: 0, count: 10), UInt64(0), UInt64(0), UInt64(0)
            )
            forEachVoxel(models, region) { _, bits in
                let value = number(bits, type)
                switch value {
                case _ where value.isNaN: nans += 1
                case ..<(-20): below += 1
                case 180: counts[9] += 1
                case 180...: above += 1
                default: counts[(0..<10).last { Double($0) * 20 - 20 <= value } ?? 0] += 1
                }
            }
            var cost = ReadStatistics()
            let found = try channel.histogram(in: region, empty: empty, statistics: &cost)
            #expect(found.counts == counts, "\(region), seed \(random.seed)")
            #expect([found.below, found.above, found.nans] == [below, above, nans])
        }
    }

    @Test("statistics of an image grouped by labels, each time sample by its own", arguments: [UInt64(0), 3])
    func within(background: UInt64) throws {
        var random = SeededGenerator(seed: 0x317 + background)
        let imagePlan = Self.plan(.int16, background: 1)
        let (simulated, image, images) = try filled(imagePlan, &random)
        var labelPlan = Self.plan(.uint64, kind: .annotation, background: background)
        // Another grid than the image has.
        labelPlan.name = "labels"
        labelPlan.cuboid = VoxelExtent(x: 24, y: 20, z: 12)
        labelPlan.brick = VoxelExtent(x: 12, y: 10, z: 6)
        let labels = try simulated.database.add(labelPlan)
        let masks = try fill(labels, labelPlan, &random)
        for region in regions(imagePlan.frame, &random) {
            var expected: [UInt64: [UInt64]] = [:]
            for time in region.time ?? 0..<1 {
                forEachVoxel(images, CutoutRegion(box: region.box, time: time..<time + 1)) { point, bits in
                    let id = masks[time][point.x, point.y, point.z]
                    if id != background { expected[id, default: []].append(bits) }
                }
            }
            var cost = ReadStatistics()
            let found = try image.voxelStatistics(within: labels, in: region, statistics: &cost)
            #expect(Set(found.keys) == Set(expected.keys), "\(region), seed \(random.seed)")
            for (id, voxels) in expected { expect(found[id], describe: voxels, .int16) }
        }
    }

    @Test("values of constant and unwritten bricks are counted without decoding, labels without voxels")
    func costs() throws {
        let simulated = try SimulatedDatabase()
        let channel = try simulated.database.make(ChannelPlan(kind: .annotation, voxelType: .uint64))
        var cost = ReadStatistics()
        let everything = CutoutRegion(box: channel.box(at: .native))
        #expect(try channel.labels(in: everything, statistics: &cost) == [])
        #expect(cost == ReadStatistics())
        // Two whole cuboids of one ID, and one voxel more in a third.
        let two = VoxelBox(x: 16..<32, y: 16..<32, z: 0..<16).intersection(everything.box) ?? everything.box
        try channel.write(try ModelVolume(two, filledWith: 8).volume(.uint64), at: two.lower)
        let labels = try channel.labels(in: everything, statistics: &cost)
        #expect(labels.map(\.id) == [8] && labels[0].voxelCount == two.voxelCount && labels[0].box == two)
        #expect(cost.summaryCount == 2 && cost.pageCount == 0)
        let point = VoxelPoint(x: 40, y: 30, z: 9)
        try channel.write(try Volume<UInt64>(extent: VoxelExtent(x: 1, y: 1, z: 1), elements: [9]), at: point)
        simulated.database.evictPool()
        cost = ReadStatistics()
        let only = VoxelBox(origin: point, extent: VoxelExtent(x: 1, y: 1, z: 1))
        #expect(try channel.labels(in: CutoutRegion(box: only), statistics: &cost).map(\.id) == [9])
        #expect(cost.summaryCount == 1 && cost.pageCount == 0)
        _ = try channel.valueCounts(in: CutoutRegion(box: only), statistics: &cost)
        #expect(cost.pageCount == 1 && cost.brickCount == 1)
        #expect(cost.decodedBrickCount + cost.cachedBrickCount <= 1)
    }

    @Test("a cancelled read, scan or write stops with 57014 and changes nothing")
    func cancellation() throws {
        var random = SeededGenerator(seed: 0xCA)
        let plan = Self.plan(.uint64, kind: .annotation)
        let (simulated, channel, models) = try filled(plan, &random)
        let cancellation = Cancellation()
        let control = OperationControl(cancellation: cancellation)
        cancellation.cancel()
        let region = CutoutRegion(box: plan.frame, time: 0..<2)
        let commit = try simulated.database.view().commit
        var cost = ReadStatistics()
        let empty = try #require(VoxelHistogram(binCount: 2, lower: 0, upper: 1))
        expectRefusal("57014") { try channel.read(region, control: control) }
        expectRefusal("57014") { try channel.labels(in: region, control: control, statistics: &cost) }
        expectRefusal("57014") { try channel.valueCounts(in: region, control: control, statistics: &cost) }
        expectRefusal("57014") {
            try channel.voxelStatistics(in: region, control: control, statistics: &cost)
        }
        expectRefusal("57014") {
            try channel.histogram(in: region, empty: empty, control: control, statistics: &cost)
        }
        expectRefusal("57014") {
            try channel.voxelStatistics(within: channel, in: region, control: control, statistics: &cost)
        }
        expectRefusal("57014") { try channel.forEachSlab(of: region, control: control) { _, _ in } }
        let volume = try ModelVolume(plan.frame, filledWith: 77).volume(.uint64)
        expectRefusal("57014") { try channel.write(volume, at: plan.frame.lower, control: control) }
        let small = try ModelVolume(VoxelBox(x: 5..<7, y: 3..<4, z: 2..<3), filledWith: 77).volume(.uint64)
        expectRefusal("57014") { try channel.write(small, at: plan.frame.lower, control: control) }
        expectRefusal("57014") { try channel.erase(region, control: control) }
        let transaction = try simulated.database.beginTransaction()
        expectRefusal("57014") { try channel.erase(region, in: transaction, control: control) }
        expectRefusal("57014") {
            try channel.write(small, at: plan.frame.lower, in: transaction, control: control)
        }
        try transaction.commit()
        #expect(try simulated.database.view().commit == commit)
        for time in 0..<2 {
            let read = try channel.read(CutoutRegion(box: plan.frame, time: time..<time + 1))
            #expect(read.bits == models[time].voxels)
        }
    }
}
