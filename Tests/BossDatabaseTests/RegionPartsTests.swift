import BossGeometry
import BossTestSupport
import Testing

@testable import BossDatabase

@Suite("Parts of a region")
struct RegionPartsTests {
    @Test("hold every voxel once, no more than are allowed, and end at cuboids where whole ones fit")
    func cover() throws {
        var random = SeededGenerator(seed: 0x9A27)
        for round in 0..<200 {
            let cuboid = VoxelExtent(
                x: [4, 8, 16].randomElement(using: &random) ?? 4,
                y: [4, 8].randomElement(using: &random) ?? 4,
                z: [1, 2, 4].randomElement(using: &random) ?? 1)
            let grid = try CuboidGrid(cuboid: cuboid, brick: cuboid)
            let box = VoxelBox(
                origin: VoxelPoint(
                    x: Int.random(in: 0...20, using: &random), y: Int.random(in: 0...20, using: &random),
                    z: Int.random(in: 0...20, using: &random)),
                extent: VoxelExtent(
                    x: Int.random(in: 1...40, using: &random), y: Int.random(in: 1...30, using: &random),
                    z: Int.random(in: 1...9, using: &random)))
            let limit = [1, 7, 100, 512, 3000, 1 << 20].randomElement(using: &random) ?? 1
            let parts = grid.parts(of: box, voxelCount: limit)
            var seen: Set<VoxelPoint> = []
            for part in parts {
                #expect(part.voxelCount <= limit, "round \(round)")
                for z in part[.z] {
                    for y in part[.y] {
                        for x in part[.x] { seen.insert(VoxelPoint(x: x, y: y, z: z)) }
                    }
                }
                guard cuboid.voxelCount <= limit else { continue }
                for axis in SpatialAxis.allCases where part[axis].upperBound < box[axis].upperBound {
                    #expect(part[axis].upperBound % cuboid[axis] == 0, "round \(round)")
                }
            }
            #expect(parts.reduce(0) { $0 + $1.voxelCount } == box.voxelCount, "round \(round)")
            #expect(seen.count == box.voxelCount && seen.allSatisfy(box.contains), "round \(round)")
            if box.voxelCount <= limit, cuboid.voxelCount <= limit {
                #expect(parts.count <= 8, "round \(round)")
            }
        }
    }
}
