import BossCodec

/// A segment file under check: what of its structures verifies, each on its own.
struct CheckedSegment {
    let reference: SegmentReference
    let run: CheckRun
    let root: ManifestRoot
    private let file: any StorageFile
    private let length: UInt64
    private var object: String { "segment file \(reference.path)" }

    /// The entries of one leaf.
    typealias Leaf = (group: PageGroup, entries: [IndexEntry])

    init(_ reference: SegmentReference, root: ManifestRoot, _ run: CheckRun) throws(StorageError) {
        self.reference = reference
        self.run = run
        self.root = root
        file = try run.fileSystem.open(reference.path, mode: .read)
        length = try file.byteCount()
    }

    /// Looks at everything that the depth asks for.
    ///
    /// - Returns: whether the index verifies, so that other rules can be looked at with it.
    func check() throws(StorageError) -> Bool {
        let least = UInt64(SegmentHeader.byteCount + SegmentFooter.byteCount)
        run.expect(
            length == reference.fileByteCount, object,
            "length is \(length), the manifest says \(reference.fileByteCount)")
        guard checkHeader() else { return false }
        guard length >= least, reference.fileByteCount >= least, reference.fileByteCount <= length else {
            return false
        }
        let footerOffset = reference.fileByteCount - UInt64(SegmentFooter.byteCount)
        guard let footer = checkFooter(footerOffset), let index = checkIndex(footer, footerOffset) else {
            return false
        }
        let (leaves, isWhole) = try checkLeaves(index, footer)
        checkTotals(leaves, index, footer, isWhole: isWhole)
        let labels = CheckedLabels(index, run: run, file: file, object: object)
        // Where pages end: what follows are the blocks of the label index, then the leaves.
        let end = labels.start ?? index.fences.first?.offset ?? footer.indexOffset
        checkPlaces(leaves, limit: end)
        if run.depth == .full { try checkPages(leaves, end: end) }
        if isWhole { try labels.check(leaves, end: index.fences.first?.offset ?? footer.indexOffset) }
        return isWhole
    }

    /// - Returns: false for a file of a newer format, of which nothing more can be said.
    private func checkHeader() -> Bool {
        do throws(StorageError) {
            let header = try SegmentHeader.load(file)
            run.expect(header.database == root.database, object, "the file belongs to another database")
            run.expect(
                header.identifier == reference.identifier, object, "another segment file has this name")
            run.expect(
                header.role == reference.role, object, "the header and the manifest disagree on the role")
            run.expect(
                header.epoch <= root.epoch, object,
                "the file is of epoch \(header.epoch), newer than the root")
        } catch {
            run.add(error, of: object)
            if case .unsupportedFormat = error { return false }
        }
        run.expectZeros(file, SegmentHeader.padding(length), object, "padding of the header")
        return true
    }

    private func checkFooter(_ offset: UInt64) -> SegmentFooter? {
        run.expectZeros(
            file, offset + UInt64(SegmentFooter.usedByteCount)..<offset + UInt64(SegmentFooter.byteCount),
            object, "padding of the footer")
        let footer = run.attempt(object) { () throws(StorageError) in
            let bytes = try run.buffer.read(file, at: offset, count: SegmentFooter.usedByteCount)
            return try SegmentFooter(
                bytes, expectedChecksum: reference.footerChecksum, file: reference.path, at: offset)
        }
        guard let footer else { return nil }
        let isBulk = reference.commitSequence != 0
        run.expect(
            footer.pageCount == reference.pageCount && footer.liveByteCount == reference.liveByteCount,
            object,
            "the manifest counts \(reference.pageCount) pages of \(reference.liveByteCount) bytes, the footer "
                + "\(footer.pageCount) of \(footer.liveByteCount)")
        run.expect(
            footer.minimumKey == reference.minimumKey && footer.maximumKey == reference.maximumKey, object,
            "the manifest and the footer disagree on the keys")
        run.expect(
            isBulk
                ? reference.maximumSequence == reference.commitSequence
                    && reference.minimumSequence < reference.commitSequence
                : footer.minimumSequence == reference.minimumSequence
                    && footer.maximumSequence == reference.maximumSequence, object,
            "the manifest and the footer disagree on the commits")
        return footer
    }

