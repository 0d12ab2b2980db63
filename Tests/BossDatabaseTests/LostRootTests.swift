import BossCatalog
import BossDatabase
import BossGeometry
import BossTestSupport
import BossVoxels
import Foundation
import Testing

@Suite("A database without its roots")
struct LostRootTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path

    /// A database as it is when nobody has it open, or a backup of it, which has no LOCK.
    private func make(isBackup: Bool) throws -> String {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = folder + "/lab.bossdb"
        let database = try Database.open(path)
        var volume = try Volume<UInt64>(extent: VoxelExtent(x: 4, y: 4, z: 4))
        volume[x: 1, y: 1, z: 1] = 7
        var plan = ChannelPlan()
        plan.kind = .annotation
        plan.voxelType = .uint64
        try database.make(plan).write(volume, at: plan.frame.lower)
        try database.checkpoint()
        try database.close()
        guard isBackup else { return path }
        try Database.backUp(path, to: folder + "/backup")
        return folder + "/backup"
    }

    private func files(below path: String) throws -> [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: path + "/" + name, isDirectory: &isFolder)
            contents[name] = isFolder.boolValue ? [] : try fileBytes(path + "/" + name)
        }
        return contents
    }

    private func refusal(_ body: () throws -> Void) -> DatabaseError? {
        #expect(throws: DatabaseError.self) { try body() }
    }

    @Test(
        "is refused as damaged, told by a check, salvaged with a remark, and never touched",
        arguments: [true, false], [[], ["catalog.sqlite"]])
    func lost(isBackup: Bool, alsoLost: [String]) throws {
        let path = try make(isBackup: isBackup)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let manifest = path + "/MANIFEST"
        for emptied in [true, false] {
            if emptied {
                for name in try FileManager.default.contentsOfDirectory(atPath: manifest)
                where name.hasSuffix(".mf") {
                    try FileManager.default.removeItem(atPath: manifest + "/" + name)
                }
                // The status in LOCK tells of a missing root too, and is not there in a backup.
                for name in ["LOCK"] + alsoLost
                where FileManager.default.fileExists(atPath: path + "/" + name) {
                    try FileManager.default.removeItem(atPath: path + "/" + name)
                }
            } else {
                try FileManager.default.removeItem(atPath: manifest)
            }
            let before = try files(below: path)
            var options = DatabaseOptions()
            options.access = .readOnly
            for error in [
                refusal { _ = try Database.open(path) },
                refusal { _ = try Database.open(path, options: options) },
                refusal { try Database.restoreBackup(path, to: folder + "/restored") },
                refusal { try Database.backUp(path, to: folder + "/copied") },
            ] {
                #expect(error?.sqlState == "XX001", "\(String(describing: error))")
                #expect(error?.hint?.contains("bossql salvage") == true)
            }
            #expect(try Database.check(path).findings.contains { $0.isError })
            let outcome = try Database.salvage(path, to: folder + "/saved-\(emptied)")
            #expect(!outcome.isComplete && outcome.cuboidCount == 1)
            #expect(outcome.remarks.contains { $0.contains("there is no root") }, "\(outcome.remarks)")
            // A check takes a lease, whose folder stays.
            let changed = try files(below: path).filter { $0.key != "readers" && before[$0.key] != $0.value }
            let isWhole = try before.keys.allSatisfy { try files(below: path)[$0] != nil }
            #expect(isWhole && changed.isEmpty, "\(changed.keys)")
        }
    }

    @Test("what a crash leaves of a database that is being made is still made")
    func beingMade() throws {
        let path = folder + "/new.bossdb"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in ["MANIFEST", "wal", "seg"] {
            try FileManager.default.createDirectory(
                atPath: path + "/" + name, withIntermediateDirectories: true)
        }
        try Data().write(to: URL(fileURLWithPath: path + "/LOCK"))
        let database = try Database.open(path)
        try database.createCollection("c")
        try database.close()
    }
}
