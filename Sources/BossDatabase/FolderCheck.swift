import BossCatalog
import BossStorage

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A check of a folder, whatever is in it.
struct FolderCheck {
    let path: String
    let control: OperationControl
    private(set) var report: CheckReport
    private var found: [CheckFinding] = []

    init(path: String, isFull: Bool, control: OperationControl) {
        self.path = path
        self.control = control
        report = CheckReport(isFull: isFull)
    }

    mutating func checkAll() throws(DatabaseError) {
        if DatabaseFolder.isCutOff(path) {
            return report.findings.append(
                DatabaseFinding(
                    .error, object: "the database",
                    problem:
                        "a backup, a restoration or a salvage into this folder was cut off, or is still being made",
                    remedy: "make it again", file: DatabaseFolder.nextCatalogName))
        }
        let files = try mappingErrors { () throws(StorageError) in
            try PosixFileSystem(directory: path, createIfMissing: false)
        }
        // Both at once: a backup may put newer ones in their place meanwhile.
        let opened = try BackupCatalog(folder: path).opening(
            { (newestRoot) throws(DatabaseError) in open(files, newestRoot) }, close: { $0.close() })
        defer { opened.close() }
        var engine: StorageEngine?
        do throws(StorageError) {
            let found = try opened.engine.get()
            engine = found
            try check(found)
        } catch {
            engine = nil
            try? opened.engine.get().close()
            try control.cancellation.check()
            try checkClosed(files, error)
        }
        let names = try checkCatalog(opened.catalog, engine)
        report.findings += found.map { DatabaseFinding($0, names) }
        guard report.isFull, let engine else { return }
        report.findings += try LabelCheck(engine: engine, names: names, control: control).run()
    }

    /// What could be opened.
    private struct Opened {
        let engine: Result<StorageEngine, StorageError>
        let catalog: Result<Catalog, CatalogError>

        func close() {
            if case .success(let engine) = engine { try? engine.close() }
            if case .success(let catalog) = catalog { catalog.close() }
        }
    }

    private func open(_ files: PosixFileSystem, _ newestRoot: UInt64) -> Opened {
        var options = StorageOptions()
        options.bootIdentifier = BootIdentifier.current
        options.holder = Database.holderName(ProcessInfo.processInfo.processIdentifier)
        let engine = Result { () throws(StorageError) in
            try StorageEngine.open(fileSystem: files, mode: .readOnly, options: options)
        }
        let path = BackupCatalog(folder: path).path(of: newestRoot)
        let database = (try? engine.get())?.identifier
        let catalog = Result { () throws(CatalogError) in
            try Catalog.open(path: path, mode: .readOnly, database: database)
        }
        return Opened(engine: engine, catalog: catalog)
    }

    private mutating func check(_ engine: StorageEngine) throws(StorageError) {
        let position = CheckPosition(isFull: report.isFull)
        let cancellation = control.cancellation
        let (isFull, control) = (report.isFull, control)
        found = try engine.check(
            isFull ? .full : .quick,
            control: { () throws(StorageError) in if cancellation.isCancelled { throw .closed } },
            progress: { position.show($0, control) })
        take(position.last)
        report.commit = try engine.view().sequence
    }

    private mutating func take(_ progress: CheckProgress?) {
        guard let progress else { return }
        report.segmentCount = progress.segmentCount
        report.byteCount = progress.byteTotal
        report.verifiedByteCount = progress.byteCount
    }

    /// A database that does not open is looked at file by file, while nobody writes.
    private mutating func checkClosed(
        _ files: PosixFileSystem, _ error: StorageError
    ) throws(DatabaseError) {
        let told = DatabaseError(error)
        if case .unsupportedFormat = error { throw told }
        let unopened =
            switch error.obstacleRemedy {
            case let remedy?:
                DatabaseFinding(.unchecked, object: "the database", problem: told.message, remedy: remedy)
            case nil:
                DatabaseFinding(
                    .error, object: "the database", problem: "it does not open: \(told.message)",
                    remedy: "restore a backup, or salvage the database")
            }
        let lock: DatabaseFolder.HeldLock?
        do throws(DatabaseError) { lock = try DatabaseFolder.keepWritersAway(from: path) } catch {
            report.findings.append(unopened)
            report.findings.append(
                DatabaseFinding(
                    .warning, object: "the database",
                    problem: "another process writes to it, so its files were not looked at",
                    remedy: "close it there, and check again"))
            return
        }
        defer { withExtendedLifetime(lock) {} }
        let position = CheckPosition(isFull: report.isFull)
        let isFull = report.isFull
        do throws(DatabaseError) {
            found = try position.run(control) { (check, take) throws(StorageError) in
                try StorageCheck.run(
                    fileSystem: files, depth: isFull ? .full : .quick, control: check, progress: take)
            }
        } catch {
            // No trace of the engine's files; the folder has a catalog at least.
            guard error.sqlState == "3D000" else { throw error }
        }
        take(position.last)
        if !found.contains(where: { $0.severity != .warning }) { report.findings.append(unopened) }
    }

    /// The catalog by itself, and whether it goes with the engine's files.
    private mutating func checkCatalog(
        _ opened: Result<Catalog, CatalogError>, _ engine: StorageEngine?
    ) throws(DatabaseError) -> ChannelNames {
        // A writer that died between its two files has left an empty engine, which is no damage.
        if let engine, engine.isEmpty, case .failure(.notFound(.catalogFile, _)) = opened {
            return ChannelNames()
        }
        // Before the catalog is read, which writers change first.
        let largest = (try? engine?.view().largestChannel) ?? 0
        do throws(CatalogError) {
            var catalog = try opened.get()
            report.findings += try catalog.check().map(DatabaseFinding.init(catalog:))
            // Damage of the row was found with the rest.
            if let engine, let applied = try? catalog.appliedCommit {
                report.findings += DatabaseFinding.ahead(applied, of: engine)
            }
            if let engine, let redos = outstanding(catalog, engine), !redos.isEmpty {
                catalog = try catalog.overlaid(by: redos)
            }
            if try catalog.lastChannelID < largest {
                report.findings.append(
                    DatabaseFinding(
                        catalog: "it is older than the voxels: it does not know channel number \(largest)"))
            }
            let names = (try? ChannelNames(catalog)) ?? ChannelNames()
            report.channelCount = try SalvageCatalog.channels(catalog.tree()).count
            return names
        } catch {
            switch error {
            case .corrupt(_, let reason): report.findings.append(DatabaseFinding(catalog: reason))
            case .notFound: report.findings.append(DatabaseFinding(catalog: "the file is missing"))
            case .needsRecovery:
                report.findings.append(
                    DatabaseFinding(
                        .warning, object: "the catalog",
                        problem: "a writer was killed in the middle of a change",
                        remedy: "nothing is lost: opening the database for writing undoes the change",
                        file: DatabaseFolder.catalogName))
            default:
                let told = DatabaseError(error)
                report.findings.append(
                    DatabaseFinding(
                        .unchecked, object: "the catalog", problem: told.message,
                        remedy: told.hint ?? "try again", file: DatabaseFolder.catalogName))
            }
            return ChannelNames()
        }
    }

    /// Changes of the catalog that only the engine has; damage of them is found with the pages.
    private func outstanding(
        _ catalog: Catalog, _ engine: StorageEngine
    ) -> [(commit: UInt64, redo: [UInt8])]? {
        guard let applied = try? catalog.appliedCommit, let view = try? engine.view() else { return nil }
        return try? engine.catalogRedo(after: applied, in: view)
    }
}
