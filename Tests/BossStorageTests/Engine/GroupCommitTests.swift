import BossTestSupport
import Foundation
import Synchronization
import Testing

@testable import BossSimulator
@testable import BossStorage

/// Several threads and several handles at once.
@Suite("Concurrent commits")
struct GroupCommitTests {
    @Test("eight threads share flushes, and every commit is there", arguments: [UInt64(1 << 20), 30 << 10])
    func sharedFlushes(logByteCount: UInt64) throws {
        let files = SimulatedFileSystem(seed: 8)
        let syncCount = Mutex(0)
        let slow = HookedFileSystem(files) { operation in
            guard operation.kind == .sync, operation.path.hasPrefix("wal/") else { return }
            syncCount.withLock { $0 += 1 }
            usleep(2000)
        }
        var options = CrashScenario.smallOptions
        options.logByteCount = logByteCount
        let engine = try StorageEngine.open(
            fileSystem: slow, mode: .readWrite(create: true), options: options)
        let outcome = CommitLoad.commit(engine, threads: 8, commits: 25)
        #expect(outcome.errors == [])
        #expect(outcome.acknowledged.count == 400)
        #expect(try engine.view().sequence == 200)
        let flushes = syncCount.withLock { $0 }
        print("flushes of the log for 200 commits of 8 threads: \(flushes)")
        if logByteCount > 1 << 19 { #expect(flushes < 150) }
        try CommitLoad.expectAll(engine, outcome)
        let left = files.clone().crash(damageSeed: 0)
        let after = try StorageEngine.open(
            fileSystem: left, mode: .readWrite(create: false), options: options)
        try CommitLoad.expectAll(after, outcome)
    }

    @Test("bulk loads, small commits, checkpoints and readers at once")
    func everythingAtOnce() throws {
        let files = SimulatedFileSystem(seed: 9)
        var options = CrashScenario.smallOptions
        options.logByteCount = 60 << 10
        let engine = try StorageEngine.open(
            fileSystem: files, mode: .readWrite(create: true), options: options)
        let reader = try StorageEngine.open(
            fileSystem: files.sharedHandle(), mode: .readOnly, options: options)
        let isDone = Mutex(false)
        let problems = Mutex<[String]>([])
        let watching = DispatchSemaphore(value: 0)
        Thread {
            // Both cuboids of a batch are there or none is, and numbers never fall.
            var last: UInt64 = 0
            while !isDone.withLock({ $0 }) {
                do {
                    let view = try reader.view()
                    if view.sequence < last {
                        problems.withLock { $0.append("\(view.sequence) after \(last)") }
                    }
                    last = view.sequence
                    for channel in UInt32(1)...6 {
                        let codes = try view.writtenCodes(CuboidKey(channel, 0).group, in: 0...1000)
                        if codes != Array(0..<UInt64(codes.count)) || codes.count % 2 != 0 {
                            problems.withLock { $0.append("channel \(channel): \(codes)") }
                        }
                    }
                } catch {
                    problems.withLock { $0.append("\(error)") }
                }
            }
            watching.signal()
        }.start()
        let outcome = CommitLoad.commit(engine, threads: 6, commits: 30, bulkEvery: 7)
        try engine.checkpoint()
        isDone.withLock { $0 = true }
        watching.wait()
        #expect(problems.withLock { $0 } == [])
        #expect(outcome.errors == [])
        #expect(try engine.view().sequence == 180)
        try CommitLoad.expectAll(engine, outcome)
        try CommitLoad.expectAll(reader, outcome)
    }

    @Test("of conflicting commits of many threads exactly one counts each time")
    func conflicts() throws {
        let files = SimulatedFileSystem(seed: 10)
        let slow = HookedFileSystem(files) { if $0.kind == .sync { usleep(300) } }
        var options = CrashScenario.smallOptions
        options.logByteCount = 8 << 10
        let engine = try StorageEngine.open(
            fileSystem: slow, mode: .readWrite(create: true), options: options)
        let key = CuboidKey(1, 0)
        let total = Mutex((commits: 0, conflicts: 0, errors: [String]()))
        CommitLoad.onThreads(8) { thread in
            for number in 0..<40 {
                // Half of the threads read a number and write the next one, as two steps of one transaction; the
                // others keep the log busy.
                let counted = thread % 2 == 0 ? key : CuboidKey(2, UInt64(thread * 100 + number))
                do {
                    let view = try engine.view()
                    let located = try view.locate(counted.group, codes: [counted.morton])
                    let next = (located[0].base?.constantBits ?? 0) + 1
                    var batch = WriteBatch(base: view)
                    batch.put(.constant(key: counted, bits: next, voxelByteCount: 8), dependsOnBase: true)
                    try engine.commit(batch)
                    if thread % 2 == 0 { total.withLock { $0.commits += 1 } }
                } catch StorageError.writeConflict where thread % 2 == 0 {
                    total.withLock { $0.conflicts += 1 }
                } catch {
                    total.withLock { $0.errors.append("\(error)") }
                }
            }
        }
        let counts = total.withLock { $0 }
        #expect(counts.errors == [])
        #expect(counts.commits + counts.conflicts == 160 && counts.conflicts > 0)
        let last = try engine.view().locate(key.group, codes: [key.morton])[0].base?.constantBits
        #expect(last == UInt64(counts.commits), "every commit has counted one further")
    }

    /// Two commits of one cuboid wait for room while a third one is flushed, and go on at the same moment.
    @Test("commits that waited for room are compared with each other")
    func conflictAfterWaiting() throws {
        let files = SimulatedFileSystem(seed: 11)
        // The flush of the third commit: its log was sealed and made anew before.
        let flushesLeft = Mutex(Int.max)
        let (isBlocked, goOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let hooked = HookedFileSystem(files) { operation in
            guard operation.kind == .sync, operation.path.hasPrefix("wal/") else { return }
            let isNow = flushesLeft.withLock { left in
                left -= 1
                return left == 0
            }
            guard isNow else { return }
            isBlocked.signal()
            goOn.wait()
        }
        var options = CrashScenario.smallOptions
        options.logByteCount = 1
        let engine = try StorageEngine.open(
            fileSystem: hooked, mode: .readWrite(create: true), options: options)
        @Sendable func batch(_ code: UInt64) throws -> WriteBatch {
            var batch = WriteBatch(base: try engine.view())
            batch.put(.constant(key: CuboidKey(1, code), bits: 1, voxelByteCount: 1), dependsOnBase: true)
            return batch
        }
        try engine.commit(try batch(0))
        flushesLeft.withLock { $0 = 3 }
        let batches = [try batch(0), try batch(7), try batch(7)]
        let results = Mutex<[Int: String]>([:])
        CommitLoad.onThreads(4) { index in
            guard index < 3 else {
                usleep(100_000)
                goOn.signal()
                return
            }
            if index > 0 {
                isBlocked.wait()
                isBlocked.signal()
            }
            do {
                try engine.commit(batches[index])
                results.withLock { $0[index] = "done" }
            } catch {
                results.withLock { $0[index] = "\(error)" }
            }
        }
        let found = results.withLock { $0 }
        #expect(found[0] == "done")
        #expect([found[1], found[2]].compactMap(\.self).sorted() == ["done", "writeConflict"])
    }

    @Test("a log that is sealed while a commit is being flushed holds that commit")
    func sealingMeanwhile() throws {
        let files = SimulatedFileSystem(seed: 12)
        let flushed = Mutex<StorageEngine?>(nil)
        let sealed = DispatchSemaphore(value: 0)
        let hooked = HookedFileSystem(files) { operation in
            guard operation.kind == .sync, operation.path.hasPrefix("wal/"),
                let engine = flushed.withLock({ engine in
                    defer { engine = nil }
                    return engine
                })
            else { return }
            Thread {
                #expect(throws: Never.self) { try engine.checkpoint() }
                sealed.signal()
            }.start()
            // Time enough to seal the log, if nothing keeps it.
            usleep(30_000)
        }
        let session = Session(files: files, options: CrashScenario.smallOptions)
        session.seam = hooked
        try session.open()
        try session.commit([(CuboidKey(1, 0), session.full())])
        flushed.withLock { $0 = session.engine }
        try session.commit([(CuboidKey(1, 0), session.full()), (CuboidKey(1, 1), session.full())])
        sealed.wait()
        session.kill()
        let left = Session(continuing: session, files: files.clone().crash(damageSeed: 0))
        left.options.bootIdentifier = 2
        try left.open()
        let engine = try #require(left.engine)
        #expect(try left.state(of: engine.view(), engine) == session.acknowledged)
    }

    @Test("closing while others commit ends cleanly, and what was acknowledged is there", arguments: 0..<12)
    func closing(_ round: Int) throws {
        let files = SimulatedFileSystem(seed: UInt64(round))
        let slow = HookedFileSystem(files) { if $0.kind == .sync { usleep(200) } }
        var options = CrashScenario.smallOptions
        options.logByteCount = round % 2 == 0 ? 12 << 10 : 1 << 20
        let engine = try StorageEngine.open(
            fileSystem: slow, mode: .readWrite(create: true), options: options)
        let closers = DispatchSemaphore(value: 0)
        let failures = Mutex<[String]>([])
        for closer in 0..<2 {
            Thread {
                usleep(UInt32(3000 + round * 700))
                do { try engine.close() } catch {
                    failures.withLock { $0.append("closer \(closer): \(error)") }
                }
                closers.signal()
            }.start()
        }
        let outcome = CommitLoad.commit(engine, threads: 4, commits: 60)
        for _ in 0..<2 { closers.wait() }
        #expect(failures.withLock { $0 } == [])
        #expect(outcome.errors.allSatisfy { $0 == "closed" }, "\(outcome.errors)")
        let before = files.mutatingOperationCount
        // The lock is free, and nobody of the old handle writes any more.
        let after = try StorageEngine.open(
            fileSystem: files.clone().crash(damageSeed: 0), mode: .readWrite(create: false), options: options)
        try CommitLoad.expectAll(after, outcome)
        #expect(files.mutatingOperationCount == before)
    }

    @Test(
        "power fails while threads commit: each batch is whole or absent, acknowledged ones are whole",
        arguments: 0..<40)
    func powerFailure(_ round: Int) throws {
        let files = SimulatedFileSystem(seed: UInt64(round), faults: .crashAtOperation(14 + round * 2))
        let slow = HookedFileSystem(
            files, before: { if $0.kind == .sync { usleep(200) } }, afterSync: { usleep(300) })
        var options = CrashScenario.smallOptions
        options.logByteCount = round % 2 == 0 ? 30 << 10 : 1 << 20
        let engine = try StorageEngine.open(
            fileSystem: slow, mode: .readWrite(create: true), options: options)
        // A commit that returns although the machine has died in it was told to nobody.
        let isDeadInTime: @Sendable () -> Bool = { files.isDead }
        let outcome = Mutex(CommitLoad.Outcome())
        CommitLoad.onThreads(4) { thread in
            let bricks = TestBricks(brickByteCount: 256)
            for number in 0..<30 where !isDeadInTime() {
                let changes = [0, 1, 2].map { part in
                    let content = UInt32(thread * 1000 + number * 12 + part * 4 + 4)
                    return (
                        CuboidKey(UInt32(part), UInt64(thread * 100 + number)),
                        PageChange.full((0..<4).map { BrickContent(number: content + $0) })
                    )
                }
                outcome.withLock { $0.attempted.append(Dictionary(uniqueKeysWithValues: changes)) }
                var batch = WriteBatch(base: engine.publishedView)
                do {
                    for (key, change) in changes {
                        batch.put(try bricks.page(key, change), dependsOnBase: false)
                    }
                    try engine.commit(batch)
                } catch { return }
                if isDeadInTime() { return }
                outcome.withLock { for (key, change) in changes { $0.acknowledged[key] = change } }
            }
        }
        let result = outcome.withLock { $0 }
        options.bootIdentifier = 2
        for damage in [0, 1] + (0..<6).map({ UInt64(round * 10 + $0) }) {
            let after = try StorageEngine.open(
                fileSystem: files.crash(damageSeed: damage), mode: .readWrite(create: true), options: options)
            try CommitLoad.expectAll(after, result)
            let bricks = TestBricks(brickByteCount: 256)
            let view = try after.view()
            for changes in result.attempted {
                var whole = ModelState()
                for (key, change) in changes { whole.apply(key, change) }
                let keys = Array(changes.keys)
                let isWhole = try bricks.difference(after, view, whole, keys: keys) == nil
                let isAbsent = try bricks.difference(after, view, ModelState(), keys: keys) == nil
                #expect(isWhole || isAbsent, "round \(round), damage \(damage): a batch in part")
            }
        }
    }
}
