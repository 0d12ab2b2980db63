import BossCatalog
import BossGeometry
import BossStorage
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase

/// Random operations on merged IDs against an array and a dictionary.
@Suite("Merged IDs behave like a dictionary over an array")
struct MappingModelTests {
    private static let plans: [(plan: ChannelPlan, pool: Int, bulk: Int)] = [
        (ChannelPlan(kind: .annotation, voxelType: .uint64), 1 << 20, 8 << 20),
        (ChannelPlan(kind: .annotation, voxelType: .uint32, background: 7), 0, 2 << 10),
        (ChannelPlan(kind: .annotation, voxelType: .uint64, background: 1 << 63, times: 2), 1 << 20, 4 << 10),
        (
            ChannelPlan(
                kind: .annotation, voxelType: .uint64, cuboid: VoxelExtent(x: 64, y: 32, z: 16),
                brick: VoxelExtent(x: 32, y: 16, z: 8)), 1 << 20, 8 << 20
        ),
        (ChannelPlan(kind: .annotation, voxelType: .uint32, times: 2, compression: .none), 1 << 20, 8 << 20),
        (ChannelPlan(kind: .annotation, voxelType: .uint64, background: 3, compression: .lz4), 4096, 8 << 20),
    ]

    /// A channel, its oracle, and the operations on both.
    private struct Run {
        let plan: ChannelPlan
        let maker: IDMaker
        let simulated: SimulatedDatabase
        var random: SeededGenerator
        var model: MergedModel
        var snapshots: [(name: String, model: MergedModel)] = []
        var pinned: [(view: DatabaseView, model: MergedModel)] = []
        var step = 0
        var merges = 0
        var bakes = 0

        init(_ plan: ChannelPlan, _ options: DatabaseOptions, seed: UInt64) throws {
            self.plan = plan
            maker = IDMaker(plan)
            simulated = try SimulatedDatabase(seed: seed, options: options)
            try simulated.database.make(plan)
            random = SeededGenerator(seed: seed)
            model = MergedModel(plan)
        }

        var database: Database { simulated.database }
        var channel: Channel { get throws { try database.channel(plan.path) } }
        var context: Comment { "step \(step), seed \(random.seed), \(plan.testDescription)" }

        mutating func perform() throws {
            switch random.below(100) {
            case ..<30:
                var changed = model
                try write(&changed, in: nil)
                model = changed
            case ..<52:
                var changed = model
                try merge(&changed, in: nil)
                model = changed
            case ..<64: try transaction()
            case ..<70: try snapshot()
            case ..<76: try restore()
            case ..<80: try bake()
            case ..<84: try database.compact()
            case ..<88: try database.checkpoint()
            case ..<90: try simulated.reopen()
            case ..<93: try crash()
            default: try pin()
            }
        }

        private mutating func write(_ model: inout MergedModel, in transaction: Transaction?) throws {
            let box = random.box(in: plan.frame, longest: VoxelExtent(x: 30, y: 25, z: 12))
            let (part, time) = (maker.fill(box, &random), random.below(plan.times))
            let mode = random.chance(40) ? WriteMode.overwrite : WriteMode.allCases[random.below(4)]
            let volume = try part.volume(plan.voxelType)
            let channel = try channel
            guard let expected = model.write(part, time: time, mode: mode) else {
                expectRefusal("23V01") {
                    try channel.write(volume, at: box.lower, time: time, mode: mode, in: transaction)
                }
                return
            }
            let found = try channel.write(volume, at: box.lower, time: time, mode: mode, in: transaction)
            #expect(found.changedVoxelCount == expected, "\(mode), \(context)")
        }

        private mutating func merge(_ model: inout MergedModel, in transaction: Transaction?) throws {
            let ids = (0...random.below(4)).map { _ in maker.id(&random) }
            let target = maker.id(&random)
            let before = try database.view().commit
            let expected = model.merge(ids, into: target)
            let found = try channel.mergeIDs(ids, into: target, in: transaction)
            #expect(found == expected, "\(ids) into \(target), \(context)")
            if expected > 0 { merges += 1 }
            let commits = try database.view().commit - before
            #expect(commits == (transaction == nil && expected > 0 ? 1 : 0), "commits, \(context)")
        }

