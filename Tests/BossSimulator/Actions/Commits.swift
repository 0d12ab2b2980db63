import BossStorage

extension Action {
    static let commits = [commit]

    /// A view, one or more cuboids of one or more channels, a commit.
    private static let commit = Action(name: "commit", weight: 30, isEssential: true) { simulation in
        guard let writer = simulation.writer else { return }
        let view = try writer.engine.view()
        let keys = simulation.randomKeys(Int.random(in: 1...6, using: &simulation.random))
        var batch = WriteBatch(base: view)
        var changes: [(key: CuboidKey, change: PageChange)] = []
        for key in keys {
            let state = simulation.history.newest.state
            let change = simulation.newChange(over: state, key, allowsDelta: true)
            let base = state.cuboids[key]?.sequence ?? 0
            let isDelta = if case .delta = change { true } else { false }
            batch.put(
                try simulation.bricks.page(key, change, over: base),
                dependsOnBase: isDelta || simulation.chance(50))
            changes.append((key, change))
        }
        let next = simulation.nextCommit(changes)
        simulation.note("\(keys.count) cuboids as \(next.sequence)")
        if case .success = try simulation.change("commit", to: next, { try $0.commit(batch) }) {
            simulation.statistics.commits += 1
        }
    }
}
