import GRDB
import Synchronization

/// The channels resolved last, by path, valid for one state of the file.
struct ResolutionCache {
    private struct Path: Hashable {
        var collection: String
        var experiment: String
        var channel: String
    }

    /// Paths remembered; beyond it the cache starts anew.
    static let capacity = 4096

    private var resolved: [Path: ResolvedChannel] = [:]
    /// Counts the removals, so that what was read before one is not put in after it.
    private(set) var generation: UInt64 = 0
    /// SQLite's number for the state of the file, for handles that others write beside.
    private(set) var dataVersion: Int64?

    mutating func removeAll() {
        resolved.removeAll(keepingCapacity: true)
        generation &+= 1
    }

    /// Removes everything if the file is not the one that was cached.
    mutating func follow(dataVersion: Int64) {
        guard self.dataVersion != dataVersion else { return }
        self.dataVersion = dataVersion
        removeAll()
    }

    func channel(_ collection: String, _ experiment: String, _ channel: String) -> ResolvedChannel? {
        resolved[Path(collection: collection, experiment: experiment, channel: channel)]
    }

    mutating func insert(_ channel: ResolvedChannel, readIn generation: UInt64) {
        guard generation == self.generation else { return }
        if resolved.count >= Self.capacity { resolved.removeAll(keepingCapacity: true) }
        let path = Path(
            collection: channel.collection.name, experiment: channel.experiment.name,
            channel: channel.channel.name)
        resolved[path] = channel
    }
}

extension Catalog {
    /// A channel with its experiment, coordinate frame and collection, or nil if any of them is missing.
    ///
    /// Remembered in memory until the next write of this handle; a read-only handle asks the file each
    /// time whether another process changed it. Under a microsecond (read-only: some tens) when remembered.
    package func resolveChannel(
        collection: String, experiment: String, channel: String
    ) throws(CatalogError) -> ResolvedChannel? {
        if let transaction, try transaction.isReading {
            return try transaction.committed.resolveChannel(
                collection: collection, experiment: experiment, channel: channel)
        }
        return isReadOnly
            ? try resolveBesideWriter(collection, experiment, channel)
            : try resolveAsWriter(collection, experiment, channel)
    }

    private func resolveAsWriter(
        _ collection: String, _ experiment: String, _ channel: String
    ) throws(CatalogError) -> ResolvedChannel? {
        let (known, generation) = cache.withLock {
            ($0.channel(collection, experiment, channel), $0.generation)
        }
        if let known { return known }
        let found = try read { try $0.resolve(collection, experiment, channel) }
        if let found { cache.withLock { $0.insert(found, readIn: generation) } }
        return found
    }

    private func resolveBesideWriter(
        _ collection: String, _ experiment: String, _ channel: String
    ) throws(CatalogError) -> ResolvedChannel? {
        // Version and rows come from one snapshot; the queue runs one such body at a time, and nothing
        // blocks while the cache is locked.
        try read { session in
            let version = try session.first("PRAGMA data_version", []) { try $0.integer("data_version") } ?? 0
            let (known, generation) = cache.withLock { cache in
                cache.follow(dataVersion: version)
                return (cache.channel(collection, experiment, channel), cache.generation)
            }
            if let known { return known }
            let found = try session.resolve(collection, experiment, channel)
            if let found { cache.withLock { $0.insert(found, readIn: generation) } }
            return found
        }
    }

    /// Everything but metadata, from one snapshot.
    package func tree() throws(CatalogError) -> CatalogTree {
        try read { session in
            let collections = try session.all(
                CollectionRecord.selection + " ORDER BY name", [], CollectionRecord.init(columns:))
            let experiments = try session.all(
                ExperimentRecord.selection + " ORDER BY e.name", [], ExperimentRecord.init(columns:))
            let channels = Dictionary(grouping: try session.channels(experimentID: nil), by: \.experimentID)
            let children = Dictionary(
                grouping: experiments.map {
                    CatalogTree.Experiment(record: $0, channels: channels[$0.id] ?? [])
                },
                by: \.record.collectionID)
            return CatalogTree(
                collections: collections.map {
                    CatalogTree.Collection(record: $0, experiments: children[$0.id] ?? [])
                },
                coordinateFrames: try session.allCoordinateFrames())
        }
    }
}

extension CatalogSession {
    fileprivate func resolve(
        _ collection: String, _ experiment: String, _ channel: String
    ) throws -> ResolvedChannel? {
        do {
            let experimentRecord = try self.experiment(collection, experiment)
            guard let record = try self.channel(named: channel, experimentID: experimentRecord.id) else {
                return nil
            }
            return ResolvedChannel(
                collection: try self.collection(collection), experiment: experimentRecord,
                coordinateFrame: try coordinateFrame(experimentRecord.coordinateFrameName), channel: record)
        } catch CatalogError.notFound {
            return nil
        }
    }
}
