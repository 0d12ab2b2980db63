import BossStorage

extension Action {
    static let deletions = [deleteBox]

    /// A box, and now and then pages that are written in the same commit before and after it.
    private static let deleteBox = Action(name: "delete box", weight: 4) { simulation in
        guard let writer = simulation.writer else { return }
        let box = simulation.randomBox()
        var batch = WriteBatch(base: try writer.engine.view())
        for _ in 0..<Int.random(in: 0...2, using: &simulation.random) {
            let key = simulation.randomKey()
            guard box.contains(key) else { continue }
            let change = PageChange.full((0..<PageChange.brickCount).map { _ in simulation.newContent() })
            batch.put(try simulation.bricks.page(key, change), dependsOnBase: false)
        }
        batch.delete(box.group, lowest: box.lowest, highest: box.highest)
        var changes: [(key: CuboidKey, change: PageChange)] = []
        if simulation.chance(40) {
            for key in simulation.randomKeys(3) {
                var shown = simulation.history.newest.state
                shown.delete(box)
                let change = simulation.newChange(over: shown, key, allowsDelta: true)
                batch.put(try simulation.bricks.page(key, change), dependsOnBase: true)
                changes.append((key, change))
            }
        }
        try simulation.commit(changes, deletions: [box], .none) { try $0.commit(batch) }
    }
}
