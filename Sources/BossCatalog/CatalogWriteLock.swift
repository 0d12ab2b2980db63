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
/// This lock is taken before any connection, so whoever waits for it holds nothing.
final class CatalogWriteLock: Sendable {
    /// Waits by looking again, as SQLite does.
    private static let pauseMicroseconds: UInt32 = 1000

    private let isHeld = Mutex(false)

    /// Returns false if the lock was not free within the timeout.
    func acquire(timeoutSeconds: Double) -> Bool {
        let end = ContinuousClock.now + .seconds(timeoutSeconds)
        while !tryAcquire() {
            guard ContinuousClock.now < end else { return false }
            usleep(Self.pauseMicroseconds)
        }
        return true
    }

    private func tryAcquire() -> Bool {
        isHeld.withLock { isHeld in
            defer { isHeld = true }
            return !isHeld
        }
    }

    func release() { isHeld.withLock { $0 = false } }
}
