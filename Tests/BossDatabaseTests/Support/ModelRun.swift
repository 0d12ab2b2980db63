import BossCatalog
import BossGeometry
import BossStorage
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase

/// A database, the same in arrays, and the operations on both.
struct ModelRun {
    let plan: ChannelPlan
    let maker: VoxelMaker
    let simulated: SimulatedDatabase
    var random: SeededGenerator
    var step = 0
    /// What is committed, a volume a time sample.
    var committed: [ModelVolume]
    /// The commit that changed each cuboid last, by time sample and position.
    var lastChange: [CuboidPlace: Int] = [:]
    var commits = 0
    var transactions: [ModelTransaction] = []
    /// Older states that are still held.
    var pinned: [(view: DatabaseView, volumes: [ModelVolume])] = []

    struct CuboidPlace: Hashable {
        let time: Int
        let index: CuboidIndex
    }

    /// Every label that was ever written, also in a transaction.
    private(set) var writtenIDs: Set<UInt64> = []

    struct ModelTransaction {
        let transaction: Transaction
        let began: Int
        var volumes: [ModelVolume]
        var changed: Set<CuboidPlace> = []
        /// Cuboids that deletions have gone over, whatever they found there.
        var erased: Set<CuboidPlace> = []
    }

    init(_ plan: ChannelPlan, _ options: DatabaseOptions, seed: UInt64) throws {
        self.plan = plan
        maker = VoxelMaker(type: plan.voxelType, background: plan.background)
        simulated = try SimulatedDatabase(seed: seed, options: options)
        try simulated.database.make(plan)
        random = SeededGenerator(seed: seed)
        committed = Array(repeating: ModelVolume(plan.frame, filledWith: plan.background), count: plan.times)
    }

    var channel: Channel { get throws { try simulated.database.channel(plan.path) } }
    var context: Comment { "step \(step), seed \(random.seed), \(plan.testDescription)" }

    mutating func perform() throws {
        switch random.below(100) {
        case ..<38: try write(in: nil)
        case ..<50: try random.chance(50) ? beginTransaction() : endTransaction()
        case ..<66:
            try transactions.isEmpty ? beginTransaction() : write(in: random.below(transactions.count))
        case ..<70: try erase(in: transactions.isEmpty || random.chance(50) ? nil : 0)
        case ..<76: try change(in: transactions.isEmpty || random.chance(50) ? nil : 0)
        case ..<90: try readSome()
        case ..<93: try simulated.database.checkpoint()
        case ..<94: _ = try simulated.database.engine.compact()
        case ..<95: simulated.database.evictPool()
        case ..<97: try pinned.count < 3 ? pin() : comparePinned()
        default: try reopen()
        }
    }

    /// Half of the boxes follow the bricks.
    private mutating func box() -> VoxelBox {
        let longest = VoxelExtent(x: 3 + random.below(30), y: 3 + random.below(25), z: 1 + random.below(12))
        let box = random.box(in: plan.frame, longest: longest)
        guard random.chance(40) else { return box }
        let unit = random.chance(50) ? plan.brick : plan.cuboid
        func aligned(_ axis: SpatialAxis) -> Range<Int> {
            let range = box[axis]
            let low = range.lowerBound / unit[axis] * unit[axis]
            let high = (range.upperBound + unit[axis] - 1) / unit[axis] * unit[axis]
            return max(low, plan.frame[axis].lowerBound)..<min(high, plan.frame[axis].upperBound)
        }
        return VoxelBox(x: aligned(.x), y: aligned(.y), z: aligned(.z))
    }

    /// One or several samples of a box.
    private mutating func content() throws -> (
        box: VoxelBox, times: Range<Int>, parts: [ModelVolume], volume: AnyVolume
    ) {
        let box = box()
        let first = random.below(plan.times)
        let count = random.chance(70) ? 1 : 1 + random.below(plan.times - first)
        var parts: [ModelVolume] = []
        for _ in 0..<count { parts.append(maker.fill(box, &random)) }
        guard count > 1 else { return (box, first..<first + 1, parts, try parts[0].volume(plan.voxelType)) }
        let extent = box.extent
        let volume = try ModelVolume.volume(
            plan.voxelType, axes: [.t, .z, .y, .x], shape: [count, extent.z, extent.y, extent.x],
            parts.flatMap(\.voxels))
        return (box, first..<first + count, parts, volume)
    }

