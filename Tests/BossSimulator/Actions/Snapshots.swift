import BossStorage

extension Action {
    static let snapshots = [createSnapshot, dropSnapshot, compareSnapshots]

    /// Of the newest commit or of an older one; one that cannot be read any more is refused.
    private static let createSnapshot = Action(name: "create snapshot", weight: 3, family: "snapshots") {
        simulation in
        let newest = simulation.history.newest
        guard newest.snapshots.count < 6, let engine = simulation.writer?.engine else { return }
        let name = "s\(Int.random(in: 0..<8, using: &simulation.random))"
        let scope = UInt64.random(in: 1...2, using: &simulation.random)
        let old = simulation.chance(50) ? simulation.randomCommit() : nil
        let sequence = old ?? newest.sequence
        simulation.note("\(name) of \(sequence)")
        var next = newest
        next.snapshots.append(ModelSnapshot(name: name, scope: scope, sequence: sequence))
        next.snapshots.sort { ($0.sequence, $0.scope, $0.name) < ($1.sequence, $1.scope, $1.name) }
        do {
            let result = try simulation.change("create snapshot", to: next) { engine in
                try engine.createSnapshot(name, scope: scope, at: old)
                return next.sequence
            }
            guard case .success = result else { return }
            guard !newest.snapshots.contains(where: { $0.name == name && $0.scope == scope }) else {
                throw TestFailure("a snapshot's name twice")
            }
        } catch let refusal as HistoryRefusal {
            simulation.history.retract()
            switch refusal.error {
            case .snapshotExists:
                guard newest.snapshots.contains(where: { $0.name == name && $0.scope == scope }) else {
                    throw TestFailure("\(refusal.error)")
                }
            default: try simulation.checkRefusal(refusal.error, of: sequence, engine, isSnapshot: true)
            }
        }
    }

    private static let dropSnapshot = Action(name: "drop snapshot", weight: 2, family: "snapshots") {
        simulation in
        let newest = simulation.history.newest
        guard let snapshot = newest.snapshots.randomElement(using: &simulation.random) else { return }
        var next = newest
        let isWhole = simulation.chance(20)
        next.snapshots.removeAll { isWhole ? $0.scope == snapshot.scope : $0 == snapshot }
        simulation.note(isWhole ? "scope \(snapshot.scope)" : snapshot.name)
        _ = try simulation.change("drop snapshot", to: next) { engine in
            if isWhole {
                try engine.dropSnapshots(scope: snapshot.scope)
            } else {
                try engine.dropSnapshot(snapshot.name, scope: snapshot.scope)
            }
            return next.sequence
        }
    }

    /// Everything that each snapshot shows.
    private static let compareSnapshots = Action(name: "compare snapshots", weight: 3, family: "snapshots") {
        simulation in
        guard let writer = simulation.writer else { return }
        let newest = simulation.history.newest
        if let difference = try simulation.historyDifference(writer.engine, newest) {
            throw TestFailure(difference)
        }
        for sequence in Set(newest.snapshots.map(\.sequence)).sorted() {
            try simulation.comparePast(writer, sequence)
        }
    }
}

/// The engine has said that a commit, or a name, is not to be had.
struct HistoryRefusal: Error {
    let error: StorageError
}
