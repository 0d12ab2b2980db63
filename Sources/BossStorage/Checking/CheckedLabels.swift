/// The label index of a segment file under check.
struct CheckedLabels {
    private let run: CheckRun
    private let file: any StorageFile
    private let object: String
    private let section: IndexSection?
    private let root: LabelIndexRoot?

    /// Where its blocks start; nil without a label index, or with one that does not verify.
    var start: UInt64? { root?.fences.first?.offset ?? section?.offset }

    init(_ index: SegmentIndex, run: CheckRun, file: any StorageFile, object: String) {
        (self.run, self.file, self.object) = (run, file, object)
        section = index.labels
        root = index.labels.flatMap { section in
            run.attempt(object) { () throws(StorageError) in
                let bytes = try run.buffer.read(file, at: section.offset, count: section.byteCount)
                return try LabelIndexRoot(
                    bytes, expectedChecksum: section.checksum, file: file.path, at: section.offset)
            }
        }
    }

    /// Whether the blocks lie one after the other; in a full check also whether they say of each label what the summaries
    /// of the pages say, and nothing more.
    ///
    /// - Parameters:
    ///   - leaves: all leaves of the file's index, in order.
    ///   - end: where the leaves start.
    func check(_ leaves: [CheckedSegment.Leaf], end: UInt64) throws(StorageError) {
        guard let root, let section else { return }
        var next: UInt64?
        for fence in root.fences {
            run.expect(
                fence.offset == next ?? fence.offset, object,
                "a block of labels does not follow the one before")
            next = fence.offset &+ UInt64(fence.byteCount)
        }
        run.expect(
            next ?? section.offset == section.offset, object, "the label index does not follow its blocks")
        let sectionEnd = section.offset + UInt64(section.byteCount)
        if sectionEnd <= end { run.expectZeros(file, sectionEnd..<end, object, "padding of the label index") }
        guard run.depth == .full else { return }
        for group in root.groups where run.wants(group.group) {
            try run.control()
            let entries = leaves.filter { $0.group == group.group }.flatMap(\.entries)
            _ = run.attempt("\(object), labels of \(group.group.words)") { () throws(StorageError) in
                try compare(group, entries, root)
            }
        }
        let indexed = Set(root.groups.map(\.group))
        let missing = leaves.first { $0.entries.contains(where: \.isLabelled) && !indexed.contains($0.group) }
        run.expect(missing == nil, object, "the label index lacks \(missing?.group.words ?? "a group")")
    }

    private func compare(
        _ group: LabelIndexGroup, _ entries: [IndexEntry], _ root: LabelIndexRoot
    ) throws(StorageError) {
        let store = FilePageStore(file: file)
        var merge = try SummaryMerge(entries, group.group, store)
        var (count, minimum, maximum) = (UInt64(0), UInt64.max, UInt64.min)
        for fence in root.fences[group.firstBlock..<group.firstBlock + group.blockCount] {
            let bytes = try run.buffer.read(file, at: fence.offset, count: fence.byteCount)
            var isFirst = true
            try LabelBlock.forEach(bytes, fence, file: file.path) { (found) throws(StorageError) in
                guard try merge.next() == found,
                    !isFirst || (found.id, found.page) == (fence.firstID, fence.firstPage)
                else {
                    throw .corrupt(
                        file: file.path, offset: fence.offset,
                        reason: "the label index and the summaries of the pages disagree on ID \(found.id)")
                }
                isFirst = false
                count += 1
                minimum = min(minimum, found.id)
                maximum = max(maximum, found.id)
                return true
            }
        }
        let unknown = entries.reduce(UInt64(0)) { $0 + ($1.isUnlabelled ? 1 : 0) }
        guard try merge.next() == nil, group.entryCount == count, group.minimumID == minimum,
            group.maximumID == maximum, group.unknownPageCount == unknown
        else {
            throw .corrupt(
                file: file.path, offset: section?.offset ?? 0,
                reason: "the label index lacks labels that the summaries of the pages have")
        }
    }
}
