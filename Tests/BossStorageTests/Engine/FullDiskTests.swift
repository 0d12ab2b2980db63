import Glibc
import Synchronization
import Testing

@testable import BossSimulator
@testable import BossStorage

/// What a caller may do after a full disk, step by step.
@Suite("Full disk, step by step")
struct FullDiskTests {
    private let bricks = TestBricks(brickByteCount: 4096)
    private var options: StorageOptions { CrashScenario.smallOptions }

    private func full(_ number: UInt32) -> PageChange {
        // Random bytes, which fill the disk.
        .full((0..<4).map { BrickContent(number: (number * 4 + $0) << 2 | 2) })
    }

    @Test("a page that a bulk load had no room for is not part of it, and may be added again")
    func bulkAgain() throws {
        let files = SimulatedFileSystem(seed: 1)
        let engine = try StorageEngine.open(
            fileSystem: files, mode: .readWrite(create: true), options: options)
        let bulk = try engine.beginBulk()
        try bulk.add(try bricks.page(CuboidKey(1, 0), full(0)), dependsOnBase: false)
        files.setFaults(.quota(byteCount: files.usedByteCount))
        var state = ModelState()
        state.apply(CuboidKey(1, 0), full(0))
        var refused: [UInt64] = []
        for code in UInt64(1)..<6 {
            let change = full(UInt32(code))
            do {
                try bulk.add(try bricks.page(CuboidKey(1, code), change), dependsOnBase: false)
                state.apply(CuboidKey(1, code), change)
            } catch StorageError.diskFull {
                refused.append(code)
            }
        }
        #expect(!refused.isEmpty)
        let keys = (0..<6).map { CuboidKey(1, $0) }
        #expect(try bricks.difference(engine, bulk.view, state, keys: keys) == nil)
        files.setFaults(.none)
        for code in refused.dropLast() {
            try bulk.add(try bricks.page(CuboidKey(1, code), full(UInt32(code))), dependsOnBase: false)
            state.apply(CuboidKey(1, code), full(UInt32(code)))
        }
        try bulk.commit()
        #expect(try bricks.difference(engine, try engine.view(), state, keys: keys) == nil)
    }

    @Test("a load that is given up while a page is written refuses the page")
    func abortedMeanwhile() throws {
        let files = SimulatedFileSystem(seed: 2)
        let load = Mutex<BulkTransaction?>(nil)
        let hooked = HookedFileSystem(files) { operation in
            guard operation.kind == .write, operation.path.hasPrefix("seg/"), operation.offset > 0 else {
                return
            }
            load.withLock { $0 }?.abort()
        }
        let engine = try StorageEngine.open(
            fileSystem: hooked, mode: .readWrite(create: true), options: options)
        let bulk = try engine.beginBulk()
        load.withLock { $0 = bulk }
        #expect(throws: StorageError.closed) {
            try bulk.add(try bricks.page(CuboidKey(1, 0), full(0)), dependsOnBase: false)
        }
        #expect(throws: StorageError.closed) { try bulk.commit() }
        load.withLock { $0 = nil }
    }

    @Test("tries on a full disk leave no files behind")
    func noLitter() throws {
        let session = Session(files: SimulatedFileSystem(seed: 3), options: options, brickByteCount: 4096)
        try session.open()
        let engine = try #require(session.engine)
        session.continuesAfterErrors = true
        session.isRefusedWhenFull = true
        for room in stride(from: 0, to: 60_000, by: 900) where session.acknowledgedSequence == 0 {
            session.files.setFaults(.quota(byteCount: session.files.usedByteCount + room))
            try session.commit([(CuboidKey(1, 0), full(1))])
            try refuseStrays(session, engine)
        }
        #expect(session.acknowledgedSequence == 1)
        #expect(session.errors.count > 5)
    }

    /// A refused commit may have written a part of itself.
    @Test("what follows a commit that was refused survives a restart and a power failure")
    func afterRefusal() throws {
        var options = options
        // Sealing the log would mend it.
        options.logByteCount = 4 << 20
        for room in stride(from: 20_000, to: 200_000, by: 14_000) {
            let session = Session(files: SimulatedFileSystem(seed: 5), options: options, brickByteCount: 4096)
            try session.open()
            session.continuesAfterErrors = true
            session.isRefusedWhenFull = true
            session.files.setFaults(.quota(byteCount: session.files.usedByteCount + room))
            for code in UInt64(1)..<16 { try session.commit([(CuboidKey(1, code), full(UInt32(code)))]) }
            #expect(!session.errors.isEmpty, "room \(room)")
            session.continuesAfterErrors = false
            session.files.setFaults(.none)
            try session.commit([(CuboidKey(1, 40), full(40)), (CuboidKey(1, 41), full(41))])
            session.kill()
            let left = Session(continuing: session, files: session.files.clone().crash(damageSeed: 0))
            left.options.bootIdentifier = 2
            for each in [left, session] {
                try each.open()
                let engine = try #require(each.engine)
                #expect(try each.state(of: engine.view(), engine) == session.acknowledged, "room \(room)")
            }
        }
    }

    /// A limit: recovery names the log in a new root.
    @Test("a writer that finds a log to recover on a disk that takes no file says so, and a reader opens")
    func recoveryNeedsRoot() throws {
        let session = Session(files: SimulatedFileSystem(seed: 4), options: options, brickByteCount: 4096)
        try session.open()
        try session.commit([(CuboidKey(1, 0), session.full()), (CuboidKey(1, 1), session.full())])
        session.kill()
        let files = session.files
        files.setFaults(.failAtOperation(1, errno: ENOSPC, kinds: [.create], persistent: true))
        #expect(throws: StorageError.self) { try session.open() }
        guard case .diskFull = session.errors.last else { throw TestFailure("\(session.errors)") }
        do {
            let reader = try StorageEngine.open(
                fileSystem: files.sharedHandle(), mode: .readOnly, options: options)
            let view = try reader.view()
            #expect(
                try session.bricks.difference(reader, view, session.acknowledged, keys: session.keys) == nil)
        }
        files.setFaults(.none)
        try session.open()
        let engine = try #require(session.engine)
        #expect(try session.state(of: try engine.view(), engine) == session.acknowledged)
        try refuseStrays(session, engine)
    }
}
