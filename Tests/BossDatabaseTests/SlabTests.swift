import BossGeometry
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase

@Suite("Reading slab by slab")
struct SlabTests {
    @Test("covers every voxel of a region once, in order, within the size", arguments: 0..<60)
    func coverage(number: UInt64) throws {
        var random = SeededGenerator(seed: 0x51AB + number)
        let plan = ChannelPlan(voxelType: .uint16, times: 3)
        let simulated = try SimulatedDatabase(options: smallOptions(bulk: 1))
        let channel = try simulated.database.make(plan)
        let model = VoxelMaker(type: .uint16, background: 0).fill(plan.frame, &random)
        try channel.write(try model.volume(.uint16), at: plan.frame.lower, time: 1)
        let box = random.box(in: plan.frame, longest: plan.frame.extent)
        let times = random.chance(50) ? 0..<3 : 1..<2
        let section = box.extent.x * box.extent.y * 2
        let size = random.chance(20) ? 1 : section / 2 + random.below(section * 12)
        var next = (time: times.lowerBound, z: box.lower.z)
        try channel.forEachSlab(of: CutoutRegion(box: box, time: times), slabByteCount: size) {
            region, volume in
            #expect(region.time == next.time..<next.time + 1 && region.box.lower.z == next.z)
            #expect(region.box[.x] == box[.x] && region.box[.y] == box[.y] && !region.box.isEmpty)
            #expect(volume.byteCount <= size || region.box.extent.z == 1, "seed \(random.seed)")
            let expected =
                next.time == 1 ? model.part(region.box).voxels : Array(repeating: 0, count: volume.voxelCount)
            #expect(volume.bits == expected, "\(region), seed \(random.seed)")
            let isLast = region.box.upper.z == box.upper.z
            // Slabs of a cuboid's depth or more end where cuboids end.
            if !isLast, size >= section * plan.cuboid.z { #expect(region.box.upper.z % plan.cuboid.z == 0) }
            next = isLast ? (next.time + 1, box.lower.z) : (next.time, region.box.upper.z)
        }
        #expect(next.time == times.upperBound && next.z == box.lower.z, "seed \(random.seed)")
    }

    @Test("all slabs show one state, and an error of the body ends the loop")
    func oneState() throws {
        let simulated = try SimulatedDatabase()
        let plan = ChannelPlan()
        let channel = try simulated.database.make(plan)
        let ones = try ModelVolume(plan.frame, filledWith: 1).volume(.uint8)
        try channel.write(ones, at: plan.frame.lower)
        var count = 0
        try channel.forEachSlab(of: CutoutRegion(box: plan.frame), slabByteCount: 1) { region, volume in
            #expect(region.time == nil && volume.bits.allSatisfy { $0 == 1 })
            count += 1
            try channel.erase(CutoutRegion(box: plan.frame))
        }
        #expect(count == plan.frame.extent.z)
        struct Enough: Error {}
        var calls = 0
        #expect(throws: Enough.self) {
            try channel.forEachSlab(of: CutoutRegion(box: plan.frame), slabByteCount: 1) { _, _ in
                calls += 1
                throw Enough()
            }
        }
        #expect(calls == 1)
    }

    @Test("memory of the caller is filled to the last byte and not beyond")
    func callersMemory() throws {
        var random = SeededGenerator(seed: 0x3E3)
        let plan = ChannelPlan(voxelType: .uint32, background: 6, times: 2)
        let simulated = try SimulatedDatabase(options: smallOptions(workers: 2))
        let channel = try simulated.database.make(plan)
        let model = VoxelMaker(type: .uint32, background: 6).fill(plan.frame, &random)
        try channel.write(try model.volume(.uint32), at: plan.frame.lower)
        for _ in 0..<40 {
            let box = random.box(in: plan.frame, longest: plan.frame.extent)
            let count = box.voxelCount * 4
            // An odd offset: the memory needs no alignment.
            let offset = 1 + random.below(9)
            var memory = [UInt8](repeating: 0xA5, count: offset + 2 * count + 16)
            try memory.withUnsafeMutableBytes { bytes in
                let part = UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<offset + 2 * count])
                _ = try channel.read(CutoutRegion(box: box, time: 0..<2), into: part)
            }
            #expect(
                memory[..<offset].allSatisfy { $0 == 0xA5 }
                    && memory[(offset + 2 * count)...].allSatisfy { $0 == 0xA5 })
            let words = stride(from: offset, to: offset + 2 * count, by: 4).map { at in
                (0..<4).reduce(UInt64(0)) { $0 | UInt64(memory[at + $1]) << UInt64(8 * $1) }
            }
            #expect(
                words == model.part(box).voxels + Array(repeating: 6, count: box.voxelCount),
                "seed \(random.seed)")
        }
    }
}
