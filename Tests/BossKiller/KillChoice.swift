import BossTestSupport

/// Draws actions that the database must accept.
struct KillChoice {
    private static let snapshotLimit = 3
    private static let channelLimit = 6
    private static let keys = ["k0", "k1", "k2", "k3"]

    private var random: SeededGenerator
    private var nextNumber = 1
    private var nextIdentity = 100
    private var nextSnapshot = 0
    private var nextBackup = 0
    /// The last folder of a backup that was acknowledged.
    var lastBackup: String?

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    private mutating func number() -> Int {
        nextNumber += 1
        return nextNumber
    }

    /// One action for a world, not within a transaction.
    mutating func action(_ world: KillWorld, folder: String) -> KillAction {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<24: return insert(world)
        case 24..<50: return pair(world)
        case 50..<57: return load(world)
        case 57..<63: return erase(world)
        case 63..<67:
            guard let snapshot = world.snapshots.keys.sorted().randomElement(using: &random) else {
                return erase(world)
            }
            return .restore(
                channel: channel(world), box: .random(upTo: 128, using: &random), snapshot: snapshot)
        case 67..<70: return .downsample(channel: channel(world))
        case 70..<74: return createChannel(world) ?? dropChannel(world) ?? insert(world)
        case 74..<77: return dropChannel(world) ?? insert(world)
        case 77..<80: return metadata(world)
        case 80..<84:
            guard world.snapshots.count < Self.snapshotLimit else {
                return dropSnapshot(world) ?? insert(world)
            }
            nextSnapshot += 1
            return .createSnapshot(name: "s\(nextSnapshot)")
        case 84..<86: return dropSnapshot(world) ?? insert(world)
        case 86..<91: return .compact(channel: Bool.random(using: &random) ? nil : channel(world))
        case 91..<94: return .checkpoint
        case 94..<97: return backup(folder)
        case 97: return .retention(["'1d'", "off", "off", "off"].randomElement(using: &random) ?? "off")
        default:
            return .insert(
                channel: channel(world), box: .random(upTo: 12, using: &random), mode: .overwrite,
                number: number())
        }
    }

    /// What is in the pair changes only with its partner.
    private mutating func channel(_ world: KillWorld) -> String {
        let names = world.channels.keys.filter { !KillWorld.pair.contains($0) }.sorted()
        return names.randomElement(using: &random) ?? "image"
    }

    private mutating func insert(_ world: KillWorld) -> KillAction {
        let modes: [KillWriteMode] = [.overwrite, .overwrite, .nonzero, .preserve]
        return .insert(
            channel: channel(world), box: .random(upTo: 80, using: &random),
            mode: modes.randomElement(using: &random) ?? .overwrite, number: number())
    }

    private mutating func load(_ world: KillWorld) -> KillAction {
        .load(channel: channel(world), box: .random(upTo: 128, using: &random), number: number())
    }

    private mutating func erase(_ world: KillWorld) -> KillAction {
        .erase(channel: channel(world), box: .random(upTo: 128, using: &random))
    }

    private mutating func metadata(_ world: KillWorld) -> KillAction {
        let key = Self.keys.randomElement(using: &random) ?? "k0"
        if world.metadata[key] != nil, Bool.random(using: &random) { return .unsetMetadata(key: key) }
        return .setMetadata(key: key, value: number())
    }

    private mutating func createChannel(_ world: KillWorld) -> KillAction? {
        let names = ["a", "b", "c", "d"].filter { world.channels[$0] == nil }
        guard world.channels.count < Self.channelLimit, let name = names.randomElement(using: &random)
        else { return nil }
        nextIdentity += 1
        return .createChannel(
            name: name, width: [1, 2, 4, 8].randomElement(using: &random) ?? 1, identity: nextIdentity)
    }

    private mutating func dropChannel(_ world: KillWorld) -> KillAction? {
        let names = ["a", "b", "c", "d"].filter { world.channels[$0] != nil }
        return names.randomElement(using: &random).map { .dropChannel(name: $0) }
    }

    private mutating func dropSnapshot(_ world: KillWorld) -> KillAction? {
        world.snapshots.keys.sorted().randomElement(using: &random).map { .dropSnapshot(name: $0) }
    }

    private mutating func backup(_ folder: String) -> KillAction {
        if let lastBackup, Bool.random(using: &random) {
            return .backup(folder: lastBackup, isIncremental: true)
        }
        nextBackup += 1
        return .backup(folder: "\(folder)/backup\(nextBackup)", isIncremental: false)
    }

    /// A transaction; one of eight is rolled back.
    private mutating func pair(_ world: KillWorld) -> KillAction {
        let number = number()
        var within = world
        var others: [KillAction] = []
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let other: KillAction
            switch Int.random(in: 0..<6, using: &random) {
            case 0: other = createChannel(within) ?? insert(within)
            case 1: other = dropChannel(within) ?? insert(within)
            case 2: other = erase(within)
            case 3: other = metadata(within)
            default: other = insert(within)
            }
            others.append(other)
            // Names only: which of them are there decides what may follow.
            switch other {
            case .createChannel(let name, let width, let identity):
                within.channels[name] = KillWorld.Channel(identity: identity, width: width)
            case .dropChannel(let name): within.dropChannel(name)
            case .setMetadata(let key, let value): within.metadata[key] = value
            case .unsetMetadata(let key): within.metadata[key] = nil
            default: break
            }
        }
        return .pair(number: number, others: others, commits: Int.random(in: 0..<8, using: &random) > 0)
    }
}
