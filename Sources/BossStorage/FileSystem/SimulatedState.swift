#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Everything a simulated file system knows; a value, so that a copy is a second machine in the same state.
struct SimulatedState: Sendable {
    struct HeldLock: Sendable {
        let number: Int
        let owner: Int
    }

    let seed: UInt64
    var random: SimulatedRandom
    var faults: FaultCounter
    var names = SimulatedNames()
    var inodes: [SimulatedInode] = []
    /// By inode.
    var locks: [Int: HeldLock] = [:]
    var trace: [TracedOperation]?
    /// Injected failures so far by kind of operation; a new plan does not reset them.
    var injectedCounts = [Int](repeating: 0, count: OperationKind.allCases.count)
    /// Operations that the quota refused.
    var refusalCount = 0
    /// Whether the machine has crashed.
    var isDead = false
    /// Processes that have ended.
    var endedOwners: Set<Int> = []
    private var lastNumber = 0
    private(set) var microseconds: Int64

    init(seed: UInt64, faults: FaultPlan) {
        self.seed = seed
        self.faults = FaultCounter(plan: faults)
        random = SimulatedRandom(seed: seed)
        microseconds = 1_700_000_000_000_000 + Int64(seed & 0xFFFF_FFFF)
    }

    /// A number that no lock and no process has yet.
    mutating func nextNumber() -> Int {
        lastNumber += 1
        return lastNumber
    }

    mutating func tick() -> Int64 {
        microseconds += 1000
        return microseconds
    }

    mutating func advance(_ count: Int64) { microseconds += count }

    /// Counts and traces an operation, and says whether it may happen.
    ///
    /// - Throws: EIO when the machine or the process is dead.
    mutating func admit(_ operation: TracedOperation, owner: Int) throws(StorageError) -> FaultCounter.Verdict
    {
        guard !isDead, !endedOwners.contains(owner) else { throw dead(operation) }
        let verdict = faults.next(operation.kind)
        if trace != nil {
            var traced = operation
            switch verdict {
            case .proceed: break
            case .fail(let code): traced.injected = code
            case .die: traced.injected = EIO
            }
            trace?.append(traced)
        }
        switch verdict {
        case .proceed: break
        case .fail: injectedCounts[operation.kind.rawValue] += 1
        case .die where faults.plan.endsProcessOnly: endProcess(owner)
        case .die: isDead = true
        }
        return verdict
    }

    /// Lets a change of names happen, or not, as the verdict says; a dying process may have had it done.
    mutating func perform(
        _ operation: TracedOperation, _ verdict: FaultCounter.Verdict, _ body: (inout SimulatedState) -> Void
    ) throws(StorageError) {
        switch verdict {
        case .proceed: body(&self)
        case .fail(let code): throw .failed("\(operation.kind)", operation.path, errno: code)
        case .die:
            if random.chance(50) { body(&self) }
            throw dead(operation)
        }
    }

    /// Fails an operation that changes nothing when it fails.
    func require(_ operation: TracedOperation, _ verdict: FaultCounter.Verdict) throws(StorageError) {
        switch verdict {
        case .proceed: return
        case .fail(let code): throw .failed("\(operation.kind)", operation.path, errno: code)
        case .die: throw dead(operation)
        }
    }

    func dead(_ operation: TracedOperation) -> StorageError {
        .inputOutput(operation: "\(operation.kind)", file: operation.path, errno: EIO)
    }
}

/// Names and directories.
extension SimulatedState {
    mutating func open(_ path: String, mode: FileMode, owner: Int) throws(StorageError) -> Int {
        let operation = TracedOperation(mode == .createNew ? .create : .open, path)
        let verdict = try admit(operation, owner: owner)
        let entry = EntryPath(path)
        if mode == .createNew {
            try create(entry, operation, verdict)
        } else {
            try require(operation, verdict)
        }
        guard let inode = names.inode(entry) else {
            if names.isDirectory(path) { throw .inputOutput(operation: "open", file: path, errno: EISDIR) }
            throw .notFound(file: path)
        }
        inodes[inode].openCount += 1
        return inode
    }

    private mutating func create(
        _ entry: EntryPath, _ operation: TracedOperation, _ verdict: FaultCounter.Verdict
    ) throws(StorageError) {
        if names.inode(entry) != nil || names.isDirectory(operation.path) {
            throw .alreadyExists(path: operation.path)
        }
        guard names.isDirectory(entry.directory) else { throw .notFound(file: operation.path) }
        try perform(operation, verdict) { state in
            state.inodes.append(SimulatedInode())
            state.names.change(inode: state.inodes.count - 1, from: nil, to: entry)
        }
    }

