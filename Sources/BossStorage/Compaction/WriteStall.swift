import Synchronization

extension StorageEngine {
    /// Lets a writer wait while the database would take more space than its bound, or compaction is far behind.
    ///
    /// Only while maintenance runs on a thread and finds something to do; the writer's monitor is given up meanwhile.
    func awaitRoom(_ state: WriterState, adding byteCount: UInt64) throws(StorageError) {
        var started: Int64?
        defer { if started != nil { stalledWriterCount.subtract(1, ordering: .relaxed) } }
        while state.hasMaintenanceThread, isCrowded(state, adding: byteCount) {
            if started == nil {
                started = fileSystem.microsecondsSince1970()
                stalledWriterCount.add(1, ordering: .relaxed)
                // What was not worth the effort before may be now.
                state.upkeep.isIdle = false
                state.upkeep.stallCount += 1
                writer.wakeAll()
            } else if state.upkeep.isIdle {
                break
            }
            writer.wait()
            try checkWritable(state)
        }
        if let started {
            state.upkeep.stallMicroseconds += max(0, fileSystem.microsecondsSince1970() - started)
        }
    }

    private func isCrowded(_ state: WriterState, adding byteCount: UInt64) -> Bool {
        let usage = usage(state)
        let wanted = usage.total &+ usage.inFlight &+ byteCount
        return usage.levelZeroCount >= options.levelZeroStallLimit
            || wanted &- usage.compacting > usage.writeBound || wanted > usage.bound
    }

    /// Counts bytes of files that are not committed, and waits for room before there are more of them.
    func reserveInFlight(_ byteCount: Int) throws(StorageError) {
        try writer.withLock { (state) throws(StorageError) in
            try awaitRoom(state, adding: UInt64(max(0, byteCount)))
        }
        inFlightByteCount.add(byteCount, ordering: .relaxed)
    }

    /// Gives back what was counted.
    func releaseInFlight(_ byteCount: Int) {
        inFlightByteCount.subtract(byteCount, ordering: .relaxed)
    }
}
