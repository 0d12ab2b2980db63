import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Who of the threads that use one handle may change the catalog.
///
/// SQLite's lock would do for a file. But it is waited for on a connection, and the operations of a handle share one:
/// who waits there keeps readers waiting too, and the next writer waits for the wait to end before its own begins.
/// This lock is taken before any connection, so whoever waits for it holds nothing. Who comes first is served first.
final class CatalogWriteLock: Sendable {
    /// Waits by looking again, as SQLite does.
    private static let pauseMicroseconds: UInt32 = 1000

    private struct State: Sendable {
        var isHeld = false
        /// Who waits, in the order of arrival.
        var waiting: [UInt64] = []
        var lastNumber: UInt64 = 0
    }

    private let state = Mutex(State())

    /// Returns false if the lock was not free within the timeout.
    func acquire(timeoutSeconds: Double) -> Bool {
        guard let number = takeOrWait() else { return true }
        let end = ContinuousClock.now + .seconds(timeoutSeconds)
        repeat {
            usleep(Self.pauseMicroseconds)
            if take(number) { return true }
        } while ContinuousClock.now < end
        state.withLock { state in state.waiting.removeAll { $0 == number } }
        return false
    }

    /// Takes the lock if nobody has it or waits for it; else returns the number under which to wait.
    private func takeOrWait() -> UInt64? {
        state.withLock { state in
            guard state.isHeld || !state.waiting.isEmpty else {
                state.isHeld = true
                return nil
            }
            state.lastNumber += 1
            state.waiting.append(state.lastNumber)
            return state.lastNumber
        }
    }

    /// Takes the lock if it is free and nobody came earlier.
    private func take(_ number: UInt64) -> Bool {
        state.withLock { state in
            guard !state.isHeld, state.waiting.first == number else { return false }
            state.isHeld = true
            state.waiting.removeFirst()
            return true
        }
    }

    func release() { state.withLock { $0.isHeld = false } }
}
