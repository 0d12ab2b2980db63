import BossCodec

/// Finds out what the source holds.
struct SalvageReading {
    let source: any FileSystem
    let control: () throws(StorageError) -> Void
    /// Called with the length of each file that was read.
    let didRead: (UInt64) -> Void
    private(set) var inventory = SalvageInventory()
    private(set) var root: ManifestRoot?
    private(set) var database = FileIdentifier(high: 0, low: 0)
    private var status: WriterStatus?
    /// Segments that any root names, by identifier; the newest root's word counts.
    private var known: [FileIdentifier: SegmentReference] = [:]
    /// Segments and logs of the root that is gone by.
    private var named: [SegmentReference] = []
    /// Whether the newest root and all its lists verify, so that every file that counts is named.
    private var isComplete = true
    private var missing: [(FileIdentifier, SegmentReference?)] = []
    /// What segment files should hold and do not.
    private(set) var gaps: [SalvageGap] = []
    private var usedPaths: Set<String> = []

    init(
        source: any FileSystem, control: @escaping () throws(StorageError) -> Void,
        didRead: @escaping (UInt64) -> Void = { _ in }
    ) {
        self.source = source
        self.control = control
        self.didRead = didRead
    }

    /// Lengths of all files that may have to be read.
    var totalByteCount: UInt64 {
        candidatePaths().reduce(0) { $0 &+ ((try? source.open($1, mode: .read).byteCount()) ?? 0) }
    }

    /// - Throws: `.notADatabase` when there is neither a root nor a file.
    mutating func run() throws(StorageError) {
        status = WriterStatus.load(from: source)
        readRoots()
        let candidates = candidatePaths()
        guard root != nil || !candidates.isEmpty else {
            throw .notADatabase(path: source.displayPath)
        }
        if root == nil {
            isComplete = false
            database = try majority(candidates)
        }
        for reference in named { try read(reference) }
        for log in root?.logs ?? [] { try readLog(log) }
        try readUnnamed(candidates)
        if let root {
            for tombstone in root.rangeTombstones { inventory.add(tombstone) }
            inventory.newestSequence = max(inventory.newestSequence, root.lastSequence)
            inventory.commitTimes[root.lastSequence] = root.microseconds
        }
        readTimes()
        inventory.orderUndated()
        resolveGaps()
    }

    // MARK: Roots

    private mutating func readRoots() {
        let manifest = Manifest(fileSystem: source)
        let numbers = ((try? manifest.numbers()) ?? []).sorted(by: >)
        if let status, status.rootNumber > numbers.first ?? 0 {
            isComplete = false
            inventory.remarks.append("root \(status.rootNumber) is missing")
        }
        for number in numbers {
            guard let each = try? manifest.load(number) else {
                if root == nil {
                    isComplete = false
                    inventory.remarks.append("root \(number) does not verify")
                }
                continue
            }
            let isNewest = root == nil
            if isNewest {
                root = each
                database = each.database
            }
            guard each.database == database else { continue }
            var references = each.segments
            for reference in each.shards {
                let shard = Shard(
                    reference: reference, origin: SegmentOrigin(fileSystem: source, database: database))
                if let listed = try? shard.references() {
                    references += listed
                } else if isNewest {
                    isComplete = false
                    inventory.remarks.append(
                        "list of segments \(reference.path) does not verify: \(reference.segmentCount) files "
                            + "are looked for without it")
                }
            }
            for reference in references where known[reference.identifier] == nil {
                known[reference.identifier] = reference
            }
            if isNewest { named = references }
        }
        if root == nil, !numbers.isEmpty {
            inventory.remarks.append(
                "no root verifies: snapshots, deletions before the last log, dropped channels are not known")
        }
    }

    private func candidatePaths() -> [String] {
        var paths: [String] = []
        for directory in ["wal"] + SegmentReference.bulkDirectories {
            for name in ((try? source.list(directory)) ?? []).sorted() where name.hasSuffix(".seg") {
                paths.append("\(directory)/\(name)")
            }
        }
        return paths
    }

    /// The identifier that most files bear.
    private func majority(_ paths: [String]) throws(StorageError) -> FileIdentifier {
        var votes: [FileIdentifier: Int] = [:]
        for path in paths {
            guard let header = try? SalvageFile(path, source).header else { continue }
            votes[header.database, default: 0] += 1
        }
        guard
            let winner = votes.max(by: {
                ($0.value, $1.key.high, $1.key.low) < ($1.value, $0.key.high, $0.key.low)
            })
        else { throw .notADatabase(path: source.displayPath) }
        return winner.key
    }

    // MARK: Files

