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
    public func createCollection(
        _ name: String, description: String = "", in transaction: Transaction? = nil
    ) throws(DatabaseError) -> CollectionRecord {
        try changeCatalog("CREATE COLLECTION \(name)", transaction) { (catalog) throws(CatalogError) in
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
        description: String = "", in transaction: Transaction? = nil
    ) throws(DatabaseError) -> CoordinateFrameRecord {
        try changeCatalog("CREATE FRAME \(name)", transaction) { (catalog) throws(CatalogError) in
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
        timeSampleCount: Int = 1, description: String = "", in transaction: Transaction? = nil
    ) throws(DatabaseError) -> ExperimentRecord {
        let parts = try Self.split(path, count: 2)
        return try changeCatalog("CREATE EXPERIMENT \(path)", transaction) { (catalog) throws(CatalogError) in
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
        compression: ChannelCompression = .automatic, background: UInt64 = 0, description: String = "",
        in transaction: Transaction? = nil
    ) throws(DatabaseError) -> Channel {
        let parts = try Self.split(path, count: 3)
        _ = try changeCatalog("CREATE CHANNEL \(path)", transaction) { (catalog) throws(CatalogError) in
            try catalog.createChannel(
                in: parts[0], parts[1],
                NewChannel(
                    name: parts[2], kind: kind, voxelType: voxelType, description: description,
                    cuboid: grid.cuboid,
                    brick: grid.brick, compression: compression, background: background))
        }
        return try channel(path, in: transaction)
    }

    /// A channel by its path, `collection/experiment/channel`.
    ///
    /// - Parameter transaction: also finds what this one has made.
    /// - Throws: 42P01 when there is none.
    public func channel(_ path: String, in transaction: Transaction? = nil) throws(DatabaseError) -> Channel {
        try channel(path, in: transaction?.catalog ?? catalog)
    }

    /// A channel by the path that it has in a catalog.
    ///
    /// - Throws: 42P01 when there is none.
    package func channel(_ path: String, in catalog: Catalog) throws(DatabaseError) -> Channel {
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
    public func dropChannel(_ path: String, in transaction: Transaction? = nil) throws(DatabaseError) {
        let parts = try Self.split(path, count: 3)
        try drop("CHANNEL \(path)", transaction) { (catalog) throws(CatalogError) in
            try catalog.dropChannel(parts[2], in: parts[0], parts[1])
        }
    }

    /// Drops an experiment; with `cascade` its channels too.
    ///
    /// - Throws: 2BP01 when it still holds channels.
    public func dropExperiment(
        _ path: String, cascade: Bool = false, in transaction: Transaction? = nil
    ) throws(DatabaseError) {
        let parts = try Self.split(path, count: 2)
        try drop("EXPERIMENT \(path)", transaction) { (catalog) throws(CatalogError) in
            try catalog.dropExperiment(parts[1], in: parts[0], cascade: cascade)
        }
    }

    /// Drops a collection; with `cascade` everything in it too.
    ///
    /// - Throws: 2BP01 when it still holds experiments.
    public func dropCollection(
        _ name: String, cascade: Bool = false, in transaction: Transaction? = nil
    ) throws(DatabaseError) {
        try drop("COLLECTION \(name)", transaction) { (catalog) throws(CatalogError) in
            try catalog.dropCollection(name, cascade: cascade)
        }
    }

    /// Drops something, on a full disk with the room that is kept for that.
    private func drop<R>(
        _ object: String, _ transaction: Transaction?, _ change: (Catalog) throws(CatalogError) -> R
    ) throws(DatabaseError) {
        // SQLite ends a transaction that meets a full disk, so there is no second try.
        if transaction != nil { engine.makeRoom() }
        try engine.usingReserve { () throws(DatabaseError) in
            _ = try changeCatalog("DROP \(object)", transaction, change)
        }
        if transaction == nil { try engine.usingReserve { () throws(DatabaseError) in try finishDrops() } }
    }

    /// Runs a change of the catalog, by itself or as a part of a transaction.
    private func changeCatalog<R>(
        _ action: String, _ transaction: Transaction?, _ change: (Catalog) throws(CatalogError) -> R
    ) throws(DatabaseError) -> R {
        let result = try mappingErrors { () throws(CatalogError) in
            try change(transaction?.catalog ?? catalog)
        }
        transaction?.note(action)
        return result
    }

    /// Takes the pages of dropped channels and the snapshots of dropped experiments out of the engine. The catalog
    /// comes first, so a crash in between only leaves this to the next open.
    package func finishDrops() throws(DatabaseError) {
        for channel in try mappingErrors({ () throws(CatalogError) in try catalog.droppedChannels() }) {
            try mappingErrors { () throws(StorageError) in try engine.dropChannel(channel.id) }
            try mappingErrors { () throws(CatalogError) in try catalog.forget(channelID: channel.id) }
        }
        let scopes = Set(try mappingErrors { () throws(StorageError) in try engine.snapshots() }.map(\.scope))
        guard !scopes.isEmpty else { return }
        let tree = try mappingErrors { () throws(CatalogError) in try catalog.tree() }
        let known = Set(tree.collections.flatMap(\.experiments).map { UInt64(bitPattern: $0.record.id) })
        for scope in scopes.subtracting(known) {
            try mappingErrors { () throws(StorageError) in try engine.dropSnapshots(scope: scope) }
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
