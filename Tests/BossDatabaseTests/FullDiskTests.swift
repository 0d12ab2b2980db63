import BossCatalog
import BossGeometry
import BossStorage
import BossTestSupport
import BossVoxels
import Foundation
import Testing

@testable import BossDatabase

/// A database, with its catalog, on a disk of the kernel without a free byte.
@Suite("Database on a full disk", .serialized)
struct FullDiskTests {
    private static let seed: UInt64 = 0xF011

    private func plan(_ name: String) -> ChannelPlan {
        var plan = ChannelPlan()
        plan.name = name
        plan.kind = .image
        plan.voxelType = .uint8
        plan.frame = VoxelBox(x: 0..<256, y: 0..<256, z: 0..<32)
        plan.cuboid = VoxelExtent(x: 64, y: 64, z: 32)
        plan.brick = VoxelExtent(x: 32, y: 32, z: 16)
        return plan
    }

    private func noise(_ random: inout SeededGenerator, _ box: VoxelBox) throws -> Volume<UInt8> {
        var volume = try Volume<UInt8>(extent: box.extent)
        for z in 0..<box.extent.z {
            for y in 0..<box.extent.y {
                for x in 0..<box.extent.x { volume[x: x, y: y, z: z] = UInt8(random.below(256)) }
            }
        }
        return volume
    }

    private func elements(_ database: Database, _ path: String, _ box: VoxelBox) throws -> [UInt8] {
        try database.channel(path).read(CutoutRegion(box: box), as: UInt8.self).elements
    }

    @Test("opens, reads, refuses writes, drops a channel and then writes again, without a free byte")
    func fullDisk() throws {
        guard let disk = try TemporaryDisk(byteCount: 24 << 20) else {
            print("no full disk test: a tmpfs cannot be mounted here, which needs root")
            return
        }
        defer { disk.unmount() }
        let path = disk.path + "/lab.bossdb"
        var random = SeededGenerator(seed: Self.seed)
        var options = smallOptions(bulk: 1 << 20)
        options.maintainsInBackground = false
        var database = try Database.open(path, options: options)
        let box = plan("kept").frame
        let voxels = try noise(&random, box)
        let kept = try database.make(plan("kept"))
        try kept.write(voxels, at: .zero)
        let other = try database.add(plan("other"))
        for _ in 0..<2 { try other.write(try noise(&random, box), at: .zero) }
        try database.close()
        _ = try disk.fill()
        #expect(try disk.freeByteCount() == 0)

        // A reader, then a writer, on a disk that has room for nothing.
        options.access = .readOnly
        let reader = try Database.open(path, options: options)
        #expect(try elements(reader, "lab/exp/kept", box) == voxels.elements)
        try reader.close()
        options.access = .readWrite
        database = try Database.open(path, options: options)
        #expect(try elements(database, "lab/exp/kept", box) == voxels.elements)
        let partBox = VoxelBox(x: 0..<128, y: 0..<128, z: 0..<32)
        let part = try noise(&random, partBox)
        expectRefusal("53100") {
            for _ in 0..<64 { try database.channel("lab/exp/other").write(part, at: .zero) }
        }
        #expect(try elements(database, "lab/exp/kept", box) == voxels.elements)
        try database.dropChannel("lab/exp/other")
        #expect(failure { try database.channel("lab/exp/other") }?.sqlState == "42P01")
        while try database.engine.maintain() != nil {}
        let free = try disk.freeByteCount()
        #expect(free > 2 << 20)
        // The same handle writes again.
        try database.add(plan("new")).write(part, at: .zero)
        try database.close()
        database = try Database.open(path, options: options)
        #expect(try elements(database, "lab/exp/kept", box) == voxels.elements)
        #expect(try elements(database, "lab/exp/new", partBox) == part.elements)
        #expect(try database.check(isFull: true).isEmpty)
        try database.close()
    }

