public import BossCatalog
public import BossGeometry
import BossStorage
public import BossVoxels

/// Collections, coordinate frames, experiments and channels.
extension Database {
    /// Makes a collection.
    ///
    /// - Throws: 42P07 when the name is taken, 42602 for a name that is not allowed.
    @discardableResult
    public func createCollection(_ name: String, description: String = "") throws(DatabaseError)
        -> CollectionRecord
    {
        try mappingErrors { () throws(CatalogError) in
            try catalog.createCollection(NewCollection(name: name, description: description))
        }
    }

    /// Makes a coordinate frame: the extent and voxel size that experiments share.
    ///
    /// - Parameters:
    ///   - box: absolute voxels, from 0 or above.
    ///   - voxelSize: per axis, in `unit`.
    /// - Throws: as above, 22023 for an empty box or a voxel size that is not above zero.
    @discardableResult
    public func createFrame(
        _ name: String, box: VoxelBox, voxelSize: PhysicalSize, unit: LengthUnit = .nanometers,
        description: String = ""
    ) throws(DatabaseError) -> CoordinateFrameRecord {
        try mappingErrors { () throws(CatalogError) in
            try catalog.createCoordinateFrame(
                NewCoordinateFrame(
                    name: name, description: description, start: box.lower, stop: box.upper,
                    voxelSize: voxelSize,
                    voxelUnit: unit))
        }
    }

    /// Makes an experiment in a collection.
    ///
    /// - Parameters:
    ///   - path: `collection/experiment`.
    ///   - levelCount: resolution levels, the native one included.
    @discardableResult
    public func createExperiment(
        _ path: String, frame: String, levelCount: Int = 1, hierarchy: HierarchyMethod = .anisotropic,
        timeSampleCount: Int = 1, description: String = ""
    ) throws(DatabaseError) -> ExperimentRecord {
        let parts = try Self.split(path, count: 2)
        return try mappingErrors { () throws(CatalogError) in
            try catalog.createExperiment(
                in: parts[0],
                NewExperiment(
                    name: parts[1], coordinateFrame: frame, description: description,
                    hierarchyMethod: hierarchy,
                    levelCount: levelCount, timeSampleCount: timeSampleCount))
        }
    }

    /// Makes a channel in an experiment.
    ///
    /// - Parameters:
    ///   - path: `collection/experiment/channel`.
    ///   - kind: annotation channels hold `UINT64` or `UINT32` labels.
    ///   - grid: cuboid and brick shape; neither can be changed later.
    @discardableResult
    public func createChannel(
        _ path: String, kind: ChannelKind, voxelType: VoxelType, grid: CuboidGrid = .standard,
        compression: ChannelCompression = .automatic, background: UInt64 = 0, description: String = ""
    ) throws(DatabaseError) -> Channel {
        let parts = try Self.split(path, count: 3)
        _ = try mappingErrors { () throws(CatalogError) in
            try catalog.createChannel(
                in: parts[0], parts[1],
                NewChannel(
                    name: parts[2], kind: kind, voxelType: voxelType, description: description,
                    cuboid: grid.cuboid,
                    brick: grid.brick, compression: compression, background: background))
        }
        return try channel(path)
    }

    /// A channel by its path, `collection/experiment/channel`.
    ///
    /// - Throws: 42P01 when there is none.
    public func channel(_ path: String) throws(DatabaseError) -> Channel {
        let parts = try Self.split(path, count: 3)
        let resolved = try mappingErrors { () throws(CatalogError) in
            try catalog.resolveChannel(collection: parts[0], experiment: parts[1], channel: parts[2])
        }
        guard let resolved else {
            throw DatabaseError(
                "42P01", "there is no channel \(path)",
                hint: "SHOW CHANNELS IN \(parts[0])/\(parts[1]) lists them")
        }
        return Channel(database: self, record: resolved, layout: try ChannelLayout(resolved))
    }

    /// Drops a channel and all its voxels; instant, whatever their number.
    public func dropChannel(_ path: String) throws(DatabaseError) {
        let parts = try Self.split(path, count: 3)
        _ = try mappingErrors { () throws(CatalogError) in
            try catalog.dropChannel(parts[2], in: parts[0], parts[1])
        }
        try finishDrops()
    }

    /// Drops an experiment; with `cascade` its channels too.
    ///
    /// - Throws: 2BP01 when it still holds channels.
    public func dropExperiment(_ path: String, cascade: Bool = false) throws(DatabaseError) {
        let parts = try Self.split(path, count: 2)
        _ = try mappingErrors { () throws(CatalogError) in
            try catalog.dropExperiment(parts[1], in: parts[0], cascade: cascade)
        }
        try finishDrops()
    }

    /// Drops a collection; with `cascade` everything in it too.
    ///
    /// - Throws: 2BP01 when it still holds experiments.
    public func dropCollection(_ name: String, cascade: Bool = false) throws(DatabaseError) {
        _ = try mappingErrors { () throws(CatalogError) in try catalog.dropCollection(name, cascade: cascade)
        }
        try finishDrops()
    }

    /// Takes the pages of dropped channels out of the engine. The catalog marks a channel first, so a crash
    /// in between only leaves this to the next open.
    func finishDrops() throws(DatabaseError) {
        for channel in try mappingErrors({ () throws(CatalogError) in try catalog.droppedChannels() }) {
            try mappingErrors { () throws(StorageError) in try engine.dropChannel(channel.id) }
            try mappingErrors { () throws(CatalogError) in try catalog.forget(channelID: channel.id) }
        }
    }

    static func split(_ path: String, count: Int) throws(DatabaseError) -> [String] {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == count, !parts.contains("") else {
            let form = ["collection", "experiment", "channel"].prefix(count).joined(separator: "/")
            throw DatabaseError("42602", "\"\(path)\" is not a path of the form \(form)")
        }
        return parts
    }
}
