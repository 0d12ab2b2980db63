import Synchronization

/// Room that is kept for a full disk: the file `RESERVE`, which holds nothing.
///
/// Deleting needs room itself, for a commit record, a root, or a segment without its dead pages. When the disk is full,
/// such work gives the reserve up and goes on; other writes are refused until it can be made again.
package struct SpaceReserve {
    /// Name of the file.
    package static let path = "RESERVE"
    /// The least that is of use.
    static let leastByteCount: UInt64 = 64 << 10
    /// Room that a change of the catalog may need.
    static let workByteCount: UInt64 = 1 << 20

    /// Length of the file, 0 when it is missing.
    var byteCount: UInt64 = 0
    /// Bytes that the last refused write lacked: maintenance spares no effort to find them. 0 while there is room.
    var lackingByteCount: UInt64 = 0
    /// Whether maintenance works with the room of the reserve just now.
    var isLent = false
    /// Whether the history has to give way, as nothing else is left.
    var takesHistory = false

    var isShort: Bool { lackingByteCount > 0 }

    /// What a writer finds when it opens.
    static func found(_ fileSystem: any FileSystem) -> SpaceReserve {
        // One that cannot be opened is as good as none.
        guard let file = try? fileSystem.open(path, mode: .read), let length = try? file.byteCount() else {
            return SpaceReserve()
        }
        return SpaceReserve(byteCount: length)
    }
}

extension StorageEngine {
    /// Makes the reserve when it is missing: what every write does first that does not free space.
    ///
    /// - Parameter grows: also makes it longer, as the database has grown; an eighth of its files is kept.
    /// - Throws: `.diskFull`.
    func holdReserve(_ state: WriterState, grows: Bool = false) throws(StorageError) {
        guard options.reserveByteCount > 0, grows || state.reserve.byteCount == 0 else { return }
        let wanted = min(
            options.reserveByteCount, max(SpaceReserve.leastByteCount, usage(state).total / 8))
        guard state.reserve.byteCount < wanted else { return }
        do throws(StorageError) {
            try extendReserve(to: wanted, from: state.reserve.byteCount)
            state.reserve.byteCount = wanted
        } catch { throw noteFullDisk(state, error, lacking: wanted) }
    }

    private func extendReserve(to wanted: UInt64, from length: UInt64) throws(StorageError) {
        let path = SpaceReserve.path
        let file: any StorageFile
        do throws(StorageError) { file = try fileSystem.open(path, mode: .readWrite) } catch {
            guard case .notFound = error else { throw error }
            file = try fileSystem.open(path, mode: .createNew)
        }
        do throws(StorageError) { try file.allocate(byteCount: wanted) } catch {
            // Some file systems keep what they had found before they gave up.
            if length > 0 {
                try? file.truncate(byteCount: length)
            } else {
                try? fileSystem.unlink(path)
            }
            throw error
        }
    }

