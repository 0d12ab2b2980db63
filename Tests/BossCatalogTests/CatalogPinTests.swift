import BossCatalog
import BossVoxels
import Testing

@Suite("Pinned states of the catalog")
struct CatalogPinTests {
    private func names(_ catalog: Catalog) throws -> [String] { try catalog.collections().map(\.name) }

    @Test("a pinned state stays as it is, in memory and in a file", arguments: [false, true])
    func unchanging(inMemory: Bool) throws {
        let directory = TemporaryDirectory()
        let catalog = inMemory ? try Catalog.inMemory() : try openCatalog(directory.file)
        try populate(catalog)
        var count = 0
        let first = try catalog.pin { count += 1 }
        #expect(try catalog.pin { count += 1 }.catalog === first.catalog, "the same state is copied once")
        #expect(count == 2)
        try catalog.renameChannel("em", in: "lab", "mouse", to: "raw")
        let second = try catalog.pin {}
        let transaction = try catalog.beginTransaction()
        try transaction.catalog.createCollection(NewCollection(name: "a"))
        #expect(try catalog.pin {}.catalog === second.catalog, "what is not committed is not seen")
        try transaction.commit(engineCommit: 5)
        let third = try catalog.pin {}
        #expect([first.appliedCommit, second.appliedCommit, third.appliedCommit] == [0, 0, 5])
        #expect(try names(second.catalog) == ["lab"] && names(third.catalog) == ["a", "lab"])
        for (pin, name) in [(first, "em"), (second, "raw"), (third, "raw")] {
            let channels = try pin.catalog.channels(in: "lab", "mouse").map(\.name)
            #expect(channels == [name, "seg"].sorted())
            let resolved = try pin.catalog.resolveChannel(
                collection: "lab", experiment: "mouse", channel: name)
            #expect(resolved?.channel.name == name)
        }
        #expect(throws: CatalogError.readOnly) {
            try first.catalog.createCollection(NewCollection(name: "b"))
        }
        catalog.close()
        #expect(throws: CatalogError.closed) { try catalog.pin {} }
    }

    @Test("nothing is committed while what belongs to the moment is looked at")
    func moment() throws {
        let directory = TemporaryDirectory()
        try populate(try openCatalog(directory.file))
        let reader = try Catalog.open(path: directory.file, mode: .readOnly)
        let pin = try reader.pin {
            #expect(throws: CatalogError.locked(file: directory.file)) {
                let writer = try Catalog.open(
                    path: directory.file, mode: .readWrite(create: false), busyTimeoutSeconds: 0)
                try writer.createCollection(NewCollection(name: "a"))
            }
        }
        #expect(try names(pin.catalog) == ["lab"])
    }

    @Test("a transaction reads what was pinned for it, and changes nothing once the catalog is another")
    func transaction() throws {
        let directory = TemporaryDirectory()
        let catalog = try openCatalog(directory.file)
        try populate(catalog)
        let late = try catalog.beginTransaction(reading: try catalog.pin {})
        let savepoint = try late.savepoint()
        try catalog.createCollection(NewCollection(name: "x"))
        #expect(try names(late.catalog) == ["lab"])
        let refusal = CatalogError.changedMeanwhile(file: directory.file)
        for _ in 0..<2 {
            #expect(throws: refusal) { try late.catalog.createCollection(NewCollection(name: "y")) }
        }
        try late.rollback(to: savepoint)
        #expect(try late.redo.isEmpty && names(late.catalog) == ["lab"])
        // The lock is free.
        let next = try catalog.beginTransaction(reading: try catalog.pin {})
        try next.catalog.createCollection(NewCollection(name: "y"))
        #expect(try names(next.catalog) == ["lab", "x", "y"] && names(late.catalog) == ["lab"])
        try next.commit(engineCommit: 1)
        #expect(try names(catalog) == ["lab", "x", "y"])
        catalog.close()
        #expect(throws: CatalogError.closed) { try late.catalog.collections() }
    }
}
