import BossStorage
import BossTestSupport

/// Interrupts a scenario at every operation, with many outcomes of each, and examines what is left.
struct CrashSimulation {
    let scenario: CrashScenario
    let seed: UInt64
    private(set) var crashCount = 0
    private var random: SeededGenerator
    private let base: Session
    /// Operations that the scenario has.
    let pointCount: Int
    /// How deep crashes happen within the recovery from a crash.
    private static let depthLimit = 3

    init(_ scenario: CrashScenario, seed: UInt64) throws {
        self.scenario = scenario
        self.seed = seed
        random = SeededGenerator(seed: seed)
        base = Session(files: SimulatedFileSystem(seed: seed), options: scenario.options)
        try scenario.prepare(base)
        base.kill()
        let rehearsal = Session(continuing: base, files: base.files.clone(faults: Self.plan(scenario, nil)))
        try scenario.run(rehearsal)
        pointCount = rehearsal.files.mutatingOperationCount
    }

    private static func plan(_ scenario: CrashScenario, _ ordinal: Int?) -> FaultPlan {
        var plan = FaultPlan()
        plan.crashOrdinal = ordinal
        plan.quotaByteCount = scenario.quotaByteCount
        return plan
    }

    /// Runs until at least so many crashes were examined, each point in as many ways as any other.
    mutating func run(crashes minimum: Int) throws {
        let ways = max(4, (minimum + pointCount - 1) / pointCount)
        for point in 1...pointCount { try crash(at: point, ways: ways) }
    }

    private mutating func crash(at point: Int, ways: Int) throws {
        let session = Session(
            continuing: base, files: base.files.clone(faults: Self.plan(scenario, point)))
        do {
            try scenario.run(session)
        } catch let error as StorageError {
            guard session.files.isDead else {
                throw TestFailure("\(scenario.name), seed \(seed), point \(point): \(error)")
            }
        }
        guard session.files.isDead else {
            throw TestFailure(
                "\(scenario.name), seed \(seed): only \(pointCount) operations at first, not at point \(point)"
            )
        }
        let killed = session.files.clone()
        session.kill()
        for way in 0..<ways {
            let damage = way < 2 ? UInt64(way) : random.next()
            let mode: DamageMode = way % 4 == 3 ? .byte : .sector
            let what =
                "\(scenario.name), seed \(seed), point \(point) of \(pointCount), damage \(damage) \(mode)"
            // One way is that only the process dies: the page cache stays.
            let isKill = way == 2
            let image = isKill ? killed : session.files.crash(damageSeed: damage, mode: mode)
            crashCount += 1
            do {
                try examine(image, session, boot: isKill ? 1 : 2, depth: 1)
            } catch {
                throw TestFailure("\(what)\(isKill ? ", kill" : ""): \(error)")
            }
        }
    }

    /// Opens what a crash left and checks every promise.
    private mutating func examine(
        _ image: SimulatedFileSystem, _ session: Session, boot: UInt64, depth: Int
    ) throws {
        if depth < Self.depthLimit, Int.random(in: 0..<5, using: &random) == 0 {
            try crashDuringRecovery(image, session, boot: boot, depth: depth)
        }
        let after = Session(continuing: session, files: image)
        after.options.bootIdentifier = boot
        let read = try readOnly(after)
        try after.open()
        guard let engine = after.engine else { throw TestFailure("not opened") }
        let view = try engine.view()
        let state = try after.state(of: view, engine)
        // Beside a writer that was killed, a reader believes only what was flushed; its successor takes more.
        if boot > 1, let read, !read.agrees(with: state, at: after.keys) {
            throw TestFailure("a reader saw another state than the writer that came next")
        }
        // A reader that lives keeps roots.
        try refuseStrays(after, engine, rootLimit: scenario.hasReader ? .max : 6)
        after.settle(state, sequence: view.sequence)
        try after.checkPast()
        try after.commit([(CuboidKey(8, 0), after.full()), (CuboidKey(9, 100), after.full())])
        try expectState(after)
        try after.close()
        try after.open()
        try expectState(after)
        if let engine = after.engine {
            // A reader that lives keeps roots.
            try refuseStrays(after, engine, rootLimit: scenario.hasReader ? .max : 6)
            if Int.random(in: 0..<3, using: &random) == 0 {
                try after.checkpoint()
                try after.maintain()
                try checkUpkeep(engine, image, hasLoads: false)
                try expectState(after)
                try after.checkPast()
            }
        }
        try after.close()
    }

