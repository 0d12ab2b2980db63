import BossDatabase
import Synchronization

/// The memory that a row query may take for rows: checked before it is taken.
final class RowBudget: Sendable {
    /// Below what SQLite takes for one value, too.
    static let standardByteCount = 768 << 20

    private let limit: Int
    private let used = Mutex(0)

    init(byteCount: Int = standardByteCount) { limit = byteCount }

    /// Takes memory for `count` things.
    ///
    /// - Throws: 53200 when it is used up.
    func take(_ count: Int, of byteCount: Int, _ what: String) throws(DatabaseError) {
        let wanted = count.multipliedReportingOverflow(by: byteCount)
        let isRefused = used.withLock { used in
            guard !wanted.overflow, wanted.partialValue <= limit - used else { return true }
            used += wanted.partialValue
            return false
        }
        guard isRefused else { return }
        throw DatabaseError(
            "53200", "\(what) take more than the \(limit >> 20) MiB that a row query may use",
            hint: "ask for a smaller region, or for fewer rows with a condition on id")
    }
}
