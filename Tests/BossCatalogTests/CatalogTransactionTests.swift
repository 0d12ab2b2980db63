import BossCatalog
import BossVoxels
import Testing

@Suite("Transactions of the catalog")
struct CatalogTransactionTests {
    @Test(
        "a transaction sees its changes, others the committed state, until it commits",
        arguments: [false, true])
    func isolation(inMemory: Bool) throws {
        let directory = TemporaryDirectory()
        let catalog = inMemory ? try Catalog.inMemory() : try openCatalog(directory.file)
        try populate(catalog)
        let transaction = try catalog.beginTransaction()
        let inside = transaction.catalog
        #expect(try resolve(inside, "em")?.channel.name == "em", "before the first write")
        try inside.renameChannel("em", in: "lab", "mouse", to: "raw")
        try inside.setMetadata(on: .collection("lab"), [MetadataAssignment(key: "k", value: "1")])
        #expect(try resolve(inside, "em") == nil)
        #expect(try resolve(inside, "raw") != nil)
        #expect(try inside.channel("seg", in: "lab", "mouse").sources == ["raw"])
        #expect(try resolve(catalog, "raw") == nil)
        #expect(try resolve(catalog, "em") != nil)
        #expect(try catalog.metadata(on: .collection("lab")).isEmpty)
        try transaction.commit(engineCommit: 7)
        #expect(try resolve(catalog, "raw") != nil)
        #expect(try resolve(catalog, "em") == nil)
        #expect(try catalog.appliedCommit == 7)
        #expect(throws: CatalogError.closed) { try inside.collections() }
        #expect(throws: CatalogError.closed) { try resolve(inside, "raw") }
        #expect(throws: CatalogError.closed) { try inside.createCollection(NewCollection(name: "x")) }
        #expect(throws: CatalogError.closed) { try transaction.savepoint() }
        #expect(throws: CatalogError.closed) { try transaction.redo }
        #expect(throws: CatalogError.closed) { try transaction.commit(engineCommit: 8) }
        transaction.rollback()
        #expect(try catalog.appliedCommit == 7)
    }

