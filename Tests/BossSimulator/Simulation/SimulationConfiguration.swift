import BossCodec
import BossStorage
import BossTestSupport

/// Sizes of logs, files and caches, which must never change what a database holds.
package struct SimulationSizes: Sendable {
    var logByteCount: UInt64
    var bulkSegmentByteCount: UInt64
    var poolByteCount: Int
    var directoryCacheByteCount: Int
    var spaceSlackByteCount: UInt64
    var levelZeroLimit: Int
    var compactionByteCount: UInt64
    var smallSegmentByteCount: UInt64
    var smallSegmentLimit: Int
    var overlapLimit: Int
    var rootSegmentLimit: Int
    var shardSegmentLimit: Int

    /// Sizes that a seed decides, mostly so small that logs seal, files fill and caches overflow all the time.
    package init(seed: UInt64, brickByteCount: Int) {
        var random = SeededGenerator(seed: seed)
        logByteCount = [8 << 10, 24 << 10, 60 << 10, 400 << 10].randomElement(using: &random) ?? 0
        bulkSegmentByteCount = [1, 6 << 10, 60 << 10].randomElement(using: &random) ?? 0
        // Caches have 16 parts: none, one brick in each, and more than is ever needed.
        poolByteCount = [0, 16 * brickByteCount, 20 << 10, 64 << 20].randomElement(using: &random) ?? 0
        directoryCacheByteCount = [0, 24 << 10, 64 << 20].randomElement(using: &random) ?? 0
        spaceSlackByteCount = [0, 1 << 20, 2 << 30, 1 << 40].randomElement(using: &random) ?? 0
        levelZeroLimit = Int.random(in: 1...8, using: &random)
        compactionByteCount = [1, 64 << 10, 1 << 30].randomElement(using: &random) ?? 1
        smallSegmentByteCount = [8 << 10, 32 << 10, 16 << 20].randomElement(using: &random) ?? 0
        smallSegmentLimit = Int.random(in: 2...20, using: &random)
        overlapLimit = Int.random(in: 2...8, using: &random)
        rootSegmentLimit = [4, 16, 1024].randomElement(using: &random) ?? 4
        shardSegmentLimit = [2, 4096].randomElement(using: &random) ?? 2
    }

    func apply(to options: inout StorageOptions) {
        options.logByteCount = logByteCount
        options.bulkSegmentByteCount = bulkSegmentByteCount
        options.poolByteCount = poolByteCount
        options.directoryCacheByteCount = directoryCacheByteCount
        options.spaceSlackByteCount = spaceSlackByteCount
        options.levelZeroLimit = levelZeroLimit
        options.compactionByteCount = compactionByteCount
        options.smallSegmentByteCount = smallSegmentByteCount
        options.smallSegmentLimit = smallSegmentLimit
        options.overlapLimit = overlapLimit
        options.rootSegmentLimit = rootSegmentLimit
        // No draw of its own, which would change what every seed does.
        if rootSegmentLimit == 4 { options.rootNoteLimit = 2 }
        options.shardSegmentLimit = shardSegmentLimit
        options.compactionRate = 0
    }

    /// Whether what is read from files does not depend on which entries share a part of a cache.
    var hasExactCaches: Bool {
        let isExact = { (byteCount: Int) in byteCount == 0 || byteCount >= 64 << 20 }
        return isExact(poolByteCount) && isExact(directoryCacheByteCount)
    }
}

/// What one run does, drawn from its seed: a random half of all kinds of work, and random sizes.
struct SimulationConfiguration {
    let operationCount: Int
    let options: StorageOptions
    let brickByteCount: Int
    let compression: CompressionPreference
    let channelCount: Int
    let timeCount: UInt32
    let codeCount: UInt64
    let readerLimit: Int
    let imagesPerCrash: Int
    let tearsAtBytes: Bool
    let faults: [InjectedFault]
    private(set) var actions: [(action: Action, weight: Int)] = []
    private var totalWeight = 0

    /// - Parameters:
    ///   - sizes: in place of those that the seed draws.
    ///   - isCalm: only work whose effect on the content does not depend on sizes.
    init(seed: UInt64, sizes: SimulationSizes? = nil, isCalm: Bool = false, operationCount: Int? = nil) {
        var random = SeededGenerator(seed: seed)
        brickByteCount = [64, 256, 256, 1024, 4096].randomElement(using: &random) ?? 64
        let ownSizes = SimulationSizes(seed: random.next(), brickByteCount: brickByteCount)
        let sizes = sizes ?? ownSizes
        var options = StorageOptions()
        sizes.apply(to: &options)
        options.bootIdentifier = 1
        let drawn = Int.random(in: 100...500, using: &random)
        self.operationCount = operationCount ?? drawn
        compression = [.lz4, .lz4, .lz4, .zstd].randomElement(using: &random) ?? .lz4
        channelCount = Int.random(in: 1...3, using: &random)
        timeCount = UInt32.random(in: 1...2, using: &random)
        codeCount = UInt64.random(in: 1...16, using: &random)
        readerLimit = Int.random(in: 1...3, using: &random)
        imagesPerCrash = Int.random(in: 1...8, using: &random)
        tearsAtBytes = Int.random(in: 0..<3, using: &random) == 0
        faults = InjectedFault.all.filter { fault in
            // Which read goes to a file must be the same at every repetition.
            let dependsOnCaches = !fault.kinds.isDisjoint(with: [.read, .readMapping])
            return Bool.random(using: &random) && (sizes.hasExactCaches || !dependsOnCaches)
        }
        var families: [String: Bool] = [:]
        for action in Action.all {
            let drawn = Bool.random(using: &random)
            let isInFamily = families[action.family] ?? drawn
            if !action.family.isEmpty { families[action.family] = isInFamily }
            let isEnabled = isInFamily || action.isEssential
            let weight = action.weight * Int.random(in: 1...4, using: &random)
            guard isEnabled, action.isCalm || !isCalm else { continue }
            actions.append((action, weight))
            totalWeight += weight
        }
        // What is left over is looked for at the open or by maintenance.
        options.sweptShardLimit = [-1, 0, .max].randomElement(using: &random) ?? .max
        self.options = options
    }

    func draw(using random: inout SeededGenerator) -> Action {
        var place = Int.random(in: 0..<totalWeight, using: &random)
        for (action, weight) in actions {
            if place < weight { return action }
            place -= weight
        }
        preconditionFailure("the place lies within the total")
    }

    var description: String {
        "logs of \(options.logByteCount) bytes, bulk files of \(options.bulkSegmentByteCount), "
            + "slack \(options.spaceSlackByteCount), \(options.levelZeroLimit) logs, "
            + "compactions of \(options.compactionByteCount) bytes, small below \(options.smallSegmentByteCount), "
            + "\(options.smallSegmentLimit) small, \(options.overlapLimit) over one another, "
            + "\(options.rootSegmentLimit) in the root, \(options.shardSegmentLimit) in a shard, "
            + "pool \(options.poolByteCount), directories \(options.directoryCacheByteCount), "
            + "bricks of \(brickByteCount), \(channelCount) channels x \(timeCount) times x \(codeCount) cuboids, "
            + "work: \(actions.map(\.action.name).joined(separator: ", "))"
    }
}
