import BossStorage

extension Action {
    static let upkeep = [maintain, finishUpkeep, compact]

    /// A few steps of maintenance; nothing that anybody sees may change.
    private static let maintain = Action(name: "maintain", weight: 10, family: "upkeep") { simulation in
        for _ in 0..<Int.random(in: 1...6, using: &simulation.random) {
            guard try simulation.maintain() else { return }
            try simulation.compareWriterAndViews()
        }
    }

    /// Maintenance until there is nothing to do.
    private static let finishUpkeep = Action(name: "maintain to the end", weight: 3, family: "upkeep") {
        simulation in
        if simulation.chance(50) { _ = try simulation.write("checkpoint") { try $0.checkpoint() } }
        try simulation.finishUpkeep()
    }

    private static let compact = Action(name: "compact", weight: 2, family: "upkeep") { simulation in
        let channel =
            simulation.chance(30) ? simulation.channels.randomElement(using: &simulation.random) : nil
        try simulation.compact(channel: channel)
        try simulation.compareWriterAndViews()
    }
}

extension Simulation {
    /// More steps than these never come to an end. Where every file holds one cuboid, each step of the history that
    /// gives way counts hundreds of files again.
    static let stepLimit = 20_000

    /// Maintains an engine until there is nothing to do.
    static func maintainToTheEnd(_ engine: StorageEngine) throws {
        var steps: [MaintenanceStep] = []
        while let step = try engine.maintain() {
            steps.append(step)
            guard steps.count <= stepLimit else {
                throw TestFailure("maintenance does not end: \(steps.suffix(8))")
            }
        }
    }

    /// Does one step.
    ///
    /// - Returns: whether there may be more to do.
    func maintain() throws -> Bool {
        let result = try write("maintain", isRefusedWhenStopped: false) { try $0.maintain() }
        guard case .success(let step) = result, let step else { return false }
        note("\(step)")
        statistics.add(step)
        return true
    }

    func compact(channel: UInt32?) throws {
        var steps: [MaintenanceStep] = []
        let result = try write("compact") { engine in
            try engine.compact(channel: channel) { (step) throws(StorageError) in
                steps.append(step)
                self.statistics.add(step)
                // No failure of a file system: a compaction without end.
                guard steps.count <= Self.stepLimit else {
                    throw .tooLarge(
                        what: "compaction \(steps.suffix(8))", byteCount: steps.count, limit: Self.stepLimit)
                }
            }
        }
        if case .success = result { note("\(steps.count) steps") }
    }

    /// Maintains until nothing is left to do, and checks what then must be true.
    ///
    /// - Parameter hasReader: whether a reader is at work beside those of the run.
    func finishUpkeep(hasReader: Bool = false) throws {
        var count = 0
        while try maintain() {
            count += 1
            guard count <= Self.stepLimit else { throw TestFailure("maintenance does not end") }
        }
        try compareWriterAndViews()
        guard let writer, failureWindow == nil, machine.failureCount == writer.failuresBefore else { return }
        try checkUpkeep(writer.engine, machine, hasLoads: !bulks.isEmpty)
        try checkHistory(writer)
        let hasViews = !held.isEmpty || !batches.isEmpty || !bulks.isEmpty || !readers.isEmpty || hasReader
        let retired = writer.engine.retiredFiles
        guard hasViews || retired.isEmpty else { throw TestFailure("nobody needs \(retired)") }
    }
}

/// What must be true when maintenance has nothing to do and nothing has failed.
///
/// - Parameter hasLoads: whether files of open loads may stand beside what is named.
func checkUpkeep(_ engine: StorageEngine, _ files: SimulatedFileSystem, hasLoads: Bool) throws {
    if !hasLoads { try refuseStrays(files, engine, rootLimit: .max) }
    let usage = engine.spaceUsage
    // Nobody knows yet what the live log has replaced.
    guard usage.total - min(usage.total, usage.uncounted) <= usage.bound else {
        throw TestFailure("\(usage.total) bytes, the bound is \(usage.bound): \(usage)")
    }
    let names = try engine.namedFiles()
    guard usage.inFlight == 0 || hasLoads else { throw TestFailure("\(usage.inFlight) bytes in flight") }
    guard names.count >= usage.segmentCount else { throw TestFailure("\(names.count) files: \(usage)") }
    let counted = try engine.recountedBytes()
    // What the live log replaces is counted once the log is sealed.
    let isExact = engine.isLogEmpty
    guard isExact ? usage.dead == counted.dead && usage.held == counted.held : usage.dead <= counted.dead
    else { throw TestFailure("dead and held bytes are \(counted), counted as \(usage.dead), \(usage.held)") }
}
