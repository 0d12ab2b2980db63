import BossCatalog
import BossFormats
import BossGeometry
import BossStorage
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase

/// Limits, transactions and names: the SQLSTATE, what it names, and that nothing changed.
@Suite("Limits and names")
struct LimitTests {
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

    @Test("54V01: a result one byte over the limit is refused before anything is read")
    func resultLimit() throws {
        var options = smallOptions()
        options.resultByteCountLimit = 1000
        let small = try SimulatedDatabase(options: options)
        let channel = try small.database.make(ChannelPlan(times: 2))
        let fits = VoxelBox(x: 5..<15, y: 3..<13, z: 2..<12)
        #expect(try channel.read(region(fits)).voxelCount == 1000)
        expectRefusal("54V01", naming: ["2000", "1000"]) { try channel.read(region(fits, 0..<2)) }
        let larger = VoxelBox(x: 5..<16, y: 3..<13, z: 2..<12)
        expectRefusal("54V01", naming: ["1100"]) { try channel.read(region(larger)) }
        // Slabs and the caller's own memory are the way out.
        var count = 0
        try channel.forEachSlab(of: region(larger), slabByteCount: 500) { count += $1.voxelCount }
        #expect(count == 1100)
        var memory = [UInt8](repeating: 1, count: 1100)
        try memory.withUnsafeMutableBytes { _ = try channel.read(region(larger), into: $0) }
        #expect(memory.allSatisfy { $0 == 0 })
    }

    @Test("53200: a transaction over its memory limit keeps what it had")
    func transactionLimit() throws {
        var options = smallOptions()
        options.transactionByteCountLimit = 20_000
        let small = try SimulatedDatabase(options: options)
        let channel = try small.database.make(plan)
        var random = SeededGenerator(seed: 53)
        var model = ModelVolume(VoxelBox(x: 5..<21, y: 3..<19, z: 2..<10), filledWith: 0)
        for index in model.voxels.indices { model.voxels[index] = random.next() & 0xFF }
        let transaction = try small.database.beginTransaction()
        try channel.write(try model.volume(.uint8), at: model.box.lower, in: transaction)
        let all = ModelVolume(plan.frame, filledWith: 0)
        var noise = all
        for index in noise.voxels.indices { noise.voxels[index] = random.next() & 0xFF }
        expectRefusal("53200", naming: ["20000"]) {
            try channel.write(try noise.volume(.uint8), at: plan.frame.lower, in: transaction)
        }
        try transaction.commit()
        var expected = all
        _ = expected.write(model, mode: .overwrite, background: 0)
        #expect(try channel.read(region(plan.frame)).bits == expected.voxels)
        // Without a transaction of the caller the limit holds as well.
        expectRefusal("53200") { try channel.write(try noise.volume(.uint8), at: plan.frame.lower) }
        #expect(try channel.read(region(plan.frame)).bits == expected.voxels)
    }

    @Test("53200: what savepoints keep counts too, until they are released or gone back to")
    func savepointLimit() throws {
        var options = smallOptions()
        options.transactionByteCountLimit = 20_000
        let small = try SimulatedDatabase(options: options)
        let channel = try small.database.make(plan)
        // One cuboid of 2048 voxels that do not compress: some 2 KiB a version.
        let box = VoxelBox(x: 16..<32, y: 16..<32, z: 8..<16)
        var random = SeededGenerator(seed: 54)
        func noise() throws -> AnyVolume {
            var model = ModelVolume(box, filledWith: 0)
            for index in model.voxels.indices { model.voxels[index] = random.next() & 0xFF }
            return try model.volume(.uint8)
        }
        /// Versions that fit before the limit is met.
        func versions(_ isMarked: Bool, in transaction: Transaction) throws -> Int {
            for count in 0..<40 {
                let volume = try noise()
                do throws(DatabaseError) {
                    try channel.write(volume, at: box.lower, in: transaction)
                    if isMarked { try transaction.savepoint("s\(count)") }
                } catch {
                    #expect(error.sqlState == "53200" && error.hint?.contains("savepoints") == true)
                    return count
                }
            }
            return 40
        }
        let transaction = try small.database.beginTransaction()
        #expect(try versions(false, in: transaction) == 40, "versions that nobody needs do not count")
        try transaction.savepoint("first")
        let fitting = try versions(true, in: transaction)
        #expect((4..<10).contains(fitting))
        try transaction.rollback(toSavepoint: "first")
        #expect(try versions(true, in: transaction) == fitting)
        try transaction.releaseSavepoint("first")
        #expect(try versions(false, in: transaction) == 40)
        try transaction.savepoint("a")
        try channel.erase(region(box), in: transaction)
        for _ in 0..<3 {
            try channel.write(try noise(), at: box.lower, in: transaction)
            try transaction.savepoint("b")
        }
        try transaction.releaseSavepoint("a")
        #expect(try versions(false, in: transaction) == 40)
        let last = try noise()
        try channel.write(last, at: box.lower, in: transaction)
        try transaction.commit()
        #expect(try channel.read(region(box)).bits == last.bits)
    }

