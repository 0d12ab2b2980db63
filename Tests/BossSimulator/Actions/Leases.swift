import BossStorage

extension Action {
    static let leases = [readAcrossCompaction, killReader]

    /// A reader that has opened no segment yet, beside a writer that compacts all of them.
    private static let readAcrossCompaction = Action(name: "read across a compaction", weight: 2) {
        simulation in
        guard simulation.history.isCreated else { return }
        let files = simulation.machine.sharedHandle()
        let failures = simulation.machine.failureCount
        let opened = try simulation.attempt("open of a reader", by: files) {
            let engine = try StorageEngine.open(
                fileSystem: files, mode: .readOnly, options: simulation.options)
            return (engine, try engine.view())
        }
        guard case .success(let (engine, view)) = opened, simulation.history.possible.isEmpty,
            simulation.machine.failureCount == failures, view.sequence == simulation.history.newest.sequence,
            simulation.publishedOrdinal == simulation.history.newestOrdinal
        else { return }
        let process = Simulation.Process(files: files, engine: engine)
        let old = Simulation.HeldView(process: process, view: view, entry: simulation.history.newest)
        try simulation.compact(channel: nil)
        try simulation.finishUpkeep(hasReader: true)
        if simulation.chance(30) {
            simulation.killWriter()
            try simulation.openWriter()
            if simulation.writer != nil { try simulation.finishUpkeep(hasReader: true) }
        }
        try simulation.compareHeld(old, simulation.groups)
        if simulation.chance(30) { files.endProcess() }
    }

    /// Its views end with it, and nothing is kept for them.
    private static let killReader = Action(
        name: "kill reader", weight: 1, family: "readers", needsWriter: false
    ) { simulation in
        guard let index = simulation.readers.indices.randomElement(using: &simulation.random) else { return }
        let process = simulation.readers.remove(at: index).process
        process.files.endProcess()
        simulation.held.removeAll { $0.process.engine === process.engine }
    }
}
