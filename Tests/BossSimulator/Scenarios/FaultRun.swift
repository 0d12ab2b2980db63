import BossStorage
import BossTestSupport
import Glibc

/// One kind of failing operation.
struct InjectedFault: Sendable {
    let kinds: Set<OperationKind>
    let errno: Int32

    init(_ kinds: Set<OperationKind>, _ errno: Int32) {
        self.kinds = kinds
        self.errno = errno
    }

    static let all = [
        InjectedFault([.write], EIO), InjectedFault([.sync], EIO), InjectedFault([.syncDirectory], EIO),
        InjectedFault([.rename], EIO), InjectedFault([.allocate], EIO), InjectedFault([.truncate], EIO),
        InjectedFault([.create], EMFILE), InjectedFault([.createDirectory], EIO),
        InjectedFault([.unlink], EIO),
        InjectedFault([.read, .readMapping], EIO), InjectedFault([.open], EMFILE),
        InjectedFault([.map], ENOMEM),
        InjectedFault([.list], EIO), InjectedFault([.status], EIO), InjectedFault([.lock], EIO),
        InjectedFault([.allocate], ENOSPC), InjectedFault([.sync], ENOSPC),
        InjectedFault([.syncDirectory], ENOSPC),
        InjectedFault([.rename], ENOSPC), InjectedFault([.create], EDQUOT),
    ]
}

/// Runs a scenario with one failing operation, or with all failing from one on, and examines everything that
/// was promised: in the same process, after a restart of the process, and after a power failure.
struct FaultRun {
    let scenario: CrashScenario
    let base: Session
    private(set) var runCount = 0
    private(set) var injectedCount = 0
    private var random: SeededGenerator

    init(_ scenario: CrashScenario, seed: UInt64) throws {
        self.scenario = scenario
        random = SeededGenerator(seed: seed)
        base = Session(files: SimulatedFileSystem(seed: seed), options: scenario.options)
        try scenario.prepare(base)
        base.kill()
    }

    /// Fails operations of each kind in turn, at most `limit` places of each.
    mutating func run(limit: Int) throws {
        let rehearsal = Session(continuing: base, files: base.files.clone())
        try scenario.run(rehearsal)
        for fault in InjectedFault.all {
            let count = fault.kinds.reduce(0) { $0 + rehearsal.files.operationCount(of: $1) }
            guard count > 0 else { continue }
            var ordinals = Array(1...count)
            // Flushes and renames are tried at every place.
            let isFlush = !fault.kinds.isDisjoint(with: [.sync, .syncDirectory, .rename])
            if !isFlush, count > limit { ordinals = Array(ordinals.shuffled(using: &random).prefix(limit)) }
            for ordinal in ordinals {
                for isPersistent in [false, true] { try run(fault, ordinal, isPersistent) }
            }
        }
    }

    private mutating func run(_ fault: InjectedFault, _ ordinal: Int, _ isPersistent: Bool) throws {
        let plan = FaultPlan.failAtOperation(
            ordinal, errno: fault.errno, kinds: fault.kinds, persistent: isPersistent)
        let session = Session(continuing: base, files: base.files.clone(faults: plan))
        session.continuesAfterErrors = true
        session.files.startTrace()
        runCount += 1
        do {
            try scenario.run(session)
            var trace = session.files.takeTrace()
            session.files.setFaults(.none)
            let failed = trace.filter { $0.injected != nil }
            injectedCount += failed.count
            // On a full disk some work gives the reserve up and goes through, and a log that cannot be copied is
            // recovered where it is.
            let logs = Set(trace.filter { $0.kind == .create && $0.path.hasPrefix("wal/") }.map(\.path))
            let isRelieved =
                [ENOSPC, EDQUOT].contains(fault.errno)
                && (failed.contains { $0.kind == .create && logs.contains($0.path) }
                    || trace.contains {
                        $0.kind == .unlink && ($0.path == SpaceReserve.path || logs.contains($0.path))
                    })
            if !isRelieved || !session.errors.isEmpty { try expectSurfaced(fault, failed, session) }
            try expectRefusalAfterFlush(trace, session)
            try goOn(session)
            trace += session.files.takeTrace()
            try refuseRepeatedFlush(trace)
        } catch {
            throw TestFailure(
                "\(scenario.name), seed \(base.files.displayPath), \(fault.kinds) \(ordinal) fails with \(fault.errno)"
                    + "\(isPersistent ? " for good" : ""): \(error), errors \(session.errors)")
        }
    }

