import BossTestSupport

@testable import BossStorage

/// Writing.
extension ModelRun {
    func randomKey() -> CuboidKey {
        let channel = channels.randomElement(using: &random) ?? 1
        return CuboidKey(
            channel, UInt64.random(in: 0..<12, using: &random), time: UInt32.random(in: 0..<2, using: &random)
        )
    }

    func randomKeys(_ count: Int) -> [CuboidKey] { (0..<count).map { _ in randomKey() } }

    private func content() -> BrickContent {
        BrickContent(number: UInt32.random(in: 1..<60_000, using: &random))
    }

    /// A change that keeps chains of deltas at most 4 long.
    private func change(over state: ModelState, _ key: CuboidKey, allowsDelta: Bool) -> PageChange {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return .tombstone
        case 1, 2: return .constant(UInt8.random(in: 0...255, using: &random))
        case 3..<8 where allowsDelta && (state.cuboids[key]?.deltaCount ?? 0) < 4:
            let count = Int.random(in: 1...3, using: &random)
            return .delta(
                Dictionary((0..<count).map { _ in (Int.random(in: 0..<4, using: &random), content()) }) { $1 }
            )
        default: return .full((0..<4).map { _ in content() })
        }
    }

    func beginBatch() throws {
        guard batches.count < 4 else { return }
        batches.append(OpenBatch(batch: WriteBatch(base: try engine.view()), shown: committed))
    }

    func put() throws {
        if batches.isEmpty { try beginBatch() }
        let index = Int.random(in: 0..<batches.count, using: &random)
        let key = randomKey()
        var new = change(over: batches[index].shown, key, allowsDelta: true)
        let dependsOnBase: Bool
        if case .delta(var contents) = new {
            // A batch has one page a cuboid, so a pending delta's bricks are repeated, and what is no delta stays none.
            for brick in batches[index].batch.pendingBricks(key) where contents[brick] == nil {
                contents[brick] = batches[index].shown.contents(of: key)[brick]
            }
            new = .delta(contents)
            if let pending = batches[index].changes[key], case .delta = pending {
            } else if batches[index].changes[key] != nil {
                var whole = batches[index].shown.contents(of: key)
                for (brick, content) in contents { whole[brick] = content }
                new = .full(whole)
            }
            dependsOnBase = true
        } else {
            dependsOnBase = Bool.random(using: &random)
        }
        let base = try batches[index].batch.view.locate(key.group, codes: [key.morton])[0].newestSequence
        batches[index].batch.put(try bricks.page(key, new, over: base), dependsOnBase: dependsOnBase)
        batches[index].changes[key] = new
        if dependsOnBase { batches[index].reads.insert(key) }
        batches[index].shown.apply(key, new)
        try expect(engine, batches[index].batch.view, batches[index].shown, [key] + randomKeys(1), "batch")
    }

    private func isConflict(_ reads: Set<CuboidKey>, since base: UInt64) -> Bool {
        reads.contains { (committed.cuboids[$0]?.sequence ?? 0) > base }
    }

    func commitBatch() throws {
        guard !batches.isEmpty else { return }
        let open = batches.remove(at: Int.random(in: 0..<batches.count, using: &random))
        guard !open.changes.isEmpty else { return }
        let isConflict = isConflict(open.reads, since: open.batch.base.sequence)
        try finish(open.changes, isConflict) { try engine.commit(open.batch) }
    }

    func beginBulk() throws {
        guard bulks.count < 2 else { return }
        bulks.append(OpenBulk(bulk: try engine.beginBulk(), shown: committed))
    }

    func addBulk() throws {
        if bulks.isEmpty { try beginBulk() }
        let index = Int.random(in: 0..<bulks.count, using: &random)
        let key = randomKey()
        guard bulks[index].changes[key] == nil else { return }
        let new = change(over: committed, key, allowsDelta: false)
        let dependsOnBase = Int.random(in: 0..<4, using: &random) == 0
        try bulks[index].bulk.add(try bricks.page(key, new), dependsOnBase: dependsOnBase)
        bulks[index].changes[key] = new
        if dependsOnBase { bulks[index].reads.insert(key) }
        bulks[index].shown.apply(key, new)
        try expect(engine, bulks[index].bulk.view, bulks[index].shown, [key] + randomKeys(1), "bulk")
    }

    func commitBulk() throws {
        guard !bulks.isEmpty else { return }
        let open = bulks.remove(at: Int.random(in: 0..<bulks.count, using: &random))
        guard !open.changes.isEmpty else { return }
        let isConflict = isConflict(open.reads, since: open.bulk.base.sequence)
        try finish(open.changes, isConflict) { try open.bulk.commit() }
    }

    private func finish(
        _ changes: [CuboidKey: PageChange], _ isConflict: Bool, _ commit: () throws -> UInt64
    ) throws {
        do {
            let number = try commit()
            guard !isConflict else { throw TestFailure("a conflict was not noticed") }
            guard number == sequence + 1 else { throw TestFailure("commit \(number) after \(sequence)") }
            sequence = number
            for (key, change) in changes { committed.apply(key, change, sequence: number) }
            commitCount += 1
        } catch StorageError.writeConflict {
            guard isConflict else { throw TestFailure("a conflict without reason") }
            conflictCount += 1
        }
    }

    func dropChannel() throws {
        let channel = channels.remove(at: Int.random(in: 0..<channels.count, using: &random))
        channels.append((channels + droppedChannels + [channel]).reduce(0, max) + 1)
        droppedChannels.append(channel)
        batches.removeAll { $0.changes.keys.contains { $0.group.channel == channel } }
        bulks.removeAll { $0.changes.keys.contains { $0.group.channel == channel } }
        // A view of another process does not keep a dropped channel's files.
        held.removeAll { $0.engine === reader }
        try engine.dropChannel(channel)
        try engine.dropChannel(channel)
        committed.drop(channel: channel)
    }
}