    private mutating func write(in number: Int?) throws {
        let (box, times, parts, volume) = try content()
        let mode = random.chance(40) ? WriteMode.overwrite : WriteMode.allCases[random.below(4)]
        var volumes = number.map { transactions[$0].volumes } ?? committed
        var (total, isRefused) = (0, false)
        for (time, part) in zip(times, parts) {
            if let changed = volumes[time].write(part, mode: mode, background: plan.background) {
                total += changed
            } else {
                isRefused = true
            }
        }
        let transaction = number.map { transactions[$0].transaction }
        let found = try outcome {
            try channel.write(volume, at: box.lower, time: times.lowerBound, mode: mode, in: transaction)
        }
        switch found {
        case .failure(let error):
            #expect(isRefused && error.sqlState == "23V01", "\(error), \(context)")
        case .success(let summary):
            #expect(!isRefused, "a conflicting STRICT write passed, \(context)")
            #expect(summary.changedVoxelCount == total, "\(mode) \(box) \(times), \(context)")
            #expect((summary.commit > 0) == (total > 0 && number == nil), "commit number, \(context)")
            take(volumes, box, times, number)
        }
    }

    private mutating func erase(in number: Int?) throws {
        let box = box()
        let times = random.chance(50) ? 0..<plan.times : 0..<1
        var volumes = number.map { transactions[$0].volumes } ?? committed
        var total = 0
        for time in times {
            let empty = ModelVolume(box, filledWith: plan.background)
            total += volumes[time].write(empty, mode: .overwrite, background: plan.background) ?? 0
        }
        let summary = try channel.erase(
            CutoutRegion(box: box, time: times), in: number.map { transactions[$0].transaction })
        #expect(summary.changedVoxelCount == total, "erase \(box), \(context)")
        if let number {
            let touched = times.flatMap { time in
                cuboids(of: box).map { CuboidPlace(time: time, index: $0) }
            }
            transactions[number].erased.formUnion(touched)
        }
        #expect((summary.commit > 0) == (total > 0 && number == nil), "commit number, \(context)")
        take(volumes, box, times, number)
    }

    /// Gives the voxels of some values another one, the background among them or not.
    private mutating func change(in number: Int?) throws {
        let box = box()
        let times = random.chance(50) ? 0..<plan.times : 0..<1
        let wanted = Set((0...random.below(3)).map { _ in maker.value(&random) })
        let (value, isNegated) = (maker.value(&random), random.chance(25))
        var volumes = number.map { transactions[$0].volumes } ?? committed
        var total = 0
        for time in times {
            var part = volumes[time].part(box)
            for index in part.voxels.indices where wanted.contains(part.voxels[index]) != isNegated {
                part.voxels[index] = value
            }
            total += volumes[time].write(part, mode: .overwrite, background: plan.background) ?? 0
        }
        let values = IDCondition(ids: wanted)
        let condition = VoxelPredicate(within: isNegated ? values.complement : values) {
            wanted.contains($0) != isNegated
        }
        let summary = try channel.change(
            CutoutRegion(box: box, time: times), VoxelChange(where: condition, to: value), action: "change",
            in: number.map { transactions[$0].transaction })
        #expect(summary.changedVoxelCount == total, "change \(box) \(times) \(wanted), \(context)")
        #expect((summary.commit > 0) == (total > 0 && number == nil), "commit number, \(context)")
        take(volumes, box, times, number)
    }

    /// Voxels that fulfil a condition, and masks of it.
    private func compareFiltered(_ box: VoxelBox, wanted: UInt64) throws {
        let region = CutoutRegion(box: box, time: 0..<plan.times)
        var statistics = ReadStatistics()
        let condition = VoxelPredicate { $0 == wanted }
        let kept = try channel.read(region, as: .keeping(condition), statistics: &statistics).bits
        let mask = try channel.read(region, as: .mask(condition), statistics: &statistics).bits
        let expected = committed.flatMap { $0.part(box).voxels }
        #expect(kept == expected.map { $0 == wanted ? $0 : plan.background }, "filtered \(box), \(context)")
        #expect(mask == expected.map { $0 == wanted ? 1 : 0 }, "mask \(box), \(context)")
    }

    /// Takes over the volumes of a write that succeeded, and notes which cuboids it changed.
    private mutating func take(_ volumes: [ModelVolume], _ box: VoxelBox, _ times: Range<Int>, _ number: Int?)
    {
        if plan.kind == .annotation {
            for time in times { writtenIDs.formUnion(volumes[time].part(box).voxels) }
        }
        let old = number.map { transactions[$0].volumes } ?? committed
        let places = times.flatMap { time in
            cuboids(of: box).compactMap { index -> CuboidPlace? in
                guard let part = grid.box(of: index).intersection(box),
                    old[time].part(part) != volumes[time].part(part)
                else { return nil }
                return CuboidPlace(time: time, index: index)
            }
        }
        if let number {
            transactions[number].volumes = volumes
            transactions[number].changed.formUnion(places)
        } else {
            committed = volumes
            if !places.isEmpty { commits += 1 }
            for place in places { lastChange[place] = commits }
        }
    }

