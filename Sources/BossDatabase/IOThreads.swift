import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A few threads of our own for the `async` forms: blocking file I/O must not hold a thread of Swift's
/// cooperative pool, which has no more of them than cores.
///
/// The queue is not bounded itself; every caller awaits its own operation, so it holds at most one entry
/// a waiting task.
final class IOThreads: Sendable {
    static let shared = IOThreads(count: 4)

    private let queue: WorkQueue

    init(count: Int) {
        queue = WorkQueue()
        for _ in 0..<count { queue.startThread() }
    }

    /// Runs blocking work on one of the threads.
    func run<R: Sendable>(_ work: @escaping @Sendable () throws(DatabaseError) -> R)
        async throws(DatabaseError) -> R
    {
        let result: Result<R, DatabaseError> = await withCheckedContinuation { continuation in
            queue.add { continuation.resume(returning: Result { () throws(DatabaseError) in try work() }) }
        }
        return try result.get()
    }
}

/// Jobs in order of arrival. The list is reached only with the mutex held, which is the proof behind
/// `@unchecked Sendable`.
private final class WorkQueue: @unchecked Sendable {
    private var jobs: [@Sendable () -> Void] = []
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    func add(_ job: @escaping @Sendable () -> Void) {
        pthread_mutex_lock(mutex)
        jobs.append(job)
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Starts a thread that lives as long as the process.
    func startThread() {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self).toOpaque()
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let queue = Unmanaged<WorkQueue>.fromOpaque(context).takeUnretainedValue()
                while true { queue.next()() }
            }, context)
        precondition(status == 0, "the system has no thread left")
        pthread_detach(thread)
    }

    private func next() -> @Sendable () -> Void {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while jobs.isEmpty { pthread_cond_wait(condition, mutex) }
        return jobs.removeFirst()
    }
}
