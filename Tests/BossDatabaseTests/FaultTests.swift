import BossCatalog
import BossGeometry
import BossStorage
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Disks that fail, fill up or lie.
@Suite("Disk faults")
struct FaultTests {
    private let plan = ChannelPlan(frame: VoxelBox(x: 0..<64, y: 0..<64, z: 0..<32))

    private func noise(_ seed: UInt64, _ box: VoxelBox? = nil) -> ModelVolume {
        var random = SeededGenerator(seed: seed)
        var model = ModelVolume(box ?? plan.frame, filledWith: 0)
        for index in model.voxels.indices { model.voxels[index] = random.next() & 0xFF }
        return model
    }

    @Test(
        "53100: a full disk changes nothing, and the write passes once there is room",
        arguments: [false, true])
    func diskFull(isBulk: Bool) throws {
        let simulated = try SimulatedDatabase(options: smallOptions(bulk: isBulk ? 1 << 10 : 8 << 20))
        let channel = try simulated.database.make(plan)
        let first = noise(1)
        try channel.write(try first.volume(.uint8), at: .zero)
        let second = try noise(2).volume(.uint8)
        simulated.files.setFaults(.quota(byteCount: simulated.files.usedByteCount + 50_000))
        for _ in 0..<3 {
            // The log may have room for a while; a bulk load never has.
            let error = failure { for _ in 0..<30 { try channel.write(try rotated(channel), at: .zero) } }
            #expect(error?.sqlState == "53100", "\(String(describing: error))")
            if isBulk { #expect(try channel.read(CutoutRegion(box: plan.frame)).bits == first.voxels) }
        }
        let kept = try channel.read(CutoutRegion(box: plan.frame)).bits
        expectRefusal("53100") {
            try simulated.database.checkpoint(); try channel.downsampleAll(second)
        }
        #expect(try channel.read(CutoutRegion(box: plan.frame)).bits == kept)
        simulated.files.setFaults(.none)
        try channel.write(second, at: .zero)
        #expect(try channel.read(CutoutRegion(box: plan.frame)).bits == second.bits)
        try simulated.reopen()
        let reopened = try simulated.database.channel(plan.path)
        #expect(try reopened.read(CutoutRegion(box: plan.frame)).bits == second.bits)
    }

    /// Other voxels than there are.
    private func rotated(_ channel: Channel) throws -> AnyVolume {
        var volume = try channel.read(CutoutRegion(box: plan.frame))
        volume.withUnsafeMutableBytes { for index in $0.indices { $0[index] = $0[index] &* 7 &+ 13 } }
        return volume
    }

    @Test("58030: after a failed flush nothing is written until the database is reopened")
    func failedFlush() throws {
        let simulated = try SimulatedDatabase()
        let channel = try simulated.database.make(plan)
        let first = noise(1)
        try channel.write(try first.volume(.uint8), at: .zero)
        simulated.files.setFaults(.failAtOperation(1, errno: EIO, kinds: [.sync]))
        let second = try noise(2).volume(.uint8)
        expectRefusal("58030") { try channel.write(second, at: .zero) }
        // The disk works again, but what was written meanwhile is unknown.
        let error = expectRefusal("58030") { try channel.write(second, at: .zero) }
        #expect(error?.hint?.contains("open the database again") == true)
        expectRefusal("58030") { try channel.erase(CutoutRegion(box: plan.frame)) }
        expectRefusal("58030") { try simulated.database.checkpoint() }
        #expect(try channel.read(CutoutRegion(box: plan.frame)).bits == first.voxels)
        simulated.files.setFaults(.none)
        try simulated.reopen(on: simulated.files.crash(damageSeed: 0))
        let reopened = try simulated.database.channel(plan.path)
        #expect(try reopened.read(CutoutRegion(box: plan.frame)).bits == first.voxels)
        try reopened.write(second, at: .zero)
        #expect(try reopened.read(CutoutRegion(box: plan.frame)).bits == second.bits)
    }

    @Test("58030: a read that fails names the file, and passes the next time")
    func failedRead() throws {
        let simulated = try SimulatedDatabase(options: smallOptions(pool: 0))
        let channel = try simulated.database.make(plan)
        let first = noise(1)
        try channel.write(try first.volume(.uint8), at: .zero)
        simulated.files.setFaults(.failAtOperation(3, errno: EIO, kinds: [.read, .readMapping]))
        expectRefusal("58030", naming: ["wal/"]) { try channel.read(CutoutRegion(box: plan.frame)) }
        #expect(try channel.read(CutoutRegion(box: plan.frame)).bits == first.voxels)
    }

    @Test("XX001: a flipped bit in a stored brick names channel and cuboid; other cuboids stay readable")
    func damagedBrick() throws {
        let simulated = try SimulatedDatabase(options: smallOptions(pool: 0))
        let channel = try simulated.database.make(plan)
        let first = noise(1)
        try channel.write(try first.volume(.uint8), at: .zero)
        try simulated.database.checkpoint()
        let segment = try #require(simulated.files.fileNames.first { $0.hasPrefix("wal/") })
        let bytes = try #require(simulated.files.contents(segment))
        // A stretch of noise from the brick at the origin.
        let needle = (0..<8).map { UInt8(first[$0, 0, 0]) }
        let offset = try #require(
            bytes.indices.dropLast(8).first { bytes[$0] == needle[0] && Array(bytes[$0..<$0 + 8]) == needle })
        try simulated.files.corrupt(segment, offset: offset, bit: 3)
        try simulated.reopen()
        let reopened = try simulated.database.channel(plan.path)
        let error = expectRefusal(
            "XX001", naming: [segment, "cuboid 0", "channel \(channel.record.channel.id)"]
        ) {
            try reopened.read(CutoutRegion(box: VoxelBox(x: 0..<8, y: 0..<8, z: 0..<4)))
        }
        #expect(error?.message.contains("brick 0") == true)
        expectRefusal("XX001") { try reopened.read(CutoutRegion(box: plan.frame)) }
        var cost = ReadStatistics()
        expectRefusal("XX001") {
            try reopened.valueCounts(in: CutoutRegion(box: plan.frame), statistics: &cost)
        }
        let far = VoxelBox(x: 16..<64, y: 16..<64, z: 8..<32)
        #expect(try reopened.read(CutoutRegion(box: far)).bits == first.part(far).voxels)
        // A write that needs the damaged brick is refused; one that replaces it is the repair.
        let voxel = try Volume<UInt8>(extent: VoxelExtent(x: 1, y: 1, z: 1), elements: [1])
        expectRefusal("XX001") { try reopened.write(voxel, at: VoxelPoint(x: 1, y: 1, z: 1)) }
        #expect(try reopened.read(CutoutRegion(box: far)).bits == first.part(far).voxels)
    }

