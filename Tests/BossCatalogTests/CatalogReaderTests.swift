import BossCatalog
import BossVoxels
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("Readers beside a writer")
struct CatalogReaderTests {
    @Test("a reader sees each change of the writer, also in what it remembered")
    func follows() throws {
        let directory = TemporaryDirectory()
        let writer = try openCatalog(directory.file)
        try populate(writer)
        let reader = try Catalog.open(path: directory.file, mode: .readOnly)
        for round in 0..<20 {
            let name = "em\(round)"
            #expect(try resolve(reader, name) == nil)
            try writer.createChannel(
                in: "lab", "mouse", NewChannel(name: name, kind: .image, voxelType: .uint16))
            #expect(try resolve(reader, name) == resolve(writer, name))
            try writer.alterChannel(name, in: "lab", "mouse", ChannelChanges(description: "round \(round)"))
            #expect(try resolve(reader, name)?.channel.description == "round \(round)")
            #expect(try resolve(writer, name)?.channel.description == "round \(round)")
            #expect(try resolve(reader, name) == resolve(reader, name))
        }
    }

    @Test("a reader that was there first sees writers come, write and go")
    func writersComeAndGo() throws {
        let directory = TemporaryDirectory()
        try populate(try openCatalog(directory.file))
        let reader = try Catalog.open(path: directory.file, mode: .readOnly)
        for round in 0..<5 {
            do {
                let writer = try openCatalog(directory.file)
                #expect(try reader.collections().count == round + 1)
                try writer.createCollection(NewCollection(name: "c\(round)"))
                #expect(try reader.collections().count == round + 2)
            }
            #expect(try reader.collections().count == round + 2)
        }
    }

    @Test("readers and a writer on several threads see whole transactions only")
    func threads() async throws {
        let directory = TemporaryDirectory()
        let path = directory.file
        let writer = try openCatalog(path)
        try populate(writer)
        let resource = CatalogResource.experiment(collection: "lab", experiment: "mouse")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for round in 0..<60 {
                    try writer.setMetadata(
                        on: resource, ["a", "b"].map { MetadataAssignment(key: $0, value: "\(round)") })
                }
            }
            for _ in 0..<2 {
                group.addTask {
                    let reader = try Catalog.open(path: path, mode: .readOnly)
                    for _ in 0..<100 {
                        #expect(Set(try reader.metadata(on: resource).map(\.value)).count <= 1)
                        #expect(try resolve(reader, "em") != nil)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("a reader makes no file and needs no permission to write: file at rest")
    func atRest() throws {
        let directory = TemporaryDirectory()
        try populate(try openCatalog(directory.file))
        #expect(directory.names == ["catalog.sqlite"])
        try asReaderWithoutPermission(directory) {
            let reader = try Catalog.open(path: directory.file, mode: .readOnly)
            #expect(try reader.tree().collections.count == 1)
            #expect(directory.names == ["catalog.sqlite"])
        }
        let reader = try Catalog.open(path: directory.file, mode: .readOnly)
        #expect(try resolve(reader, "em") != nil)
        #expect(directory.names == ["catalog.sqlite"], "nor where it could")
    }

    @Test("a reader makes no file and needs no permission to write: beside a writer")
    func besideWriter() throws {
        let directory = TemporaryDirectory()
        let writer = try openCatalog(directory.file)
        try asReaderWithoutPermission(directory) {
            let reader = try Catalog.open(path: directory.file, mode: .readOnly)
            #expect(try reader.tree().collections.isEmpty)
        }
        try populate(writer)
        let names = directory.names
        try asReaderWithoutPermission(directory) {
            let reader = try Catalog.open(path: directory.file, mode: .readOnly)
            #expect(try resolve(reader, "em") != nil)
            #expect(directory.names == names)
            #expect(throws: CatalogError.readOnly) {
                try Catalog.open(path: directory.file, mode: .readWrite(create: false))
            }
        }
    }

    @Test("what a killed writer left serves a reader without permission")
    func afterCrash() throws {
        let directory = TemporaryDirectory()
        let crashed = TemporaryDirectory()
        let writer = try openCatalog(directory.file)
        try populate(writer)
        for name in directory.names {
            writeBytes(readBytes(directory.path + "/" + name), to: crashed.path + "/" + name)
        }
        let names = crashed.names
        #expect(names == ["catalog.sqlite"])
        try asReaderWithoutPermission(crashed) {
            let reader = try Catalog.open(path: crashed.file, mode: .readOnly)
            #expect(try reader.tree() == writer.tree())
            #expect(crashed.names == names)
        }
        #expect(try openCatalog(crashed.file).tree() == writer.tree())
        #expect(crashed.names == ["catalog.sqlite"])
    }

    /// Runs `body` as user "nobody" as far as files are concerned, on this thread only; where the tests do
    /// not run as root, the permissions alone do it.
    private func asReaderWithoutPermission(_ directory: TemporaryDirectory, _ body: () throws -> Void) throws
    {
        typealias SetUser = @convention(c) (UInt32) -> Int32
        chmod(directory.path, 0o555)
        for name in directory.names { chmod(directory.path + "/" + name, 0o444) }
        defer {
            for name in directory.names { chmod(directory.path + "/" + name, 0o644) }
            chmod(directory.path, 0o755)
        }
        guard getuid() == 0 else { return try body() }
        guard let symbol = dlsym(nil, "setfsuid") else { return }
        let setUser = unsafeBitCast(symbol, to: SetUser.self)
        _ = setUser(65_534)
        defer { _ = setUser(0) }
        #expect(
            open(directory.path + "/probe", O_WRONLY | O_CREAT, 0o644) < 0, "the directory is not writable")
        try body()
    }
}

private func resolve(_ catalog: Catalog, _ channel: String) throws -> ResolvedChannel? {
    try catalog.resolveChannel(collection: "lab", experiment: "mouse", channel: channel)
}
