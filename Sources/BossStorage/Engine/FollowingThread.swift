import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension StorageEngine {
    /// Starts a thread by which a read-only handle follows the writer while nobody asks it anything: else it would hold
    /// the files of the state that it showed last, and everything that the writer replaces from then on.
    ///
    /// The thread ends with the handle, closed or not.
    package func startFollowing() {
        guard isReadOnly else { return }
        var thread = pthread_t()
        let context = Unmanaged.passRetained(FollowingThread(engine: self)).toOpaque()
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<FollowingThread>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context)
        precondition(status == 0, "the system has no thread left")
        pthread_detach(thread)
    }

    /// Follows unless the handle is being closed, after which it must not hold anything again.
    fileprivate func followIdly() {
        follower.withLock { follower in
            guard !isStopping.load(ordering: .relaxed) else { return }
            // Who asks next is told what is wrong.
            try? takeOverNewest(&follower)
        }
    }
}

private final class FollowingThread: Sendable {
    private static let intervalMicroseconds = 1_000_000

    private struct Handle {
        weak var engine: StorageEngine?
    }
    private let handle: Mutex<Handle>

    init(engine: StorageEngine) { handle = Mutex(Handle(engine: engine)) }

    func run() {
        while true {
            Pause.microseconds(Self.intervalMicroseconds)
            guard let engine = handle.withLock({ $0.engine }), !engine.isStopping.load(ordering: .relaxed)
            else { return }
            engine.followIdly()
        }
    }
}