    @Test("25P01: a transaction that has ended, or of another database")
    func endedTransaction() throws {
        let volume = try cube()
        for commits in [false, true] {
            let transaction = try database.beginTransaction()
            if commits { try transaction.commit() } else { transaction.rollback() }
            expectRefusal("25P01") { try channel.write(volume, at: plan.frame.lower, in: transaction) }
            expectRefusal("25P01") { try channel.erase(region(plan.frame), in: transaction) }
            expectRefusal("25P01") { try transaction.commit() }
            transaction.rollback()
        }
        let other = try SimulatedDatabase()
        let foreign = try other.database.beginTransaction()
        expectRefusal("25P01") { try channel.write(volume, at: plan.frame.lower, in: foreign) }
        try foreign.commit()
        #expect(try other.database.view().commit == 0)
        try expectUnchanged()
    }

    @Test("23V01: STRICT names the channel and changes nothing, in a transaction too")
    func strict() throws {
        let point = try #require(before.firstIndex { $0 != 0 && $0 != 200 })
        let extent = plan.frame.extent
        let position = VoxelPoint(
            x: plan.frame.lower.x + point % extent.x, y: plan.frame.lower.y + point / extent.x % extent.y,
            z: plan.frame.lower.z + point / (extent.x * extent.y))
        let voxel = try cube(1)
        expectRefusal("23V01", naming: ["lab/exp/data"]) {
            try channel.write(voxel, at: position, mode: .strict)
        }
        let transaction = try database.beginTransaction()
        expectRefusal("23V01") { try channel.write(voxel, at: position, mode: .strict, in: transaction) }
        // Two samples of which only the first conflicts not: the statement leaves neither.
        let two = try AnyVolume(voxelType: .uint8, axes: [.t, .z, .y, .x], shape: [2, 1, 1, 1])
        var filled = two
        filled.withUnsafeMutableBytes { for index in $0.indices { $0[index] = 200 } }
        try channel.write(voxel, at: position, time: 2, in: transaction)
        var other = try cube(1)
        other[x: 0, y: 0, z: 0] = 9
        try channel.write(other, at: position, time: 2, in: transaction)
        expectRefusal("23V01") {
            try channel.write(filled, at: position, time: 1, mode: .strict, in: transaction)
        }
        let one = VoxelBox(origin: position, extent: VoxelExtent(x: 1, y: 1, z: 1))
        #expect(try channel.read(region(one, 0..<3), view: transaction.view).bits == [before[point], 0, 9])
        transaction.rollback()
        try expectUnchanged()
    }

