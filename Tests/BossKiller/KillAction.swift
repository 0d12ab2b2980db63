/// Something the writer does; every statement of it answers with one line.
indirect enum KillAction {
    case insert(channel: String, box: KillBox, mode: KillWriteMode, number: Int)
    case erase(channel: String, box: KillBox)
    /// A bulk load.
    case load(channel: String, box: KillBox, number: Int)
    case restore(channel: String, box: KillBox, snapshot: String)
    case downsample(channel: String)
    case createChannel(name: String, width: Int, identity: Int)
    case dropChannel(name: String)
    case setMetadata(key: String, value: Int)
    case unsetMetadata(key: String)
    case createSnapshot(name: String)
    case dropSnapshot(name: String)
    case compact(channel: String?)
    case checkpoint
    case backup(folder: String, isIncremental: Bool)
    /// How long the history is kept.
    case retention(String)
    /// One number into both channels of the pair and into the catalog, with other changes, all or nothing.
    case pair(number: Int, others: [KillAction], commits: Bool)

    /// What it is called in reports; for each of its statements.
    var kinds: [String] {
        switch self {
        case .insert: ["insert"]
        case .erase: ["delete"]
        case .load: ["bulk load"]
        case .restore: ["restore"]
        case .downsample: ["downsample"]
        case .createChannel: ["create channel"]
        case .dropChannel: ["drop channel"]
        case .setMetadata, .unsetMetadata: ["metadata"]
        case .createSnapshot: ["create snapshot"]
        case .dropSnapshot: ["drop snapshot"]
        case .compact: ["compact"]
        case .checkpoint: ["checkpoint"]
        case .backup(_, let isIncremental): [isIncremental ? "incremental backup" : "backup"]
        case .retention: ["retention"]
        case .pair(_, let others, let commits):
            Array(repeating: "transaction", count: 4 + others.count) + [commits ? "commit" : "rollback"]
        }
    }

    /// Those that take long, are rare, or change several files.
    static let targets: Set<String> = [
        "bulk load", "restore", "downsample", "create channel", "drop channel", "create snapshot",
        "drop snapshot", "compact", "checkpoint", "backup", "incremental backup", "commit",
    ]

    /// What it changes when all of it was done.
    func apply(to world: inout KillWorld, _ content: KillContent) {
        switch self {
        case .insert(let channel, let box, let mode, let number):
            let block = content.block(number, box, width: world.channels[channel]?.voxels.width ?? 1)
            world.channels[channel]?.voxels.write(block, at: box, mode: mode)
        case .erase(let channel, let box):
            let width = world.channels[channel]?.voxels.width ?? 1
            world.channels[channel]?.voxels.write(
                KillContent.constant(0, count: box.voxelCount, width: width), at: box)
        case .load(let channel, let box, let number):
            let block = content.block(number, box, width: world.channels[channel]?.voxels.width ?? 1)
            world.channels[channel]?.voxels.write(block, at: box)
        case .restore(let name, let box, let snapshot):
            guard let channel = world.channels[name] else { return }
            let block = world.voxels(of: channel, in: snapshot).block(box)
            world.channels[name]?.voxels.write(block, at: box)
        case .downsample(let channel):
            guard let fine = world.channels[channel]?.voxels else { return }
            // Of a channel that holds nothing there is no level either.
            if fine != KillVoxels(width: fine.width) || world.channels[channel]?.coarse != nil {
                world.channels[channel]?.coarse = fine.strided
            }
        case .createChannel(let name, let width, let identity):
            world.channels[name] = KillWorld.Channel(identity: identity, width: width)
        case .dropChannel(let name): world.dropChannel(name)
        case .setMetadata(let key, let value): world.metadata[key] = value
        case .unsetMetadata(let key): world.metadata[key] = nil
        case .createSnapshot(let name): world.createSnapshot(name)
        case .dropSnapshot(let name): world.snapshots[name] = nil
        case .compact, .checkpoint, .backup, .retention: break
        case .pair(let number, let others, let commits):
            guard commits else { return }
            let (box, width) = (KillWorld.pairBox, KillWorld.pairWidth)
            let block = KillContent.constant(number, count: box.voxelCount, width: width)
            for name in KillWorld.pair { world.channels[name]?.voxels.write(block, at: box) }
            world.metadata[KillWorld.stampKey] = number
            for other in others { other.apply(to: &world, content) }
        }
    }

    /// The statements, and the files that they read.
    ///
    /// - Parameter world: before it is done.
    func statements(
        _ world: KillWorld, _ content: KillContent, _ folder: String
    ) throws(KillFailure) -> [String] {
        let experiment = KillTrial.experiment
        switch self {
        case .insert(let channel, let box, let mode, let number):
            let file = try save(channel, box, number, world, content, folder)
            let target = "\(experiment)/\(channel) \(box) MODE \(mode.rawValue)"
            return ["INSERT CUTOUT INTO \(target) FROM FILE '\(file)';"]
        case .erase(let channel, let box): return ["DELETE CUTOUT FROM \(experiment)/\(channel) \(box);"]
        case .load(let channel, let box, let number):
            let file = try save(channel, box, number, world, content, folder)
            return ["IMPORT INTO \(experiment)/\(channel) FROM '\(file)' FORMAT NPY AT \(box.corner);"]
        case .restore(let channel, let box, let snapshot):
            return ["RESTORE \(experiment)/\(channel) \(box) TO @\(snapshot);"]
        case .downsample(let channel): return ["DOWNSAMPLE \(experiment)/\(channel) METHOD STRIDE;"]
        case .createChannel(let name, let width, let identity):
            let cuboid = identity % 2 == 0 ? "64,64,16" : "32,32,16"
            let codec = identity % 5 == 0 ? "LZ4" : "BLOSC"
            return [
                "CREATE CHANNEL \(experiment)/\(name) TYPE \(width > 2 ? "ANNOTATION" : "IMAGE") "
                    + "DATATYPE UINT\(width * 8) CUBOID \(cuboid) CODEC \(codec);"
            ]
        case .dropChannel(let name): return ["DROP CHANNEL \(experiment)/\(name);"]
        case .setMetadata(let key, let value): return ["SET METADATA ON \(experiment) '\(key)' = \(value);"]
        case .unsetMetadata(let key): return ["UNSET METADATA ON \(experiment) '\(key)';"]
        case .createSnapshot(let name): return ["CREATE SNAPSHOT \(name) OF \(experiment);"]
        case .dropSnapshot(let name): return ["DROP SNAPSHOT \(name) OF \(experiment);"]
        case .compact(let channel): return [channel.map { "COMPACT \(experiment)/\($0);" } ?? "COMPACT;"]
        case .checkpoint: return ["CHECKPOINT;"]
        case .backup(let path, let isIncremental):
            return ["BACKUP TO '\(path)'\(isIncremental ? " INCREMENTAL" : "");"]
        case .retention(let time): return ["SET history_retention = \(time);"]
        case .pair(let number, let others, let commits):
            return try transaction(number, others, commits, world, content, folder)
        }
    }

    private func transaction(
        _ number: Int, _ others: [KillAction], _ commits: Bool, _ world: KillWorld, _ content: KillContent,
        _ folder: String
    ) throws(KillFailure) -> [String] {
        let (box, width) = (KillWorld.pairBox, KillWorld.pairWidth)
        let file = "\(folder)/pair\(number).npy"
        let block = KillContent.constant(number, count: box.voxelCount, width: width)
        try KillContent.save(block, box, width: width, to: file)
        var lines = ["BEGIN;"]
        for name in KillWorld.pair {
            lines.append("INSERT CUTOUT INTO \(KillTrial.experiment)/\(name) \(box) FROM FILE '\(file)';")
        }
        lines.append("SET METADATA ON \(KillTrial.experiment) '\(KillWorld.stampKey)' = \(number);")
        var within = world
        for other in others {
            lines += try other.statements(within, content, folder)
            other.apply(to: &within, content)
        }
        return lines + [commits ? "COMMIT;" : "ROLLBACK;"]
    }

    private func save(
        _ channel: String, _ box: KillBox, _ number: Int, _ world: KillWorld, _ content: KillContent,
        _ folder: String
    ) throws(KillFailure) -> String {
        let width = world.channels[channel]?.voxels.width ?? 1
        let file = "\(folder)/block\(number).npy"
        try KillContent.save(content.block(number, box, width: width), box, width: width, to: file)
        return file
    }
}
