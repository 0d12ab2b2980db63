package import BossCatalog
import BossStorage
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A BossQL database: a directory of image and annotation channels.
///
///     let database = try Database.open("lab.bossdb")
///     let em = try database.channel("lab/mouse1/em")
///     let cutout = try em.read(CutoutRegion(box: VoxelBox(x: 0..<512, y: 0..<512, z: 0..<16)))
///     try database.close()
///
/// One process writes, any number reads beside it. A handle may be used from any thread; calls block,
/// and every one that reads or writes voxels also has an `async` form. Locks, in the order they are
/// taken: the turn of a cuboid, the catalog's queue, then those of the engine.
public final class Database: Sendable {
    /// The directory.
    public let path: String
    /// How it was opened.
    public let options: DatabaseOptions
    let catalogFile: Catalog
    private let catalogFollower: CatalogFollower?
    let engine: StorageEngine
    let workers: Workers
    let writeTurns = WriteTurns()
    let labelMappings = LabelMappingCache()

    init(
        path: String, options: DatabaseOptions, catalog: Catalog, engine: StorageEngine
    ) throws(DatabaseError) {
        self.path = path
        self.options = options
        catalogFile = catalog
        catalogFollower = try catalog.isReadOnly ? CatalogFollower(file: catalog, engine: engine) : nil
        self.engine = engine
        workers = Workers(count: max(1, options.workerCount ?? ProcessInfo.processInfo.activeProcessorCount))
    }

    /// Opens a database, and recovers what a crash left behind.
    ///
    /// - Parameter path: the directory, `name.bossdb` by custom.
    /// - Throws: `DatabaseError` 3D000 when there is none and none may be created, 55006 when another
    ///   process writes to it, XX001 naming the file when something is damaged, 0A000 when a newer program wrote it,
    ///   58030 when it may not be read, 54000 for a path that is too long.
    public static func open(_ path: String, options: DatabaseOptions = DatabaseOptions())
        throws(DatabaseError) -> Database
    {
        let isWriter = options.access == .readWrite
        try DatabaseFolder.refuseInaccessible(path)
        let exists = FileManager.default.fileExists(atPath: path + "/MANIFEST")
        if DatabaseFolder.isCutOff(path) {
            throw DatabaseError(
                "3D000", "\(path) holds a copy that was cut off, or is still being made",
                hint: "make the backup, the restoration or the salvage again; nothing in the folder is of use"
            )
        }
        try DatabaseFolder.refuseLostRoot(path)
        guard exists || (isWriter && options.createIfMissing) else {
            throw DatabaseError(
                "3D000", "there is no database at \(path)",
                hint: isWriter ? "allow it to be created" : "a database is created by opening it for writing")
        }
        if !exists { try refuseForeignFolder(path) }
        try DatabaseFolder.refuseLongPath(path)
        let catalogs = BackupCatalog(folder: path)
        // Nobody else changes what a writer has open.
        if isWriter { return try open(path, options, catalogs.newestRoot) }
        return try catalogs.opening(
            { (newestRoot) throws(DatabaseError) in try open(path, options, newestRoot) },
            close: { try? $0.close() })
    }

    /// - Parameter newestRoot: the root that the engine finds, before it makes one of its own.
    private static func open(
        _ path: String, _ options: DatabaseOptions, _ newestRoot: UInt64
    ) throws(DatabaseError) -> Database {
        let isWriter = options.access == .readWrite
        let engine = try openEngine(path, isWriter: isWriter, options: engineOptions(options))
        do {
            let database = try engine.usingReserve { () throws(DatabaseError) in
                try connect(path, options, engine, newestRoot)
            }
            if options.maintainsInBackground {
                isWriter ? engine.startMaintenance() : engine.startFollowing()
            }
            return database
        } catch {
            // The first error is the one to report.
            try? engine.close()
            throw error
        }
    }

    /// Opens the catalog that belongs to an engine, and does what a crash has left to do in it.
    private static func connect(
        _ path: String, _ options: DatabaseOptions, _ engine: StorageEngine, _ newestRoot: UInt64
    ) throws(DatabaseError) -> Database {
        let isWriter = options.access == .readWrite
        let catalogs = BackupCatalog(folder: path)
        // Only an engine that holds nothing may stand beside a catalog that does not exist yet: a crash came
        // between the two. Else the catalog is lost, and a new one would give old voxels new names.
        let mayCreate = isWriter && engine.isEmpty
        if isWriter { try catalogs.settle(newestRoot) }
        let catalogPath = catalogs.path(of: newestRoot)
        let found: Catalog
        do throws(CatalogError) {
            found = try Catalog.open(
                path: catalogPath, mode: isWriter ? .readWrite(create: mayCreate) : .readOnly,
                database: engine.identifier)
        } catch {
            guard case .readOnly = error else { throw DatabaseError(error) }
            throw DatabaseError(
                "25006", "\(catalogPath) cannot be written",
                hint: "look at its permissions, or open the database with --read-only", cause: error)
        }
        if isWriter { try finishTransactions(found, engine) }
        let database = try Database(path: path, options: options, catalog: found, engine: engine)
        if isWriter {
            try database.reserveChannelNumbers()
            try database.finishDrops()
        }
        return database
    }

