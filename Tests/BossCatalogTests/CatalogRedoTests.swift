import BossCatalog
import BossTestSupport
import BossVoxels
import Testing

@Suite("Redo of a catalog's transaction")
struct CatalogRedoTests {
    /// A file, and a redo with values of all types that was recorded on it and is not in it.
    private func outstanding() throws -> (directory: TemporaryDirectory, redo: [UInt8]) {
        let directory = TemporaryDirectory()
        let catalog = try openCatalog(directory.file)
        try populate(catalog)
        let transaction = try catalog.beginTransaction()
        try transaction.catalog.createExperiment(
            in: "lab", NewExperiment(name: "rat", coordinateFrame: "frame", timeStep: 0.1))
        for name in ["a", "b"] {
            try transaction.catalog.createChannel(
                in: "lab", "rat", NewChannel(name: name, kind: .image, voxelType: .uint8))
        }
        try transaction.catalog.setMetadata(
            on: .collection("lab"), [MetadataAssignment(key: "é", value: "\"µm\"")])
        try transaction.catalog.dropChannel("seg", in: "lab", "mouse")
        return (directory, try transaction.redo)
    }

    @Test("numbers that were used up in a rolled-back transaction come out the same in a redo")
    func numbers() throws {
        let directory = TemporaryDirectory()
        let catalog = try openCatalog(directory.file)
        try populate(catalog)
        func channel(_ name: String) -> NewChannel { NewChannel(name: name, kind: .image, voxelType: .uint8) }
        let lost = try catalog.beginTransaction()
        for name in ["a", "b", "c"] { try lost.catalog.createChannel(in: "lab", "mouse", channel(name)) }
        lost.rollback()
        let transaction = try catalog.beginTransaction()
        let savepoint = try transaction.savepoint()
        #expect(try transaction.catalog.createChannel(in: "lab", "mouse", channel("d")).id == 3)
        #expect(try transaction.catalog.createChannel(in: "lab", "mouse", channel("e")).id == 4)
        try transaction.rollback(to: savepoint)
        #expect(try transaction.catalog.createChannel(in: "lab", "mouse", channel("f")).id == 3)
        #expect(try transaction.catalog.createChannel(in: "lab", "mouse", channel("g")).id == 4)
        try transaction.catalog.dropChannel("g", in: "lab", "mouse")
        try transaction.catalog.forget(channelID: 4)
        let image = copyFiles(of: directory)
        let redo = try transaction.redo
        try transaction.commit(engineCommit: 1)
        let repaired = try openCatalog(image.file)
        try repaired.apply(redo: redo, engineCommit: 1)
        #expect(try dump(image.file) == dump(directory.file))
        for catalog in [catalog, repaired] {
            #expect(
                try catalog.createChannel(in: "lab", "mouse", channel("h")).id == 5,
                "4 was committed once, and is not given again")
        }
    }

    @Test("a redo is short: a statement's text is kept once")
    func short() throws {
        let catalog = try populatedCatalog()
        let transaction = try catalog.beginTransaction()
        for key in 0..<100 {
            try transaction.catalog.setMetadata(on: .collection("lab"), [.init(key: "k\(key)", value: "1")])
        }
        #expect(try transaction.redo.count < 200 + 100 * 50)
    }

    @Test("whatever byte changes, the redo is refused and nothing changes")
    func everyByte() throws {
        let (directory, redo) = try outstanding()
        let catalog = try openCatalog(directory.file)
        let before = try dump(directory.file)
        for offset in redo.indices {
            var damaged = redo
            damaged[offset] ^= 1 << UInt8(offset % 8)
            expectCorrupt("byte \(offset)") { try catalog.apply(redo: damaged, engineCommit: 1) }
        }
        for count in 1..<redo.count {
            expectCorrupt("cut at \(count)") {
                try catalog.apply(redo: Array(redo[..<count]), engineCommit: 1)
            }
        }
        expectCorrupt("overlay") { _ = try catalog.overlaid(by: [(commit: 1, redo: Array(redo.dropLast()))]) }
        #expect(try dump(directory.file) == before)
        try catalog.apply(redo: redo, engineCommit: 1)
        #expect(try catalog.appliedCommit == 1)
    }

    @Test("bytes that only pretend to be whole never end the process")
    func forged() throws {
        let (directory, redo) = try outstanding()
        let catalog = try openCatalog(directory.file)
        let before = try dump(directory.file)
        var random = SeededGenerator(seed: 0xCA7_0021)
        for round in 0..<400 {
            var forged = Array(redo.dropLast(8))
            // The records begin at 21; the checksum is made right again.
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let offset = Int.random(in: 21..<forged.count, using: &random)
                forged[offset] = UInt8.random(in: 0...255, using: &random)
            }
            let sum = fnv1a(forged)
            forged += (0..<8).map { UInt8(truncatingIfNeeded: sum >> (8 * $0)) }
            do throws(CatalogError) {
                // Some are as good as the right one; an overlay changes nothing.
                _ = try catalog.overlaid(by: [(commit: 1, redo: forged)])
            } catch {
                guard case .corrupt = error else {
                    Issue.record("\(error), round \(round), seed \(random.seed)")
                    continue
                }
            }
        }
        #expect(try dump(directory.file) == before)
    }

    @Test("a redo fits the state it was recorded on, and no other")
    func otherState() throws {
        let (directory, redo) = try outstanding()
        let catalog = try openCatalog(directory.file)
        try catalog.createCollection(NewCollection(name: "meanwhile"))
        let before = try dump(directory.file)
        expectCorrupt("another state") { try catalog.apply(redo: redo, engineCommit: 1) }
        #expect(try dump(directory.file) == before)
        #expect(try catalog.appliedCommit == 0)
    }

    @Test("several outstanding commits are applied in their order, those that are there are left out")
    func several() throws {
        let directory = TemporaryDirectory()
        let catalog = try openCatalog(directory.file)
        let empty = copyFiles(of: directory)
        var redos: [(commit: UInt64, redo: [UInt8])] = []
        for commit in [UInt64(2), 5, 9] {
            let transaction = try catalog.beginTransaction()
            try transaction.catalog.createCollection(NewCollection(name: "c\(commit)"))
            redos.append((commit: commit, redo: try transaction.redo))
            try transaction.commit(engineCommit: commit)
        }
        let repaired = try openCatalog(empty.file)
        let overlay = try repaired.overlaid(by: redos.reversed())
        #expect(try overlay.tree() == catalog.tree())
        #expect(try overlay.appliedCommit == 9)
        #expect(try overlay.check() == [])
        #expect(try overlay.resolveChannel(collection: "c2", experiment: "e", channel: "c") == nil)
        try repaired.apply(redo: redos[0].redo, engineCommit: 2)
        expectCorrupt("one is left out") { try repaired.apply(redo: redos[2].redo, engineCommit: 9) }
        #expect(try repaired.overlaid(by: redos).tree() == catalog.tree(), "the first is there already")
        for (commit, redo) in redos { try repaired.apply(redo: redo, engineCommit: commit) }
        #expect(try dump(empty.file) == dump(directory.file))
        let reader = try Catalog.open(path: empty.file, mode: .readOnly)
        #expect(throws: CatalogError.readOnly) { try reader.apply(redo: redos[2].redo, engineCommit: 99) }
        #expect(try reader.overlaid(by: []).tree() == reader.tree())
    }

    @Test("a commit that fails after the engine's is not lost, not shown, and made good as soon as possible")
    func deferred() throws {
        let directory = TemporaryDirectory()
        let catalog = try Catalog.open(
            path: directory.file, mode: .readWrite(create: true), busyTimeoutSeconds: 0.02)
        try populate(catalog)
        let transaction = try catalog.beginTransaction()
        try transaction.catalog.renameCollection("lab", to: "new")
        #expect(try catalog.resolveChannel(collection: "lab", experiment: "mouse", channel: "em") != nil)
        // Another program that reads keeps SQLite from committing.
        let other = try RawSQLite(directory.file)
        try other.rows("BEGIN; SELECT * FROM collection")
        let locked = CatalogError.locked(file: directory.file)
        #expect(throws: locked) { try transaction.commit(engineCommit: 4) }
        #expect(throws: CatalogError.closed) { try transaction.catalog.collections() }
        #expect(throws: locked) { try catalog.collections() }
        #expect(throws: locked) {
            try catalog.resolveChannel(collection: "lab", experiment: "mouse", channel: "em")
        }
        #expect(throws: locked) { try catalog.createCollection(NewCollection(name: "x")) }
        let next = try catalog.beginTransaction()
        #expect(throws: locked) { try next.catalog.createCollection(NewCollection(name: "x")) }
        #expect(try other.rows("SELECT name FROM collection") == [[.text(Array("lab".utf8))]])
        try other.rows("COMMIT")
        try next.catalog.createCollection(NewCollection(name: "x"))
        #expect(try catalog.collections().map(\.name) == ["new"], "made good before the next one began")
        #expect(try catalog.appliedCommit == 4)
        try next.commit(engineCommit: 5)
        #expect(try catalog.collections().map(\.name) == ["new", "x"])
        #expect(try openCatalog(directory.file).check() == [])
    }

    @Test("a deferred redo is applied before anything is read", arguments: [false, true])
    func deferredByHand(inMemory: Bool) throws {
        let directory = TemporaryDirectory()
        let catalog = inMemory ? try Catalog.inMemory() : try openCatalog(directory.file)
        let transaction = try catalog.beginTransaction()
        try transaction.catalog.createCollection(NewCollection(name: "a"))
        let redo = try transaction.redo
        transaction.rollback()
        #expect(try catalog.collections().isEmpty)
        catalog.deferRedo(redo, engineCommit: 3)
        catalog.deferRedo(redo, engineCommit: 3)
        catalog.deferRedo([], engineCommit: 4)
        #expect(try catalog.collections().map(\.name) == ["a"])
        #expect(try catalog.appliedCommit == 3)
        catalog.deferRedo(redo, engineCommit: 3)
        try catalog.createCollection(NewCollection(name: "b"))
        #expect(try catalog.collections().count == 2)
        #expect(try catalog.check() == [])
    }
}

private func expectCorrupt(
    _ comment: Comment, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Void
) {
    do {
        try body()
        Issue.record("accepted: \(comment)", sourceLocation: sourceLocation)
    } catch CatalogError.corrupt {
    } catch {
        Issue.record("\(error): \(comment)", sourceLocation: sourceLocation)
    }
}