    @Test("nobody waits for a transaction larger than SQLite's cache, and nobody sees it")
    func readersDoNotWait() async throws {
        let directory = TemporaryDirectory()
        let catalog = try openCatalog(directory.file)
        try populate(catalog)
        // SQLite's cache holds 2 MB, and would be spilled into the file beyond that.
        let value = "\"" + String(repeating: "v", count: 1 << 20) + "\""
        let transaction = try catalog.beginTransaction()
        let path = directory.file
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for index in 0..<12 {
                    try transaction.catalog.setMetadata(
                        on: .collection("lab"), [MetadataAssignment(key: "k\(index)", value: value)])
                }
            }
            group.addTask {
                // A timeout of 0: any wait would be an error.
                let reader = try Catalog.open(path: path, mode: .readOnly, busyTimeoutSeconds: 0)
                for _ in 0..<50 {
                    #expect(try reader.metadata(on: .collection("lab")).isEmpty)
                    #expect(try catalog.metadata(on: .collection("lab")).isEmpty)
                }
            }
            try await group.waitForAll()
        }
        let reader = try Catalog.open(path: path, mode: .readOnly, busyTimeoutSeconds: 0)
        #expect(try reader.metadata(on: .collection("lab")).isEmpty)
        #expect(try reader.check() == [])
        try transaction.commit(engineCommit: 1)
        #expect(try reader.metadata(on: .collection("lab")).count == 12)
    }

    @Test("one transaction writes at a time, others wait and are told", arguments: [false, true])
    func secondWriter(inMemory: Bool) async throws {
        let directory = TemporaryDirectory()
        let catalog =
            inMemory
            ? try Catalog.inMemory(busyTimeoutSeconds: 0.05)
            : try Catalog.open(
                path: directory.file, mode: .readWrite(create: true), busyTimeoutSeconds: 0.05)
        let told = CatalogError.lockedByTransaction(file: catalog.path)
        let (first, second) = (try catalog.beginTransaction(), try catalog.beginTransaction())
        #expect(try second.catalog.collections().isEmpty)
        try first.catalog.createCollection(NewCollection(name: "a"))
        #expect(throws: told) { try second.catalog.createCollection(NewCollection(name: "b")) }
        #expect(throws: told) { try catalog.createCollection(NewCollection(name: "b")) }
        #expect(try second.catalog.collections().isEmpty, "it goes on reading what is committed")
        try first.commit(engineCommit: 1)
        #expect(try second.catalog.collections().count == 1)
        try second.catalog.createCollection(NewCollection(name: "b"))
        try second.commit(engineCommit: 2)
        #expect(try catalog.collections().map(\.name) == ["a", "b"])
    }

    @Test("who waits gets the lock as soon as it is free")
    func waits() async throws {
        let directory = TemporaryDirectory()
        let catalog = try openCatalog(directory.file)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    for round in 0..<5 {
                        let transaction = try catalog.beginTransaction()
                        let name = "c\(task)_\(round)"
                        try transaction.catalog.createCollection(NewCollection(name: name))
                        // Under the lock the number of rows is the number of commits.
                        let count = try transaction.catalog.collections().count
                        try transaction.commit(engineCommit: UInt64(count))
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try catalog.collections().count == 20)
        #expect(try catalog.appliedCommit == 20)
    }

    @Test("savepoints nest; what is rolled back leaves no redo")
    func savepoints() throws {
        let catalog = try populatedCatalog()
        let transaction = try catalog.beginTransaction()
        let outer = try transaction.savepoint()
        try transaction.catalog.createCollection(NewCollection(name: "a"))
        let inner = try transaction.savepoint()
        try transaction.catalog.createCollection(NewCollection(name: "b"))
        try transaction.rollback(to: inner)
        #expect(try transaction.catalog.collections().map(\.name) == ["a", "lab"])
        try transaction.catalog.createCollection(NewCollection(name: "c"))
        try transaction.rollback(to: inner)
        try transaction.release(inner)
        expectInvalidValue("savepoint") { try transaction.rollback(to: inner) }
        try transaction.rollback(to: outer)
        #expect(try transaction.redo.isEmpty)
        #expect(try transaction.catalog.collections().map(\.name) == ["lab"])
        try transaction.commit(engineCommit: 5)
        #expect(try catalog.appliedCommit == 0, "a commit that changed nothing is none")
        let other = try catalog.beginTransaction()
        expectInvalidValue("savepoint") { try other.rollback(to: outer) }
        expectInvalidValue("savepoint") { try other.release(outer) }
    }

    @Test("an operation that fails half way has changed nothing and leaves no redo")
    func partial() throws {
        let directory = TemporaryDirectory()
        let catalog = try openCatalog(directory.file)
        try populate(catalog)
        let transaction = try catalog.beginTransaction()
        let resource = CatalogResource.collection("lab")
        expectInvalidValue("metadata value") {
            try transaction.catalog.setMetadata(
                on: resource, [.init(key: "good", value: "1"), .init(key: "bad", value: "{")])
        }
        #expect(try transaction.catalog.metadata(on: resource).isEmpty)
        #expect(try transaction.redo.isEmpty)
        try transaction.catalog.setMetadata(on: resource, [.init(key: "good", value: "1")])
        let redo = try transaction.redo
        #expect(throws: CatalogError.self) {
            try transaction.catalog.createChannel(
                in: "lab", "mouse",
                NewChannel(name: "x", kind: .image, voxelType: .uint8, sources: ["em", "none"]))
        }
        #expect(try transaction.redo == redo)
        try transaction.commit(engineCommit: 1)
        #expect(try catalog.metadata(on: resource).map(\.key) == ["good"])
        #expect(try catalog.channels(in: "lab", "mouse").map(\.name) == ["em", "seg"])
    }

    @Test("a transaction that is let go is rolled back and frees the lock", arguments: [false, true])
    func letGo(inMemory: Bool) throws {
        let directory = TemporaryDirectory()
        let catalog = inMemory ? try Catalog.inMemory() : try openCatalog(directory.file)
        let kept: Catalog
        do {
            let transaction = try catalog.beginTransaction()
            kept = transaction.catalog
            try kept.createCollection(NewCollection(name: "a"))
        }
        #expect(throws: CatalogError.closed) { try kept.collections() }
        #expect(try catalog.collections().isEmpty)
        try catalog.createCollection(NewCollection(name: "b"))
        #expect(try catalog.collection("b").id == 1, "no number was used up")
    }

    @Test("when SQLite rolls everything back, the transaction refuses to go on and to commit")
    func rolledBackBySQLite() throws {
        let directory = TemporaryDirectory()
        let catalog = try openCatalog(directory.file)
        try RawSQLite(directory.file).rows(
            """
            CREATE TRIGGER bomb BEFORE INSERT ON collection WHEN new.name = 'bomb'
            BEGIN SELECT RAISE(ROLLBACK, 'bomb'); END
            """)
        let transaction = try catalog.beginTransaction()
        try transaction.catalog.createCollection(NewCollection(name: "a"))
        let savepoint = try transaction.savepoint()
        var cause: CatalogError?
        do {
            try transaction.catalog.createCollection(NewCollection(name: "bomb"))
        } catch {
            cause = error
        }
        let error = try #require(cause)
        #expect(throws: error) { try transaction.catalog.createCollection(NewCollection(name: "b")) }
        #expect(throws: error) { try transaction.catalog.collections() }
        #expect(throws: error) { try transaction.rollback(to: savepoint) }
        #expect(throws: error) { try transaction.redo }
        #expect(throws: error) { try transaction.commit(engineCommit: 1) }
        transaction.rollback()
        #expect(try catalog.collections().isEmpty)
        try catalog.createCollection(NewCollection(name: "c"))
    }

    @Test("a read-only handle has transactions that read")
    func readOnly() throws {
        let directory = TemporaryDirectory()
        try populate(try openCatalog(directory.file))
        let reader = try Catalog.open(path: directory.file, mode: .readOnly)
        let transaction = try reader.beginTransaction()
        #expect(try resolve(transaction.catalog, "em") != nil)
        #expect(throws: CatalogError.readOnly) {
            try transaction.catalog.createCollection(NewCollection(name: "x"))
        }
        try transaction.commit(engineCommit: 1)
        reader.close()
        #expect(throws: CatalogError.closed) { try reader.beginTransaction() }
    }

    @Test("the engine's commits must rise")
    func risingCommits() throws {
        let catalog = try populatedCatalog()
        for commit in [UInt64(3), .max] {
            let transaction = try catalog.beginTransaction()
            try transaction.catalog.createCollection(NewCollection(name: "c\(commit)"))
            try transaction.commit(engineCommit: commit)
            #expect(try catalog.appliedCommit == commit)
        }
        let transaction = try catalog.beginTransaction()
        try transaction.catalog.createCollection(NewCollection(name: "late"))
        #expect(throws: CatalogError.self) { try transaction.commit(engineCommit: 4) }
        #expect(try catalog.collections().count == 3)
    }
}

private func resolve(_ catalog: Catalog, _ channel: String) throws(CatalogError) -> ResolvedChannel? {
    try catalog.resolveChannel(collection: "lab", experiment: "mouse", channel: channel)
}
