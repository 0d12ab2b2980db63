import Synchronization

/// How far a scrub is.
package struct ScrubProgress: Hashable, Sendable {
    /// The file that was read.
    package let path: String
    /// Bytes of pages read in this step.
    package let byteCount: Int
    /// Whether the file was read to its end.
    package let isFileDone: Bool
}

/// What scrubbing knows; in memory only, so that a fresh process begins anew.
struct ScrubState: Sendable {
    /// How often a segment is read, in microseconds.
    static let interval: Int64 = 30 * 86_400_000_000
    /// Findings kept.
    static let findingLimit = 1000

    /// When segments were read the last time, microseconds since 1970.
    var lastTimes: [FileIdentifier: Int64] = [:]
    /// The file that is being read, and how many of its entries are done.
    var current: FileIdentifier?
    var doneCount = 0
    var findings: [CheckFinding] = []
}

extension StorageEngine {
    /// Verifies the next pages of one segment: header, directory, bricks. What is damaged is kept in `scrubFindings`.
    ///
    /// Segments that were never read in this process come first, the oldest commits before others, then those whose
    /// last reading is longest ago; none is read twice in 30 days. The caller decides how often, and so how fast.
    ///
    /// - Parameter byteCount: stop after the page with which this many bytes are read.
    /// - Returns: nil when nothing is due.
    /// - Throws: `.closed`.
    package func scrub(byteCount: Int) throws(StorageError) -> ScrubProgress? {
        if isStopping.load(ordering: .relaxed) { throw .closed }
        let shown = published.withLock { $0 }
        guard let segments = try? shown.table.all() else {
            remember(in: "the manifest", "a list of segments cannot be read")
            return nil
        }
        guard let (segment, doneCount) = nextToScrub(segments) else { return nil }
        let path = segment.reference.path
        let run = CheckRun(
            fileSystem: fileSystem, depth: .full, channel: nil, control: {}, progress: { _ in })
        var position = 0
        var read = 0
        do throws(StorageError) {
            let opened = try segment.open()
            let leaves = LeafCache(budget: 1 << 20)
            let pages = CheckedPages(
                run: run, file: try fileSystem.open(path, mode: .read), object: "segment file \(path)", database: database,
                droppedChannels: shown.droppedChannels)
            for group in opened.index.groups {
                for number in group.firstLeaf..<group.firstLeaf + group.leafCount {
                    let leaf = try leaves.leaf(number, group: group.group, of: opened, name: path)
                    for entry in leaf.entries {
                        defer { position += 1 }
                        guard position >= doneCount else { continue }
                        if read >= byteCount {
                            pause(segment, at: position, run.findings)
                            return ScrubProgress(path: path, byteCount: read, isFileDone: false)
                        }
                        if isStopping.load(ordering: .relaxed) { throw .closed }
                        try pages.check(entry, group.group)
                        read += Int(entry.pageByteCount)
                    }
                }
            }
        } catch {
            if case .closed = error { throw error }
            run.error("segment file \(path)", error.sentence)
        }
        end(segment, run.findings, Set(segments.map(\.reference.identifier)))
        return ScrubProgress(path: path, byteCount: read, isFileDone: true)
    }

    /// Damage that scrubbing has found since the database was opened, in files that are still in use.
    package var scrubFindings: [CheckFinding] { scrubbing.withLock { $0.findings } }

    private func nextToScrub(_ segments: [Segment]) -> (Segment, Int)? {
        let now = fileSystem.microsecondsSince1970()
        return scrubbing.withLock { state in
            if let current = state.current,
                let segment = segments.first(where: { $0.reference.identifier == current })
            {
                return (segment, state.doneCount)
            }
            func time(_ segment: Segment) -> Int64 { state.lastTimes[segment.reference.identifier] ?? .min }
            let due = segments.filter {
                state.lastTimes[$0.reference.identifier].map { now - $0 >= ScrubState.interval } ?? true
            }
            let next = due.min {
                (time($0), $0.reference.maximumSequence) < (time($1), $1.reference.maximumSequence)
            }
            state.current = next?.reference.identifier
            state.doneCount = 0
            return next.map { ($0, 0) }
        }
    }

    private func pause(_ segment: Segment, at position: Int, _ findings: [CheckFinding]) {
        scrubbing.withLock { state in
            state.doneCount = position
            Self.add(findings, to: &state)
        }
    }

    private func end(_ segment: Segment, _ findings: [CheckFinding], _ existing: Set<FileIdentifier>) {
        let now = fileSystem.microsecondsSince1970()
        scrubbing.withLock { state in
            state.current = nil
            state.doneCount = 0
            state.lastTimes = state.lastTimes.filter { existing.contains($0.key) }
            state.lastTimes[segment.reference.identifier] = now
            Self.add(findings, to: &state)
        }
    }

    private func remember(in object: String, _ message: String) {
        let finding = CheckFinding(
            severity: .error, object: object, message: message, remedy: CheckRemedy.restore)
        scrubbing.withLock { Self.add([finding], to: &$0) }
    }

    private static func add(_ findings: [CheckFinding], to state: inout ScrubState) {
        for finding in findings
        where state.findings.count < ScrubState.findingLimit && !state.findings.contains(finding) {
            state.findings.append(finding)
        }
    }
}
