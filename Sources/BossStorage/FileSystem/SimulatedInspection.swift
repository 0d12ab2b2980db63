import Synchronization

/// What tests ask and do beside the seam; nothing here counts as an operation.
extension SimulatedFileSystem {
    /// Operations so far, since the start or the last `setFaults`.
    package var operationCount: Int { disk.state.withLock { $0.faults.total } }

    /// Mutating operations so far, the ones that `crashAtOperation` numbers.
    package var mutatingOperationCount: Int { disk.state.withLock { $0.faults.mutating } }

    /// Operations of one kind so far.
    package func operationCount(of kind: OperationKind) -> Int {
        disk.state.withLock { $0.faults.count(of: kind) }
    }

    /// Replaces the plan and counts from 0 again.
    package func setFaults(_ plan: FaultPlan) {
        disk.state.withLock { $0.faults = FaultCounter(plan: plan) }
    }

    /// The plan in force.
    package var faultPlan: FaultPlan { disk.state.withLock { $0.faults.plan } }

    /// Whether the machine has crashed.
    package var isDead: Bool { disk.state.withLock { $0.isDead } }

    /// Whether this process has ended, with the machine or alone.
    package var hasEnded: Bool { disk.state.withLock { $0.isDead || $0.endedOwners.contains(owner) } }

    /// Operations of this machine that failed by injection or for lack of room, whatever plan was in force.
    package var failureCount: Int {
        disk.state.withLock { $0.refusalCount + $0.injectedCounts.reduce(0, +) }
    }

    /// Injected failures of a kind of operation, whatever plan was in force.
    package func injectedCount(of kind: OperationKind) -> Int {
        disk.state.withLock { $0.injectedCounts[kind.rawValue] }
    }

    /// Operations that the quota refused.
    package var refusalCount: Int { disk.state.withLock { $0.refusalCount } }

    /// Starts to record operations, from none.
    package func startTrace() {
        disk.state.withLock { $0.trace = [] }
    }

    /// The operations recorded so far, which are taken out; recording goes on.
    package func takeTrace() -> [TracedOperation] {
        disk.state.withLock { state in
            guard let trace = state.trace else { return [] }
            state.trace = []
            return trace
        }
    }

    /// Stops to record, and returns what was recorded.
    package func endTrace() -> [TracedOperation] {
        disk.state.withLock { state in
            defer { state.trace = nil }
            return state.trace ?? []
        }
    }

    /// Lets time go by.
    package func advanceClock(microseconds: Int64) { disk.state.withLock { $0.advance(microseconds) } }

    /// The time, which this does not move.
    package var clock: Int64 { disk.state.withLock { $0.microseconds } }

    /// Paths of all files as the running system sees them, sorted.
    package var fileNames: [String] {
        disk.state.withLock { state in
            state.names.visible.flatMap { directory, files in
                files.keys.map { directory.isEmpty ? $0 : directory + "/" + $0 }
            }.sorted()
        }
    }

    /// The bytes that reads see.
    package func contents(_ path: String) -> [UInt8]? {
        disk.state.withLock { state in
            state.names.inode(EntryPath(path)).map { state.inodes[$0].visible.bytes() }
        }
    }

    /// The bytes that every crash leaves at least, found by the present name.
    package func durableContents(_ path: String) -> [UInt8]? {
        disk.state.withLock { state in
            state.names.inode(EntryPath(path)).map { state.inodes[$0].durable.bytes() }
        }
    }

    /// Bytes that the quota counts.
    package var usedByteCount: Int { disk.state.withLock { $0.usedByteCount } }

    /// Turns over one bit on the disk and in the cache.
    ///
    /// - Throws: `.notFound`.
    /// - Precondition: the offset lies inside the file; `bit` is 0 to 7.
    package func corrupt(_ path: String, offset: Int, bit: Int) throws(StorageError) {
        try edit(path) { inode in
            inode.visible.flip(bit: bit, at: offset)
            if offset < inode.durable.byteCount { inode.durable.flip(bit: bit, at: offset) }
        }
    }

    /// Cuts or extends a file, durably.
    ///
    /// - Throws: `.notFound`.
    package func truncateForTest(_ path: String, byteCount: Int) throws(StorageError) {
        precondition(byteCount >= 0 && byteCount <= SimulatedContent.limit, "no such length")
        try edit(path) { inode in
            inode.visible.setByteCount(byteCount)
            inode.durable = inode.visible
            inode.unsynced = []
        }
    }

    /// Writes bytes into a file, durably.
    ///
    /// - Throws: `.notFound`.
    package func overwriteForTest(_ path: String, _ bytes: [UInt8], at offset: Int) throws(StorageError) {
        precondition(offset >= 0 && offset <= SimulatedContent.limit - bytes.count, "no such place")
        try edit(path) { inode in
            inode.visible.apply(.write(offset: offset, bytes: bytes))
            inode.durable.apply(.write(offset: offset, bytes: bytes))
        }
    }

    private func edit(_ path: String, _ change: (inout SimulatedInode) -> Void) throws(StorageError) {
        try disk.access { state throws(StorageError) in
            guard let inode = state.names.inode(EntryPath(path)) else { throw .notFound(file: path) }
            change(&state.inodes[inode])
        }
    }
}
