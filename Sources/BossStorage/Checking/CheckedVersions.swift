/// Rules that follow from all versions of a cuboid together, and from counts over all segments.
extension CheckRun {
    /// Deltas that the newest state needs may stand this high.
    private static let deltaLimit = 4

    /// Every delta has something to stand on, chains are short, and no version stands twice.
    ///
    /// Left out where an index is damaged: what is missing there would be missed here.
    func checkVersions(_ subject: CheckSubject) throws(StorageError) {
        guard subject.isIndexSound, let published = subject.published else { return }
        // Fresh caches: leaves in use may have been read before a damage.
        let leaves = LeafCache(budget: 8 << 20)
        let kept = KeptCommits(
            oldest: published.history.oldest, snapshots: published.snapshots.map(\.sequence))
        let view = View(state: published, leaves: leaves)
        let reader = VersionReader(view: view, leaves: leaves, kept: kept)
        let segments = attempt("the manifest") { () throws(StorageError) in try published.table.all() }
        guard let segments else { return }
        var failure: StorageError?
        do throws(StorageError) {
            try reader.forEachChunk(of: segments) { (group, codes) throws(StorageError) in
                guard wants(group) else { return }
                do throws(StorageError) { try control() } catch {
                    failure = error
                    throw error
                }
                for (code, chain) in zip(codes, try reader.chains(group, codes)) {
                    check(chain, CuboidKey(group: group, morton: code))
                }
            }
        } catch {
            if let failure { throw failure }
            add(error, of: "the indexes")
        }
        try checkMemtable(published, reader)
    }

    /// Cuboids that only the live log holds were not met in the segments; to meet others twice finds nothing new.
    private func checkMemtable(
        _ published: PublishedState, _ reader: VersionReader
    ) throws(StorageError) {
        for (group, entries) in published.memtable.groups.sorted(by: { $0.key < $1.key })
        where wants(group) && !SystemGroup.isSystem(group) && !reader.isDropped(group) {
            var codes = entries.filter { $0.index.kind == .delta }.map(\.index.morton)
            codes = Array(Set(codes)).sorted()
            for start in stride(from: 0, to: codes.count, by: VersionReader.chunkCount) {
                try control()
                let part = Array(codes[start..<min(start + VersionReader.chunkCount, codes.count)])
                let chains = attempt("the indexes") { () throws(StorageError) in
                    try reader.chains(group, part)
                }
                for (code, chain) in zip(part, chains ?? []) {
                    check(chain, CuboidKey(group: group, morton: code))
                }
            }
        }
    }

    private func check(_ chain: VersionChain, _ key: CuboidKey) {
        var deltaCount = 0
        var hasBase = false
        var lowest: VersionChain.Item?
        for (item, next) in zip(chain.items, chain.items.dropFirst())
        where item.entry.sequence == next.entry.sequence {
            let isDeletion = item.entry.kind == .tombstone || next.entry.kind == .tombstone
            if !isDeletion {
                reportOnce(key.words, "commit \(item.entry.sequence) stands in two files", CheckRemedy.report)
            }
        }
        for item in chain.items {
            if let deletion = chain.deletions.first, deletion.sequence > item.entry.sequence {
                hasBase = true
                break
            }
            if item.entry.kind != .delta {
                hasBase = true
                break
            }
            deltaCount += 1
            lowest = item
        }
        guard deltaCount > 0 else { return }
        if deltaCount > Self.deltaLimit {
            let word = "\(deltaCount) deltas stand on one another"
            warnOnce(key.words, word, "nothing is needed: compaction folds them")
        }
        guard !hasBase, let lowest else { return }
        let place = PagePlace(path: lowest.store.name, offset: lowest.entry.offsetOrConstant)
        // A delta of commit 0 was made from a cuboid that was never written.
        if let base = deltaBases[place], base > 0 {
            reportOnce(
                key.words, "the version of commit \(base) under its deltas is missing", CheckRemedy.rewrite)
        }
    }

    private func reportOnce(_ object: String, _ message: String, _ remedy: String) {
        guard !findings.contains(where: { $0.object == object && $0.message == message }) else { return }
        error(object, message, remedy)
    }

    private func warnOnce(_ object: String, _ message: String, _ remedy: String) {
        guard !findings.contains(where: { $0.object == object && $0.message == message }) else { return }
        warning(object, message, remedy)
    }

    /// What maintenance believes to be dead must be dead.
    ///
    /// A version that nobody needs is never needed again, so that commits since the last count only raise the number.
    func checkCounts(of engine: StorageEngine, _ subject: CheckSubject) throws(StorageError) {
        guard subject.isIndexSound, let published = subject.published, let upkeep = subject.upkeep,
            let kept = upkeep.kept
        else { return }
        let leaves = LeafCache(budget: 8 << 20)
        let reader = VersionReader(
            view: View(state: published, leaves: leaves), leaves: leaves,
            kept: KeptCommits(oldest: kept.oldest, snapshots: published.snapshots.map(\.sequence)))
        let isSettled =
            upkeep.isIdle && upkeep.pending.isEmpty && published.memtable.isEmpty
            && kept.snapshots == reader.kept.snapshots
        let segments = attempt("the manifest") { () throws(StorageError) in try published.table.all() }
        for segment in segments ?? [] where upkeep.pending[segment.reference.identifier] == nil {
            try control()
            let name = "segment file \(segment.reference.path)"
            let counted = attempt(name) { () throws(StorageError) in try engine.count(segment, reader).count }
            guard let counted else { continue }
            let believed = upkeep.count(of: segment.reference)
            if believed.dead > counted.dead {
                warning(
                    name, "\(believed.dead) bytes count as dead, but only \(counted.dead) are",
                    CheckRemedy.maintenance)
            } else if isSettled,
                believed.dead &+ dropped(in: segment, published) < counted.dead
                    || believed.held != counted.held
            {
                warning(
                    name,
                    "\(believed.dead) bytes count as dead and \(believed.held) as history, but it is "
                        + "\(counted.dead) and \(counted.held)", CheckRemedy.maintenance)
            }
        }
    }

    /// Bytes of dropped channels, which need not be counted to be removed.
    private func dropped(in segment: Segment, _ published: PublishedState) -> UInt64 {
        let groups = (try? segment.open().index.groups) ?? []
        return groups.reduce(0) {
            published.droppedChannels.contains($1.group.channel) ? $0 &+ $1.liveByteCount : $0
        }
    }
}
