import BossStorage

/// A bulk load that is open while others commit.
struct OpenBulk {
    let bulk: BulkTransaction
    var changes: [(key: CuboidKey, change: PageChange)] = []
    var reads: Set<CuboidKey> = []
    var shown: ModelState
}

extension Action {
    static let bulkLoads = [load, openBulk, extendBulk, commitBulk, abortBulk]

    /// A whole load at once, committed or given up.
    private static let load = Action(name: "bulk load", weight: 4) { simulation in
        guard let index = try simulation.beginBulk() else { return }
        let count = Int.random(in: 1...8, using: &simulation.random)
        for _ in 0..<count { try simulation.add(to: index) }
        let open = simulation.bulks.remove(at: index)
        if simulation.chance(20) {
            open.bulk.abort()
            simulation.note("given up")
        } else {
            try simulation.commit(open)
        }
    }

    private static let openBulk = Action(name: "begin bulk load", weight: 3, family: "bulk loads") {
        simulation in
        guard simulation.bulks.count < 2 else { return }
        _ = try simulation.beginBulk()
    }

    private static let extendBulk = Action(name: "add to bulk load", weight: 8, family: "bulk loads") {
        simulation in
        guard let index = simulation.bulks.indices.randomElement(using: &simulation.random) else { return }
        try simulation.add(to: index)
    }

    private static let commitBulk = Action(name: "commit of a bulk load", weight: 3, family: "bulk loads") {
        simulation in
        guard let index = simulation.bulks.indices.randomElement(using: &simulation.random) else { return }
        try simulation.commit(simulation.bulks.remove(at: index))
    }

    private static let abortBulk = Action(name: "give up a bulk load", weight: 1, family: "bulk loads") {
        simulation in
        simulation.bulks.popLast()?.bulk.abort()
    }
}

extension Simulation {
    fileprivate func beginBulk() throws -> Int? {
        let shown = history.newest.state
        guard case .success(let bulk) = try write("begin of a bulk load", { try $0.beginBulk() }) else {
            return nil
        }
        bulks.append(OpenBulk(bulk: bulk, shown: shown))
        return bulks.count - 1
    }

    fileprivate func add(to index: Int) throws {
        guard let writer else { return }
        let key = randomKey()
        guard !bulks[index].changes.contains(where: { $0.key == key }) else { return }
        let change = newChange(over: bulks[index].shown, key, allowsDelta: false)
        let dependsOnBase = chance(25)
        let page = try bricks.page(key, change)
        // A page that could not be written stays read.
        if dependsOnBase { bulks[index].reads.insert(key) }
        let bulk = bulks[index].bulk
        // Only the commit is refused by a writer that has stopped.
        let added = try write("add", isRefusedWhenStopped: false) { _ in
            try bulk.add(page, dependsOnBase: dependsOnBase)
        }
        guard case .success = added else { return }
        bulks[index].changes.append((key, change))
        bulks[index].shown.apply(key, change, sequence: .max)
        try compare(
            "view of a bulk load", writer, bulk.view, bulks[index].shown,
            [(key.group, [key.morton])] + sampleGroups(1))
    }

    fileprivate func commit(_ open: OpenBulk) throws {
        guard !open.changes.isEmpty else { return }
        keepOrderOfReads(open.reads)
        let conflict = Conflict(open.reads, since: open.bulk.base.sequence, history.newest)
        try commit(open.changes, conflict) { _ in try open.bulk.commit() }
    }
}
