import BossCatalog
import BossGeometry
import BossStorage
import BossTestSupport
import BossVoxels
import Foundation
import Synchronization
import Testing

@testable import BossDatabase

/// What merging refuses, who it gets in the way of, and what it leaves alone. Expected values are counted by hand.
@Suite("Merging IDs")
struct MergingTests {
    private let simulated: SimulatedDatabase
    private let channel: Channel
    private let plan = ChannelPlan(name: "seg", kind: .annotation, voxelType: .uint64, levels: 3)

    init() throws {
        simulated = try SimulatedDatabase()
        channel = try simulated.database.make(plan)
    }

    private var database: Database { simulated.database }

    private func set(_ box: VoxelBox, to id: UInt64, mode: WriteMode = .overwrite) throws {
        try channel.write(
            try ModelVolume(box, filledWith: id).volume(.uint64), at: box.lower, mode: mode)
    }

    private func ids(_ box: VoxelBox? = nil, view: DatabaseView? = nil) throws -> [UInt64] {
        var statistics = ReadStatistics()
        let region = CutoutRegion(box: box ?? plan.frame)
        return try channel.labels(in: region, view: view, statistics: &statistics).map(\.id)
    }

    private let left = VoxelBox(x: 5..<20, y: 3..<36, z: 2..<19)
    private let right = VoxelBox(x: 20..<46, y: 3..<36, z: 2..<19)

    // MARK: Refusals

    @Test("refuses images, the background on either side, and numbers that the voxels cannot hold")
    func refusals() throws {
        let image = try database.add(ChannelPlan(name: "em"))
        expectRefusal("22V08", naming: ["lab/exp/em"]) { try image.mergeIDs([1], into: 2) }
        expectRefusal("22V08") { try image.bakeMapping() }
        expectRefusal("22023", naming: ["background"]) { try channel.mergeIDs([1, 0], into: 2) }
        expectRefusal("22023", naming: ["background"]) { try channel.mergeIDs([1], into: 0) }
        let small = try database.add(
            ChannelPlan(name: "small", kind: .annotation, voxelType: .uint32, background: 9))
        #expect(try small.mergeIDs([UInt64(UInt32.max)], into: 0) == 1)
        expectRefusal("22003", naming: ["4294967296"]) { try small.mergeIDs([1 << 32], into: 2) }
        expectRefusal("22003") { try small.mergeIDs([1], into: 1 << 32) }
        expectRefusal("22023", naming: ["9"]) { try small.mergeIDs([9], into: 2) }
        #expect(try channel.mapping(in: database.view()) == nil)
        let commit = try database.view().commit
        #expect(try channel.mergeIDs([], into: 3) == 0)
        #expect(try channel.mergeIDs([3, 3], into: 3) == 0)
        #expect(try database.view().commit == commit, "what changes nothing is no commit")
        try simulated.database.engine.close()
        expectRefusal("08006") { try channel.mergeIDs([1], into: 2) }
    }

