import BossGeometry
import BossVoxels
import GRDB

extension Columns {
    /// A channel's number: 1 to 2^32 - 1.
    func channelNumber(_ name: String) throws -> UInt32 {
        UInt32(try integer(name, in: 1...Int(UInt32.max)))
    }
}

/// The names of a channel's sources and related channels.
struct ChannelLinks {
    var sources: [String] = []
    var related: [String] = []
}

extension ChannelRecord {
    static let selection = """
        SELECT id, experiment_id, name, description, kind, voxel_type, base_resolution, default_time_sample,
            cuboid_x, cuboid_y, cuboid_z, brick_x, brick_y, brick_z, compression, background,
            downsample_status, state, creator, is_public, created_at
        FROM channel
        """

    init(columns: Columns, links: ChannelLinks) throws {
        func extent(_ name: String) throws -> VoxelExtent {
            VoxelExtent(
                x: try columns.integer("\(name)_x", in: 1...4096),
                y: try columns.integer("\(name)_y", in: 1...4096),
                z: try columns.integer("\(name)_z", in: 1...4096))
        }
        let grid: CuboidGrid
        do {
            grid = try CuboidGrid(cuboid: try extent("cuboid"), brick: try extent("brick"))
        } catch let error as GeometryError {
            throw CatalogError.corrupt(file: columns.file, reason: "\(error)")
        }
        self.init(
            id: try columns.channelNumber("id"), experimentID: try columns.integer("experiment_id"),
            name: try columns.text("name"), description: try columns.text("description"),
            kind: try columns.word("kind", ChannelKind.init(rawValue:)),
            voxelType: try columns.word("voxel_type", VoxelType.init(rawValue:)),
            baseResolution: try columns.integer("base_resolution", in: 0...30),
            defaultTimeSample: try columns.integer("default_time_sample", in: 0...Int(UInt32.max)),
            grid: grid, compression: try columns.word("compression", ChannelCompression.init(rawValue:)),
            background: UInt64(bitPattern: try columns.integer("background")),
            sources: links.sources, related: links.related,
            downsampleStatus: try columns.word("downsample_status", DownsampleStatus.init(rawValue:)),
            state: try columns.word("state", ChannelState.init(rawValue:)),
            creator: try columns.text("creator"), isPublic: try columns.flag("is_public"),
            createdAtMicroseconds: try columns.integer("created_at"))
    }
}

extension CatalogSession {
    private static let linkSelection = """
        SELECT l.channel_id, l.kind, t.name AS target FROM channel_link l JOIN channel t ON t.id = l.target_id
        """
    private static let linkOrder = " ORDER BY l.channel_id, l.kind, l.position"

    func channel(named name: String, experimentID: Int64) throws -> ChannelRecord? {
        let id = try first(
            "SELECT id FROM channel WHERE experiment_id = ? AND name = ? AND state = 'active'",
            [experimentID, name], { try $0.channelNumber("id") })
        guard let id else { return nil }
        let links = try links(Self.linkSelection + " WHERE l.channel_id = ?" + Self.linkOrder, [id])
        return try first(ChannelRecord.selection + " WHERE id = ?", [id]) { columns in
            try ChannelRecord(columns: columns, links: links[id] ?? ChannelLinks())
        }
    }

    /// The channels in use of one experiment, or of all with nil, sorted by experiment and name.
    func channels(experimentID: Int64?) throws -> [ChannelRecord] {
        var condition = " WHERE state = 'active'"
        var linkCondition = ""
        var arguments: StatementArguments = []
        if let experimentID {
            condition += " AND experiment_id = ?"
            linkCondition = " WHERE l.channel_id IN (SELECT id FROM channel WHERE experiment_id = ?)"
            arguments = [experimentID]
        }
        let links = try links(Self.linkSelection + linkCondition + Self.linkOrder, arguments)
        return try all(ChannelRecord.selection + condition + " ORDER BY experiment_id, name", arguments) {
            columns in
            try ChannelRecord(
                columns: columns, links: links[try columns.channelNumber("id")] ?? ChannelLinks())
        }
    }

    func droppedChannels() throws -> [ChannelRecord] {
        try all(ChannelRecord.selection + " WHERE state = 'dropped' ORDER BY id") { columns in
            try ChannelRecord(columns: columns, links: ChannelLinks())
        }
    }

    private func links(_ sql: String, _ arguments: StatementArguments) throws -> [UInt32: ChannelLinks] {
        let rows = try all(sql, arguments) { columns in
            (try columns.channelNumber("channel_id"), try columns.text("kind"), try columns.text("target"))
        }
        var links: [UInt32: ChannelLinks] = [:]
        for (channel, kind, target) in rows {
            if kind == "source" {
                links[channel, default: ChannelLinks()].sources.append(target)
            } else {
                links[channel, default: ChannelLinks()].related.append(target)
            }
        }
        return links
    }

    /// Frees the channel's name and removes what hangs on it; its row stays until it is forgotten.
    func markDropped(_ id: UInt32) throws {
        try run("DELETE FROM channel_link WHERE channel_id = ?1 OR target_id = ?1", [id])
        try removeMetadata(ownerKind: .channel, ownerID: Int64(id))
        try run("UPDATE channel SET state = 'dropped' WHERE id = ?", [id])
    }
}
