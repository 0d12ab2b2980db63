import BossCodec
import BossVoxels

/// Copies files into the destination, in the order that keeps it openable: data, folders, lists of segments, root; what
/// the new root does not name goes last.
struct BackupJob {
    private let state: BackupState
    private let source: any FileSystem
    private let destination: any FileSystem
    private let found: BackupDestination.Found
    private let database: FileIdentifier
    /// For segments and lists at the destination.
    private let target: SegmentOrigin
    private let leaves = LeafCache(budget: 1 << 20)
    /// Files that no root names yet.
    private var created: [String] = []
    private var summary: BackupSummary
    private var doneByteCount: UInt64 = 0
    private var totalByteCount: UInt64 = 0
    private static let chunkByteCount = 4 << 20

    init(
        state: BackupState, source: any FileSystem, destination: any FileSystem,
        found: BackupDestination.Found
    ) {
        self.state = state
        self.source = source
        self.destination = destination
        self.found = found
        database = state.root.database
        target = SegmentOrigin(fileSystem: destination, database: state.root.database)
        summary = BackupSummary(
            commit: max(state.root.lastSequence, state.shown.sequence), rootNumber: 0, copiedFileCount: 0,
            keptFileCount: 0, copiedByteCount: 0, byteCount: 0)
    }

    typealias Progress = OnlineBackup.Progress

    mutating func run(_ progress: Progress) throws(StorageError) -> BackupSummary {
        var isNamed = false
        do throws(StorageError) {
            for folder in [ManifestRoot.directory, "wal", "seg"] { try destination.createDirectory(folder) }
            let segments = try missingSegments()
            let shards = try missingShards()
            let logByteCount = liveEntries.filter { !$0.entry.index.isIndexOnly }.reduce(UInt64(0)) {
                $0 + UInt64($1.entry.index.pageByteCount)
            }
            totalByteCount = segments.reduce(logByteCount) { $0 + $1.reference.fileByteCount }
            totalByteCount += shards.reduce(0) { $0 + $1.reference.fileByteCount }
            try progress(0, totalByteCount)
            for segment in segments { try copy(segment, progress) }
            let log = try copyLiveLog(progress)
            try syncFolders()
            for shard in shards { try copy(shard, progress) }
            if !shards.isEmpty { try destination.syncDirectory(ShardReference.directory) }
            let root = state.root(number: max(state.root.number, found.rootNumber + 1), log: log)
            summary.rootNumber = root.number
            let oldestRead = ReaderLease.oldestRoot(destination)
            do throws(StorageError) {
                try Manifest(fileSystem: destination).publish(root, keptFrom: oldestRead)
            } catch {
                // Only a full disk tells that the root has no name.
                if case .diskFull = error { throw error }
                isNamed = true
                throw error
            }
            // The backup is complete; what cannot be removed now is removed by the next one.
            _ = try? StorageEngine.removeGarbage(destination, root: root, shardLimit: .max)
            return summary
        } catch {
            if !isNamed { for path in created { try? destination.unlink(path) } }
            throw error
        }
    }

    // MARK: What is missing

    private mutating func missingSegments() throws(StorageError) -> [Segment] {
        var missing: [Segment] = []
        for segment in try state.shown.table.all() {
            let copy = Segment(
                reference: segment.reference, origin: target)
            summary.byteCount += segment.reference.fileByteCount
            let isThere = try isKept(segment.reference.path) { () throws(StorageError) in
                _ = try copy.open()
            }
            if !isThere { missing.append(segment) }
        }
        return missing
    }

    private mutating func missingShards() throws(StorageError) -> [Shard] {
        var missing: [Shard] = []
        for shard in state.shown.table.shards {
            let copy = Shard(reference: shard.reference, origin: target)
            summary.byteCount += shard.reference.fileByteCount
            let isThere = try isKept(shard.reference.path) { () throws(StorageError) in
                _ = try copy.references()
            }
            if !isThere { missing.append(shard) }
        }
        return missing
    }

    /// Whether an earlier backup has brought a file, which must be as the root says.
    private mutating func isKept(
        _ path: String, _ check: () throws(StorageError) -> Void
    ) throws(StorageError) -> Bool {
        // What no root names may be the rest of a backup that was cut off.
        guard found.named.contains(path) else { return false }
        do throws(StorageError) { try check() } catch {
            // Only an older root names it, and it was removed.
            if case .notFound = error { return false }
            throw error.inside(destination.displayPath)
        }
        summary.keptFileCount += 1
        return true
    }

    // MARK: Copying

    private mutating func create(_ path: String) throws(StorageError) -> any StorageFile {
        let (folder, _) = StoragePath.split(path)
        try destination.createDirectory(folder)
        let file: any StorageFile
        do throws(StorageError) { file = try destination.open(path, mode: .createNew) } catch {
            guard case .alreadyExists = error else { throw error }
            // The rest of a backup that was cut off.
            try destination.unlink(path)
            file = try destination.open(path, mode: .createNew)
        }
        created.append(path)
        return file
    }

