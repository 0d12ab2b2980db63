import BossCodec
import BossVoxels
import Synchronization

extension StorageEngine {
    /// Makes a batch durable and visible, all of it or nothing.
    ///
    /// Several threads may commit at once: their batches share flushes.
    ///
    /// - Returns: the sequence number of the commit.
    /// - Throws: `.writeConflict` when a later commit changed a cuboid that the batch was made from, or one in a box that
    ///   it deletes, `.channelDropped` when a channel that it changes is gone, `.diskFull` (nothing is changed, and later commits may succeed), `.storageFailed`.
    @discardableResult
    package func commit(_ batch: WriteBatch) throws(StorageError) -> UInt64 {
        guard !batch.isEmpty else { return batch.base.sequence }
        return try writer.withLock { (state) throws(StorageError) -> UInt64 in
            try checkWritable(state)
            let sequence: UInt64
            if batch.isFrugal {
                sequence = try usingReserve(state) { () throws(StorageError) in try write(batch, state) }
            } else {
                try holdReserve(state)
                do throws(StorageError) { sequence = try write(batch, state) } catch {
                    throw noteFullDisk(state, error, lacking: batch.room(also: state.waitingNotes))
                }
                noteRoom(state)
            }
            try waitUntilVisible(sequence, state)
            return sequence
        }
    }

    private func write(_ batch: WriteBatch, _ state: WriterState) throws(StorageError) -> UInt64 {
        // Conflicts are looked for last: making room may let other commits pass.
        try prepareLog(state, for: batch)
        try refuseConflicts(batch.claim, state)
        let sequence = try append(batch, state)
        state.refusedChannels.formUnion(batch.droppedChannels)
        return sequence
    }

