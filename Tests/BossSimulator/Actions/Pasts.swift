import BossStorage

extension Action {
    static let pasts = [comparePast, pinPast, setRetention, wait, compareNotes]

    /// An older commit, through the writer or a reader.
    private static let comparePast = Action(name: "view of an older commit", weight: 6, family: "past") {
        simulation in
        guard let sequence = simulation.randomCommit() else { return }
        if let writer = simulation.writer { try simulation.comparePast(writer, sequence) }
    }

    private static let pinPast = Action(name: "pin an older commit", weight: 3, family: "past") {
        simulation in
        guard simulation.held.count < 6, let writer = simulation.writer,
            let sequence = simulation.randomCommit(), let state = simulation.pastState(sequence),
            let view = try simulation.pastView(writer, sequence)
        else { return }
        simulation.note("\(sequence)")
        simulation.held.append(
            .init(process: writer, view: view, entry: ModelHistory.Entry(sequence: sequence, state: state)))
    }

    private static let setRetention = Action(name: "set retention", weight: 1, family: "retention") {
        simulation in
        let lengths: [Int64] = [0, 50_000, 3_000_000, 86_400_000_000, .max >> 8]
        let length = lengths.randomElement(using: &simulation.random) ?? 0
        var next = simulation.history.newest
        next.retention = length
        simulation.note("\(length)")
        simulation.shortestRetention = min(simulation.shortestRetention, length)
        _ = try simulation.change("set retention", to: next) { engine in
            try engine.setRetention(microseconds: length)
            return next.sequence
        }
    }

    /// Time goes by.
    private static let wait = Action(name: "wait", weight: 2, family: "retention", needsWriter: false) {
        simulation in
        let lengths: [Int64] = [1_100_000, 5_000_000, 30_000_000_000, 90_000_000_000]
        let length = lengths.randomElement(using: &simulation.random) ?? 0
        simulation.note("\(length / 1_000_000) s")
        simulation.machine.advanceClock(microseconds: length)
    }

    private static let compareNotes = Action(name: "compare notes", weight: 3) { simulation in
        guard let writer = simulation.writer else { return }
        try simulation.compareNotes(writer)
    }
}

extension Simulation {
    /// A commit that was made, nil before the first.
    func randomCommit() -> UInt64? {
        let newest = history.newest.sequence
        return newest == 0 ? nil : UInt64.random(in: 1...newest, using: &random)
    }

    /// What an older commit shows now; nil when the model has forgotten it.
    func pastState(_ sequence: UInt64) -> ModelState? {
        history.state(at: sequence)?.without(channels: history.newest.state.droppedChannels)
    }

    /// Compares all that a commit shows.
    func comparePast(_ process: Process, _ sequence: UInt64) throws {
        guard let state = pastState(sequence), let view = try pastView(process, sequence) else { return }
        note("\(sequence)")
        guard view.sequence == sequence else {
            throw TestFailure("view of \(view.sequence), not \(sequence)")
        }
        statistics.pasts += 1
        try compare("view at \(sequence)", process, view, state, groups)
    }

    /// The view of an older commit, nil when it is refused with a reason.
    func pastView(_ process: Process, _ sequence: UInt64) throws -> View? {
        do {
            let result = try attempt("view at \(sequence)", by: process.files) {
                try process.engine.view(at: sequence)
            }
            return try? result.get()
        } catch let refusal as HistoryRefusal {
            try checkRefusal(refusal.error, of: sequence, process.engine, isSnapshot: false)
            return nil
        }
    }

    /// A commit may be refused only where the history has given way to age or space.
    func checkRefusal(
        _ error: StorageError, of sequence: UInt64, _ engine: StorageEngine, isSnapshot: Bool
    ) throws {
        guard case .historyUnavailable(sequence, _, _) = error else { throw TestFailure("\(error)") }
        note("refused, the oldest is \(engine.history.oldest)")
        statistics.refusedPasts += 1
        let failure = TestFailure("commit \(sequence) is refused: \(error)")
        if history.newest.snapshots.contains(where: { $0.sequence == sequence }) { throw failure }
        guard sequence < history.newest.sequence else { throw failure }
        // Maintenance may be about to give up more than it has.
        guard isSnapshot || sequence < engine.history.oldest else { throw failure }
        // On a full disk the history gives way too.
        let wasFull = statistics.refusals + machine.refusalCount > 0 || hasBeenFull
        guard options.spaceSlackByteCount >= 1 << 30, !wasFull else { return }
        let end = machine.clock - min(shortestRetention, machine.clock)
        let view = try engine.view()
        let kept = try attempt("notes", by: machine) { try engine.commit(notAfter: end, in: view) }
        guard case .success(let oldest) = kept else { return }
        guard sequence < oldest ?? 0 else { throw failure }
    }

    /// Every commit has a note, later ones later times, and is found by its time.
    func compareNotes(_ process: Process) throws {
        let result = try attempt("notes", by: process.files) {
            let view = try process.engine.view()
            let newest = history.newest.sequence
            guard newest > 0 else { return }
            let first = newest - min(newest - 1, 60)
            guard try process.engine.notedCommits(first...newest, in: view) == Array(first...newest) else {
                throw TestFailure("commits without a note from \(first) to \(newest)")
            }
            var times: [Int64] = []
            for commit in first...newest {
                guard let note = try process.engine.note(of: commit, in: view) else {
                    throw TestFailure("no note of commit \(commit)")
                }
                guard note.microseconds > times.last ?? 0, note.microseconds <= machine.clock else {
                    throw TestFailure("commit \(commit) at \(note.microseconds) after \(times.last ?? 0)")
                }
                times.append(note.microseconds)
            }
            for _ in 0..<4 {
                let at = Int.random(in: times.indices, using: &random)
                let offset = Int64.random(in: -1...1, using: &random)
                let time = times[at] + offset
                let expected = times.lastIndex { $0 <= time }.map { first + UInt64($0) }
                guard expected != nil || first == 1 else { continue }
                let found = try process.engine.commit(notAfter: time, in: view)
                guard found == expected else {
                    throw TestFailure("commit \(found ?? 0) is not after \(time), not \(expected ?? 0)")
                }
            }
        }
        _ = result
    }

    /// Every commit that is kept is readable: the newest ones, snapshots and some others.
    func checkHistory(_ process: Process) throws {
        let newest = history.newest
        var wanted = Set(newest.snapshots.map(\.sequence))
        let oldest = process.engine.history.oldest
        if oldest <= newest.sequence { wanted.insert(oldest) }
        for _ in 0..<3 {
            if let commit = randomCommit(), commit >= oldest { wanted.insert(commit) }
        }
        for sequence in wanted.sorted() { try comparePast(process, sequence) }
    }
}
