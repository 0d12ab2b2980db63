import BossSimulator
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Runs seeds on some threads and reports.
final class Torture: Sendable {
    private struct Progress: Sendable {
        var nextSeed: UInt64
        var statistics = SimulationStatistics()
        var failure: SimulationFailure?
        var runningThreads = 0
    }

    private let options: TortureOptions
    private let start = ContinuousClock.now
    private let progress: Mutex<Progress>

    /// Seconds between two lines.
    private static let interval = 5.0

    init(_ options: TortureOptions) {
        self.options = options
        progress = Mutex(Progress(nextSeed: options.seed, runningThreads: options.threads))
    }

    /// - Returns: the exit status.
    func run() -> Int32 {
        StateBoard.install()
        for slot in 0..<options.threads { startThread { self.work(slot) } }
        var nextLine = Self.interval
        while progress.withLock({ $0.runningThreads }) > 0 {
            usleep(20_000)
            if seconds >= nextLine {
                nextLine = seconds + Self.interval
                report("", progress.withLock { $0 })
            }
        }
        let last = progress.withLock { $0 }
        report("total: ", last)
        guard let failure = last.failure else { return 0 }
        print("FAILED: \(failure)")
        fflush(nil)
        shrink(failure)
        print("repeat with: bossql-torture --seed \(failure.seed) --runs 1 --threads 1")
        return 1
    }

    /// Does some operations of one seed.
    ///
    /// - Returns: the exit status.
    static func repeated(_ seed: UInt64, _ operations: [Int]) -> Int32 {
        StateBoard.install()
        let count = (operations.max() ?? 0) + 1
        do {
            let simulation = Simulation(seed: seed, operationCount: count)
            try simulation.run(skipping: Set(0..<count).subtracting(operations))
        } catch {
            print("FAILED: \(error)")
            return 1
        }
        return 0
    }

    private var seconds: Double {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return Double(seconds) + Double(attoseconds) / 1e18
    }

    private func work(_ slot: Int) {
        while let seed = nextSeed() {
            StateBoard.begin(seed, slot: slot)
            let simulation = Simulation(seed: seed)
            var failure: SimulationFailure?
            do { try simulation.run() } catch { failure = error as? SimulationFailure }
            StateBoard.end(slot: slot)
            let statistics = simulation.statistics
            progress.withLock { progress in
                progress.statistics += statistics
                if let failure, progress.failure == nil { progress.failure = failure }
            }
        }
        progress.withLock { $0.runningThreads -= 1 }
    }

    private func nextSeed() -> UInt64? {
        if StateBoard.isInterrupted { return nil }
        if let limit = options.seconds, seconds >= limit { return nil }
        return progress.withLock { progress in
            if progress.failure != nil { return nil }
            if let runs = options.runs, progress.nextSeed - options.seed >= runs { return nil }
            defer { progress.nextSeed += 1 }
            return progress.nextSeed
        }
    }

    private func report(_ head: String, _ progress: Progress) {
        let done = progress.statistics
        let rate = { (count: Int) in Int(Double(count) / max(0.001, self.seconds)) }
        print(
            "\(head)\(Int(seconds)) s, seeds \(options.seed)..<\(progress.nextSeed): \(done.runs) runs, "
                + "\(done.operations) operations compared (\(rate(done.operations))/s), \(done.commits) commits, "
                + "\(done.conflicts) conflicts, \(done.crashes) crashes (\(rate(done.crashes))/s, "
                + "\(done.nestedCrashes) within recovery), \(done.kills) kills, \(done.recoveries) recoveries, "
                + "\(done.refusals) refusals by a full disk, bits flipped: \(done.flipsDetected) detected, "
                + "\(done.flipsHarmless) harmless; \(done.upkeepSteps) steps of maintenance, "
                + "\(done.rewrites) rewrites, \(done.pasts) older commits compared, "
                + "\(done.refusedPasts) given up; failures \(done.faultCount): \(done.faultText)")
        fflush(nil)
    }

    private func shrink(_ failure: SimulationFailure) {
        guard let (shortest, operations) = Simulation.shrunk(failure, attempts: 300) else {
            print("the same seed did not fail again")
            return
        }
        print("fails too with operations \(operations) alone: \(shortest)")
    }

    private func startThread(_ body: @escaping @Sendable () -> Void) {
        final class Box: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, 8 << 20)
        var thread = pthread_t()
        pthread_create(
            &thread, &attributes,
            { context in
                if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body() }
                return nil
            }, Unmanaged.passRetained(Box(body)).toOpaque())
        pthread_attr_destroy(&attributes)
    }
}
