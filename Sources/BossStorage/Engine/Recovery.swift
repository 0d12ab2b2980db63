import BossCodec
import Synchronization

/// What a writer does with the log that it finds.
extension StorageEngine {
    /// A log as it was found, with what counts of it.
    struct FoundLog {
        let file: any StorageFile
        let store: FilePageStore
        let contents: LogContents
        /// Whether commits may go on in this file.
        let isClean: Bool
    }

    static func readLog(
        _ identifier: FileIdentifier, root: ManifestRoot, fileSystem: any FileSystem, status: WriterStatus?,
        options: StorageOptions
    ) throws(StorageError) -> FoundLog {
        let path = SegmentReference.path(role: .log, identifier: identifier)
        let file = try fileSystem.open(path, mode: .readWrite)
        let flushed = status.flatMap { $0.log == identifier ? $0.logByteCount : nil } ?? 0
        let length = try file.byteCount()
        let quick = try? LogScanner(file: file).scan(
            database: root.database, identifier: identifier, knownFlushed: flushed, verifyBricks: false)
        // The closing record may be in the page cache only, when its flush failed: somebody must know better.
        let isFlushed = flushed >= length || status?.isOfEarlierBoot(options.bootIdentifier) == true
        if let quick, quick.isClosed, quick.end == length, isFlushed {
            return FoundLog(file: file, store: FilePageStore(file: file), contents: quick, isClean: true)
        }
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.trustClosingRecord), let quick, quick.isClosed, quick.end == length {
                return FoundLog(file: file, store: FilePageStore(file: file), contents: quick, isClean: true)
            }
        #endif
        let contents = try LogScanner(file: file).scan(
            database: root.database, identifier: identifier, knownFlushed: flushed, verifyBricks: true)
        return FoundLog(file: file, store: FilePageStore(file: file), contents: contents, isClean: false)
    }

    static func restore(_ log: FoundLog, into published: inout PublishedState, root: ManifestRoot) {
        let entries = log.contents.entries.flatMap { group, entries in
            entries.map { (group: group, entry: $0) }
        }
        published.memtable.insert(entries, store: log.store)
        published.sequence = max(published.sequence, log.contents.lastSequence)
    }

    /// Goes on in a log that was closed, or moves its batches to a new file.
    func resume(_ log: FoundLog) throws(StorageError) {
        try writer.withLock { (state) throws(StorageError) in
            if log.isClean {
                takeLog(log.store, log.contents.header, log.contents, state)
                writeStatus(state)
            } else if !log.contents.entries.isEmpty {
                try recover(log, state)
            }
        }
    }

    /// Makes sure that what counts is on the disk: the page cache may hold bytes that the disk lacks.
    ///
    /// Acknowledged bytes are not written over where there is room for a copy of them.
    private func recover(_ log: FoundLog, _ state: WriterState) throws(StorageError) {
        do throws(StorageError) { try move(log, state) } catch {
            guard case .diskFull = error else { throw error }
            try sealInPlace(log, state)
        }
    }

    /// Copies the accepted batches into a new log and publishes a root that names it instead.
    private func move(_ log: FoundLog, _ state: WriterState) throws(StorageError) {
        var header = newHeader(role: .log, state)
        header.chainSeed = log.contents.header.chainSeed
        let file = try createFile(header)
        do {
            // A full disk shows before anything is copied.
            try file.allocate(byteCount: log.contents.end)
            try copy(log, to: file)
            try verifyCopy(file, header: header, of: log)
            try publish(state) { root in root.logs = [header.identifier] }
        } catch {
            // Once the writer has failed, a root that names the file may be on disk.
            if state.failure == nil { try? fileSystem.unlink(file.path) }
            throw error
        }
        let store = FilePageStore(file: file)
        takeLog(store, header, log.contents, state)
        let moved = FoundLog(file: file, store: store, contents: log.contents, isClean: true)
        published.withLock { published in
            published.memtable = Memtable()
            Self.restore(moved, into: &published, root: state.root)
        }
        writeStatus(state)
        reclaimer.retire([log.file.path], root: state.root.number)
    }

    private func copy(_ log: FoundLog, to file: any StorageFile) throws(StorageError) {
        let chunkByteCount = 4 << 20
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkByteCount, alignment: 4096)
        defer { buffer.deallocate() }
        var offset = UInt64(SegmentHeader.byteCount)
        while offset < log.contents.end {
            let count = Int(min(UInt64(chunkByteCount), log.contents.end - offset))
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[0..<count])
            try log.store.read(into: part, at: offset)
            try file.write([UnsafeRawBufferPointer(part)], at: offset)
            offset += UInt64(count)
        }
        // Not to be tried again on the same disk, also when it says that it is full.
        try StorageError.flushing { () throws(StorageError) in try file.sync() }
    }

    /// Writes what counts once more to where it stands, which takes no room, and makes the log a segment.
    ///
    /// The bytes are the same, so that a write which is cut off changes nothing.
    private func sealInPlace(_ log: FoundLog, _ state: WriterState) throws(StorageError) {
        try copy(log, to: log.file)
        try verifyCopy(log.file, header: log.contents.header, of: log)
        takeLog(log.store, log.contents.header, log.contents, state)
        try usingReserve(state) { () throws(StorageError) in try sealLog(state) }
    }

    /// Reads the copy back: what recovery keeps must be whole.
    private func verifyCopy(_ file: any StorageFile, header: SegmentHeader, of log: FoundLog)
        throws(StorageError)
    {
        let copy = try LogScanner(file: file).scan(
            database: database, identifier: header.identifier, knownFlushed: 0, verifyBricks: true)
        guard copy.end == log.contents.end, copy.chain == log.contents.chain else {
            throw .corrupt(file: file.path, offset: copy.end, reason: "the recovered log does not verify")
        }
    }
}
