import BossGeometry
import BossVoxels
import GRDB

/// What a channel may look like.
enum ChannelRules {
    /// Checks what does not depend on the experiment; returns the shapes of cuboids and bricks.
    static func check(_ new: NewChannel) throws(CatalogError) -> CuboidGrid {
        try ValueRules.checkDescription(new.description)
        try ValueRules.checkCreator(new.creator)
        if new.kind == .annotation, new.voxelType != .uint64, new.voxelType != .uint32 {
            throw .invalidValue(
                field: "datatype", value: new.voxelType.rawValue,
                allowed: "UINT64 or UINT32 for an annotation channel")
        }
        let bitCount = new.voxelType.byteCount * 8
        if bitCount < 64, new.background >> UInt64(bitCount) != 0 {
            throw .invalidValue(
                field: "background", value: "\(new.background)",
                allowed: "the bits of one voxel, at most \(UInt64.max >> UInt64(64 - bitCount))")
        }
        do {
            if let brick = new.brick { return try CuboidGrid(cuboid: new.cuboid, brick: brick) }
            return try CuboidGrid(cuboid: new.cuboid)
        } catch {
            let shape = new.brick.map { "\(new.cuboid) with bricks \($0)" } ?? "\(new.cuboid)"
            throw .invalidValue(field: "cuboid", value: shape, allowed: "\(error)")
        }
    }

    static func check(
        baseResolution: Int, defaultTimeSample: Int, in experiment: ExperimentRecord
    ) throws(CatalogError) {
        try ValueRules.check("base_resolution", baseResolution, in: 0...experiment.levelCount - 1)
        try ValueRules.check("default_time_sample", defaultTimeSample, in: 0...experiment.timeSampleCount - 1)
    }
}

extension CatalogSession {
    func requireFreeChannel(_ name: String, in experiment: ExperimentRecord, collection: String) throws {
        if try channel(named: name, experimentID: experiment.id) != nil {
            throw CatalogError.alreadyExists(
                kind: .channel, path: "\(collection)/\(experiment.name)/\(name)")
        }
    }

    /// Replaces both lists of a channel after checking that the channels exist, are others, and occur once.
    func replaceLinks(
        of id: UInt32, named name: String, in experiment: ExperimentRecord, collection: String,
        sources: [String], related: [String]
    ) throws {
        try run("DELETE FROM channel_link WHERE channel_id = ?", [id])
        var seen: Set<String> = [name]
        for (kind, field, targets) in [("source", "sources", sources), ("related", "related", related)] {
            for (position, target) in targets.enumerated() {
                guard seen.insert(target).inserted else {
                    throw CatalogError.invalidValue(
                        field: field, value: ValueRules.shortened(target),
                        allowed: "other channels of the experiment, each once in sources or related")
                }
                let targetID = try first(
                    "SELECT id FROM channel WHERE experiment_id = ? AND name = ? AND state = 'active'",
                    [experiment.id, target], { try $0.channelNumber("id") })
                guard let targetID else {
                    throw CatalogError.notFound(
                        kind: .channel,
                        path: "\(collection)/\(experiment.name)/\(ValueRules.shortened(target))")
                }
                try run(
                    "INSERT INTO channel_link (channel_id, kind, position, target_id) VALUES (?, ?, ?, ?)",
                    [id, kind, position, targetID])
            }
        }
    }
}
