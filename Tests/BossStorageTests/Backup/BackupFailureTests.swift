import Testing

@testable import BossSimulator
@testable import BossStorage

/// Crashes, failing operations and damage while a backup is taken.
@Suite("Backup: crashes, failures and damage")
struct BackupFailureTests {
    private static let seed: UInt64 = 0xB055

    /// A destination before a backup, and what it has to show before and after.
    private struct Case {
        let source: BackupSource
        let target: SimulatedFileSystem
        /// Nil for an empty directory.
        let old: BackupExpectation?
        var new: BackupExpectation { source.expectation }

        init(isIncremental: Bool) throws {
            source = try BackupSource(seed: BackupFailureTests.seed)
            target = SimulatedFileSystem(seed: BackupFailureTests.seed &+ 1)
            guard isIncremental else {
                old = nil
                return
            }
            try source.engine.backUp(to: target)
            old = source.expectation
            try source.goOn()
        }

        /// What an interrupted backup left: the old state or the new one, and the next backup goes through.
        func examine(_ image: SimulatedFileSystem, isThorough: Bool) throws {
            var options = BackupSource.options
            options.takesLease = false
            do {
                let reader = try StorageEngine.open(
                    fileSystem: image.clone(), mode: .readOnly, options: options)
                if let difference = try new.difference(reader) {
                    guard let old else { throw TestFailure(difference) }
                    if let other = try old.difference(reader) { throw TestFailure("\(difference); \(other)") }
                }
            } catch StorageError.notADatabase where old == nil {
            } catch StorageError.corrupt(file: "MANIFEST", _, _) where old == nil {
                // Files without a root, as of a database that has lost it; the catalog that waits tells the two apart.
            }
            try source.engine.backUp(to: image, isIncremental: true)
            if isThorough { try new.verify(image) } else { try new.verifyReading(image) }
        }
    }

    @Test(
        "a crash at any operation leaves the old or the new state, and the next backup completes it",
        arguments: [false, true])
    func crashes(isIncremental: Bool) throws {
        let each = try Case(isIncremental: isIncremental)
        let rehearsal = each.target.clone()
        try each.source.engine.backUp(to: rehearsal, isIncremental: isIncremental)
        let count = rehearsal.mutatingOperationCount
        var crashCount = 0
        for point in 1...count {
            let files = each.target.clone(faults: .crashAtOperation(point))
            // Removing what is not needed any more may be cut off after the backup is complete.
            _ = try? each.source.engine.backUp(to: files, isIncremental: isIncremental)
            guard files.isDead else { throw TestFailure("no crash at operation \(point) of \(count)") }
            for way in UInt64(0)..<4 where way != 1 || point % 4 == 0 {
                let isKill = way == 3
                let image =
                    isKill
                    ? files.clone()
                    : files.crash(
                        damageSeed: way < 2 ? way : way &* 1000 &+ UInt64(point),
                        mode: point % 4 == 3 ? .byte : .sector)
                crashCount += 1
                do { try each.examine(image, isThorough: crashCount % 20 == 0) } catch {
                    throw TestFailure(
                        "seed \(Self.seed), operation \(point) of \(count), way \(way): \(error)")
                }
            }
        }
        print("backup, incremental \(isIncremental): crashes \(crashCount), operations \(count)")
        #expect(crashCount >= 3 * count)
    }

    @Test(
        "a failing operation is reported or harmless, and the next backup goes through",
        arguments: [false, true])
    func failures(isIncremental: Bool) throws {
        let each = try Case(isIncremental: isIncremental)
        let rehearsal = each.target.clone()
        try each.source.engine.backUp(to: rehearsal, isIncremental: isIncremental)
        let writing = Set(OperationKind.allCases.filter(\.isMutating))
        let reading = Set(OperationKind.allCases).subtracting(writing)
        let readCount = reading.reduce(0) { $0 + rehearsal.operationCount(of: $1) }
        let plans =
            (1...rehearsal.mutatingOperationCount).map { ($0, writing) }
            + stride(from: 1, through: readCount, by: 9).map { ($0, reading) }
        var reported = 0
        for (ordinal, kinds) in plans {
            let files = each.target.clone(faults: .failAtOperation(ordinal, errno: 5, kinds: kinds))
            do {
                try each.source.engine.backUp(to: files, isIncremental: isIncremental)
                // Power is cut at once.
                try each.new.difference(on: files.clone().crash(damageSeed: UInt64(ordinal)))
            } catch _ as StorageError {
                reported += 1
            }
            files.setFaults(.none)
            do {
                try each.examine(
                    files.clone().crash(damageSeed: UInt64(ordinal) | 2), isThorough: ordinal % 10 == 0)
                try each.examine(files, isThorough: false)
                try each.new.difference(on: files.crash(damageSeed: 0))
            } catch {
                throw TestFailure("seed \(Self.seed), \(kinds), operation \(ordinal) fails: \(error)")
            }
        }
        print("backup, incremental \(isIncremental): failures \(plans.count), reported \(reported)")
        #expect(reported > plans.count / 3)
    }

