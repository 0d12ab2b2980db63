import BossStorage

/// Calls of the engine that may fail when they are made to.
extension Simulation {
    /// Runs a call of a process.
    ///
    /// - Returns: what it returned, or an error that has a reason.
    /// - Throws: `ProcessEnded`, or `TestFailure` for an error without reason.
    func attempt<Value>(
        _ what: @autoclosure () -> String, by process: SimulatedFileSystem, hasStopped: Bool = false,
        _ body: () throws -> Value
    ) throws -> Result<Value, StorageError> {
        let before = machine.failureCount
        do {
            let value = try body()
            // A process that died in the middle has told nobody.
            if process.hasEnded { throw ProcessEnded() }
            return .success(value)
        } catch let error as StorageError {
            if process.hasEnded { throw ProcessEnded() }
            note("\(what()): \(error)")
            let isExcused: Bool
            switch error {
            case .inputOutput, .diskFull: isExcused = machine.failureCount > before
            case .storageFailed: isExcused = hasStopped || machine.failureCount > before
            case .writeConflict: isExcused = true  // the caller knows
            case .historyUnavailable, .snapshotExists: throw HistoryRefusal(error: error)
            default: isExcused = false
            }
            guard isExcused else { throw TestFailure("\(what()): \(error)", isError: true) }
            return .failure(error)
        }
    }

    /// Runs a call of the writer that writes.
    ///
    /// - Parameter isRefusedWhenStopped: whether a writer that has stopped must not do it.
    /// - Returns: an error when it failed for a reason.
    func write<Value>(
        _ what: @autoclosure () -> String, isRefusedWhenStopped: Bool = true,
        _ body: (StorageEngine) throws -> Value
    ) throws -> Result<Value, StorageError> {
        guard let process = writer else { return .failure(.closed) }
        // A failure of an earlier call may have stopped the writer without its saying so.
        let failures = machine.failureCount
        let mayHaveStopped = failures > process.failuresBefore
        let result = try attempt(what(), by: process.files, hasStopped: mayHaveStopped) {
            try body(process.engine)
        }
        // The block that tells readers may be torn now: they stay where they are until it is written again.
        if machine.failureCount > failures { publishedOrdinal = 0 }
        switch result {
        case .success:
            if process.hasStopped, isRefusedWhenStopped {
                throw TestFailure("\(what()) by a writer that had stopped")
            }
        case .failure(.storageFailed): writer?.hasStopped = true
        case .failure: break
        }
        return result
    }

    /// Runs a call that brings the database into another state.
    ///
    /// - Parameter next: the state it makes; when the call fails it may be found later, or not.
    /// - Returns: whether it was done.
    @discardableResult
    func change(
        _ what: @autoclosure () -> String, to next: ModelHistory.Entry,
        _ body: (StorageEngine) throws -> UInt64
    ) throws -> Result<UInt64, StorageError> {
        let hadStopped = writer?.hasStopped == true
        let failuresBefore = machine.failureCount
        history.allow(next)
        let result = try write(what(), body)
        switch result {
        case .success(let sequence):
            guard sequence == next.sequence else {
                throw TestFailure("\(what()): commit \(sequence), not \(next.sequence)")
            }
            history.acknowledge(next)
            // Readers hear of it unless the block that tells them could not be written.
            if machine.failureCount == failuresBefore, writer?.isWhole == true {
                publishedOrdinal = history.newestOrdinal
            }
        case .failure(.diskFull), .failure(.writeConflict): history.retract()
        case .failure: if hadStopped { history.retract() }
        }
        return result
    }

    /// The entry that follows the newest one.
    ///
    /// - Parameter deletions: happen before the changes.
    func nextCommit(
        _ changes: [(key: CuboidKey, change: PageChange)], deletions: [ModelBox] = []
    ) -> ModelHistory.Entry {
        var next = history.newest
        next.sequence += 1
        for box in deletions { next.state.delete(box, sequence: next.sequence) }
        for (key, change) in changes { next.state.apply(key, change, sequence: next.sequence) }
        return next
    }
}
