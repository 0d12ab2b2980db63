import BossStorage

extension Action {
    static let scans = [scan]

    private static let scan = Action(name: "scan index", weight: 3) { simulation in
        guard let writer = simulation.writer else { return }
        let state = simulation.history.newest.state
        _ = try simulation.attempt("scan", by: writer.files) { try simulation.compareIndex(writer, state) }
    }
}
