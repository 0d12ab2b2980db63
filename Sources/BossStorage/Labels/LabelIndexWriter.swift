/// Writes the label index of a file from the summaries of its pages: the same labels, ordered by ID.
///
/// The summaries ascend already, so they are merged from where they lie; little of each is in memory at a time.
struct LabelIndexWriter {
    private static let writeByteCount = 1 << 20

    private let file: any StorageFile
    private var offset: UInt64
    private var pending: [UInt8] = []
    private var groups: [LabelIndexGroup] = []
    private var fences: [LabelFence] = []

    /// Writes the index of a file behind `end`.
    ///
    /// - Parameter groups: sorted entries by group, in the order of the file's index.
    /// - Returns: where it lies and where it ends; nil when no page has known labels: nothing is written then.
    static func write(
        _ groups: [(key: PageGroup, value: [IndexEntry])], to file: any StorageFile, at end: UInt64
    ) throws(StorageError) -> (section: IndexSection, end: UInt64)? {
        let labelled = groups.filter { $0.value.contains(where: \.isLabelled) }
        guard !labelled.isEmpty else { return nil }
        var writer = LabelIndexWriter(file: file, offset: end)
        for (group, entries) in labelled { try writer.append(group, entries) }
        let root = LabelIndexRoot(groups: writer.groups, fences: writer.fences).encoded()
        let rootOffset = writer.offset + UInt64(writer.pending.count)
        writer.pending += root
        try writer.flush()
        let checksum = root.suffix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return (
            IndexSection(kind: .labels, checksum: checksum, offset: rootOffset, byteCount: root.count),
            writer.offset
        )
    }

    private init(file: any StorageFile, offset: UInt64) {
        self.file = file
        self.offset = offset
    }

    private mutating func append(_ group: PageGroup, _ entries: [IndexEntry]) throws(StorageError) {
        let firstBlock = fences.count
        var merge = try SummaryMerge(
            entries, group, FilePageStore(file: file))
        var block = LabelBlock.Writer()
        var (count, minimum, maximum) = (UInt64(0), UInt64.max, UInt64.min)
        while let entry = try merge.next() {
            if block.isFull { try finish(&block) }
            #if SEEDED_DEFECTS
                if SeededDefect.isOn(.indexWithoutEntry), merge.isEmpty, count > 0 { break }
            #endif
            block.append(entry)
            count += 1
            minimum = min(minimum, entry.id)
            maximum = max(maximum, entry.id)
        }
        if block.entryCount > 0 { try finish(&block) }
        let unknown = entries.reduce(UInt64(0)) { $0 + ($1.isUnlabelled ? 1 : 0) }
        groups.append(
            LabelIndexGroup(
                group: group, firstBlock: firstBlock, blockCount: fences.count - firstBlock,
                entryCount: count,
                minimumID: minimum, maximumID: maximum, unknownPageCount: unknown))
    }

    private mutating func finish(_ block: inout LabelBlock.Writer) throws(StorageError) {
        let (firstID, firstPage) = (block.firstID, block.firstPage)
        let (bytes, checksum) = block.finish()
        fences.append(
            LabelFence(
                firstID: firstID, firstPage: firstPage, byteCount: bytes.count,
                offset: offset + UInt64(pending.count), checksum: checksum))
        pending += bytes
        if pending.count >= Self.writeByteCount { try flush() }
    }

    private mutating func flush() throws(StorageError) {
        let (bytes, start) = (pending, offset)
        let written = bytes.withUnsafeBytes { buffer in
            Result { () throws(StorageError) in try file.write([buffer], at: start) }
        }
        try written.get()
        offset += UInt64(bytes.count)
        pending.removeAll(keepingCapacity: true)
    }
}

extension IndexEntry {
    /// Whether it is a page of voxels whose labels, if they are labels, are not known.
    var isUnlabelled: Bool { !isLabelled && kind.hasVoxels }
}
