import BossStorage

extension Action {
    static let views = [pin, release]

    private static let pin = Action(name: "pin view", weight: 4, family: "views") { simulation in
        guard simulation.held.count < 6 else { return }
        if simulation.chance(50), let reader = simulation.readers.randomElement(using: &simulation.random) {
            try simulation.pin(reader)
        } else if let writer = simulation.writer {
            simulation.held.append(
                .init(process: writer, view: try writer.engine.view(), entry: simulation.history.newest))
        }
    }

    private static let release = Action(name: "release view", weight: 3, family: "views", needsWriter: false)
    { simulation in
        guard let index = simulation.held.indices.randomElement(using: &simulation.random) else { return }
        let old = simulation.held.remove(at: index)
        simulation.note("of commit \(old.entry.sequence)")
        try simulation.compareHeld(old, simulation.groups)
    }
}

extension Simulation {
    /// Pins what a reader shows, if that is the newest state.
    fileprivate func pin(_ reader: Reader) throws {
        let process = reader.process
        let failures = machine.failureCount
        guard
            case .success(let view) = try attempt("reader", by: process.files, { try process.engine.view() })
        else { return }
        // An older state may differ from the newest in dropped channels too.
        guard publishedOrdinal == history.newestOrdinal, history.possible.isEmpty,
            machine.failureCount == failures
        else { return }
        held.append(
            HeldView(process: process, view: view, entry: history.newest, mayFail: !reader.hasLease))
    }
}