    /// The caller hears of every failure that matters, with the right case.
    private func expectSurfaced(
        _ fault: InjectedFault, _ failed: [TracedOperation], _ session: Session
    ) throws {
        for error in session.errors {
            switch error {
            case .inputOutput, .storageFailed: continue
            case .diskFull where fault.errno == ENOSPC || fault.errno == EDQUOT: continue
            default: throw TestFailure("an error of the wrong kind: \(error)")
            }
        }
        let needed: Set<OperationKind> = [
            .write, .sync, .syncDirectory, .rename, .truncate, .create, .createDirectory, .lock,
        ]
        // The status block is a hint.
        let matters = failed.contains { needed.contains($0.kind) && ($0.path != "LOCK" || $0.kind == .lock) }
        if matters, session.errors.isEmpty { throw TestFailure("nobody was told") }
    }

    /// A live engine shows what was acknowledged and nothing else; after a failed flush it writes no more.
    private func expectRefusalAfterFlush(_ trace: [TracedOperation], _ session: Session) throws {
        guard let engine = session.engine else { return }
        let view = try engine.view()
        if let difference = try session.bricks.difference(
            engine, view, session.acknowledged, keys: session.keys)
        {
            throw TestFailure("shown before a restart: \(difference)")
        }
        let opened = trace.lastIndex { $0.kind == .lock && $0.injected == nil } ?? 0
        let hasFailedFlush = trace[opened...].contains {
            ($0.kind == .sync || $0.kind == .syncDirectory) && $0.injected != nil
        }
        let before = session.errors.count
        try session.commit([(CuboidKey(7, 0), session.full())])
        let refusal = session.errors.dropFirst(before).first
        if hasFailedFlush {
            guard case .storageFailed = refusal else {
                throw TestFailure("after a failed flush a commit gave \(String(describing: refusal))")
            }
        } else if let refusal {
            guard case .storageFailed = refusal else { throw TestFailure("then a commit gave \(refusal)") }
        }
    }

    /// A new process, a power failure, and work that goes on.
    private mutating func goOn(_ session: Session) throws {
        session.kill()
        session.continuesAfterErrors = false
        for damage in [0, random.next()] {
            let image = session.files.clone().crash(damageSeed: damage)
            let after = Session(continuing: session, files: image)
            after.options.bootIdentifier = 2
            try openLegal(after)
        }
        try openLegal(session)
        let settled = session.acknowledged
        // Nothing of what a process saw and built on may be lost with the power.
        try session.commit([(CuboidKey(8, 0), session.full())])
        if let engine = session.engine { try refuseStrays(session, engine, rootLimit: 5) }
        try session.close()
        for damage in [0, random.next()] {
            let after = Session(continuing: session, files: session.files.clone().crash(damageSeed: damage))
            after.options.bootIdentifier = 2
            try openLegal(after)
            guard after.acknowledged.agrees(with: settled, at: settled.cuboids.keys) else {
                throw TestFailure("what a restarted process showed is lost")
            }
        }
    }

    private func openLegal(_ session: Session) throws {
        try session.open()
        guard let engine = session.engine else { throw TestFailure("not opened") }
        let view = try engine.view()
        let state = try session.state(of: view, engine)
        session.settle(state, sequence: view.sequence)
        try refuseStrays(session, engine, rootLimit: .max)
    }

    /// After a failed flush the cache counts as clean: a second one would report success for lost bytes.
    private func refuseRepeatedFlush(_ trace: [TracedOperation]) throws {
        var failed: Set<String> = []
        for operation in trace where operation.kind == .sync {
            guard !failed.contains(operation.path) else {
                throw TestFailure("\(operation.path) is flushed again after a failure")
            }
            if operation.injected != nil { failed.insert(operation.path) }
        }
    }
}
