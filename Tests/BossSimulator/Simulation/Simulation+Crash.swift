import BossStorage

/// What is left when the power goes.
extension Simulation {
    private static let depthLimit = 3

    /// Goes on after a process has ended in the middle of an operation.
    func survive() throws {
        readers.removeAll { $0.process.files.hasEnded && !machine.isDead }
        held.removeAll { isReader($0.process) && $0.process.files.hasEnded && !machine.isDead }
        if machine.isDead {
            try cutPower()
        } else if writer?.files.hasEnded != false {
            note("the process ended")
            publishedOrdinal = 0
            stopFailures(onlyErrors: false)
            forgetWriter()
            statistics.kills += 1
        }
    }

    /// Examines some of the states that a power failure may leave, and goes on from one.
    func cutPower() throws {
        let dead = machine
        statistics.absorb(dead)
        failureWindow = nil
        forgetWriter()
        readers = []
        held = []
        let count = Int.random(in: 1...configuration.imagesPerCrash, using: &random)
        for number in 1...count {
            let image = crash(dead)
            try recover(image, boot: options.bootIdentifier + 1, depth: 1, isAdopted: number == count)
        }
    }

    private func crash(_ dead: SimulatedFileSystem) -> SimulatedFileSystem {
        let damage =
            Int.random(in: 0..<8, using: &random) == 0
            ? UInt64.random(in: 0...1, using: &random) : random.next()
        let mode: DamageMode =
            configuration.tearsAtBytes && Bool.random(using: &random) ? .byte : .sector
        note("power cut, damage \(damage) \(mode)")
        statistics.crashes += 1
        return dead.crash(damageSeed: damage, mode: mode)
    }

    private func recover(
        _ image: SimulatedFileSystem, boot: UInt64, depth: Int, isAdopted: Bool
    ) throws {
        var options = options
        options.bootIdentifier = boot
        if depth < Self.depthLimit, Int.random(in: 0..<4, using: &random) == 0 {
            image.setFaults(.crashAtOperation(Int.random(in: 1...14, using: &random)))
            do {
                _ = try StorageEngine.open(
                    fileSystem: image, mode: .readWrite(create: !history.isCreated), options: options)
            } catch {
                guard image.isDead else { throw TestFailure("recovery: \(error)") }
            }
            if image.isDead {
                statistics.nestedCrashes += 1
                return try recover(crash(image), boot: boot + 1, depth: depth + 1, isAdopted: isAdopted)
            }
            image.setFaults(.none)
        }
        let shown = try readOnly(image, options)
        let files = image.sharedHandle()
        let engine = try StorageEngine.open(
            fileSystem: files, mode: .readWrite(create: !history.isCreated), options: options)
        let process = Process(files: files, engine: engine)
        let entry = try legalEntry(process, history.legal)
        if let shown, shown != entry {
            throw TestFailure("a reader saw commit \(shown.sequence), the next writer \(entry.sequence)")
        }
        // Removals of old roots are not flushed: they come back with a crash, until the next publication.
        try refuseStrays(image, engine, rootLimit: .max)
        statistics.recoveries += 1
        if isAdopted {
            machine = image
            self.options = options
            writer = process
            let doubtful = doubtfulChannels
            history.created()
            history.acknowledge(entry)
            retireChannels(doubtful)
            publishedOrdinal = history.newestOrdinal
        } else if Int.random(in: 0..<3, using: &random) == 0 {
            try goOn(process, entry, image, options)
        }
    }

    /// Opens for reading, which must write nothing but a lease.
    private func readOnly(
        _ image: SimulatedFileSystem, _ options: StorageOptions
    ) throws -> ModelHistory.Entry? {
        guard Bool.random(using: &random) else { return nil }
        let files = image.sharedHandle()
        image.startTrace()
        defer { _ = image.endTrace() }
        do {
            let reader = try StorageEngine.open(fileSystem: files, mode: .readOnly, options: options)
            let entry = try legalEntry(
                Process(files: files, engine: reader), history.legal)
            try refuseWrites(image.endTrace())
            return entry
        } catch StorageError.notADatabase where !history.isCreated {
            return nil
        }
    }

    /// Works a little on a state that the run does not go on from.
    private func goOn(
        _ process: Process, _ entry: ModelHistory.Entry, _ image: SimulatedFileSystem,
        _ options: StorageOptions
    ) throws {
        var next = entry
        next.sequence += 1
        var batch = WriteBatch(base: try process.engine.view())
        for key in randomKeys(2) where !doubtfulChannels.contains(key.group.channel) {
            let change = newChange(over: next.state, key, allowsDelta: false)
            batch.put(try bricks.page(key, change), dependsOnBase: true)
            next.state.apply(key, change, sequence: next.sequence)
        }
        guard !batch.isEmpty else { return }
        guard try process.engine.commit(batch) == next.sequence else {
            throw TestFailure("another number than \(next.sequence)")
        }
        _ = try legalEntry(process, [next])
        if Bool.random(using: &random) { try process.engine.checkpoint() }
        if Bool.random(using: &random) {
            try Self.maintainToTheEnd(process.engine)
            try checkUpkeep(process.engine, image, hasLoads: false)
            _ = try legalEntry(process, [next])
        }
        try process.engine.close()
        let again = try StorageEngine.open(
            fileSystem: process.files, mode: .readWrite(create: false), options: options)
        _ = try legalEntry(
            Process(files: process.files, engine: again), [next])
        try refuseStrays(image, again)
    }
}
