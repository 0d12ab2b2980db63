import BossCatalog
import BossGeometry
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase

/// Random operations against plain arrays of numbers.
@Suite("Cutouts behave like an array of voxels")
struct CutoutModelTests {
    /// Small grids, one that is no power of two and the standard one; every voxel type; frames that start off
    /// zero and end inside bricks; backgrounds other than 0.
    static let plans: [(plan: ChannelPlan, pool: Int, bulk: Int)] = [
        (ChannelPlan(voxelType: .uint8), 1 << 20, 600),
        (ChannelPlan(voxelType: .uint16, background: 7), 2048, 8 << 20),
        (ChannelPlan(voxelType: .int8, cuboid: odd, brick: oddBrick, background: 0xFE), 1 << 20, 1 << 10),
        (ChannelPlan(kind: .annotation, voxelType: .uint64, times: 3), 1 << 20, 4 << 10),
        (ChannelPlan(kind: .annotation, voxelType: .uint32, cuboid: odd, brick: oddBrick), 0, 8 << 20),
        (ChannelPlan(voxelType: .int16, background: 0x8000, times: 2), 1 << 16, 2 << 10),
        (ChannelPlan(voxelType: .int32, brick: VoxelExtent(x: 16, y: 16, z: 8)), 1 << 20, 8 << 20),
        (ChannelPlan(voxelType: .int64, background: .max, compression: .zstd), 1 << 20, 6 << 10),
        (ChannelPlan(voxelType: .float32, background: 0x7FC0_0000, compression: .none), 1 << 20, 8 << 20),
        (
            ChannelPlan(
                voxelType: .float64, cuboid: odd, brick: oddBrick, background: 1 << 63, compression: .lz4),
            4096, 6 << 10
        ),
        (
            ChannelPlan(
                voxelType: .uint8, frame: VoxelBox(x: 490..<534, y: 500..<530, z: 10..<37),
                cuboid: CuboidGrid.standard.cuboid, brick: CuboidGrid.standard.brick, background: 9),
            1 << 20, 2 << 10
        ),
        (
            ChannelPlan(
                kind: .annotation, voxelType: .uint64,
                frame: VoxelBox(x: 0..<33, y: 0..<17, z: 0..<9), cuboid: VoxelExtent(x: 64, y: 32, z: 8),
                brick: VoxelExtent(x: 4, y: 4, z: 4), background: 5, times: 2),
            1 << 20, 8 << 20
        ),
    ]
    private static let odd = VoxelExtent(x: 24, y: 20, z: 12)
    private static let oddBrick = VoxelExtent(x: 12, y: 10, z: 6)

    @Test("in 12 channels, 3 600 operations", arguments: 0..<12)
    func randomOperations(number: Int) throws {
        let (plan, pool, bulk) = Self.plans[number]
        let options = smallOptions(pool: pool, bulk: bulk, workers: number % 3 + 1)
        var run = try ModelRun(plan, options, seed: 0xC07 + UInt64(number))
        for step in 0..<300 {
            run.step = step
            try run.perform()
            if step % 10 == 9 { try run.compareAll() }
        }
        try run.finish()
    }
}