        private mutating func transaction() throws {
            let transaction = try database.beginTransaction()
            var own = model
            var marked: MergedModel?
            let before = merges
            for _ in 0..<1 + random.below(5) {
                if random.chance(50) {
                    try merge(&own, in: transaction)
                } else {
                    try write(&own, in: transaction)
                }
                if marked == nil, random.chance(30) {
                    try transaction.savepoint("here")
                    marked = own
                }
            }
            if let marked, random.chance(50) {
                try transaction.rollback(toSavepoint: "here")
                own = marked
            }
            try compare(own, transaction.view, "inside a transaction")
            try compare(model, try database.view(), "beside a transaction")
            let mergedItself = own.links != model.links
            if random.chance(20) {
                transaction.rollback()
                merges = before
                return
            }
            // Others merge something else meanwhile.
            let (one, other) = (maker.ids[5], maker.ids[6])
            if random.chance(30), model.root(one) != model.root(other), mergedItself {
                _ = model.merge([one], into: other)
                try channel.mergeIDs([one], into: other)
                expectRefusal("40001") { try transaction.commit() }
                return
            }
            try transaction.commit()
            model = own
        }

        private mutating func snapshot() throws {
            let name = "s\(snapshots.count)"
            try database.createSnapshot(name, of: "lab/exp")
            snapshots.append((name, model))
        }

        private mutating func restore() throws {
            guard let (name, old) = snapshots.randomElement(using: &random) else { return }
            let view = try database.view(.snapshot(name), of: "lab/exp")
            if random.chance(60) {
                try channel.restore(CutoutRegion(box: plan.frame, time: 0..<plan.times), to: view)
                model = old
                return
            }
            // A part brings stored voxels back, and leaves what they read as.
            let box = VoxelBox(x: plan.frame[.x], y: plan.frame[.y], z: plan.frame[.z].lowerBound..<9)
            try channel.restore(CutoutRegion(box: box, time: 0..<plan.times), to: view)
            for time in 0..<plan.times { model.stored[time].copy(box, from: old.stored[time]) }
        }

        private mutating func bake() throws {
            let expected = model.bake()
            let found = try channel.bakeMapping()
            #expect(found.changedVoxelCount == expected, "\(context)")
            if expected > 0 { bakes += 1 }
            #expect(try channel.mapping(in: database.view()) == nil, "\(context)")
        }

        private mutating func crash() throws {
            pinned = []
            try simulated.reopen(on: simulated.files.crash(damageSeed: random.next()))
        }

        private mutating func pin() throws {
            if pinned.count == 3 { pinned.removeFirst() }
            pinned.append((try database.view(), model))
        }

        mutating func compareAll() throws {
            try compare(model, try database.view(), "the newest state")
            for (view, old) in pinned { try compare(old, view, "a view that is held") }
            for (name, old) in snapshots.suffix(3) {
                try compare(old, try database.view(.snapshot(name), of: "lab/exp"), "snapshot \(name)")
            }
        }

