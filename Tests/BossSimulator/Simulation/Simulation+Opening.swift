import BossStorage

/// Opening, and finding out which of the possible states it is.
extension Simulation {
    /// Opens the writer, which may fail while something is made to fail.
    func openWriter() throws {
        let files = machine.sharedHandle()
        let failures = machine.failureCount
        let opened = try attempt("open", by: files) {
            try StorageEngine.open(
                fileSystem: files, mode: .readWrite(create: !history.isCreated), options: options)
        }
        if machine.failureCount > failures { publishedOrdinal = 0 }
        guard case .success(let engine) = opened else {
            if history.isCreated { try openWithoutRoom() }
            return
        }
        // Reads must work now.
        stopFailures(onlyErrors: true)
        let process = Process(
            files: files, engine: engine, failuresBefore: failures,
            isWhole: machine.failureCount == failures)
        try settle(process)
        writer = process
        statistics.recoveries += 1
    }

    /// A full disk keeps nobody from reading.
    private func openWithoutRoom() throws {
        guard machine.faultPlan.failures.isEmpty, machine.faultPlan.crashOrdinal == nil else { return }
        let files = machine.sharedHandle()
        let reader = try StorageEngine.open(fileSystem: files, mode: .readOnly, options: options)
        _ = try legalEntry(Process(files: files, engine: reader), history.legal)
    }

    /// Takes what a process shows as the truth.
    func settle(_ process: Process) throws {
        let entry = try legalEntry(process, history.legal)
        let doubtful = doubtfulChannels
        history.created()
        history.acknowledge(entry)
        retireChannels(doubtful)
        // What could not be removed is left to the next open.
        guard process.isWhole else { return }
        _ = try attempt("sweep", by: process.files) {
            try refuseStrays(machine, process.engine, rootLimit: .max)
        }
    }

    /// Which of some entries a process shows.
    ///
    /// - Throws: `TestFailure` when it is none of them.
    func legalEntry(_ process: Process, _ entries: [ModelHistory.Entry]) throws -> ModelHistory.Entry {
        let view = try process.engine.view()
        var differences: [String] = []
        for entry in entries {
            guard view.sequence == entry.sequence else {
                differences.append("commit \(view.sequence) is the newest, not \(entry.sequence)")
                continue
            }
            guard
                let difference = try bricks.difference(process.engine, view, entry.state, groups: groups)
            else {
                if let difference = try historyDifference(process.engine, entry) {
                    differences.append(difference)
                    continue
                }
                return entry
            }
            differences.append(difference)
        }
        throw TestFailure(differences.joined(separator: "; "))
    }

    /// What of snapshots and retention is other than in an entry.
    func historyDifference(_ engine: StorageEngine, _ entry: ModelHistory.Entry) throws -> String? {
        let snapshots = try engine.snapshots()
        let found = snapshots.map { ModelSnapshot(name: $0.name, scope: $0.scope, sequence: $0.sequence) }
        if found != entry.snapshots { return "snapshots \(found), not \(entry.snapshots)" }
        let retention = engine.history.retention
        return retention == entry.retention ? nil : "retention \(retention), not \(entry.retention)"
    }

    /// Ends the writing process; the machine runs on.
    func killWriter() {
        guard let process = writer else { return }
        process.files.endProcess()
        forgetWriter()
        statistics.kills += 1
    }

    /// Lets go of all that belongs to the writing process.
    func forgetWriter() {
        held.removeAll { !isReader($0.process) }
        batches = []
        bulks = []
        writer = nil
    }

    func isReader(_ process: Process) -> Bool { process.engine.isReadOnly }
}
