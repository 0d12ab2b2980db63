import BossCatalog
import BossGeometry
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase

/// A channel with levels, and its base level in arrays.
struct DownsamplingRun {
    let plan: ChannelPlan
    let method: ReductionMethod
    let simulated: SimulatedDatabase
    var random: SeededGenerator
    /// A volume a time sample.
    var base: [ModelVolume]

    init(_ plan: ChannelPlan, _ method: ReductionMethod?, seed: UInt64) throws {
        self.plan = plan
        self.method = method ?? (plan.kind == .annotation ? .mode : .mean)
        simulated = try SimulatedDatabase(seed: seed, options: smallOptions(workers: 2))
        try simulated.database.make(plan)
        random = SeededGenerator(seed: seed)
        base = Array(repeating: ModelVolume(plan.frame, filledWith: plan.background), count: plan.times)
    }

    var channel: Channel {
        do { return try simulated.database.channel(plan.path) } catch { preconditionFailure("\(error)") }
    }

    /// Floats are small whole numbers, so that every order of summation gives the same.
    private mutating func content(_ box: VoxelBox) -> ModelVolume {
        var model = VoxelMaker(type: plan.voxelType, background: plan.background).fill(box, &random)
        guard !plan.voxelType.isInteger else { return model }
        for index in model.voxels.indices {
            let value = Double(Int(truncatingIfNeeded: model.voxels[index] % 511) - 255)
            model.voxels[index] =
                plan.voxelType == .float32 ? UInt64(Float(value).bitPattern) : value.bitPattern
        }
        return model
    }

    mutating func write() throws {
        let box = random.box(in: plan.frame, longest: VoxelExtent(x: 40, y: 30, z: 12))
        let time = random.below(plan.times)
        let part = content(box)
        _ = base[time].write(part, mode: .overwrite, background: plan.background)
        try channel.write(try part.volume(plan.voxelType), at: box.lower, time: time)
    }

    mutating func erase(_ box: VoxelBox? = nil) throws {
        let box = box ?? random.box(in: plan.frame, longest: VoxelExtent(x: 40, y: 30, z: 20))
        for time in 0..<plan.times {
            _ = base[time].write(
                ModelVolume(box, filledWith: plan.background), mode: .overwrite, background: plan.background)
        }
        try channel.erase(CutoutRegion(box: box, time: 0..<plan.times))
    }

    func expectedLevels() throws -> [[ResolutionLevel: ModelVolume]] {
        try base.map { try NaiveReduction.levels(above: $0, channel.hierarchy, method, plan.voxelType) }
    }

    func expect(_ expected: ModelVolume?, at level: ResolutionLevel, time: Int = 0) throws {
        let expected = try #require(expected)
        let read = try channel.read(CutoutRegion(box: expected.box, level: level, time: time..<time + 1))
        let difference = expected.firstDifference(from: ModelVolume(read, in: expected.box))
        #expect(
            difference == nil, "level \(level), sample \(time), \(plan.testDescription), seed \(random.seed)")
    }

    /// Before the first run only the base level and background are there.
    func compareLevels() throws {
        for (time, levels) in try expectedLevels().enumerated() {
            #expect(levels.count == channel.storedLevels.count)
            for (level, expected) in levels { try expect(expected, at: level, time: time) }
        }
    }
}
