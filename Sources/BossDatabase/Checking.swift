import BossCatalog
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

    init(_ finding: CheckFinding) {
        isError = finding.severity == .error
        object = finding.object
        problem = finding.message
        remedy = finding.remedy
    }

    init(catalog problem: String) {
        isError = true
        object = "the catalog"
        self.problem = problem
        remedy = "restore catalog.sqlite from a backup"
    }
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
        let relay = ProgressRelay(title: "check", control: control)
        let found = try relay.run { (report) throws(StorageError) in
            try withoutActuallyEscaping(report) { (report) throws(StorageError) in
                let last = CheckPosition()
                return try engine.check(
                    isFull ? .full : .quick, channel: channel?.layout.channel,
                    control: { () throws(StorageError) in try report(last.done, last.total) },
                    progress: { last.take($0) })
            }
        }
        let catalogProblems = try mappingErrors { () throws(CatalogError) in try catalog.check() }
        return catalogProblems.map(DatabaseFinding.init(catalog:)) + found.map(DatabaseFinding.init)
    }
}

/// Where a check is; on one thread.
private final class CheckPosition {
    private(set) var done: UInt64 = 0
    private(set) var total: UInt64 = 0

    func take(_ progress: CheckProgress) { (done, total) = (progress.byteCount, progress.byteTotal) }
}
