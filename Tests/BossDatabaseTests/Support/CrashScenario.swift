import BossCatalog
import BossFormats
import BossGeometry
import BossStorage
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase

/// One acknowledged unit of work.
enum CrashStep {
    case write(String, ModelVolume, WriteMode)
    case transaction([(String, ModelVolume)])
    case erase(String, VoxelBox)
    case downsample(String)
    case importFile(String, String, ModelVolume)
    case checkpoint
    case compact
}

/// Steps, the states between them, and machines that die while they are taken.
struct CrashScenario {
    typealias State = [String: [ResolutionLevel: ModelVolume]]

    static let frame = VoxelBox(x: 5..<32, y: 3..<22, z: 2..<13)
    private static let image = ChannelPlan(name: "image", frame: frame, background: 4, levels: 3)
    private static let labels = ChannelPlan(
        name: "labels", kind: .annotation, voxelType: .uint64, frame: frame, levels: 3)

    let steps: [CrashStep]
    let seed: UInt64
    private let catalog: Catalog
    private let options: DatabaseOptions
    /// A machine with an empty, closed database.
    private let start: SimulatedFileSystem
    /// The state before each step, and the last one.
    private var states: [State] = []

    static func labels(_ random: inout SeededGenerator, _ longest: VoxelExtent? = nil) -> ModelVolume {
        content(labels, &random, longest)
    }

    static func image(_ random: inout SeededGenerator, _ longest: VoxelExtent? = nil) -> ModelVolume {
        content(image, &random, longest)
    }

    private static func content(
        _ plan: ChannelPlan, _ random: inout SeededGenerator, _ longest: VoxelExtent?
    ) -> ModelVolume {
        let box = longest.map { random.box(in: frame, longest: $0) } ?? frame
        return VoxelMaker(type: plan.voxelType, background: plan.background).fill(box, &random)
    }

    init(steps: [CrashStep], seed: UInt64, bulkByteCount: Int = 8 << 20) throws {
        self.steps = steps
        self.seed = seed
        let simulated = try SimulatedDatabase(seed: seed, options: smallOptions(bulk: bulkByteCount))
        try simulated.database.make(Self.image)
        try simulated.database.add(Self.labels)
        try simulated.database.engine.close()
        (catalog, options, start) = (simulated.catalog, simulated.options, simulated.files)
        var state: State = [:]
        for plan in [Self.image, Self.labels] {
            let channel = try simulated.database.channel(plan.path)
            state[plan.name] = Dictionary(
                uniqueKeysWithValues: channel.storedLevels.map {
                    ($0, ModelVolume(channel.box(at: $0), filledWith: plan.background))
                })
        }
        states = [state]
        for step in steps {
            try Self.apply(step, to: &state, simulated.database)
            states.append(state)
        }
    }

    private static func apply(_ step: CrashStep, to state: inout State, _ database: Database) throws {
        func write(_ name: String, _ part: ModelVolume, _ mode: WriteMode) {
            let background = name == "image" ? image.background : labels.background
            _ = state[name]?[.native]?.write(part, mode: mode, background: background)
        }
        switch step {
        case .write(let name, let part, let mode): write(name, part, mode)
        case .transaction(let writes): for (name, part) in writes { write(name, part, .overwrite) }
        case .erase(let name, let box):
            write(name, ModelVolume(box, filledWith: name == "image" ? image.background : 0), .overwrite)
        case .importFile(let name, _, let part): write(name, part, .overwrite)
        case .checkpoint, .compact: break
        case .downsample(let name):
            let channel = try database.channel("lab/exp/\(name)")
            let base = try #require(state[name]?[.native])
            state[name] = try NaiveReduction.levels(
                above: base, channel.hierarchy, name == "image" ? .mean : .mode, channel.voxelType)
        }
    }

    private func perform(_ step: CrashStep, on database: Database) throws {
        func channel(_ name: String) throws -> Channel { try database.channel("lab/exp/\(name)") }
        switch step {
        case .write(let name, let part, let mode):
            let channel = try channel(name)
            try channel.write(try part.volume(channel.voxelType), at: part.box.lower, mode: mode)
        case .transaction(let writes):
            let transaction = try database.beginTransaction()
            for (name, part) in writes {
                let channel = try channel(name)
                try channel.write(try part.volume(channel.voxelType), at: part.box.lower, in: transaction)
            }
            try transaction.commit()
        case .erase(let name, let box): try channel(name).erase(CutoutRegion(box: box))
        case .downsample(let name): try channel(name).downsample()
        case .importFile(let name, let file, _): try channel(name).importVolume(file)
        case .checkpoint: try database.checkpoint()
        case .compact: _ = try database.compact()
        }
    }

