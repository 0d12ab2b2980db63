import BossCatalog
import BossCodec
import BossGeometry
import BossStorage
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase

/// Summaries that say something else than the voxels, written on purpose.
@Suite("A full check compares summaries with voxels")
struct LabelCheckTests {
    @Test("and names the cuboid, the ID and both counts", arguments: [false, true])
    func wrongSummary(seals: Bool) throws {
        let simulated = try SimulatedDatabase()
        let plan = ChannelPlan(
            kind: .annotation, voxelType: .uint64, frame: VoxelBox(x: 0..<32, y: 0..<32, z: 0..<16))
        let channel = try simulated.database.make(plan)
        let box = VoxelBox(x: 3..<20, y: 2..<9, z: 1..<6)
        try channel.write(try ModelVolume(box, filledWith: 42).volume(.uint64), at: box.lower)
        #expect(try simulated.database.check(isFull: true).isEmpty)

        // The same voxels under a summary in which one voxel is missing.
        let layout = channel.layout
        let group = layout.group(try layout.baseLevel, time: 0)
        let engine = simulated.database.engine
        let page = try #require(try engine.view().locate(group, codes: [0]).first)
        let resolved = try engine.resolve(page, group)
        guard case .labels(var labels) = try engine.labels(of: page, group) else {
            Issue.record("the cuboid has no summary")
            return
        }
        #expect(labels.map(\.id) == [42] && labels[0].voxelCount == 13 * 7 * 5)
        labels[0].voxelCount -= 1
        var builder = PageBuilder(
            key: CuboidKey(group: group, morton: 0), kind: .full, encoder: layout.encoder,
            voxelByteCount: 8, brickByteCount: layout.brickByteCount, brickCapacity: layout.grid.brickCount,
            scratch: VoxelStorage(byteCount: BrickEncoder.outputBound(layout.brickByteCount), zeroed: false))
        for brick in 0..<layout.grid.brickCount {
            try builder.append(
                brick: brick, copying: resolved.source(ofBrick: brick), backgroundBits: 0, from: engine)
        }
        var batch = WriteBatch(base: try engine.view())
        batch.put(builder.finish(labels: labels), dependsOnBase: true)
        try engine.commit(batch)
        if seals { try simulated.database.checkpoint() }

        #expect(try simulated.database.check(isFull: false).isEmpty)
        let found = try simulated.database.check(isFull: true)
        #expect(found.count == 1 && found[0].isError, "\(found)")
        #expect(found.first?.object.contains("X 0:16 Y 0:16 Z 0:8") ?? false, "\(found)")
        #expect(found.first?.problem.contains("ID 42 that it has 454 voxels") ?? false, "\(found)")
        #expect(found.first?.problem.contains("and it has 455 in") ?? false, "\(found)")
        // Writing the cuboid again mends it.
        try channel.write(try ModelVolume(box, filledWith: 43).volume(.uint64), at: box.lower)
        #expect(try simulated.database.check(isFull: true).isEmpty)
    }
}
