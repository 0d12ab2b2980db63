import Synchronization

extension StorageEngine {
    /// Makes sure that there is a log with room for a batch.
    func prepareLog(_ state: WriterState, for batch: WriteBatch) throws(StorageError) {
        let room = batch.room(also: state.waitingNotes)
        if !state.reserve.isShort || !batch.isFrugal {
            try awaitRoom(state, adding: allocation(state, for: room))
        }
        if let log = state.log, log.end + room > options.logByteCount,
            log.end > UInt64(SegmentHeader.byteCount)
        {
            try drain(state)
            try sealLog(state)
        }
        if state.log == nil { try createLog(state) }
        if !state.hasClaimedEpoch { try publish(state) { _ in } }
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.halfBatchOnFullDisk) { return }
        #endif
        guard let log = state.log, log.end + room > log.allocatedByteCount else { return }
        if !batch.isFrugal { try holdReserve(state, grows: true) }
        try allocate(log, upTo: log.end + room, isSparing: state.reserve.isShort)
    }

    /// Bytes by which the log may grow for a batch.
    private func allocation(_ state: WriterState, for room: UInt64) -> UInt64 {
        guard let log = state.log, log.end + room > log.allocatedByteCount else {
            return state.log == nil ? room : 0
        }
        return room + allocationStep(log)
    }

    private func allocationStep(_ log: ActiveLog) -> UInt64 {
        min(max(log.allocatedByteCount, 1 << 20), 64 << 20, options.logByteCount)
    }

    /// Allocates blocks ahead, in growing steps, so that a full disk shows before anything is written.
    private func allocate(
        _ log: ActiveLog, upTo needed: UInt64, isSparing: Bool
    ) throws(StorageError) {
        let step = isSparing ? 0 : allocationStep(log)
        do {
            try log.store.file.allocate(byteCount: needed + step)
            log.allocatedByteCount = needed + step
        } catch {
            guard case .diskFull = error else { throw error }
            // The step may be too much where the batch alone still fits.
            try log.store.file.allocate(byteCount: needed)
            log.allocatedByteCount = needed
        }
    }

    /// Makes an empty log and publishes a root that names it.
    private func createLog(_ state: WriterState) throws(StorageError) {
        let header = newHeader(role: .log, state)
        let file: any StorageFile
        do { file = try createFile(header) } catch { throw poisonAfterFlush(state, error) }
        let log = ActiveLog(
            store: FilePageStore(file: file), header: header, end: UInt64(SegmentHeader.byteCount),
            allocatedByteCount: UInt64(SegmentHeader.byteCount), chain: header.chainSeed)
        let replaced = state.root.logs
        do {
            try publish(state) { root in root.logs = [header.identifier] }
        } catch {
            // Once the writer has failed, a root that names the file may be on disk.
            if state.failure == nil { try? fileSystem.unlink(file.path) }
            throw error
        }
        state.log = log
        writeStatus(state)
        // An older log that was still named held nothing.
        reclaimer.retire(
            replaced.map { SegmentReference.path(role: .log, identifier: $0) }, root: state.root.number)
        reclaimer.reclaim()
    }

    func newHeader(role: SegmentRole, _ state: WriterState) -> SegmentHeader {
        let identifier = FileIdentifier(from: fileSystem)
        state.sweep?.created.insert(identifier.low)
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.sweepOwnFiles) { state.sweep?.created = [] }
        #endif
        return SegmentHeader(
            database: database, identifier: identifier, epoch: state.root.epoch,
            createdMicroseconds: fileSystem.microsecondsSince1970(), role: role,
            chainSeed: UInt32(truncatingIfNeeded: fileSystem.randomUInt64()))
    }

    /// Creates a log or segment file with its header, and makes both durable.
    ///
    /// - Throws: `.storageFailed` when a flush fails.
    func createFile(_ header: SegmentHeader) throws(StorageError) -> any StorageFile {
        let path = SegmentReference.path(role: header.role, identifier: header.identifier)
        let directory = String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
        try fileSystem.createDirectory(directory)
        let file = try fileSystem.open(path, mode: .createNew)
        let bytes = header.encoded()
        let written = bytes.withUnsafeBytes { buffer in
            Result { () throws(StorageError) in try file.write([buffer], at: 0) }
        }
        do {
            try written.get()
            try StorageError.flushing { () throws(StorageError) in
                try file.sync()
                #if SEEDED_DEFECTS
                    if SeededDefect.isOn(.omitFolderFlush) { return }
                #endif
                try fileSystem.syncDirectory(directory)
            }
        } catch {
            // What cannot be removed now is removed by the next open.
            try? fileSystem.unlink(path)
            throw error
        }
        return file
    }

    /// Seals the drained log in place: its pages are never written again, only index and footer follow.
    func sealLog(_ state: WriterState) throws(StorageError) {
        guard let log = state.log else { return }
        let memtable = published.withLock { $0.memtable }
        guard !memtable.isEmpty else { return }
        let sealed: (fileByteCount: UInt64, footer: SegmentFooter, checksum: UInt32)
        // Sealing cuts the file, and may be all that happens.
        log.allocatedByteCount = log.end
        do {
            sealed = try SegmentSealer.seal(
                file: log.store.file, groups: memtable.indexEntries, end: log.end)
        } catch {
            // The log is intact up to its end; what follows is rewritten by the next attempt unless a flush failed.
            guard case .diskFull = error else { throw poison(state, error) }
            throw error
        }
        let reference = SegmentReference(
            identifier: log.header.identifier, role: .log, fileByteCount: sealed.fileByteCount,
            footerChecksum: sealed.checksum, footer: sealed.footer, commitSequence: 0)
        let noted = memtable.notedCommits
        try publish(state, ManifestEdit(added: [reference])) { root in
            root.logs = []
            for (group, tombstones) in memtable.rangeTombstones
            where !root.droppedChannels.contains(group.channel) {
                root.rangeTombstones += tombstones
            }
            root.rangeTombstones.sort { ($0.group, $0.sequence) < ($1.group, $1.sequence) }
            #if SEEDED_DEFECTS
                if SeededDefect.isOn(.sealWithoutDeletions) { root.rangeTombstones = [] }
                if SeededDefect.isOn(.forgetNotesOfLoads) { root.bulkNotes = [] }
            #endif
            root.bulkNotes.removeAll { noted.contains($0.sequence) }
        } taking: {
            $0.memtable = Memtable()
        }
        state.log = nil
        writeStatus(state)
    }

    /// Goes on in a log that was found.
    func takeLog(
        _ store: FilePageStore, _ header: SegmentHeader, _ contents: LogContents, _ state: WriterState
    ) {
        state.log = ActiveLog(
            store: store, header: header, end: contents.end, allocatedByteCount: contents.end,
            chain: contents.chain, noted: published.withLock { $0.memtable.notedCommits })
    }

    /// Ends the log with a record that says it was closed and flushed there.
    func closeLog(_ log: ActiveLog, _ state: WriterState) throws(StorageError) {
        let record = CommitRecord(
            sequence: state.lastSequence, isClose: true, pageCount: 0, pagesChecksum: 0, batchOffset: log.end,
            flushedByteCount: log.flushedEnd, microseconds: fileSystem.microsecondsSince1970(),
            previousChecksum: log.chain
        ).encoded()
        try usingReserve(state) { () throws(StorageError) in
            let written = record.withUnsafeBytes { bytes in
                Result { () throws(StorageError) in try log.store.file.write([bytes], at: log.end) }
            }
            try written.get()
        }
        log.end += UInt64(CommitRecord.byteCount)
        try log.store.file.truncate(byteCount: log.end)
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.closeWithoutFlush) { return noteClosed(log, state) }
        #endif
        try log.store.file.sync()
        log.flushedEnd = log.end
        writeStatus(state)
        state.log = nil
    }
}
