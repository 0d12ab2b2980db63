import BossStorage
import BossTestSupport

/// One process that works on a simulated database, beside a model of what it was told is done.
///
/// Each step says beforehand what it will make of the database. When it returns, that is acknowledged; when
/// it throws, it may have happened or not.
final class Session {
    let files: SimulatedFileSystem
    /// What the engine is given instead of the files themselves.
    var seam: (any FileSystem)?
    let bricks: TestBricks
    var options: StorageOptions
    /// Whether a failing step is noted and the next one tried.
    var continuesAfterErrors = false
    /// Whether a step that finds the disk full must have changed nothing: a quota is noticed beforehand.
    var isRefusedWhenFull = false
    private(set) var engine: StorageEngine?
    private(set) var errors: [StorageError] = []
    /// What was acknowledged.
    private(set) var acknowledged: ModelState
    /// What may be found instead: states that failed steps were to make.
    private(set) var possible: [ModelState] = []
    private(set) var acknowledgedSequence: UInt64
    private(set) var isCreated: Bool
    /// All cuboids that any step has touched.
    private(set) var keys: Set<CuboidKey>
    /// The state after each commit.
    private(set) var commits: [UInt64: ModelState] = [:]
    /// Commits of snapshots that certainly exist, by name.
    private(set) var snapshots: [String: UInt64] = [:]
    /// Whether commits may be given up.
    private(set) var forgetsHistory = false
    private var nextContent: UInt32

    init(files: SimulatedFileSystem, options: StorageOptions, brickByteCount: Int = 512) {
        self.files = files
        self.options = options
        bricks = TestBricks(brickByteCount: brickByteCount)
        acknowledged = ModelState()
        acknowledgedSequence = 0
        isCreated = false
        keys = []
        nextContent = 1
    }

    /// A session that goes on from another one's state, on another machine.
    init(continuing other: Session, files: SimulatedFileSystem) {
        self.files = files
        options = other.options
        bricks = other.bricks
        acknowledged = other.acknowledged
        possible = other.possible
        acknowledgedSequence = other.acknowledgedSequence
        isCreated = other.isCreated
        keys = other.keys
        commits = other.commits
        snapshots = other.snapshots
        forgetsHistory = other.forgetsHistory
        nextContent = other.nextContent
    }

    /// The next brick that no other one equals; every fourth of each kind.
    func content() -> BrickContent {
        nextContent += 1
        return BrickContent(number: nextContent)
    }

    /// A full page of new bricks.
    func full() -> PageChange { .full([content(), content(), content(), content()]) }

    func step(_ next: ModelState, _ body: () throws -> UInt64?) throws {
        if next != acknowledged { possible.append(next) }
        do {
            let sequence = try body()
            // A process that died in the middle has told nobody.
            if files.isDead { throw StorageError.closed }
            if next != acknowledged || sequence != nil {
                settle(next, sequence: sequence ?? acknowledgedSequence)
            }
        } catch let error as StorageError {
            if case .diskFull = error, isRefusedWhenFull { possible = [] }
            errors.append(error)
            if !continuesAfterErrors { throw error }
        }
    }

    func open(create: Bool = true) throws {
        guard engine == nil else { return }
        try step(acknowledged) {
            engine = try StorageEngine.open(
                fileSystem: seam ?? files, mode: .readWrite(create: create), options: options)
            isCreated = true
            return nil
        }
        if let engine, !possible.isEmpty {
            // Which of the states it is stays open where reading fails on purpose.
            do {
                let view = try engine.view()
                settle(try state(of: view, engine), sequence: view.sequence)
            } catch _ as StorageError {}
        }
    }

    func commit(_ changes: [(CuboidKey, PageChange)], dependsOnBase: Bool = false) throws {
        guard let engine else { return }
        var next = acknowledged
        var batch = WriteBatch(base: try engine.view())
        for (key, change) in changes {
            batch.put(try bricks.page(key, change), dependsOnBase: dependsOnBase)
            next.apply(key, change)
            keys.insert(key)
        }
        try step(next) { try engine.commit(batch) }
    }

    /// Deletes a box of cuboids, whose codes are those of the range.
    ///
    /// - Precondition: the count is a power of two that divides the first code.
    func delete(channel: UInt32, _ codes: Range<UInt64>) throws {
        guard let engine else { return }
        var batch = WriteBatch(base: try engine.view())
        batch.delete(CuboidKey(channel, 0).group, lowest: codes.lowerBound, highest: codes.upperBound - 1)
        var next = acknowledged
        for code in codes { next.apply(CuboidKey(channel, code), .tombstone) }
        try step(next) { try engine.commit(batch) }
    }

    func bulk(_ changes: [(CuboidKey, PageChange)], aborts: Bool = false) throws {
        guard let engine else { return }
        var next = acknowledged
        for (key, change) in changes {
            keys.insert(key)
            if !aborts { next.apply(key, change) }
        }
        try step(next) {
            let bulk = try engine.beginBulk()
            for (key, change) in changes {
                try bulk.add(try bricks.page(key, change), dependsOnBase: false)
            }
            if !aborts { return try bulk.commit() }
            bulk.abort()
            return nil
        }
    }

    func drop(channel: UInt32) throws {
        guard let engine else { return }
        var next = acknowledged
        next.drop(channel: channel)
        try step(next) {
            try engine.dropChannel(channel)
            return nil
        }
    }

    func checkpoint() throws {
        guard let engine else { return }
        try step(acknowledged) {
            try engine.checkpoint()
            return nil
        }
    }

    func close() throws {
        guard let engine else { return }
        defer { self.engine = nil }
        try step(acknowledged) {
            try engine.close()
            return nil
        }
    }

    /// Ends without closing, as a killed process does.
    func kill() { engine = nil }

    /// Takes over what was found as the truth.
    func settle(_ state: ModelState, sequence: UInt64) {
        acknowledged = state
        acknowledgedSequence = sequence
        commits[sequence] = state
        possible = []
    }

    /// Notes that a cuboid is written.
    func touch(_ key: CuboidKey) { keys.insert(key) }

    /// Notes which commit a name certainly stands for.
    func take(_ name: String, _ commit: UInt64?) { snapshots[name] = commit }

    /// From now on older commits may be refused.
    func forgetHistory() { forgetsHistory = true }

    /// Adds states that may be found instead of what was acknowledged.
    func allow(_ states: [ModelState]) { possible += states }

    /// The legal state that a view shows.
    ///
    /// - Throws: `TestFailure` when there is none.
    func state(of view: View, _ engine: StorageEngine) throws -> ModelState {
        guard view.sequence >= acknowledgedSequence else {
            throw TestFailure("commit \(acknowledgedSequence) is lost, the newest is \(view.sequence)")
        }
        var differences: [String] = []
        for state in [acknowledged] + possible {
            guard let difference = try bricks.difference(engine, view, state, keys: keys) else {
                return state
            }
            differences.append(difference)
        }
        throw TestFailure(differences.joined(separator: "; "))
    }
}
