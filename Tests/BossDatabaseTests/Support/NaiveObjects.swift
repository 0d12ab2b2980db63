import BossCatalog
import BossGeometry
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase

/// The oracle of labels: objects found by a loop over all voxels.
struct NaiveObjects {
    struct Object {
        var count = 0
        var box: VoxelBox
        var sums = SIMD3<Int>.zero
        var times: ClosedRange<Int>
        var cuboids: Set<SIMD4<Int>> = []
    }

    private(set) var objects: [UInt64: Object] = [:]

    /// The objects of a box in some time samples.
    init(
        _ volumes: [ModelVolume], times: Range<Int>, in box: VoxelBox, cuboid: VoxelExtent, background: UInt64
    ) {
        for time in times {
            for z in box[.z] {
                for y in box[.y] {
                    for x in box[.x] where volumes[time][x, y, z] != background {
                        let place = SIMD4(time, x / cuboid.x, y / cuboid.y, z / cuboid.z)
                        add(volumes[time][x, y, z], SIMD3(x, y, z), time, place)
                    }
                }
            }
        }
    }

    private mutating func add(_ id: UInt64, _ point: SIMD3<Int>, _ time: Int, _ cuboid: SIMD4<Int>) {
        let voxel = VoxelBox(
            x: point.x..<point.x + 1, y: point.y..<point.y + 1, z: point.z..<point.z + 1)
        var object = objects[id] ?? Object(box: voxel, times: time...time)
        object.count += 1
        object.box = object.box.union(voxel)
        object.sums &+= point
        object.times = min(time, object.times.lowerBound)...max(time, object.times.upperBound)
        object.cuboids.insert(cuboid)
        objects[id] = object
    }

    var ids: [UInt64] { objects.keys.sorted() }

    /// What a region should be told to hold.
    func summaries(of ids: [UInt64]? = nil) -> [LabelSummary] {
        (ids ?? self.ids).compactMap { id in
            objects[id].map {
                LabelSummary(
                    id: id, voxelCount: $0.count, box: $0.box,
                    time: $0.times.lowerBound..<$0.times.upperBound + 1, cuboidCount: $0.cuboids.count)
            }
        }
    }

    /// The first object that is told wrong, in words.
    func difference(from found: [LabelObject]) -> String? {
        guard found.map(\.id) == ids else { return "IDs \(found.map(\.id)), not \(ids)" }
        for object in found {
            guard let known = objects[object.id] else { continue }
            let count = Double(known.count)
            let centroid = object.centroid
            let isSame =
                object.voxelCount == UInt64(known.count) && object.box == known.box
                && object.time == known.times.lowerBound..<known.times.upperBound + 1
                && object.cuboidCount == known.cuboids.count && centroid.x == Double(known.sums.x) / count
                && centroid.y == Double(known.sums.y) / count && centroid.z == Double(known.sums.z) / count
            if !isSame { return "\(object), not \(known)" }
        }
        return nil
    }
}

extension ModelRun {
    /// Asks for the labels of a box, for whole objects, and for some of them.
    mutating func compareLabels(
        _ volumes: [ModelVolume], in view: DatabaseView?, _ box: VoxelBox
    ) throws {
        guard plan.kind == .annotation else { return }
        var cost = ReadStatistics()
        let time = random.below(plan.times)
        let times = random.chance(50) ? time..<time + 1 : 0..<plan.times
        let inBox = NaiveObjects(
            volumes, times: times, in: box, cuboid: plan.cuboid, background: plan.background)
        let region = CutoutRegion(box: box, time: times)
        let found = try channel.labels(in: region, view: view, statistics: &cost)
        #expect(found == inBox.summaries(), "labels of \(region), \(context)")

        let all = NaiveObjects(
            volumes, times: times, in: plan.frame, cuboid: plan.cuboid, background: plan.background)
        let frame = CutoutRegion(box: plan.frame, time: times)
        let objects = try channel.objects(in: frame, view: view, statistics: &cost)
        #expect(all.difference(from: objects) == nil, "objects, \(context)")

        let asked = (all.ids.filter { _ in random.chance(30) } + [random.next(), plan.background]).sorted()
        let condition = IDCondition(ids: asked)
        let some = try channel.objects(ids: condition, in: frame, view: view, statistics: &cost)
        #expect(some == objects.filter { asked.contains($0.id) }, "objects \(asked), \(context)")
        let boxes = try channel.boundingBoxes(of: asked, in: region, view: view, statistics: &cost)
        #expect(boxes == inBox.summaries(of: asked), "boxes of \(asked) in \(region), \(context)")
        try compareLargestID(volumes, in: view)
    }

    /// The bound of all IDs may be one that was overwritten, but never one that was not written.
    private func compareLargestID(_ volumes: [ModelVolume], in view: DatabaseView?) throws {
        let largest = try channel.largestID(
            view: view ?? simulated.database.view(), control: OperationControl())
        #expect(largest >= largestID(volumes), "largest ID, \(context)")
        #expect(largest == 0 || writtenIDs.contains(largest), "largest ID \(largest), \(context)")
    }

    private func largestID(_ volumes: [ModelVolume]) -> UInt64 {
        volumes.lazy.flatMap(\.voxels).filter { $0 != plan.background }.max() ?? 0
    }
}