    @Test("drops channels inside a transaction, and has its reserve again when it was closed")
    func dropInTransaction() throws {
        guard let disk = try TemporaryDisk(byteCount: 24 << 20) else {
            print("no full disk test: a tmpfs cannot be mounted here, which needs root")
            return
        }
        defer { disk.unmount() }
        let path = disk.path + "/lab.bossdb"
        let reserve = path + "/" + SpaceReserve.path
        var random = SeededGenerator(seed: Self.seed)
        var options = smallOptions(bulk: 1 << 20)
        options.maintainsInBackground = false
        let database = try Database.open(path, options: options)
        let voxels = try noise(&random, plan("kept").frame)
        try database.make(plan("kept")).write(voxels, at: .zero)
        try database.add(plan("other")).write(voxels, at: .zero)
        try database.add(plan("third")).write(voxels, at: .zero)
        let filler = try disk.fill()
        #expect(failure { try database.createCollection("more") }?.sqlState == "53100")
        #expect(try disk.freeByteCount() == 0 && FileManager.default.fileExists(atPath: reserve))

        let transaction = try database.beginTransaction()
        try database.dropChannel("lab/exp/other", in: transaction)
        try database.dropChannel("lab/exp/third", in: transaction)
        try transaction.commit()
        #expect(failure { _ = try database.channel("lab/exp/third") }?.sqlState == "42P01")
        #expect(!FileManager.default.fileExists(atPath: reserve))
        // Now there is room again, and nothing is written any more.
        try FileManager.default.removeItem(atPath: filler)
        try database.close()
        #expect(FileManager.default.fileExists(atPath: reserve))
        #expect(try Database.check(path).findings.isEmpty)
    }

    @Test(
        "what is deleted comes back, whatever the disk had no room for before: whole cuboids and a border of others",
        arguments: [0, 8], [0, 86_400_000_000])
    func deletion(from plane: Int, retention: Int64) throws {
        guard let disk = try TemporaryDisk(byteCount: 20 << 20) else {
            print("no full disk test: a tmpfs cannot be mounted here, which needs root")
            return
        }
        defer { disk.unmount() }
        var random = SeededGenerator(seed: Self.seed)
        var options = smallOptions()
        options.maintainsInBackground = false
        let database = try Database.open(disk.path + "/lab.bossdb", options: options)
        try database.setHistoryRetention(microseconds: retention)
        // Small writes, all of them into one log.
        var tall = plan("tall")
        tall.frame = VoxelBox(x: 0..<256, y: 0..<256, z: 0..<1024)
        let channel = try database.make(tall)
        var first: [UInt8] = []
        var z = 0
        let error = failure {
            while true {
                let slab = VoxelBox(x: 0..<256, y: 0..<256, z: 0..<8)
                let voxels = try noise(&random, slab)
                try channel.write(voxels, at: VoxelPoint(x: 0, y: 0, z: z))
                if z == 0 { first = voxels.elements }
                z += 8
            }
        }
        #expect(error?.sqlState == "53100" && z >= 96, "\(String(describing: error))")
        // Maintenance first meets a full disk of which everything is needed.
        for _ in 0..<100 where (try? database.engine.maintain()) == nil { break }
        let free = try disk.freeByteCount()
        let box = VoxelBox(x: 0..<256, y: 0..<256, z: plane..<1024)
        try channel.erase(CutoutRegion(box: box))
        while try database.engine.maintain() != nil {}
        #expect(try disk.freeByteCount() - free > z * 256 * 256 / 2)
        let slab = VoxelBox(x: 0..<256, y: 0..<256, z: 512..<520)
        let again = try noise(&random, slab)
        try channel.write(again, at: slab.lower)
        #expect(try elements(database, "lab/exp/tall", slab) == again.elements)
        let kept = try elements(database, "lab/exp/tall", VoxelBox(x: 0..<256, y: 0..<256, z: 0..<8))
        #expect(kept == (plane == 0 ? [UInt8](repeating: 0, count: first.count) : first))
        #expect(try database.check(isFull: true).isEmpty)
        try database.close()
    }
}
