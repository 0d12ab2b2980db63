import BossCatalog
import BossGeometry
import BossStorage
import BossTestSupport
import BossVoxels
import Synchronization
import Testing

@testable import BossDatabase

/// Writing merged IDs into the voxels, while others write, and when it is stopped.
@Suite("Baking merged IDs")
struct MappingBakeTests {
    private let simulated: SimulatedDatabase
    private let channel: Channel
    private let plan = ChannelPlan(kind: .annotation, voxelType: .uint64, levels: 2)

    init() throws {
        simulated = try SimulatedDatabase(options: smallOptions(workers: 2))
        channel = try simulated.database.make(plan)
    }

    private var database: Database { simulated.database }
    private let left = VoxelBox(x: 5..<20, y: 3..<36, z: 2..<19)
    private let right = VoxelBox(x: 32..<46, y: 3..<36, z: 2..<19)

    private func set(_ box: VoxelBox, to id: UInt64) throws {
        try channel.write(try ModelVolume(box, filledWith: id).volume(.uint64), at: box.lower)
    }

    private func shown(of database: Database) throws -> [UInt64] {
        try database.channel(plan.path).read(CutoutRegion(box: plan.frame)).bits
    }

    private func values(_ box: VoxelBox, view: DatabaseView? = nil) throws -> Set<UInt64> {
        Set(try channel.read(CutoutRegion(box: box), view: view).bits)
    }

    @Test("says what it did, and does nothing where nothing is merged")
    func summary() throws {
        try set(left, to: 1)
        let nothing = try channel.bakeMapping()
        #expect(nothing.commit == 0 && nothing.changedVoxelCount == 0)
        try channel.mergeIDs([1, 2], into: 3)
        let summary = try channel.bakeMapping()
        #expect(summary.changedVoxelCount == left.voxelCount && summary.commit == 3)
        let entry = try #require(try database.history(of: channel).first)
        #expect(entry.action == "BAKE MAPPING OF lab/exp/data")
        #expect(entry.changedVoxelCount == UInt64(left.voxelCount))
        #expect(try values(left) == [3])
        // What was merged is free again: a new voxel of 1 is 1.
        try set(right, to: 1)
        #expect(try values(right) == [1])
        #expect(try values(left, view: database.view(.commit(1))) == [1])
        #expect(try values(left, view: database.view(.commit(2))) == [3])
        try channel.restore(CutoutRegion(box: plan.frame), to: database.view(.commit(2)))
        #expect(try values(left) == [3])
        #expect(try channel.mapping(in: database.view())?.root(of: 1) == 3)
    }

    @Test("takes what others write meanwhile into account, also in space without merged IDs")
    func concurrentWrite() throws {
        try set(left, to: 1)
        try channel.mergeIDs([1], into: 3)
        let isDone = Mutex(false)
        let (channel, right) = (channel, right)
        let control = OperationControl(progress: { _ in
            guard
                isDone.withLock({ done in
                    defer { done = true }; return !done
                })
            else { return }
            do {
                let volume = try ModelVolume(right, filledWith: 1).volume(.uint64)
                try channel.write(volume, at: right.lower)
            } catch { Issue.record("\(error)") }
        })
        let summary = try channel.bakeMapping(control: control)
        #expect(summary.changedVoxelCount == left.voxelCount + right.voxelCount)
        #expect(try values(left) == [3] && values(right) == [3])
        #expect(try channel.mapping(in: database.view()) == nil)
    }

    @Test(
        "gives up with 40001 where others never stop writing, and with 57014 when it is cancelled; nothing is changed"
    )
    func givingUp() throws {
        try set(left, to: 1)
        try channel.mergeIDs([1], into: 3)
        let (channel, right) = (channel, right)
        let count = Mutex<UInt64>(0)
        let control = OperationControl(progress: { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            do {
                let volume = try ModelVolume(right, filledWith: 100 + number).volume(.uint64)
                try channel.write(volume, at: right.lower)
            } catch { Issue.record("\(error)") }
        })
        expectRefusal("40001") { try channel.bakeMapping(control: control) }
        let cancellation = Cancellation()
        let commit = try database.view().commit
        expectRefusal("57014") {
            try channel.bakeMapping(
                control: OperationControl(
                    cancellation: cancellation, progress: { _ in cancellation.cancel() }))
        }
        #expect(try database.view().commit == commit)
        #expect(try channel.mapping(in: database.view())?.root(of: 1) == 3)
        #expect(try values(left) == [3])
        #expect(try database.check(isFull: true).isEmpty)
    }

