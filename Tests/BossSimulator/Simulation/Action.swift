/// One kind of work that a simulation does.
///
/// To add one: a file in `Actions` with an `extension Action { static let ... }`, and its name in `Action.all`.
/// An action draws all its choices from `simulation.random`, which the seed and the number of the operation
/// decide; so operations may be left out without changing the others.
struct Action: Sendable {
    let name: String
    /// How often it is drawn, relative to the others.
    let weight: Int
    /// Whether every run has it; of the others each run has a random half.
    var isEssential = false
    /// Actions of one family are in a run together or not at all; "" for an action by itself.
    var family = ""
    /// Whether what it does to the content depends on nothing but the seed: not on sizes of logs and caches.
    var isCalm = true
    /// Whether it works on the writer, which is then opened first.
    var needsWriter = true
    let perform: @Sendable (Simulation) throws -> Void
}

extension Action {
    static let all: [Action] =
        commits + batches + bulkLoads + deletions + channels + views + readers + scans + upkeep + snapshots
        + pasts + leases + lifecycle + crashes + failures + damage
}
