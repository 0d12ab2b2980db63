import BossCatalog
import BossGeometry
import BossStorage
import BossVoxels

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Brings the catalog of a damaged database over to the new one, or makes one from what its pages say.
struct SalvageCatalog {
    let source: String
    /// The catalog that is being made.
    let path: String
    let report: SalvageReport
    private(set) var origin = SalvageOutcome.CatalogOrigin.carriedOver
    private(set) var remarks: [String] = []
    private(set) var notes: [String] = []
    /// What of channels was guessed, by number.
    private(set) var guesses: [UInt32: [String]] = [:]
    /// Channels that were dropped, but whose pages came along.
    private(set) var dropped: Set<UInt32> = []
    private static let madeUp = "recovered"

    init(source: String, path: String, report: SalvageReport) {
        self.source = source
        self.path = path
        self.report = report
    }

    /// Does it.
    ///
    /// - Parameter engine: the new database, from which changes are read that the catalog did not get any more.
    mutating func run(_ engine: StorageEngine) throws(DatabaseError) {
        let catalog: Catalog
        if let whole = try verified(engine) {
            catalog = whole
        } else {
            let remains = takeRemains()
            try removeCopy()
            let (rebuilt, problems) = try mappingErrors { () throws(CatalogError) in
                try Catalog.rebuilt(path: path, database: engine.identifier, from: remains)
            }
            catalog = rebuilt
            remarks += problems.map { "catalog: \($0)" }
            let known = max(remains.lastChannelID, report.shapes.keys.max() ?? 0)
            try mappingErrors { () throws(CatalogError) in try catalog.reserveChannelIDs(upTo: known) }
            try repair(catalog)
            // Nothing of what the engine holds can be applied to rows that were put together.
            let newest = try mappingErrors { () throws(StorageError) in try engine.view().sequence }
            try mappingErrors { () throws(CatalogError) in
                try catalog.rebind(to: engine.identifier, appliedCommit: newest)
            }
        }
        try adoptUnknown(catalog)
        catalog.close()
    }

    // MARK: The catalog of the source

    /// Copies the file, with what is left of a transaction; the source is not touched.
    static func copy(_ source: String, to path: String) throws(DatabaseError) {
        for suffix in ["", "-journal"] {
            let from = DatabaseFolder.catalogPath(source) + suffix
            // An unreadable file is as good as none; for an empty one Foundation's reader leaks memory.
            let length = try? FileManager.default.attributesOfItem(atPath: from)[.size] as? UInt64
            let bytes = length == 0 ? Data() : try? Data(contentsOf: URL(fileURLWithPath: from))
            guard bytes != nil || suffix.isEmpty else { continue }
            do { try (bytes ?? Data()).write(to: URL(fileURLWithPath: path + suffix)) } catch {
                throw DatabaseError("58030", "\(path)\(suffix) cannot be written: \(error)", cause: error)
            }
        }
    }

    /// The copy, if it verifies: with all changes that the engine knows, and sealed for the new database.
    private mutating func verified(_ engine: StorageEngine) throws(DatabaseError) -> Catalog? {
        do throws(CatalogError) {
            let catalog = try Catalog.open(path: path, mode: .readWrite(create: false))
            let problems = try catalog.check()
            guard problems.isEmpty else {
                catalog.close()
                remarks += problems.map { "catalog: \($0)" }
                return nil
            }
            let owner = try catalog.sealedDatabase
            if !owner.isEmpty, !report.source.isEmpty, owner != report.source {
                remarks.append(
                    "the catalog was sealed for another database; its names may not fit the voxels")
            }
            try finish(catalog, engine)
            return catalog
        } catch {
            if case .newerSchema = error { throw DatabaseError(error) }
            let text = DatabaseFolder.exists(DatabaseFolder.catalogPath(source))
            remarks.append(
                text
                    ? "the catalog is damaged: \(Self.words(error))" : "the catalog catalog.sqlite is missing"
            )
            return nil
        }
    }

    private static func words(_ error: CatalogError) -> String {
        if case .corrupt(_, let reason) = error { return reason }
        return DatabaseError(error).message
    }

