/// Reads segment files: by their indexes, and by a search where these are damaged.
extension SalvageReading {
    /// A file that nothing has used yet, and what it says it is.
    private struct Stray {
        let path: String
        let header: SegmentHeader?
        let footerChecksum: UInt32?
    }

    /// A file that has to be searched.
    private struct Search {
        let file: SalvageFile
        let number: Int
        let subject: SalvageClaim.Subject
    }

    /// Takes over the index that a reference names, if all of it is in a file.
    ///
    /// - Returns: whether it is; the file may then be damaged elsewhere.
    mutating func readIndex(_ reference: SegmentReference, at path: String) throws(StorageError) -> Bool {
        try control()
        guard let file = try look(at: path), let index = SalvageIndex(file, reference), index.isWhole else {
            return false
        }
        inventory.add(index.leaves, use(file), reference, isCertain: true)
        if file.header?.identifier != reference.identifier || file.length != reference.fileByteCount {
            inventory.notes.append("segment file \(path) is damaged, but its index is whole")
        }
        return true
    }

    /// Looks for everything that the named files did not have: in files under wrong names, and page by page.
    ///
    /// - Parameters:
    ///   - damaged: segments without a whole index under their names.
    ///   - lostLogs: live logs that are not under their names.
    mutating func readRest(
        _ damaged: [SegmentReference], _ lostLogs: [FileIdentifier], _ candidates: [String]
    ) throws(StorageError) {
        var strays: [Stray] = []
        for path in candidates where !usedPaths.contains(path) {
            try control()
            guard let file = try look(at: path) else { continue }
            if let header = file.header, header.database != database { continue }
            strays.append(Stray(path: path, header: file.header, footerChecksum: file.footer()?.checksum))
        }
        for log in lostLogs {
            try readLostLog(log, strays.filter { $0.header?.identifier == log }.map(\.path))
        }
        var rest: [SegmentReference] = []
        for reference in damaged {
            let paths = strays.filter { $0.footerChecksum == reference.footerChecksum }.map(\.path)
            var isFound = false
            for path in paths where !isFound && !usedPaths.contains(path) {
                isFound = try readIndex(reference, at: path)
            }
            if !isFound { rest.append(reference) }
        }
        var searches: [Search] = []
        for reference in rest { if let search = try begin(reference, strays) { searches.append(search) } }
        if !isComplete {
            for stray in strays where !usedPaths.contains(stray.path) {
                if let search = try begin(stray) { searches.append(search) }
            }
        }
        // What is known to be what it should be goes first: it tells whose the pages in others are.
        for isVouchedFor in [true, false] {
            for search in searches where search.subject.isVouchedFor == isVouchedFor {
                try control()
                try run(search)
            }
        }
    }

    /// Finds the file of a segment without a whole index, and takes over what there is of its index.
    private mutating func begin(
        _ reference: SegmentReference, _ strays: [Stray]
    ) throws(StorageError) -> Search? {
        func isIt(_ stray: Stray) -> Bool {
            stray.header?.identifier == reference.identifier
                || stray.footerChecksum == reference.footerChecksum
        }
        let unused = strays.filter { !usedPaths.contains($0.path) }
        let own = unused.first { $0.path == reference.path && ($0.header == nil || isIt($0)) }
        guard let stray = own.flatMap({ isIt($0) ? $0 : nil }) ?? unused.first(where: isIt) ?? own,
            let file = try look(at: stray.path)
        else {
            inventory.notes.append(
                "segment file \(reference.path) is missing, with \(reference.pageCount) pages")
            gaps.append(SalvageGap(reference, SalvagePart(all: reference), found: []))
            return nil
        }
        let number = use(file)
        let index = SalvageIndex(file, reference)
        if let index { inventory.add(index.leaves, number, reference, isCertain: true) }
        let isForeign = stray.footerChecksum.map { $0 != reference.footerChecksum } ?? false
        return Search(
            file: file, number: number,
            subject: SalvageClaim.Subject(
                reference: reference, role: reference.role,
                parts: index?.lost ?? [SalvagePart(all: reference)],
                isVouchedFor: index != nil || (isIt(stray) && !isForeign), hasIndex: index != nil))
    }

