import BossCatalog
import BossGeometry
import BossStorage

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension Database {
    /// Saves what is left of a damaged database into a new one, which has an identifier of its own.
    ///
    ///     let outcome = try Database.salvage("damaged.bossdb", to: "saved.bossdb")
    ///     for loss in outcome.losses { print(loss.channel, loss.cuboid, loss.file) }
    ///
    /// Every brick whose checksum fits is taken over as it is stored, in its newest state; snapshots and the history
    /// are not. The catalog is taken over and sealed for the new database. Where it is damaged, its readable rows
    /// are; where it is missing, names, types and shapes are made up from the pages, and `guesses` of a channel say
    /// which. Where nothing but the catalog is left, the new database has its channels without voxels. Nothing is written to the source, and a writer is kept away from it meanwhile.
    ///
    /// Memory: the catalog, and about 150 bytes for every version of a cuboid.
    ///
    /// - Parameters:
    ///   - damaged: the folder of the damaged database.
    ///   - path: a folder that does not exist or is empty. After an error it is as it was.
    /// - Throws: 3D000 when there is nothing of a database, 0A000 naming a file of a newer format, 42P07 when something is
    ///   in the way, 22023 for folders inside one another, 55006 while a writer is at work in the source, 53100, 57014.
    public static func salvage(
        _ damaged: String, to path: String, control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> SalvageOutcome {
        try DatabaseFolder.requireDatabase(damaged)
        try DatabaseFolder.refuseOverlap(damaged, path)
        let lock = try DatabaseFolder.keepWritersAway(from: damaged)
        let folder = try DatabaseFolder.claimNew(path)
        defer { withExtendedLifetime((lock, folder)) {} }
        do {
            return try SalvageRun(source: damaged, path: path, control: control).run()
        } catch {
            folder.abandon()
            throw DatabaseFolder.told(path, error)
        }
    }
}

/// One salvage, from the engine's files to a database that opens.
private struct SalvageRun {
    let source: String
    let path: String
    let control: OperationControl
    private var next: String { path + "/" + DatabaseFolder.salvagedCatalogName }

    init(source: String, path: String, control: OperationControl) {
        self.source = source
        self.path = path
        self.control = control
    }

    func run() throws(DatabaseError) -> SalvageOutcome {
        let (from, to) = try mappingErrors { () throws(StorageError) in
            (
                try PosixFileSystem(directory: source, createIfMissing: false),
                try PosixFileSystem(directory: path, createIfMissing: true)
            )
        }
        // From now on the folder shows that it is not finished.
        try SalvageCatalog.copy(source, to: next)
        let report = try savePages(from, to)
        try control.cancellation.check()
        var catalog = SalvageCatalog(source: source, path: next, report: report)
        let engine = try open(to)
        do throws(DatabaseError) {
            try catalog.run(engine)
            if report.source.isEmpty, catalog.origin == .madeAnew { throw nothing }
            for channel in catalog.dropped.sorted() {
                try mappingErrors { () throws(StorageError) in try engine.dropChannel(channel) }
            }
            try mappingErrors { () throws(StorageError) in try engine.close() }
        } catch {
            try? engine.close()
            throw error
        }
        guard rename(next, path + "/" + DatabaseFolder.catalogName) == 0 else {
            throw DatabaseError(errno: errno, "\(next) cannot be renamed")
        }
        try mappingErrors { () throws(StorageError) in try to.syncDirectory("") }
        return try outcome(report, catalog)
    }

    private func open(_ files: PosixFileSystem) throws(DatabaseError) -> StorageEngine {
        var options = StorageOptions()
        options.bootIdentifier = BootIdentifier.current
        options.holder = "process \(ProcessInfo.processInfo.processIdentifier), salvage"
        return try mappingErrors { () throws(StorageError) in
            try StorageEngine.open(fileSystem: files, mode: .readWrite(create: false), options: options)
        }
    }

    private func savePages(_ from: PosixFileSystem, _ to: PosixFileSystem) throws(DatabaseError)
        -> SalvageReport
    {
        var options = StorageOptions()
        options.bootIdentifier = BootIdentifier.current
        options.holder = "process \(ProcessInfo.processInfo.processIdentifier), salvage"
        let salvage = Salvage(
            source: from, destination: to, options: options,
            ignoredFiles: DatabaseFolder.nextNames.union(["LOCK"]))
        let control = control
        do throws(StorageError) {
            return try salvage.run(
                control: { () throws(StorageError) in if control.cancellation.isCancelled { throw .closed } },
                progress: { step in
                    let title =
                        switch step.phase {
                        case .reading: "salvage: reading"
                        case .writing: "salvage: writing"
                        case .checking: "salvage: checking"
                        }
                    control.progress?(
                        Progress(
                            title: title, completedByteCount: Int(clamping: step.byteCount),
                            totalByteCount: Int(clamping: step.byteTotal)))
                })
        } catch {
            try control.cancellation.check()
            guard case .notADatabase = error else { throw DatabaseError(error) }
        }
        // Of the engine's files nothing is left; the catalog still tells what there was.
        return try mappingErrors { () throws(StorageError) in try salvage.makeEmpty() }
    }

    /// The refusal of a folder without a page and without a row.
    private var nothing: DatabaseError {
        DatabaseError(
            "3D000",
            "\(source) holds nothing that could be saved: no root, no log, no segment file, and no catalog that can be read",
            hint: "bossql restore brings a backup back")
    }

    /// Opens the new database as anybody would, and puts names to what was lost.
    private func outcome(
        _ report: SalvageReport, _ catalog: SalvageCatalog
    ) throws(DatabaseError) -> SalvageOutcome {
        var options = DatabaseOptions()
        options.maintainsInBackground = false
        options.createIfMissing = false
        let database = try Database.open(path, options: options)
        do {
            let names = try ChannelNames(database.catalog, guessed: Set(catalog.guesses.keys))
            var outcome = SalvageOutcome()
            outcome.catalog = catalog.origin
            outcome.channels = names.layouts.values.map { layout in
                SalvageOutcome.Channel(
                    path: layout.path, number: layout.channel,
                    cuboidCount: report.shapes[layout.channel]?.cuboidCount ?? 0,
                    guesses: catalog.guesses[layout.channel] ?? [])
            }.sorted { $0.path < $1.path }
            outcome.losses = names.losses(report)
            outcome.remarks =
                report.remarks + catalog.remarks + names.systemLosses(report) + names.mappingLosses(report)
            outcome.notes = report.notes + catalog.notes
            if !report.snapshotNames.isEmpty {
                outcome.notes.append(
                    "snapshots are not taken over, only the newest state: "
                        + report.snapshotNames.joined(separator: ", "))
            }
            outcome.cuboidCount = report.shapes.values.reduce(0) { $0 + $1.cuboidCount }
            outcome.findings = report.findings.map { DatabaseFinding($0, names) }
            outcome.findings += try mappingErrors { () throws(CatalogError) in try database.catalog.check() }
                .map(DatabaseFinding.init(catalog:))
            try database.close()
            return outcome
        } catch {
            try? database.close()
            throw error
        }
    }
}
