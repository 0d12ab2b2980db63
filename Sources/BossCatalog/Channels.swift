import BossGeometry
import BossVoxels
import GRDB

extension Catalog {
    /// Makes a channel and gives it a number that no channel ever had.
    ///
    /// - Throws: `.notFound` (collection, experiment, or a source or related channel), `.invalidName`,
    ///   `.invalidValue`, `.alreadyExists`.
    @discardableResult
    package func createChannel(
        in collection: String, _ experiment: String, _ new: NewChannel
    ) throws(CatalogError) -> ChannelRecord {
        try ValueRules.checkName(new.name, kind: .channel)
        let grid = try ChannelRules.check(new)
        return try write { session in
            let parent = try session.experiment(collection, experiment)
            try session.requireFreeChannel(new.name, in: parent, collection: collection)
            try ChannelRules.check(
                baseResolution: new.baseResolution, defaultTimeSample: new.defaultTimeSample, in: parent)
            try session.run(
                """
                INSERT INTO channel (experiment_id, name, description, kind, voxel_type, base_resolution,
                    default_time_sample, cuboid_x, cuboid_y, cuboid_z, brick_x, brick_y, brick_z, compression,
                    background, downsample_status, state, creator, is_public, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'active', ?, ?, ?)
                """,
                [
                    parent.id, new.name, new.description, new.kind.rawValue, new.voxelType.rawValue,
                    new.baseResolution, new.defaultTimeSample, grid.cuboid.x, grid.cuboid.y, grid.cuboid.z,
                    grid.brick.x, grid.brick.y, grid.brick.z, new.compression.rawValue,
                    Int64(bitPattern: new.background), DownsampleStatus.notDownsampled.rawValue,
                    new.creator, new.isPublic, session.now(),
                ])
            // The highest number belongs to the engine.
            guard let id = UInt32(exactly: session.db.lastInsertedRowID), id < .max else {
                throw CatalogError.invalidValue(
                    field: "channel number", value: "\(session.db.lastInsertedRowID)",
                    allowed: "1 to \(UInt32.max - 1)")
            }
            try session.replaceLinks(
                of: id, named: new.name, in: parent, collection: collection,
                sources: new.sources, related: new.related)
            return try session.channel(collection, experiment, new.name)
        }
    }

    /// The channel of a name, read from the file. `resolveChannel` is quicker.
    ///
    /// - Throws: `.notFound` for the collection, the experiment or the channel.
    package func channel(
        _ channel: String, in collection: String, _ experiment: String
    ) throws(CatalogError) -> ChannelRecord {
        try read { try $0.channel(collection, experiment, channel) }
    }

    /// The channels of an experiment, sorted by name.
    ///
    /// - Throws: `.notFound` for the collection or the experiment.
    package func channels(in collection: String, _ experiment: String) throws(CatalogError) -> [ChannelRecord]
    {
        try read { try $0.channels(experimentID: try $0.experiment(collection, experiment).id) }
    }

    /// Changes a channel; lists are replaced as a whole.
    ///
    /// - Throws: `.notFound`, `.invalidValue`.
    @discardableResult
    package func alterChannel(
        _ channel: String, in collection: String, _ experiment: String, _ changes: ChannelChanges
    ) throws(CatalogError) -> ChannelRecord {
        if let description = changes.description { try ValueRules.checkDescription(description) }
        return try write { session in
            let parent = try session.experiment(collection, experiment)
            let old = try session.channel(collection, experiment, channel)
            let baseResolution = changes.baseResolution ?? old.baseResolution
            let defaultTimeSample = changes.defaultTimeSample ?? old.defaultTimeSample
            try ChannelRules.check(
                baseResolution: baseResolution, defaultTimeSample: defaultTimeSample, in: parent)
            try session.run(
                """
                UPDATE channel SET description = ?, is_public = ?, base_resolution = ?, default_time_sample = ?
                WHERE id = ?
                """,
                [
                    changes.description ?? old.description, changes.isPublic ?? old.isPublic, baseResolution,
                    defaultTimeSample, old.id,
                ])
            if changes.sources != nil || changes.related != nil {
                try session.replaceLinks(
                    of: old.id, named: channel, in: parent, collection: collection,
                    sources: changes.sources ?? old.sources, related: changes.related ?? old.related)
            }
            return try session.channel(collection, experiment, channel)
        }
    }

    /// Renames a channel; its number, data, links and metadata stay.
    ///
    /// - Throws: `.notFound`, `.invalidName`, `.alreadyExists`.
    package func renameChannel(
        _ channel: String, in collection: String, _ experiment: String, to newName: String
    ) throws(CatalogError) {
        try ValueRules.checkName(newName, kind: .channel)
        try write { session in
            let record = try session.channel(collection, experiment, channel)
            guard newName != channel else { return }
            let parent = try session.experiment(collection, experiment)
            try session.requireFreeChannel(newName, in: parent, collection: collection)
            try session.run("UPDATE channel SET name = ? WHERE id = ?", [newName, record.id])
        }
    }

    /// Records how far the coarser levels follow the data. By number, so that a job survives a rename.
    ///
    /// - Throws: `.notFound` if no channel in use has the number.
    package func setDownsampleStatus(_ status: DownsampleStatus, channelID: UInt32) throws(CatalogError) {
        try write { session in
            let count = try session.run(
                "UPDATE channel SET downsample_status = ? WHERE id = ? AND state = 'active'",
                [status.rawValue, channelID])
            guard count == 1 else { throw CatalogError.notFound(kind: .channel, path: "#\(channelID)") }
        }
    }

    /// Marks a channel as dropped: its name is free at once, its number goes to `droppedChannels` until
    /// the engine has removed its pages and calls `forget`.
    ///
    /// - Returns: the channel's number.
    /// - Throws: `.notFound`, `.inUse` if it is a source of another channel.
    @discardableResult
    package func dropChannel(
        _ channel: String, in collection: String, _ experiment: String
    ) throws(CatalogError) -> UInt32 {
        try write { session in
            let record = try session.channel(collection, experiment, channel)
            let derived = try session.first(
                """
                SELECT c.name FROM channel_link l JOIN channel c ON c.id = l.channel_id
                WHERE l.target_id = ? AND l.kind = 'source' AND c.state = 'active' ORDER BY c.name LIMIT 1
                """, [record.id], { try $0.text("name") })
            if let derived {
                throw CatalogError.inUse(
                    kind: .channel, path: "\(collection)/\(experiment)/\(channel)",
                    by: "\(collection)/\(experiment)/\(derived)")
            }
            try session.markDropped(record.id)
            return record.id
        }
    }

    /// Channels dropped whose pages may still be there, by number. Their sources and related are empty.
    package func droppedChannels() throws(CatalogError) -> [ChannelRecord] {
        try read { try $0.droppedChannels() }
    }

    /// Removes the row of a dropped channel once its pages are gone. Forgetting twice is no error; the
    /// number is never given again.
    ///
    /// - Throws: `.inUse` if the channel was not dropped.
    package func forget(channelID: UInt32) throws(CatalogError) {
        try write { session in
            let name = try session.first(
                "SELECT name FROM channel WHERE id = ? AND state = 'active'", [channelID],
                { try $0.text("name") })
            if let name { throw CatalogError.inUse(kind: .channel, path: "#\(channelID)", by: name) }
            try session.run("DELETE FROM channel WHERE id = ?", [channelID])
        }
    }
}
