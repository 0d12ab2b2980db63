import BossCatalog
import BossVoxels
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("Opening a catalog")
struct CatalogOpeningTests {
    @Test("every transaction is flushed: synchronous reads back FULL")
    func settings() throws {
        let directory = TemporaryDirectory()
        let catalog = try openCatalog(directory.file)
        let expected = try catalog.settings()
        #expect(expected.synchronous == 2)
        #expect(expected.journalMode == "delete")
        #expect(expected.foreignKeys)
        #expect(expected.busyTimeoutMilliseconds == 5000)
        catalog.close()
        #expect(try openCatalog(directory.file).settings().synchronous == 2, "also when opened again")
    }

    @Test("content survives closing and opening again")
    func reopen() throws {
        let directory = TemporaryDirectory()
        let before: CatalogTree
        do {
            let catalog = try openCatalog(directory.file)
            try populate(catalog)
            before = try catalog.tree()
        }
        #expect(try openCatalog(directory.file).tree() == before)
        let reader = try Catalog.open(path: directory.file, mode: .readOnly)
        #expect(try reader.tree() == before)
        #expect(try reader.check() == [])
    }

    @Test("a missing file is made only when asked for")
    func missing() throws {
        let directory = TemporaryDirectory()
        for mode in [CatalogMode.readOnly, .readWrite(create: false)] {
            #expect(throws: CatalogError.notFound(kind: .catalogFile, path: directory.file)) {
                try Catalog.open(path: directory.file, mode: mode)
            }
        }
        #expect(directory.names == [])
        #expect(throws: CatalogError.self) { try openCatalog(directory.path + "/no/such/catalog.sqlite") }
        #expect(throws: CatalogError.self) { try openCatalog("") }
        #expect(throws: CatalogError.notFound(kind: .catalogFile, path: "a\0b")) { try openCatalog("a\0b") }
    }

    @Test("what is not a catalog is refused")
    func foreignFiles() throws {
        let directory = TemporaryDirectory()
        let modes = [CatalogMode.readOnly, .readWrite(create: false)]
        writeBytes([], to: directory.file)
        for mode in modes { expectCorrupt(directory.file, mode) }
        writeBytes(Array("this is a text file, not a database".utf8), to: directory.file)
        for mode in modes + [.readWrite(create: true)] { expectCorrupt(directory.file, mode) }
        expectCorrupt(directory.path, .readOnly)
        mkfifo(directory.path + "/pipe", 0o644)
        expectCorrupt(directory.path + "/pipe", .readOnly)
    }

    @Test("another program's SQLite database is refused and left as it was")
    func otherProgram() throws {
        let directory = TemporaryDirectory()
        try openCatalog(directory.file).close()
        var bytes = readBytes(directory.file)
        bytes[71] ^= 1  // the application id is at 68...71 of the SQLite header
        writeBytes(bytes, to: directory.file)
        for mode in [CatalogMode.readOnly, .readWrite(create: true)] { expectCorrupt(directory.file, mode) }
        #expect(readBytes(directory.file) == bytes)
    }

    @Test("an empty file is taken for one that was never filled")
    func emptyFile() throws {
        let directory = TemporaryDirectory()
        writeBytes([], to: directory.file)
        try populate(try openCatalog(directory.file))
        #expect(try openCatalog(directory.file).collections().count == 1)
    }

    @Test("a newer schema is refused by readers and writers and left as it was")
    func newerSchema() throws {
        let directory = TemporaryDirectory()
        try openCatalog(directory.file).close()
        var bytes = readBytes(directory.file)
        #expect(Array(bytes[60..<64]) == [0, 0, 0, 2], "the user version is at 60...63 of the SQLite header")
        for found in [3, 200] {
            bytes[63] = UInt8(found)
            writeBytes(bytes, to: directory.file)
            for mode in [CatalogMode.readOnly, .readWrite(create: false), .readWrite(create: true)] {
                #expect(throws: CatalogError.newerSchema(found: found, supported: 2)) {
                    try Catalog.open(path: directory.file, mode: mode)
                }
            }
            #expect(readBytes(directory.file) == bytes)
        }
        bytes[63] = 0
        writeBytes(bytes, to: directory.file)
        expectCorrupt(directory.file, .readOnly)
    }

    @Test("a read-only handle refuses every write")
    func readOnlyRefuses() throws {
        let directory = TemporaryDirectory()
        try populate(try openCatalog(directory.file))
        let reader = try Catalog.open(path: directory.file, mode: .readOnly)
        #expect(throws: CatalogError.readOnly) { try reader.createCollection(NewCollection(name: "x")) }
        #expect(throws: CatalogError.readOnly) { try reader.dropChannel("seg", in: "lab", "mouse") }
        #expect(throws: CatalogError.readOnly) { try reader.forget(channelID: 1) }
        #expect(throws: CatalogError.readOnly) {
            try reader.setMetadata(on: .collection("lab"), [MetadataAssignment(key: "k", value: "1")])
        }
        #expect(try reader.collections().map(\.name) == ["lab"])
    }

    @Test("a closed catalog fails politely")
    func closed() throws {
        let directory = TemporaryDirectory()
        let catalog = try openCatalog(directory.file)
        try populate(catalog)
        #expect(try catalog.resolveChannel(collection: "lab", experiment: "mouse", channel: "em") != nil)
        catalog.close()
        #expect(throws: CatalogError.closed) { try catalog.collections() }
        #expect(throws: CatalogError.closed) { try catalog.createCollection(NewCollection(name: "x")) }
        #expect(throws: CatalogError.closed) {
            try catalog.resolveChannel(collection: "lab", experiment: "mouse", channel: "em")
        }
        catalog.close()
    }

    @Test("a path that looks like a URI is a plain file name")
    func uriPath() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/file:x?mode=memory"
        try populate(try openCatalog(path))
        #expect(directory.names == ["file:x?mode=memory"])
    }

    @Test("a backup is a complete catalog, and replaces nothing")
    func backup() throws {
        let directory = TemporaryDirectory()
        let copy = directory.path + "/copy.sqlite"
        let catalog = try openCatalog(directory.file)
        try populate(catalog)
        try catalog.backup(to: copy)
        let reader = try Catalog.open(path: copy, mode: .readOnly)
        #expect(try reader.tree() == catalog.tree())
        #expect(throws: CatalogError.alreadyExists(kind: .catalogFile, path: copy)) {
            try catalog.backup(to: copy)
        }
    }

    private func expectCorrupt(_ path: String, _ mode: CatalogMode) {
        do {
            _ = try Catalog.open(path: path, mode: mode)
            Issue.record("\(path) opened as \(mode)")
        } catch {
            guard case .corrupt(path, _) = error else {
                Issue.record("\(error)")
                return
            }
        }
    }
}
