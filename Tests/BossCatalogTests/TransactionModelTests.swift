import BossCatalog
import BossTestSupport
import Testing

/// Random operations in transactions with savepoints. The oracle is a second catalog in which the operations that
/// survive are run one by one, and SQLite's own view of the rows of both files.
@Suite("Transactions of the catalog against plain operations")
struct TransactionModelTests {
    @Test(
        "what survives is what the surviving operations give",
        arguments: [0xCA7_0001, 0xCA7_0002, 0xCA7_0003])
    func model(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let (directory, plainDirectory) = (TemporaryDirectory(), TemporaryDirectory())
        let (catalog, plain) = (try openCatalog(directory.file), try openCatalog(plainDirectory.file))
        var commits: UInt64 = 0
        for round in 0..<24 {
            let transaction = try catalog.beginTransaction()
            let before = try dump(directory.file)
            let survivors = try play(transaction, using: &random)
            #expect(try dump(directory.file) == before, "nothing shows, round \(round), seed \(seed)")
            guard Int.random(in: 0..<4, using: &random) > 0 else {
                transaction.rollback()
                #expect(try dump(directory.file) == before, "rolled back, round \(round), seed \(seed)")
                continue
            }
            let image = copyFiles(of: directory)
            let redo = try transaction.redo
            commits += UInt64.random(in: 1...3, using: &random)
            try transaction.commit(engineCommit: commits)
            for (operation, result) in survivors {
                #expect(operation.run(on: plain) == result, "\(operation), round \(round), seed \(seed)")
            }
            let after = try dump(directory.file)
            #expect(
                try dump(directory.file, timeless: true) == dump(plainDirectory.file, timeless: true),
                "round \(round), seed \(seed)")
            #expect(try catalog.check() == [], "round \(round), seed \(seed)")
            try expectRepaired(
                image, redo, commits, gives: after, as: catalog, "round \(round), seed \(seed)")
        }
        let raw = try RawSQLite(directory.file)
        #expect(try raw.rows("SELECT digest FROM catalog_seal") == [[.integer(raw.digest())]])
    }

    @Test("also in memory", arguments: [0xCA7_0011, 0xCA7_0012])
    func memory(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let (catalog, plain) = (try Catalog.inMemory(), try Catalog.inMemory())
        var commits: UInt64 = 0
        for round in 0..<20 {
            let transaction = try catalog.beginTransaction()
            let before = try visible(catalog)
            let survivors = try play(transaction, using: &random)
            #expect(try visible(catalog) == before, "nothing shows, round \(round), seed \(seed)")
            guard Int.random(in: 0..<4, using: &random) > 0 else { continue }
            commits += 1
            let inside = try visible(transaction.catalog)
            try transaction.commit(engineCommit: commits)
            for (operation, result) in survivors {
                #expect(operation.run(on: plain) == result, "\(operation), round \(round), seed \(seed)")
            }
            #expect(try visible(catalog) == inside, "times too, round \(round), seed \(seed)")
            #expect(
                try timeless(catalog) == timeless(plain), "numbers too, round \(round), seed \(seed)")
            #expect(try catalog.check() == [], "round \(round), seed \(seed)")
        }
    }

    /// Operations, savepoints and rollbacks; the operations that count in the end with their results.
    private func play(
        _ transaction: CatalogTransaction, using random: inout SeededGenerator
    ) throws -> [(RandomOperation, String)] {
        var done: [(RandomOperation, String)] = []
        var savepoints: [(CatalogSavepoint, Int)] = []
        for _ in 0..<Int.random(in: 0..<24, using: &random) {
            switch Int.random(in: 0..<12, using: &random) {
            case 0, 1: savepoints.append((try transaction.savepoint(), done.count))
            case 2 where !savepoints.isEmpty:
                let index = Int.random(in: 0..<savepoints.count, using: &random)
                try transaction.rollback(to: savepoints[index].0)
                done.removeLast(done.count - savepoints[index].1)
                savepoints.removeLast(savepoints.count - index - 1)
            case 3 where !savepoints.isEmpty:
                let index = Int.random(in: 0..<savepoints.count, using: &random)
                try transaction.release(savepoints[index].0)
                savepoints.removeLast(savepoints.count - index)
            default:
                let operation = RandomOperation.random(using: &random)
                done.append((operation, operation.run(on: transaction.catalog)))
            }
        }
        return done
    }

    /// A crash between the two commits: the files as they were, and the redo.
    private func expectRepaired(
        _ image: TemporaryDirectory, _ redo: [UInt8], _ commit: UInt64,
        gives after: [String: [[RawSQLite.Value]]], as catalog: Catalog, _ comment: Comment
    ) throws {
        let overlay = try Catalog.open(path: image.file, mode: .readWrite(create: false))
            .overlaid(by: [(commit: commit, redo: redo)])
        #expect(try visible(overlay) == visible(catalog), comment)
        #expect(throws: CatalogError.readOnly) { try overlay.createCollection(NewCollection(name: "q")) }
        let repaired = try openCatalog(image.file)
        try repaired.apply(redo: redo, engineCommit: commit)
        #expect(try dump(image.file) == after, comment)
        try repaired.apply(redo: redo, engineCommit: commit)
        #expect(try dump(image.file) == after, "again, \(comment)")
    }

    /// All that a catalog shows, with numbers and times.
    private func visible(_ catalog: Catalog) throws -> [String] {
        [
            "\(try catalog.tree())", "\(try catalog.droppedChannels())",
            "\(try catalog.searchMetadata(keyLike: "%"))",
        ]
    }

    private func timeless(_ catalog: Catalog) throws -> [String] {
        let tree = try catalog.tree()
        return tree.coordinateFrames.map { "\($0.id) \($0.name)" }
            + tree.collections.flatMap { collection in
                ["\(collection.record.id) \(collection.record.name)"]
                    + collection.experiments.flatMap { experiment in
                        ["\(experiment.record.id) \(experiment.record.name)"]
                            + experiment.channels.map { "\($0.id) \($0.name) \($0.sources)" }
                    }
            }
    }
}

/// The files of a catalog as a crash would leave them now.
func copyFiles(of directory: TemporaryDirectory) -> TemporaryDirectory {
    let copy = TemporaryDirectory()
    for name in directory.names {
        writeBytes(readBytes(directory.path + "/" + name), to: copy.path + "/" + name)
    }
    return copy
}