    private func checkIndex(_ footer: SegmentFooter, _ footerOffset: UInt64) -> SegmentIndex? {
        let end = footer.indexOffset + UInt64(footer.indexByteCount)
        run.expect(
            footerOffset - end < UInt64(PageLayout.memoryPage), object, "the index does not end at the footer"
        )
        run.expectZeros(file, end..<footerOffset, object, "padding of the index")
        return run.attempt(object) { () throws(StorageError) in
            let bytes = try run.buffer.read(file, at: footer.indexOffset, count: footer.indexByteCount)
            return try SegmentIndex(
                bytes, expectedChecksum: footer.indexChecksum, file: reference.path, at: footer.indexOffset)
        }
    }

    private func checkLeaves(
        _ index: SegmentIndex, _ footer: SegmentFooter
    ) throws(StorageError) -> (leaves: [Leaf], isWhole: Bool) {
        var leaves: [Leaf] = []
        var isWhole = true
        var next: UInt64?
        for group in index.groups {
            var last: IndexEntry?
            for number in group.firstLeaf..<group.firstLeaf + group.leafCount {
                try run.control()
                let fence = index.fences[number]
                run.expect(
                    fence.offset == next ?? fence.offset, object,
                    "leaf \(number) does not follow the one before")
                next = fence.offset &+ UInt64(fence.byteCount)
                let leaf = run.attempt(object) { () throws(StorageError) in
                    let bytes = try run.buffer.read(file, at: fence.offset, count: fence.byteCount)
                    return try IndexLeaf(bytes, fence: fence, group: group.group, file: reference.path)
                }
                guard let leaf else {
                    isWhole = false
                    continue
                }
                if let last, let first = leaf.entries.first {
                    run.expect(
                        IndexEntry.precedes(last, first), object, "leaf \(number) is out of order")
                }
                last = leaf.entries.last
                leaves.append((group.group, leaf.entries))
            }
        }
        run.expect(next == footer.indexOffset, object, "the index root does not follow the leaves")
        return (leaves, isWhole)
    }

    /// Counters of the index against what its leaves say.
    private func checkTotals(
        _ leaves: [Leaf], _ index: SegmentIndex, _ footer: SegmentFooter, isWhole: Bool
    ) {
        guard isWhole else { return }
        var pageCount: UInt64 = 0
        var byteCount: UInt64 = 0
        var checksum: UInt32 = 0
        var sequences: (low: UInt64, high: UInt64) = (.max, 0)
        for group in index.groups {
            let entries = leaves.filter { $0.group == group.group }.flatMap(\.entries)
            let bytes = entries.reduce(UInt64(0)) { $0 &+ UInt64($1.pageByteCount) }
            let low = entries.reduce(UInt64.max) { min($0, $1.sequence) }
            let high = entries.reduce(UInt64(0)) { max($0, $1.sequence) }
            run.expect(
                group.pageCount == UInt64(entries.count) && group.liveByteCount == bytes
                    && group.minimumSequence == low && group.maximumSequence == high, object,
                "the index counts \(group.pageCount) pages of \(group.liveByteCount) bytes of \(group.group.words), "
                    + "its leaves hold \(entries.count) of \(bytes)")
            for entry in entries {
                checksum = withUnsafeBytes(of: entry.headerChecksum.littleEndian) {
                    CRC32C.checksum($0, seed: checksum)
                }
            }
            pageCount += UInt64(entries.count)
            byteCount &+= bytes
            sequences = (min(sequences.low, low), max(sequences.high, high))
        }
        run.expect(
            footer.pageCount == pageCount && footer.liveByteCount == byteCount, object,
            "the footer counts \(footer.pageCount) pages of \(footer.liveByteCount) bytes, the index holds "
                + "\(pageCount) of \(byteCount)")
        run.expect(footer.pagesChecksum == checksum, object, "checksum of all page headers in the footer")
        run.expect(
            footer.minimumSequence == sequences.low && footer.maximumSequence == sequences.high, object,
            "the footer and the index disagree on the commits")
        if let first = leaves.first, let low = first.entries.first, let last = leaves.last,
            let high = last.entries.last
        {
            run.expect(
                footer.minimumKey == CuboidKey(group: first.group, morton: low.morton)
                    && footer.maximumKey == CuboidKey(group: last.group, morton: high.morton), object,
                "the footer and the index disagree on the keys")
        }
    }

