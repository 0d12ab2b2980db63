package import BossCodec
package import BossVoxels

/// Builds one page, brick by brick in ascending order, in one buffer.
///
///     var builder = PageBuilder(key: key, kind: .full, encoder: encoder, …, labels: scope)
///     try builder.append(brick: 0) { voxels in … }
///     let page = builder.finish()
package struct PageBuilder {
    private let key: CuboidKey
    private let kind: PageKind
    private let encoder: BrickEncoder
    private let voxelByteCount: Int
    private let brickByteCount: Int
    private let baseSequence: UInt64
    private let brickCapacity: Int
    private var storage: VoxelStorage
    private let scratch: VoxelStorage
    private var entries: [BrickEntry] = []
    private var end: Int
    /// The labels of the bricks so far; nil for images.
    private var collector: LabelCollector?

    /// A builder for up to `brickCapacity` bricks.
    ///
    /// - Parameters:
    ///   - brickByteCount: decoded bytes of every brick.
    ///   - baseSequence: for a delta, the sequence number of the newest version under it.
    ///   - scratch: at least `BrickEncoder.outputBound(brickByteCount)` bytes, reused between pages.
    ///   - labels: where the bricks are labels: the page gets a summary.
    package init(
        key: CuboidKey, kind: PageKind, encoder: BrickEncoder, voxelByteCount: Int, brickByteCount: Int,
        brickCapacity: Int, baseSequence: UInt64 = 0, scratch: VoxelStorage, labels: LabelScope? = nil
    ) {
        precondition(kind == .full || kind == .delta, "constants have no bricks")
        precondition(brickCapacity <= PageLimits.brickCount && brickByteCount <= PageLimits.brickByteCount)
        self.key = key
        self.kind = kind
        self.encoder = encoder
        self.voxelByteCount = voxelByteCount
        self.brickByteCount = brickByteCount
        self.baseSequence = baseSequence
        self.brickCapacity = brickCapacity
        self.scratch = scratch
        collector = labels.map { LabelCollector(scope: $0) }
        let head = PageHeader.byteCount + brickCapacity * BrickEntry.byteCount
        end = head
        storage = VoxelStorage(
            byteCount: head + PageLayout.memoryPage + brickCapacity * Self.slot(brickByteCount), zeroed: false
        )
        entries.reserveCapacity(brickCapacity)
    }

    private static func slot(_ brickByteCount: Int) -> Int { (brickByteCount + 63) & ~63 }

    /// Appends a brick whose voxels `fill` puts into the page itself; they are compressed from there.
    ///
    /// - Parameter fill: gets exactly the decoded bytes of a brick, with arbitrary content.
    package mutating func append(
        brick brickIndex: Int, fill: (UnsafeMutableRawBufferPointer) throws(StorageError) -> Void
    ) throws(StorageError) {
        let aligned = PageLayout.brickAlignment(storedByteCount: brickByteCount, codec: .raw)
        let rawStart = Int(alignUp(UInt64(end), to: UInt64(aligned)))
        let (key, encoder, scratch, brickByteCount) = (key, encoder, scratch, brickByteCount)
        let end = end
        var collector = collector
        self.collector = nil
        defer { self.collector = collector }
        let appended = storage.withUnsafeMutableBytes { page in
            Result { () throws(StorageError) -> (BrickEntry, Int) in
                let voxels = UnsafeMutableRawBufferPointer(
                    rebasing: page[rawStart..<rawStart + brickByteCount])
                try fill(voxels)
                return try Self.encode(
                    voxels: voxels, page: page, brickIndex: brickIndex, key: key, encoder: encoder,
                    scratch: scratch, rawStart: rawStart, end: end, collector: &collector)
            }
        }
        let (entry, newEnd) = try appended.get()
        record(entry, end: newEnd)
    }

    private static func encode(
        voxels: UnsafeMutableRawBufferPointer, page: UnsafeMutableRawBufferPointer, brickIndex: Int,
        key: CuboidKey, encoder: BrickEncoder, scratch: VoxelStorage, rawStart: Int, end: Int,
        collector: inout LabelCollector?
    ) throws(StorageError) -> (BrickEntry, Int) {
        let encoded = scratch.withUnsafeMutableBytes { output in
            Result { () throws(CodecError) in
                try encoder.encode(UnsafeRawBufferPointer(voxels), into: output, copyRaw: false)
            }
        }
        let brick: EncodedBrick
        do { brick = try encoded.get() } catch {
            throw .corrupt(
                file: "memory", offset: key.morton, reason: "brick \(brickIndex) cannot be encoded: \(error)")
        }
        if brick.codec == .constant {
            collector?.add(constant: brick.constantBits, brick: brickIndex)
        } else if let runs = brick.runs {
            collector?.add(runs, brick: brickIndex)
        } else {
            collector?.add(voxels: UnsafeRawBufferPointer(voxels), brick: brickIndex)
        }
        switch brick.codec {
        case .constant:
            return (.constant(brickIndex: brickIndex, bits: brick.constantBits), end)
        case .raw:
            clear(page, end..<rawStart)
            let entry = BrickEntry(
                brickIndex: UInt32(brickIndex), codec: .raw, offset: UInt32(rawStart),
                storedByteCount: UInt32(voxels.count), checksum: brick.checksum)
            return (entry, rawStart + voxels.count)
        default:
            let start = Int(alignUp(UInt64(end), to: 64))
            clear(page, end..<start)
            scratch.withUnsafeBytes { source in
                UnsafeMutableRawBufferPointer(rebasing: page[start..<start + brick.byteCount]).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: source[0..<brick.byteCount]))
            }
            let entry = BrickEntry(
                brickIndex: UInt32(brickIndex), codec: brick.codec, offset: UInt32(start),
                storedByteCount: UInt32(brick.byteCount), checksum: brick.checksum)
            return (entry, start + brick.byteCount)
        }
    }

    /// Gaps between bricks are zeros in every file, whatever was in the memory before.
    private static func clear(_ page: UnsafeMutableRawBufferPointer, _ range: Range<Int>) {
        UnsafeMutableRawBufferPointer(rebasing: page[range]).initializeMemory(as: UInt8.self, repeating: 0)
    }

    /// Appends a brick of one value.
    package mutating func appendConstant(brick brickIndex: Int, bits: UInt64) {
        collector?.add(constant: bits, brick: brickIndex)
        appendUncollected(brick: brickIndex, bits: bits)
    }

    mutating func appendUncollected(brick brickIndex: Int, bits: UInt64) {
        record(.constant(brickIndex: brickIndex, bits: bits), end: end)
    }

    /// Appends stored bytes of another page's brick as they are, after their checksum was verified.
    mutating func appendStored(
        brick brickIndex: Int, entry: BrickEntry,
        fill: (UnsafeMutableRawBufferPointer) throws(StorageError) -> Void
    ) throws(StorageError) {
        if entry.codec == .constant { return appendUncollected(brick: brickIndex, bits: entry.constantBits) }
        let count = Int(entry.storedByteCount)
        let alignment = PageLayout.brickAlignment(storedByteCount: count, codec: entry.codec)
        let start = Int(alignUp(UInt64(end), to: UInt64(alignment)))
        let copied = storage.withUnsafeMutableBytes { page in
            Result { () throws(StorageError) in
                Self.clear(page, end..<start)
                try fill(UnsafeMutableRawBufferPointer(rebasing: page[start..<start + count]))
            }
        }
        try copied.get()
        var moved = entry
        moved.brickIndex = UInt32(brickIndex)
        moved.offset = UInt32(start)
        record(moved, end: start + count)
    }

    private mutating func record(_ entry: BrickEntry, end newEnd: Int) {
        precondition(entries.count < brickCapacity, "more bricks than announced")
        precondition(entries.last.map { $0.brickIndex < entry.brickIndex } ?? true, "bricks ascend")
        entries.append(entry)
        end = newEnd
    }

    /// The labels of the bricks appended so far that were not copied; nil where they are not known.
    package var collected: [PageLabel]? { collector?.sorted }

    /// Takes the labels of a brick into those collected; it is decoded for that.
    package mutating func collect(
        brick brickIndex: Int, _ source: BrickSource, from engine: StorageEngine
    ) throws(StorageError) {
        guard var own = collector else { return }
        collector = nil
        defer { collector = own }
        try own.add(source, brick: brickIndex, from: engine)
    }

    /// The page, with the labels of the bricks that were appended; one constant in all bricks of a full page becomes a
    /// constant page.
    package func finish() -> EncodedPage { finish(labels: collected) }

    /// The page with a summary of given labels, without one for nil.
    package func finish(labels: [PageLabel]?) -> EncodedPage {
        if kind == .full, let first = entries.first, first.codec == .constant,
            entries.allSatisfy({ $0.codec == .constant && $0.constantBits == first.constantBits })
        {
            return .constant(
                key: key, bits: first.constantBits, voxelByteCount: voxelByteCount, isLabelled: labels != nil)
        }
        var directory = ByteWriter(capacity: entries.count * BrickEntry.byteCount)
        for entry in entries { entry.write(to: &directory) }
        let checksum = directory.bytes.withUnsafeBytes { CRC32C.checksum($0) }
        var summary = labels.map { PageSummary(labels: $0).encoded() } ?? []
        if end + summary.count > PageLimits.pageByteCount { summary = [] }
        let storage = room(for: summary.count)
        storage.withUnsafeMutableBytes { page in
            UnsafeMutableRawBufferPointer(rebasing: page[PageHeader.byteCount...]).copyBytes(
                from: directory.bytes)
            let head = PageHeader.byteCount + brickCapacity * BrickEntry.byteCount
            Self.clear(page, PageHeader.byteCount + directory.bytes.count..<head)
            UnsafeMutableRawBufferPointer(rebasing: page[end...]).copyBytes(from: summary)
        }
        let header = PageHeader(
            database: FileIdentifier(high: 0, low: 0), key: key, kind: kind, voxelByteCount: voxelByteCount,
            brickCount: entries.count, baseOrConstant: baseSequence, pageByteCount: end + summary.count,
            brickByteCount: brickByteCount, directoryChecksum: checksum, summary: summary,
            isLabelled: !summary.isEmpty)
        return EncodedPage(header: header, entries: entries, storage: storage)
    }

    /// The page's memory, larger where the summary does not fit behind the bricks.
    private func room(for summaryByteCount: Int) -> VoxelStorage {
        guard end + summaryByteCount > storage.byteCount else { return storage }
        let larger = VoxelStorage(byteCount: end + summaryByteCount, zeroed: false)
        larger.withUnsafeMutableBytes { target in
            storage.withUnsafeBytes { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[0..<end])) }
        }
        return larger
    }
}
