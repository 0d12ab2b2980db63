import BossStorage
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Faults on order, further processes, and what tests may look at.
@Suite("Simulated file system")
struct SimulatedFileSystemTests {
    /// Ten mutating operations.
    private func work(_ files: SimulatedFileSystem) throws {
        try files.createDirectory("d")
        let file = try files.open("d/a", mode: .createNew)
        try file.allocate(byteCount: 2000)
        try file.write([UInt8](repeating: 1, count: 1500), at: 0)
        try file.sync()
        try files.syncDirectory("d")
        try files.renameNoReplace("d/a", to: "d/b")
        try file.truncate(byteCount: 1000)
        try files.unlink("d/b")
        try files.syncDirectory("d")
    }

    @Test("the process dies at each operation in turn, and stays dead")
    func crashSweep() throws {
        let all = SimulatedFileSystem(seed: 1)
        try work(all)
        #expect(all.mutatingOperationCount == 10)
        for ordinal in 1...10 {
            let files = SimulatedFileSystem(seed: UInt64(ordinal), faults: .crashAtOperation(ordinal))
            #expect(errnoOf { try work(files) } == EIO, "operation \(ordinal)")
            #expect(files.isDead && files.mutatingOperationCount == ordinal)
            #expect(errnoOf { _ = try files.exists("d") } == EIO)
            for damage in UInt64(0)..<20 {
                let after = files.clone().crash(damageSeed: damage)
                if ordinal == 7 { #expect(after.contents("d/a")?.count == 2000) }
                if ordinal == 8 {
                    let count = (after.contents("d/a") ?? after.contents("d/b"))?.count
                    #expect(count == 2000 || count == 1000, "the truncation may have been done")
                }
                _ = try after.list("d")
            }
        }
        let unharmed = SimulatedFileSystem(seed: 1, faults: .crashAtOperation(11))
        try work(unharmed)
    }

    @Test("a dying write leaves a prefix or nothing, unsynced")
    func dyingWrite() throws {
        var lengths = Set<Int>()
        for seed in UInt64(0)..<60 {
            let files = SimulatedFileSystem(seed: seed, faults: .crashAtOperation(2))
            let file = try files.open("a", mode: .createNew)
            #expect(errnoOf { try file.write([UInt8](repeating: 7, count: 3000), at: 0) } == EIO)
            let bytes = try #require(files.clone().contents("a"))
            #expect(bytes.count <= 3000 && bytes.allSatisfy { $0 == 7 })
            lengths.insert(bytes.count)
            #expect(files.durableContents("a")?.isEmpty == true)
        }
        #expect(lengths.contains(0) && lengths.count > 10)
    }

    @Test("an operation fails once, or from then on, counted by kind")
    func failures() throws {
        let once = SimulatedFileSystem(seed: 1, faults: .failAtOperation(2, errno: EIO, kinds: [.write]))
        let file = try once.open("a", mode: .createNew)
        try file.write("1")
        #expect(errnoOf { try file.write("2") } == EIO)
        try file.write("3")
        #expect(once.operationCount(of: .write) == 3 && once.operationCount == 4)

        var plan = FaultPlan.failAtOperation(1, errno: EDQUOT, kinds: [.create, .rename], persistent: true)
        plan.failures += FaultPlan.failAtOperation(1, errno: EMFILE, kinds: [.read]).failures
        once.setFaults(plan)
        #expect(once.operationCount == 0)
        #expect(throws: StorageError.diskFull(file: "b")) { try once.open("b", mode: .createNew) }
        #expect(throws: StorageError.diskFull(file: "a")) { try once.renameNoReplace("a", to: "b") }
        #expect(once.fileNames == ["a"])
        #expect(errnoOf { _ = try file.bytes(1) } == EMFILE)
        #expect(try file.bytes(1) == Array("3".utf8))
    }

    @Test("every kind of operation can be made to fail")
    func everyKind() throws {
        for kind in OperationKind.allCases {
            let files = SimulatedFileSystem(seed: 1)
            let file = try files.make("a", "text")
            let mapping = try file.map(byteCount: 4)
            files.setFaults(.failAtOperation(1, errno: ENOMEM, kinds: [kind], persistent: true))
            let operations: [OperationKind: () throws -> Void] = [
                .open: { _ = try files.open("a", mode: .read) }, .create: { try files.make("b", "") },
                .read: { _ = try file.bytes(1) }, .write: { try file.write("x") }, .sync: { try file.sync() },
                .allocate: { try file.allocate(byteCount: 9) },
                .truncate: { try file.truncate(byteCount: 9) },
                .status: { _ = try file.byteCount() }, .map: { _ = try file.map(byteCount: 1) },
                .readMapping: { _ = try mapping.bytes(1) },
                .createDirectory: { try files.createDirectory("d") },
                .syncDirectory: { try files.syncDirectory("") },
                .rename: { try files.renameNoReplace("a", to: "c") }, .unlink: { try files.unlink("a") },
                .list: { _ = try files.list("") }, .exists: { _ = try files.exists("a") },
                .lock: { _ = try files.lock("LOCK", holder: "") },
            ]
            let operation = try #require(operations[kind], "\(kind)")
            #expect(errnoOf(operation) == ENOMEM, "\(kind)")
            #expect(files.fileNames == ["a"])
        }
    }

    @Test("after a failing sync the bytes are read but never durable")
    func failingSync() throws {
        let files = SimulatedFileSystem(seed: 1, faults: .failAtOperation(2, errno: EIO, kinds: [.sync]))
        let file = try files.make("a", "old!", synced: true)
        try files.syncDirectory("")
        try file.write("NEW!")
        #expect(errnoOf { try file.sync() } == EIO)
        #expect(try file.text() == "NEW!")
        try file.sync()
        try file.write("+", at: 4)
        try file.sync()
        #expect(try file.text() == "NEW!+")
        for damage in UInt64(0)..<50 {
            #expect(try files.clone().crash(damageSeed: damage).text("a") == "old!+")
        }
    }

    @Test("after a failing directory sync a second one does not make the names durable")
    func failingDirectorySync() throws {
        let files = SimulatedFileSystem(
            seed: 1, faults: .failAtOperation(1, errno: EIO, kinds: [.syncDirectory]))
        try files.make("a", "text", synced: true)
        #expect(errnoOf { try files.syncDirectory("") } == EIO)
        try files.syncDirectory("")
        #expect(files.clone().crash(damageSeed: 0).fileNames.isEmpty)
        #expect(files.clone().crash(damageSeed: 1).fileNames == ["a"])
    }

    @Test("a lying sync changes nothing")
    func lyingSync() throws {
        var plan = FaultPlan.none
        plan.syncsLie = true
        let files = SimulatedFileSystem(seed: 1, faults: plan)
        try files.make("a", "text", synced: true)
        try files.syncDirectory("")
        #expect(try files.crash(damageSeed: 0).text("a") == "")
    }

    @Test("a full disk refuses growth, and takes it again when there is room")
    func quota() throws {
        let files = SimulatedFileSystem(seed: 1, faults: .quota(byteCount: 1000))
        let file = try files.open("a", mode: .createNew)
        try file.write([UInt8](repeating: 1, count: 900), at: 0)
        let other = try files.open("b", mode: .createNew)
        #expect(throws: StorageError.diskFull(file: "b")) { try other.allocate(byteCount: 101) }
        #expect(throws: StorageError.diskFull(file: "b")) { try other.truncate(byteCount: 101) }
        try other.allocate(byteCount: 100)
        try file.write([UInt8](repeating: 2, count: 900), at: 0)
        for _ in 0..<20 {
            #expect(throws: StorageError.diskFull(file: "a")) {
                try file.write([UInt8](repeating: 3, count: 300), at: 800)
            }
            #expect(try file.byteCount() == 900, "the prefix that fits ends with the disk")
            #expect(try file.bytes(800) == [UInt8](repeating: 2, count: 800))
        }
        try files.unlink("b")
        #expect(files.usedByteCount == 1000, "an open file counts")
        try withExtendedLifetime(other) { try other.truncate(byteCount: 0) }
        try file.write([UInt8](repeating: 4, count: 100), at: 900)
        #expect(files.usedByteCount == 1000)
        files.setFaults(.none)
        try file.write("more", at: 1000)
    }

