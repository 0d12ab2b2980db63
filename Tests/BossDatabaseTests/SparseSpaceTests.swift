import BossCatalog
import BossGeometry
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase

/// A frame of 2^80 voxels with three small blobs: what is empty costs nothing.
@Suite("Huge sparse space")
struct SparseSpaceTests {
    private static let frame = VoxelBox(x: 0..<1 << 30, y: 0..<1 << 30, z: 0..<1 << 20)
    /// First voxels of the blobs, 20 x 10 x 5 voxels each: near the origin, in the middle, at the far end.
    private static let origins = [
        VoxelPoint(x: 700, y: 1_000, z: 14), VoxelPoint(x: 1 << 29 - 5, y: 1 << 29 - 5, z: 1 << 19 - 2),
        VoxelPoint(x: 1 << 30 - 20, y: 1 << 30 - 10, z: 1 << 20 - 5),
    ]
    private static let extent = VoxelExtent(x: 20, y: 10, z: 5)

    private let simulated: SimulatedDatabase
    private let labels: Channel
    private let image: Channel

    init() throws {
        simulated = try SimulatedDatabase(options: smallOptions(pool: 8 << 20, workers: 2))
        var plan = ChannelPlan(
            name: "labels", kind: .annotation, voxelType: .uint64, frame: Self.frame,
            cuboid: CuboidGrid.standard.cuboid, brick: CuboidGrid.standard.brick, levels: 3)
        labels = try simulated.database.make(plan)
        (plan.name, plan.kind, plan.voxelType, plan.background) = ("image", .image, .uint8, 50)
        image = try simulated.database.add(plan)
        for (number, origin) in Self.origins.enumerated() {
            let box = VoxelBox(origin: origin, extent: Self.extent)
            try labels.write(try Self.blob(number, box).volume(.uint64), at: origin)
            try image.write(try ModelVolume(box, filledWith: UInt64(100 + number)).volume(.uint8), at: origin)
        }
    }

    /// Two IDs a blob, one of which all blobs share.
    private static func blob(_ number: Int, _ box: VoxelBox) -> ModelVolume {
        var model = ModelVolume(box, filledWith: UInt64(number + 1))
        for index in model.voxels.indices where index % 3 == 0 { model.voxels[index] = 99 }
        return model
    }

    private static func box(around number: Int, margin: Int, depth: Int) -> VoxelBox {
        let blob = VoxelBox(origin: origins[number], extent: extent)
        func range(_ axis: SpatialAxis, _ margin: Int) -> Range<Int> {
            max(
                0, blob[axis].lowerBound - margin)..<min(
                    frame[axis].upperBound, blob[axis].upperBound + margin)
        }
        return VoxelBox(x: range(.x, margin), y: range(.y, margin), z: range(.z, depth))
    }

    @Test("a box around each blob reads as it was written")
    func read() throws {
        for number in 0..<3 {
            let box = Self.box(around: number, margin: 30, depth: 8)
            var expected = ModelVolume(box, filledWith: 0)
            let blob = Self.blob(number, VoxelBox(origin: Self.origins[number], extent: Self.extent))
            _ = expected.write(blob, mode: .overwrite, background: 0)
            #expect(try labels.read(CutoutRegion(box: box)).bits == expected.voxels)
        }
        // A thin row through 65 537 cuboids and more takes the other way through the index.
        let row = VoxelBox(x: 0..<1 << 26, y: 1_003..<1_004, z: 15..<16)
        let volume = try image.read(CutoutRegion(box: row))
        volume.withUnsafeBytes { bytes in
            #expect(bytes[699] == 50 && bytes[700] == 100 && bytes[719] == 100 && bytes[720] == 50)
            #expect(bytes[(1 << 26) - 1] == 50)
        }
    }

    @Test("labels of a box of 2^50 voxels are found at once")
    func labelsOfLargeBox() throws {
        for number in 0..<3 {
            let box = Self.box(around: number, margin: 1 << 19, depth: 1 << 9)
            let blob = VoxelBox(origin: Self.origins[number], extent: Self.extent)
            var cost = ReadStatistics()
            let clock = ContinuousClock()
            let started = clock.now
            let found = try labels.labels(in: CutoutRegion(box: box), statistics: &cost)
            // Milliseconds; visiting every cuboid of the box would take hours.
            #expect(started.duration(to: clock.now) < .seconds(20))
            #expect(found.map(\.id) == [UInt64(number + 1), 99])
            #expect(found.map(\.voxelCount) == [666, 334] && found.allSatisfy { blob.contains($0.box) })
            // The summaries of the cuboids that hold data tell it all.
            #expect((1...8).contains(cost.summaryCount) && cost.brickCount == 0, "\(cost)")
        }
    }

