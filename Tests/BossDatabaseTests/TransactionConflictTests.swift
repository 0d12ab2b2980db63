import BossFormats
import BossGeometry
import BossTestSupport
import BossVoxels
import Foundation
import Synchronization
import Testing

@testable import BossDatabase

/// What others commit while a transaction is open; the oracle is the order of the calls.
@Suite("Conflicts of transactions")
struct TransactionConflictTests {
    private let simulated: SimulatedDatabase
    private let channel: Channel
    /// One whole cuboid, and all of the channel.
    private let cuboid = VoxelBox(x: 16..<32, y: 16..<32, z: 8..<16)
    private let all = ChannelPlan().frame

    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        simulated = try SimulatedDatabase()
        channel = try simulated.database.make(ChannelPlan(levels: 2))
    }

    private var database: Database { simulated.database }

    private func set(_ box: VoxelBox, to value: UInt64, in transaction: Transaction? = nil) throws {
        try channel.write(
            try ModelVolume(box, filledWith: value).volume(.uint8), at: box.lower, in: transaction)
    }

    private func values(_ box: VoxelBox, view: DatabaseView? = nil) throws -> Set<UInt64> {
        Set(try channel.read(CutoutRegion(box: box), view: view).bits)
    }

    // MARK: Deletions

    @Test(
        "a deletion of whole cuboids is refused when others have written to them",
        arguments: ["the cuboid was written", "it was deleted", "only others were written"], [false, true])
    func deletion(past: String, ofChannel: Bool) throws {
        try set(VoxelBox(x: 5..<16, y: 3..<16, z: 2..<8), to: 1)
        if past != "only others were written" { try set(cuboid, to: 4) }
        if past == "it was deleted" { try channel.erase(CutoutRegion(box: cuboid)) }
        let region = CutoutRegion(box: ofChannel ? all : cuboid)
        let transaction = try database.beginTransaction()
        let before = try channel.read(region, view: transaction.view).bits.count { $0 != 0 }
        #expect(try channel.erase(region, in: transaction).changedVoxelCount == before)
        try set(cuboid, to: 9)
        if before > 0 {
            expectRefusal("40001") { try transaction.commit() }
        } else {
            // Nothing was there, so nothing was deleted.
            try transaction.commit()
        }
        #expect(try values(cuboid) == [9])
    }

    @Test("a deletion is refused when others have deleted the same, and not when they wrote elsewhere")
    func deletionBesideOthers() throws {
        try set(all, to: 1)
        let lost = try database.beginTransaction()
        try channel.erase(CutoutRegion(box: cuboid), in: lost)
        let kept = try database.beginTransaction()
        try channel.erase(CutoutRegion(box: VoxelBox(x: 32..<46, y: 16..<32, z: 8..<16)), in: kept)
        try channel.erase(CutoutRegion(box: cuboid))
        try kept.commit()
        expectRefusal("40001") { try lost.commit() }
        #expect(try values(VoxelBox(x: 16..<46, y: 16..<32, z: 8..<16)) == [0])
    }

    @Test(
        "a deletion that finds nothing takes part in conflicts, in every cuboid that it touches",
        arguments: [
            ("whole cuboids", VoxelBox(x: 16..<32, y: 16..<32, z: 8..<16), 1..<3, true),
            ("a part of the cuboid", VoxelBox(x: 25..<26, y: 25..<26, z: 12..<13), 0..<3, true),
            ("another time sample", VoxelBox(x: 16..<32, y: 16..<32, z: 8..<16), 0..<2, false),
            ("the cuboid beside", VoxelBox(x: 32..<40, y: 16..<32, z: 8..<16), 0..<3, false),
        ])
    func deletionOfNothing(_ what: String, box: VoxelBox, times: Range<Int>, isRefused: Bool) throws {
        let simulated = try SimulatedDatabase()
        let channel = try simulated.database.make(ChannelPlan(times: 3))
        let voxel = try Volume<UInt8>(extent: VoxelExtent(x: 1, y: 1, z: 1), elements: [9])
        for isEmpty in [true, false] {
            let transaction = try simulated.database.beginTransaction()
            let summary = try channel.erase(CutoutRegion(box: box, time: times), in: transaction)
            #expect(summary.changedVoxelCount == 0)
            if !isEmpty { try channel.write(voxel, at: VoxelPoint(x: 5, y: 3, z: 2), in: transaction) }
            // In the cuboid from (16, 16, 8).
            try channel.write(voxel, at: VoxelPoint(x: 20, y: 20, z: 9), time: 2)
            if isRefused, !isEmpty {
                expectRefusal("40001") { try transaction.commit() }
            } else {
                // A transaction that changes nothing comes before whatever was committed meanwhile.
                try transaction.commit()
            }
            try channel.erase(CutoutRegion(box: ChannelPlan().frame, time: 0..<3))
        }
    }

    @Test("a deletion that was taken back to a savepoint is no reason to refuse")
    func deletionTakenBack() throws {
        try set(all, to: 1)
        let transaction = try database.beginTransaction()
        try set(VoxelBox(x: 5..<9, y: 3..<7, z: 2..<3), to: 5, in: transaction)
        try transaction.savepoint("a")
        try channel.erase(CutoutRegion(box: cuboid), in: transaction)
        try transaction.rollback(toSavepoint: "a")
        try set(cuboid, to: 9)
        try transaction.commit()
        #expect(try values(cuboid) == [9])
    }

    @Test("a deletion outside of a transaction is tried again: every voxel is counted by one of them")
    func countedOnce() throws {
        let channel = channel
        let (all, region) = (all, CutoutRegion(box: all))
        let failures = Mutex<[String]>([])
        let counted = Mutex((voxels: 0, isComplete: true))
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            do {
                for number in 0..<40 {
                    if thread == 0 {
                        let summary = try channel.erase(region)
                        counted.withLock { counted in
                            counted.voxels += summary.changedVoxelCount
                            counted.isComplete = counted.isComplete && summary.isCounted
                        }
                        continue
                    }
                    let voxel = try Volume<UInt8>(extent: VoxelExtent(x: 1, y: 1, z: 1), elements: [7])
                    // Each voxel once.
                    let point = VoxelPoint(x: all.lower.x + number, y: 3 + 9 * thread, z: 2 + 4 * thread)
                    try channel.write(voxel, at: point)
                }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        let found = failures.withLock { $0 }
        #expect(found == [])
        let last = try channel.erase(region)
        #expect(try values(all) == [0])
        let (voxels, isComplete) = counted.withLock { ($0.voxels, $0.isComplete) }
        if isComplete { #expect(voxels + last.changedVoxelCount == 120) }
    }

    // MARK: Dropped channels

    @Test(
        "voxels of a channel that was dropped meanwhile are not acknowledged",
        arguments: [false, true], [false, true])
    func dropped(inTransaction: Bool, comesAgain: Bool) throws {
        try set(cuboid, to: 1)
        let transaction = try database.beginTransaction()
        try set(cuboid, to: 4, in: transaction)
        let dropping = inTransaction ? try database.beginTransaction() : nil
        try database.dropChannel("lab/exp/data", in: dropping)
        try dropping?.commit()
        if comesAgain { try database.add(ChannelPlan()) }
        let before = try database.history().map(\.commit)
        expectRefusal("42P01", naming: ["lab/exp/data"]) { try transaction.commit() }
        #expect(try database.history().map(\.commit) == before)
        expectRefusal("42P01", naming: ["lab/exp/data"]) { try set(cuboid, to: 5) }
        #expect(try database.history().map(\.commit) == before)
        if comesAgain {
            let again = try database.channel("lab/exp/data")
            #expect(try again.read(CutoutRegion(box: cuboid)).bits.allSatisfy { $0 == 0 })
        }
    }

    /// The channel is dropped when the first part has been read.
    @Test("an import and the building of levels do not either", arguments: ["import", "downsample"])
    func droppedMeanwhile(_ work: String) throws {
        try set(cuboid, to: 1)
        let database = database
        let isDropped = Atomic<Bool>(false)
        let control = OperationControl { _ in
            guard !isDropped.exchange(true, ordering: .relaxed) else { return }
            #expect(throws: Never.self) { try database.dropChannel("lab/exp/data") }
        }
        let before = try database.history().map(\.commit)
        let file = folder.file("volume.npy")
        try NPYWriter.write(try ModelVolume(all, filledWith: 3).volume(.uint8), to: file)
        expectRefusal("42P01", naming: ["lab/exp/data"]) {
            if work == "import" {
                _ = try channel.importVolume(file, control: control)
            } else {
                _ = try channel.downsample(control: control)
            }
        }
        let wasDropped = isDropped.load(ordering: .relaxed)
        #expect(wasDropped)
        #expect(try database.history().map(\.commit) == before)
        #expect(database.storageStatistics.inFlightByteCount == 0)
    }

    @Test("a transaction may write to a channel and drop it")
    func writtenAndDropped() throws {
        let transaction = try database.beginTransaction()
        try set(cuboid, to: 4, in: transaction)
        try database.dropChannel("lab/exp/data", in: transaction)
        try transaction.commit()
        expectRefusal("42P01") { try database.channel("lab/exp/data") }
        #expect(try database.add(ChannelPlan()).read(CutoutRegion(box: cuboid)).bits.allSatisfy { $0 == 0 })
    }
}