        /// Some IDs by the index: in a part, and whole objects.
        private mutating func compareSome(
            _ model: MergedModel, _ view: DatabaseView, _ time: Int, _ part: VoxelBox, _ what: String
        ) throws {
            let (one, two, low) = (maker.id(&random), maker.id(&random), maker.id(&random))
            let ids = IDCondition([one...one, two...two, low...(low > .max - 3 ? .max : low + 3)])
            var statistics = ReadStatistics()
            let channel = try channel
            let found = try channel.labels(
                in: CutoutRegion(box: part, time: time..<time + 1), ids: ids, view: view,
                statistics: &statistics)
            let expected = model.labels(part, time: time, cuboid: plan.cuboid).filter { ids.contains($0.key) }
            #expect(found.map(\.id) == expected.keys.sorted(), "\(ids), \(what), \(context)")
            for label in found {
                let known = expected[label.id]
                #expect(
                    label.voxelCount == known?.count && label.box == known?.box
                        && label.cuboidCount == known?.cuboids.count, "\(label), \(what), \(context)")
            }
            let all = model.labels(plan.frame, time: time, cuboid: plan.cuboid)
            let whole = CutoutRegion(box: plan.frame, time: time..<time + 1)
            for wanted in [ids, .all] {
                let objects = try channel.objects(ids: wanted, in: whole, view: view, statistics: &statistics)
                let known = all.filter { wanted.contains($0.key) }
                #expect(objects.map(\.id) == known.keys.sorted(), "\(wanted), \(what), \(context)")
                for object in objects {
                    guard let label = known[object.id] else { continue }
                    let isSame =
                        object.voxelCount == UInt64(label.count) && object.box == label.box
                        && object.cuboidCount == label.cuboids.count
                        && object.centroid.x == Double(label.sums[0]) / Double(label.count)
                        && object.centroid.z == Double(label.sums[2]) / Double(label.count)
                    #expect(isSame, "\(object), \(what), \(context)")
                }
            }
        }

        private mutating func compare(_ model: MergedModel, _ view: DatabaseView, _ what: String) throws {
            let channel = try channel
            for time in 0..<plan.times {
                let region = CutoutRegion(box: plan.frame, time: time..<time + 1)
                let found = ModelVolume(try channel.read(region, view: view), in: plan.frame)
                let difference = model.shown(time).firstDifference(from: found)
                #expect(difference == nil, "\(difference ?? ""), \(what), \(context)")
                var statistics = ReadStatistics()
                let part = random.box(in: plan.frame, longest: VoxelExtent(x: 40, y: 30, z: 12))
                let some = CutoutRegion(box: part, time: time..<time + 1)
                let read = ModelVolume(try channel.read(some, view: view), in: part)
                #expect(read == model.shown(time).part(part), "\(what), \(context)")
                let labels = try channel.labels(in: some, view: view, statistics: &statistics)
                let expected = model.labels(part, time: time, cuboid: plan.cuboid)
                #expect(labels.map(\.id) == expected.keys.sorted(), "\(what), \(context)")
                for label in labels {
                    #expect(
                        label.voxelCount == expected[label.id]?.count && label.box == expected[label.id]?.box
                            && label.cuboidCount == expected[label.id]?.cuboids.count,
                        "\(label.id), \(what), \(context)")
                }
                try compareSome(model, view, time, part, what)
                let id = maker.id(&random)
                let members = try channel.storedLabels(
                    of: id, in: region, view: view, statistics: &statistics)
                #expect(
                    Dictionary(uniqueKeysWithValues: members.map { ($0.id, $0.voxelCount) })
                        == model.members(id, time: time), "\(what), \(context)")
            }
            let mapping = try channel.mapping(in: view)
            #expect((mapping == nil) == model.links.isEmpty, "\(what), \(context)")
            for id in maker.ids {
                #expect(mapping?.root(of: id) ?? id == model.root(id), "\(id), \(what), \(context)")
                guard let mapping else { continue }
                let members = maker.ids.filter { model.root($0) == id }
                #expect(mapping.members(of: id) == members, "\(id), \(what), \(context)")
            }
        }
    }

    @Test("in 6 channels, 900 operations", arguments: 0..<6)
    func randomOperations(number: Int) throws {
        let (plan, pool, bulk) = Self.plans[number]
        let options = smallOptions(pool: pool, bulk: bulk, workers: number % 3 + 1)
        var run = try Run(plan, options, seed: 0x3E46E + UInt64(number))
        for step in 0..<150 {
            run.step = step
            try run.perform()
            if step % 8 == 7 { try run.compareAll() }
        }
        try run.compareAll()
        #expect(run.merges > 20 && run.bakes > 0, "\(run.merges) merges, \(run.bakes) bakes, \(run.context)")
        let findings = try run.database.check(isFull: true)
        #expect(findings.isEmpty, "\(findings), \(run.context)")
    }
}
