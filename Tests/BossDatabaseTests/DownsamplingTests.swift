import BossCatalog
import BossGeometry
import BossTestSupport
import BossVoxels
import Synchronization
import Testing

@testable import BossDatabase

/// Levels against the definition of the reductions, applied voxel by voxel.
@Suite("Downsampling")
struct DownsamplingTests {
    private static let anisotropic = PhysicalSize(x: 4, y: 4, z: 16)
    private static let odd = VoxelBox(x: 5..<62, y: 3..<46, z: 1..<24)

    static let plans: [(plan: ChannelPlan, method: ReductionMethod?)] = [
        (ChannelPlan(voxelType: .uint8, frame: odd, levels: 5), nil),
        (ChannelPlan(voxelType: .uint8, frame: odd, levels: 4, hierarchy: .isotropic), nil),
        (ChannelPlan(voxelType: .int16, frame: odd, background: 0xFFF0, times: 2, levels: 3), nil),
        (
            ChannelPlan(
                voxelType: .uint16, frame: VoxelBox(x: 0..<64, y: 0..<48, z: 0..<16),
                cuboid: VoxelExtent(x: 24, y: 20, z: 12), brick: VoxelExtent(x: 12, y: 10, z: 6),
                background: 3,
                levels: 4, voxelSize: PhysicalSize(x: 4, y: 4, z: 7)), nil
        ),
        (ChannelPlan(voxelType: .float32, frame: odd, levels: 3), nil),
        (ChannelPlan(voxelType: .float64, frame: odd, levels: 2, hierarchy: .isotropic), nil),
        (ChannelPlan(voxelType: .int64, frame: odd, levels: 3, hierarchy: .isotropic), nil),
        (ChannelPlan(kind: .annotation, voxelType: .uint64, frame: odd, background: 5, levels: 5), nil),
        (
            ChannelPlan(kind: .annotation, voxelType: .uint32, frame: odd, levels: 4, hierarchy: .isotropic),
            nil
        ),
        (ChannelPlan(voxelType: .int8, frame: odd, levels: 3), .minimum),
        (ChannelPlan(voxelType: .uint32, frame: odd, levels: 3, hierarchy: .isotropic), .maximum),
        (ChannelPlan(voxelType: .uint16, frame: odd, levels: 4), .stride),
        (ChannelPlan(voxelType: .uint8, frame: odd, levels: 3), .mode),
    ]

    @Test(
        "makes every voxel of every level as defined, also after more writes and erasing", arguments: 0..<13)
    func definition(number: Int) throws {
        let (plan, method) = Self.plans[number]
        var run = try DownsamplingRun(plan, method, seed: 0xD0_0000 + UInt64(number))
        try run.compareLevels()
        for round in 0..<3 {
            for _ in 0...round { try run.write() }
            if round == 2 { try run.erase() }
            try run.channel.downsample(method: method)
            if round == 1 { try run.simulated.reopen() }
            try run.compareLevels()
        }
        // Everything erased: every level is background again.
        try run.erase(run.plan.frame)
        try run.channel.downsample(method: method)
        try run.compareLevels()
        #expect(run.base.allSatisfy { $0.voxels.allSatisfy { $0 == plan.background } })
    }

