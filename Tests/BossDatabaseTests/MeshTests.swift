import BossCatalog
import BossGeometry
import BossMeshes
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase

/// Meshes made from labels against the voxels of a plain array.
@Suite("Meshes of labels")
struct MeshTests {
    private static let size = PhysicalSize(x: 4, y: 6, z: 40)

    private static func plan(
        _ type: VoxelType = .uint64, background: UInt64 = 0, levels: Int = 1
    ) -> ChannelPlan {
        ChannelPlan(
            kind: .annotation, voxelType: type, background: background, times: 2, levels: levels,
            voxelSize: size)
    }

    /// A channel whose labels lie in blobs, partly in the log and partly in segment files.
    private func filled(
        _ plan: ChannelPlan, _ random: inout SeededGenerator
    ) throws -> (SimulatedDatabase, Channel, [ModelVolume]) {
        let simulated = try SimulatedDatabase(options: smallOptions(bulk: 4 << 10, workers: 3))
        let channel = try simulated.database.make(plan)
        var models = Array(repeating: ModelVolume(plan.frame, filledWith: plan.background), count: 2)
        for _ in 0..<14 {
            let box = random.box(in: plan.frame, longest: VoxelExtent(x: 25, y: 20, z: 12))
            var part = ModelVolume(box, filledWith: UInt64(1 + random.below(3)))
            for index in part.voxels.indices where random.chance(3) {
                part.voxels[index] = UInt64(random.below(4))
            }
            let time = random.below(2)
            _ = models[time].write(part, mode: .overwrite, background: plan.background)
            try channel.write(try part.volume(plan.voxelType), at: box.lower, time: time)
        }
        return (simulated, channel, models)
    }

    /// Faces between voxels of an ID in a box and anything else, each of which is two triangles.
    private func faceCount(_ id: UInt64, _ box: VoxelBox, _ model: ModelVolume) -> Int {
        func isInside(_ x: Int, _ y: Int, _ z: Int) -> Bool {
            box.contains(VoxelPoint(x: x, y: y, z: z)) && model[x, y, z] == id
        }
        var count = 0
        for z in box[.z] {
            for y in box[.y] {
                for x in box[.x] where isInside(x, y, z) {
                    for (dx, dy, dz) in [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)]
                    where !isInside(x + dx, y + dy, z + dz) { count += 1 }
                }
            }
        }
        return count
    }

    /// The same surface out of the array, plane by plane.
    private func expected(_ id: UInt64, _ box: VoxelBox, _ model: ModelVolume) throws -> Mesh {
        var nets = try SurfaceNets(box: box, voxelSizeNanometers: Self.size, triangleLimit: 1 << 20)
        for z in box[.z] {
            var runs: [MaskRun] = []
            for y in box[.y] {
                for x in box[.x] where model[x, y, z] == id { runs.append(MaskRun(y: y, x: x..<x + 1)) }
            }
            try nets.append(runs)
        }
        return try nets.finish()
    }

    @Test(
        "are those of the array, for every ID, region and time sample",
        arguments: [VoxelType.uint64, .uint32])
    func model(type: VoxelType) throws {
        for seed in 0..<6 as Range<UInt64> {
            var random = SeededGenerator(seed: 0x3E5 + seed)
            let plan = Self.plan(type, background: seed % 2 * 3)
            let (simulated, channel, models) = try filled(plan, &random)
            _ = simulated
            for _ in 0..<8 {
                let time = random.below(2)
                let box =
                    random.chance(30) ? plan.frame : random.box(in: plan.frame, longest: plan.frame.extent)
                let region = CutoutRegion(box: box, time: time..<time + 1)
                for id in 1...3 as ClosedRange<UInt64> where id != plan.background {
                    let faces = faceCount(id, box, models[time])
                    guard faces > 0 else {
                        expectRefusal("02V01", naming: ["\(id)"]) { try channel.mesh(of: id, in: region) }
                        continue
                    }
                    let mesh = try channel.mesh(of: id, in: region)
                    #expect(mesh.triangles.count == 2 * faces, "seed \(seed), ID \(id), \(region)")
                    let same = try expected(id, box, models[time])
                    #expect(Set(mesh.vertices) == Set(same.vertices), "seed \(seed), ID \(id), \(region)")
                }
            }
        }
    }

    @Test("stand in nanometers at the voxels' place, also at coarser levels")
    func levels() throws {
        let simulated = try SimulatedDatabase()
        var plan = Self.plan(levels: 2)
        plan.frame = VoxelBox(x: 8..<48, y: 8..<40, z: 2..<19)
        let channel = try simulated.database.make(plan)
        let box = VoxelBox(x: 16..<32, y: 12..<20, z: 4..<9)
        try channel.write(try ModelVolume(box, filledWith: 7).volume(.uint64), at: box.lower)
        try channel.downsample()
        for number in 0...1 {
            let level = try level(number)
            let mesh = try channel.mesh(
                of: 7, in: CutoutRegion(box: channel.box(at: level), level: level))
            let (xs, ys, zs) = (mesh.vertices.map(\.x), mesh.vertices.map(\.y), mesh.vertices.map(\.z))
            #expect(xs.min() == 64 && xs.max() == 128, "level \(number)")
            #expect(ys.min() == 72 && ys.max() == 120, "level \(number)")
            #expect(zs.min() == 160 && zs.max() == 360, "level \(number)")
        }
    }

    @Test("are refused of images, of several time samples, outside the extent, and when cancelled")
    func refusals() throws {
        let simulated = try SimulatedDatabase()
        let channel = try simulated.database.make(Self.plan())
        var image = ChannelPlan()
        image.name = "em"
        let em = try simulated.database.add(image)
        try channel.write(
            try ModelVolume(Self.plan().frame, filledWith: 7).volume(.uint64), at: Self.plan().frame.lower)
        expectRefusal("22V08", naming: ["lab/exp/em"]) { try em.mesh(of: 1) }
        expectRefusal("22V08", naming: ["lab/exp/em"]) { try em.storedMesh(of: 1) }
        expectRefusal("02V01", naming: ["9"]) { try channel.mesh(of: 9) }
        expectRefusal("02V01") { try channel.mesh(of: 0) }
        let frame = Self.plan().frame
        expectRefusal("22023") { try channel.mesh(of: 7, in: CutoutRegion(box: frame, time: 0..<2)) }
        let outside = VoxelBox(x: 0..<10, y: frame[.y], z: frame[.z])
        expectRefusal("22V01") { try channel.mesh(of: 7, in: CutoutRegion(box: outside)) }
        let control = OperationControl()
        control.cancellation.cancel()
        expectRefusal("57014") { try channel.mesh(of: 7, control: control) }
    }
}