    mutating func createDirectory(_ path: String, owner: Int) throws(StorageError) {
        let operation = TracedOperation(.createDirectory, path)
        let verdict = try admit(operation, owner: owner)
        guard !path.isEmpty else { return try require(operation, verdict) }
        let prefixes = StoragePath.prefixes(path)
        for prefix in prefixes where names.inode(EntryPath(prefix)) != nil {
            throw .inputOutput(operation: "createDirectory", file: prefix, errno: ENOTDIR)
        }
        try perform(operation, verdict) { state in
            for prefix in prefixes { state.names.makeDirectory(prefix) }
        }
    }

    mutating func syncDirectory(_ path: String, owner: Int) throws(StorageError) {
        let operation = TracedOperation(.syncDirectory, path)
        let verdict = try admit(operation, owner: owner)
        guard names.isDirectory(path) else { throw .notFound(file: path) }
        if case .fail = verdict { names.failSync(directory: path) }
        try require(operation, verdict)
        for inode in names.sync(directory: path) {
            inodes[inode].isForgotten = true
            inodes[inode].freeIfUnreachable()
        }
    }

    mutating func rename(_ path: String, to newPath: String, owner: Int) throws(StorageError) {
        let operation = TracedOperation(.rename, path, newPath: newPath)
        let verdict = try admit(operation, owner: owner)
        let old = EntryPath(path)
        let new = EntryPath(newPath)
        guard let inode = names.inode(old), names.isDirectory(new.directory) else {
            throw .notFound(file: path)
        }
        guard names.inode(new) == nil, !names.isDirectory(newPath) else {
            throw .alreadyExists(path: newPath)
        }
        try perform(operation, verdict) { $0.names.change(inode: inode, from: old, to: new) }
    }

    mutating func unlink(_ path: String, owner: Int) throws(StorageError) {
        let operation = TracedOperation(.unlink, path)
        let verdict = try admit(operation, owner: owner)
        let entry = EntryPath(path)
        guard let inode = names.inode(entry) else {
            if names.isDirectory(path) { throw .inputOutput(operation: "unlink", file: path, errno: EISDIR) }
            throw .notFound(file: path)
        }
        try perform(operation, verdict) { state in
            state.names.change(inode: inode, from: entry, to: nil)
            state.inodes[inode].isNamed = false
        }
    }

    /// In an order that the seed decides, so that nobody comes to rely on one.
    mutating func list(_ path: String, owner: Int) throws(StorageError) -> [String] {
        let operation = TracedOperation(.list, path)
        try require(operation, try admit(operation, owner: owner))
        if names.inode(EntryPath(path)) != nil {
            throw .inputOutput(operation: "list", file: path, errno: ENOTDIR)
        }
        guard let files = names.visible[path] else { return [] }
        var order = SimulatedRandom(seed: seed ^ UInt64(files.count))
        return files.keys.sorted().shuffled(using: &order)
    }

    mutating func exists(_ path: String, owner: Int) throws(StorageError) -> Bool {
        let operation = TracedOperation(.exists, path)
        try require(operation, try admit(operation, owner: owner))
        return names.isDirectory(path) || names.inode(EntryPath(path)) != nil
    }

    /// Returns the inode, which is opened, and the number of the lock.
    mutating func lock(_ path: String, holder: String, owner: Int) throws(StorageError) -> (Int, Int) {
        let operation = TracedOperation(.lock, path)
        let verdict = try admit(operation, owner: owner)
        let entry = EntryPath(path)
        if names.inode(entry) == nil {
            try create(entry, operation, verdict)
        } else {
            try require(operation, verdict)
        }
        guard let inode = names.inode(entry) else { throw .notFound(file: path) }
        if locks[inode] != nil {
            let text = inodes[inode].visible.bytes(0..<LockHolder.byteCount)
            throw .locked(path: path, holder: LockHolder.decode(text))
        }
        inodes[inode].change(.write(offset: 0, bytes: LockHolder.encode(holder)))
        inodes[inode].openCount += 1
        let number = nextNumber()
        locks[inode] = HeldLock(number: number, owner: owner)
        return (inode, number)
    }

    mutating func unlock(_ inode: Int, number: Int) {
        if locks[inode]?.number == number { locks[inode] = nil }
    }

    /// Closes a file, a mapping or a lock.
    mutating func close(_ inode: Int) {
        inodes[inode].openCount -= 1
        inodes[inode].freeIfUnreachable()
    }

    mutating func endProcess(_ owner: Int) {
        endedOwners.insert(owner)
        locks = locks.filter { $0.value.owner != owner }
    }
}
