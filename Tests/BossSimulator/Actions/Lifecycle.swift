import BossStorage

extension Action {
    static let lifecycle = [checkpoint, reopen, kill, evict, secondWriter]

    private static let checkpoint = Action(name: "checkpoint", weight: 2) { simulation in
        _ = try simulation.write("checkpoint") { try $0.checkpoint() }
    }

    private static let reopen = Action(name: "close and reopen", weight: 2) { simulation in
        guard let process = simulation.writer else { return }
        _ = try simulation.write("close", isRefusedWhenStopped: false) { try $0.close() }
        do {
            try process.engine.checkpoint()
            throw TestFailure("a closed engine wrote")
        } catch StorageError.closed {}
        try process.engine.close()
        simulation.batches = []
        simulation.bulks = []
        // The next writer knows nothing of views of a handle that was closed.
        for index in simulation.held.indices where simulation.held[index].process.engine === process.engine {
            simulation.held[index].mayFail = true
        }
        simulation.writer = nil
        try simulation.openWriter()
    }

    private static let kill = Action(name: "kill", weight: 1) { simulation in
        simulation.killWriter()
        try simulation.openWriter()
    }

    private static let evict = Action(name: "evict pool", weight: 1) { simulation in
        simulation.writer?.engine.evictPool()
    }

    private static let secondWriter = Action(name: "second writer", weight: 1) { simulation in
        let files = simulation.machine.sharedHandle()
        do {
            _ = try StorageEngine.open(
                fileSystem: files, mode: .readWrite(create: true), options: simulation.options)
            throw TestFailure("a second writer")
        } catch StorageError.locked {
        } catch let error as StorageError {
            // A failure that was made to happen may come first.
            if files.hasEnded { throw ProcessEnded() }
            guard case .inputOutput = error, simulation.failureWindow != nil else { throw error }
        }
    }
}
