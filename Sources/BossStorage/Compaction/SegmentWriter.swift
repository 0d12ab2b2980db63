import BossCodec
import BossVoxels
import Synchronization

/// Writes segment files of pages that come in the order of their keys.
///
/// Nothing names the files until their references are published; `discard` removes them.
struct SegmentWriter {
    /// Bytes that are allocated ahead, at most.
    private static let allocationStep: UInt64 = 16 << 20

    private let engine: StorageEngine
    private var file: (any StorageFile)?
    private var header: SegmentHeader?
    private var end: UInt64 = 0
    private var allocated: UInt64 = 0
    private var groups: [PageGroup: [IndexEntry]] = [:]
    private var heldByteCount: UInt64 = 0
    private var snapshotByteCount: UInt64 = 0
    private(set) var references: [SegmentReference] = []
    private var lastKey: CuboidKey?

    init(engine: StorageEngine) { self.engine = engine }

    /// Adds an entry that has no page beside it, or whose page is `bytes` with a final header.
    ///
    /// - Parameter fate: who needs the version.
    mutating func append(
        _ entry: IndexEntry, group: PageGroup, bytes: UnsafeRawBufferPointer?, fate: VersionFate
    ) throws(StorageError) {
        // All versions of a cuboid stay in one file: else merging files that overlap there would never end.
        let key = CuboidKey(group: group, morton: entry.morton)
        if end >= engine.options.bulkSegmentByteCount, key != lastKey { try seal() }
        lastKey = key
        let file = try open()
        var placed = entry
        if let bytes {
            let start = alignUp(end, to: PageLayout.alignment(pageByteCount: bytes.count))
            let needed = start + UInt64(bytes.count)
            if needed > allocated {
                let step = min(max(needed, 1 << 20), Self.allocationStep, engine.options.bulkSegmentByteCount)
                allocated = try file.allocate(byteCount: needed + step, atLeast: needed)
            }
            try file.write([bytes], at: start)
            file.startFlush(offset: start, byteCount: bytes.count)
            placed.offsetOrConstant = start
            end = needed
        }
        groups[group, default: []].append(placed)
        if fate == .inHistory { heldByteCount += UInt64(entry.pageByteCount) }
        if fate == .inSnapshot { snapshotByteCount += UInt64(entry.pageByteCount) }
    }

    private mutating func open() throws(StorageError) -> any StorageFile {
        if let file { return file }
        let header = try engine.writer.withLock { (state) throws(StorageError) -> SegmentHeader in
            try engine.checkWritable(state)
            // Files of this writer must carry its own epoch.
            if !state.hasClaimedEpoch { try engine.publish(state) { _ in } }
            return engine.newHeader(role: .compacted, state)
        }
        let file = try engine.createFile(header)
        self.file = file
        self.header = header
        end = UInt64(SegmentHeader.byteCount)
        allocated = end
        return file
    }

    private mutating func seal() throws(StorageError) {
        guard let file, let header else { return }
        let sealed = try SegmentSealer.seal(
            file: file, groups: groups.mapValues { $0.sorted(by: IndexEntry.precedes) }, end: end)
        var reference = SegmentReference(
            identifier: header.identifier, role: .compacted, fileByteCount: sealed.fileByteCount,
            footerChecksum: sealed.checksum, footer: sealed.footer, commitSequence: 0)
        reference.level = 1
        reference.heldByteCount = heldByteCount
        reference.snapshotByteCount = snapshotByteCount
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.forgetHeldBytes) { reference.heldByteCount = 0 }
        #endif
        references.append(reference)
        self.file = nil
        self.header = nil
        groups = [:]
        heldByteCount = 0
        snapshotByteCount = 0
    }

    /// Seals the last file.
    mutating func finish() throws(StorageError) -> [SegmentReference] {
        if !groups.isEmpty { try seal() }
        return references
    }

    /// Removes everything written; what cannot be removed now is removed by the next open.
    mutating func discard() {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.keepFilesOfGivenUpJob) { return }
        #endif
        if let file { try? engine.fileSystem.unlink(file.path) }
        for reference in references { try? engine.fileSystem.unlink(reference.path) }
        file = nil
        references = []
    }
}

extension PageStore {
    /// Reads a stored page and verifies all of it: header, directory and every brick.
    ///
    /// - Throws: `.corrupt` naming file and offset.
    func verifiedPage(
        _ entry: IndexEntry, group: PageGroup, into buffer: UnsafeMutableRawBufferPointer
    ) throws(StorageError) -> PageHeader {
        let offset = entry.offsetOrConstant
        try read(into: buffer, at: offset)
        let bytes = UnsafeRawBufferPointer(buffer)
        let header = try PageHeader(bytes, file: name, at: offset)
        let checksum = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 92, as: UInt32.self))
        guard checksum == entry.headerChecksum, header.pageByteCount == bytes.count,
            header.key == CuboidKey(group: group, morton: entry.morton), header.kind == entry.kind
        else { throw .corrupt(file: name, offset: offset, reason: "another page stands here") }
        let end = PageHeader.byteCount + header.directoryByteCount
        let directory = try PageDirectory.parse(
            header: header, directory: UnsafeRawBufferPointer(rebasing: bytes[PageHeader.byteCount..<end]),
            file: name, at: offset)
        let summary = UnsafeRawBufferPointer(rebasing: bytes[header.summaryOffset..<header.pageByteCount])
        guard CRC32C.checksum(summary) == header.summaryChecksum, header.isLabelled == entry.isLabelled else {
            throw .corrupt(
                file: name, offset: offset + UInt64(header.summaryOffset),
                reason: "checksum of the summary of cuboid \(entry.morton), channel \(group.channel), "
                    + "resolution \(group.resolution)")
        }
        for brick in directory.entries where brick.codec != .constant {
            let stored = bytes[Int(brick.offset)..<Int(brick.offset) + Int(brick.storedByteCount)]
            guard CRC32C.checksum(UnsafeRawBufferPointer(rebasing: stored)) == brick.checksum else {
                throw .corrupt(
                    file: name, offset: offset + UInt64(brick.offset),
                    reason: "checksum of brick \(brick.brickIndex) of cuboid \(entry.morton), channel "
                        + "\(group.channel), resolution \(group.resolution)")
            }
        }
        return header
    }
}
