import BossCodec

/// Finds out what the source holds.
///
/// Indexes that verify are read first, then the live log. What is damaged or missing after that is looked for among the
/// files that nothing has used, and searched: then it is known which pages belong to sound files.
struct SalvageReading {
    let source: any FileSystem
    let control: () throws(StorageError) -> Void
    /// Called with the length of each file that was read.
    let didRead: (UInt64) -> Void
    var inventory = SalvageInventory()
    private(set) var root: ManifestRoot?
    private(set) var database = FileIdentifier(high: 0, low: 0)
    private(set) var status: WriterStatus?
    /// Segments that any root names, by identifier; the newest root's word counts.
    private(set) var known: [FileIdentifier: SegmentReference] = [:]
    /// Segments of the root that is gone by.
    private var named: [SegmentReference] = []
    /// Whether the newest root and all its lists verify, so that every file that counts is named.
    private(set) var isComplete = true
    /// What segment files should hold and do not.
    var gaps: [SalvageGap] = []
    var usedPaths: Set<String> = []

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

    /// - Throws: `.notADatabase` when there is neither a root nor a file, `.unsupportedFormat` for a root, a list or a file
    ///   of a newer format.
    mutating func run() throws(StorageError) {
        status = WriterStatus.load(from: source)
        try readRoots()
        let candidates = candidatePaths()
        guard root != nil || !candidates.isEmpty else {
            throw .notADatabase(path: source.displayPath)
        }
        if root == nil {
            isComplete = false
            database = try majority(candidates)
        }
        var damaged: [SegmentReference] = []
        for reference in named {
            if try !readIndex(reference, at: reference.path) { damaged.append(reference) }
        }
        var lostLogs: [FileIdentifier] = []
        for log in root?.logs ?? [] { if try !readLog(log) { lostLogs.append(log) } }
        if !damaged.isEmpty || !lostLogs.isEmpty || !isComplete {
            try readRest(damaged, lostLogs, candidates)
        }
        if let root {
            for tombstone in root.rangeTombstones { inventory.add(tombstone) }
            inventory.newestSequence = max(inventory.newestSequence, root.lastSequence)
            inventory.commitTimes[root.lastSequence] = root.microseconds
        }
        readTimes()
        inventory.orderUndated()
        inventory.resolve(gaps, dropped: Set(root?.droppedChannels ?? []))
    }

    // MARK: Roots

    private mutating func readRoots() throws(StorageError) {
        let manifest = Manifest(fileSystem: source)
        let numbers = ((try? manifest.numbers()) ?? []).sorted(by: >)
        if let status, status.rootNumber > numbers.first ?? 0 {
            isComplete = false
            inventory.remarks.append("root \(status.rootNumber) is missing")
        }
        for number in numbers {
            let each: ManifestRoot
            do { each = try manifest.load(number) } catch {
                guard root == nil else { continue }
                // What a newer program wrote must not be taken for damage.
                if case .unsupportedFormat = error { throw error }
                isComplete = false
                inventory.remarks.append("root \(number) does not verify")
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
                references += try listed(reference, isNewest: isNewest)
            }
            for reference in references where known[reference.identifier] == nil {
                known[reference.identifier] = reference
            }
            if isNewest { named = references }
        }
        if root == nil {
            inventory.remarks.append(
                (numbers.isEmpty ? "there is no root" : "no root verifies")
                    + ": snapshots, deletions before the last log, dropped channels are not known, nor whether segment "
                    + "files are missing")
        }
    }

    /// The segments in a list, nothing when it does not verify.
    private mutating func listed(
        _ reference: ShardReference, isNewest: Bool
    ) throws(StorageError) -> [SegmentReference] {
        let shard = Shard(
            reference: reference, origin: SegmentOrigin(fileSystem: source, database: database))
        do { return try shard.references() } catch {
            guard isNewest else { return [] }
            if case .unsupportedFormat = error { throw error }
            isComplete = false
            inventory.remarks.append(
                "list of segments \(reference.path) does not verify: \(reference.segmentCount) files "
                    + "are looked for without it")
            return []
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
            guard let header = try look(at: path)?.header else { continue }
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

    /// A file of the source; nil for one that cannot be opened.
    ///
    /// - Throws: `.unsupportedFormat`.
    func look(at path: String) throws(StorageError) -> SalvageFile? {
        do { return try SalvageFile(path, source) } catch {
            if case .unsupportedFormat = error { throw error }
            return nil
        }
    }

    /// Takes a file into use, whose versions are told by its number.
    mutating func use(_ file: SalvageFile) -> Int {
        usedPaths.insert(file.path)
        inventory.files.append(file)
        didRead(file.length)
        return inventory.files.count - 1
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
