import BossTestSupport
import Synchronization
import Testing

@testable import BossSimulator
@testable import BossStorage

/// Who may open a database how, and what a handle may do.
@Suite("Engine handles")
struct EngineHandleTests {
    private var options: StorageOptions { CrashScenario.smallOptions }

    private func write(_ engine: StorageEngine, _ keys: [CuboidKey], _ value: UInt8) throws {
        var batch = WriteBatch(base: try engine.view())
        let bricks = TestBricks(brickByteCount: 64)
        for key in keys { batch.put(try bricks.page(key, .constant(value)), dependsOnBase: false) }
        try engine.commit(batch)
    }

    /// Writes the number that the commit gets.
    private func writeNext(_ engine: StorageEngine) throws {
        try write(engine, [CuboidKey(1, 0)], UInt8(try engine.view().sequence + 1))
    }

    private func value(_ engine: StorageEngine, _ key: CuboidKey) throws -> UInt64? {
        try engine.view().locate(key.group, codes: [key.morton])[0].base?.constantBits
    }

    @Test("a second writer is refused with the holder's name, and let in after the first has closed")
    func secondWriter() throws {
        let files = SimulatedFileSystem(seed: 1)
        var first = options
        first.holder = "process 17"
        let engine = try StorageEngine.open(fileSystem: files, mode: .readWrite(create: true), options: first)
        #expect(throws: StorageError.locked(path: "LOCK", holder: "process 17")) {
            try StorageEngine.open(fileSystem: files, mode: .readWrite(create: true), options: options)
        }
        #expect(throws: StorageError.locked(path: "LOCK", holder: "process 17")) {
            try StorageEngine.open(
                fileSystem: files.sharedHandle(), mode: .readWrite(create: false), options: options)
        }
        try write(engine, [CuboidKey(1, 0)], 5)
        try engine.close()
        let second = try StorageEngine.open(
            fileSystem: files.sharedHandle(), mode: .readWrite(create: false), options: options)
        #expect(try value(second, CuboidKey(1, 0)) == 5)
    }

    @Test("a refused writer changes nothing, also where the first is in the middle of its work")
    func refusedWriterChangesNothing() throws {
        let files = SimulatedFileSystem(seed: 2)
        let engine = try StorageEngine.open(
            fileSystem: files, mode: .readWrite(create: true), options: options)
        let bulk = try engine.beginBulk()
        try bulk.add(
            try TestBricks(brickByteCount: 64).page(CuboidKey(1, 0), .constant(1)), dependsOnBase: false)
        let before = files.fileNames
        #expect(throws: StorageError.self) {
            try StorageEngine.open(
                fileSystem: files.sharedHandle(), mode: .readWrite(create: true), options: options)
        }
        #expect(files.fileNames == before)
        try bulk.commit()
        #expect(try value(engine, CuboidKey(1, 0)) == 1)
    }

    @Test("what is no database is refused for reading and, unless asked for, not made for writing")
    func noDatabase() throws {
        let files = SimulatedFileSystem(seed: 3)
        let refusal = StorageError.notADatabase(path: files.displayPath)
        #expect(throws: refusal) {
            try StorageEngine.open(fileSystem: files, mode: .readOnly, options: options)
        }
        #expect(throws: refusal) {
            try StorageEngine.open(fileSystem: files, mode: .readWrite(create: false), options: options)
        }
        #expect(files.fileNames == [])
    }

    @Test("a reader writes nothing, refuses to write, and shows each commit at its next view")
    func reader() throws {
        let files = SimulatedFileSystem(seed: 4)
        let engine = try StorageEngine.open(
            fileSystem: files, mode: .readWrite(create: true), options: options)
        var readerOptions = options
        readerOptions.takesLease = false
        let reader = try StorageEngine.open(
            fileSystem: files.sharedHandle(), mode: .readOnly, options: readerOptions)
        var mutations = 0
        for number in UInt8(1)..<40 {
            try write(engine, [CuboidKey(1, 0), CuboidKey(2, UInt64(number))], number)
            if number % 5 == 0 { try engine.checkpoint() }
            if number % 7 == 0 {
                let bulk = try engine.beginBulk()
                try bulk.add(
                    try TestBricks(brickByteCount: 64).page(CuboidKey(1, 0), .constant(number)),
                    dependsOnBase: true)
                try bulk.commit()
            }
            let before = files.mutatingOperationCount
            #expect(try reader.view().sequence == engine.view().sequence)
            #expect(try value(reader, CuboidKey(1, 0)) == UInt64(number))
            mutations += files.mutatingOperationCount - before
        }
        #expect(mutations == 0)
        let batch = try {
            var batch = WriteBatch(base: try reader.view())
            batch.put(
                try TestBricks(brickByteCount: 64).page(CuboidKey(1, 0), .tombstone), dependsOnBase: false)
            return batch
        }()
        #expect(throws: StorageError.readOnly) { try reader.commit(batch) }
        #expect(throws: StorageError.readOnly) { _ = try reader.beginBulk() }
        #expect(throws: StorageError.readOnly) { try reader.checkpoint() }
        #expect(throws: StorageError.readOnly) { try reader.dropChannel(1) }
        try reader.close()
    }

    @Test("what was written and not yet flushed is not shown to a reader")
    func unflushed() throws {
        let files = SimulatedFileSystem(seed: 5)
        let engine = try StorageEngine.open(
            fileSystem: files, mode: .readWrite(create: true), options: options)
        try write(engine, [CuboidKey(1, 0)], 1)
        let early = try StorageEngine.open(
            fileSystem: files.sharedHandle(), mode: .readOnly, options: options)
        files.setFaults(.failAtOperation(1, errno: 5, kinds: [.sync]))
        #expect(throws: StorageError.self) { try write(engine, [CuboidKey(1, 0)], 2) }
        files.setFaults(.none)
        let late = try StorageEngine.open(fileSystem: files.sharedHandle(), mode: .readOnly, options: options)
        for handle in [engine, early, late] { #expect(try value(handle, CuboidKey(1, 0)) == 1) }
        let refusal = #expect(throws: StorageError.self) { try write(engine, [CuboidKey(1, 1)], 3) }
        guard case .storageFailed = refusal else { throw TestFailure("\(String(describing: refusal))") }
        #expect(throws: StorageError.self) { try engine.checkpoint() }
        #expect(throws: StorageError.self) { _ = try engine.beginBulk() }
    }

    /// The writer publishes between two looks of the reader.
    @Test(
        "a reader that looks while the writer changes logs shows a committed state", arguments: [true, false])
    func readerBesideSealing(opensBefore: Bool) throws {
        for step in 1...20 {
            let files = SimulatedFileSystem(seed: UInt64(step))
            let engine = try StorageEngine.open(
                fileSystem: files, mode: .readWrite(create: true), options: options)
            try writeNext(engine)
            let countdown = Mutex(opensBefore ? Int.max : step)
            // At one of the reader's operations the writer seals, commits, and writes what never gets flushed.
            let hooked = HookedFileSystem(files.sharedHandle()) { _ in
                let isNow = countdown.withLock { left in
                    left -= 1
                    return left == 0
                }
                guard isNow else { return }
                do {
                    try engine.checkpoint()
                    try writeNext(engine)
                    files.setFaults(.failAtOperation(1, errno: 5, kinds: [.sync]))
                    try writeNext(engine)
                } catch {
                    files.setFaults(.none)
                }
            }
            let reader = try StorageEngine.open(fileSystem: hooked, mode: .readOnly, options: options)
            countdown.withLock { if opensBefore { $0 = step } }
            if opensBefore { try engine.checkpoint() }
            if opensBefore { try writeNext(engine) }
            let view = try reader.view()
            let shown = try view.locate(CuboidKey(1, 0).group, codes: [0])[0].base?.constantBits
            #expect(view.sequence == shown, "step \(step)")
            #expect(try view.sequence <= engine.view().sequence, "step \(step)")
        }
    }

    @Test("after a write that failed nothing more is written: the failed batch may be whole on the disk")
    func failedWrite() throws {
        let files = SimulatedFileSystem(seed: 7)
        let engine = try StorageEngine.open(
            fileSystem: files, mode: .readWrite(create: true), options: options)
        try write(engine, [CuboidKey(1, 0)], 1)
        files.setFaults(.failAtOperation(1, errno: 5, kinds: [.write]))
        #expect(throws: StorageError.self) { try write(engine, [CuboidKey(1, 0)], 2) }
        files.setFaults(.none)
        let before = files.mutatingOperationCount
        let refusals = [
            #expect(throws: StorageError.self) { try write(engine, [CuboidKey(1, 1)], 3) },
            #expect(throws: StorageError.self) { try engine.checkpoint() },
            #expect(throws: StorageError.self) { try engine.dropChannel(9) },
            #expect(throws: StorageError.self) { _ = try engine.beginBulk() },
        ]
        for refusal in refusals {
            guard case .storageFailed = refusal else { throw TestFailure("\(String(describing: refusal))") }
        }
        #expect(files.mutatingOperationCount == before)
        #expect(try value(engine, CuboidKey(1, 0)) == 1)
    }

    @Test("a closed handle refuses to write and still reads")
    func closed() throws {
        let files = SimulatedFileSystem(seed: 6)
        let engine = try StorageEngine.open(
            fileSystem: files, mode: .readWrite(create: true), options: options)
        try write(engine, [CuboidKey(1, 0)], 1)
        let view = try engine.view()
        let bulk = try engine.beginBulk()
        try engine.close()
        try engine.close()
        #expect(throws: StorageError.closed) { try write(engine, [CuboidKey(1, 0)], 2) }
        #expect(throws: StorageError.closed) { try engine.checkpoint() }
        #expect(throws: StorageError.closed) { try engine.dropChannel(1) }
        #expect(throws: StorageError.closed) {
            try bulk.add(
                try TestBricks(brickByteCount: 64).page(CuboidKey(1, 0), .constant(1)), dependsOnBase: false)
        }
        #expect(try view.locate(CuboidKey(1, 0).group, codes: [0])[0].base?.constantBits == 1)
    }
}