    private mutating func open(_ path: String) -> Int? {
        guard let file = try? SalvageFile(path, source) else { return nil }
        usedPaths.insert(path)
        inventory.files.append(file)
        return inventory.files.count - 1
    }

    private mutating func read(_ reference: SegmentReference) throws(StorageError) {
        try control()
        guard let file = open(reference.path) else {
            missing.append((reference.identifier, reference))
            return
        }
        if let header = inventory.files[file].header, header.identifier != reference.identifier {
            // Another file stands under this name.
            usedPaths.remove(reference.path)
            missing.append((reference.identifier, reference))
            return
        }
        try read(file, reference)
    }

    private mutating func read(_ file: Int, _ reference: SegmentReference) throws(StorageError) {
        defer { didRead(inventory.files[file].length) }
        if let leaves = wholeIndex(reference, inventory.files[file].path) {
            return inventory.add(leaves, file, reference)
        }
        let found = try search(file, reference, role: reference.role)
        let name = inventory.files[file].path
        inventory.notes.append(
            "segment file \(name) is damaged: \(found.count) of its \(reference.pageCount) pages were found")
        if UInt64(found.count) < reference.pageCount {
            gaps.append(SalvageGap(reference: reference, found: found))
        }
    }

    /// Takes note of what a gap has turned out to be.
    mutating func take(_ stretches: [SalvageLostStretch], of gap: SalvageGap) {
        inventory.stretches += stretches
        if stretches.isEmpty {
            inventory.notes.append(
                "what segment file \(gap.reference.path) has lost was written again by later commits")
        }
    }

    /// All leaves, when the whole index verifies.
    private func wholeIndex(
        _ reference: SegmentReference, _ path: String
    ) -> [(group: PageGroup, entries: [IndexEntry])]? {
        guard path == reference.path else { return nil }
        let segment = Segment(
            reference: reference, origin: SegmentOrigin(fileSystem: source, database: database))
        guard let opened = try? segment.open() else { return nil }
        var leaves: [(group: PageGroup, entries: [IndexEntry])] = []
        let cache = LeafCache(budget: 0)
        for group in opened.index.groups {
            for number in group.firstLeaf..<group.firstLeaf + group.leafCount {
                guard let leaf = try? cache.leaf(number, group: group.group, of: opened, name: path) else {
                    return nil
                }
                leaves.append((group.group, leaf.entries))
            }
        }
        return leaves
    }

    /// Searches a file whose index is damaged or was never written.
    ///
    /// - Returns: the cuboids whose versions were found, one for each version.
    @discardableResult
    private mutating func search(
        _ file: Int, _ reference: SegmentReference?, role: SegmentRole
    ) throws(StorageError) -> [CuboidKey] {
        let found = inventory.files[file]
        let scan = try SalvageScan(found, database: database, control)
        var keys = scan.leaves.flatMap { leaf in
            leaf.entries.map { CuboidKey(group: leaf.group, morton: $0.morton) }
        }
        let indexed = Set(
            scan.leaves.flatMap(\.entries).filter { !$0.isIndexOnly }.map(\.offsetOrConstant))
        let committed = role == .log ? committedPages(scan, found, reference) : scan.pages
        if reference == nil, role != .log, !isSealed(scan, found) {
            inventory.remarks.append(
                "\(found.path): a file that lost its end, or a load that was never finished")
        }
        inventory.add(scan.leaves, file, reference)
        for page in committed where !indexed.contains(page.offset) {
            let isKnown =
                page.header.kind != .full && page.header.kind != .delta
                && page.header.kind != .rangeTombstone && isListed(page.header, scan)
            if isKnown { continue }
            inventory.add(page, file, reference)
            if page.header.kind != .rangeTombstone { keys.append(page.header.key) }
        }
        if role == .log, reference == nil { remarkLostBatches(scan, committed, found) }
        for (_, record) in scan.records { inventory.commitTimes[record.sequence] = record.microseconds }
        return keys
    }