    /// Opens for reading, which must write nothing but a lease.
    private func readOnly(_ session: Session) throws -> ModelState? {
        session.files.startTrace()
        defer { _ = session.files.endTrace() }
        do {
            let reader = try StorageEngine.open(
                fileSystem: session.files.sharedHandle(), mode: .readOnly, options: session.options)
            let state = try session.state(of: try reader.view(), reader)
            try refuseWrites(session.files.endTrace())
            return state
        } catch StorageError.notADatabase where !session.isCreated {
            return nil
        }
    }

    private func expectState(_ session: Session) throws {
        guard let engine = session.engine else { throw TestFailure("not opened") }
        let view = try engine.view()
        if let difference = try session.bricks.difference(
            engine, view, session.acknowledged, keys: session.keys)
        {
            throw TestFailure("after going on: \(difference)")
        }
    }

    private mutating func crashDuringRecovery(
        _ image: SimulatedFileSystem, _ session: Session, boot: UInt64, depth: Int
    ) throws {
        let rehearsal = Session(continuing: session, files: image.clone())
        rehearsal.options.bootIdentifier = boot
        try rehearsal.open()
        let count = rehearsal.files.mutatingOperationCount
        let point = Int.random(in: 1...count, using: &random)
        let recovering = Session(continuing: session, files: image.clone(faults: .crashAtOperation(point)))
        recovering.options.bootIdentifier = boot
        do {
            try recovering.open()
        } catch _ as StorageError {}
        let damage = Int.random(in: 0..<3, using: &random) == 0 ? UInt64(depth % 2) : random.next()
        let next = recovering.files.crash(damageSeed: damage)
        crashCount += 1
        do {
            try examine(next, session, boot: boot + 1, depth: depth + 1)
        } catch {
            throw TestFailure("and at operation \(point) of recovery, damage \(damage): \(error)")
        }
    }
}

/// Files that no root names must be gone after a writer has opened.
///
/// - Parameter rootLimit: old roots are removed by the next publication, and unlinked ones come back with a crash.
func refuseStrays(_ session: Session, _ engine: StorageEngine, rootLimit: Int = 6) throws {
    try refuseStrays(session.files, engine, rootLimit: rootLimit)
}

/// A reader changes nothing but the leases.
func refuseWrites(_ trace: [TracedOperation]) throws {
    for operation in trace where operation.kind.isMutating && !operation.path.hasPrefix("readers") {
        throw TestFailure("a reader did \(operation.kind) of \(operation.path)")
    }
}

/// The same on any machine.
func refuseStrays(_ files: SimulatedFileSystem, _ engine: StorageEngine, rootLimit: Int = 6) throws {
    // A root of many lists is swept by maintenance, not at open.
    try engine.finishSweep()
    let named = try engine.namedFiles()
    let names = files.fileNames
    for name in names
    where (name.hasSuffix(".seg") || name.hasSuffix(".ms")) && !named.contains(name) {
        throw TestFailure("\(name) is left over")
    }
    for name in named where !names.contains(name) { throw TestFailure("\(name) is missing") }
    let roots = names.filter { $0.hasPrefix("MANIFEST/") && !$0.hasSuffix(".ms") }
    guard roots.allSatisfy({ $0.hasSuffix(".mf") }), roots.count <= rootLimit else {
        throw TestFailure("roots left over: \(roots)")
    }
}
