import BossStorage

extension Action {
    static let damage = [flipBits]

    /// On a closed copy: a bit that turned over is detected or harmless.
    private static let flipBits = Action(name: "flip bits", weight: 1, needsWriter: false) { simulation in
        guard simulation.history.isCreated else { return }
        let copy = simulation.machine.clone()
        let entry: ModelHistory.Entry
        do {
            let engine = try StorageEngine.open(
                fileSystem: copy, mode: .readWrite(create: false), options: simulation.options)
            entry = try simulation.legalEntry(
                .init(files: copy, engine: engine), simulation.history.legal)
            try engine.close()
        }
        let closed = ClosedDatabase(
            files: copy, options: simulation.options, sequence: entry.sequence, state: entry.state,
            groups: simulation.groups)
        let names = copy.fileNames
        for _ in 0..<Int.random(in: 2...10, using: &simulation.random) {
            guard let path = names.randomElement(using: &simulation.random),
                let length = copy.contents(path)?.count, length > 0
            else { continue }
            let offset = Int.random(in: 0..<length, using: &simulation.random)
            let bit = Int.random(in: 0..<8, using: &simulation.random)
            let damaged = copy.clone()
            try damaged.corrupt(path, offset: offset, bit: bit)
            let asWriter = simulation.chance(50)
            let verdict = try closed.verdict(on: damaged, asWriter: asWriter, simulation.bricks) {
                "bit \(bit) of byte \(offset) of \(path)\(asWriter ? ", by a writer" : "")"
            }
            switch verdict {
            case .detected: simulation.statistics.flipsDetected += 1
            case .harmless: simulation.statistics.flipsHarmless += 1
            }
        }
    }
}
