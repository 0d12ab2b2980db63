import BossCodec
import Synchronization

/// A bulk load: whole cuboids go straight to segment files and become visible together, by one root.
///
/// Nothing passes through the log, so every byte is written once. Until `commit` returns, nobody else
/// sees anything; a crash leaves only files that the next open removes. Pages may be added from
/// several threads.
///
///     let bulk = try engine.beginBulk()
///     try bulk.add(page, dependsOnBase: false)
///     try bulk.commit()
package final class BulkTransaction: Sendable {
    private let engine: StorageEngine
    /// What the load started from.
    package let base: View
    private let state: Mutex<State>

    private struct OpenFile: Sendable {
        let store: FilePageStore
        let header: SegmentHeader
        var end: UInt64
        var allocatedByteCount: UInt64
        var entries: [PageGroup: [IndexEntry]] = [:]
    }
    private struct State: Sendable {
        var files: [OpenFile] = []
        var overlay = Memtable()
        var keys: Set<CuboidKey> = []
        var reads: Set<CuboidKey> = []
        var cleared: [ClearedBox] = []
        var note = CommitNote()
        var inFlightByteCount = 0
        var isEnded = false
    }

    /// What the history says about the commit.
    package var note: CommitNote {
        get { state.withLock { $0.note } }
        set { state.withLock { $0.note = newValue } }
    }

    init(engine: StorageEngine, base: View) {
        self.engine = engine
        self.base = base
        state = Mutex(State())
    }

    deinit {
        // An abandoned load removes its files; what stays after an error is removed by the next open.
        abort()
        engine.releaseInFlight(state.withLock { $0.inFlightByteCount })
    }

    /// The base with the pages added so far over it.
    package var view: View { base.with(overlay: state.withLock { $0.overlay }) }

    /// Writes a page.
    ///
    /// - Parameter dependsOnBase: whether its content was made from an older version of the cuboid.
    /// - Throws: `.diskFull`, `.inputOutput`; the page is then not part of the load and may be added again.
    /// - Precondition: each cuboid is added once, and pages are not deltas.
    package func add(_ page: EncodedPage, dependsOnBase: Bool) throws(StorageError) {
        precondition(page.kind != .delta, "a bulk load writes whole cuboids")
        try state.withLock { (state) throws(StorageError) in
            if state.isEnded { throw .closed }
            precondition(state.keys.insert(page.key).inserted, "each cuboid once")
            if dependsOnBase { state.reads.insert(page.key) }
        }
        do throws(StorageError) { try write(page) } catch {
            let lacking = state.withLock { state in
                state.keys.remove(page.key)
                return UInt64(state.inFlightByteCount + page.byteCount)
            }
            throw engine.writer.withLock { engine.noteFullDisk($0, error, lacking: lacking) }
        }
    }

    /// Notes that the load was made from all cuboids of a box, also those that hold nothing: later commits to one of them
    /// are conflicts.
    ///
    /// - Parameters:
    ///   - lowest: the lowest cuboid at the first time sample.
    ///   - highest: the highest cuboid at the last time sample, of the same channel and resolution; both inclusive.
    package func clear(lowest: CuboidKey, highest: CuboidKey) {
        state.withLock { $0.cleared.append(ClearedBox(lowest: lowest, highest: highest)) }
    }

    private func write(_ page: EncodedPage) throws(StorageError) {
        // Segment files keep 0 as the sequence number; the manifest knows the commit.
        let checksum = page.seal(sequence: 0, database: engine.database)
        let isStored = page.kind == .full
        let place = try state.withLock {
            (state) throws(StorageError) -> (file: Int, offset: UInt64, store: FilePageStore) in
            if state.isEnded { throw .closed }
            return try reserve(isStored ? page.byteCount : 0, alignment: page.alignment, &state)
        }
        if isStored {
            let written = page.withBytes { bytes in
                Result { () throws(StorageError) in try place.store.file.write([bytes], at: place.offset) }
            }
            try written.get()
            // The disk works while the next pages are encoded; the flush at the end finds little left.
            place.store.file.startFlush(offset: place.offset, byteCount: page.byteCount)
        }
        let entry = IndexEntry(page: page, sequence: 0, offset: place.offset, headerChecksum: checksum)
        var pending = entry
        pending.sequence = .max
        try state.withLock { (state) throws(StorageError) in
            // The load may have ended meanwhile, without this page.
            if state.isEnded { throw .closed }
            state.files[place.file].entries[page.key.group, default: []].append(entry)
            state.overlay.replace(page.key, with: Memtable.Entry(index: pending, store: place.store))
        }
    }

    /// Finds room for a page, in a new file when the last one is long enough.
    private func reserve(
        _ byteCount: Int, alignment: UInt64, _ state: inout State
    ) throws(StorageError) -> (file: Int, offset: UInt64, store: FilePageStore) {
        if state.files.isEmpty
            || state.files[state.files.count - 1].end >= engine.options.bulkSegmentByteCount
        {
            state.files.append(try newFile())
        }
        let last = state.files.count - 1
        let offset = alignUp(state.files[last].end, to: byteCount == 0 ? 1 : alignment)
        let end = offset + UInt64(byteCount)
        if end > state.files[last].allocatedByteCount {
            let step = min(max(end, 1 << 20), 64 << 20, engine.options.bulkSegmentByteCount)
            let added = Int(end + step - state.files[last].allocatedByteCount)
            try engine.reserveInFlight(added)
            state.inFlightByteCount += added
            // The step may be too much where the page alone still fits.
            let reached = try state.files[last].store.file.allocate(byteCount: end + step, atLeast: end)
            state.files[last].allocatedByteCount = reached
        }
        state.files[last].end = end
        return (last, offset, state.files[last].store)
    }

    private func newFile() throws(StorageError) -> OpenFile {
        let header = try engine.writer.withLock { (writer) throws(StorageError) -> SegmentHeader in
            try engine.checkWritable(writer)
            try engine.holdReserve(writer, grows: true)
            return engine.newHeader(role: .bulk, writer)
        }
        let file: any StorageFile
        do { file = try engine.createFile(header) } catch {
            throw engine.writer.withLock { engine.poisonAfterFlush($0, error) }
        }
        return OpenFile(
            store: FilePageStore(file: file), header: header, end: UInt64(SegmentHeader.byteCount),
            allocatedByteCount: UInt64(SegmentHeader.byteCount))
    }

    /// Flushes the files and makes all pages visible in one step.
    ///
    /// - Returns: the sequence number of the commit.
    /// - Throws: `.writeConflict` when a later commit changed a cuboid that a page was made from,
    ///   `.channelDropped` when its channel is gone; the load is then lost and can be repeated.
    @discardableResult
    package func commit() throws(StorageError) -> UInt64 {
        let (files, reads, cleared) = try state.withLock { (state) throws(StorageError) in
            if state.isEnded { throw .closed }
            state.isEnded = true
            return (state.files, state.reads, state.cleared)
        }
        defer {
            engine.releaseInFlight(
                state.withLock { state in
                    defer { state.inFlightByteCount = 0 }
                    return state.inFlightByteCount
                })
        }
        do {
            var references: [SegmentReference] = []
            for file in files where !file.entries.isEmpty { references.append(try seal(file)) }
            guard !references.isEmpty else { return base.sequence }
            var note = note
            note.channels = Set(files.flatMap { $0.entries.keys.map(\.channel) }).sorted()
            let claim = CommitClaim(
                base: base.sequence, reads: reads, cleared: cleared, channels: Set(note.channels))
            return try engine.commitBulk(references, claim, note: note)
        } catch {
            let lacking = UInt64(state.withLock { $0.inFlightByteCount })
            let failure = engine.writer.withLock { writer in
                let noted = engine.noteFullDisk(writer, error, lacking: lacking)
                return (error: engine.poisonAfterFlush(writer, noted), isFinal: writer.failure != nil)
            }
            // Once the writer has failed, a root that names the files may be on disk: the next open knows.
            if !failure.isFinal { discard(files) }
            throw failure.error
        }
    }

    private func seal(_ file: OpenFile) throws(StorageError) -> SegmentReference {
        let groups = file.entries.mapValues { $0.sorted(by: IndexEntry.precedes) }
        let sealed = try SegmentSealer.seal(
            file: file.store.file, groups: groups, end: file.end)
        return SegmentReference(
            identifier: file.header.identifier, role: .bulk, fileByteCount: sealed.fileByteCount,
            footerChecksum: sealed.checksum, footer: sealed.footer, commitSequence: .max)
    }

    /// Gives the load up and removes its files.
    package func abort() {
        let files = state.withLock { state -> [OpenFile] in
            guard !state.isEnded else { return [] }
            state.isEnded = true
            return state.files
        }
        discard(files)
    }

    private func discard(_ files: [OpenFile]) {
        for file in files { file.store.unlinkWhenUnused(in: engine.fileSystem) }
        state.withLock {
            $0.files = []; $0.overlay = Memtable()
        }
    }
}

