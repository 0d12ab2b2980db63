import BossGeometry
import BossTestSupport
import BossVoxels
import Testing

@testable import BossCatalog

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What is left of a catalog makes a new one, which verifies and belongs to another database.
@Suite("Remains of a catalog")
struct CatalogSalvageTests {
    private func filled(_ path: String) throws -> CatalogTree {
        let catalog = try Catalog.open(path: path, mode: .readWrite(create: true), database: "one")
        try catalog.createCollection(NewCollection(name: "lab", description: "a laboratory"))
        try catalog.createCoordinateFrame(
            NewCoordinateFrame(name: "frame", stop: VoxelPoint(x: 100, y: 100, z: 10)))
        try catalog.createExperiment(in: "lab", NewExperiment(name: "exp", coordinateFrame: "frame"))
        for name in ["a", "b", "c"] {
            try catalog.createChannel(
                in: "lab", "exp",
                NewChannel(name: name, kind: .image, voxelType: .uint8, sources: name == "c" ? ["a"] : []))
        }
        try catalog.setMetadata(
            on: .collection("lab"), [MetadataAssignment(key: "species", value: "\"mouse\"")])
        let tree = try catalog.tree()
        catalog.close()
        return tree
    }

    @Test("all rows of a sound catalog are read, and make the same catalog for another database")
    func sound() throws {
        let folder = TemporaryDirectory()
        let tree = try filled(folder.path + "/old.sqlite")
        let remains = Catalog.remains(path: folder.path + "/old.sqlite")
        #expect(remains.problems.isEmpty && remains.channelIDs == [1, 2, 3] && remains.lastChannelID == 3)
        let (catalog, problems) = try Catalog.rebuilt(
            path: folder.path + "/new.sqlite", database: "two", from: remains)
        #expect(problems.isEmpty)
        #expect(try catalog.tree() == tree)
        #expect(try catalog.metadata(on: .collection("lab")).map(\.key) == ["species"])
        #expect(try catalog.check().isEmpty)
        #expect(try catalog.sealedDatabase == "two")
        catalog.close()
        #expect(throws: CatalogError.self) {
            try Catalog.open(path: folder.path + "/new.sqlite", mode: .readOnly, database: "one")
        }
    }

    @Test("rows that make no sense and rows that refer to them are left out and told")
    func broken() throws {
        let folder = TemporaryDirectory()
        _ = try filled(folder.path + "/old.sqlite")
        do {
            let raw = try RawSQLite(folder.path + "/old.sqlite")
            _ = try raw.rows("PRAGMA foreign_keys = OFF")
            _ = try raw.rows("DELETE FROM coordinate_frame")
            _ = try raw.rows("UPDATE channel SET cuboid_x = 0 WHERE name = 'b'")
        }
        let remains = Catalog.remains(path: folder.path + "/old.sqlite")
        #expect(remains.problems.count == 1 && remains.channelIDs == [1, 3])
        let (catalog, problems) = try Catalog.rebuilt(
            path: folder.path + "/new.sqlite", database: "two", from: remains)
        #expect(problems == ["1 rows of experiment refer to rows that are lost, or stand twice"])
        #expect(try catalog.homelessChannels().map(\.id) == [1, 3])
        catalog.close()
    }

    @Test("a verified catalog is sealed for another database, with its rows")
    func rebound() throws {
        let folder = TemporaryDirectory()
        let tree = try filled(folder.path + "/old.sqlite")
        let catalog = try Catalog.open(path: folder.path + "/old.sqlite", mode: .readWrite(create: false))
        try catalog.rebind(to: "two", appliedCommit: 7)
        catalog.close()
        let again = try Catalog.open(path: folder.path + "/old.sqlite", mode: .readOnly, database: "two")
        #expect(try again.tree() == tree && again.appliedCommit == 7)
        #expect(try again.check().isEmpty)
        again.close()
    }

    @Test("whatever the bytes, remains are read without ending the process, and make a catalog that verifies")
    func anyBytes() throws {
        let folder = TemporaryDirectory()
        _ = try filled(folder.path + "/old.sqlite")
        let sound = readBytes(folder.path + "/old.sqlite")
        var random = SeededGenerator(seed: 0x5EA1)
        var kept = 0
        for round in 0..<150 {
            var bytes = sound
            for _ in 0..<Int.random(in: 1...40, using: &random) {
                let offset = Int.random(in: 0..<bytes.count, using: &random)
                bytes[offset] = UInt8.random(in: 0...255, using: &random)
            }
            if round % 5 == 0 { bytes = Array(bytes.prefix(Int.random(in: 0..<bytes.count, using: &random))) }
            writeBytes(bytes, to: folder.file)
            let remains = Catalog.remains(path: folder.file)
            unlink(folder.path + "/new.sqlite")
            let (catalog, _) = try Catalog.rebuilt(
                path: folder.path + "/new.sqlite", database: "two", from: remains)
            kept += remains.channelIDs.count
            let homeless = try catalog.homelessChannels().count
            let problems = try catalog.check().filter { !$0.contains("belongs to no experiment") }
            #expect(problems.isEmpty && homeless <= remains.channelIDs.count, "round \(round): \(problems)")
            catalog.close()
        }
        #expect(kept > 150, "\(kept)")
    }

    @Test("nothing is read of what is no catalog, and nothing is thrown")
    func nothing() throws {
        let folder = TemporaryDirectory()
        let remains = Catalog.remains(path: folder.path + "/none.sqlite")
        #expect(remains.isEmpty && !remains.problems.isEmpty)
    }
}