    /// Applies what committed transactions did to the catalog, and seals it.
    private mutating func finish(_ catalog: Catalog, _ engine: StorageEngine) throws(CatalogError) {
        let applied = try catalog.appliedCommit
        if applied > report.newestCommit {
            remarks.append(
                "catalog: it has changes up to commit \(applied), and the voxels end at commit \(report.newestCommit): "
                    + "what later commits wrote is lost")
        }
        var last = applied
        do throws(StorageError) {
            let view = try engine.view()
            for redo in try engine.catalogRedo(after: applied, in: view) {
                do throws(CatalogError) {
                    try catalog.apply(redo: redo.redo, engineCommit: redo.commit)
                } catch {
                    remarks.append(
                        "catalog: what commit \(redo.commit) changed, and later ones, is lost: \(Self.words(error))"
                    )
                    break
                }
            }
            last = view.sequence
        } catch {
            remarks.append("catalog: changes after commit \(applied) cannot be read: \(error)")
        }
        try catalog.rebind(to: report.destination, appliedCommit: last)
    }

    private mutating func takeRemains() -> CatalogRemains {
        let remains = Catalog.remains(path: path)
        origin = remains.isEmpty ? .madeAnew : .partly
        if !remains.isEmpty { remarks += remains.problems.map { "catalog: \($0)" } }
        if origin == .partly {
            remarks.append(
                "catalog: rows were taken over without a checksum that fits; look at names, extents and descriptions"
            )
        }
        return remains
    }

    private func removeCopy() throws(DatabaseError) {
        for suffix in ["", "-journal"] where DatabaseFolder.exists(path + suffix) {
            do { try FileManager.default.removeItem(atPath: path + suffix) } catch {
                throw DatabaseError("58030", "\(path)\(suffix) cannot be removed: \(error)", cause: error)
            }
        }
    }

    // MARK: Channels

    /// Gives channels without an experiment a place, and channels whose shape contradicts their pages another shape.
    private mutating func repair(_ catalog: Catalog) throws(DatabaseError) {
        let homeless = try mappingErrors { () throws(CatalogError) in try catalog.homelessChannels() }
        for record in homeless {
            let shape = report.shapes[record.id] ?? SalvagedShape()
            remarks.append("catalog: the experiment of channel \(record.name) is lost")
            try adopt(record.id, catalog, ChannelGuess(shape), describedBy: record)
        }
        let tree = try mappingErrors { () throws(CatalogError) in try catalog.tree() }
        for (collection, experiment, record) in Self.channels(tree) {
            guard let shape = report.shapes[record.id], !ChannelGuess.fits(record, shape) else { continue }
            let path = "\(collection)/\(experiment.name)/\(record.name)"
            remarks.append("catalog: type and shape of \(path) do not fit its cuboids, and were guessed")
            let guess = ChannelGuess(shape)
            guesses[record.id] = guess.guesses
            try mappingErrors { () throws(CatalogError) in
                try catalog.adoptChannel(
                    record.id, in: collection, experiment.name,
                    Self.new(named: record.name, guess, description: record.description))
            }
        }
    }

    static func channels(_ tree: CatalogTree) -> [(String, ExperimentRecord, ChannelRecord)] {
        tree.collections.flatMap { collection in
            collection.experiments.flatMap { experiment in
                experiment.channels.map { (collection.record.name, experiment.record, $0) }
            }
        }
    }

    /// Channels that have cuboids and no row.
    private mutating func adoptUnknown(_ catalog: Catalog) throws(DatabaseError) {
        let tree = try mappingErrors { () throws(CatalogError) in try catalog.tree() }
        let rows = try mappingErrors { () throws(CatalogError) in try catalog.droppedChannels() }
        let last = try mappingErrors { () throws(CatalogError) in try catalog.lastChannelID }
        let known = Set(Self.channels(tree).map(\.2.id) + rows.map(\.id))
        for (number, shape) in report.shapes.sorted(by: { $0.key < $1.key })
        where !known.contains(number) && number != SystemGroup.channel && number > 0 {
            if origin == .carriedOver, number <= last {
                // The catalog is whole, and has given the number away: the channel was dropped.
                dropped.insert(number)
                notes.append("channel \(number) was dropped; its \(shape.cuboidCount) cuboids were left out")
                continue
            }
            remarks.append(
                "the catalog does not describe channel \(number), which has \(shape.cuboidCount) cuboids")
            try adopt(number, catalog, ChannelGuess(shape), describedBy: nil)
        }
        let largest = report.shapes.keys.max() ?? 0
        try mappingErrors { () throws(CatalogError) in try catalog.reserveChannelIDs(upTo: largest) }
    }