    @Test("goes through roots: what was merged before comes along, also the other way round")
    func chains() throws {
        #expect(try channel.mergeIDs([1, 2], into: 3) == 2)
        #expect(try channel.mergeIDs([3], into: 4) == 1)
        #expect(try channel.mergeIDs([4], into: 1) == 0, "1 reads as 4 already")
        #expect(try channel.mergeIDs([5], into: 1) == 1)
        #expect(try channel.mergeIDs([.max, 1, 6, 6], into: 1 << 63) == 3)
        let mapping = try #require(try channel.mapping(in: database.view()))
        for id in [UInt64.max, 1, 2, 3, 4, 5, 6, 1 << 63] { #expect(mapping.root(of: id) == 1 << 63) }
        #expect(mapping.members(of: 1 << 63) == [1, 2, 3, 4, 5, 6, 1 << 63, .max])
        #expect(mapping.members(of: 4).isEmpty && mapping.members(of: 77) == [77])
    }

    @Test("counts 200 000 IDs of one merge, and of a chain of 3 000 merges in one transaction")
    func many() throws {
        #expect(try channel.mergeIDs(Array(10..<200_010), into: 7) == 200_000)
        #expect(try channel.mergeIDs(Array(10..<200_010), into: 7) == 0)
        let transaction = try database.beginTransaction()
        for id in UInt64(1)..<40 {
            try channel.mergeIDs([1_000_000 + id], into: 1_000_001 + id, in: transaction)
        }
        try transaction.commit()
        let mapping = try #require(try channel.mapping(in: database.view()))
        #expect(mapping.count == 200_039)
        #expect(mapping.members(of: 7).count == 200_001)
        #expect(mapping.root(of: 1_000_001) == 1_000_040)
    }

    // MARK: Others

    @Test("two transactions that merge anything in one channel conflict; one of them and a write do not")
    func conflicts() throws {
        try set(left, to: 1)
        let (first, second) = (try database.beginTransaction(), try database.beginTransaction())
        try channel.mergeIDs([1], into: 2, in: first)
        try channel.mergeIDs([3], into: 4, in: second)
        try set(right, to: 5)
        try first.commit()
        expectRefusal("40001") { try second.commit() }
        #expect(try ids() == [2, 5])
        let third = try database.beginTransaction()
        try channel.mergeIDs([2], into: 5, in: third)
        try channel.restore(
            CutoutRegion(box: plan.frame, time: 0..<1), to: database.view(.commit(1)))
        expectRefusal("40001") { try third.commit() }
        #expect(try ids() == [1])
    }

    @Test("merges of several threads all come through")
    func threads() throws {
        let failures = Mutex<[String]>([])
        let channel = channel
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            for number in 0..<15 {
                do {
                    let id = UInt64(100 + thread * 100 + number)
                    try channel.mergeIDs([id], into: 1)
                } catch { failures.withLock { $0.append("\(error)") } }
            }
        }
        #expect(failures.withLock { $0 }.isEmpty, "\(failures.withLock { $0 })")
        #expect(try channel.mapping(in: database.view())?.members(of: 1).count == 61)
    }

    @Test("a channel that was dropped takes its merged IDs along")
    func dropped() throws {
        try set(left, to: 1)
        try channel.mergeIDs([1], into: 2)
        let transaction = try database.beginTransaction()
        try channel.mergeIDs([3], into: 2, in: transaction)
        try database.dropChannel(plan.path)
        expectRefusal("42P01") { try transaction.commit() }
        let again = try database.add(plan)
        try again.write(try ModelVolume(left, filledWith: 1).volume(.uint64), at: left.lower)
        #expect(try again.mapping(in: database.view()) == nil)
        #expect(try again.read(CutoutRegion(box: left)).bits.allSatisfy { $0 == 1 })
        try database.compact()
        #expect(try database.check(isFull: true).isEmpty)
    }

