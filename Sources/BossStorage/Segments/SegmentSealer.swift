import BossCodec

/// Appends indexes and footer to a file of pages, which makes it a segment.
enum SegmentSealer {
    /// Writes the indexes and the footer behind the pages and flushes the file.
    ///
    /// - Parameters:
    ///   - groups: sorted entries by group; at least one entry in all.
    ///   - end: end of the pages in the file.
    /// - Returns: the length of the file, the footer and its checksum.
    /// - Throws: `.storageFailed` when the flush fails.
    static func seal(
        file: any StorageFile, groups: [PageGroup: [IndexEntry]], end: UInt64
    ) throws(StorageError) -> (fileByteCount: UInt64, footer: SegmentFooter, checksum: UInt32) {
        let sorted = groups.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
        guard let first = sorted.first, let last = sorted.last, let firstEntry = first.value.first,
            let lastEntry = last.value.last
        else { throw .corrupt(file: file.path, offset: end, reason: "a segment without pages") }
        let labels = try labelIndex(sorted, file, at: alignUp(end, to: UInt64(PageLayout.memoryPage)))
        let end = labels?.end ?? end
        var offset = alignUp(end, to: UInt64(PageLayout.memoryPage))
        var chunks: [[UInt8]] = []
        let index = layOut(sorted, labels: labels?.section, at: &offset, chunks: &chunks)
        let root = index.encoded()
        chunks.append(root)
        let pagesChecksum = checksum(of: sorted)
        let all = sorted.flatMap(\.value)
        let footer = SegmentFooter(
            indexChecksum: index.checksum(of: root), indexOffset: offset,
            indexByteCount: root.count, pagesChecksum: pagesChecksum, pageCount: UInt64(all.count),
            liveByteCount: all.reduce(0) { $0 + UInt64($1.pageByteCount) },
            minimumKey: CuboidKey(group: first.key, morton: firstEntry.morton),
            maximumKey: CuboidKey(group: last.key, morton: lastEntry.morton),
            minimumSequence: all.reduce(UInt64.max) { min($0, $1.sequence) },
            maximumSequence: all.reduce(0) { max($0, $1.sequence) })
        let footerOffset = alignUp(offset + UInt64(root.count), to: UInt64(PageLayout.memoryPage))
        let (footerBytes, footerChecksum) = footer.encoded()
        try write(
            chunks, footer: footerBytes, footerOffset: footerOffset, file: file,
            at: alignUp(end, to: UInt64(PageLayout.memoryPage)))
        let fileByteCount = footerOffset + UInt64(SegmentFooter.byteCount)
        try file.truncate(byteCount: fileByteCount)
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.nameBeforeFlush) { return (fileByteCount, footer, footerChecksum) }
        #endif
        try StorageError.flushing { () throws(StorageError) in try file.sync() }
        return (fileByteCount, footer, footerChecksum)
    }

    /// Writes the label index; on a full disk the file goes without, and labels are looked for in the pages' summaries.
    private static func labelIndex(
        _ sorted: [(key: PageGroup, value: [IndexEntry])], _ file: any StorageFile, at offset: UInt64
    ) throws(StorageError) -> (section: IndexSection, end: UInt64)? {
        do throws(StorageError) { return try LabelIndexWriter.write(sorted, to: file, at: offset) } catch {
            guard case .diskFull = error else { throw error }
            return nil
        }
    }

    private static func layOut(
        _ sorted: [(key: PageGroup, value: [IndexEntry])], labels: IndexSection?, at offset: inout UInt64,
        chunks: inout [[UInt8]]
    ) -> SegmentIndex {
        var groups: [IndexGroup] = []
        var fences: [IndexFence] = []
        for (group, entries) in sorted {
            let firstLeaf = fences.count
            for start in stride(from: 0, to: entries.count, by: SegmentIndex.entriesPerLeaf) {
                let part = entries[start..<min(start + SegmentIndex.entriesPerLeaf, entries.count)]
                let (bytes, checksum) = IndexLeaf.encoded(entries: part, group: group)
                fences.append(
                    IndexFence(
                        firstMorton: entries[start].morton, offset: offset, byteCount: bytes.count,
                        checksum: checksum))
                chunks.append(bytes)
                offset += UInt64(bytes.count)
            }
            groups.append(
                IndexGroup(
                    group: group, firstLeaf: firstLeaf, leafCount: fences.count - firstLeaf,
                    pageCount: UInt64(entries.count),
                    minimumSequence: entries.reduce(UInt64.max) { min($0, $1.sequence) },
                    maximumSequence: entries.reduce(0) { max($0, $1.sequence) },
                    liveByteCount: entries.reduce(0) { $0 + UInt64($1.pageByteCount) }))
        }
        return SegmentIndex(groups: groups, fences: fences, labels: labels)
    }

    private static func checksum(of sorted: [(key: PageGroup, value: [IndexEntry])]) -> UInt32 {
        sorted.reduce(UInt32(0)) { running, group in
            group.value.reduce(running) { running, entry in
                withUnsafeBytes(of: entry.headerChecksum.littleEndian) { CRC32C.checksum($0, seed: running) }
            }
        }
    }

    private static func write(
        _ chunks: [[UInt8]], footer: [UInt8], footerOffset: UInt64, file: any StorageFile, at start: UInt64
    ) throws(StorageError) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(footerOffset - start) + footer.count)
        for chunk in chunks { bytes += chunk }
        bytes += [UInt8](repeating: 0, count: Int(footerOffset - start) - bytes.count)
        bytes += footer
        let written = bytes.withUnsafeBytes { buffer in
            Result { () throws(StorageError) in try file.write([buffer], at: start) }
        }
        try written.get()
    }
}
