import Synchronization

/// A file system in memory that loses what a real one may lose. A seed decides everything it does.
///
/// It keeps apart what reads see and what is durable: `sync` of a file makes its content and length durable,
/// `syncDirectory` the names in a directory, and nothing else makes anything durable. `crash` builds one of
/// the states that a power loss may leave.
///
///     let files = SimulatedFileSystem(seed: 7, faults: .crashAtOperation(12))
///     // ... work until an operation throws ...
///     let afterPowerLoss = files.crash(damageSeed: 3)
///
/// Several values may share one simulated machine (`sharedHandle`), as processes share a directory.
package final class SimulatedFileSystem: FileSystem {
    package let displayPath: String
    let disk: SimulatedDisk
    let owner: Int

    /// An empty file system.
    package convenience init(seed: UInt64, faults: FaultPlan = .none) {
        self.init(disk: SimulatedDisk(SimulatedState(seed: seed, faults: faults)))
    }

    private init(disk: SimulatedDisk) {
        self.disk = disk
        let (seed, owner) = disk.state.withLock { ($0.seed, $0.nextNumber()) }
        self.owner = owner
        displayPath = "simulated-\(seed)"
    }

    package func open(_ path: String, mode: FileMode) throws(StorageError) -> any StorageFile {
        try StoragePath.check(path, operation: "open")
        let inode = try disk.access { state throws(StorageError) in
            try state.open(path, mode: mode, owner: self.owner)
        }
        return SimulatedFile(path: path, inode: inode, owner: owner, isWritable: mode != .read, disk: disk)
    }

    package func createDirectory(_ path: String) throws(StorageError) {
        try StoragePath.check(path, operation: "createDirectory", allowsRoot: true)
        try disk.access { state throws(StorageError) in try state.createDirectory(path, owner: self.owner) }
    }

    package func syncDirectory(_ path: String) throws(StorageError) {
        try StoragePath.check(path, operation: "syncDirectory", allowsRoot: true)
        try disk.access { state throws(StorageError) in try state.syncDirectory(path, owner: self.owner) }
    }

    package func renameNoReplace(_ path: String, to newPath: String) throws(StorageError) {
        try StoragePath.check(path, operation: "rename")
        try StoragePath.check(newPath, operation: "rename")
        try disk.access { state throws(StorageError) in
            try state.rename(path, to: newPath, owner: self.owner)
        }
    }

    package func unlink(_ path: String) throws(StorageError) {
        try StoragePath.check(path, operation: "unlink")
        try disk.access { state throws(StorageError) in try state.unlink(path, owner: self.owner) }
    }

    package func list(_ path: String) throws(StorageError) -> [String] {
        try StoragePath.check(path, operation: "list", allowsRoot: true)
        return try disk.access { state throws(StorageError) in try state.list(path, owner: self.owner) }
    }

    package func exists(_ path: String) throws(StorageError) -> Bool {
        try StoragePath.check(path, operation: "exists", allowsRoot: true)
        return try disk.access { state throws(StorageError) in try state.exists(path, owner: self.owner) }
    }

    package func lock(_ path: String, holder: String) throws(StorageError) -> any FileLock {
        try StoragePath.check(path, operation: "lock")
        let (inode, number) = try disk.access { state throws(StorageError) in
            try state.lock(path, holder: holder, owner: self.owner)
        }
        return SimulatedLock(inode: inode, number: number, disk: disk)
    }

    package func randomUInt64() -> UInt64 { disk.state.withLock { $0.random.next() } }

    package func microsecondsSince1970() -> Int64 { disk.state.withLock { $0.tick() } }
}

/// Crashes, copies and further processes.
extension SimulatedFileSystem {
    /// Cuts the power: everything of this machine fails with EIO from now on, and a new machine finds what
    /// is left.
    ///
    /// - Parameters:
    ///   - damageSeed: which of the legal states; 0 drops everything unsynced, 1 keeps everything.
    ///   - mode: where writes tear.
    ///   - faults: the plan of the new machine.
    package func crash(
        damageSeed: UInt64, mode: DamageMode = .sector, faults: FaultPlan = .none
    ) -> SimulatedFileSystem {
        let image = disk.state.withLock { state in
            state.isDead = true
            return state.crashed(damageSeed: damageSeed, mode: mode, faults: faults)
        }
        return SimulatedFileSystem(disk: SimulatedDisk(image))
    }

    /// An independent machine in the same state, synced or not, without locks and open files. Of a dead
    /// machine: what a new process finds when only the old process died.
    package func clone(faults: FaultPlan = .none) -> SimulatedFileSystem {
        let copy = disk.state.withLock { $0.copied(faults: faults) }
        return SimulatedFileSystem(disk: SimulatedDisk(copy))
    }

    /// Another process on the same machine: shares files, faults and counts, owns its own locks.
    package func sharedHandle() -> SimulatedFileSystem {
        SimulatedFileSystem(disk: disk)
    }

    /// Ends this process: its locks go, its files fail with EIO, what it wrote stays visible to others.
    package func endProcess() {
        disk.state.withLock { $0.endProcess(owner) }
    }
}

/// The state that handles share, behind one lock.
final class SimulatedDisk: Sendable {
    let state: Mutex<SimulatedState>

    init(_ state: SimulatedState) {
        self.state = Mutex(state)
    }

    /// Runs one operation.
    func access<Result: Sendable>(
        _ operation: (inout SimulatedState) throws(StorageError) -> Result
    ) throws(StorageError) -> Result {
        try state.withLock { state throws(StorageError) in try operation(&state) }
    }
}