    /// Makes a channel in an experiment of its own.
    private mutating func adopt(
        _ number: UInt32, _ catalog: Catalog, _ guess: ChannelGuess, describedBy record: ChannelRecord?
    ) throws(DatabaseError) {
        let path = Self.path(in: report.shapes[number]?.actions ?? [])
        var new = Self.new(
            named: record?.name ?? path?[2] ?? "channel_\(number)", guess,
            description: record?.description ?? "")
        var words = guess.guesses
        if let record {
            (new.kind, new.voxelType, new.background) = (record.kind, record.voxelType, record.background)
            (new.cuboid, new.brick) = (record.grid.cuboid, record.grid.brick)
            new.compression = record.compression
            words = words.filter { $0.hasPrefix("its frame") || $0.hasPrefix("levels") }
        }
        let collection = path?[0] ?? Self.madeUp
        let wanted = path?[1] ?? "experiment_\(number)"
        words.insert(
            path == nil
                ? "its name is made up" : "its name is the one that its last commits call it", at: 0)
        guesses[number] = words
        try mappingErrors { () throws(CatalogError) in
            if try !catalog.collections().contains(where: { $0.name == collection }) {
                try catalog.createCollection(
                    NewCollection(name: collection, description: "made by salvage"))
            }
            // One experiment for each channel: its extent is known of this channel only.
            let taken = Set(try catalog.experiments(in: collection).map(\.name))
            let experiment = taken.contains(wanted) ? "\(wanted)_\(number)" : wanted
            let frames = Set(try catalog.coordinateFrames().map(\.name))
            let base = "\(Self.madeUp)_\(number)"
            let frame = frames.contains(base) ? "\(base)_\(report.source.prefix(8))" : base
            let end = guess.extent
            try catalog.createCoordinateFrame(
                NewCoordinateFrame(
                    name: frame, description: "made by salvage: 0 to the last stored cuboid",
                    stop: VoxelPoint(x: end.x, y: end.y, z: end.z)))
            try catalog.createExperiment(
                in: collection,
                NewExperiment(
                    name: experiment, coordinateFrame: frame, description: "made by salvage",
                    hierarchyMethod: guess.hierarchyMethod, levelCount: guess.levelCount,
                    timeSampleCount: guess.timeSampleCount))
            try catalog.adoptChannel(number, in: collection, experiment, new)
        }
    }

    private static func new(named name: String, _ guess: ChannelGuess, description: String) -> NewChannel {
        NewChannel(
            name: name, kind: guess.kind, voxelType: guess.voxelType, description: description,
            baseResolution: guess.baseResolution, cuboid: guess.grid.cuboid, brick: guess.grid.brick)
    }

    /// Words with which the part of an action begins that changed voxels; others name channels of which nothing changed.
    private static let voxelVerbs = [
        "INSERT", "DELETE", "UPDATE", "SPLIT", "IMPORT", "DOWNSAMPLE", "RESTORE", "MERGE", "BAKE", "RESERVE",
    ]

    /// The only path of a channel that commits to that channel alone speak of.
    static func path(in actions: [String]) -> [String]? {
        var found: Set<[String]> = []
        for part in actions.flatMap({ $0.split(separator: ";") }) {
            let words = part.split(whereSeparator: { " ,@".contains($0) })
            guard let verb = words.first, voxelVerbs.contains(String(verb)) else { continue }
            for word in words {
                let parts = word.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
                if parts.count == 3, parts.allSatisfy(ValueRules.isName) { found.insert(parts) }
            }
        }
        return found.count == 1 ? found.first : nil
    }
}
