import BossCodec

/// Reads logs that are not sealed, and those that no root names.
extension SalvageReading {
    /// Reads a live log: as an open would read it, or, where that finds damage, page by page.
    ///
    /// - Returns: whether it is under its name.
    mutating func readLog(_ identifier: FileIdentifier) throws(StorageError) -> Bool {
        guard let file = try look(at: SegmentReference.path(role: .log, identifier: identifier)) else {
            return false
        }
        if let header = file.header, header.identifier != identifier { return false }
        try readLog(file, identifier)
        return true
    }

    /// Reads a live log that is under another name, if it is anywhere.
    mutating func readLostLog(_ identifier: FileIdentifier, _ paths: [String]) throws(StorageError) {
        for path in paths {
            if let file = try look(at: path) { return try readLog(file, identifier) }
        }
        let path = SegmentReference.path(role: .log, identifier: identifier)
        inventory.remarks.append("\(path) is missing, what it held is lost\(commitsAfterRoot)")
    }

    private var commitsAfterRoot: String { root.map { ": commits after \($0.lastSequence)" } ?? "" }

    private mutating func readLog(_ found: SalvageFile, _ identifier: FileIdentifier) throws(StorageError) {
        let file = use(found)
        let flushed = status.flatMap { $0.log == identifier ? $0.logByteCount : nil } ?? 0
        let contents = try? found.scanner().scan(
            database: database, identifier: identifier, knownFlushed: flushed, verifyBricks: true)
        guard let contents else {
            inventory.remarks.append("log \(found.path) is damaged and was read page by page")
            if found.header == nil {
                inventory.remarks.append(
                    "log \(found.path): nothing shows that it is the log that the root names; what is not in it "
                        + "is lost\(commitsAfterRoot)")
            }
            let scan = try SalvageScan(found, database: database, control)
            return take(scan, found, file, isVouchedFor: found.header != nil)
        }
        for (group, entries) in contents.entries {
            for entry in entries {
                if let tombstone = entry.rangeTombstone(group) {
                    inventory.add(tombstone)
                } else {
                    inventory.add([(group, [entry])], file, nil, isCertain: true)
                }
            }
        }
        inventory.newestSequence = max(inventory.newestSequence, contents.lastSequence)
        let rest = found.bytes(at: contents.end, count: PageHeader.byteCount)
        guard rest.contains(where: { $0 != 0 }) else { return }
        let text = "log \(found.path): a batch from byte \(contents.end) on is not whole and was left out"
        if flushed > 0, flushed <= contents.end {
            inventory.notes.append(text + "; nobody was told that it is durable")
        } else {
            inventory.remarks.append(
                text + "; nobody was told that it is durable, or the status that says so is lost")
        }
    }

    /// Takes over what a search through a log has found, of commits that count.
    mutating func take(_ scan: SalvageScan, _ file: SalvageFile, _ number: Int, isVouchedFor: Bool) {
        let subject = SalvageClaim.Subject(
            reference: nil, role: .log, parts: [], isVouchedFor: isVouchedFor, hasIndex: false)
        let claim = SalvageClaim(scan, subject, inventory)
        let pages = committed(claim, scan, file)
        inventory.add(claim.leaves, number, nil, isCertain: isVouchedFor)
        for page in pages { inventory.add(page, number, nil, isCertain: isVouchedFor) }
        remarkLostBatches(scan, pages, file)
        for (_, record) in scan.records { inventory.commitTimes[record.sequence] = record.microseconds }
    }

    /// Pages of a log that belong to a commit: one with a record, or one that is known to be flushed.
    private func committed(
        _ claim: SalvageClaim, _ scan: SalvageScan, _ file: SalvageFile
    ) -> [SalvageScan.FoundPage] {
        var newest = scan.records.reduce(UInt64(0)) { max($0, $1.record.sequence) }
        for leaf in claim.leaves { newest = leaf.entries.reduce(newest) { max($0, $1.sequence) } }
        var flushed = scan.records.reduce(UInt64(0)) { max($0, $1.record.flushedByteCount) }
        if let status, status.log == file.header?.identifier || file.path.contains("\(status.log)") {
            flushed = max(flushed, status.logByteCount)
        }
        return claim.pages.filter { page in
            page.header.sequence <= newest || page.offset + UInt64(page.header.pageByteCount) <= flushed
        }
    }

    private mutating func remarkLostBatches(
        _ scan: SalvageScan, _ pages: [SalvageScan.FoundPage], _ file: SalvageFile
    ) {
        let counts = Dictionary(grouping: pages, by: \.header.sequence).mapValues(\.count)
        var end = UInt64(SegmentHeader.byteCount)
        for (offset, record) in scan.records.sorted(by: { $0.offset < $1.offset }) {
            if record.batchOffset > end {
                inventory.remarks.append(
                    "log \(file.path): commits between bytes \(end) and \(record.batchOffset) have no record; "
                        + "pages of them that were found are taken over")
            }
            let count = counts[record.sequence] ?? 0
            if !record.isClose, count < record.pageCount {
                inventory.remarks.append(
                    "log \(file.path): \(record.pageCount - count) of \(record.pageCount) pages of commit "
                        + "\(record.sequence)\(words(record.sequence, pages, file)) are lost with their places"
                )
            }
            end = max(end, offset + UInt64(CommitRecord.byteCount))
        }
        let tail = scan.pages.filter { $0.offset >= end }
        if let status, file.path.contains("\(status.log)"), status.logByteCount > end {
            inventory.remarks.append(
                "log \(file.path): the record of the last commits from byte \(end) on is lost; pages of them that "
                    + "were found are taken over")
        } else if !tail.isEmpty {
            inventory.remarks.append(
                "log \(file.path): \(tail.count) pages behind the last commit were left out: they belong to a commit "
                    + "that was not finished, or to one whose record is lost")
        }
    }

    /// What a commit says that it did, if its note is among the pages that were found.
    private func words(_ commit: UInt64, _ pages: [SalvageScan.FoundPage], _ file: SalvageFile) -> String {
        let key = CuboidKey(group: SystemGroup.notes, morton: commit)
        guard let found = pages.first(where: { $0.header.key == key }),
            let page = file.page(at: found.offset, database: database),
            let entry = page.examination.sound.first, entry.codec == .raw,
            let note = page.stored(entry).withUnsafeBytes({ try? CommitNote($0, file: file.path) })
        else { return "" }
        let channels = note.channels.map(String.init).joined(separator: ", ")
        return " (\(note.action.isEmpty ? "channel \(channels)" : note.action))"
    }
}
