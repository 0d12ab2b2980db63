/// Roots, lists of segments, and what they say beside the segments.
extension CheckRun {
    /// Reads the status in the LOCK file.
    func checkStatus() -> WriterStatus? {
        let status = WriterStatus.load(from: fileSystem)
        let end = WriterStatus.offset + UInt64(WriterStatus.byteCount)
        let length = try? fileSystem.open(WriterStatus.path, mode: .read).byteCount()
        if status == nil, let length, length >= end {
            warning(
                "LOCK", "the writer's status does not verify",
                "nothing is needed: opening the database for writing writes it again")
        }
        return status
    }

    /// The root that counts: the newest, or where that is damaged the newest one that verifies.
    ///
    /// - Returns: nil when no root verifies.
    /// - Throws: `.notADatabase`.
    func newestRoot(_ status: WriterStatus?) throws(StorageError) -> ManifestRoot? {
        let manifest = Manifest(fileSystem: fileSystem)
        let listed = attempt("MANIFEST") { () throws(StorageError) in try manifest.numbers() }
        guard let numbers = listed?.sorted(by: >) else { return nil }
        if numbers.isEmpty {
            let hasFiles = !leftoverCandidates().isEmpty
            guard hasFiles || status != nil else { throw .notADatabase(path: fileSystem.displayPath) }
            error("MANIFEST", "there is no root", "salvage the database")
            return nil
        }
        if let status, status.rootNumber > numbers[0] {
            error(
                ManifestRoot.path(number: status.rootNumber),
                "the root is missing, the newest is \(numbers[0])", "salvage the database")
        }
        var newest: ManifestRoot?
        for number in numbers {
            do throws(StorageError) {
                let root = try manifest.load(number)
                if newest == nil { newest = root }
            } catch {
                let path = ManifestRoot.path(number: number)
                file = path
                if newest == nil, error.obstacleRemedy != nil {
                    add(error, of: path)
                } else if newest == nil {
                    self.error(
                        path, error.sentence + "; an older root is checked, whose files may be gone",
                        "salvage the database", at: error.offset)
                } else {
                    // Roots of a reader's age are read only by files that garbage collection keeps.
                    warning(path, "an older root: " + error.sentence, CheckRemedy.none, at: error.offset)
                }
                file = nil
            }
        }
        return newest
    }

    /// What a root says about itself, snapshots, deletions and notes.
    func checkRoot(_ root: ManifestRoot) {
        let path = ManifestRoot.path(number: root.number)
        let limit = UInt64.max >> 1
        expect(
            root.number < limit && root.epoch < limit && root.lastSequence < limit, path,
            "a number at its limit")
        expect(root.logs.count <= 1, path, "\(root.logs.count) live logs")
        expect(
            Set(root.droppedChannels).count == root.droppedChannels.count, path, "a channel was dropped twice"
        )
        expect(root.history.retention >= 0, path, "the history is kept for a negative time")
        expect(
            root.history.oldest <= newest(root), path,
            "the history starts at commit \(root.history.oldest), the newest is \(newest(root))")
        var names: Set<String> = []
        for snapshot in root.snapshots {
            expect(
                names.insert("\(snapshot.scope) \(snapshot.name)").inserted, path,
                "two snapshots are called \(snapshot.name)")
            expect(
                snapshot.sequence <= newest(root), path,
                "snapshot \(snapshot.name) is of commit \(snapshot.sequence), which was never made")
        }
        for tombstone in root.rangeTombstones {
            let isBox = tombstone.contains(tombstone.lowest) && tombstone.contains(tombstone.highest)
            expect(
                isBox && (1...max(1, newest(root))).contains(tombstone.sequence), path,
                "a deletion in \(tombstone.group.words) by commit \(tombstone.sequence) is no box")
        }
        var last: UInt64 = 0
        for note in root.bulkNotes {
            expect(
                note.sequence > last && note.sequence <= newest(root), path,
                "a note of commit \(note.sequence) out of order")
            last = note.sequence
            _ = note.bytes.withUnsafeBytes { bytes in
                attempt(path) { () throws(StorageError) in try CommitNote(bytes, file: path) }
            }
        }
    }

    private func newest(_ root: ManifestRoot) -> UInt64 {
        root.segments.reduce(root.lastSequence) { max($0, $1.maximumSequence) }
    }

    /// Reads all lists of segments.
    ///
    /// - Returns: the segments of the root and of all lists that verify.
    func checkShards(_ subject: inout CheckSubject) -> [SegmentReference] {
        let root = subject.root
        var references = root.segments
        var last: CuboidKey?
        for reference in root.shards {
            let name = "list of segments \(reference.path)"
            file = reference.path
            defer { file = nil }
            subject.namedPaths.insert(reference.path)
            expect(
                last.map { $0 <= reference.minimumKey } ?? true, ManifestRoot.path(number: root.number),
                "lists of segments are out of order")
            last = reference.minimumKey
            // A fresh object: one in use may have been read before the damage.
            let shard = Shard(
                reference: reference, origin: SegmentOrigin(fileSystem: fileSystem, database: root.database))
            let listed = attempt(name) { () throws(StorageError) in try shard.references() }
            guard let listed else {
                subject.isIndexSound = false
                continue
            }
            let expected = ShardReference(
                identifier: reference.identifier, fileByteCount: reference.fileByteCount,
                checksum: reference.checksum, segments: listed)
            expect(expected == reference, name, "the root and the list disagree on keys or counters")
            references += listed
        }
        return references
    }

    /// Rules that hold for every segment that a root names.
    func checkReferences(_ references: [SegmentReference], _ root: ManifestRoot) {
        var seen = Set(root.logs)
        for reference in references {
            let name = "segment file \(reference.path)"
            expect(seen.insert(reference.identifier).inserted, name, "the manifest names it twice")
            expect(
                reference.minimumKey <= reference.maximumKey, name,
                "the manifest's keys of it are out of order")
            expect(
                (reference.role == .bulk) == (reference.commitSequence != 0), name,
                "role and commit in the manifest do not belong together")
            expect(
                reference.minimumSequence <= reference.maximumSequence
                    && reference.maximumSequence <= root.lastSequence, name,
                "it holds commit \(reference.maximumSequence), the root knows \(root.lastSequence)")
            let counted = reference.deadByteCount.addingReportingOverflow(reference.heldByteCount)
            expect(
                !counted.overflow
                    && counted.partialValue <= max(reference.liveByteCount, reference.fileByteCount), name,
                "more bytes are counted as not needed than it has")
        }
    }
}
