import BossGeometry
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase

/// Snapshots, older states, differences and restoring; the oracle is a list of model volumes, one a commit.
@Suite("History")
struct HistoryTests {
    private let box = VoxelBox(x: 5..<46, y: 3..<36, z: 2..<19)
    private static let seed: UInt64 = 71

    /// A database with random writes and deletions, and what it showed after each commit.
    private final class Run {
        let simulated: SimulatedDatabase
        let channel: Channel
        var random: SeededGenerator
        var states: [(commit: UInt64, bits: [UInt64])] = []
        let region: CutoutRegion

        init(seed: UInt64, box: VoxelBox) throws {
            random = SeededGenerator(seed: seed)
            simulated = try SimulatedDatabase(seed: seed)
            channel = try simulated.database.make(ChannelPlan())
            region = CutoutRegion(box: box)
        }

        var database: Database { simulated.database }

        func step() throws {
            let part = random.box(in: region.box, longest: VoxelExtent(x: 40, y: 40, z: 17))
            if random.chance(30) {
                try channel.erase(CutoutRegion(box: part))
            } else {
                var noise = ModelVolume(part, filledWith: 0)
                for index in noise.voxels.indices { noise.voxels[index] = UInt64(random.below(256)) }
                try channel.write(try noise.volume(.uint8), at: part.lower)
            }
            let view = try database.view()
            states.append((view.commit, try channel.read(region, view: view).bits))
        }
    }

    @Test("every commit of the history shows what it showed then, whatever is compacted", arguments: 0..<4)
    func everyCommit(_ part: Int) throws {
        let run = try Run(seed: Self.seed + UInt64(part), box: box)
        for number in 0..<40 {
            try run.step()
            if number % 9 == 8 { try run.database.compact() }
            if number % 5 == 4 { try run.database.checkpoint() }
        }
        for state in run.states {
            let view = try run.database.view(.commit(state.commit))
            #expect(
                try run.channel.read(run.region, view: view).bits == state.bits,
                "seed \(Self.seed), commit \(state.commit)")
        }
        expectRefusal("22V07") { try run.database.view(.commit((run.states.last?.commit ?? 0) + 1)) }
    }

    @Test("without retention only snapshots stay, and dropping one gives its space back")
    func snapshotsOnly() throws {
        let run = try Run(seed: Self.seed, box: box)
        try run.database.setHistoryRetention(microseconds: 0)
        for _ in 0..<8 { try run.step() }
        let kept = try #require(run.states.last)
        let snapshot = try run.database.createSnapshot("v1", of: "lab/exp", message: "first")
        #expect(snapshot.commit == kept.commit)
        expectRefusal("42710") { try run.database.createSnapshot("v1", of: "lab/exp") }
        expectRefusal("42602") { try run.database.createSnapshot("v 1", of: "lab/exp") }
        for _ in 0..<20 { try run.step() }
        try run.database.compact()
        let view = try run.database.view(.snapshot("v1"), of: "lab/exp")
        #expect(try run.channel.read(run.region, view: view).bits == kept.bits)
        let newest = try #require(run.states.last)
        #expect(try run.channel.read(run.region).bits == newest.bits)
        expectRefusal("22V07") { try run.database.view(.commit(newest.commit - 1)) }
        let before = run.database.storageStatistics.byteCount
        try run.database.dropSnapshot("v1", of: "lab/exp")
        expectRefusal("42704") { try run.database.view(.snapshot("v1"), of: "lab/exp") }
        try run.database.compact()
        #expect(run.database.storageStatistics.byteCount < before)
        #expect(run.database.storageStatistics.deadByteCount == 0)
        #expect(try run.channel.read(run.region).bits == newest.bits)
    }

    @Test("times name the last commit not later, and the history names what was done")
    func timesAndNotes() throws {
        let run = try Run(seed: Self.seed, box: box)
        for _ in 0..<12 { try run.step() }
        let entries = try run.database.history(of: run.channel)
        #expect(entries.map(\.commit) == entries.map(\.commit).sorted(by: >))
        #expect(zip(entries, entries.dropFirst()).allSatisfy { $0.microseconds > $1.microseconds })
        #expect(
            entries.allSatisfy {
                $0.action == "INSERT CUTOUT INTO lab/exp/data"
                    || $0.action == "DELETE CUTOUT FROM lab/exp/data"
            })
        for entry in entries {
            #expect(try run.database.view(.time(microseconds: entry.microseconds)).commit == entry.commit)
            #expect(try run.database.view(.time(microseconds: entry.microseconds - 1)).commit < entry.commit)
        }
        #expect(try run.database.view(.time(microseconds: 0)).commit == 0)
        #expect(try run.database.history(limit: 3).count == 3)
    }

    @Test("differences are those of the voxels, and restoring undoes them", arguments: 0..<3)
    func differencesAndRestore(_ part: Int) throws {
        let run = try Run(seed: Self.seed + 10 + UInt64(part), box: box)
        for _ in 0..<20 { try run.step() }
        for _ in 0..<5 {
            let (first, second) = (run.random.below(20), run.random.below(20))
            let (old, new) = (run.states[first], run.states[second])
            let differences = try run.channel.differences(
                run.region, from: run.database.view(.commit(old.commit)),
                to: run.database.view(.commit(new.commit)))
            let expected = zip(old.bits, new.bits).count { $0 != $1 }
            #expect(
                differences.reduce(0) { $0 + $1.changedVoxelCount } == expected,
                "seed \(Self.seed), \(first) to \(second)")
            #expect(Set(differences.map(\.box)).count == differences.count)
        }
        let target = run.states[run.random.below(19)]
        let now = try run.channel.read(run.region).bits
        let summary = try run.channel.restore(
            run.region, to: run.database.view(.commit(target.commit)))
        #expect(summary.changedVoxelCount == zip(now, target.bits).count { $0 != $1 })
        #expect(try run.channel.read(run.region).bits == target.bits)
    }

    @Test("a region of whole cuboids is deleted by one entry, and its space comes back")
    func deleteWhole() throws {
        let simulated = try SimulatedDatabase(seed: Self.seed)
        let box = VoxelBox(x: 0..<120, y: 0..<128, z: 0..<64)
        var plan = ChannelPlan()
        plan.frame = box
        let channel = try simulated.database.make(plan)
        try simulated.database.setHistoryRetention(microseconds: 0)
        var random = SeededGenerator(seed: Self.seed)
        var noise = ModelVolume(box, filledWith: 0)
        for index in noise.voxels.indices { noise.voxels[index] = UInt64(1 + random.below(255)) }
        try channel.write(try noise.volume(.uint8), at: box.lower)
        try simulated.database.compact()
        let full = simulated.database.storageStatistics.byteCount
        let summary = try channel.erase(CutoutRegion(box: box))
        #expect(summary.changedVoxelCount == box.voxelCount && summary.isCounted)
        #expect(try channel.read(CutoutRegion(box: box)).bits.allSatisfy { $0 == 0 })
        try simulated.database.compact()
        #expect(simulated.database.storageStatistics.byteCount < full / 2)
        try simulated.reopen()
        let again = try simulated.database.channel("lab/exp/data")
        #expect(try again.read(CutoutRegion(box: box)).bits.allSatisfy { $0 == 0 })
    }
}
