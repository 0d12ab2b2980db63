import BossCatalog
import BossDatabase
import BossGeometry
import BossVoxels
import Testing

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
}