    /// Takes over the index of a file that no root names, or prepares a search for its pages.
    private mutating func begin(_ stray: Stray) throws(StorageError) -> Search? {
        if let header = stray.header, let reference = known[header.identifier] {
            if try readIndex(reference, at: stray.path) { return nil }
            return try begin(reference, [stray])
        }
        guard let file = try look(at: stray.path) else { return nil }
        let number = use(file)
        let role = stray.path.hasPrefix("wal/") ? .log : stray.header?.role
        if role != .log, role != .compacted {
            inventory.markUndated(number, created: stray.header?.createdMicroseconds ?? 0)
        }
        var index: SalvageIndex?
        // Deletions of boxes are in no index, so that logs are read page by page.
        if let role, role != .log, let footer = file.footer()?.footer {
            index = SalvageIndex(file, footer, isUnique: role == .bulk)
        }
        if let index {
            inventory.add(index.leaves, number, nil, isCertain: true)
            let count = index.leaves.reduce(0) { $0 + $1.entries.count }
            if index.isWhole {
                inventory.notes.append("\(file.path): no root names it; its \(count) pages were taken over")
                return nil
            }
            inventory.remarks.append("\(file.path): a part of its index is lost")
        }
        return Search(
            file: file, number: number,
            subject: SalvageClaim.Subject(
                reference: nil, role: role, parts: index?.lost ?? [], isVouchedFor: stray.header != nil,
                hasIndex: index != nil))
    }

    /// Searches a file.
    private mutating func run(_ search: Search) throws(StorageError) {
        let (file, subject) = (search.file, search.subject)
        let scan = try SalvageScan(file, database: database, control)
        if subject.reference == nil, subject.role == .log {
            return take(scan, file, search.number, isVouchedFor: subject.isVouchedFor)
        }
        let claim = SalvageClaim(scan, subject, inventory)
        let isCertain = subject.isVouchedFor && !claim.isDoubtful
        inventory.add(claim.leaves, search.number, subject.reference, isCertain: isCertain)
        for page in claim.pages {
            inventory.add(page, search.number, subject.reference, isCertain: isCertain)
        }
        for (_, record) in scan.records { inventory.commitTimes[record.sequence] = record.microseconds }
        guard let reference = subject.reference else { return remark(claim, scan, search) }
        let indexed =
            reference.pageCount - min(reference.pageCount, subject.parts.reduce(0) { $0 + $1.count })
        inventory.notes.append(
            "segment file \(file.path) is damaged: \(indexed + UInt64(claim.keys.count)) of its "
                + "\(reference.pageCount) pages were found"
                + (claim.foreignCount == 0 ? "" : "; what it holds of other files was passed over"))
        if claim.isDoubtful {
            inventory.remarks.append(
                "segment file \(file.path): its \(claim.keys.count) pages were taken over, but may be older ones "
                    + "of another file: nothing shows that it is the file that the manifest names")
        }
        for part in subject.parts {
            gaps.append(SalvageGap(reference, part, found: claim.keys, isDoubtful: claim.isDoubtful))
        }
    }

    /// Says what was found in a file that no root names.
    private mutating func remark(_ claim: SalvageClaim, _ scan: SalvageScan, _ search: Search) {
        let path = search.file.path
        if !search.subject.isVouchedFor {
            inventory.remarks.append(
                "\(path): its header does not verify, so that its pages count as older than all others of their "
                    + "cuboids unless they name their commit")
        } else if scan.leaves.isEmpty, search.file.footer() == nil {
            inventory.remarks.append(
                "\(path): a file that lost its end, or a load that was never finished")
        }
        if !claim.keys.isEmpty {
            inventory.notes.append(
                "\(path): no root names it; its \(claim.keys.count) pages were taken over")
        }
    }
}
