import BossCatalog
import BossFormats
import BossGeometry
import BossTestSupport
import BossVoxels
import Dispatch
import Synchronization
import Testing

@testable import BossDatabase

/// Several handles and threads on one directory.
@Suite("Handles")
struct HandleTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("lab.bossdb")
    }

    private func readOnly() throws -> Database {
        var options = DatabaseOptions()
        options.access = .readOnly
        return try Database.open(path, options: options)
    }

    private let region = CutoutRegion(box: VoxelBox(x: 5..<46, y: 3..<36, z: 2..<19))

    private func constant(_ value: UInt8) throws -> AnyVolume {
        try ModelVolume(region.box, filledWith: UInt64(value)).volume(.uint8)
    }

    @Test("3D000: a database that is not there and may not be made")
    func missing() throws {
        expectRefusal("3D000", naming: [path]) { try readOnly() }
        var options = DatabaseOptions()
        options.createIfMissing = false
        expectRefusal("3D000", naming: [path]) { try Database.open(path, options: options) }
        let made = try Database.open(path)
        try made.make(ChannelPlan())
        try made.close()
        let again = try Database.open(path, options: options)
        #expect(try again.channel("lab/exp/data").voxelType == .uint8)
        try again.close()
        #expect(try readOnly().channel("lab/exp/data").voxelType == .uint8)
    }

    @Test("55006: a second writer, until the first is closed")
    func secondWriter() throws {
        let first = try Database.open(path)
        let channel = try first.make(ChannelPlan())
        try channel.write(try constant(3), at: region.box.lower)
        let error = expectRefusal("55006", naming: ["process"]) { try Database.open(path) }
        #expect(error?.hint?.contains("read-only") == true)
        try channel.write(try constant(4), at: region.box.lower)
        try first.close()
        let second = try Database.open(path)
        #expect(try second.channel("lab/exp/data").read(region).bits.allSatisfy { $0 == 4 })
        try second.close()
    }

    @Test("25006: every write on a read-only handle")
    func readOnlyHandle() throws {
        let writer = try Database.open(path)
        try writer.make(ChannelPlan(levels: 2)).write(try constant(3), at: region.box.lower)
        try NPYWriter.write(try constant(9), to: folder.file("nine.npy"))
        for isBeside in [true, false] {
            if !isBeside { try writer.close() }
            let reader = try readOnly()
            #expect(reader.isReadOnly)
            let channel = try reader.channel("lab/exp/data")
            expectRefusal("25006") { try channel.write(try constant(5), at: region.box.lower) }
            expectRefusal("25006") { try channel.erase(region) }
            expectRefusal("25006") { try channel.downsample() }
            expectRefusal("25006") { try channel.importVolume(folder.file("nine.npy")) }
            expectRefusal("25006") { try reader.beginTransaction() }
            expectRefusal("25006") { try reader.checkpoint() }
            expectRefusal("25006") { try reader.createCollection("other") }
            expectRefusal("25006") {
                try reader.createFrame("f", box: region.box, voxelSize: PhysicalSize(x: 1, y: 1, z: 1))
            }
            expectRefusal("25006") { try reader.createExperiment("lab/other", frame: "frame") }
            expectRefusal("25006") {
                try reader.createChannel("lab/exp/other", kind: .image, voxelType: .uint8)
            }
            expectRefusal("25006") { try reader.dropChannel("lab/exp/data") }
            expectRefusal("25006") { try reader.dropExperiment("lab/exp", cascade: true) }
            expectRefusal("25006") { try reader.dropCollection("lab", cascade: true) }
            #expect(try channel.read(region).bits.allSatisfy { $0 == 3 })
            try reader.close()
        }
    }

    @Test("everything is there after closing, and after a handle that was only let go")
    func reopening() throws {
        var value: UInt8 = 1
        do {
            let database = try Database.open(path)
            try database.make(ChannelPlan())
            try database.close()
        }
        for closes in [true, false, true, false] {
            value += 1
            let database = try Database.open(path)
            let channel = try database.channel("lab/exp/data")
            try channel.write(try constant(value), at: region.box.lower)
            if closes { try database.close() } else { database.catalog.close() }
            #expect(
                try readOnly().channel("lab/exp/data").read(region).bits.allSatisfy { $0 == UInt64(value) })
            if !closes { try database.close() }
        }
    }

    @Test("a drop that a crash cut in half is finished by the next open")
    func unfinishedDrop() throws {
        let database = try Database.open(path)
        let dropped = try database.make(ChannelPlan())
        let kept = try database.add(ChannelPlan(name: "kept"))
        for channel in [dropped, kept] { try channel.write(try constant(6), at: region.box.lower) }
        // The catalog goes first; here the process ends.
        _ = try database.catalog.dropChannel("data", in: "lab", "exp")
        #expect(try database.catalog.droppedChannels().map(\.id) == [dropped.record.channel.id])
        try database.close()
        let again = try Database.open(path)
        #expect(try again.catalog.droppedChannels() == [])
        expectRefusal("42P01") { try again.channel("lab/exp/data") }
        #expect(try again.channel("lab/exp/kept").read(region).bits.allSatisfy { $0 == 6 })
        #expect(try again.add(ChannelPlan()).read(region).bits.allSatisfy { $0 == 0 })
        try again.close()
    }

    @Test("a transaction that is let go leaves nothing")
    func abandonedTransaction() throws {
        let simulated = try SimulatedDatabase()
        let channel = try simulated.database.make(ChannelPlan())
        do {
            let transaction = try simulated.database.beginTransaction()
            try channel.write(try constant(6), at: region.box.lower, in: transaction)
            #expect(try channel.read(region, view: transaction.view).bits.allSatisfy { $0 == 6 })
        }
        #expect(try channel.read(region).bits.allSatisfy { $0 == 0 })
        #expect(try simulated.database.view().commit == 0)
    }

    @Test("a channel says how many pages each level has, as they were written")
    func pageCounts() throws {
        let simulated = try SimulatedDatabase()
        let channel = try simulated.database.make(
            ChannelPlan(frame: VoxelBox(x: 0..<64, y: 0..<64, z: 0..<16), times: 2, levels: 3))
        let levels = try [level(0), level(1), level(2)]
        #expect(channel.storedLevels == levels)
        for level in levels { #expect(try channel.pageCount(at: level)?.pageCount == 0) }
        // 4 x 4 x 2 cuboids in one sample, one cuboid in the other.
        let whole = channel.box(at: levels[0])
        try channel.write(try ModelVolume(whole, filledWith: 3).volume(.uint8), at: whole.lower, time: 1)
        let voxel = try Volume<UInt8>(extent: VoxelExtent(x: 1, y: 1, z: 1), elements: [9])
        try channel.write(voxel, at: VoxelPoint(x: 20, y: 20, z: 9))
        #expect(try channel.pageCount(at: levels[0])?.pageCount == 33)
        try channel.downsample()
        try simulated.database.checkpoint()
        let counts = try levels.map { try channel.pageCount(at: $0)?.pageCount }
        #expect(counts == [33, 9, 3])
        #expect(try (channel.pageCount(at: levels[0])?.byteCount ?? 0) > 0)
        #expect(channel.cuboidCount(of: whole) == 32)
        let rounded = channel.roundedToCuboids(VoxelBox(x: 17..<18, y: 0..<16, z: 7..<9), at: levels[0])
        #expect(rounded == VoxelBox(x: 16..<32, y: 0..<16, z: 0..<16))
    }
}
