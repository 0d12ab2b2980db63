import BossStorage

/// A transaction that is open while others commit.
struct OpenBatch {
    var batch: WriteBatch
    /// Boxes that it deletes, before the changes.
    var deletions: [ModelBox] = []
    var changes: [(key: CuboidKey, change: PageChange)] = []
    /// Cuboids that the batch was made from.
    var reads: Set<CuboidKey> = []
    /// What the batch's own view shows.
    var shown: ModelState

    /// Whether something that was read has changed since.
    func conflict(_ newest: ModelHistory.Entry) -> Conflict {
        Conflict(reads, deletions, since: batch.base.sequence, newest)
    }
}

/// Whether a commit has to be refused.
enum Conflict: Sendable {
    case none, certain
    /// Only cuboids that were never written lie in boxes that were deleted: nothing has changed, but who deletes
    /// them may be remembered.
    case possible

    /// - Parameter deletions: boxes of which nothing may have changed.
    init(
        _ reads: Set<CuboidKey>, _ deletions: [ModelBox] = [], since sequence: UInt64,
        _ newest: ModelHistory.Entry
    ) {
        let cuboids = newest.state.cuboids
        let later = newest.state.deletions.filter { $0.sequence > sequence }
        let isDeletionLate = cuboids.contains { key, cuboid in
            cuboid.sequence > sequence && deletions.contains { $0.contains(key) }
        }
        if isDeletionLate || reads.contains(where: { (cuboids[$0]?.sequence ?? 0) > sequence }) {
            self = .certain
        } else if later.contains(where: { other in
            reads.contains { other.box.contains($0) } || deletions.contains { $0.overlaps(other.box) }
        }) {
            self = .possible
        } else {
            self = .none
        }
    }
}

extension Action {
    static let batches = [openBatch, extendBatch, deleteInBatch, commitBatch, discardBatch]

    private static let openBatch = Action(name: "begin", weight: 6, family: "batches") { simulation in
        guard let engine = simulation.writer?.engine, simulation.batches.count < 4 else { return }
        simulation.batches.append(
            OpenBatch(batch: WriteBatch(base: try engine.view()), shown: simulation.history.newest.state))
    }

    private static let extendBatch = Action(name: "put", weight: 12, family: "batches") { simulation in
        guard let index = simulation.batches.indices.randomElement(using: &simulation.random) else { return }
        try simulation.put(into: index)
    }

    private static let commitBatch = Action(name: "commit of a batch", weight: 8, family: "batches") {
        simulation in
        guard let index = simulation.batches.indices.randomElement(using: &simulation.random) else { return }
        let open = simulation.batches.remove(at: index)
        guard !open.changes.isEmpty || !open.deletions.isEmpty else { return }
        simulation.keepOrderOfReads(open.reads)
        try simulation.commit(
            open.changes, deletions: open.deletions, open.conflict(simulation.history.newest)
        ) { try $0.commit(open.batch) }
    }

    private static let deleteInBatch = Action(name: "delete in a batch", weight: 3, family: "batches") {
        simulation in
        guard let index = simulation.batches.indices.randomElement(using: &simulation.random) else { return }
        try simulation.delete(in: index)
    }

    private static let discardBatch = Action(name: "roll back", weight: 1, family: "batches") { simulation in
        _ = simulation.batches.popLast()
    }
}

extension Simulation {
    fileprivate func put(into index: Int) throws {
        guard let writer else { return }
        let key = randomKey()
        var open = batches[index]
        var change = newChange(over: open.shown, key, allowsDelta: true)
        var dependsOnBase = chance(50)
        let position = open.changes.firstIndex { $0.key == key }
        if case .delta(var contents) = change {
            // A batch has one page a cuboid: a pending delta's bricks are repeated, and what is none stays none.
            for brick in open.batch.pendingBricks(key) where contents[brick] == nil {
                contents[brick] = open.shown.contents(of: key)[brick]
            }
            change = .delta(contents)
            if let position {
                if case .delta = open.changes[position].change {
                } else {
                    var whole = open.shown.contents(of: key)
                    for (brick, content) in contents { whole[brick] = content }
                    change = .full(Array(whole))
                }
            }
            dependsOnBase = true
        }
        let base = open.shown.cuboids[key]?.sequence ?? 0
        open.batch.put(
            try bricks.page(key, change, over: min(base, open.batch.base.sequence)),
            dependsOnBase: dependsOnBase)
        if let position {
            open.changes[position].change = change
        } else {
            open.changes.append((key, change))
        }
        if dependsOnBase { open.reads.insert(key) }
        open.shown.apply(key, change, sequence: .max)
        batches[index] = open
        try compare(
            "view of a batch", writer, open.batch.view, open.shown,
            [(key.group, [key.morton])] + sampleGroups(1))
    }

    /// Deletes a box; what the batch wrote there before goes too.
    fileprivate func delete(in index: Int) throws {
        guard let writer else { return }
        let box = randomBox()
        var open = batches[index]
        open.batch.delete(box.group, lowest: box.lowest, highest: box.highest)
        open.changes.removeAll { box.contains($0.key) }
        open.deletions.append(box)
        open.shown.delete(box, sequence: .max)
        batches[index] = open
        try compare("view of a batch", writer, open.batch.view, open.shown, groups)
    }

    /// A commit that may have to be refused.
    func commit(
        _ changes: [(key: CuboidKey, change: PageChange)], deletions: [ModelBox] = [], _ conflict: Conflict,
        _ body: (StorageEngine) throws -> UInt64
    ) throws {
        let next = nextCommit(changes, deletions: deletions)
        note(
            "\(changes.count) cuboids and \(deletions.count) deletions as \(next.sequence), conflict: \(conflict)"
        )
        switch try change("commit", to: next, body) {
        case .success:
            guard conflict != .certain else { throw TestFailure("a conflict was not noticed") }
            statistics.commits += 1
        case .failure(.writeConflict):
            guard conflict != .none else { throw TestFailure("a conflict without reason") }
            statistics.conflicts += 1
        case .failure: break
        }
    }
}
