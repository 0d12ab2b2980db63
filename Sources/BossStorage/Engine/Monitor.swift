#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A lock with a condition, for threads that wait for another one's flush.
///
/// The state is reached only between `pthread_mutex_lock` and `unlock`, which is the proof behind
/// `@unchecked Sendable`.
final class Monitor<State>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var state: State

    init(_ state: State) {
        self.state = state
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` with the lock held.
    func withLock<R, E: Error>(_ body: (inout State) throws(E) -> R) throws(E) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&state)
    }

    /// Gives the lock up until another thread calls `wakeAll`; the caller holds it and checks again.
    func wait() { pthread_cond_wait(condition, mutex) }

    /// Gives the lock up until another thread calls `wakeAll` or the time is over; false when it is.
    func wait(microseconds: Int) -> Bool {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        time.tv_sec += microseconds / 1_000_000
        time.tv_nsec += microseconds % 1_000_000 * 1000
        if time.tv_nsec >= 1_000_000_000 {
            time.tv_sec += 1
            time.tv_nsec -= 1_000_000_000
        }
        return pthread_cond_timedwait(condition, mutex, &time) == 0
    }

    /// Wakes every waiting thread; the caller holds the lock.
    func wakeAll() { pthread_cond_broadcast(condition) }

    /// Runs `body` without the lock, which the caller holds and holds again afterwards.
    func unlocked<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        pthread_mutex_unlock(mutex)
        defer { pthread_mutex_lock(mutex) }
        return try body()
    }
}