    @Test("names: 42602, 42P01, 42P07, 2BP01, 23503, 22023")
    func resources() throws {
        for path in ["lab", "lab/exp", "lab/exp/", "/exp/data", "lab//data", "lab/exp/data/more", ""] {
            expectRefusal("42602", naming: ["\"\(path)\""]) { try database.channel(path) }
            expectRefusal("42602") { try database.dropChannel(path) }
        }
        expectRefusal("42602") { try database.createCollection("no spaces") }
        expectRefusal("42602") { try database.createExperiment("lab/ex p", frame: "frame") }
        expectRefusal("42602") { try database.createChannel("lab/exp/ü", kind: .image, voxelType: .uint8) }
        expectRefusal("42P01", naming: ["lab/exp/none"]) { try database.channel("lab/exp/none") }
        expectRefusal("42P01") { try database.channel("none/exp/data") }
        expectRefusal("42P01", naming: ["lab/exp/none"]) { try database.dropChannel("lab/exp/none") }
        expectRefusal("42P01") { try database.createExperiment("lab/new", frame: "none") }
        expectRefusal("42P01") { try database.createChannel("lab/none/c", kind: .image, voxelType: .uint8) }
        expectRefusal("42P07", naming: ["lab"]) { try database.createCollection("lab") }
        expectRefusal("42P07", naming: ["frame"]) {
            try database.createFrame("frame", box: plan.frame, voxelSize: plan.voxelSize)
        }
        expectRefusal("42P07", naming: ["lab/exp"]) {
            try database.createExperiment("lab/exp", frame: "frame")
        }
        expectRefusal("42P07", naming: ["lab/exp/data"]) {
            try database.createChannel("lab/exp/data", kind: .image, voxelType: .uint8)
        }
        expectRefusal("2BP01", naming: ["lab/exp"]) { try database.dropExperiment("lab/exp") }
        expectRefusal("2BP01", naming: ["lab"]) { try database.dropCollection("lab") }
        expectRefusal("22023") {
            try database.createChannel("lab/exp/seg", kind: .annotation, voxelType: .uint8)
        }
        expectRefusal("22023") {
            try database.createChannel("lab/exp/b", kind: .image, voxelType: .uint8, background: 256)
        }
        expectRefusal("22023") {
            try database.createFrame(
                "empty", box: VoxelBox(x: 0..<0, y: 0..<1, z: 0..<1), voxelSize: plan.voxelSize)
        }
        expectRefusal("22023") {
            try database.createFrame("flat", box: plan.frame, voxelSize: PhysicalSize(x: 1, y: 0, z: 1))
        }
        try expectUnchanged()
    }

    @Test("a dropped channel is gone with its voxels, and its name is free")
    func drops() throws {
        try database.dropChannel("lab/exp/data")
        expectRefusal("42P01") { try database.channel("lab/exp/data") }
        let again = try database.add(plan)
        #expect(try again.read(region(plan.frame, 0..<3)).bits.allSatisfy { $0 == 0 })
        #expect(again.record.channel.id != channel.record.channel.id)
        try again.write(try cube(), at: plan.frame.lower)
        try database.dropCollection("lab", cascade: true)
        expectRefusal("42P01") { try database.channel("lab/exp/data") }
        try simulated.reopen()
        expectRefusal("42P01") { try simulated.database.channel("lab/exp/data") }
    }

    @Test("08006: a closed database")
    func closed() throws {
        let transaction = try database.beginTransaction()
        try channel.write(try cube(), at: plan.frame.lower, in: transaction)
        try database.close()
        try database.close()
        expectRefusal("08006") { try channel.write(try cube(), at: plan.frame.lower) }
        expectRefusal("08006") { try transaction.commit() }
        expectRefusal("08006") { try channel.downsample() }
        expectRefusal("08006") { try database.channel("lab/exp/data") }
        expectRefusal("08006") { try database.createCollection("other") }
        expectRefusal("08006") { try database.checkpoint() }
    }

    @Test("22003: a frame larger than its cuboids can address")
    func addressable() throws {
        let limit = 1 << 21
        let huge = VoxelBox(x: 0..<16 * limit + 5, y: 0..<64, z: 0..<64)
        let other = try SimulatedDatabase()
        let channel = try other.database.make(ChannelPlan(frame: huge))
        let last = VoxelBox(x: 16 * limit - 1..<16 * limit, y: 0..<1, z: 0..<1)
        let voxel = try cube(1)
        try channel.write(voxel, at: last.lower)
        #expect(try channel.read(region(last)).bits == [200])
        let past = VoxelBox(x: 16 * limit..<16 * limit + 1, y: 0..<1, z: 0..<1)
        expectRefusal("22003") { try channel.read(region(past)) }
        expectRefusal("22003") { try channel.write(voxel, at: past.lower) }
        expectRefusal("22003") { try channel.erase(region(past)) }
        var cost = ReadStatistics()
        expectRefusal("22003") { try channel.valueCounts(in: region(past), statistics: &cost) }
    }
}
