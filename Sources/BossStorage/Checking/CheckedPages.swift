import BossCodec

/// The stored pages of one file under check.
struct CheckedPages {
    let run: CheckRun
    let file: any StorageFile
    let object: String
    let database: FileIdentifier
    let droppedChannels: Set<UInt32>
    /// The commit of pages that do not know theirs.
    var commit: UInt64 = 0

    /// Reads a page and verifies all of it: the header against the index, the directory, every brick and that it can
    /// be decoded. Pages of dropped channels are left alone.
    func check(_ entry: IndexEntry, _ group: PageGroup) throws(StorageError) {
        guard !entry.isIndexOnly, !droppedChannels.contains(group.channel) else { return }
        try run.control()
        run.done.byteCount += UInt64(entry.pageByteCount)
        run.progress(run.done)
        let key = CuboidKey(group: group, morton: entry.morton)
        let name = "\(key.words), commit \(entry.sequence == 0 ? commit : entry.sequence), in \(file.path)"
        let place = entry.offsetOrConstant
        run.key = key
        defer { run.key = nil }
        do throws(StorageError) {
            let bytes = try run.buffer.read(file, at: place, count: Int(entry.pageByteCount))
            let header = try PageHeader(bytes, file: file.path, at: place)
            try compare(header, entry, key, bytes)
            if header.summaryByteCount > 0 {
                let summary = UnsafeRawBufferPointer(rebasing: bytes[header.summaryOffset...])
                _ = try PageSummary(
                    summary, header: header, file: file.path, at: place + UInt64(header.summaryOffset))
            }
            let page = PageExamination(
                bytes, header: header, file: file.path, at: place, decodingInto: run.scratch)
            report(page, name, at: place)
            if header.kind == .delta {
                run.deltaBases[.init(path: file.path, offset: place)] = header.baseOrConstant
                run.expect(
                    header.baseOrConstant <= entry.sequence, name,
                    "it was made from commit \(header.baseOrConstant), which is younger")
            }
            if group == SystemGroup.notes, page.isSound { checkNote(page, bytes, name) }
            if group.isMapping, page.isSound { checkMapping(page, bytes, key, name) }
        } catch {
            run.add(error, of: name, CheckRemedy.rewrite, at: place)
        }
    }

    private func compare(
        _ header: PageHeader, _ entry: IndexEntry, _ key: CuboidKey, _ bytes: UnsafeRawBufferPointer
    ) throws(StorageError) {
        let checksum = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 92, as: UInt32.self))
        guard checksum == entry.headerChecksum, header.key == key, header.kind == entry.kind,
            header.pageByteCount == bytes.count, header.database == database,
            header.sequence == entry.sequence, header.isLabelled == entry.isLabelled
        else {
            throw .corrupt(
                file: file.path, offset: entry.offsetOrConstant, reason: "another page stands here")
        }
    }

    private func report(_ page: PageExamination, _ name: String, at place: UInt64) {
        if !page.isDirectorySound {
            run.error(name, "checksum of the brick directory", CheckRemedy.rewrite, at: place)
        }
        guard !page.damage.isEmpty, page.isDirectorySound else { return }
        let reasons = Set(page.damage.map(\.reason)).sorted().joined(separator: "; ")
        let bricks = page.damage.prefix(20).map { String($0.position) }.joined(separator: ", ")
        let more = page.damage.count > 20 ? " and \(page.damage.count - 20) more" : ""
        run.error(
            name, "\(page.damage.count) of \(page.header.brickCount) bricks: \(reasons) (\(bricks)\(more))",
            CheckRemedy.rewrite, at: place)
    }

    private func checkNote(_ page: PageExamination, _ bytes: UnsafeRawBufferPointer, _ name: String) {
        guard let entry = page.sound.first, entry.codec == .raw else {
            return run.error(name, "it holds no note", CheckRemedy.rewrite)
        }
        let start = Int(entry.offset)
        let note = UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(entry.storedByteCount)])
        _ = run.attempt(name) { () throws(StorageError) in try CommitNote(note, file: file.path) }
    }

    /// Warns of bytes between pages that are not zero.
    func checkGaps(_ entries: [IndexEntry], end: UInt64) {
        var next = UInt64(SegmentHeader.byteCount)
        let stored = entries.filter { !$0.isIndexOnly }.sorted { $0.offsetOrConstant < $1.offsetOrConstant }
        for entry in stored {
            // What lies elsewhere was reported.
            guard entry.offsetOrConstant >= next, entry.offsetOrConstant < end else { continue }
            run.expectZeros(file, next..<entry.offsetOrConstant, object, "padding between pages")
            next = entry.offsetOrConstant + UInt64(entry.pageByteCount)
        }
        if next < end { run.expectZeros(file, next..<end, object, "padding between pages") }
    }

    /// The same for a log, whose batches verify: its pages follow one another, with commit records in between.
    func checkLogPadding(from start: UInt64, to end: UInt64) {
        var offset = start
        while offset < end {
            let head = run.attempt(object) { () throws(StorageError) -> (magic: UInt32, count: UInt64) in
                let count = Int(min(UInt64(PageHeader.byteCount), end - offset))
                let bytes = try run.buffer.read(file, at: offset, count: count)
                let magic = UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self))
                guard magic == Magic.page else { return (magic, UInt64(CommitRecord.byteCount)) }
                return (magic, UInt64(try PageHeader(bytes, file: file.path, at: offset).pageByteCount))
            }
            guard let head else { return }
            var next = offset
            if head.magic == 0 {
                next = alignUp(offset + 1, to: UInt64(PageLayout.memoryPage))
            } else {
                offset += head.count
                next = alignUp(offset, to: PageLayout.fileAlignment)
            }
            if offset < min(next, end) {
                run.expectZeros(file, offset..<min(next, end), object, "padding between pages")
            }
            offset = next
        }
    }
}
