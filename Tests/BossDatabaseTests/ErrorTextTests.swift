import BossCatalog
import BossGeometry
import BossStorage
import BossTestSupport
import Foundation
import Testing

@testable import BossDatabase

/// What errors of the layers below say to people: the object, what is wrong, and what can be done.
@Suite("Texts of errors")
struct ErrorTextTests {
    @Test(
        "an errno is told in the system's words with a hint that fits",
        arguments: [
            (EACCES, "permissions"), (EPERM, "permissions"), (EROFS, "--read-only"), (ENOTDIR, "folder"),
            (EISDIR, "folder"), (ELOOP, "circle"), (ENAMETOOLONG, "shorter"), (EMFILE, "ulimit -n"),
            (ENOMEM, "programs"), (EFBIG, "larger files"), (EIO, "system log"),
        ])
    func errnos(_ code: Int32, _ hint: String) {
        let words = String(cString: strerror(code)).dropFirst()
        for operation in ["open", "read", "write", "lock", "guess"] {
            let error = DatabaseError(
                StorageError.inputOutput(operation: operation, file: "LOCK", errno: code))
            #expect(
                error.sqlState == "58030"
                    && error.message.hasPrefix(operation == "guess" ? "" : "LOCK cannot be"))
            #expect(error.message.hasSuffix(words) && !error.message.contains("errno"), "\(error)")
            #expect(error.hint?.contains(hint) == true, "\(error)")
        }
        let catalog = DatabaseError(CatalogError.inaccessible(file: "catalog.sqlite", errno: code))
        #expect(catalog.message.hasSuffix(words) && catalog.hint?.contains(hint) == true, "\(catalog)")
    }

    @Test("what a newer program wrote is told by what this one does not know")
    func formats() {
        for (unknown, words) in [
            (UnknownFormat.version(found: 2, supported: 1), "has format 2, this program reads 1"),
            (.features(1 << 40), "uses feature 40"), (.section(77), "has section 77"),
        ] {
            let error = DatabaseError(StorageError.unsupportedFormat(file: "MANIFEST/1.mf", unknown))
            #expect(
                error.sqlState == "0A000" && error.message.hasPrefix("MANIFEST/1.mf \(words)"), "\(error)")
            #expect(error.hint == "open it with a newer bossql")
        }
    }

    @Test("numbers out of range and errors of SQLite come with a hint")
    func hints() {
        let errors: [DatabaseError] = [
            DatabaseError(GeometryError.mortonCodeTooLarge(1 << 63)),
            DatabaseError(GeometryError.coordinateTooLarge(axis: .x, value: .max)),
            DatabaseError(GeometryError.cuboidIndexTooLarge(CuboidIndex(x: .max, y: 0, z: 0))),
            DatabaseError(CatalogError.sqlite(code: 14, message: "unable to open database file")),
            DatabaseError(CatalogError.sqlite(code: 10, message: "disk I/O error")),
            DatabaseError(StorageError.tooLarge(what: "page", byteCount: 9, limit: 8)),
        ]
        for error in errors { #expect(error.hint?.isEmpty == false, "\(error)") }
    }

    @Test("54000: a path with which the catalog could not be opened is refused before anything is made")
    func longPaths() throws {
        let folder = try TemporaryFolder()
        func path(byteCount: Int) throws -> String {
            // Names have at most 255 bytes.
            let base = URL(fileURLWithPath: folder.file("p")).resolvingSymlinksInPath()
                .deletingLastPathComponent().path
            let parent = base + "/" + String(repeating: "a", count: 200)
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
            return parent + "/" + String(repeating: "b", count: byteCount - parent.utf8.count - 1)
        }
        let longest = try path(byteCount: 450)
        let database = try Database.open(longest)
        try database.make(ChannelPlan())
        try database.createSnapshot("s", of: "lab/exp")
        try database.close()
        #expect(try Database.check(longest).findings.isEmpty)
        let beyond = try path(byteCount: 451)
        expectRefusal("54000", naming: ["451", "450"]) { try Database.open(beyond) }
        expectRefusal("54000") { try Database.backUp(longest, to: beyond) }
        expectRefusal("54000") { try Database.restoreBackup(longest, to: beyond) }
        expectRefusal("54000") { try Database.salvage(longest, to: beyond) }
        #expect(!FileManager.default.fileExists(atPath: beyond))
    }

    @Test("a file in place of a folder, and a folder that leads in a circle")
    func wrongKinds() throws {
        let folder = try TemporaryFolder()
        let file = folder.file("file")
        try Data("x".utf8).write(to: URL(fileURLWithPath: file))
        expectRefusal("3D000", naming: [file]) { try Database.open(file) }
        let circle = folder.file("circle")
        try FileManager.default.createSymbolicLink(atPath: circle, withDestinationPath: circle)
        let error = expectRefusal("58030", naming: ["symbolic links"]) { try Database.open(circle) }
        #expect(error?.hint?.contains("circle") == true)
        expectRefusal("58030") { try Database.check(circle) }
    }
}