    /// Whether a file was finished: its index or the place of its footer shows.
    private func isSealed(_ scan: SalvageScan, _ file: SalvageFile) -> Bool {
        let least = UInt64(SegmentHeader.byteCount + SegmentFooter.byteCount)
        guard scan.leaves.isEmpty, file.length >= least else { return !scan.leaves.isEmpty }
        return file.bytes(at: file.length - UInt64(SegmentFooter.byteCount), count: 4).withUnsafeBytes {
            UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self)) == Magic.footer
        }
    }

    private func isListed(_ header: PageHeader, _ scan: SalvageScan) -> Bool {
        scan.leaves.contains { group, entries in
            group == header.key.group
                && entries.contains { $0.morton == header.key.morton && $0.sequence == header.sequence }
        }
    }

    /// Pages of a log that belong to a commit: one with a record, or one that is known to be flushed.
    private func committedPages(
        _ scan: SalvageScan, _ file: SalvageFile, _ reference: SegmentReference?
    ) -> [SalvageScan.FoundPage] {
        var newest = scan.records.reduce(reference?.maximumSequence ?? 0) { max($0, $1.record.sequence) }
        for leaf in scan.leaves { newest = leaf.entries.reduce(newest) { max($0, $1.sequence) } }
        var flushed = scan.records.reduce(UInt64(0)) { max($0, $1.record.flushedByteCount) }
        if let status, status.log == file.header?.identifier || file.path.contains("\(status.log)") {
            flushed = max(flushed, status.logByteCount)
        }
        return scan.pages.filter { page in
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

    /// The live log: as an open would read it, or, where that finds damage, page by page.
    private mutating func readLog(_ identifier: FileIdentifier) throws(StorageError) {
        guard let file = open(SegmentReference.path(role: .log, identifier: identifier)) else {
            missing.append((identifier, nil))
            return
        }
        try readLog(file, identifier)
        didRead(inventory.files[file].length)
    }

    private mutating func readLog(_ file: Int, _ identifier: FileIdentifier) throws(StorageError) {
        let found = inventory.files[file]
        let flushed = status.flatMap { $0.log == identifier ? $0.logByteCount : nil } ?? 0
        let contents = try? found.scanner().scan(
            database: database, identifier: identifier, knownFlushed: flushed, verifyBricks: true)
        guard let contents else {
            inventory.remarks.append("log \(found.path) is damaged and was read page by page")
            try search(file, nil, role: .log)
            return
        }
        for (group, entries) in contents.entries {
            for entry in entries {
                if let tombstone = entry.rangeTombstone(group) {
                    inventory.add(tombstone)
                } else {
                    inventory.add([(group, [entry])], file, nil)
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

    /// Files that the root does not name: they count when names are missing.
    private mutating func readUnnamed(_ candidates: [String]) throws(StorageError) {
        guard !isComplete || !missing.isEmpty else { return }
        for path in candidates where !usedPaths.contains(path) {
            try control()
            guard let probe = try? SalvageFile(path, source) else { continue }
            let identifier = probe.header?.identifier
            if let position = missing.firstIndex(where: { $0.0 == identifier }) {
                // A file under a wrong name.
                let (identifier, reference) = missing.remove(at: position)
                guard let file = open(path) else { continue }
                if let reference { try read(file, reference) } else { try readLog(file, identifier) }
            } else if !isComplete {
                try readUnknown(path, probe)
            }
        }
        for (identifier, reference) in missing {
            if let reference {
                inventory.notes.append(
                    "segment file \(reference.path) is missing, with \(reference.pageCount) pages")
                gaps.append(SalvageGap(reference: reference, found: []))
            } else {
                let path = SegmentReference.path(role: .log, identifier: identifier)
                let known = root.map { ": commits after \($0.lastSequence)" } ?? ""
                inventory.remarks.append("\(path) is missing, what it held is lost\(known)")
            }
        }
    }

    private mutating func readUnknown(_ path: String, _ probe: SalvageFile) throws(StorageError) {
        if let header = probe.header, header.database != database { return }
        let reference = probe.header.flatMap { known[$0.identifier] }
        let isLog = path.hasPrefix("wal/")
        guard let file = open(path) else { return }
        defer { didRead(inventory.files[file].length) }
        if let reference, let leaves = wholeIndex(reference, path) {
            return inventory.add(leaves, file, reference)
        }
        if isLog {
            try search(file, reference, role: .log)
            return
        }
        let role = probe.header?.role ?? .bulk
        if reference == nil, role == .bulk {
            inventory.markUndated(file, created: probe.header?.createdMicroseconds ?? 0)
        }
        let found = try search(file, reference, role: role)
        if let reference, UInt64(found.count) < reference.pageCount {
            gaps.append(SalvageGap(reference: reference, found: found))
        }
        if !found.isEmpty, reference == nil {
            inventory.notes.append("\(path): no root names it; its \(found.count) pages were taken over")
        }
    }

    /// Times of commits from their notes, for files whose commit is unknown.
    private mutating func readTimes() {
        guard !inventory.undated.isEmpty else { return }
        for (commit, list) in inventory.versions[SystemGroup.notes] ?? [:] {
            for version in list where version.kind == .full {
                let file = inventory.files[version.file]
                guard let page = file.page(at: version.offsetOrConstant, database: database),
                    let entry = page.examination.sound.first, entry.codec == .raw
                else { continue }
                let note = page.stored(entry).withUnsafeBytes { try? CommitNote($0, file: file.path) }
                if let note { inventory.commitTimes[commit] = note.microseconds }
            }
        }
    }
}
