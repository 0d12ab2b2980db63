import BossTestSupport
import Synchronization
import Testing

@testable import BossSimulator
@testable import BossStorage

/// What later commits make a conflict; the oracle keeps sets of cuboids.
@Suite("Conflicts")
struct ConflictTests {
    private static let group = CuboidKey(1, 0).group

    private static func page(_ key: CuboidKey, _ bits: UInt64 = 9) -> EncodedPage {
        .constant(key: key, bits: bits, voxelByteCount: 1)
    }

    private static func engine(_ files: any FileSystem) throws -> StorageEngine {
        try StorageEngine.open(
            fileSystem: files, mode: .readWrite(create: true), options: CrashScenario.smallOptions)
    }

    /// A deletion that is not committed, and what others did since it was begun.
    private struct PendingDeletion {
        let batch: WriteBatch
        let box: ModelBox
        var isBoxChanged = false
        var isOverlapDeleted = false
    }

    /// Commits, bulk loads and deletions in 4 x 4 x 4 cuboids, with upkeep in between.
    private struct Run {
        let engine: StorageEngine
        var random: SeededGenerator
        var written: Set<CuboidKey> = []
        var pending: [PendingDeletion] = []
        var conflictCount = 0
        var commitCount = 0

        init(seed: UInt64) throws {
            random = SeededGenerator(seed: seed)
            engine = try ConflictTests.engine(SimulatedFileSystem(seed: seed))
            try engine.setRetention(microseconds: 0)
        }

        private mutating func key() -> CuboidKey { CuboidKey(1, UInt64.random(in: 0..<64, using: &random)) }

        private mutating func box() -> ModelBox {
            let corners = [0, 1].map { _ in key().morton }
            return ModelBox(group, around: corners[0], corners[1])
        }

        private mutating func notePages(_ keys: Set<CuboidKey>) {
            for index in pending.indices where keys.contains(where: pending[index].box.contains) {
                pending[index].isBoxChanged = true
            }
            written.formUnion(keys)
        }

        private mutating func noteDeletion(_ box: ModelBox) {
            let hit = written.filter(box.contains)
            for index in pending.indices {
                if hit.contains(where: pending[index].box.contains) { pending[index].isBoxChanged = true }
                if pending[index].box.overlaps(box) { pending[index].isOverlapDeleted = true }
            }
        }

        mutating func step() throws {
            let keys = Set((0..<Int.random(in: 1...3, using: &random)).map { _ in key() })
            switch Int.random(in: 0..<10, using: &random) {
            case 0...2:
                var batch = WriteBatch(base: try engine.view())
                for key in keys { batch.put(page(key), dependsOnBase: false) }
                try engine.commit(batch)
                notePages(keys)
            case 3:
                let bulk = try engine.beginBulk()
                for key in keys { try bulk.add(page(key), dependsOnBase: false) }
                try bulk.commit()
                notePages(keys)
            case 4:
                let box = box()
                var batch = WriteBatch(base: try engine.view())
                batch.delete(group, lowest: box.lowest, highest: box.highest)
                try engine.commit(batch)
                noteDeletion(box)
            case 5: try engine.checkpoint()
            case 6: if Bool.random(using: &random) { try engine.compact() } else { try maintain() }
            case 7:
                let box = box()
                var batch = WriteBatch(base: try engine.view())
                batch.delete(group, lowest: box.lowest, highest: box.highest)
                pending.append(PendingDeletion(batch: batch, box: box))
            default:
                if let index = pending.indices.randomElement(using: &random) {
                    try commit(pending.remove(at: index))
                }
            }
        }

        private func maintain() throws { while try engine.maintain() != nil {} }