    /// Takes the steps until the machine dies.
    ///
    /// - Returns: how many were acknowledged.
    private func run(on files: SimulatedFileSystem) throws -> Int {
        var done = 0
        do {
            let database = try SimulatedDatabase.open(files, catalog, options)
            for step in steps {
                try perform(step, on: database)
                done += 1
            }
            try database.engine.close()
        } catch {
            try #require(files.isDead, "\(error) without a crash, step \(done), seed \(seed)")
        }
        return done
    }

    /// Kills a machine in each of its operations and looks at several of the states that may be left.
    ///
    /// - Returns: how many were looked at.
    func crashEverywhere() throws -> Int {
        let whole = start.clone()
        try #require(try run(on: whole) == steps.count)
        try compare(whole.clone(), states.count - 1, "without a crash")
        var count = 0
        for ordinal in 1...whole.mutatingOperationCount {
            let files = start.clone(faults: .crashAtOperation(ordinal))
            let done = try run(on: files)
            for damage in [0, 1, UInt64(2 + ordinal), UInt64(5000 + ordinal)] {
                count += 1
                let place = "operation \(ordinal) of \(whole.mutatingOperationCount), damage \(damage)"
                let mode = damage > 5000 ? DamageMode.byte : .sector
                if damage == UInt64(2 + ordinal) {
                    try crashAgain(
                        files.crash(damageSeed: damage, faults: .crashAtOperation(1 + ordinal % 9)), done,
                        place)
                } else {
                    try compare(files.crash(damageSeed: damage, mode: mode), done, place)
                }
            }
        }
        return count
    }

    /// The power fails during recovery too.
    private func crashAgain(_ files: SimulatedFileSystem, _ done: Int, _ place: String) throws {
        if let database = try? SimulatedDatabase.open(files, catalog, options) {
            try? database.engine.close()
        }
        try compare(files.crash(damageSeed: seed), done, place + ", twice")
    }

    /// Expects the state of the acknowledged steps, or of one step more.
    private func compare(_ files: SimulatedFileSystem, _ done: Int, _ place: String) throws {
        let database = try SimulatedDatabase.open(files, catalog, options)
        let found = try Dictionary(
            uniqueKeysWithValues: ["image", "labels"].map { name in
                let channel = try database.channel("lab/exp/\(name)")
                let levels = try channel.storedLevels.map { level in
                    let box = channel.box(at: level)
                    return (
                        level, ModelVolume(try channel.read(CutoutRegion(box: box, level: level)), in: box)
                    )
                }
                return (name, Dictionary(uniqueKeysWithValues: levels))
            })
        let legal = states[done...min(done + 1, states.count - 1)]
        let isLegal = legal.contains(found)
        #expect(isLegal, "after \(done) of \(steps.count) steps, \(place), seed \(seed)")
        try compareObjects(found["labels"] ?? [:], try database.channel("lab/exp/labels"), place)
        // The next write and its level work as if nothing had happened.
        let channel = try database.channel("lab/exp/image")
        let point = VoxelPoint(x: 7, y: 7, z: 7)
        try channel.write(try Volume<UInt8>(extent: VoxelExtent(x: 1, y: 1, z: 1), elements: [99]), at: point)
        let voxel = VoxelBox(origin: point, extent: VoxelExtent(x: 1, y: 1, z: 1))
        #expect(try channel.read(CutoutRegion(box: voxel)).bits == [99])
    }

    /// The index knows exactly what the voxels show.
    private func compareObjects(
        _ levels: [ResolutionLevel: ModelVolume], _ channel: Channel, _ place: String
    ) throws {
        for (level, volume) in levels {
            let naive = NaiveObjects(
                [volume], times: 0..<1, in: channel.box(at: level), cuboid: Self.labels.cuboid, background: 0)
            var cost = ReadStatistics()
            let region = CutoutRegion(box: channel.box(at: level), level: level)
            let all = try channel.objects(in: region, statistics: &cost)
            #expect(naive.difference(from: all) == nil, "objects of \(level), \(place), seed \(seed)")
            let asked = IDCondition(ids: naive.ids.prefix(3) + [12_345])
            let some = try channel.objects(ids: asked, in: region, statistics: &cost)
            #expect(
                some == all.filter { asked.contains($0.id) },
                "objects by ID of \(level), \(place), seed \(seed)")
        }
    }
}
