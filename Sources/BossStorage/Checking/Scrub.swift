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

/// Where scrubbing is; in memory only, so that a fresh process begins anew.
struct ScrubState: Sendable {
    /// How often a segment is read, in microseconds.
    static let interval: Int64 = 30 * 86_400_000_000
    /// When segments were read the last time, microseconds since 1970.
    var lastTimes: [FileIdentifier: Int64] = [:]
    /// The file that is being read, and how many of its entries are done.
    var current: FileIdentifier?
    var doneCount = 0
    /// Where the present round is: 0 for the segments that the root names, then the lists of segments in turn.
    var part = 0
    /// When the next round may begin, microseconds since 1970.
    var nextRound = Int64.min
    /// Rounds that find nothing due are this far apart, in microseconds.
    static let roundInterval: Int64 = 3_600_000_000
    /// What was found in the file that is being read.
    var found: [CheckFinding] = []
}

extension StorageEngine {
    /// Verifies the next pages of one segment: header, directory, bricks. What is damaged is kept in `metDamage`.
    ///
    /// The segments that the root names are read first, then list after list; in each those that were never read in
    /// this process, the oldest commits before others, then those whose last reading is longest ago. None is read
    /// twice in 30 days. The caller decides how often, and so how fast.
    ///
    /// - Parameter byteCount: stop after the page with which this many bytes are read.
    /// - Returns: nil when nothing is due.
    /// - Throws: `.closed`.
    package func scrub(byteCount: Int) throws(StorageError) -> ScrubProgress? {
        if isStopping.load(ordering: .relaxed) { throw .closed }
        let shown = published.withLock { $0 }
        guard let (reference, doneCount) = nextToScrub(shown.table) else { return nil }
        let path = reference.path
        // Not the segment in use: what it has in memory was read before.
        let segment = Segment(
            reference: reference, origin: SegmentOrigin(fileSystem: fileSystem, database: database))
        let run = scrubRun()
        run.file = path
        var position = 0
        var read = 0
        do throws(StorageError) {
            let opened = try segment.open()
            let leaves = LeafCache(budget: 1 << 20)
            let pages = CheckedPages(
                run: run, file: try fileSystem.open(path, mode: .read), object: "segment file \(path)",
                database: database,
                droppedChannels: shown.droppedChannels, commit: reference.commitSequence)
            for group in opened.index.groups {
                for number in group.firstLeaf..<group.firstLeaf + group.leafCount {
                    let leaf = try leaves.leaf(number, group: group.group, of: opened, name: path)
                    for entry in leaf.entries {
                        defer { position += 1 }
                        guard position >= doneCount else { continue }
                        if read >= byteCount {
                            pause(at: position, run.findings)
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
            run.add(error, of: "segment file \(path)")
        }
        end(reference, run.findings)
        return ScrubProgress(path: path, byteCount: read, isFileDone: true)
    }

    func scrubRun() -> CheckRun {
        CheckRun(fileSystem: fileSystem, depth: .full, channel: nil, control: {}, progress: { _ in })
    }

    private func nextToScrub(_ table: SegmentTable) -> (SegmentReference, Int)? {
        let now = fileSystem.microsecondsSince1970()
        var part = scrubbing.withLock { state -> Int in
            // A clock that was set back must not stop scrubbing for ever.
            if now < state.nextRound, state.nextRound - now <= ScrubState.roundInterval { return .max }
            return state.part
        }
        // Lists are read one at a time: a large database has many.
        while part <= table.shards.count {
            if let found = nextToScrub(in: references(ofPart: part, table), now) { return found }
            part += 1
            scrubbing.withLock { $0.part = part }
        }
        guard part < .max else { return nil }
        scrubbing.withLock { state in
            state.part = 0
            state.nextRound = now + ScrubState.roundInterval
        }
        return nil
    }

    private func references(ofPart part: Int, _ table: SegmentTable) -> [SegmentReference] {
        guard part > 0 else { return table.recent.map(\.reference) }
        let shard = table.shards[part - 1]
        let run = scrubRun()
        run.file = shard.reference.path
        do throws(StorageError) { return try shard.references() } catch {
            run.add(error, of: "list of segments \(shard.reference.path)")
            damage.withLock { $0.add(run.findings) }
            return []
        }
    }

    private func nextToScrub(in references: [SegmentReference], _ now: Int64) -> (SegmentReference, Int)? {
        scrubbing.withLock { state in
            if let current = state.current,
                let reference = references.first(where: { $0.identifier == current })
            {
                return (reference, state.doneCount)
            }
            func time(_ reference: SegmentReference) -> Int64 {
                state.lastTimes[reference.identifier] ?? .min
            }
            let due = references.filter {
                state.lastTimes[$0.identifier].map { now - $0 >= ScrubState.interval } ?? true
            }
            let next = due.min { (time($0), $0.maximumSequence) < (time($1), $1.maximumSequence) }
            state.current = next?.identifier
            state.doneCount = 0
            state.found = []
            return next.map { ($0, 0) }
        }
    }

    private func pause(at position: Int, _ findings: [CheckFinding]) {
        damage.withLock { $0.add(findings) }
        scrubbing.withLock { state in
            state.doneCount = position
            state.found += findings
        }
    }

    private func end(_ reference: SegmentReference, _ findings: [CheckFinding]) {
        let now = fileSystem.microsecondsSince1970()
        let found = scrubbing.withLock { state in
            state.current = nil
            state.doneCount = 0
            // Files that are gone are forgotten with the others that are due anyway.
            if state.lastTimes.count % 4096 == 4095 {
                state.lastTimes = state.lastTimes.filter { now - $0.value < ScrubState.interval }
            }
            state.lastTimes[reference.identifier] = now
            return state.found + findings
        }
        damage.withLock { $0.replace(in: reference.path, by: found) }
    }
}