    private var grid: CuboidGrid { (try? plan.grid) ?? .standard }

    private func cuboids(of box: VoxelBox) -> [CuboidIndex] {
        func span(_ axis: SpatialAxis) -> ClosedRange<UInt32> {
            let length = plan.cuboid[axis]
            return UInt32(box.lower[axis] / length)...UInt32((box.upper[axis] - 1) / length)
        }
        return span(.z).flatMap { z in
            span(.y).flatMap { y in span(.x).map { x in CuboidIndex(x: x, y: y, z: z) } }
        }
    }

    private mutating func beginTransaction() throws {
        guard transactions.count < 3 else { return try endTransaction() }
        let transaction = try simulated.database.beginTransaction()
        transactions.append(ModelTransaction(transaction: transaction, began: commits, volumes: committed))
    }

    /// Commits or rolls back. A commit must fail exactly when a cuboid that it changes was changed since.
    private mutating func endTransaction() throws {
        guard !transactions.isEmpty else { return }
        let ended = transactions.remove(at: random.below(transactions.count))
        try compare(ended.volumes, in: ended.transaction.view, plan.frame)
        if random.chance(25) {
            ended.transaction.rollback()
            #expect(try outcome { try ended.transaction.commit() }.code == "25P01", context)
            return
        }
        // A deletion has seen all of its region; a transaction that changed nothing is never refused.
        let conflicts =
            !ended.changed.isEmpty
            && ended.changed.union(ended.erased).contains { (lastChange[$0] ?? 0) > ended.began }
        let found = try outcome { try ended.transaction.commit() }
        #expect(found.code == (conflicts ? "40001" : nil), context)
        guard !conflicts else { return }
        if !ended.changed.isEmpty { commits += 1 }
        for place in ended.changed {
            if let part = grid.box(of: place.index).intersection(plan.frame) {
                committed[place.time].copy(part, from: ended.volumes[place.time])
            }
            lastChange[place] = commits
        }
        #expect(try outcome { try ended.transaction.commit() }.code == "25P01", context)
    }

    private mutating func readSome() throws {
        let box = box()
        if !transactions.isEmpty, random.chance(40) {
            let chosen = transactions[random.below(transactions.count)]
            try compare(chosen.volumes, in: chosen.transaction.view, box)
            return try compareLabels(chosen.volumes, in: chosen.transaction.view, box)
        }
        try compare(committed, in: nil, box)
        try compareLabels(committed, in: nil, box)
    }

    func compareAll() throws {
        try compare(committed, in: nil, plan.frame)
        for open in transactions { try compare(open.volumes, in: open.transaction.view, plan.frame) }
    }

    /// Reads all samples at once, and the default sample without naming it.
    private func compare(_ volumes: [ModelVolume], in view: DatabaseView?, _ box: VoxelBox) throws {
        let all = try channel.read(CutoutRegion(box: box, time: 0..<plan.times), view: view)
        let extent = box.extent
        #expect(all.axes == [.t, .z, .y, .x] && all.shape == [plan.times, extent.z, extent.y, extent.x])
        let bits = all.bits
        for time in 0..<plan.times {
            var found = ModelVolume(box, filledWith: 0)
            found.voxels = Array(bits[time * box.voxelCount..<(time + 1) * box.voxelCount])
            let difference = volumes[time].part(box).firstDifference(from: found)
            #expect(difference == nil, "sample \(time), \(context)")
        }
        let one = try channel.read(CutoutRegion(box: box), view: view)
        #expect(one.shape == [extent.z, extent.y, extent.x] && one.bits[...] == bits[..<box.voxelCount])
    }

    private mutating func pin() throws {
        pinned.append((try simulated.database.view(), committed))
    }

    private mutating func comparePinned() throws {
        let (view, volumes) = pinned.removeFirst()
        try compare(volumes, in: view, plan.frame)
        try compareLabels(volumes, in: view, box())
    }

    /// Open transactions do not outlive the handle.
    private mutating func reopen() throws {
        while !pinned.isEmpty { try comparePinned() }
        transactions = []
        try simulated.reopen()
        try compareAll()
    }

    mutating func finish() throws {
        while !transactions.isEmpty { try endTransaction() }
        try reopen()
        try simulated.database.checkpoint()
        try reopen()
    }

    private func outcome<R>(_ body: () throws -> R) throws -> Result<R, DatabaseError> {
        do { return .success(try body()) } catch let error as DatabaseError { return .failure(error) }
    }
}

extension Result where Failure == DatabaseError {
    /// The SQLSTATE of a failure.
    var code: String? {
        if case .failure(let error) = self { return error.sqlState }
        return nil
    }
}
