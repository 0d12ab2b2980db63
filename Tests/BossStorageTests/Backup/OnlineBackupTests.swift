import Testing

@testable import BossSimulator
@testable import BossStorage

/// Copies of a database that is at work; the oracle is the model beside it.
@Suite("Online backup")
struct OnlineBackupTests {
    @Test(
        "holds the newest state, snapshots, history and notes, and opens by itself", arguments: UInt64(1)...4)
    func full(_ seed: UInt64) throws {
        let source = try BackupSource(seed: seed)
        #expect(!source.engine.publishedView.state.table.shards.isEmpty)
        let target = SimulatedFileSystem(seed: 77)
        let summary = try source.engine.backUp(to: target)
        #expect(summary.commit == source.session.acknowledgedSequence)
        #expect(summary.keptFileCount == 0)
        #expect(summary.byteCount == summary.copiedByteCount)
        let expected = source.expectation
        try expected.verify(target)
        #expect(try StorageCheck.run(fileSystem: target.clone(), depth: .full) == [])
        // The source has not noticed, and goes on.
        #expect(try expected.difference(source.engine) == nil)
        try source.goOn()
        try expected.verify(target)
        try source.expectation.verify(try restored(target, source.engine))
    }

    /// A second backup elsewhere.
    private func restored(
        _ target: SimulatedFileSystem, _ engine: StorageEngine
    ) throws -> SimulatedFileSystem {
        let second = SimulatedFileSystem(seed: 78)
        try engine.backUp(to: second)
        return second
    }

    @Test("brings only what is missing the second time, and removes what is not named any more")
    func incremental() throws {
        let source = try BackupSource(seed: 5)
        let target = SimulatedFileSystem(seed: 79)
        let first = try source.engine.backUp(to: target, isIncremental: true)
        #expect(first.keptFileCount == 0)
        let again = try source.engine.backUp(to: target, isIncremental: true)
        // Only the pages of the live log are written again.
        #expect(again.copiedFileCount == 1 && again.keptFileCount == first.copiedFileCount - 1)
        #expect(again.rootNumber > first.rootNumber)
        try source.expectation.verify(target)
        try source.session.bulk([(CuboidKey(4, 0), source.session.full())])
        let third = try source.engine.backUp(to: target, isIncremental: true)
        #expect(third.keptFileCount >= again.keptFileCount && third.copiedFileCount == 2)
        try source.expectation.verify(target)
        for _ in 0..<3 {
            try source.goOn()
            try source.drop("third")
            try source.engine.backUp(to: target, isIncremental: true)
            try source.expectation.verify(target)
        }
    }

    @Test("is taken by a reader too, up to what it has verified")
    func byReader() throws {
        let source = try BackupSource(seed: 6)
        let reader = try StorageEngine.open(
            fileSystem: source.session.files.sharedHandle(), mode: .readOnly, options: BackupSource.options)
        let target = SimulatedFileSystem(seed: 80)
        try reader.backUp(to: target)
        try source.expectation.verify(target)
        try source.goOn()
        try reader.backUp(to: target, isIncremental: true)
        try source.expectation.verify(target)
        try reader.close()
        #expect(throws: StorageError.closed) { try reader.backUp(to: SimulatedFileSystem(seed: 1)) }
    }

    @Test("of an engine whose log failed holds what was acknowledged")
    func afterFailure() throws {
        let source = try BackupSource(seed: 7)
        let expected = source.expectation
        source.session.files.setFaults(.failAtOperation(1, errno: 5, kinds: [.sync]))
        source.session.continuesAfterErrors = true
        try source.session.commit([(CuboidKey(1, 0), source.session.full())])
        #expect(source.session.errors.count == 1)
        let target = SimulatedFileSystem(seed: 81)
        try source.engine.backUp(to: target)
        try expected.verify(target)
    }

