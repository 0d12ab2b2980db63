import BossCatalog
import BossTestSupport
import BossVoxels
import Testing

/// Whatever the bytes, a catalog opens, or refuses with a `CatalogError`; it never ends the process.
@Suite("Damaged catalogs")
struct DamagedCatalogTests {
    private static func healthyBytes() throws -> [UInt8] {
        let directory = TemporaryDirectory()
        do {
            let catalog = try openCatalog(directory.file)
            try populate(catalog)
            for index in 0..<40 {
                try catalog.createChannel(
                    in: "lab", "mouse",
                    NewChannel(name: "c\(index)", kind: .image, voxelType: .uint8, sources: ["em"]))
            }
            let resource = CatalogResource.channel(collection: "lab", experiment: "mouse", channel: "em")
            try catalog.setMetadata(
                on: resource, (0..<40).map { MetadataAssignment(key: "key\($0)", value: "\"value \($0)\"") })
        }
        return readBytes(directory.file)
    }

    /// Opens the bytes and reads everything; the error if any, which must be a `CatalogError` of few kinds.
    @discardableResult
    private func exercise(_ bytes: [UInt8], in directory: TemporaryDirectory, writing: Bool) -> CatalogError?
    {
        writeBytes(bytes, to: directory.file)
        do throws(CatalogError) {
            let catalog = try Catalog.open(
                path: directory.file, mode: writing ? .readWrite(create: false) : .readOnly)
            _ = try catalog.tree()
            _ = try catalog.searchMetadata(keyLike: "%")
            _ = try catalog.droppedChannels()
            _ = try catalog.resolveChannel(collection: "lab", experiment: "mouse", channel: "em")
            if writing {
                try catalog.createCollection(NewCollection(name: "new"))
                try catalog.dropChannel("c3", in: "lab", "mouse")
            }
            return nil
        } catch {
            return error
        }
    }

    @Test("a file cut at any multiple of 512 bytes is refused")
    func truncated() throws {
        let bytes = try Self.healthyBytes()
        let directory = TemporaryDirectory()
        #expect(exercise(bytes, in: directory, writing: false) == nil)
        for length in stride(from: 0, to: bytes.count, by: 512) {
            for writing in [false, true] {
                let error = exercise(Array(bytes[..<length]), in: directory, writing: writing)
                guard case .corrupt = error else {
                    Issue.record("cut at \(length): \(String(describing: error))")
                    continue
                }
            }
        }
    }

    @Test("random bytes never end the process")
    func randomBytes() throws {
        let bytes = try Self.healthyBytes()
        let directory = TemporaryDirectory()
        var random = SeededGenerator(seed: 0xCA7A_0106)
        for round in 0..<200 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...32, using: &random) {
                let offset = Int.random(in: 0..<damaged.count, using: &random)
                damaged[offset] = UInt8.random(in: 0...255, using: &random)
            }
            exercise(damaged, in: directory, writing: round % 2 == 1)
        }
        for _ in 0..<10 {
            let noise = (0..<8192).map { _ in UInt8.random(in: 0...255, using: &random) }
            let error = exercise(noise, in: directory, writing: false)
            guard case .corrupt = error else {
                Issue.record("noise: \(String(describing: error)), seed \(random.seed)")
                continue
            }
        }
    }

    @Test("values that no catalog writes are found when read")
    func impossibleValues() throws {
        let bytes = try Self.healthyBytes()
        let directory = TemporaryDirectory()
        for (word, replacement) in [
            ("anisotropic", "anisotropiX"), ("nanometers", "nanomeXers"), ("milliseconds", "milliXeconds"),
            ("NOT_DOWNSAMPLED", "NOT_DOWNSAMPLEX"), ("image", "imagX"),
        ] {
            let damaged = replacing(bytes, word, with: replacement)
            #expect(damaged != bytes, "\(word) is in the file")
            let error = exercise(damaged, in: directory, writing: false)
            guard case .corrupt = error else {
                Issue.record("\(replacement): \(String(describing: error))")
                continue
            }
        }
    }

    @Test("a file without its tables is refused")
    func missingTable() throws {
        let directory = TemporaryDirectory()
        let damaged = replacing(
            try Self.healthyBytes(), "CREATE TABLE channel ", with: "CREATE TABLE chanXel ")
        let error = exercise(damaged, in: directory, writing: false)
        guard case .corrupt = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    private func replacing(_ bytes: [UInt8], _ word: String, with replacement: String) -> [UInt8] {
        let (old, new) = (Array(word.utf8), Array(replacement.utf8))
        var result = bytes
        var offset = 0
        while offset + old.count <= result.count {
            if result[offset] == old[0], Array(result[offset..<offset + old.count]) == old {
                result.replaceSubrange(offset..<offset + old.count, with: new)
                offset += old.count
            } else {
                offset += 1
            }
        }
        return result
    }
}

@Suite("The seal of a catalog")
struct CatalogSealTests {
    @Test("a changed byte is noticed or harmless, wherever it is")
    func changedBytes() throws {
        let directory = TemporaryDirectory()
        let before: CatalogTree
        do {
            let catalog = try openCatalog(directory.file)
            try populate(catalog)
            before = try catalog.tree()
            catalog.close()
        }
        let bytes = readBytes(directory.file)
        var noticed = 0
        for offset in stride(from: 100, to: bytes.count, by: 37) {
            var damaged = bytes
            damaged[offset] ^= 1 << UInt8(offset % 8)
            writeBytes(damaged, to: directory.file)
            do {
                let catalog = try Catalog.open(path: directory.file, mode: .readOnly)
                #expect(try catalog.tree() == before, "offset \(offset)")
            } catch {
                noticed += 1
            }
        }
        #expect(noticed > 10, "flips in text and numbers are noticed")
    }

    @Test("the catalog of another database is refused")
    func otherDatabase() throws {
        let directory = TemporaryDirectory()
        try Catalog.open(path: directory.file, mode: .readWrite(create: true), database: "one").close()
        try Catalog.open(path: directory.file, mode: .readOnly, database: "one").close()
        #expect(throws: CatalogError.corrupt(file: directory.file, reason: "it belongs to another database"))
        {
            try Catalog.open(path: directory.file, mode: .readOnly, database: "two")
        }
    }
}