    @Test("is refused while a level is older than the one below it, which it would hide")
    func staleLevels() throws {
        try set(left, to: 1)
        try channel.downsample()
        try channel.mergeIDs([1], into: 3)
        try set(right, to: 1)
        expectRefusal("55000", naming: ["resolution 1"]) { try channel.bakeMapping() }
        try channel.downsample()
        #expect(try channel.bakeMapping().changedVoxelCount == left.voxelCount + right.voxelCount)
        let coarse = CutoutRegion(box: channel.box(at: try level(1)), level: try level(1))
        #expect(Set(try channel.read(coarse).bits) == [0, 3])
        #expect(try channel.freshness(of: coarse) == .current)
    }

    @Test(
        "at every operation of merges, transactions, restoring and baking a crash leaves the state before or after"
    )
    func crashes() throws {
        let options = smallOptions()
        func steps() -> [(Database, Channel) throws -> Void] {
            func write(_ box: VoxelBox, _ id: UInt64) -> (Database, Channel) throws -> Void {
                { _, channel in
                    try channel.write(try ModelVolume(box, filledWith: id).volume(.uint64), at: box.lower)
                }
            }
            let frame = plan.frame
            return [
                write(left, 1), { _, channel in try channel.mergeIDs([1, 9], into: 3) }, write(right, 3),
                { database, channel in
                    let transaction = try database.beginTransaction()
                    try channel.mergeIDs([3], into: 4, in: transaction)
                    try channel.write(
                        try ModelVolume(right, filledWith: 6).volume(.uint64), at: right.lower,
                        in: transaction)
                    try channel.mergeIDs([6], into: 1, in: transaction)
                    try transaction.commit()
                },
                { database, channel in
                    let old = try database.view(.commit(3))
                    try channel.restore(CutoutRegion(box: frame), to: old)
                },
                { _, channel in try channel.mergeIDs([3], into: 7) },
                { database, _ in try database.checkpoint() }, { _, channel in try channel.bakeMapping() },
                { _, channel in try channel.mergeIDs([7], into: 8) },
            ]
        }
        let machine = try SimulatedDatabase(seed: 5, options: options)
        try machine.database.make(plan)
        try machine.database.engine.close()
        let (start, catalog) = (machine.files, machine.catalog)
        var states: [[UInt64]] = []
        let whole = start.clone()
        let database = try SimulatedDatabase.open(whole, catalog, options)
        states.append(try shown(of: database))
        for step in steps() {
            try step(database, try database.channel(plan.path))
            states.append(try shown(of: database))
        }
        try database.engine.close()
        for ordinal in 1...whole.mutatingOperationCount {
            let files = start.clone(faults: .crashAtOperation(ordinal))
            var done = 0
            do {
                let database = try SimulatedDatabase.open(files, catalog, options)
                for step in steps() {
                    try step(database, try database.channel(plan.path))
                    done += 1
                }
                try database.engine.close()
            } catch { try #require(files.isDead, "\(error), operation \(ordinal)") }
            for damage in [UInt64(0), UInt64(ordinal)] {
                let left = try SimulatedDatabase.open(
                    files.crash(damageSeed: damage), catalog, options)
                let found = try shown(of: left)
                let legal = states[done...min(done + 1, states.count - 1)]
                #expect(legal.contains(found), "after \(done) steps, operation \(ordinal), damage \(damage)")
                let channel = try left.channel(plan.path)
                let id: UInt64 = 5_000_000
                #expect(try channel.mergeIDs([id], into: id + 1) == 1)
                #expect(try channel.mapping(in: left.view())?.root(of: id) == id + 1)
            }
        }
        #expect(whole.mutatingOperationCount > 40)
    }
}
