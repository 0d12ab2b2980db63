import BossDatabase

/// What a query wants of a table function; the function may use it to do less, and need not.
///
/// The query applies its conditions and its limit again, so that a function that gives more rows than the hints ask
/// for changes no result.
struct RowHints: Hashable, Sendable {
    /// Only rows whose `id` is in here matter.
    var ids = IDCondition.all
    /// Only these columns are read; any value may stand in the others. nil is all columns.
    var columns: Set<String>?
    /// Only so many rows with the smallest `id` in `ids` matter. nil is all rows.
    var limit: Int?

    /// Everything is wanted.
    static let none = RowHints()

    /// Whether a column is read.
    func uses(_ column: String) -> Bool { columns?.contains(column) ?? true }
}
