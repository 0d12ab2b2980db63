import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension StorageEngine {
    /// Starts a thread that does maintenance until the engine is closed. A second start does nothing.
    package func startMaintenance() {
        guard !isReadOnly else { return }
        let isFirst = writer.withLock { state in
            defer { state.hasMaintenanceThread = true }
            return !state.hasMaintenanceThread
        }
        guard isFirst else { return }
        var thread = pthread_t()
        let context = Unmanaged.passRetained(MaintenanceThread(engine: self)).toOpaque()
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<MaintenanceThread>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context)
        precondition(status == 0, "the system has no thread left")
        pthread_detach(thread)
    }

    /// Stops the thread and waits until it has ended.
    func stopMaintenance() {
        isStopping.store(true, ordering: .relaxed)
        writer.withLock { state in
            writer.wakeAll()
            while state.hasMaintenanceThread { writer.wait() }
        }
    }
}

/// Does one step after the other and sleeps when there is nothing to do.
private final class MaintenanceThread: Sendable {
    /// How long it sleeps at most: files of readers that have ended, and history that grows old, wait for it.
    private static let idleMilliseconds = 1000
    /// How long it waits after an error before it tries again.
    private static let errorMilliseconds = 1000
    /// Bytes of pages that are verified in a second without other work: a terabyte in 35 hours.
    private static let scrubByteCount = 8 << 20

    private let engine: StorageEngine

    init(engine: StorageEngine) { self.engine = engine }

    func run() {
        while !engine.isStopping.load(ordering: .relaxed) {
            // A person goes first.
            while engine.waitingCompactionCount.load(ordering: .relaxed) > 0,
                !engine.isStopping.load(ordering: .relaxed)
            {
                Pause.microseconds(StorageEngine.lockPauseMicroseconds)
            }
            do throws(StorageError) {
                let step = try engine.maintain()
                engine.writer.withLock { $0.upkeep.lastFailure = nil }
                if step != nil { continue }
                // A step of scrubbing a second, while there is nothing else to do.
                _ = try engine.scrub(byteCount: Self.scrubByteCount)
                sleep(Self.idleMilliseconds) { $0.upkeep.isIdle }
            } catch {
                if case .closed = error { break }
                engine.writer.withLock { state in
                    state.upkeep.lastFailure = error
                    // Writers must not wait for what cannot be done.
                    state.upkeep.isIdle = true
                    engine.writer.wakeAll()
                }
                sleep(Self.errorMilliseconds) { _ in true }
            }
        }
        engine.writer.withLock { state in
            state.hasMaintenanceThread = false
            engine.writer.wakeAll()
        }
    }

    /// Sleeps until the time is over, there is something to do, or the engine closes.
    private func sleep(_ milliseconds: Int, while isQuiet: (WriterState) -> Bool) {
        engine.writer.withLock { state in
            let end = ContinuousClock.now + .milliseconds(milliseconds)
            while isQuiet(state), !engine.isStopping.load(ordering: .relaxed), ContinuousClock.now < end {
                _ = engine.writer.wait(microseconds: milliseconds * 1000)
            }
        }
    }
}
