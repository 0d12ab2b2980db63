import BossGeometry
import BossTestSupport
import Testing

@Suite("Voxel box")
struct VoxelBoxTests {
    @Test("refuses reversed intervals and coordinates one past the limit")
    func refusals() throws {
        let limit = VoxelPoint.coordinateLimit
        #expect(throws: GeometryError.reversedInterval(axis: .y, lower: 2, upper: 1)) {
            try VoxelBox(lower: VoxelPoint(x: 0, y: 2, z: 0), upper: VoxelPoint(x: 1, y: 1, z: 1))
        }
        #expect(throws: GeometryError.coordinateTooLarge(axis: .z, value: limit + 1)) {
            try VoxelBox(lower: .zero, upper: VoxelPoint(x: 1, y: 1, z: limit + 1))
        }
        #expect(throws: GeometryError.coordinateTooLarge(axis: .x, value: Int.min)) {
            try VoxelBox(lower: VoxelPoint(x: Int.min, y: 0, z: 0), upper: VoxelPoint(x: 1, y: 1, z: 1))
        }
        let largest = try VoxelBox(
            lower: VoxelPoint(x: -limit, y: -limit, z: -limit),
            upper: VoxelPoint(x: limit, y: limit, z: limit))
        #expect(largest.voxelCount == Int.max)
        #expect(!largest.isEmpty)
    }

    /// The oracle asks every voxel of a small grid.
    @Test("intersection, union and containment agree with asking every voxel")
    func sets() {
        var random = SeededGenerator(seed: 0xB0C5)
        func randomBox() -> VoxelBox {
            func range() -> Range<Int> {
                let low = Int.random(in: -3...3, using: &random)
                return low..<low + Int.random(in: 0...4, using: &random)
            }
            return VoxelBox(x: range(), y: range(), z: range())
        }
        func voxels(_ box: VoxelBox) -> Set<VoxelPoint> {
            var points = Set<VoxelPoint>()
            for z in box[.z] {
                for y in box[.y] {
                    for x in box[.x] { points.insert(VoxelPoint(x: x, y: y, z: z)) }
                }
            }
            return points
        }
        for _ in 0..<200 {
            let (a, b) = (randomBox(), randomBox())
            let common = voxels(a).intersection(voxels(b))
            #expect(a.intersection(b).map(voxels) ?? [] == common, "\(a) and \(b), seed \(random.seed)")
            #expect(a.contains(b) == voxels(b).isSubset(of: voxels(a)), "\(a) and \(b), seed \(random.seed)")
            #expect(voxels(a.union(b)).isSuperset(of: voxels(a).union(voxels(b))))
            #expect(a.isEmpty == voxels(a).isEmpty)
            #expect(a.voxelCount == voxels(a).count)
        }
    }
}

@Suite("Cuboid grid")
struct CuboidGridTests {
    /// The oracle divides every corner voxel by the cuboid.
    @Test("the cuboids that a box touches are those of its voxels")
    func touching() throws {
        let grid = try CuboidGrid(cuboid: VoxelExtent(x: 8, y: 4, z: 2))
        var random = SeededGenerator(seed: 0x961D)
        for _ in 0..<100 {
            let low = VoxelPoint(
                x: Int.random(in: 0..<20, using: &random), y: Int.random(in: 0..<20, using: &random),
                z: Int.random(in: 0..<20, using: &random))
            let extent = VoxelExtent(
                x: Int.random(in: 1...9, using: &random), y: Int.random(in: 1...9, using: &random),
                z: Int.random(in: 1...9, using: &random))
            let box = VoxelBox(origin: low, extent: extent)
            let range = try grid.cuboids(touching: box)
            #expect(Int(range.lower.x) == box[.x].map { $0 / 8 }.min())
            #expect(Int(range.upper.x) == box[.x].map { $0 / 8 }.max())
            #expect(Int(range.lower.y) == box[.y].map { $0 / 4 }.min())
            #expect(Int(range.upper.y) == box[.y].map { $0 / 4 }.max())
            #expect(Int(range.lower.z) == box[.z].map { $0 / 2 }.min())
            #expect(Int(range.upper.z) == box[.z].map { $0 / 2 }.max())
        }
        #expect(throws: GeometryError.coordinateTooLarge(axis: .x, value: -1)) {
            try grid.cuboids(touching: VoxelBox(x: -1..<1, y: 0..<1, z: 0..<1))
        }
        #expect(throws: GeometryError.coordinateTooLarge(axis: .z, value: 2 << 21)) {
            try grid.cuboids(touching: VoxelBox(x: 0..<1, y: 0..<1, z: 0..<(2 << 21) + 1))
        }
    }

    @Test("the bricks of a cuboid tile it")
    func bricks() {
        let grid = CuboidGrid.standard
        let index = CuboidIndex(x: 3, y: 1, z: 2)
        let boxes = (0..<grid.brickCount).map { grid.box(ofBrick: $0, in: index) }
        #expect(boxes.count == 64)
        #expect(boxes.reduce(0) { $0 + $1.voxelCount } == grid.cuboid.voxelCount)
        #expect(boxes.reduce(boxes[0]) { $0.union($1) } == grid.box(of: index))
        #expect(boxes[1] == VoxelBox(x: 1600..<1664, y: 512..<576, z: 32..<48))
        for (number, box) in boxes.enumerated() {
            #expect(boxes[..<number].allSatisfy { $0.intersection(box) == nil })
        }
    }

    @Test("refuses shapes out of bounds")
    func refusals() {
        #expect(throws: GeometryError.self) { try CuboidGrid(cuboid: VoxelExtent(x: 0, y: 1, z: 1)) }
        #expect(throws: GeometryError.self) { try CuboidGrid(cuboid: VoxelExtent(x: 4097, y: 1, z: 1)) }
        #expect(throws: GeometryError.self) {
            try CuboidGrid(cuboid: VoxelExtent(x: 64, y: 64, z: 16), brick: VoxelExtent(x: 48, y: 64, z: 16))
        }
        #expect(throws: GeometryError.self) {
            try CuboidGrid(
                cuboid: VoxelExtent(x: 256, y: 256, z: 32), brick: VoxelExtent(x: 256, y: 256, z: 32))
        }
    }
}
