import BossStorage

/// What was done, for reports.
package struct SimulationStatistics: Sendable {
    package var runs = 0
    package var operations = 0
    package var commits = 0
    package var conflicts = 0
    /// Power failures whose outcome was examined.
    package var crashes = 0
    /// Of these, within the recovery from another one.
    package var nestedCrashes = 0
    /// Ends of the writing process alone.
    package var kills = 0
    /// Openings that found what a crash, a kill or a failure left.
    package var recoveries = 0
    package var refusals = 0
    package var flipsDetected = 0
    package var flipsHarmless = 0
    /// Steps of maintenance.
    package var upkeepSteps = 0
    /// Of these, segments written again.
    package var rewrites = 0
    /// Older commits compared in full, and refused because the history had given way.
    package var pasts = 0
    package var refusedPasts = 0
    /// By kind of operation.
    package var faults = [Int](repeating: 0, count: OperationKind.allCases.count)

    package init() {}

    package static func += (left: inout Self, right: Self) {
        left.runs += right.runs
        left.operations += right.operations
        left.commits += right.commits
        left.conflicts += right.conflicts
        left.crashes += right.crashes
        left.nestedCrashes += right.nestedCrashes
        left.kills += right.kills
        left.recoveries += right.recoveries
        left.refusals += right.refusals
        left.flipsDetected += right.flipsDetected
        left.flipsHarmless += right.flipsHarmless
        left.upkeepSteps += right.upkeepSteps
        left.rewrites += right.rewrites
        left.pasts += right.pasts
        left.refusedPasts += right.refusedPasts
        for index in left.faults.indices { left.faults[index] += right.faults[index] }
    }

    mutating func add(_ step: MaintenanceStep) {
        upkeepSteps += 1
        if case .rewritten = step { rewrites += 1 }
    }

    /// Adds what happened on a machine that is left behind.
    mutating func absorb(_ machine: SimulatedFileSystem) {
        refusals += machine.refusalCount
        for kind in OperationKind.allCases { faults[kind.rawValue] += machine.injectedCount(of: kind) }
    }

    package var faultCount: Int { faults.reduce(0, +) }

    /// Injected failures by kind, as text.
    package var faultText: String {
        OperationKind.allCases.filter { faults[$0.rawValue] > 0 }
            .map { "\($0) \(faults[$0.rawValue])" }.joined(separator: ", ")
    }
}
