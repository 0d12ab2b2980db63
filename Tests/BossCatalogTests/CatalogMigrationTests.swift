import BossCatalog
import BossVoxels
import Testing

@Suite("Catalogs of older versions")
struct CatalogMigrationTests {
    @Test("a writer brings version 1 to the current one and keeps every row")
    func migrates() throws {
        let directory = TemporaryDirectory()
        try VersionOneCatalog.make(directory.file)
        let before = try dump(directory.file)
        let reader = try Catalog.open(path: directory.file, mode: .readOnly, database: "owner")
        let tree = try reader.tree()
        #expect(tree.collections.first?.experiments.first?.channels.map(\.id) == [3])
        #expect(try reader.appliedCommit == 0)
        #expect(try reader.check() == [])
        #expect(try dump(directory.file) == before, "a reader leaves it as it is")
        let catalog = try Catalog.open(
            path: directory.file, mode: .readWrite(create: false), database: "owner")
        #expect(try catalog.tree() == tree)
        #expect(try reader.tree() == tree)
        #expect(try catalog.check() == [])
        #expect(try catalog.droppedChannels().map(\.id) == [4])
        let raw = try RawSQLite(directory.file)
        var after = try raw.dump()
        #expect(try raw.rows("PRAGMA user_version") == [[.integer(2)]])
        #expect(after.removeValue(forKey: "catalog_commit") == [[.integer(1), .integer(0)]])
        #expect(
            try after["catalog_seal"] == [[.integer(1), .text(Array("owner".utf8)), .integer(raw.digest())]])
        for (table, rows) in before
        where !["sqlite_master", "catalog_seal", "grdb_migrations"].contains(table) {
            #expect(after[table] == rows, "\(table)")
        }
        let channel = NewChannel(name: "next", kind: .image, voxelType: .uint8)
        let transaction = try catalog.beginTransaction()
        #expect(try transaction.catalog.createChannel(in: "lab", "mouse", channel).id == 10)
        try transaction.commit(engineCommit: 1)
        #expect(try reader.appliedCommit == 1)
    }

    @Test("a migrated catalog has the tables of a new one")
    func sameTables() throws {
        let (old, new) = (TemporaryDirectory(), TemporaryDirectory())
        try VersionOneCatalog.make(old.file)
        try openCatalog(old.file).close()
        try openCatalog(new.file).close()
        #expect(try dump(old.file)["sqlite_master"] == dump(new.file)["sqlite_master"])
    }

    @Test("a damaged catalog of version 1 is refused, not resealed")
    func damaged() throws {
        let directory = TemporaryDirectory()
        try VersionOneCatalog.make(directory.file)
        try RawSQLite(directory.file).rows("UPDATE collection SET name = 'lib'")
        let before = try dump(directory.file)
        for mode in [CatalogMode.readOnly, .readWrite(create: true)] {
            #expect(throws: CatalogError.self) { try Catalog.open(path: directory.file, mode: mode) }
        }
        #expect(try dump(directory.file) == before)
    }
}
