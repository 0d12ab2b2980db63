import BossCatalog
import BossFormats
import BossGeometry
import BossStorage
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase

/// Regions, shapes and types that do not fit: the SQLSTATE, what it names, and that nothing changed.
@Suite("Refused regions")
struct RefusalTests {
    private let simulated: SimulatedDatabase
    private let channel: Channel
    private let plan = ChannelPlan(times: 3, levels: 3)
    private let before: [UInt64]

    init() throws {
        simulated = try SimulatedDatabase()
        channel = try simulated.database.make(plan)
        var random = SeededGenerator(seed: 0x4EF)
        let content = VoxelMaker(type: .uint8, background: 0).fill(plan.frame, &random)
        try channel.write(try content.volume(.uint8), at: plan.frame.lower)
        before = try channel.read(CutoutRegion(box: plan.frame, time: 0..<3)).bits
    }

    private var database: Database { simulated.database }

    private func expectUnchanged(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let now = try channel.read(CutoutRegion(box: plan.frame, time: 0..<3)).bits
        #expect(now == before, sourceLocation: sourceLocation)
        #expect(try database.view().commit == 1, sourceLocation: sourceLocation)
    }

    private func cube(_ length: Int = 2) throws -> Volume<UInt8> {
        let extent = VoxelExtent(x: length, y: length, z: length)
        return try Volume(extent: extent, elements: Array(repeating: 200, count: extent.voxelCount))
    }

    private func region(_ box: VoxelBox, _ time: Range<Int>? = nil) -> CutoutRegion {
        CutoutRegion(box: box, time: time)
    }

    @Test(
        "22V01: one voxel past each end of each axis, for reading, erasing and writing",
        arguments: SpatialAxis.allCases)
    func outside(axis: SpatialAxis) throws {
        let frame = plan.frame
        for isUpper in [false, true] {
            func range(_ other: SpatialAxis) -> Range<Int> {
                let inside = frame[other]
                guard other == axis else { return inside.lowerBound..<inside.lowerBound + 2 }
                let first = isUpper ? inside.upperBound - 1 : inside.lowerBound - 1
                return first..<first + 2
            }
            let box = VoxelBox(x: range(.x), y: range(.y), z: range(.z))
            let wrong = "\(axis.rawValue) \(box[axis].lowerBound):\(box[axis].upperBound)"
            let extent = "\(frame[axis].lowerBound):\(frame[axis].upperBound)"
            expectRefusal("22V01", naming: [wrong, extent, "lab/exp/data"]) { try channel.read(region(box)) }
            expectRefusal("22V01", naming: [wrong]) { try channel.erase(region(box)) }
            let volume = try cube()
            for mode in WriteMode.allCases {
                expectRefusal("22V01", naming: [wrong]) {
                    try channel.write(volume, at: box.lower, mode: mode)
                }
            }
            // One voxel further inside is legal.
            let inside = try #require(box.intersection(frame))
            #expect(try channel.read(region(inside)).voxelCount == 4)
        }
        try expectUnchanged()
    }

    @Test("22V01: time samples and origins that there are not")
    func outsideTime() throws {
        let voxel = VoxelBox(x: 5..<6, y: 3..<4, z: 2..<3)
        for time in [3..<4, 2..<4, -1..<1, Int.max - 1..<Int.max] {
            expectRefusal("22V01", naming: ["lab/exp/data"]) { try channel.read(region(voxel, time)) }
            expectRefusal("22V01", naming: ["lab/exp/data"]) { try channel.erase(region(voxel, time)) }
        }
        let volume = try cube()
        for time in [3, -1, Int.max, Int.min] {
            expectRefusal("22V01") { try channel.write(volume, at: plan.frame.lower, time: time) }
        }
        for origin in [Int.max, Int.min, 1 << 40, -(1 << 40) - 1] {
            expectRefusal("22V01") { try channel.write(volume, at: VoxelPoint(x: origin, y: 3, z: 2)) }
            expectRefusal("22V01") { try channel.write(volume, at: VoxelPoint(x: 5, y: 3, z: origin)) }
        }
        try expectUnchanged()
    }

    @Test("22V02: empty boxes and time ranges")
    func empty() throws {
        let boxes = [
            VoxelBox(x: 6..<6, y: 3..<4, z: 2..<3), VoxelBox(x: 5..<6, y: 4..<4, z: 2..<3),
            VoxelBox(x: 5..<6, y: 3..<4, z: 3..<3),
        ]
        for (box, name) in zip(boxes, ["X 6:6", "Y 4:4", "Z 3:3"]) {
            expectRefusal("22V02", naming: [name]) { try channel.read(region(box)) }
            expectRefusal("22V02", naming: [name]) { try channel.erase(region(box)) }
        }
        expectRefusal("22V02", naming: ["T 1:1"]) { try channel.read(region(plan.frame, 1..<1)) }
        try expectUnchanged()
    }

