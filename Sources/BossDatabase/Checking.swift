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
    /// How bad it is.
    public enum Severity: String, Sendable {
        /// Data is lost, or a promise of the format is broken.
        case error
        /// It could not be looked at, so that nothing is known of it: its permissions, or a newer format.
        case unchecked
        /// Nothing is lost.
        case warning
    }

    /// How bad it is.
    public let severity: Severity
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
        severity =
            switch finding.severity {
            case .error: .error
            case .unchecked: .unchecked
            case .warning: .warning
            }
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
            .error, object: "the catalog", problem: problem,
            remedy: "restore catalog.sqlite from a backup, or salvage the database",
            file: DatabaseFolder.catalogName)
    }

    /// Whether a catalog has commits that the engine lacks.
    ///
    /// - Parameter applied: the last commit that the catalog has, read before this is called.
    static func ahead(_ applied: UInt64, of engine: StorageEngine) -> [DatabaseFinding] {
        do throws(DatabaseError) { try engine.requireCommit(applied, of: DatabaseFolder.catalogName) } catch {
            // An engine that shows no view has told so already.
            guard error.sqlState == "XX001" else { return [] }
            return [DatabaseFinding(catalog: error.message)]
        }
        return []
    }

    init(_ severity: Severity, object: String, problem: String, remedy: String, file: String? = nil) {
        self.severity = severity
        self.object = object
        self.problem = problem
        self.remedy = remedy
        self.file = file
    }

    /// Whether data is lost or a promise of the format broken.
    public var isError: Bool { severity == .error }

    /// The engine's words of a cuboid name it by numbers; of what comes behind the commit and the file stay.
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
    /// What could not be looked at.
    public var uncheckedCount: Int { findings.count { $0.severity == .unchecked } }
    /// Findings by which nothing is lost.
    public var warningCount: Int { findings.count { $0.severity == .warning } }
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
        let applied = try mappingErrors { () throws(CatalogError) in try catalogFile.appliedCommit }
        // Without names the findings are told by numbers.
        let names = (try? ChannelNames(catalog)) ?? ChannelNames()
        return catalogProblems.map(DatabaseFinding.init(catalog:))
            + DatabaseFinding.ahead(applied, of: engine)
            + found.map { DatabaseFinding($0, names) }
            + (isFull
                ? try LabelCheck(engine: engine, names: names, control: control).run(
                    channel: channel?.layout.channel) : [])
    }

    /// Looks for damage in a database that nobody in this process has open, also in one that does not open. Nothing is
    /// written; a writer in another process may be at work.
    ///
    ///     let report = try Database.check("lab.bossdb")
    ///     for finding in report.findings { print(finding.object, finding.problem, finding.remedy) }
    ///
    /// - Parameter isFull: also read and verify every page; otherwise what describes them, indexes included.
    /// - Returns: damage as findings; it is never thrown. Neither is a file that may not be read, or that a newer
    ///   program wrote.
    /// - Throws: 3D000 when there is nothing of a database, 57014, 54000 for a path that is too long, 58030 when the
    ///   folder itself cannot be read, 0A000 when a newer program wrote the manifest.
    public static func check(
        _ path: String, isFull: Bool = true, control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> CheckReport {
        try DatabaseFolder.requireDatabase(path)
        try DatabaseFolder.refuseLongPath(path)
        var run = FolderCheck(path: path, isFull: isFull, control: control)
        try run.checkAll()
        return run.report
    }
}

/// Where a check is; on one thread.
final class CheckPosition {
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