    /// Changes the catalog by what committed transactions say, if a crash came between the two stores: the engine's
    /// commit comes first and holds the catalog's changes.
    private static func finishTransactions(_ catalog: Catalog, _ engine: StorageEngine) throws(DatabaseError)
    {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.skipRedo) { return }
        #endif
        let applied = try mappingErrors { () throws(CatalogError) in try catalog.appliedCommit }
        try engine.requireCommit(applied, of: catalog.path)
        let redos = try mappingErrors { () throws(StorageError) in
            try engine.catalogRedo(after: applied, in: engine.view())
        }
        try mappingErrors { () throws(CatalogError) in
            for redo in redos { try catalog.apply(redo: redo.redo, engineCommit: redo.commit) }
        }
    }

    /// Names and properties; of a handle that only reads as the last commit left them.
    package var catalog: Catalog { catalogFollower?.current ?? catalogFile }

    /// A catalog that is older than the engine's pages must not give their channel numbers away again.
    private func reserveChannelNumbers() throws(DatabaseError) {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.giveNumbersAwayAgain) { return }
        #endif
        let largest = try mappingErrors { () throws(StorageError) in try engine.view().largestChannel }
        try mappingErrors { () throws(CatalogError) in
            if try catalog.lastChannelID < largest { try catalog.reserveChannelIDs(upTo: largest) }
        }
    }

    /// A new database gets a folder of its own, in one that exists: a mistyped path must not spread files.
    private static func refuseForeignFolder(_ path: String) throws(DatabaseError) {
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        guard FileManager.default.fileExists(atPath: parent) else {
            throw DatabaseError(
                "3D000", "\(path) cannot be created: there is no folder \(parent)",
                hint: "make the folder first")
        }
        guard FileManager.default.fileExists(atPath: path) else { return }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            throw DatabaseError("3D000", "\(path) is a file, not the folder of a database")
        }
        // What a crash leaves of a database that was being made.
        guard names.allSatisfy(DatabaseFolder.ownNames.contains),
            !names.contains("LOCK") || CopyRemains.isOwnLock(path + "/LOCK", orEmpty: true)
        else {
            throw DatabaseError(
                "3D000", "\(path) holds other files and no database",
                hint: "name a new folder, such as lab.bossdb")
        }
    }

    private static func engineOptions(_ options: DatabaseOptions) -> StorageOptions {
        var engineOptions = StorageOptions()
        engineOptions.poolByteCount = options.poolByteCount
        engineOptions.compactionRate = options.compactionByteRate
        engineOptions.bootIdentifier = BootIdentifier.current
        engineOptions.holder = holderName(ProcessInfo.processInfo.processIdentifier)
        return engineOptions
    }

    /// Finishes pending commits and gives up the writer's role. Closing twice does nothing.
    public func close() throws(DatabaseError) {
        try mappingErrors { () throws(StorageError) in try engine.close() }
        catalogFollower?.close()
        catalogFile.close()
    }

    /// Whether the handle only reads.
    public var isReadOnly: Bool { options.access == .readOnly }

    /// A consistent state to read from: everything committed so far.
    public func view() throws(DatabaseError) -> DatabaseView {
        DatabaseView(view: try mappingErrors { () throws(StorageError) in try engine.view() })
    }

    /// Lets go of every decoded brick, for measurements of cold reads.
    public func evictPool() { engine.evictPool() }

    /// Seals the log into a segment file.
    public func checkpoint() throws(DatabaseError) {
        try mappingErrors { () throws(StorageError) in try engine.checkpoint() }
    }

    /// Bytes of decoded bricks in memory, and how often a brick was found there or not.
    public var poolStatistics: (byteCount: Int, hits: Int, misses: Int) { engine.poolCounters }
}

/// One consistent state of all channels. It stays readable while it is held.
public struct DatabaseView: Sendable {
    let view: View

    /// Number of the newest commit in it.
    public var commit: UInt64 { view.sequence }
    /// The oldest commit that could be read without a snapshot when it was taken.
    public var oldestReadableCommit: UInt64 { view.history.oldest }
}

/// Tells boots of the machine apart.
enum BootIdentifier {
    /// From the kernel; 0 where there is none, which makes readers more careful.
    static let current: UInt64 = {
        guard let text = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        else { return 0 }
        let digits = text.filter(\.isHexDigit).prefix(16)
        return UInt64(digits, radix: 16) ?? 0
    }()
}

extension StorageEngine {
    /// Does work that needs a little room in the catalog and may free much, at the cost of the reserve when the disk is
    /// full.
    func usingReserve<R>(_ work: () throws(DatabaseError) -> R) throws(DatabaseError) -> R {
        do { return try work() } catch {
            guard error.sqlState == "53100", giveUpReserve() else { throw error }
            return try work()
        }
    }
}
