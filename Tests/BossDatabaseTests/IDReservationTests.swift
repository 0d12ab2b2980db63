import BossCatalog
import BossGeometry
import BossStorage
import BossTestSupport
import BossVoxels
import Synchronization
import Testing

@testable import BossDatabase

/// IDs that are given out are never given out again, whatever happens in between.
@Suite("Reserved IDs")
struct IDReservationTests {
    private static let plan = ChannelPlan(name: "labels", kind: .annotation, voxelType: .uint64)

    private func label(_ id: UInt64, _ plan: ChannelPlan = plan) throws -> AnyVolume {
        try ModelVolume(VoxelBox(x: 5..<6, y: 3..<4, z: 2..<3), filledWith: id).volume(plan.voxelType)
    }

    private func expect(_ code: String, _ body: () throws -> Void) {
        do {
            try body()
            Issue.record("\(code) was expected")
        } catch {
            #expect((error as? DatabaseError)?.sqlState == code, "\(error)")
        }
    }

    @Test("ascend, above the labels of the newest state, across rollback, deletion, reopening and compaction")
    func ascending() throws {
        let simulated = try SimulatedDatabase()
        let channel = try simulated.database.make(Self.plan)
        let origin = VoxelPoint(x: 5, y: 3, z: 2)
        #expect(try channel.reserveIDs(10) == ReservedIDs(start: 1, count: 10))
        try channel.write(try label(5000), at: origin)
        #expect(try channel.reserveIDs(1).start == 5001)
        try channel.erase(CutoutRegion(box: Self.plan.frame))
        #expect(try channel.reserveIDs(3).start == 5002)
        let transaction = try simulated.database.beginTransaction()
        try channel.write(try label(9000), at: origin, in: transaction)
        #expect(try channel.reserveIDs(5).start == 5005)
        transaction.rollback()
        try simulated.database.checkpoint()
        _ = try simulated.database.compact()
        #expect(try channel.reserveIDs(1).start == 5010)
        try simulated.reopen()
        let again = try simulated.database.channel(Self.plan.path)
        #expect(try again.reserveIDs(1).start == 5011)
        let noted = try simulated.database.history(of: again, limit: 1)
        #expect(noted.map(\.action) == ["RESERVE 1 IDS IN \(Self.plan.path)"])
    }

    @Test("end with the type, leave the background out, and are refused where there can be none")
    func limits() throws {
        let database = try SimulatedDatabase().database
        let wide = try database.make(Self.plan)
        #expect(try wide.reserveIDs(.max) == ReservedIDs(start: 1, count: .max))
        expect("22003") { _ = try wide.reserveIDs(1) }
        expect("22023") { _ = try wide.reserveIDs(0) }
        let grid = try Self.plan.grid
        let narrow = try database.createChannel(
            "lab/exp/narrow", kind: .annotation, voxelType: .uint32, grid: grid, background: 4)
        #expect(try narrow.reserveIDs(3) == ReservedIDs(start: 1, count: 3))
        #expect(try narrow.reserveIDs(2) == ReservedIDs(start: 5, count: 2))
        expect("22003") { _ = try narrow.reserveIDs(UInt64(UInt32.max) - 5) }
        #expect(try narrow.reserveIDs(UInt64(UInt32.max) - 6) == ReservedIDs(start: 7, count: 4_294_967_289))
        expect("22003") { _ = try narrow.reserveIDs(1) }
        let image = try database.createChannel("lab/exp/image", kind: .image, voxelType: .uint8, grid: grid)
        expect("22V08") { _ = try image.reserveIDs(1) }
    }

    @Test("go on from the largest label where the index has the background behind it")
    func backgroundBehindLabels() throws {
        let plan = ChannelPlan(
            kind: .annotation, voxelType: .uint32, frame: VoxelBox(x: 0..<46, y: 0..<36, z: 0..<19),
            background: UInt64(UInt32.max))
        let database = try SimulatedDatabase().database
        let channel = try database.make(plan)
        let cuboid = VoxelBox(origin: .zero, extent: plan.cuboid)
        try channel.write(try ModelVolume(cuboid, filledWith: 3).volume(.uint32), at: .zero)
        try database.checkpoint()
        try channel.write(try ModelVolume(cuboid, filledWith: plan.background).volume(.uint32), at: .zero)
        let small = ModelVolume(VoxelBox(x: 0..<1, y: 0..<1, z: 0..<1), filledWith: 77)
        try channel.write(try small.volume(.uint32), at: VoxelPoint(x: cuboid.upper.x, y: 0, z: 0))
        #expect(try channel.reserveIDs(1).start == 78)
        try database.checkpoint()
        #expect(try channel.reserveIDs(1).start == 79)
        _ = try database.compact()
        #expect(try channel.reserveIDs(1).start == 80)
    }

    @Test("do not overlap when many threads reserve at once, beside writers")
    func threads() throws {
        let database = try SimulatedDatabase(options: smallOptions(workers: 2)).database
        let channel = try database.make(Self.plan)
        let found = Mutex<[Range<UInt64>]>([])
        try Workers(count: 8).forEach(64) { (number) throws(DatabaseError) in
            if number % 8 == 0 {
                var volume: AnyVolume?
                volume = try? ModelVolume(VoxelBox(x: 5..<6, y: 3..<4, z: 2..<3), filledWith: 7).volume(
                    .uint64)
                if let volume { try channel.write(volume, at: VoxelPoint(x: 5, y: 3, z: 2)) }
            }
            let ids = try channel.reserveIDs(UInt64(1 + number % 5))
            found.withLock { $0.append(ids.start..<ids.start + ids.count) }
        }
        let sorted = found.withLock { $0 }.sorted { $0.lowerBound < $1.lowerBound }
        #expect(sorted.count == 64)
        #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound }, "\(sorted)")
    }

    /// The power fails within each operation that changes the disk in turn; what was told before must not come again.
    @Test("are not given out twice when the power fails at any operation")
    func crashes() throws {
        let start = try SimulatedDatabase(seed: 0x1D5)
        try start.database.make(Self.plan)
        try start.database.engine.close()
        var crashCount = 0
        for ordinal in 1...400 {
            let files = start.files.clone(faults: .crashAtOperation(ordinal))
            var told: UInt64 = 0
            var isDead = false
            do {
                let run = try SimulatedDatabase(catalog: start.catalog, files: files)
                let channel = try run.database.channel(Self.plan.path)
                for step in 0..<6 {
                    let ids = try channel.reserveIDs(UInt64(step + 1))
                    #expect(ids.start > told)
                    told = ids.start + ids.count - 1
                    if step == 3 { try run.database.checkpoint() }
                }
                try run.database.engine.close()
            } catch {
                isDead = files.isDead
                #expect(isDead, "\(error), operation \(ordinal)")
            }
            guard isDead else { break }
            crashCount += 1
            for damage in 0..<3 {
                let crashed = files.crash(damageSeed: UInt64(ordinal * 3 + damage))
                let next = try SimulatedDatabase(catalog: start.catalog, files: crashed)
                let ids = try next.database.channel(Self.plan.path).reserveIDs(1)
                #expect(ids.start > told, "operation \(ordinal), damage \(damage)")
                try next.database.engine.close()
            }
        }
        #expect(crashCount >= 10)
    }
}