    @Test("22V03: memory of another size, and axes in another order or without voxels")
    func shapes() throws {
        let box = VoxelBox(x: 5..<9, y: 3..<7, z: 2..<4)
        for count in [0, 31, 33] {
            var memory = [UInt8](repeating: 7, count: count)
            expectRefusal("22V03", naming: ["32 bytes", "\(count)"]) {
                try memory.withUnsafeMutableBytes { try channel.read(region(box), into: $0) }
            }
            #expect(memory.allSatisfy { $0 == 7 })
        }
        let legal: [([Axis], [Int])] = [
            ([.z, .y, .x], [2, 2, 2]), ([.y, .x], [2, 2]), ([.x], [2]), ([.t, .x], [1, 2]),
        ]
        let illegal: [([Axis], [Int])] = [
            ([.x, .y, .z], [2, 2, 2]), ([.z, .x, .y], [2, 2, 2]), ([.z, .y, .x, .t], [2, 2, 2, 1]),
            ([.z, .y, .x], [0, 2, 2]), ([.z, .t, .y, .x], [1, 1, 2, 2]),
        ]
        for (axes, shape) in illegal {
            let volume = try AnyVolume(voxelType: .uint8, axes: axes, shape: shape)
            expectRefusal("22V03") { try channel.write(volume, at: plan.frame.lower) }
        }
        try expectUnchanged()
        for (axes, shape) in legal {
            let volume = try AnyVolume(voxelType: .uint8, axes: axes, shape: shape)
            #expect(failure { try channel.write(volume, at: plan.frame.lower) } == nil, "\(axes)")
        }
    }

    @Test("22V04: another voxel type, for writing and typed reading")
    func types() throws {
        for type in VoxelType.allCases where type != .uint8 {
            let volume = try AnyVolume(voxelType: type, axes: [.z, .y, .x], shape: [1, 1, 1])
            expectRefusal("22V04", naming: ["lab/exp/data", "UINT8", type.rawValue]) {
                try channel.write(volume, at: plan.frame.lower)
            }
        }
        expectRefusal("22V04", naming: ["UINT8", "INT8"]) {
            try channel.read(region(plan.frame), as: Int8.self)
        }
        #expect(
            try channel.read(region(plan.frame), as: UInt8.self).erased.bits[...]
                == before[..<plan.frame.voxelCount])
        try expectUnchanged()
    }

    @Test("22V06: levels that the experiment does not have")
    func levels() throws {
        let box = VoxelBox(x: 0..<1, y: 0..<1, z: 2..<3)
        for number in [3, 4, 30] {
            let wrong = CutoutRegion(box: box, level: try level(number))
            expectRefusal("22V06", naming: ["\(number)"]) { try channel.read(wrong) }
            expectRefusal("22V06") { try channel.erase(wrong) }
            expectRefusal("22V06") { try channel.freshness(of: wrong) }
            expectRefusal("22V06") { try channel.pageCount(at: try level(number)) }
        }
        // Voxels that differ in x and y have no isotropic chain.
        let other = try SimulatedDatabase()
        let oblong = try other.database.make(
            ChannelPlan(levels: 2, voxelSize: PhysicalSize(x: 4, y: 5, z: 40)))
        expectRefusal("22V06") {
            try oblong.read(CutoutRegion(box: box, level: try level(1, isotropic: true)))
        }
        try expectUnchanged()
    }

    @Test("55V01: voxels are written at the base level only")
    func baseLevel() throws {
        let coarse = CutoutRegion(box: VoxelBox(x: 3..<4, y: 3..<4, z: 2..<3), level: try level(1))
        expectRefusal("55V01", naming: ["lab/exp/data", "resolution 0", "1"]) { try channel.erase(coarse) }
        try expectUnchanged()
    }

    @Test("22V08 and 22V05: IDs of an image, and labels of another space")
    func labels() throws {
        var cost = ReadStatistics()
        let all = region(plan.frame)
        expectRefusal("22V08", naming: ["lab/exp/data"]) { try channel.labels(in: all, statistics: &cost) }
        expectRefusal("22V08") { try channel.boundingBoxes(of: [1], in: all, statistics: &cost) }
        expectRefusal("22V08", naming: ["lab/exp/data"]) {
            try channel.voxelStatistics(within: channel, in: all, statistics: &cost)
        }
        // The same extent with other voxels, and the same voxels with another extent.
        let sizes = [PhysicalSize(x: 8, y: 4, z: 16), plan.voxelSize]
        let boxes = [plan.frame, VoxelBox(x: 5..<47, y: 3..<36, z: 2..<19)]
        for (number, (size, box)) in zip(sizes, boxes).enumerated() {
            try database.createFrame("other\(number)", box: box, voxelSize: size)
            try database.createExperiment("lab/other\(number)", frame: "other\(number)", timeSampleCount: 3)
            let labels = try database.createChannel(
                "lab/other\(number)/seg", kind: .annotation, voxelType: .uint64)
            expectRefusal("22V05", naming: ["lab/exp/data", "lab/other\(number)/seg"]) {
                try channel.voxelStatistics(within: labels, in: all, statistics: &cost)
            }
        }
        try expectUnchanged()
    }
}