    private mutating func copy(_ segment: Segment, _ progress: Progress) throws(StorageError) {
        let reference = segment.reference
        let source = try segment.open().store
        try copy(reference.path, byteCount: reference.fileByteCount, from: source, progress)
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.trustCopies) { return }
        #endif
        let copy = Segment(reference: reference, origin: target)
        do throws(StorageError) { try copy.verifyPages(leaves: LeafCache(budget: 1 << 20)) } catch {
            // Damage of the source has come along, most likely; it is named then.
            try segment.verifyPages(leaves: LeafCache(budget: 1 << 20))
            throw error.inside(destination.displayPath)
        }
    }

    private mutating func copy(_ shard: Shard, _ progress: Progress) throws(StorageError) {
        let reference = shard.reference
        _ = try shard.references()
        let source = FilePageStore(file: try source.open(reference.path, mode: .read))
        try copy(reference.path, byteCount: reference.fileByteCount, from: source, progress)
        do throws(StorageError) {
            let copy = Shard(reference: reference, origin: target)
            _ = try copy.references()
        } catch { throw error.inside(destination.displayPath) }
    }

    private mutating func copy(
        _ path: String, byteCount: UInt64, from source: any PageStore, _ progress: Progress
    ) throws(StorageError) {
        let file = try create(path)
        // A full disk shows before anything is copied.
        try file.allocate(byteCount: byteCount)
        let buffer = VoxelStorage(byteCount: Self.chunkByteCount, zeroed: false)
        var offset: UInt64 = 0
        while offset < byteCount {
            let count = Int(min(UInt64(Self.chunkByteCount), byteCount - offset))
            let copied = buffer.withUnsafeMutableBytes { bytes in
                Result { () throws(StorageError) in
                    let part = UnsafeMutableRawBufferPointer(rebasing: bytes[0..<count])
                    try source.read(into: part, at: offset)
                    try file.write([UnsafeRawBufferPointer(part)], at: offset)
                }
            }
            try copied.get()
            file.startFlush(offset: offset, byteCount: count)
            offset += UInt64(count)
            try advance(UInt64(count), progress)
        }
        try file.sync()
        summary.copiedFileCount += 1
        summary.copiedByteCount += byteCount
    }

    /// Makes the names of the new files durable.
    private func syncFolders() throws(StorageError) {
        for folder in Set(created.map { StoragePath.split($0).directory }).sorted() {
            try destination.syncDirectory(folder)
        }
    }

    private mutating func advance(_ byteCount: UInt64, _ progress: Progress) throws(StorageError) {
        doneByteCount += byteCount
        try progress(doneByteCount, totalByteCount)
    }
}

/// The live log becomes a sealed segment of its own.
extension BackupJob {
    private var liveEntries: [(group: PageGroup, entry: Memtable.Entry)] {
        state.shown.memtable.groups.filter { !state.shown.droppedChannels.contains($0.key.channel) }
            .flatMap { group, entries in entries.map { (group: group, entry: $0) } }
            .sorted { $0.entry.index.offsetOrConstant < $1.entry.index.offsetOrConstant }
    }

    /// Copies the flushed pages of the live log, each verified, without its commit records: a segment like those that
    /// compaction writes. The file gets a name of its own, since the log goes on under its name.
    private mutating func copyLiveLog(_ progress: Progress) throws(StorageError) -> SegmentReference? {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.backUpWithoutLog) { return nil }
        #endif
        let live = liveEntries
        guard !live.isEmpty else { return nil }
        let header = SegmentHeader(
            database: database, identifier: FileIdentifier(from: destination), epoch: state.root.epoch,
            createdMicroseconds: destination.microsecondsSince1970(), role: .compacted,
            chainSeed: UInt32(truncatingIfNeeded: destination.randomUInt64()))
        let file = try create(SegmentReference.path(role: .compacted, identifier: header.identifier))
        var end = UInt64(SegmentHeader.byteCount)
        let written = header.encoded().withUnsafeBytes { buffer in
            Result { () throws(StorageError) in try file.write([buffer], at: 0) }
        }
        try written.get()
        var groups: [PageGroup: [IndexEntry]] = [:]
        for (group, entry) in live {
            var placed = entry.index
            if !placed.isIndexOnly {
                let start = alignUp(end, to: PageLayout.alignment(pageByteCount: Int(placed.pageByteCount)))
                try copyPage(entry, group, to: file, at: start)
                placed.offsetOrConstant = start
                end = start + UInt64(placed.pageByteCount)
                try advance(UInt64(placed.pageByteCount), progress)
            }
            groups[group, default: []].append(placed)
        }
        let sealed = try SegmentSealer.seal(
            file: file, groups: groups.mapValues { $0.sorted(by: IndexEntry.precedes) }, end: end)
        var reference = SegmentReference(
            identifier: header.identifier, role: .compacted, fileByteCount: sealed.fileByteCount,
            footerChecksum: sealed.checksum, footer: sealed.footer, commitSequence: 0)
        reference.level = 1
        summary.copiedFileCount += 1
        summary.copiedByteCount += sealed.fileByteCount
        summary.byteCount += sealed.fileByteCount
        do throws(StorageError) {
            try Segment(reference: reference, origin: target)
                .verifyPages(leaves: leaves)
        } catch { throw error.inside(destination.displayPath) }
        return reference
    }

    private func copyPage(
        _ entry: Memtable.Entry, _ group: PageGroup, to file: any StorageFile, at offset: UInt64
    ) throws(StorageError) {
        guard let store = entry.store as? FilePageStore else {
            throw .corrupt(file: entry.store.name, offset: 0, reason: "a committed page outside the log")
        }
        let page = VoxelStorage(byteCount: Int(entry.index.pageByteCount), zeroed: false)
        let copied = page.withUnsafeMutableBytes { buffer in
            Result { () throws(StorageError) in
                _ = try store.verifiedPage(entry.index, group: group, into: buffer)
                try file.write([UnsafeRawBufferPointer(buffer)], at: offset)
            }
        }
        try copied.get()
    }
}
