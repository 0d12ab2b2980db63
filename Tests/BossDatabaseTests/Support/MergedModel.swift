import BossGeometry
import BossTestSupport
import BossVoxels

@testable import BossDatabase

/// The oracle of merged IDs: stored voxels in an array, and a dictionary that is followed link by link.
struct MergedModel: Equatable {
    var stored: [ModelVolume]
    var links: [UInt64: UInt64] = [:]
    let background: UInt64

    init(_ plan: ChannelPlan) {
        stored = Array(repeating: ModelVolume(plan.frame, filledWith: plan.background), count: plan.times)
        background = plan.background
    }

    func root(_ id: UInt64) -> UInt64 {
        var id = id
        while let next = links[id] { id = next }
        return id
    }

    /// - Returns: how many of the IDs read as another one now.
    mutating func merge(_ ids: [UInt64], into target: UInt64) -> Int {
        let end = root(target)
        let changed = Set(ids.filter { root($0) != end })
        for id in ids {
            let from = root(id)
            if from != end { links[from] = end }
        }
        return changed.count
    }

    /// - Returns: how many stored voxels changed; nil when STRICT refuses.
    mutating func write(_ part: ModelVolume, time: Int, mode: WriteMode) -> Int? {
        if mode == .strict {
            let old = stored[time].part(part.box)
            for (before, after) in zip(old.voxels, part.voxels)
            where before != background && root(before) != root(after) { return nil }
            return stored[time].write(part, mode: .overwrite, background: background)
        }
        return stored[time].write(part, mode: mode, background: background)
    }

    /// - Returns: how many stored voxels changed.
    mutating func bake() -> Int {
        var count = 0
        for time in stored.indices {
            let shown = shown(time)
            count += zip(shown.voxels, stored[time].voxels).count { $0 != $1 }
            stored[time] = shown
        }
        links = [:]
        return count
    }

    func shown(_ time: Int) -> ModelVolume {
        var volume = stored[time]
        var roots: [UInt64: UInt64] = [:]
        for index in volume.voxels.indices {
            let id = volume.voxels[index]
            let end = roots[id] ?? root(id)
            roots[id] = end
            volume.voxels[index] = end
        }
        return volume
    }

    /// What a box has of an ID.
    struct Label {
        var count = 0
        var box: VoxelBox
        var cuboids: Set<[Int]> = []
        var sums = [0, 0, 0]
    }

    /// IDs in a box with their voxels, boxes and cuboids.
    func labels(_ box: VoxelBox, time: Int, cuboid: VoxelExtent) -> [UInt64: Label] {
        let volume = shown(time)
        var found: [UInt64: Label] = [:]
        for z in box.lower.z..<box.upper.z {
            for y in box.lower.y..<box.upper.y {
                for x in box.lower.x..<box.upper.x {
                    let id = volume[x, y, z]
                    guard id != background else { continue }
                    let voxel = VoxelBox(x: x..<x + 1, y: y..<y + 1, z: z..<z + 1)
                    var label = found[id] ?? Label(box: voxel)
                    label.count += 1
                    label.box = label.box.union(voxel)
                    label.cuboids.insert([x / cuboid.x, y / cuboid.y, z / cuboid.z])
                    for (axis, place) in [x, y, z].enumerated() { label.sums[axis] += place }
                    found[id] = label
                }
            }
        }
        return found
    }

    /// How often stored IDs of an object occur.
    func members(_ id: UInt64, time: Int) -> [UInt64: Int] {
        var found: [UInt64: Int] = [:]
        for value in stored[time].voxels where value != background && root(value) == id {
            found[value, default: 0] += 1
        }
        return found
    }
}

/// IDs as tests use them: small ones, neighbours, and the largest that voxels hold.
struct IDMaker {
    let ids: [UInt64]
    let background: UInt64

    init(_ plan: ChannelPlan) {
        let top: UInt64 = plan.voxelType == .uint64 ? 1 << 63 : 1 << 31
        let last: UInt64 = plan.voxelType == .uint64 ? .max : UInt64(UInt32.max)
        ids = (Array(0...14) + [top - 1, top, top + 1, last - 1, last]).filter { $0 != plan.background }
        background = plan.background
    }

    func id(_ random: inout SeededGenerator) -> UInt64 { ids[random.below(ids.count)] }

    /// One ID, stretches, noise, or sparse.
    func fill(_ box: VoxelBox, _ random: inout SeededGenerator) -> ModelVolume {
        var model = ModelVolume(box, filledWith: random.chance(15) ? background : id(&random))
        switch random.below(5) {
        case 0: break
        case 1:
            for index in model.voxels.indices {
                // Values that nothing was merged with are stored with the others, as bricks without runs.
                model.voxels[index] = random.chance(50) ? id(&random) : 1000 + UInt64(random.below(1 << 20))
            }
        case 2:
            model = ModelVolume(box, filledWith: background)
            for _ in 0...model.voxels.count / 12 {
                model.voxels[random.below(model.voxels.count)] = id(&random)
            }
        default:
            var current = id(&random)
            for index in model.voxels.indices {
                if random.chance(12) { current = random.chance(20) ? background : id(&random) }
                model.voxels[index] = current
            }
        }
        return model
    }
}