    @Test("is put back with its identifier, and only into an empty directory")
    func restore() throws {
        let source = try BackupSource(seed: 8)
        let backup = SimulatedFileSystem(seed: 82)
        try source.engine.backUp(to: backup)
        let before = backup.fileNames
        let place = SimulatedFileSystem(seed: 83)
        try StorageBackup.restore(from: backup, to: place, options: BackupSource.options)
        try source.expectation.verify(place)
        #expect(backup.fileNames == before)
        #expect(throws: StorageError.self) {
            try StorageBackup.restore(from: backup, to: place, options: BackupSource.options)
        }
        try source.expectation.verify(place)
        #expect(throws: StorageError.notADatabase(path: "simulated-9")) {
            try StorageBackup.restore(from: SimulatedFileSystem(seed: 9), to: SimulatedFileSystem(seed: 10))
        }
    }

    @Test("refuses a directory with something else, and changes nothing there")
    func refusals() throws {
        let source = try BackupSource(seed: 11)
        let target = SimulatedFileSystem(seed: 84)
        try source.engine.backUp(to: target)
        func refuses(_ files: SimulatedFileSystem, isIncremental: Bool, _ engine: StorageEngine) throws {
            let before = files.fileNames.map { ($0, files.contents($0)) }
            let error = #expect(throws: StorageError.self) {
                try engine.backUp(to: files, isIncremental: isIncremental)
            }
            guard case .alreadyExists = error else { throw TestFailure("\(String(describing: error))") }
            #expect(files.fileNames == before.map(\.0))
            for (name, bytes) in before { #expect(files.contents(name) == bytes, "\(name)") }
        }
        try refuses(target, isIncremental: false, source.engine)
        let other = try BackupSource(seed: 12)
        try refuses(target, isIncremental: true, other.engine)
        // A writer has worked in the backup.
        let used = target.clone()
        try StorageEngine.open(
            fileSystem: used, mode: .readWrite(create: false), options: BackupSource.options
        ).close()
        try refuses(used, isIncremental: true, source.engine)
        // The database was put back to an older state than the backup has.
        let older = SimulatedFileSystem(seed: 85)
        try StorageBackup.restore(from: target, to: older, options: BackupSource.options)
        try source.goOn()
        try source.engine.backUp(to: target, isIncremental: true)
        let reader = try StorageEngine.open(
            fileSystem: older, mode: .readOnly, options: BackupSource.options)
        try refuses(target, isIncremental: true, reader)
        // Any file is enough.
        let strange = SimulatedFileSystem(seed: 86)
        _ = try strange.open("photo.jpg", mode: .createNew)
        try refuses(strange, isIncremental: false, source.engine)
        try refuses(strange, isIncremental: true, source.engine)
        // Nor is a name in a folder of the engine's enough, where no root says whose it is.
        for name in ["seg/0a/holiday.jpg", "MANIFEST/shards/list.ms", "wal/notes.txt", "MANIFEST/root.mf"] {
            let files = SimulatedFileSystem(seed: 91)
            try files.createDirectory(StoragePath.split(name).directory)
            _ = try files.open(name, mode: .createNew)
            try refuses(files, isIncremental: false, source.engine)
            try refuses(files, isIncremental: true, source.engine)
        }
        let locked = SimulatedFileSystem(seed: 92)
        try locked.open("LOCK", mode: .createNew).truncate(byteCount: 257)
        try refuses(locked, isIncremental: false, source.engine)
        try refuses(locked, isIncremental: true, source.engine)
    }

    @Test("knows the names of all files that the engine makes, and no others")
    func names() throws {
        let source = try BackupSource(seed: 16)
        let target = SimulatedFileSystem(seed: 93)
        try source.engine.backUp(to: target)
        let names = source.session.files.fileNames + target.fileNames
        #expect(
            names.contains { $0.hasPrefix("MANIFEST/shards/") } && names.contains { $0.hasPrefix("wal/") })
        for name in names { #expect(EngineNames.isFile(name), "\(name)") }
        let digits = String(repeating: "0f", count: 16)
        for name in [
            "\(digits).seg", "seg/\(digits).seg", "seg/0g/\(digits).seg", "seg/0F/\(digits).seg",
            "seg/0a/\(digits)",
            "seg/0a/\(digits)0.seg", "seg/0a/b/\(digits).seg", "wal/\(digits).ms", "MANIFEST/1.mf",
            "photo.jpg",
            "MANIFEST/\(digits).ms", "readers/\(digits)", "LOCK/LOCK", "",
        ] {
            #expect(!EngineNames.isFile(name), "\(name)")
        }
    }

    @Test("keeps a second backup out while it works")
    func exclusion() throws {
        let source = try BackupSource(seed: 13)
        let target = SimulatedFileSystem(seed: 87)
        var refusals = 0
        func tryAgain(_: UInt64, _: UInt64) {
            do throws(StorageError) {
                try source.engine.backUp(to: target.sharedHandle(), isIncremental: true)
            } catch {
                if case .locked = error { refusals += 1 }
            }
        }
        try source.engine.backUp(to: target, isIncremental: true, progress: tryAgain)
        #expect(refusals > 3)
        try source.expectation.verify(target)
    }

    @Test("tells how far it is, and leaves nothing behind when it is given up")
    func progress() throws {
        let source = try BackupSource(seed: 14)
        var calls: [(UInt64, UInt64)] = []
        let summary = try source.engine.backUp(
            to: SimulatedFileSystem(seed: 88), progress: { done, total in calls.append((done, total)) })
        #expect(calls.count > 5)
        #expect(calls.first?.0 == 0 && calls.last.map { $0.0 == $0.1 } == true)
        #expect(zip(calls, calls.dropFirst()).allSatisfy { $0.0 < $1.0 && $0.1 == $1.1 })
        #expect(summary.copiedByteCount >= calls.last?.1 ?? .max)
        for limit in 1..<calls.count {
            let target = SimulatedFileSystem(seed: 89)
            var count = 0
            #expect(throws: StorageError.closed) {
                func giveUp(_: UInt64, _: UInt64) throws(StorageError) {
                    count += 1
                    if count == limit { throw .closed }
                }
                return try source.engine.backUp(to: target, progress: giveUp)
            }
            #expect(target.fileNames.isEmpty, "\(limit)")
        }
    }

    @Test("goes on in a full destination once there is room")
    func fullDestination() throws {
        let source = try BackupSource(seed: 15)
        let target = SimulatedFileSystem(seed: 90)
        try source.engine.backUp(to: target)
        let old = source.expectation
        try source.goOn()
        var refusals = 0
        for room in stride(from: 0, to: 200 << 10, by: 3 << 10) {
            let copy = target.clone(faults: .quota(byteCount: target.usedByteCount + room))
            do {
                try source.engine.backUp(to: copy, isIncremental: true)
                try source.expectation.verify(copy)
            } catch StorageError.diskFull {
                refusals += 1
                try old.verify(copy)
                copy.setFaults(.none)
                try source.engine.backUp(to: copy, isIncremental: true)
                try source.expectation.verify(copy)
            }
        }
        #expect(refusals > 3)
    }
}
