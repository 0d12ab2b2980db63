import BossStorage

extension Action {
    static let readers = [openReader, closeReader, compareReader]

    private static let openReader = Action(
        name: "open reader", weight: 4, family: "readers", needsWriter: false
    ) { simulation in
        guard simulation.readers.count < simulation.configuration.readerLimit, simulation.history.isCreated
        else { return }
        let files = simulation.machine.sharedHandle()
        let failures = simulation.machine.failureCount
        let opened = try simulation.attempt("open of a reader", by: files) {
            try StorageEngine.open(fileSystem: files, mode: .readOnly, options: simulation.options)
        }
        guard case .success(let engine) = opened else { return }
        simulation.readers.append(
            .init(
                process: .init(files: files, engine: engine), floor: 0,
                hasLease: simulation.machine.failureCount == failures))
        try simulation.compareReader(simulation.readers.count - 1, simulation.groups)
    }

    private static let closeReader = Action(
        name: "close reader", weight: 1, family: "readers", needsWriter: false
    ) { simulation in
        guard let index = simulation.readers.indices.randomElement(using: &simulation.random) else { return }
        let reader = simulation.readers.remove(at: index)
        try reader.process.engine.close()
    }

    private static let compareReader = Action(
        name: "compare reader", weight: 4, family: "readers", needsWriter: false
    ) {
        simulation in
        guard let index = simulation.readers.indices.randomElement(using: &simulation.random) else { return }
        try simulation.compareReader(index, simulation.groups)
        do {
            try simulation.readers[index].process.engine.checkpoint()
            throw TestFailure("a reader wrote")
        } catch StorageError.readOnly {}
    }
}