    /// Writes pages and commit record at the end of the log; nothing is visible yet.
    private func append(_ batch: WriteBatch, _ state: WriterState) throws(StorageError) -> UInt64 {
        guard let log = state.log else { throw .closed }
        let sequence = state.lastSequence + 1
        let microseconds = max(fileSystem.microsecondsSince1970(), state.lastMicroseconds + 1)
        let notes = state.waitingNotes
        let pages = batch.pages(commit: sequence, microseconds: microseconds, also: notes)
        var offset = log.end
        var checksum: UInt32 = 0
        var entries: [(group: PageGroup, entry: IndexEntry)] = []
        var buffers: [UnsafeRawBufferPointer] = []
        entries.reserveCapacity(pages.count)
        for page in pages {
            let start = alignUp(offset, to: page.alignment)
            buffers.append(Padding.zeros(Int(start - offset)))
            let headerChecksum = page.seal(sequence: sequence, database: database)
            checksum = withUnsafeBytes(of: headerChecksum.littleEndian) {
                CRC32C.checksum($0, seed: checksum)
            }
            buffers.append(UnsafeRawBufferPointer(rebasing: page.storage.unsafeBytes[0..<page.byteCount]))
            entries.append(
                (
                    page.key.group,
                    IndexEntry(page: page, sequence: sequence, offset: start, headerChecksum: headerChecksum)
                ))
            let end = start + UInt64(page.byteCount)
            offset = alignUp(end, to: PageLayout.fileAlignment)
            buffers.append(Padding.zeros(Int(offset - end)))
        }
        let record = CommitRecord(
            sequence: sequence, isClose: false, pageCount: pages.count, pagesChecksum: checksum,
            batchOffset: log.end, flushedByteCount: log.flushedEnd,
            microseconds: microseconds, previousChecksum: log.chain
        ).encoded()
        let written = withExtendedLifetime(pages) {
            record.withUnsafeBytes { bytes in
                Result { () throws(StorageError) in
                    try log.store.file.write(buffers.filter { !$0.isEmpty } + [bytes], at: log.end)
                }
            }
        }
        do { try written.get() } catch {
            // On a full disk the commit record is missing, and the next batch overwrites what was written: the end
            // stays where it was. After any other error the batch may be whole, and nothing may follow.
            #if SEEDED_DEFECTS
                if SeededDefect.isOn(.halfBatchOnFullDisk) { log.end = offset }
            #endif
            if case .diskFull = error { throw error }
            throw poison(state, error)
        }
        log.end = offset + UInt64(CommitRecord.byteCount)
        log.chain = CommitRecord.checksum(of: record)
        log.noted.formUnion(notes.map(\.sequence))
        state.lastSequence = sequence
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.tellBeforeFlush) { tellEarly(log, state) }
        #endif
        state.lastMicroseconds = microseconds
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.showBeforeFlush) { entries = showEarly(entries, sequence, log) }
        #endif
        state.pending.append(.init(sequence: sequence, end: log.end, entries: entries))
        return sequence
    }

    /// Waits until a commit is flushed and published; one of the waiting threads flushes for all.
    private func waitUntilVisible(_ sequence: UInt64, _ state: WriterState) throws(StorageError) {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.acknowledgeBeforePublish) { return }
        #endif
        while state.pending.contains(where: { $0.sequence == sequence }) {
            if let failure = state.failure { throw .storageFailed(reason: failure) }
            if state.isFlushing {
                if state.gathering.isComplete(state.pending.count) { writer.wakeAll() }
                writer.wait()
            } else {
                gather(state)
                if state.failure == nil { try flushLog(state) }
            }
        }
    }

    /// Waits a moment for writers that committed just before, so that they share the flush.
    private func gather(_ state: WriterState) {
        guard let wait = state.gathering.begin(pendingCount: state.pending.count) else { return }
        let pendingCount = state.pending.count
        state.isFlushing = true
        let end = ContinuousClock.now + wait
        while state.failure == nil, !state.gathering.isComplete(state.pending.count),
            ContinuousClock.now < end
        {
            _ = writer.wait(microseconds: Int(wait / .microseconds(1)))
        }
        state.isFlushing = false
        state.gathering.end(gainedCount: state.pending.count - pendingCount)
    }

    /// Flushes the log once and publishes every batch that was in it before.
    func flushLog(_ state: WriterState) throws(StorageError) {
        guard let log = state.log else { return }
        let target = log.end
        let file = log.store.file
        let start = ContinuousClock.now
        state.isFlushing = true
        let flushed = writer.unlocked { Result { () throws(StorageError) in try file.sync() } }
        state.isFlushing = false
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.retryFailedFlush), case .failure = flushed, (try? file.sync()) != nil {
                return try flushLog(state)
            }
        #endif
        do { try flushed.get() } catch {
            // A full disk that shows only now has lost acknowledged bytes of the file: not one to go on with.
            if case .diskFull = error { throw poison(state, .storageFailed(reason: "\(error)")) }
            throw poison(state, error)
        }
        log.flushedEnd = max(log.flushedEnd, target)
        let ready = state.pending.filter { $0.end <= target }
        state.pending.removeAll { $0.end <= target }
        state.gathering.noteFlush(
            of: ready.count, waitingCount: state.pending.count, duration: ContinuousClock.now - start)
        published.withLock { published in
            for batch in ready {
                published.memtable.insert(batch.entries, store: log.store)
                published.sequence = max(published.sequence, batch.sequence)
            }
        }
        writeStatus(state)
        writer.wakeAll()
    }

    /// Waits until no batch is pending and no flush is running.
    ///
    /// The monitor is given up meanwhile, so the log may be another one afterwards.
    /// - Throws: also `.closed` when another thread has closed the engine in that time.
    func drain(_ state: WriterState) throws(StorageError) {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.skipDrain) { return try checkWritable(state) }
        #endif
        while state.isFlushing || !state.pending.isEmpty {
            if let failure = state.failure { throw .storageFailed(reason: failure) }
            if state.isFlushing { writer.wait() } else { try flushLog(state) }
        }
        try checkWritable(state)
    }

    /// Tells other processes how far the log is. Only a hint, so a failure is not one of the commit.
    func writeStatus(_ state: WriterState) {
        let none = FileIdentifier(high: 0, low: 0)
        let status = WriterStatus(
            epoch: state.root.epoch, rootNumber: state.durableRootNumber,
            log: state.log?.header.identifier ?? none, logByteCount: state.log?.flushedEnd ?? 0,
            bootIdentifier: options.bootIdentifier)
        status.encoded().withUnsafeBytes { bytes in
            try? state.statusFile?.write([bytes], at: WriterStatus.offset)
        }
    }
}

/// Zero bytes between pages.
private enum Padding {
    /// Immutable memory that lives as long as the process.
    private struct Block: @unchecked Sendable {
        let bytes: UnsafeRawBufferPointer
    }
    private static let block: Block = {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: PageLayout.memoryPage, alignment: 64)
        _ = bytes.initializeMemory(as: UInt8.self, repeating: 0)
        return Block(bytes: UnsafeRawBufferPointer(bytes))
    }()

    static func zeros(_ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: block.bytes[0..<count])
    }
}
