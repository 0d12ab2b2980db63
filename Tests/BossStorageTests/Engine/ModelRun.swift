import BossTestSupport

@testable import BossStorage

/// Random work on an engine and on a dictionary, compared after every step.
///
/// A writer and a reader share one simulated machine, as two processes do. Options are random too, mostly so
/// small that logs seal, files fill and caches overflow all the time.
final class ModelRun {
    struct OpenBatch {
        var batch: WriteBatch
        var changes: [CuboidKey: PageChange] = [:]
        var reads: Set<CuboidKey> = []
        /// What the batch's own view shows.
        var shown: ModelState
    }
    struct OpenBulk {
        let bulk: BulkTransaction
        var changes: [CuboidKey: PageChange] = [:]
        var reads: Set<CuboidKey> = []
        var shown: ModelState
    }
    struct HeldView {
        let engine: StorageEngine
        let view: View
        let state: ModelState
    }

    private(set) var operationCount = 0
    var commitCount = 0
    var conflictCount = 0
    private(set) var reopenCount = 0
    var random: SeededGenerator
    let bricks: TestBricks
    private var options = StorageOptions()
    private var machine: SimulatedFileSystem
    private var writerFiles: SimulatedFileSystem
    var engine: StorageEngine
    var reader: StorageEngine
    var committed = ModelState()
    var sequence: UInt64 = 0
    var batches: [OpenBatch] = []
    var bulks: [OpenBulk] = []
    var held: [HeldView] = []
    var channels: [UInt32] = [1, 2, 3]
    var droppedChannels: [UInt32] = []
    var steps: [String: Int] = [:]

    init(seed: UInt64) throws {
        random = SeededGenerator(seed: seed)
        bricks = TestBricks(brickByteCount: [64, 256, 1024, 4096].randomElement(using: &random) ?? 64)
        options.logByteCount = [8 << 10, 40 << 10, 200 << 10].randomElement(using: &random) ?? 0
        options.bulkSegmentByteCount = [1, 6 << 10, 60 << 10].randomElement(using: &random) ?? 0
        options.poolByteCount = [0, 20 << 10, 4 << 20].randomElement(using: &random) ?? 0
        options.directoryCacheByteCount = [0, 12 << 10, 1 << 20].randomElement(using: &random) ?? 0
        options.bootIdentifier = 1
        options.levelZeroLimit = Int.random(in: 1...8, using: &random)
        options.smallSegmentLimit = Int.random(in: 2...20, using: &random)
        options.overlapLimit = Int.random(in: 2...8, using: &random)
        options.rootSegmentLimit = [4, 16, 1024].randomElement(using: &random) ?? 1024
        options.spaceSlackByteCount = [0, 1 << 20, 2 << 30].randomElement(using: &random) ?? 0
        options.compactionByteCount = [10 << 10, 1 << 30].randomElement(using: &random) ?? 0
        options.compactionRate = 0
        machine = SimulatedFileSystem(seed: seed)
        writerFiles = machine.sharedHandle()
        engine = try StorageEngine.open(
            fileSystem: writerFiles, mode: .readWrite(create: true), options: options)
        reader = try StorageEngine.open(
            fileSystem: machine.sharedHandle(), mode: .readOnly, options: options)
    }

    /// Takes so many random steps.
    func run(operations: Int) throws {
        while operationCount < operations {
            operationCount += 1
            try step()
            try compare(randomKeys(3))
            if operationCount % 100 == 0 { try compareEverything() }
        }
        try compareEverything()
        held = []
        try engine.close()
    }

    private func step() throws {
        switch Int.random(in: 0..<102, using: &random) {
        case 0..<10: try beginBatch()
        case 10..<45: try put()
        case 45..<65: try commitBatch()
        case 65..<67: _ = batches.popLast()
        case 67..<70: try beginBulk()
        case 70..<80: try addBulk()
        case 80..<84: try commitBulk()
        case 84..<85: bulks.popLast()?.bulk.abort()
        case 85..<87: try engine.checkpoint()
        case 87..<93: try hold()
        case 93..<94: engine.evictPool()
        case 94..<95: try dropChannel()
        case 95..<97: try reopen()
        case 97..<98: try kill()
        case 98..<99: try cutPower()
        case 99..<100: try maintain()
        default: try compareScans()
        }
    }
}

