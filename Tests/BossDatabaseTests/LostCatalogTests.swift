import BossCatalog
import BossGeometry
import BossVoxels
import Testing

@testable import BossDatabase

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite("A database without its catalog")
struct LostCatalogTests {
    private func makeDatabase() throws -> String {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).bossdb").path
        let database = try Database.open(path)
        try database.createCollection("c")
        try database.createFrame(
            "f", box: VoxelBox(x: 0..<64, y: 0..<64, z: 0..<16), voxelSize: PhysicalSize(x: 1, y: 1, z: 1))
        try database.createExperiment("c/e", frame: "f")
        let channel = try database.createChannel("c/e/s", kind: .annotation, voxelType: .uint64)
        var volume = try Volume<UInt64>(extent: VoxelExtent(x: 4, y: 4, z: 4))
        volume[x: 1, y: 1, z: 1] = 7
        try channel.write(volume, at: .zero)
        try database.close()
        return path
    }

    @Test("is not given an empty one, which would show old voxels under new names", arguments: [true, false])
    func lost(isEmptied: Bool) throws {
        let path = try makeDatabase()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try FileManager.default.removeItem(atPath: path + "/catalog.sqlite")
        if isEmptied { try Data().write(to: URL(fileURLWithPath: path + "/catalog.sqlite")) }
        let error = #expect(throws: DatabaseError.self) { try Database.open(path) }
        #expect(error?.sqlState == "XX001")
        #expect(error?.message.contains("catalog.sqlite") == true)
    }

    @Test("refuses the catalog of another database")
    func swapped() throws {
        let (one, two) = (try makeDatabase(), try makeDatabase())
        defer { for path in [one, two] { try? FileManager.default.removeItem(atPath: path) } }
        try FileManager.default.removeItem(atPath: one + "/catalog.sqlite")
        try FileManager.default.copyItem(atPath: two + "/catalog.sqlite", toPath: one + "/catalog.sqlite")
        let error = #expect(throws: DatabaseError.self) { try Database.open(one) }
        #expect(error?.sqlState == "XX001")
    }

    @Test("a check tells a catalog that is older than the voxels")
    func older() throws {
        let path = try makeDatabase()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let old = try Data(contentsOf: URL(fileURLWithPath: path + "/catalog.sqlite"))
        #expect(try Database.check(path).findings.isEmpty)
        let database = try Database.open(path)
        let channel = try database.createChannel("c/e/late", kind: .annotation, voxelType: .uint64)
        var volume = try Volume<UInt64>(extent: VoxelExtent(x: 4, y: 4, z: 4))
        volume[x: 0, y: 0, z: 0] = 9
        try channel.write(volume, at: .zero)
        try database.close()
        #expect(try Database.check(path).findings.isEmpty)
        try old.write(to: URL(fileURLWithPath: path + "/catalog.sqlite"))
        let findings = try Database.check(path).findings
        #expect(findings.contains { $0.isError && $0.problem.contains("channel number 2") }, "\(findings)")
    }

    /// Else the next commits would get numbers that the catalog takes for done.
    @Test(
        "a catalog that is ahead of the voxels is refused, told by a check, and salvaged",
        arguments: [true, false])
    func ahead(isReadOnly: Bool) throws {
        let path = try makeDatabase()
        let (older, saved) = (path + ".older", path + ".saved")
        defer { for path in [path, older, saved] { try? FileManager.default.removeItem(atPath: path) } }
        func commit(_ name: String, _ path: String) throws {
            let database = try Database.open(path)
            let transaction = try database.beginTransaction()
            try database.createCollection(name, in: transaction)
            try transaction.commit()
            try database.close()
        }
        try FileManager.default.copyItem(atPath: path, toPath: older)
        try commit("d", path)
        try FileManager.default.removeItem(atPath: older + "/catalog.sqlite")
        try FileManager.default.copyItem(atPath: path + "/catalog.sqlite", toPath: older + "/catalog.sqlite")
        var options = DatabaseOptions()
        options.access = isReadOnly ? .readOnly : .readWrite
        let error = #expect(throws: DatabaseError.self) { try Database.open(older, options: options) }
        #expect(
            error?.sqlState == "XX001" && error?.message.contains("commit 2") == true,
            "\(String(describing: error))")
        #expect(error?.hint?.contains("salvage") == true)
        let findings = try Database.check(older).findings
        #expect(findings.count == 1 && findings[0].isError, "\(findings)")
        #expect(findings.first?.problem.contains("commit 2") == true, "\(findings)")
        let copy = #expect(throws: DatabaseError.self) { try Database.backUp(older, to: saved) }
        #expect(copy?.sqlState == "XX001")
        let outcome = try Database.salvage(older, to: saved)
        #expect(outcome.remarks.contains { $0.contains("commit 2") }, "\(outcome.remarks)")
        // Commits of the new database are taken over by its catalog.
        try commit("e", saved)
        try commit("f", saved)
        let database = try Database.open(saved)
        #expect(try database.catalog.tree().collections.map(\.record.name) == ["c", "d", "e", "f"])
        try database.close()
        #expect(try Database.check(saved).findings.isEmpty)
    }

    @Test("is not made in a folder of other files, nor in one that does not exist")
    func foreignFolder() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data([1]).write(to: folder.appendingPathComponent("notes.txt"))
        for path in [folder.path, folder.path + "/a/b"] {
            let error = #expect(throws: DatabaseError.self) { try Database.open(path) }
            #expect(error?.sqlState == "3D000")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["notes.txt"])
    }

    @Test("a channel is called what the commits that changed its voxels call it, if they agree")
    func guessedPath() {
        func path(_ actions: String...) -> String? {
            SalvageCatalog.path(in: actions)?.joined(separator: "/")
        }
        #expect(path("INSERT CUTOUT INTO lab/m/em", "DELETE CUTOUT FROM lab/m/em") == "lab/m/em")
        #expect(path("SET METADATA ON lab/m/seg 'k' = 'v'; INSERT CUTOUT INTO lab/m/em") == "lab/m/em")
        #expect(path("RESTORE lab/m/em X 0:10 TO @#1; DROP CHANNEL lab/m/old") == "lab/m/em")
        #expect(path("INSERT CUTOUT INTO lab/m/em", "INSERT CUTOUT INTO lab/m/renamed") == nil)
        #expect(path("DROP CHANNEL lab/m/old") == nil)
    }
}
