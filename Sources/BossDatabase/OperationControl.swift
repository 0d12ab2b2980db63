import Synchronization

/// Stops a running operation from another thread.
public final class Cancellation: Sendable {
    private let flag = Atomic<Bool>(false)

    /// Not cancelled yet.
    public init() {}

    /// Asks the operation to stop; it fails with 57014 at its next brick or slab.
    public func cancel() { flag.store(true, ordering: .relaxed) }

    /// Whether `cancel` was called.
    public var isCancelled: Bool { flag.load(ordering: .relaxed) }

    /// - Throws: `DatabaseError` 57014 once cancelled.
    public func check() throws(DatabaseError) {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.ignoreCancellation) { return }
        #endif
        if isCancelled { throw DatabaseError("57014", "the statement was cancelled") }
    }
}

/// How far a long operation is.
public struct Progress: Sendable {
    /// What is being done, for example `import lab/mri/t1`.
    public let title: String
    /// Voxel bytes done.
    public let completedByteCount: Int
    /// Voxel bytes in all, or nil when unknown.
    public let totalByteCount: Int?

    /// A state of progress.
    public init(title: String, completedByteCount: Int, totalByteCount: Int?) {
        self.title = title
        self.completedByteCount = completedByteCount
        self.totalByteCount = totalByteCount
    }
}

/// How a long operation reports and is stopped.
public struct OperationControl: Sendable {
    /// Stops the operation.
    public let cancellation: Cancellation
    /// Called now and then from a working thread, never under a lock.
    public let progress: (@Sendable (Progress) -> Void)?

    /// Controls for one operation.
    public init(
        cancellation: Cancellation = Cancellation(), progress: (@Sendable (Progress) -> Void)? = nil
    ) {
        self.cancellation = cancellation
        self.progress = progress
    }
}
