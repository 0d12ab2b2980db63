import BossCatalog
import BossVoxels
import Dispatch
import Foundation
import Testing

@Suite("Checking and copying a catalog")
struct CatalogCheckTests {
    /// What `check` says after statements that go past the catalog.
    private func problems(after sql: String) throws -> [String] {
        let directory = TemporaryDirectory()
        let catalog = try openCatalog(directory.file)
        try populate(catalog)
        try catalog.setMetadata(on: .collection("lab"), [MetadataAssignment(key: "k", value: "1")])
        #expect(try catalog.check() == [])
        try RawSQLite(directory.file).rows("PRAGMA ignore_check_constraints = ON; " + sql)
        return try catalog.check()
    }

    @Test("each kind of damage is named, and none hides another")
    func kinds() throws {
        let cases: [(sql: String, word: String)] = [
            ("UPDATE collection SET name = 'lib'", "seal"),
            ("UPDATE channel SET voxel_type = 'UINT9'", "UINT9"),
            ("UPDATE coordinate_frame SET x_stop = -5", "x_stop"),
            ("UPDATE experiment SET level_count = 99", "99"),
            ("UPDATE experiment SET collection_id = 50", "refers to nothing"),
            ("UPDATE channel SET experiment_id = 50", "belongs to no experiment"),
            ("UPDATE metadata SET owner_id = 50", "#50"),
            ("UPDATE sqlite_sequence SET seq = 1 WHERE name = 'channel'", "given again"),
            ("DROP TABLE catalog_commit", "seal"),
            ("DROP TABLE metadata", "metadata"),
        ]
        for (sql, word) in cases {
            let problems = try problems(after: sql)
            #expect(problems.contains { $0.contains(word) }, "\(sql): \(problems)")
        }
        let all = try problems(after: cases.dropLast(2).map(\.sql).joined(separator: ";"))
        for (sql, word) in cases.dropLast(2) {
            #expect(all.contains { $0.contains(word) }, "all, \(sql): \(all)")
        }
        #expect(all.filter { $0.contains("UINT9") }.count == 2, "each row is told of")
    }

    @Test("a page of rubbish is a problem, not an error")
    func rubbish() throws {
        let directory = TemporaryDirectory()
        let catalog = try openCatalog(directory.file)
        try populate(catalog)
        // So that SQLite drops the pages that it has in memory.
        try RawSQLite(directory.file).rows("UPDATE collection SET description = 'other'")
        var bytes = readBytes(directory.file)
        for offset in 4096 * 3..<4096 * 4 { bytes[offset] = 0xAB }
        overwrite(bytes, directory.file)
        #expect(try !catalog.check().isEmpty)
        catalog.close()
        #expect(throws: CatalogError.closed) { try catalog.check() }
    }

    @Test("a backup is of the committed state, while a transaction writes", arguments: [false, true])
    func backup(inMemory: Bool) throws {
        let directory = TemporaryDirectory()
        let copy = directory.path + "/copy.sqlite"
        let catalog = inMemory ? try Catalog.inMemory() : try openCatalog(directory.file)
        try populate(catalog)
        let committed = try catalog.tree()
        let transaction = try catalog.beginTransaction()
        try transaction.catalog.renameCollection("lab", to: "new")
        try transaction.catalog.backup(to: copy)
        #expect(try transaction.catalog.check() == [])
        try transaction.commit(engineCommit: 1)
        let reader = try Catalog.open(path: copy, mode: .readOnly)
        #expect(try reader.tree() == committed)
        #expect(try reader.check() == [])
        #expect(directory.names == (inMemory ? ["copy.sqlite"] : ["catalog.sqlite", "copy.sqlite"]))
        #expect(throws: CatalogError.alreadyExists(kind: .catalogFile, path: copy)) {
            try catalog.backup(to: copy)
        }
        let nowhere = directory.path + "/no/copy.sqlite"
        #expect(throws: CatalogError.notFound(kind: .catalogFile, path: nowhere)) {
            try catalog.backup(to: nowhere)
        }
        #expect(throws: CatalogError.self) { try catalog.backup(to: "") }
    }

    @Test("no commit passes a backup, and what is pinned beside it is of its moment")
    func pinned() throws {
        let directory = TemporaryDirectory()
        let copy = directory.path + "/copy.sqlite"
        let catalog = try openCatalog(directory.file)
        try populate(catalog)
        let writer = try Catalog.open(path: directory.file, mode: .readWrite(create: false))
        let transaction = try writer.beginTransaction()
        try transaction.catalog.renameCollection("lab", to: "new")
        let finished = DispatchSemaphore(value: 0)
        let committed = try catalog.tree()
        var applied: UInt64?
        try catalog.backup(to: copy) { commit in
            applied = commit
            DispatchQueue(label: "commit").async {
                #expect(throws: Never.self) { try transaction.commit(engineCommit: 7) }
                finished.signal()
            }
            #expect(finished.wait(timeout: .now() + .milliseconds(300)) == .timedOut)
        }
        #expect(applied == 0)
        finished.wait()
        #expect(try catalog.appliedCommit == 7)
        let reader = try Catalog.open(path: copy, mode: .readOnly)
        #expect(try reader.appliedCommit == 0 && reader.tree() == committed)
        try catalog.backup(to: directory.path + "/later.sqlite") { applied = $0 }
        #expect(applied == 7)
        // An empty file is filled, and left empty after an error.
        #expect(FileManager.default.createFile(atPath: directory.path + "/empty.sqlite", contents: nil))
        try catalog.backup(to: directory.path + "/empty.sqlite")
        #expect(
            try Catalog.open(path: directory.path + "/empty.sqlite", mode: .readOnly).tree() == catalog.tree()
        )
    }
}
