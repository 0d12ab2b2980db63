import BossStorage

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension Action {
    static let failures = [failOnce, failForGood, fillDisk]

    private static let failOnce = Action(name: "fail once", weight: 5, isCalm: false) { simulation in
        simulation.injectFault(isPersistent: false)
    }

    private static let failForGood = Action(name: "fail for good", weight: 2, isCalm: false) { simulation in
        simulation.injectFault(isPersistent: true)
    }

    /// Little or no room for some operations, then more.
    private static let fillDisk = Action(name: "fill disk", weight: 2, isCalm: false) { simulation in
        guard simulation.failureWindow == nil else { return }
        let room = Int.random(in: 0...60_000, using: &simulation.random)
        simulation.note("\(room) bytes left")
        simulation.machine.setFaults(.quota(byteCount: simulation.machine.usedByteCount + room))
        simulation.failureWindow = 15
    }
}

extension Simulation {
    fileprivate func injectFault(isPersistent: Bool) {
        guard failureWindow == nil, let fault = configuration.faults.randomElement(using: &random) else {
            return
        }
        // Half of them hit the very next operation of their kind, or nearly.
        let ordinal = Int.random(in: 1...(chance(50) ? 2 : 12), using: &random)
        let kinds = fault.kinds.sorted { $0.rawValue < $1.rawValue }
        note("\(kinds) \(ordinal) gives \(fault.errno)")
        machine.setFaults(
            .failAtOperation(ordinal, errno: fault.errno, kinds: fault.kinds, persistent: isPersistent))
        if fault.errno == ENOSPC || fault.errno == EDQUOT { hasBeenFull = true }
        failsReads = !fault.kinds.isDisjoint(with: [.open, .read, .readMapping, .map, .status])
        failureWindow = isPersistent ? 4 : 8
    }

    /// One operation less until failures end; a writer that has stopped is then restarted.
    func endFailures() throws {
        guard let window = failureWindow else { return }
        failureWindow = window - 1
        guard window <= 1 else { return }
        stopFailures(onlyErrors: false)
        if let process = writer, process.hasStopped || machine.failureCount > process.failuresBefore,
            process.hasStopped || chance(50)
        {
            note("restart")
            if chance(50) { try process.engine.close() }
            killWriter()
        }
    }

    /// From now on nothing fails.
    ///
    /// - Parameter onlyErrors: whether the room stays short, and a crash that is to come will come.
    func stopFailures(onlyErrors: Bool) {
        guard failureWindow != nil else { return }
        var plan = onlyErrors ? machine.faultPlan : .none
        guard !onlyErrors || !plan.failures.isEmpty else { return }
        plan.failures = []
        machine.setFaults(plan)
        failsReads = false
        if plan.quotaByteCount == nil, plan.crashOrdinal == nil { failureWindow = nil }
    }

    /// Cuboids of several channels are looked up in an order that no seed decides: no read may fail then.
    func keepOrderOfReads(_ reads: Set<CuboidKey>) {
        if failsReads, Set(reads.map(\.group)).count > 1 { stopFailures(onlyErrors: true) }
    }
}