    @Test("a flipped bit anywhere is noticed or harmless, never wrong voxels", arguments: 0..<4)
    func flippedBits(group: Int) throws {
        let simulated = try SimulatedDatabase(options: smallOptions(pool: 0, bulk: 40 << 10))
        var small = plan
        small.frame = VoxelBox(x: 0..<32, y: 0..<32, z: 0..<8)
        let channel = try simulated.database.make(small)
        let first = noise(1, small.frame)
        try channel.write(try first.volume(.uint8), at: .zero)
        try channel.erase(CutoutRegion(box: VoxelBox(x: 0..<9, y: 0..<9, z: 0..<5)))
        try simulated.database.checkpoint()
        let expected = try channel.read(CutoutRegion(box: small.frame)).bits
        try simulated.database.engine.close()
        var random = SeededGenerator(seed: 0xB17 + UInt64(group))
        for _ in 0..<60 {
            let files = simulated.files.clone()
            let names = files.fileNames.filter { $0 != "LOCK" && (files.contents($0)?.isEmpty == false) }
            let name = names[random.below(names.count)]
            let length = files.contents(name)?.count ?? 1
            let offset = random.chance(50) ? random.below(length) : random.below(min(length, 4096))
            try files.corrupt(name, offset: offset, bit: random.below(8))
            let place: Comment = "\(name) byte \(offset), seed \(random.seed)"
            do {
                let database = try SimulatedDatabase.open(files, simulated.catalog, simulated.options)
                let read = try database.channel(small.path).read(CutoutRegion(box: small.frame))
                #expect(read.bits == expected, place)
            } catch let error as StorageError {
                #expect(["XX001", "0A000", "58030", "3D000"].contains(DatabaseError(error).sqlState), place)
            } catch let error as DatabaseError {
                #expect(["XX001", "0A000", "58030"].contains(error.sqlState), "\(error) \(place)")
            }
        }
    }
}

extension Channel {
    /// A write that a full disk cannot take.
    fileprivate func downsampleAll(_ volume: AnyVolume) throws {
        for _ in 0..<40 {
            try write(volume, at: .zero)
            try erase(CutoutRegion(box: box(at: .native)))
        }
    }
}