    /// A flipped bit anywhere in the source: the backup names the file, or it is as good as before.
    @Test("damage of the source is never copied silently")
    func damagedSource() throws {
        let source = try BackupSource(seed: Self.seed)
        let expected = source.expectation
        let original = source.session.files.clone()
        var random = SimulatedRandom(seed: Self.seed)
        var detected = 0
        var harmless = 0
        let names = original.fileNames.filter { $0.hasSuffix(".seg") || $0.hasSuffix(".ms") }
        for name in names {
            let length = original.contents(name)?.count ?? 0
            for _ in 0..<12 {
                let offset = random.below(length)
                let files = original.clone()
                // Opened before the damage, as a database that was running for long.
                let engine = try StorageEngine.open(
                    fileSystem: files, mode: .readOnly, options: BackupSource.options)
                try files.corrupt(name, offset: offset, bit: random.below(8))
                let target = SimulatedFileSystem(seed: 3)
                do {
                    try engine.backUp(to: target)
                    try expected.verify(target)
                    harmless += 1
                } catch StorageError.corrupt(let file, _, _) {
                    #expect(file == name, "offset \(offset)")
                    #expect(target.fileNames.isEmpty)
                    detected += 1
                }
            }
        }
        print("backup of a damaged source: detected \(detected), harmless \(harmless), seed \(Self.seed)")
        #expect(detected > names.count)
    }

    @Test("what the destination wrote wrongly is found, and named as its own")
    func damagedCopy() throws {
        let source = try BackupSource(seed: Self.seed)
        let target = SimulatedFileSystem(seed: 4)
        let names = Set(source.session.files.fileNames)
        let hooked = HookedFileSystem(target) { operation in
            // Not the segment that is made of the live log.
            guard operation.kind == .open, operation.path.hasPrefix("seg/"), names.contains(operation.path)
            else { return }
            try? target.corrupt(operation.path, offset: 4096 + 130, bit: 3)
        }
        let error = #expect(throws: StorageError.self) { try source.engine.backUp(to: hooked) }
        guard case .corrupt(let file, _, _) = error else { throw TestFailure("\(String(describing: error))") }
        #expect(file.hasPrefix(target.displayPath + "/seg/"))
        #expect(target.fileNames.isEmpty)
    }

    @Test("an earlier backup with a missing or shortened file is not taken for whole")
    func damagedEarlierBackup() throws {
        let source = try BackupSource(seed: Self.seed)
        let target = SimulatedFileSystem(seed: 5)
        try source.engine.backUp(to: target)
        // Pages of the live log are written again by each backup.
        let own = Set(try source.engine.namedFiles())
        for name in target.fileNames where name.hasPrefix("seg/") && own.contains(name) {
            let missing = target.clone()
            try missing.unlink(name)
            try source.engine.backUp(to: missing, isIncremental: true)
            try source.expectation.verify(missing)
            let short = target.clone()
            try short.truncateForTest(name, byteCount: 5000)
            let error = #expect(throws: StorageError.self) {
                try source.engine.backUp(to: short, isIncremental: true)
            }
            guard case .corrupt(let file, _, _) = error else {
                throw TestFailure("\(String(describing: error))")
            }
            #expect(file == "\(short.displayPath)/\(name)")
        }
    }

    @Test("a damaged root or list of segments of an earlier backup is named as the destination's")
    func damagedEarlierRoot() throws {
        let source = try BackupSource(seed: Self.seed)
        let target = SimulatedFileSystem(seed: 6)
        try source.engine.backUp(to: target)
        let names = target.fileNames.filter { $0.hasPrefix("MANIFEST/") }
        #expect(names.contains { $0.hasSuffix(".ms") } && names.contains { $0.hasSuffix(".mf") })
        for name in names {
            let damaged = target.clone()
            try damaged.corrupt(name, offset: 100, bit: 3)
            let error = #expect(throws: StorageError.self) {
                try source.engine.backUp(to: damaged, isIncremental: true)
            }
            #expect(error?.troubledFile == "\(damaged.displayPath)/\(name)", "seed \(Self.seed)")
        }
    }
}

extension BackupExpectation {
    /// Opens for reading and compares.
    ///
    /// - Throws: `TestFailure` for a difference.
    func difference(on files: SimulatedFileSystem) throws {
        var options = BackupSource.options
        options.takesLease = false
        do {
            let reader = try StorageEngine.open(fileSystem: files, mode: .readOnly, options: options)
            if let difference = try difference(reader) { throw TestFailure(difference) }
        } catch let error as StorageError { throw TestFailure("\(error)") }
    }
}