    @Test("the history names merges, and restoring the channel takes them back in one commit")
    func history() throws {
        try set(left, to: 1)
        try channel.mergeIDs([1, 8], into: 2)
        try channel.mergeIDs(Array(20..<40), into: 2)
        let entries = try database.history(of: channel)
        #expect(
            entries.map(\.action) == [
                "MERGE IDS 20, 21, 22, 23, 24, 25, 26, 27 and 12 more INTO 2 IN lab/exp/seg",
                "MERGE IDS 1, 8 INTO 2 IN lab/exp/seg", "INSERT CUTOUT INTO lab/exp/seg",
            ])
        #expect(entries.prefix(2).allSatisfy { $0.changedVoxelCount == 0 })
        let old = try database.view(.commit(1))
        let part = try channel.restore(CutoutRegion(box: left), to: old)
        #expect(part.commit == 0 && part.changedVoxelCount == 0, "the voxels are those of then")
        #expect(try ids() == [2])
        let all = try channel.restore(CutoutRegion(box: plan.frame), to: old)
        #expect(all.commit == 4 && all.changedVoxelCount == 0)
        #expect(try ids() == [1])
        #expect(try ids(view: database.view(.commit(3))) == [2])
        try channel.restore(CutoutRegion(box: plan.frame), to: database.view(.commit(3)))
        #expect(try ids() == [2])
        #expect(try channel.restore(CutoutRegion(box: plan.frame), to: database.view()).commit == 0)
    }

    // MARK: Voxels

    @Test(
        "STRICT takes labels of one object for the same, and a later write of a merged ID reads as its root")
    func strict() throws {
        try set(left, to: 1)
        expectRefusal("23V01") { try set(left, to: 2, mode: .strict) }
        try channel.mergeIDs([1, 2], into: 3)
        try set(left, to: 2, mode: .strict)
        expectRefusal("23V01") { try set(left, to: 4, mode: .strict) }
        try set(right, to: 1)
        #expect(try ids() == [3])
        #expect(try channel.read(CutoutRegion(box: plan.frame)).bits.allSatisfy { $0 == 3 })
    }

    @Test("statistics inside labels, histograms and counts go by what voxels read as")
    func scans() throws {
        let image = try database.add(ChannelPlan(name: "em"))
        try image.write(try ModelVolume(left, filledWith: 10).volume(.uint8), at: left.lower)
        try image.write(try ModelVolume(right, filledWith: 30).volume(.uint8), at: right.lower)
        try set(left, to: 1)
        try set(right, to: 2)
        try channel.mergeIDs([2], into: 1)
        var statistics = ReadStatistics()
        let groups = try image.voxelStatistics(
            within: channel, in: CutoutRegion(box: plan.frame), statistics: &statistics)
        #expect(groups.keys.sorted() == [1])
        #expect(groups[1]?.count == UInt64(plan.frame.voxelCount))
        #expect(groups[1]?.sum == Double(10 * left.voxelCount + 30 * right.voxelCount))
        let own = try channel.voxelStatistics(in: CutoutRegion(box: plan.frame), statistics: &statistics)
        #expect(own.maximum == 1 && own.minimum == 1)
        let counts = try channel.valueCounts(in: CutoutRegion(box: plan.frame), statistics: &statistics)
        #expect(counts.sortedEntries.map(\.id) == [1])
        let stored = try channel.valueCounts(
            in: CutoutRegion(box: plan.frame), asStored: true, statistics: &statistics)
        #expect(stored.sortedEntries.map(\.voxelCount) == [left.voxelCount, right.voxelCount])
    }

    @Test("levels are built from stored labels and read through the mapping, also of another version")
    func levels() throws {
        var random = SeededGenerator(seed: 0x1E7)
        let maker = IDMaker(plan)
        var model = MergedModel(plan)
        let part = maker.fill(plan.frame, &random)
        _ = model.write(part, time: 0, mode: .overwrite)
        try channel.write(try part.volume(.uint64), at: plan.frame.lower)
        try channel.downsample()
        let levels = try NaiveReduction.levels(above: part, channel.hierarchy, .mode, .uint64)
        func compare(_ view: DatabaseView, _ links: [UInt64: UInt64]) throws {
            model.links = links
            for (level, volume) in levels {
                let box = channel.box(at: level)
                let found = try channel.read(CutoutRegion(box: box, level: level), view: view)
                #expect(found.bits == volume.voxels.map(model.root), "\(level), seed \(random.seed)")
                #expect(
                    try channel.freshness(of: CutoutRegion(box: box, level: level), view: view) == .current)
            }
        }
        let before = try database.view()
        try channel.mergeIDs([1, 2, 3, 4], into: 5)
        try channel.mergeIDs([5, 1 << 63], into: .max)
        _ = model.merge([1, 2, 3, 4], into: 5)
        _ = model.merge([5, 1 << 63], into: .max)
        let links = model.links
        try compare(before, [:])
        try compare(database.view(), links)
        try channel.bakeMapping()
        try compare(database.view(), links)
        try compare(before, [:])
        try compare(database.view(.commit(4)), links)
        #expect(try channel.mapping(in: database.view()) == nil)
        #expect(try database.check(isFull: true).isEmpty)
    }
}
