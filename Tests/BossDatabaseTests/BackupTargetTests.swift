import BossGeometry
import BossStorage
import BossTestSupport
import BossVoxels
import Synchronization
import Testing

@testable import BossDatabase

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Where backups and restorations are made: what is not theirs stays as it is, byte for byte.
@Suite("Folders of backups")
struct BackupTargetTests {
    private let folder: TemporaryFolder
    private let identifier = String(repeating: "0a", count: 16)

    init() throws { folder = try TemporaryFolder() }

    private func makeDatabase() throws -> Database {
        let database = try Database.open(folder.file("lab.bossdb"), options: smallOptions())
        let plan = ChannelPlan()
        try database.make(plan).write(
            try ModelVolume(plan.frame, filledWith: 7).volume(.uint8), at: plan.frame.lower)
        return database
    }

    /// Makes files by their paths in a folder.
    private func make(_ name: String, _ files: [String: [UInt8]]) throws -> String {
        let path = folder.file(name)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (file, bytes) in files {
            let file = URL(fileURLWithPath: path + "/" + file)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: file)
        }
        return path
    }

    /// Everything below a folder, with what is in it; links as what they name.
    private func contents(_ path: String) -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        for name in (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? [] {
            var status = stat()
            guard lstat(path + "/" + name, &status) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFREG:
                found[name] = try? fileBytes(path + "/" + name)
            case S_IFLNK:
                let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path + "/" + name)
                found[name] = Array("link to \(target ?? "?")".utf8)
            default: found[name] = Array("of kind \(status.st_mode & S_IFMT)".utf8)
            }
        }
        return found
    }

    /// Every way to make a copy in a folder is refused.
    private func expectRefusals(
        _ source: Database, _ path: String, _ comment: String, says words: String? = nil
    ) {
        let before = contents(path)
        let ways: [(String, () throws -> BackupReport)] = [
            ("BACKUP TO", { try source.backUp(to: path) }),
            ("BACKUP TO ... INCREMENTAL", { try source.backUp(to: path, isIncremental: true) }),
            ("restore", { try Database.restoreBackup(source.path, to: path) }),
            ("backup", { try Database.backUp(source.path, to: path, isIncremental: true) }),
        ]
        for (way, body) in ways {
            let error = failure(body)
            #expect(error?.sqlState == "42P07", "\(comment), \(way): \(String(describing: error))")
            if let words { #expect(error?.message.contains(words) == true, "\(comment), \(way)") }
            let isAsBefore = contents(path) == before
            #expect(isAsBefore, "\(comment), \(way)")
        }
    }

    @Test("a folder with anything that no backup makes is refused and stays as it is")
    func foreignFolders() throws {
        let database = try makeDatabase()
        let text = Array("a text of somebody\n".utf8)
        let holder = Array("process 1\n".utf8) + [UInt8](repeating: 0, count: 246)
        let cases: [[String: [UInt8]]] = [
            ["photo.jpg": text], ["seg/0a/\(identifier).seg": text], ["seg/holiday.jpg": text],
            ["MANIFEST/notes.txt": text], ["MANIFEST/shards/\(identifier).ms": text],
            ["LOCK": text], ["LOCK": []], ["LOCK": holder + text], ["LOCK": holder, "notes.txt": text],
            ["catalog.sqlite": text], ["RESERVE": []],
            // A catalog that waits is a sign of a copy, but not of everything beside it.
            ["catalog.sqlite.next": text], ["catalog.sqlite.next": [], "seg/holiday.jpg": text],
            ["catalog.sqlite.next": [], "seg/0a/holiday.seg": text],
            ["catalog.sqlite.next": [], "seg/0a/\(identifier).seg": [], "wal/a/b": text],
            ["catalog.sqlite.next": [], "LOCK": text], ["catalog.sqlite.next": [], "MANIFEST/x.mf": text],
            ["catalog.sqlite.next": [], "readers/me": text], ["catalog.sqlite.next": [], "Thumbs.db": text],
            ["catalog.sqlite.salvaged": [], "Thumbs.db": text],
        ]
        for (index, files) in cases.enumerated() {
            expectRefusals(database, try make("case\(index)", files), "\(files.keys.sorted())")
        }
        try database.close()
    }

    @Test("links and pipes are refused at once, and what links name is not written to")
    func specialFiles() throws {
        let database = try makeDatabase()
        let precious = try folder.write(Array("precious".utf8), "precious")
        for (index, name) in ["LOCK", "catalog.sqlite.next", "seg"].enumerated() {
            let path = try make("link\(index)", [:])
            symlink(precious, path + "/" + name)
            expectRefusals(database, path, "a link \(name)")
            let other = try make("pipe\(index)", [:])
            mkfifo(other + "/" + name, 0o600)
            expectRefusals(database, other, "a pipe \(name)")
            let marked = try make("marked\(index)", ["wal/\(identifier).seg": []])
            symlink(precious, marked + "/" + name)
            if name != "catalog.sqlite.next" {
                try Data().write(to: URL(fileURLWithPath: marked + "/catalog.sqlite.next"))
            }
            expectRefusals(database, marked, "a link \(name) beside a catalog that waits")
        }
        symlink(folder.file("nowhere"), folder.file("dangling"))
        expectRefusals(database, folder.file("dangling"), "a dangling link", says: "does not exist")
        mkfifo(folder.file("pipe"), 0o600)
        expectRefusals(database, folder.file("pipe"), "a pipe", says: "neither a file nor a folder")
        expectRefusals(database, precious, "a file", says: "is a file")
        #expect(!FileManager.default.fileExists(atPath: folder.file("nowhere")))
        try database.close()
        #expect(try Data(contentsOf: URL(fileURLWithPath: precious)) == Data("precious".utf8))
        // As a database.
        expectRefusal("3D000") { try Database.open(folder.file("pipe")) }
        expectRefusal("3D000") { try Database.check(folder.file("pipe")) }
        let path = folder.file("lab.bossdb")
        for kind in ["link", "pipe"] {
            unlink(path + "/LOCK")
            if kind == "link" { symlink(precious, path + "/LOCK") } else { mkfifo(path + "/LOCK", 0o600) }
            expectRefusal("58030", naming: ["LOCK"]) { try Database.open(path) }
            let reader = failure { try Database.backUp(path, to: folder.file("copy of \(kind)")) }
            #expect(reader == nil, "a reader does without")
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: precious)) == Data("precious".utf8))
        let notes = try make("notes", ["LOCK": Array("mine".utf8)])
        expectRefusal("3D000") { try Database.open(notes) }
        #expect(contents(notes) == ["LOCK": Array("mine".utf8)])
    }

    @Test("what a copy that was cut off has left is removed, wherever it was cut off")
    func remains() throws {
        let database = try makeDatabase()
        try database.close()
        let whole = folder.file("whole")
        try Database.backUp(database.path, to: whole)
        // As in the middle of a copy: no root, and the catalog waits.
        let files = FileManager.default
        for name in try files.contentsOfDirectory(atPath: whole + "/MANIFEST") where name.hasSuffix(".mf") {
            try files.removeItem(atPath: whole + "/MANIFEST/" + name)
        }
        try files.moveItem(atPath: whole + "/catalog.sqlite", toPath: whole + "/catalog.sqlite.next")
        let holder = Array("process 1\n".utf8) + [UInt8](repeating: 0, count: 246)
        for (name, bytes) in [
            ("LOCK", holder), ("MANIFEST/tmp.\(identifier)", [1]), ("readers/\(identifier).lease", []),
            ("wal/\(identifier).seg", [2]), ("seg/0a/\(identifier).seg", []),
        ] as [(String, [UInt8])] {
            let path = URL(fileURLWithPath: whole + "/" + name)
            try files.createDirectory(at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: path)
        }
        let order = CopyRemains(whole).files
        #expect(order.count >= 6 && order.last == "catalog.sqlite.next" && CopyRemains(whole).foreign == nil)
        // Its removal may be cut off, too.
        for count in 0..<order.count {
            for isIncremental in [false, true] {
                let path = folder.file("cut\(count) \(isIncremental)")
                try files.copyItem(atPath: whole, toPath: path)
                for name in order.prefix(count) { try files.removeItem(atPath: path + "/" + name) }
                expectRefusal("3D000", naming: ["cut off"]) { try Database.open(path) }
                try Database.backUp(database.path, to: path, isIncremental: isIncremental)
                let names = try files.subpathsOfDirectory(atPath: path)
                #expect(!names.contains { $0.contains(identifier) || $0.contains("next") }, "\(names)")
                #expect(try Database.check(path).findings.isEmpty)
                try files.removeItem(atPath: path)
            }
        }
    }

    @Test("a new folder shows from the beginning that it is not finished, and is gone after an error")
    func marked() throws {
        let database = try makeDatabase()
        let path = folder.file("copy")
        let cancellation = Cancellation()
        let observed = Observation()
        let control = OperationControl(
            cancellation: cancellation,
            progress: { _ in
                observed.note(DatabaseFolder.isCutOff(path) && CopyRemains(path).foreign == nil)
                cancellation.cancel()
            })
        expectRefusal("57014") { try database.backUp(to: path, control: control) }
        #expect(observed.seen == [true])
        #expect(!FileManager.default.fileExists(atPath: path))
        try database.close()
    }
}

/// What progress saw, from another thread maybe.
private final class Observation: Sendable {
    private let values = Mutex<Set<Bool>>([])
    var seen: Set<Bool> { values.withLock { $0 } }
    func note(_ value: Bool) { values.withLock { _ = $0.insert(value) } }
}
