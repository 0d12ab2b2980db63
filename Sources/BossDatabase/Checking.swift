import BossCatalog
import BossGeometry
import BossStorage

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Something that a check found.
public struct DatabaseFinding: Hashable, Sendable {
    /// Whether data is lost or a promise of the format broken; else nothing is lost.
    public let isError: Bool
    /// The file or the cuboid, in words.
    public let object: String
    /// What is wrong with it.
    public let problem: String
    /// What can be done.
    public let remedy: String
    /// The file, relative to the database's folder, where one is known.
    public var file: String?
    /// The byte of the file, where one is known.
    public var offset: UInt64?

    init(_ finding: CheckFinding, _ names: ChannelNames = ChannelNames()) {
        isError = finding.severity == .error
        if let words = finding.key.flatMap(names.words) {
            object = words + Self.commit(of: finding.object)
        } else {
            object = finding.object
        }
        problem = finding.message
        remedy = finding.remedy
        file = finding.file
        offset = finding.offset
    }

    init(catalog problem: String) {
        self.init(
            isError: true, object: "the catalog", problem: problem,
            remedy: "restore catalog.sqlite from a backup, or salvage the database",
            file: DatabaseFolder.catalogName)
    }

    init(isError: Bool, object: String, problem: String, remedy: String, file: String? = nil) {
        self.isError = isError
        self.object = object
        self.problem = problem
        self.remedy = remedy
        self.file = file
    }

    /// The engine's words of a cuboid name it by numbers; what comes behind stays: commit and file.
    private static func commit(of object: String) -> String {
        object.firstRange(of: ", commit ").map { String(object[$0.lowerBound...]) } ?? ""
    }
}

/// What a check looked at and found.
public struct CheckReport: Sendable {
    /// What was found: nothing in a sound database.
    public internal(set) var findings: [DatabaseFinding] = []
    /// Whether every page was read and verified.
    public let isFull: Bool
    /// Segment files that were looked at.
    public internal(set) var segmentCount = 0
    /// Their lengths together.
    public internal(set) var byteCount: UInt64 = 0
    /// Bytes of pages that were read and verified.
    public internal(set) var verifiedByteCount: UInt64 = 0
    /// The newest commit; nil when the database does not open.
    public internal(set) var commit: UInt64?
    /// Channels in use; nil when the catalog cannot be read.
    public internal(set) var channelCount: Int?

    init(isFull: Bool) { self.isFull = isFull }

    /// Findings of lost data or broken promises.
    public var errorCount: Int { findings.count(where: \.isError) }
    /// Findings by which nothing is lost.
    public var warningCount: Int { findings.count - errorCount }
}