    @Test("counts and statistics of a large box include all of its background")
    func countsOfLargeBox() throws {
        let box = Self.box(around: 1, margin: 1 << 19, depth: 1 << 9)
        let region = CutoutRegion(box: box)
        var cost = ReadStatistics()
        let table = try image.valueCounts(in: region, statistics: &cost)
        #expect(table[101]?.voxelCount == 1000 && table[50]?.voxelCount == box.voxelCount - 1000)
        let statistics = try image.voxelStatistics(in: region, statistics: &cost)
        #expect(statistics.count == UInt64(box.voxelCount))
        #expect(statistics.exactSum == Int128(box.voxelCount - 1000) * 50 + 101_000)
        let empty = try #require(VoxelHistogram(binCount: 2, lower: 0, upper: 200))
        let histogram = try image.histogram(in: region, empty: empty, statistics: &cost)
        #expect(histogram.counts == [UInt64(box.voxelCount - 1000), 1000])
        let groups = try image.voxelStatistics(within: labels, in: region, statistics: &cost)
        let sums: [UInt64: Int128] = [2: 666 * 101, 99: 334 * 101]
        #expect(groups.mapValues(\.exactSum) == sums)
    }

    @Test("regions with more voxels than can be counted are refused, not guessed")
    func uncountable() throws {
        var cost = ReadStatistics()
        let error = failure { try image.valueCounts(in: CutoutRegion(box: Self.frame), statistics: &cost) }
        #expect(
            ["22003", "54V01"].contains(error?.sqlState) && error?.message.contains("lab/exp/image") == true)
        expectRefusal("54V01") { try image.read(CutoutRegion(box: Self.frame)) }
        expectRefusal("54V01") {
            try image.forEachSlab(of: CutoutRegion(box: Self.frame)) { _, _ in Issue.record("no slab fits") }
        }
    }

    @Test("levels of the blobs are built, and nothing else; freshness is known")
    func downsample() throws {
        let summaries = try labels.downsample()
        // A blob lies in at most 2 x 2 x 2 cuboids of each level.
        #expect(summaries.allSatisfy { (3...24).contains($0.writtenPageCount) }, "\(summaries)")
        let one = try level(1)
        let half = VoxelBox(x: 350..<360, y: 500..<505, z: 14..<19)
        let base = Self.blob(0, VoxelBox(origin: Self.origins[0], extent: Self.extent))
        let expected = NaiveReduction.reduce(
            base, to: half, factors: VoxelExtent(x: 2, y: 2, z: 1), .mode, .uint64)
        #expect(try labels.read(CutoutRegion(box: half, level: one)).bits == expected.voxels)
        let everything = CutoutRegion(box: labels.box(at: one), level: one)
        #expect(try labels.freshness(of: everything) == .current)
        // One blob changes, another one is rebuilt: the whole is stale.
        try labels.erase(CutoutRegion(box: VoxelBox(origin: Self.origins[1], extent: Self.extent)))
        try labels.downsample(box: VoxelBox(origin: Self.origins[2], extent: Self.extent))
        #expect(try labels.freshness(of: everything) == .stale)
        try labels.downsample(box: VoxelBox(origin: Self.origins[1], extent: Self.extent))
        #expect(try labels.freshness(of: everything) == .current)
    }

    @Test("the whole frame is erased by touching only what was written")
    func erase() throws {
        let summary = try labels.erase(CutoutRegion(box: Self.frame))
        #expect(summary.changedVoxelCount == 3000 && summary.commit > 0)
        for number in 0..<3 {
            let box = Self.box(around: number, margin: 5, depth: 3)
            #expect(try labels.read(CutoutRegion(box: box)).bits.allSatisfy { $0 == 0 })
        }
        #expect(try labels.erase(CutoutRegion(box: Self.frame)).changedVoxelCount == 0)
        #expect(
            try image.read(CutoutRegion(box: VoxelBox(x: 700..<701, y: 1_000..<1_001, z: 14..<15))).bits == [
                100
            ])
    }
}
