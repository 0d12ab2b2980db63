import Synchronization

/// Looks for damage in a database, whether it can be opened or not. Nothing is written.
///
///     for finding in try StorageCheck.run(fileSystem: files, depth: .full) { print(finding) }
///
/// Bytes that no check covers, since nobody goes by them: the text of who holds it in the first 4096 bytes of `LOCK`,
/// leases in `readers/`, and inside of pages the few bytes between bricks that align them. Where nothing tells how
/// much of a log was flushed, a damaged last batch cannot be told from one that was never finished: it is reported
/// as a warning.
package enum StorageCheck {
    /// Checks the files of a database that nobody has open for writing.
    ///
    /// - Parameters:
    ///   - channel: in a full check only pages of this channel; all by default.
    ///   - control: called often; throws to end the check.
    ///   - progress: called after each page and each segment file.
    /// - Returns: what was found, nothing for a sound database. Damage is never thrown.
    /// - Throws: what `control` throws; `.notADatabase` when the directory has no trace of one.
    package static func run(
        fileSystem: any FileSystem, depth: CheckDepth, channel: UInt32? = nil,
        control: @escaping () throws(StorageError) -> Void = {},
        progress: @escaping (CheckProgress) -> Void = { _ in }
    ) throws(StorageError) -> [CheckFinding] {
        let run = CheckRun(
            fileSystem: fileSystem, depth: depth, channel: channel, control: control, progress: progress)
        let status = run.checkStatus()
        guard let root = try run.newestRoot(status) else { return run.finish() }
        var subject = CheckSubject(root: root, status: status)
        subject.published = StorageEngine.publishedState(
            root: root, origin: SegmentOrigin(fileSystem: fileSystem, database: root.database),
            FileReclaimer(fileSystem: fileSystem))
        try run.check(&subject)
        return run.finish()
    }
}

extension StorageEngine {
    /// Checks the database as it is now; commits and maintenance go on meanwhile.
    ///
    /// The parameters are those of `StorageCheck.run`.
    package func check(
        _ depth: CheckDepth, channel: UInt32? = nil,
        control: @escaping () throws(StorageError) -> Void = {},
        progress: @escaping (CheckProgress) -> Void = { _ in }
    ) throws(StorageError) -> [CheckFinding] {
        let run = CheckRun(
            fileSystem: fileSystem, depth: depth, channel: channel, control: control, progress: progress)
        var subject = try checkSubject()
        try run.check(&subject)
        if depth == .full, channel == nil {
            try run.checkCounts(of: self, subject)
            let damaged = Set(run.findings.compactMap(\.file))
            forgetDamage(in: subject.namedPaths.subtracting(damaged))
        }
        // Found earlier, where this check did not read as far.
        if depth == .quick {
            for finding in metDamage where !run.findings.contains(finding) { run.add(finding) }
        }
        return run.finish()
    }

    /// The newest state with its root, pinned.
    private func checkSubject() throws(StorageError) -> CheckSubject {
        if isReadOnly {
            try follow()
            return try follower.withLock { (follower) throws(StorageError) in
                guard let root = follower.root else { throw .notADatabase(path: fileSystem.displayPath) }
                var subject = CheckSubject(root: root, status: nil)
                subject.published = published.withLock { $0 }
                subject.isLive = true
                subject.logLimit = follower.log?.contents.end
                return subject
            }
        }
        return try writer.withLock { (state) throws(StorageError) in
            if state.isClosed { throw .closed }
            var subject = CheckSubject(root: state.root, status: nil)
            subject.published = published.withLock { $0 }
            subject.isLive = true
            subject.logLimit = state.log?.flushedEnd
            subject.retiredPaths = Set(reclaimer.retiredPaths)
            subject.upkeep = state.upkeep
            return subject
        }
    }
}

/// One state of a database that is checked.
struct CheckSubject {
    let root: ManifestRoot
    let status: WriterStatus?
    /// What readers see of it; keeps the files.
    var published: PublishedState?
    /// Whether somebody may be writing meanwhile.
    var isLive = false
    /// Where the log ended; nil for as far as it goes.
    var logLimit: UInt64?
    /// Files that wait for their last reader.
    var retiredPaths: Set<String> = []
    var upkeep: UpkeepState?
    /// Whether all indexes verify.
    var isIndexSound = true
    /// Files that the root names.
    var namedPaths: Set<String> = []
}

extension CheckRun {
    /// Checks everything that a root names.
    func check(_ subject: inout CheckSubject) throws(StorageError) {
        file = ManifestRoot.path(number: subject.root.number)
        checkRoot(subject.root)
        file = nil
        let references = checkShards(&subject)
        checkReferences(references, subject.root)
        subject.namedPaths.formUnion(references.map(\.path))
        done.segmentTotal = references.count
        done.byteTotal = references.reduce(0) { $0 &+ $1.fileByteCount }
        for reference in references {
            try control()
            if !holdsWanted(reference) {
                done.segmentCount += 1
                continue
            }
            let isSound = try check(reference, subject.root)
            subject.isIndexSound = subject.isIndexSound && isSound
            done.segmentCount += 1
            progress(done)
        }
        for log in subject.root.logs { try checkLog(log, &subject) }
        if depth == .full {
            try checkVersions(subject)
            try checkMappings(subject)
        }
        if channel == nil { checkLeftovers(subject) }
    }

    /// Whether a segment may hold cuboids of the wanted channel.
    private func holdsWanted(_ reference: SegmentReference) -> Bool {
        let (low, high) = (reference.minimumKey.group.channel, reference.maximumKey.group.channel)
        return channel.map { low <= $0 && $0 <= high } ?? true
    }

    private func check(_ reference: SegmentReference, _ root: ManifestRoot) throws(StorageError) -> Bool {
        let name = "segment file \(reference.path)"
        file = reference.path
        defer { file = nil }
        let segment = attempt(name) { () throws(StorageError) in
            try CheckedSegment(reference, root: root, self)
        }
        return try segment?.check() ?? false
    }
}