    @Test("a second process shares files and not locks")
    func sharedHandle() throws {
        let first = SimulatedFileSystem(seed: 1)
        let second = first.sharedHandle()
        let lock = try first.lock("LOCK", holder: "first")
        let file = try first.make("a", "text")
        #expect(try second.text("a") == "text")
        #expect(throws: StorageError.locked(path: "LOCK", holder: "first")) {
            try second.lock("LOCK", holder: "s")
        }
        first.endProcess()
        #expect(errnoOf { _ = try file.text() } == EIO)
        #expect(errnoOf { _ = try first.exists("a") } == EIO)
        let taken = try second.lock("LOCK", holder: "second")
        lock.release()
        #expect(throws: StorageError.locked(path: "LOCK", holder: "second")) {
            try second.lock("LOCK", holder: "x")
        }
        #expect(try second.text("a") == "text")
        withExtendedLifetime(taken) {}
    }

    @Test("a clone is independent and has the unsynced state too")
    func clone() throws {
        let files = SimulatedFileSystem(seed: 1)
        let file = try files.make("a", "text")
        let lock = try files.lock("LOCK", holder: "x")
        let copy = files.clone()
        try file.write("TEXT")
        try copy.make("b", "")
        #expect(try copy.text("a") == "text")
        #expect(files.fileNames == ["LOCK", "a"] && copy.fileNames == ["LOCK", "a", "b"])
        #expect(copy.clone().crash(damageSeed: 0).fileNames.isEmpty)
        _ = try copy.lock("LOCK", holder: "y")
        withExtendedLifetime(lock) {}
    }

    @Test("bits flip on disk and in the cache, files are cut and overwritten")
    func damage() throws {
        let files = SimulatedFileSystem(seed: 1)
        try files.make("a", "abc", synced: true)
        try files.syncDirectory("")
        try files.corrupt("a", offset: 1, bit: 0)
        #expect(try files.text("a") == "acc")
        #expect(try files.clone().crash(damageSeed: 0).text("a") == "acc")
        try files.truncateForTest("a", byteCount: 2)
        try files.overwriteForTest("a", Array("z".utf8), at: 0)
        #expect(try files.crash(damageSeed: 0).text("a") == "zc")
        #expect(throws: StorageError.notFound(file: "x")) { try files.corrupt("x", offset: 0, bit: 0) }
    }

    @Test("the trace has the operations in order, the failing one marked")
    func trace() throws {
        let files = SimulatedFileSystem(seed: 1, faults: .failAtOperation(1, errno: EIO, kinds: [.sync]))
        try files.createDirectory("d")
        files.startTrace()
        let file = try files.make("d/a", "text")
        #expect(errnoOf { try file.sync() } == EIO)
        try files.renameNoReplace("d/a", to: "d/b")
        try files.syncDirectory("d")
        var sync = TracedOperation(.sync, "d/a")
        sync.injected = EIO
        #expect(
            files.takeTrace() == [
                TracedOperation(.create, "d/a"), TracedOperation(.write, "d/a", byteCount: 4), sync,
                TracedOperation(.rename, "d/a", newPath: "d/b"), TracedOperation(.syncDirectory, "d"),
            ])
        #expect(files.takeTrace().isEmpty)
    }

    @Test("large allocated files cost no memory and little time")
    func sparse() throws {
        let files = SimulatedFileSystem(seed: 1)
        let file = try files.open("log", mode: .createNew)
        try file.allocate(byteCount: 1 << 30)
        try file.sync()
        try files.syncDirectory("")
        for round in 0..<200 {
            try file.write([UInt8](repeating: 1, count: 100), at: UInt64(round * 100))
            try file.sync()
        }
        let after = files.crash(damageSeed: 0)
        #expect(try after.open("log", mode: .read).byteCount() == 1 << 30)
        #expect(try after.open("log", mode: .read).bytes(4, at: 19_998) == [1, 1, 0, 0])
        #expect(errnoOf { try after.open("log", mode: .readWrite).write("x", at: 1 << 34) } == EFBIG)
    }
}
