/// The states of a database, oldest first, and what may be found instead of the newest.
///
/// The last entry is what was acknowledged. A change that failed, or was cut off by a crash, leaves its
/// state among the possible ones until a recovery shows which of them it is.
struct ModelHistory {
    struct Entry: Hashable, Sendable {
        /// The newest commit of the state.
        var sequence: UInt64
        var state: ModelState
        /// Ascending by commit, then by name.
        var snapshots: [ModelSnapshot] = []
        /// How long older versions are kept, in microseconds.
        var retention: Int64 = 86_400_000_000
    }

    /// States kept; older ones are forgotten.
    private static let limit = 400

    private var entries = [Entry(sequence: 0, state: ModelState())]
    /// Entries forgotten at the front.
    private var forgottenCount = 0
    private(set) var possible: [Entry] = []
    /// Whether somebody was told that the database exists.
    private(set) var isCreated = false

    var newest: Entry { entries[entries.count - 1] }

    /// The number of the newest entry; only grows.
    var newestOrdinal: Int { forgottenCount + entries.count - 1 }

    /// What recovery may find.
    var legal: [Entry] { [newest] + possible }

    /// The entries from a number on, newest first.
    func entries(from ordinal: Int) -> ReversedCollection<ArraySlice<Entry>> {
        entries[max(0, ordinal - forgottenCount)...].reversed()
    }

    /// Commits that can be looked up, oldest first; the newest entry of each.
    var sequences: [UInt64] {
        entries.reduce(into: []) { sequences, entry in
            if sequences.last != entry.sequence { sequences.append(entry.sequence) }
        }
    }

    /// The state after a commit, nil when it is forgotten.
    func state(at sequence: UInt64) -> ModelState? {
        guard forgottenCount == 0 || entries[0].sequence < sequence else { return nil }
        return entries.last { $0.sequence <= sequence }?.state
    }

    mutating func created() { isCreated = true }

    /// The database is known to be in this state now.
    mutating func acknowledge(_ entry: Entry) {
        possible = []
        guard entry != newest else { return }
        entries.append(entry)
        if entries.count > Self.limit {
            entries.removeFirst(Self.limit / 4)
            forgottenCount += Self.limit / 4
        }
    }

    /// This state may be found instead of what was acknowledged.
    mutating func allow(_ entry: Entry) { possible.append(entry) }

    /// The last change that was allowed has certainly not happened.
    mutating func retract() { _ = possible.popLast() }
}