        private mutating func commit(_ deletion: PendingDeletion) throws {
            let seed = random.seed
            do {
                try engine.commit(deletion.batch)
                #expect(!deletion.isBoxChanged, "a change of \(deletion.box) was lost, seed \(seed)")
                noteDeletion(deletion.box)
                commitCount += 1
            } catch StorageError.writeConflict {
                #expect(
                    deletion.isBoxChanged || deletion.isOverlapDeleted,
                    "nobody has changed \(deletion.box), seed \(seed)")
                conflictCount += 1
            }
        }
    }

    @Test("a deletion meets what was committed to its box since, and nothing else", arguments: 0..<16)
    func deletions(_ part: Int) throws {
        var run = try Run(seed: 83 + UInt64(part))
        for _ in 0..<250 { try run.step() }
        #expect(run.conflictCount > 2 && run.commitCount > 2, "seed \(run.random.seed)")
    }

    @Test("a deletion of all cuboids there can be looks only into files that are younger than its base")
    func cost() throws {
        let openCount = Mutex(0)
        let hooked = HookedFileSystem(SimulatedFileSystem(seed: 84)) { operation in
            if operation.kind == .open, operation.path.hasPrefix("seg/") { openCount.withLock { $0 += 1 } }
        }
        let engine = try Self.engine(hooked)
        func load(_ key: CuboidKey) throws {
            let bulk = try engine.beginBulk()
            try bulk.add(Self.page(key), dependsOnBase: false)
            try bulk.commit()
        }
        for code in 0..<20 { try load(CuboidKey(1, UInt64(code))) }
        func deletion() throws -> WriteBatch {
            var batch = WriteBatch(base: try engine.view())
            batch.delete(Self.group, lowest: 0, highest: UInt64.max >> 1)
            return batch
        }
        let early = try deletion()
        try load(CuboidKey(2, 0))
        let late = try deletion()
        openCount.withLock { $0 = 0 }
        try load(CuboidKey(1, 1 << 62))
        #expect(throws: StorageError.writeConflict) { try engine.commit(early) }
        #expect(throws: StorageError.writeConflict) { try engine.commit(late) }
        #expect(openCount.withLock { $0 } == 1)
        openCount.withLock { $0 = 0 }
        let last = try deletion()
        try load(CuboidKey(2, 1))
        try engine.commit(last)
        #expect(openCount.withLock { $0 } == 0)
    }

    @Test("commits to a channel that was dropped meanwhile are refused as a whole", arguments: [false, true])
    func droppedChannel(isForgotten: Bool) throws {
        let engine = try Self.engine(SimulatedFileSystem(seed: 85))
        let kept = CuboidKey(2, 0)
        var batch = WriteBatch(base: try engine.view())
        batch.put(Self.page(CuboidKey(1, 0)), dependsOnBase: false)
        try engine.commit(batch)
        var write = WriteBatch(base: try engine.view())
        write.put(Self.page(CuboidKey(1, 5)), dependsOnBase: false)
        write.put(Self.page(kept), dependsOnBase: false)
        var deletion = WriteBatch(base: try engine.view())
        deletion.delete(Self.group, lowest: 0, highest: 7)
        let bulk = try engine.beginBulk()
        try bulk.add(Self.page(CuboidKey(1, 6)), dependsOnBase: false)
        try engine.dropChannel(1)
        if isForgotten {
            try engine.checkpoint()
            try engine.compact()
            while try engine.maintain() != nil {}
            #expect(engine.publishedView.state.droppedChannels.isEmpty)
        }
        let refusal = StorageError.channelDropped(channel: 1)
        #expect(throws: refusal) { try engine.commit(write) }
        #expect(throws: refusal) { try engine.commit(deletion) }
        #expect(throws: refusal) { try bulk.commit() }
        let view = try engine.view()
        #expect(view.sequence == 1)
        #expect(try view.locate(kept.group, codes: [0])[0].newestSequence == 0)
    }

    @Test("a commit that drops a channel may write to it, and is the last one that does")
    func dropInCommit() throws {
        let engine = try Self.engine(SimulatedFileSystem(seed: 86))
        var late = WriteBatch(base: try engine.view())
        late.put(Self.page(CuboidKey(1, 5)), dependsOnBase: false)
        var dropping = WriteBatch(base: try engine.view())
        dropping.put(Self.page(CuboidKey(1, 0)), dependsOnBase: false)
        dropping.catalogRedo = [1]
        dropping.droppedChannels = [1]
        try engine.commit(dropping)
        #expect(throws: StorageError.channelDropped(channel: 1)) { try engine.commit(late) }
    }
}