extension StorageEngine {
    /// Starts a bulk load from the newest committed state.
    package func beginBulk() throws(StorageError) -> BulkTransaction {
        try writer.withLock { (state) throws(StorageError) in
            try checkWritable(state)
            // Files of this writer must carry its own epoch.
            try holdReserve(state)
            if !state.hasClaimedEpoch { try publish(state) { _ in } }
        }
        return BulkTransaction(engine: self, base: try view())
    }

    /// Adds sealed segments under one new sequence number.
    func commitBulk(
        _ references: [SegmentReference], _ claim: CommitClaim, note: CommitNote
    ) throws(StorageError) -> UInt64 {
        try writer.withLock { (state) throws(StorageError) -> UInt64 in
            try checkWritable(state)
            try holdReserve(state)
            // Small commits before this one are flushed first, so that numbers become visible in order.
            try drain(state)
            try refuseConflicts(claim, state)
            let commit = state.lastSequence + 1
            var note = note
            note.microseconds = max(fileSystem.microsecondsSince1970(), state.lastMicroseconds + 1)
            let bytes = note.encoded()
            state.lastMicroseconds = note.microseconds
            try publish(
                state, ManifestEdit(added: references.map { $0.stamped(commit, madeFrom: claim.base) })
            ) { root in
                root.lastSequence = commit
                root.bulkNotes.append(.init(sequence: commit, bytes: bytes))
            } taking: {
                $0.sequence = commit
            }
            state.lastSequence = commit
            noteRoom(state)
            writeStatus(state)
            return commit
        }
    }
}

extension SegmentReference {
    /// The reference of a bulk segment once its commit has a number.
    ///
    /// - Parameter base: the newest commit that the load could see.
    func stamped(_ sequence: UInt64, madeFrom base: UInt64) -> SegmentReference {
        var stamped = self
        stamped.commitSequence = sequence
        stamped.minimumSequence = base
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.loadVouchesForAll) { stamped.minimumSequence = sequence }
        #endif
        stamped.maximumSequence = sequence
        return stamped
    }
}