    /// Gives the reserve up; false when there is none.
    func releaseReserve(_ state: WriterState) -> Bool {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.keepReserve) { return false }
        #endif
        guard state.reserve.byteCount > 0, state.failure == nil,
            (try? fileSystem.unlink(SpaceReserve.path)) != nil
        else { return false }
        state.reserve.lackingByteCount = max(state.reserve.lackingByteCount, state.reserve.byteCount)
        state.reserve.byteCount = 0
        state.upkeep.isIdle = false
        return true
    }

    /// Gives the reserve up for work beside the engine that frees space; false when there is none.
    package func giveUpReserve() -> Bool {
        !isReadOnly && writer.withLock { releaseReserve($0) }
    }

    /// Gives the reserve up if the disk is full, for work beside the engine that frees space and cannot be tried twice.
    package func makeRoom() {
        guard !isReadOnly else { return }
        writer.withLock { state in
            guard state.failure == nil, state.reserve.byteCount > 0 else { return }
            if !hasRoom(for: SpaceReserve.workByteCount, state) { _ = releaseReserve(state) }
        }
    }

    /// Whether the disk has room beside the reserve.
    private func hasRoom(for byteCount: UInt64, _ state: WriterState) -> Bool {
        let (wanted, overflow) = state.reserve.byteCount.addingReportingOverflow(byteCount)
        guard !overflow, (try? extendReserve(to: wanted, from: state.reserve.byteCount)) != nil,
            let file = try? fileSystem.open(SpaceReserve.path, mode: .readWrite)
        else { return false }
        return (try? file.truncate(byteCount: state.reserve.byteCount)) != nil
    }

    /// Does work that frees space, at the cost of the reserve when the disk is full; the caller holds the monitor.
    ///
    /// - Parameter work: changes nothing when it throws `.diskFull`, and is tried again then.
    func usingReserve<R>(
        _ state: WriterState, _ work: () throws(StorageError) -> R
    ) throws(StorageError) -> R {
        do throws(StorageError) { return try work() } catch {
            guard case .diskFull = error else { throw error }
            if !releaseReserve(state) {
                guard state.reserve.isLent else { throw error }
                // Maintenance gives the room back in a moment, or has freed much.
                while state.reserve.isLent { writer.wait() }
                try checkWritable(state)
            }
            return try work()
        }
    }

    /// The same for maintenance, which does not hold the monitor.
    func usingReserve<R>(_ work: () throws(StorageError) -> R) throws(StorageError) -> R {
        do throws(StorageError) { return try work() } catch {
            guard case .diskFull = error, writer.withLock({ lendReserve($0) }) else { throw error }
            defer {
                writer.withLock { state in
                    state.reserve.isLent = false
                    writer.wakeAll()
                }
            }
            return try work()
        }
    }

    private func lendReserve(_ state: WriterState) -> Bool {
        state.reserve.isLent = releaseReserve(state)
        return state.reserve.isLent
    }

    /// Remembers that a write found the disk full, for maintenance; other errors pass.
    func noteFullDisk(
        _ state: WriterState, _ error: StorageError, lacking byteCount: UInt64
    ) -> StorageError {
        guard case .diskFull = error, options.reserveByteCount > 0 else { return error }
        // A write needs more than its pages: a log, an index, a root.
        let (lacking, overflow) = byteCount.addingReportingOverflow(SpaceReserve.leastByteCount)
        state.reserve.lackingByteCount = overflow ? byteCount : lacking
        state.upkeep.isIdle = false
        writer.wakeAll()
        return error
    }

    /// A write has gone through.
    func noteRoom(_ state: WriterState) {
        endShortage(state)
        state.upkeep.retryAll()
    }

    private func endShortage(_ state: WriterState) {
        state.reserve.lackingByteCount = 0
        state.reserve.takesHistory = false
    }

    // MARK: Maintenance while space is short

    /// Looks whether there is room by now for the reserve and what was lacking.
    ///
    /// What was too large to be written again stays so until a write goes through or something is freed: a disk may give
    /// bytes and no names for files.
    func probeRoom(_ state: WriterState) {
        guard state.reserve.isShort, state.failure == nil else { return }
        let lacking = state.reserve.lackingByteCount
        guard (try? holdReserve(state)) != nil else {
            state.reserve.lackingByteCount = max(lacking, state.reserve.lackingByteCount)
            return
        }
        guard hasRoom(for: lacking, state) else { return }
        endShortage(state)
    }

    /// What is left to do for space when nothing else is. On a full disk the log is sealed, so that its dead pages can
    /// go, and what its deletions hide elsewhere; there and near the space bound the older half of the history is given
    /// up.
    ///
    /// - Returns: whether there is something to do now.
    func relieve(_ shown: PublishedState, _ usage: SpaceUsage) throws(StorageError) -> Bool {
        try writer.withLock { (state) throws(StorageError) in
            let isCrowded = usage.total + usage.inFlight > usage.softBound
            guard state.reserve.isShort || isCrowded else { return false }
            let (log, memtable) = (state.log, published.withLock { $0.memtable })
            if state.reserve.isShort, let log, log.end > UInt64(SegmentHeader.byteCount),
                log.allocatedByteCount >= options.reserveByteCount / 4 || memtable.hasDeletions
            {
                try checkWritable(state)
                try drain(state)
                try usingReserve(state) { () throws(StorageError) in try sealLog(state) }
                return true
            }
            let oldest = max(shown.history.oldest, state.upkeep.kept?.oldest ?? 0)
            guard usage.held > 0, oldest < shown.sequence, !state.reserve.takesHistory else { return false }
            state.reserve.takesHistory = true
            return true
        }
    }
}