    /// Whether entries may stand in a file of this role, and whether their pages lie apart from one another.
    private func checkPlaces(_ leaves: [Leaf], limit: UInt64) {
        var places: [(offset: UInt64, end: UInt64)] = []
        for (group, entries) in leaves {
            for entry in entries {
                let key = CuboidKey(group: group, morton: entry.morton)
                let fits =
                    reference.role == .bulk
                    ? entry.sequence == 0 && entry.kind != .delta
                    : (1...max(1, root.lastSequence)).contains(entry.sequence)
                run.expect(
                    fits && entry.kind != .rangeTombstone, object,
                    "the index has a \(entry.kind) of commit \(entry.sequence) for \(key.words), which does not "
                        + "belong into this file")
                guard !entry.isIndexOnly else { continue }
                let end = entry.offsetOrConstant.addingReportingOverflow(UInt64(entry.pageByteCount))
                guard
                    run.expect(
                        !end.overflow && end.partialValue <= limit
                            && entry.offsetOrConstant >= UInt64(SegmentHeader.byteCount)
                            && entry.offsetOrConstant % PageLayout.fileAlignment == 0, object,
                        "the page of \(key.words) lies at byte \(entry.offsetOrConstant), outside the pages")
                else { continue }
                places.append((entry.offsetOrConstant, end.partialValue))
            }
        }
        places.sort { $0.offset < $1.offset }
        for (place, next) in zip(places, places.dropFirst()) {
            run.expect(place.end <= next.offset, object, "two pages overlap at byte \(next.offset)")
        }
    }

    private func checkPages(_ leaves: [Leaf], end: UInt64) throws(StorageError) {
        let pages = CheckedPages(
            run: run, file: file, object: object, database: root.database,
            droppedChannels: Set(root.droppedChannels), commit: reference.commitSequence)
        for (group, entries) in leaves where run.wants(group) {
            for entry in entries { try pages.check(entry, group) }
        }
        guard run.channel == nil else { return }
        if reference.role == .log {
            checkBatches(leaves, pages, end: end)
        } else {
            pages.checkGaps(leaves.flatMap(\.entries), end: end)
        }
    }

    /// The commit records of a sealed log: nobody needs them any more but salvage.
    private func checkBatches(_ leaves: [Leaf], _ pages: CheckedPages, end: UInt64) {
        let contents = run.attempt(object) { () throws(StorageError) in
            try LogScanner(file: file).scan(
                database: root.database, identifier: reference.identifier, knownFlushed: 0, limit: end,
                verifyBricks: false)
        }
        guard let contents else { return }
        var committed: [PageGroup: Set<IndexEntry>] = [:]
        for (group, entries) in contents.entries { committed[group] = Set(entries) }
        let missing = leaves.contains { group, entries in
            !entries.allSatisfy { committed[group]?.contains($0) ?? false }
        }
        if missing {
            run.warning(
                object, "its batches verify only up to byte \(contents.end)",
                "nothing is needed: the index has all pages; salvage would miss what the index does not verify"
            )
        } else {
            pages.checkLogPadding(from: UInt64(SegmentHeader.byteCount), to: contents.end)
            run.expectZeros(
                file, min(contents.end, end)..<end, object, "the part between the last batch and the index")
        }
    }
}

extension SegmentHeader {
    /// The part of a file's header that holds nothing; a file that was cut may have none.
    static func padding(_ length: UInt64) -> Range<UInt64> {
        let start = UInt64(usedByteCount)
        return start..<max(start, min(length, UInt64(byteCount)))
    }
}
