@testable import BossStorage

/// A segment file, opened and read to the last brick.
///
/// Input: flags (bit 0 asks for right checksums), 84 bytes of header, 108 of footer, then what lies between
/// them from offset 4096 on; the zeros that fill up header and footer are not part of it.
enum SegmentTarget {
    static let target = FuzzTarget("segment", body: run, seeds: seeds)
    private static let headerByteCount = 84

    @Sendable private static func run(_ input: UnsafeRawBufferPointer) throws {
        var input = FuzzInput(input)
        let flags = input.byte()
        let header = input.take(headerByteCount)
        let footer = input.take(SegmentFooter.usedByteCount)
        var bytes = header + zeros(SegmentHeader.byteCount - header.count) + input.rest()
        bytes += zeros(Int(alignUp(UInt64(bytes.count), to: UInt64(PageLayout.memoryPage))) - bytes.count)
        bytes += footer + zeros(SegmentFooter.byteCount - footer.count)
        if flags & 1 == 1 { ChecksumRepair.segment(&bytes) }

        let parsed = try bytes.withUnsafeBytes { try SegmentHeader($0, file: "header") }
        let reference = reference(parsed, bytes)
        let files = SimulatedFileSystem(seed: 1)
        try files.put(reference.path, bytes)
        let segment = Segment(
            reference: reference,
            origin: SegmentOrigin(fileSystem: files, database: parsed.database))
        let opened = try segment.open()
        try checkIndex(opened.index)
        let engine = engine(segment, files, parsed.database)
        let view = try engine.view()
        var reading = EngineReading()
        for group in opened.index.groups.prefix(8) {
            // Damage in one group says nothing about the others.
            do { try reading.readAll(engine, view, group.group) } catch let error as StorageError {
                _ = error
            }
        }
    }

    private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    /// What is accepted is written back as it was read.
    private static func checkIndex(_ index: SegmentIndex) throws {
        let encoded = index.encoded()
        let again = try encoded.withUnsafeBytes {
            try SegmentIndex($0, expectedChecksum: index.checksum(of: encoded), file: "index", at: 0)
        }
        try FuzzFailure.require(
            again.groups == index.groups && again.fences == index.fences,
            "the index root changes when it is written again")
    }

    /// A reference that lets every key through.
    private static func reference(_ header: SegmentHeader, _ bytes: [UInt8]) -> SegmentReference {
        let low = PageGroup(channel: 0, resolution: 0, time: 0)
        let high = PageGroup(channel: .max, resolution: .max, time: .max)
        let footer = SegmentFooter(
            indexChecksum: 0, indexOffset: 0, indexByteCount: 0, pagesChecksum: 0, pageCount: 0,
            liveByteCount: 0, minimumKey: CuboidKey(group: low, morton: 0),
            maximumKey: CuboidKey(group: high, morton: .max), minimumSequence: 0, maximumSequence: .max)
        let checksum = bytes.number(UInt32.self, at: bytes.count - SegmentFooter.byteCount + 104) ?? 0
        return SegmentReference(
            identifier: header.identifier, role: header.role, fileByteCount: UInt64(bytes.count),
            footerChecksum: checksum, footer: footer, commitSequence: header.role == .bulk ? 5 : 0)
    }

    private static func engine(
        _ segment: Segment, _ files: SimulatedFileSystem, _ database: FileIdentifier
    ) -> StorageEngine {
        let root = ManifestRoot(
            number: 1, database: database, epoch: 1, lastSequence: 0, microseconds: 0, logs: [], segments: [],
            droppedChannels: [])
        let reclaimer = FileReclaimer(fileSystem: files)
        return StorageEngine(
            fileSystem: files, options: EngineReading.options, isReadOnly: false,
            state: WriterState(root: root, lastSequence: 0),
            published: PublishedState(
                table: SegmentTable(recent: [segment]), memtable: Memtable(), sequence: .max,
                pin: reclaimer.pin(1)),
            reclaimer: reclaimer, origin: SegmentOrigin(fileSystem: files, database: database))
    }

    @Sendable private static func seeds() throws -> [[UInt8]] {
        try SampleDatabase.shared.get().segmentFiles.map { bytes in
            let footer = bytes.count - SegmentFooter.byteCount
            var body = Array(bytes[SegmentHeader.byteCount..<footer])
            while body.last == 0 { body.removeLast() }
            return [1] + bytes.prefix(headerByteCount) + bytes[footer..<footer + SegmentFooter.usedByteCount]
                + body
        }
    }
}
