import BossGeometry
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase

/// Regions that hold some cuboids as a whole and cut others; the oracle is a loop over voxels.
@Suite("Erasing")
struct EraseTests {
    @Test(
        "sets the voxels of a region to background and no other", arguments: [UInt64(0), 3], [false, true])
    func regions(background: UInt64, inTransaction: Bool) throws {
        let simulated = try SimulatedDatabase(seed: 9)
        var plan = ChannelPlan()
        plan.background = background
        let channel = try simulated.database.make(plan)
        var random = SeededGenerator(seed: 91)
        for round in 0..<5 {
            var model = ModelVolume(plan.frame, filledWith: background)
            for index in model.voxels.indices { model.voxels[index] = UInt64(random.below(256)) }
            try channel.write(try model.volume(.uint8), at: plan.frame.lower)
            // From most of the frame to a few cuboids.
            let longest = VoxelExtent(x: 41 - round * 4, y: 33 - round * 3, z: 17 - round)
            let region = random.box(in: plan.frame, longest: longest)
            let transaction = inTransaction ? try simulated.database.beginTransaction() : nil
            let summary = try channel.erase(CutoutRegion(box: region), in: transaction)
            try transaction?.commit()
            let changed = model.write(
                ModelVolume(region, filledWith: background), mode: .overwrite, background: background)
            #expect(summary.changedVoxelCount == changed, "\(region), seed \(random.seed)")
            let found = ModelVolume(try channel.read(CutoutRegion(box: plan.frame)), in: plan.frame)
            #expect(model.firstDifference(from: found) == nil, "\(region), seed \(random.seed)")
        }
    }
}