    @Test("rebuilds only what covers a box", arguments: 0..<6)
    func region(seed: UInt64) throws {
        let plan = seed % 2 == 0 ? Self.plans[0].plan : Self.plans[8].plan
        var run = try DownsamplingRun(plan, nil, seed: 0x4E61 + seed)
        try run.write()
        try run.write()
        try run.channel.downsample()
        let before = try run.expectedLevels()
        for _ in 0..<5 { try run.write() }
        let box = run.random.box(in: plan.frame, longest: VoxelExtent(x: 20, y: 20, z: 10))
        try run.channel.downsample(box: box)
        let after = try run.expectedLevels()
        let hierarchy = run.channel.hierarchy
        for (level, expected) in after[0] where level.level > 0 {
            let wanted = try #require(
                try hierarchy.box(box, from: .native, to: level).intersection(hierarchy.box(at: level)))
            let read = try run.channel.read(CutoutRegion(box: expected.box, level: level))
            let found = ModelVolume(read, in: expected.box)
            let difference = expected.part(wanted).firstDifference(from: found.part(wanted))
            #expect(difference == nil, "\(level), box \(box), seed \(run.random.seed)")
            // Cuboids that the box does not touch stay as they were.
            let rounded = run.channel.roundedToCuboids(wanted, at: level)
            var old = try #require(before[0][level])
            old.copy(rounded, from: found)
            #expect(old.firstDifference(from: found) == nil, "\(level), box \(box), seed \(run.random.seed)")
        }
    }

    @Test("from and to take only the levels they name")
    func fromTo() throws {
        var run = try DownsamplingRun(Self.plans[0].plan, nil, seed: 0xF207)
        try run.write()
        try run.channel.downsample()
        let old = try run.expectedLevels()[0]
        try run.write()
        let new = try run.expectedLevels()[0]
        let (one, two, three) = (try level(1), try level(2), try level(3))
        let first = try run.channel.downsample(to: 1)
        #expect(first.map(\.level) == [one])
        try run.expect(new[one], at: one)
        try run.expect(old[two], at: two)
        let second = try run.channel.downsample(from: 1, to: 2)
        #expect(second.map(\.level) == [two])
        try run.expect(new[two], at: two)
        try run.expect(old[three], at: three)
        // The isotropic chain leaves the normal one after level 2, where voxels of 4 x 4 x 16 are cubes.
        let rest = try run.channel.downsample(from: 2)
        let isotropic = try [level(3, isotropic: true), level(4, isotropic: true)]
        #expect(rest.map(\.level) == [three, try level(4)] + isotropic)
        try run.compareLevels()
    }

    @Test("starts at the base resolution of the channel")
    func baseResolution() throws {
        var plan = Self.plans[0].plan
        plan.levels = 4
        let simulated = try SimulatedDatabase()
        try simulated.database.make(plan)
        try simulated.catalog.createChannel(
            in: "lab", "exp",
            NewChannel(
                name: "coarse", kind: .image, voxelType: .uint8, baseResolution: 1, cuboid: plan.cuboid,
                brick: plan.brick))
        let channel = try simulated.database.channel("lab/exp/coarse")
        let (one, three) = (try level(1), try level(3))
        let box = channel.box(at: one)
        var random = SeededGenerator(seed: 0xBA5E)
        let base = VoxelMaker(type: .uint8, background: 0).fill(box, &random)
        try channel.write(try base.volume(.uint8), at: box.lower)
        #expect(
            try channel.freshness(of: CutoutRegion(box: channel.box(at: three), level: three)) == .missing)
        try channel.downsample()
        for (level, expected) in try NaiveReduction.levels(above: base, channel.hierarchy, .mean, .uint8) {
            let found = ModelVolume(
                try channel.read(CutoutRegion(box: expected.box, level: level)), in: expected.box)
            #expect(expected.firstDifference(from: found) == nil, "level \(level)")
            #expect(try channel.freshness(of: CutoutRegion(box: expected.box, level: level)) == .current)
        }
        // One voxel at the far corner makes exactly what covers it stale.
        let corner = VoxelPoint(x: box.upper.x - 1, y: box.upper.y - 1, z: box.upper.z - 1)
        let last = VoxelBox(origin: corner, extent: VoxelExtent(x: 1, y: 1, z: 1))
        let other = ModelVolume(last, filledWith: base[corner.x, corner.y, corner.z] ^ 1)
        try channel.write(try other.volume(.uint8), at: corner)
        let above = try channel.hierarchy.box(last, from: one, to: three)
        #expect(try channel.freshness(of: CutoutRegion(box: above, level: three)) == .stale)
    }

    @Test("a cancelled run leaves every level as it was", arguments: [1, 2, 5, 9])
    func cancelled(partCount: Int) throws {
        var run = try DownsamplingRun(Self.plans[0].plan, nil, seed: 0xCA_0000)
        for _ in 0..<3 { try run.write() }
        try run.channel.downsample()
        let old = try run.expectedLevels()[0]
        for _ in 0..<3 { try run.write() }
        let cancellation = Cancellation()
        let seen = Mutex(0)
        let control = OperationControl(cancellation: cancellation) { _ in
            let count = seen.withLock { seen in
                seen += 1
                return seen
            }
            if count == partCount { cancellation.cancel() }
        }
        expectRefusal("57014") { try run.channel.downsample(control: control) }
        for (level, expected) in old where level.level > 0 { try run.expect(expected, at: level) }
        #expect(
            try run.channel.freshness(of: CutoutRegion(box: run.channel.box(at: level(1)), level: level(1)))
                == .stale)
        // Nothing is in the way of the next run, and the unfinished files are gone.
        try run.channel.downsample()
        try run.compareLevels()
    }

    @Test("refuses levels that there are not, and has nothing to do in a channel of one level")
    func refusals() throws {
        let run = try DownsamplingRun(Self.plans[0].plan, nil, seed: 1)
        for (from, to) in [(0, 5), (2, 2), (3, 1), (-1, 2), (0, 0), (5, 6)] {
            expectRefusal("22V06", naming: ["lab/exp/data"]) {
                try run.channel.downsample(from: from, to: to)
            }
        }
        let flat = try DownsamplingRun(ChannelPlan(levels: 1), nil, seed: 1)
        #expect(try flat.channel.downsample() == [])
        expectRefusal("22V06") { try flat.channel.downsample(to: 1) }
    }

    @Test("reports progress up to the end, and the status")
    func progress() throws {
        var run = try DownsamplingRun(Self.plans[1].plan, nil, seed: 2)
        for _ in 0..<3 { try run.write() }
        let seen = Mutex<[Progress]>([])
        let control = OperationControl { progress in seen.withLock { $0.append(progress) } }
        #expect(run.channel.record.channel.downsampleStatus == .notDownsampled)
        let summaries = try run.channel.downsample(control: control)
        let steps = seen.withLock { $0 }
        #expect(steps.count == summaries.reduce(0) { $0 + $1.writtenPageCount })
        #expect(
            steps.allSatisfy {
                $0.completedByteCount <= $0.totalByteCount ?? 0 && $0.title.contains("lab/exp/data")
            })
        #expect(steps.last?.completedByteCount == steps.last?.totalByteCount)
        #expect(
            try run.simulated.database.channel("lab/exp/data").record.channel.downsampleStatus == .downsampled
        )
    }
}