extension Database {
    /// Looks for damage, and goes on after each finding. Reads and writes go on meanwhile.
    ///
    /// - Parameters:
    ///   - channel: only pages of this channel.
    ///   - isFull: also read and verify every page; otherwise what describes them, indexes included.
    /// - Returns: nothing for a sound database.
    /// - Throws: 57014, 58030 when a folder cannot be read.
    public func check(
        _ channel: Channel? = nil, isFull: Bool, control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> [DatabaseFinding] {
        let position = CheckPosition(isFull: isFull)
        let found = try position.run(control) { (check, take) throws(StorageError) in
            try engine.check(
                isFull ? .full : .quick, channel: channel?.layout.channel, control: check, progress: take)
        }
        let catalogProblems = try mappingErrors { () throws(CatalogError) in try catalog.check() }
        // Without names the findings are told by numbers.
        let names = (try? ChannelNames(catalog)) ?? ChannelNames()
        return catalogProblems.map(DatabaseFinding.init(catalog:)) + found.map { DatabaseFinding($0, names) }
    }

    /// Looks for damage in a database that nobody in this process has open, also in one that does not open. Nothing is
    /// written; a writer in another process may be at work.
    ///
    ///     let report = try Database.check("lab.bossdb")
    ///     for finding in report.findings { print(finding.object, finding.problem, finding.remedy) }
    ///
    /// - Parameter isFull: also read and verify every page; otherwise what describes them, indexes included.
    /// - Returns: damage as findings; it is never thrown.
    /// - Throws: 3D000 when there is nothing of a database, 57014, 58030 when a folder cannot be read.
    public static func check(
        _ path: String, isFull: Bool = true, control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> CheckReport {
        try DatabaseFolder.requireDatabase(path)
        var run = FolderCheck(path: path, isFull: isFull, control: control)
        try run.checkAll()
        return run.report
    }
}

/// A check of a folder, whatever is in it.
private struct FolderCheck {
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
                    isError: true, object: "the database",
                    problem: "a backup, a restoration or a salvage into this folder was cut off",
                    remedy: "make it again", file: DatabaseFolder.nextCatalogName))
        }
        let files = try mappingErrors { () throws(StorageError) in
            try PosixFileSystem(directory: path, createIfMissing: false)
        }
        var engine: StorageEngine?
        do throws(StorageError) {
            var options = StorageOptions()
            options.bootIdentifier = BootIdentifier.current
            options.holder = "process \(ProcessInfo.processInfo.processIdentifier)"
            let opened = try StorageEngine.open(fileSystem: files, mode: .readOnly, options: options)
            engine = opened
            try check(opened)
        } catch {
            try? engine?.close()
            engine = nil
            try control.cancellation.check()
            try checkClosed(files, error)
        }
        let names = try checkCatalog(engine)
        try? engine?.close()
        report.findings += found.map { DatabaseFinding($0, names) }
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
        let unopened = DatabaseFinding(
            isError: true, object: "the database", problem: "it does not open: \(told.message)",
            remedy: "restore a backup, or salvage the database")
        let lock: DatabaseFolder.SharedLock?
        do throws(DatabaseError) { lock = try DatabaseFolder.keepWritersAway(from: path) } catch {
            report.findings.append(unopened)
            report.findings.append(
                DatabaseFinding(
                    isError: false, object: "the database",
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
        if !found.contains(where: { $0.severity == .error }) { report.findings.append(unopened) }
    }

    /// The catalog by itself, and whether it goes with the engine's files.
    private mutating func checkCatalog(_ engine: StorageEngine?) throws(DatabaseError) -> ChannelNames {
        let catalogPath = path + "/" + DatabaseFolder.catalogName
        // A writer that died between its two files has left an empty engine, which is no damage.
        if let engine, engine.isEmpty, !DatabaseFolder.exists(catalogPath) { return ChannelNames() }
        do throws(CatalogError) {
            var catalog = try Catalog.open(path: catalogPath, mode: .readOnly, database: engine?.identifier)
            defer { catalog.close() }
            report.findings += try catalog.check().map(DatabaseFinding.init(catalog:))
            if let engine, let redos = outstanding(catalog, engine), !redos.isEmpty {
                catalog = try catalog.overlaid(by: redos)
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
                        isError: false, object: "the catalog",
                        problem: "a writer was killed in the middle of a change",
                        remedy: "nothing is lost: opening the database for writing undoes the change",
                        file: DatabaseFolder.catalogName))
            default: throw DatabaseError(error)
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

/// Where a check is; on one thread.
private final class CheckPosition {
    private(set) var last: CheckProgress?
    private let isFull: Bool

    init(isFull: Bool) { self.isFull = isFull }

    /// Takes note, and tells whoever wants to know. A check of indexes counts files by their length.
    func show(_ progress: CheckProgress, _ control: OperationControl) {
        last = progress
        let share = Double(progress.segmentCount) / Double(max(1, progress.segmentTotal))
        let done = isFull ? Double(progress.byteCount) : share * Double(progress.byteTotal)
        control.progress?(
            Progress(
                title: isFull ? "check" : "quick check", completedByteCount: Int(min(done, 9e18)),
                totalByteCount: Int(clamping: progress.byteTotal)))
    }

    /// Runs a check of the engine that a control can end.
    ///
    /// - Throws: 57014 when the control was cancelled meanwhile.
    func run(
        _ control: OperationControl,
        _ body: (
            _ check: @escaping () throws(StorageError) -> Void, _ take: @escaping (CheckProgress) -> Void
        ) throws(StorageError) -> [CheckFinding]
    ) throws(DatabaseError) -> [CheckFinding] {
        do throws(StorageError) {
            return try body(
                { () throws(StorageError) in if control.cancellation.isCancelled { throw .closed } },
                { self.show($0, control) })
        } catch {
            try control.cancellation.check()
            throw DatabaseError(error)
        }
    }
}