/// Upkeep.
extension ModelRun {
    private func maintain() throws {
        if Int.random(in: 0..<3, using: &random) == 0 {
            try engine.setRetention(microseconds: Bool.random(using: &random) ? 0 : 86_400_000_000)
        }
        var done: [MaintenanceStep] = []
        if Int.random(in: 0..<3, using: &random) == 0 {
            try engine.compact { (step) throws(StorageError) in
                done.append(step)
                if done.count > 500 {
                    throw .corrupt(
                        file: "", offset: 0, reason: "no end: \(done.suffix(12)) \(engine.spaceUsage)")
                }
            }
        }
        for _ in 0..<Int.random(in: 1...30, using: &random) {
            guard let step = try engine.maintain() else { break }
            steps["\(step)".prefix { $0 != "(" }.description, default: 0] += 1
            try compare(randomKeys(2))
        }
    }
}

/// Ends and beginnings.
extension ModelRun {
    private func reopen() throws {
        // Views taken before the end stay readable.
        try engine.close()
        try engine.close()
        try openWriter()
    }

    /// The process dies; another one takes over on the same machine.
    private func kill() throws {
        held.removeAll { $0.engine === engine }
        writerFiles.endProcess()
        try openWriter()
    }

    private func cutPower() throws {
        held = []
        machine = machine.crash(damageSeed: random.next())
        options.bootIdentifier += 1
        try openWriter()
        reader = try StorageEngine.open(
            fileSystem: machine.sharedHandle(), mode: .readOnly, options: options)
    }

    private func openWriter() throws {
        batches = []
        bulks = []
        held.removeAll { $0.engine !== reader && Bool.random(using: &random) }
        writerFiles = machine.sharedHandle()
        engine = try StorageEngine.open(
            fileSystem: writerFiles, mode: .readWrite(create: false), options: options)
        reopenCount += 1
    }
}

/// Comparing.
extension ModelRun {
    private func hold() throws {
        if held.count > 6 { held.remove(at: Int.random(in: 0..<held.count, using: &random)) }
        let source = Bool.random(using: &random) ? engine : reader
        held.append(HeldView(engine: source, view: try source.view(), state: committed))
    }

    func expect(
        _ engine: StorageEngine, _ view: View, _ state: ModelState, _ keys: [CuboidKey], _ what: String
    ) throws {
        if let difference = try bricks.difference(engine, view, state, keys: keys) {
            throw TestFailure("\(what): \(difference)")
        }
    }

    private func compare(_ keys: [CuboidKey]) throws {
        for (source, what) in [(engine, "writer"), (reader, "reader")] {
            let view = try source.view()
            guard view.sequence == sequence else {
                throw TestFailure("\(what) is at \(view.sequence), not at \(sequence)")
            }
            try expect(source, view, committed, keys, what)
        }
        if let old = held.randomElement(using: &random) {
            try expect(old.engine, old.view, old.state, [keys[0]], "held view of commit \(old.view.sequence)")
        }
    }

    private func compareEverything() throws {
        let keys = Array(committed.cuboids.keys) + randomKeys(2)
        try compare(keys)
        for old in held {
            try expect(old.engine, old.view, old.state, Array(old.state.cuboids.keys), "held view")
        }
        let dropped = droppedChannels.suffix(2).flatMap { channel in (0..<12).map { CuboidKey(channel, $0) } }
        try expect(engine, try engine.view(), ModelState(), dropped, "dropped channel")
    }

    /// What the index alone answers.
    private func compareScans() throws {
        let group = randomKey().group
        let low = UInt64.random(in: 0..<12, using: &random)
        let range = low...UInt64.random(in: low..<13, using: &random)
        let inside = committed.cuboids.filter { $0.key.group == group && range.contains($0.key.morton) }
        let newest = committed.cuboids.reduce(0) { $1.key.group == group ? max($0, $1.value.sequence) : $0 }
        for source in [engine, reader] {
            let view = try source.view()
            guard try view.writtenCodes(group, in: range) == inside.keys.map(\.morton).sorted() else {
                throw TestFailure("written codes of \(group) in \(range)")
            }
            guard try view.newestSequence(of: group) == newest else {
                throw TestFailure("newest of \(group)")
            }
            for page in try view.locate(group, codes: Array(range)) {
                let expected = committed.cuboids[CuboidKey(group: group, morton: page.morton)]
                guard page.newestSequence == expected?.sequence ?? 0 else {
                    throw TestFailure("newest of \(page.morton)")
                }
                guard page.deltas.count <= expected?.deltaCount ?? 0 else {
                    throw TestFailure("chain of \(page.morton)")
                }
            }
        }
    }
}
