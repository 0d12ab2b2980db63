import BossDatabase
import BossFormats
import BossGeometry
import BossTestSupport
import BossVoxels
import Foundation
import Glibc
import Testing

/// `bossql check|backup|restore|salvage` as scripts and people meet them: exit statuses, streams, what is left behind.
@Suite("Subcommands")
struct SubcommandTests {
    /// A database with an image channel of 64 x 64 x 16 voxels, in a segment file; what was written is known.
    private struct Lab {
        let folder: TemporaryDirectory
        let path: String
        let voxels: [UInt8]

        init() throws {
            folder = try TemporaryDirectory()
            path = folder.file("lab.bossdb")
            voxels = (0..<(16 * 64 * 64)).map { UInt8($0 % 251) }
            let block = folder.file("block.npy")
            try NPYWriter.write(
                try Volume<UInt8>(extent: VoxelExtent(x: 64, y: 64, z: 16), elements: voxels).erased,
                to: block)
            let outcome = try CommandLineProgram.run(
                [path],
                input: """
                    CREATE COLLECTION lab;
                    CREATE FRAME f X 0:64 Y 0:64 Z 0:16 VOXEL 4nm, 4nm, 40nm;
                    CREATE EXPERIMENT lab/mouse FRAME f;
                    CREATE CHANNEL lab/mouse/em TYPE IMAGE DATATYPE UINT8 CUBOID 32,32,16;
                    INSERT CUTOUT INTO lab/mouse/em FROM FILE '\(block)';
                    CHECKPOINT;
                    """)
            try #require(outcome.status == 0, "\(outcome.errors)")
        }

        func run(_ arguments: String...) throws -> CommandOutcome {
            try CommandLineProgram.run(arguments, folder: folder.path)
        }

        /// The voxels that a database shows.
        func read(_ path: String, channel: String = "lab/mouse/em") throws -> [UInt8] {
            let outcome = try CommandLineProgram.run([
                path, "--read-only", "-c", "SELECT CUTOUT FROM \(channel)", "--format", "npy",
            ])
            try #require(outcome.status == 0, "\(outcome.errors)")
            return Array(outcome.output.suffix(voxels.count))
        }

        /// The one file in `seg` or `wal` that holds pages.
        func segment() throws -> String {
            let names = try FileManager.default.subpathsOfDirectory(atPath: path).filter {
                $0.hasSuffix(".seg")
            }
            func length(_ name: String) throws -> Int { try Data(contentsOf: url(name)).count }
            return try #require(try names.max { try length($0) < length($1) })
        }

        func url(_ name: String) -> URL { URL(fileURLWithPath: path + "/" + name) }

        func flip(_ name: String, at offset: Int) throws {
            var bytes = try Data(contentsOf: url(name))
            bytes[bytes.startIndex + offset] ^= 1
            try bytes.write(to: url(name))
        }

        /// Every file with its bytes.
        func contents() throws -> [String: Data] {
            var found: [String: Data] = [:]
            for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
                if let bytes = try? Data(contentsOf: url(name)) { found[name] = bytes }
            }
            return found
        }
    }

    /// Inside of a page behind the header of the file, its directory and some bricks.
    private static let insideOfPages = 4096 + 96 + 16 + 300

    // MARK: check

    @Test("check of a sound database says what it looked at and exits 0, also beside a writer")
    func soundCheck() throws {
        let lab = try Lab()
        for depth in ["--full", "--quick"] {
            let outcome = try lab.run("check", "lab.bossdb", depth)
            #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
            #expect(outcome.text.hasPrefix("checked lab.bossdb ("))
            #expect(outcome.text.contains("1 channel, newest commit 1\nno damage\n"))
        }
        // This process writes meanwhile; the ending may be left out.
        let database = try Database.open(lab.path)
        #expect(try lab.run("check", "lab").status == 0)
        #expect(try lab.run("check", "lab/").status == 0)
        try database.close()
        let rows = try lab.run("check", "lab.bossdb", "--format", "csv")
        #expect(rows.text == "severity,object,problem,remedy,file,byte\r\n" && rows.status == 0)
    }

    @Test("check names voxels, file, byte and remedy of a flipped bit, writes nothing, and exits 3")
    func damagedPage() throws {
        let lab = try Lab()
        let name = try lab.segment()
        try lab.flip(name, at: Self.insideOfPages)
        let before = try lab.contents()
        let outcome = try lab.run("check", "lab.bossdb")
        #expect(outcome.status == 3)
        #expect(outcome.text.contains("ERROR: lab/mouse/em X 0:32 Y 0:32 Z 0:16, resolution 0, time 0"))
        #expect(outcome.text.contains("  in \(name), byte 4096\n  HINT: "))
        #expect(outcome.text.contains("DAMAGED: 1 error, 0 warnings"))
        #expect(try lab.contents().filter { !$0.key.hasPrefix("readers/") } == before)
        #expect(try lab.run("check", "--quick", "lab.bossdb").status == 0)
        let rows = try lab.run("check", "lab.bossdb", "--format", "jsonl")
        #expect(rows.status == 3 && rows.text.contains("\"byte\":\"4096\""), "\(rows.text)")
    }

    @Test("check reports a database that does not open as findings, whatever is missing or cut")
    func unopened() throws {
        for damage in ["segment", "root", "manifest", "catalog", "cut catalog", "log"] {
            let lab = try Lab()
            switch damage {
            case "segment": try FileManager.default.removeItem(at: lab.url(try lab.segment()))
            case "root":
                for name in try lab.contents().keys where name.hasPrefix("MANIFEST/") {
                    try lab.flip(name, at: 40)
                }
            case "manifest": try FileManager.default.removeItem(at: lab.url("MANIFEST"))
            case "catalog": try FileManager.default.removeItem(at: lab.url("catalog.sqlite"))
            case "cut catalog":
                try Data(contentsOf: lab.url("catalog.sqlite")).prefix(5000).write(
                    to: lab.url("catalog.sqlite"))
            default: try lab.flip(try lab.segment(), at: 8)
            }
            let outcome = try lab.run("check", "lab.bossdb")
            #expect(outcome.status == 3, "\(damage): \(outcome.text) \(outcome.errors)")
            #expect(
                outcome.text.contains("ERROR: ") && outcome.text.contains("HINT: bossql restore"), "\(damage)"
            )
            #expect(outcome.errors.isEmpty, "\(damage): \(outcome.errors)")
        }
    }

    @Test(
        "paths that lead to no database exit 1 and say what is there",
        arguments: ["check", "backup", "salvage"])
    func wrongPaths(_ word: String) throws {
        let lab = try Lab()
        try Data([1]).write(to: URL(fileURLWithPath: lab.folder.file("file")))
        try FileManager.default.createDirectory(
            atPath: lab.folder.file("empty"), withIntermediateDirectories: true)
        for (path, words) in [
            ("none", "there is no folder none"), ("file", "file is a file"),
            ("empty", "empty holds no database"),
        ] {
            let rest = word == "check" ? [] : ["target"]
            let outcome = try CommandLineProgram.run([word, path] + rest, folder: lab.folder.path)
            #expect(outcome.status == 1 && outcome.output.isEmpty)
            #expect(outcome.errors.hasPrefix("ERROR 3D000: \(words)"), "\(outcome.errors)")
            #expect(outcome.errors.contains("\nHINT: "))
        }
        #expect(!FileManager.default.fileExists(atPath: lab.folder.file("target")))
    }

    @Test("bad usage of a subcommand exits 2 and says what is wrong in a few lines")
    func badUsage() throws {
        let folder = try TemporaryDirectory()
        for arguments in [
            ["check"], ["check", "a", "b"], ["check", "a", "--quick", "--full"], ["backup", "a"], ["restore"],
            ["salvage", "a", "b", "--no-such-option"], ["salvage", "a", "b", "--losses"],
            ["chek", "lab.bossdb"],
        ] {
            let outcome = try CommandLineProgram.run(arguments, folder: folder.path)
            #expect(outcome.status == 2 && outcome.output.isEmpty, "\(arguments)")
            #expect(outcome.errors.hasPrefix("Error: "), "\(outcome.errors)")
            #expect(outcome.errors.split(separator: "\n").count < 12, "\(outcome.errors)")
        }
        let near = try CommandLineProgram.run(["chek", "lab.bossdb"], folder: folder.path)
        #expect(near.errors.hasSuffix("HINT: did you mean bossql check?\n"))
        for word in ["check", "backup", "restore", "salvage"] {
            let help = try CommandLineProgram.run([word, "--help"])
            #expect(help.status == 0 && help.text.contains("EXAMPLES") && help.text.contains("EXIT STATUS"))
            #expect(try CommandLineProgram.run(["help", word]).text.contains("EXAMPLES"))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    // MARK: backup and restore

    @Test(
        "backup copies, a second one brings it up to date, restore makes a new database, and nothing is overwritten"
    )
    func backups() throws {
        let lab = try Lab()
        let first = try lab.run("backup", "lab.bossdb", "copy.bossdb")
        #expect(
            first.status == 0 && first.text.hasPrefix("backed up lab.bossdb to copy.bossdb: commit 1, copied")
        )
        let change = try lab.run("lab.bossdb", "-c", "DELETE CUTOUT FROM lab/mouse/em Z 0:8")
        #expect(change.status == 0, "\(change.errors)")
        let second = try lab.run("backup", "lab.bossdb", "copy.bossdb")
        #expect(second.status == 0 && second.text.contains("up to date") && second.text.contains("kept "))
        let restored = try lab.run("restore", "copy.bossdb", "new.bossdb")
        #expect(
            restored.status == 0 && restored.text.hasPrefix("restored copy.bossdb to new.bossdb: commit 2"))
        let expected = lab.voxels.enumerated().map { $0.offset < 8 * 64 * 64 ? 0 : $0.element }
        #expect(try lab.read(lab.folder.file("new.bossdb")) == expected)
        #expect(try lab.run("check", "copy.bossdb").status == 0)
        #expect(try lab.run("check", "new.bossdb").status == 0)
        #expect(try lab.run("other.bossdb", "-c", "CREATE COLLECTION other").status == 0)
        for arguments in [
            ["restore", "copy.bossdb", "new.bossdb"], ["restore", "copy.bossdb", "copy.bossdb"],
            ["restore", "copy.bossdb", "block.npy"], ["restore", "copy.bossdb", "copy.bossdb/inside"],
            ["restore", "copy.bossdb", "no/such"], ["backup", "lab.bossdb", "lab.bossdb"],
            ["backup", "lab.bossdb", "other.bossdb"], ["backup", "lab.bossdb", "lab.bossdb/inside"],
            ["backup", "lab.bossdb", "."], ["salvage", "lab.bossdb", "new.bossdb"],
        ] {
            let outcome = try CommandLineProgram.run(arguments, folder: lab.folder.path)
            #expect(outcome.status == 1 && outcome.output.isEmpty, "\(arguments): \(outcome.text)")
            #expect(outcome.errors.hasPrefix("ERROR "), "\(arguments)")
            #expect(outcome.errors.contains("HINT: "), "\(arguments): \(outcome.errors)")
            #expect(!outcome.errors.contains("INCREMENTAL"), "\(arguments): \(outcome.errors)")
        }
        #expect(try lab.read(lab.folder.file("new.bossdb")) == expected)
    }

    @Test("a backup of a damaged database is refused with the damaged file, and leaves nothing")
    func damagedBackup() throws {
        let lab = try Lab()
        let name = try lab.segment()
        try lab.flip(name, at: Self.insideOfPages)
        let outcome = try lab.run("backup", "lab.bossdb", "copy.bossdb")
        #expect(
            outcome.status == 3 && outcome.errors.contains("ERROR XX001: lab.bossdb: \(name)"),
            "\(outcome.errors)")
        #expect(!FileManager.default.fileExists(atPath: lab.folder.file("copy.bossdb")))
    }

    @Test("damage in an earlier backup is told of the backup, with what to do")
    func damagedTarget() throws {
        let lab = try Lab()
        #expect(try lab.run("backup", "lab.bossdb", "copy.bossdb").status == 0)
        let copy = lab.folder.file("copy.bossdb")
        let names = try FileManager.default.subpathsOfDirectory(atPath: copy)
        // The newest root, and a file that the next backup keeps.
        let root = try #require(names.filter { $0.hasSuffix(".mf") }.max())
        let kept = try #require(
            names.first { name in
                name.hasSuffix(".seg") && FileManager.default.fileExists(atPath: lab.url(name).path)
            })
        for name in [root, kept] {
            let url = URL(fileURLWithPath: copy + "/" + name)
            let sound = try Data(contentsOf: url)
            var bytes = sound
            if name == root { bytes[bytes.startIndex + 100] ^= 1 } else { bytes = bytes.prefix(5000) }
            try bytes.write(to: url)
            let outcome = try lab.run("backup", "lab.bossdb", "copy.bossdb")
            #expect(outcome.status == 3, "\(name)")
            #expect(
                outcome.errors.hasPrefix("ERROR XX001: copy.bossdb/\(name) is damaged"), "\(outcome.errors)")
            #expect(outcome.errors.contains("HINT: the damage is in the copy, not in the database"))
            #expect(outcome.errors.contains("new folder") && !outcome.errors.contains("salvage"))
            #expect(try lab.run("check", "lab.bossdb").status == 0)
            let statement = try lab.run(
                "lab.bossdb", "--read-only", "-c", "BACKUP TO 'copy.bossdb' INCREMENTAL")
            #expect(statement.errors.contains("XX001: copy.bossdb/\(name) is damaged"), "\(statement.errors)")
            #expect(statement.errors.contains("HINT: the damage is in the copy"))
            try sound.write(to: url)
        }
        #expect(try lab.run("backup", "lab.bossdb", "copy.bossdb").status == 0)
    }

    @Test("what a killed restore has left is whole or does not open, and the next one does its work")
    func killedRestore() throws {
        let lab = try Lab()
        for delay in [UInt32(3_000), 8_000, 15_000, 25_000] {
            let new = lab.folder.file("new\(delay).bossdb")
            // The second one is killed while it cleans up, or while it copies.
            let statuses = try [delay, 9_000 + delay / 10, 12_000].map { delay in
                let null = open("/dev/null", O_RDWR | O_CLOEXEC)
                defer { close(null) }
                let child = try ChildProcess(
                    executable: CommandLineProgram.path, ["restore", lab.path, new],
                    descriptors: [null, null, null])
                usleep(delay)
                kill(child.identifier, SIGKILL)
                return child.wait(seconds: 10)
            }
            let opened = try CommandLineProgram.run([new, "--read-only", "-c", "SHOW COLLECTIONS"])
            // One was done before it was killed.
            if opened.status == 0 || statuses.contains(0) {
                #expect(try lab.read(new) == lab.voxels)
                continue
            }
            let again = try lab.run("restore", lab.path, new)
            if again.status != 0 {
                // Killed when only the name of the catalog was missing: said, and nothing is lost.
                #expect(
                    again.errors.contains("cut off") || again.errors.contains("already"), "\(again.errors)")
                continue
            }
            #expect(try lab.read(new) == lab.voxels)
        }
    }

    // MARK: salvage

    @Test("salvage of a sound database loses nothing and exits 0; the source stays byte by byte")
    func soundSalvage() throws {
        let lab = try Lab()
        let before = try lab.contents()
        let outcome = try lab.run("salvage", "lab.bossdb", "saved.bossdb", "--losses", "lost.csv")
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
        #expect(outcome.text.hasPrefix("salvaged lab.bossdb to saved.bossdb: 4 cuboids of 1 channel\n"))
        #expect(outcome.text.hasSuffix("\nnothing of the newest state was lost\n"))
        #expect(try lab.contents() == before)
        #expect(try lab.read(lab.folder.file("saved.bossdb")) == lab.voxels)
        let list = try String(contentsOfFile: lab.folder.file("lost.csv"), encoding: .utf8)
        #expect(
            list.hasPrefix("kind,channel,is_isotropic,level,time,x_from,") && list.hasSuffix("remark\r\n"))
        let again = try lab.run("salvage", "lab.bossdb", "other.bossdb", "--losses", "lost.csv")
        #expect(again.status == 1 && again.errors.contains("42P07"))
        #expect(!FileManager.default.fileExists(atPath: lab.folder.file("other.bossdb")))
    }

    @Test(
        "snapshots that salvage leaves behind are noted: nothing of the newest state is lost, and it exits 0")
    func salvageWithoutSnapshots() throws {
        let lab = try Lab()
        #expect(try lab.run("lab.bossdb", "-c", "CREATE SNAPSHOT before OF lab/mouse").status == 0)
        let outcome = try lab.run("salvage", "lab.bossdb", "saved.bossdb", "--losses", "lost.csv")
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.text)")
        #expect(
            outcome.text.contains(
                "\nNOTES\n  snapshots are not taken over, only the newest state: before\n"))
        #expect(outcome.text.hasSuffix("\nnothing of the newest state was lost\n"), "\(outcome.text)")
        #expect(!outcome.text.contains("LOST") && !outcome.text.contains("NOT EVERYTHING"))
        #expect(try lab.read(lab.folder.file("saved.bossdb")) == lab.voxels)
    }

    @Test("salvage lists the bricks that were lost by channel and voxels, as text, CSV and JSON, and exits 3")
    func damagedSalvage() throws {
        let lab = try Lab()
        try lab.flip(try lab.segment(), at: Self.insideOfPages)
        let before = try lab.contents()
        let outcome = try lab.run("salvage", "lab.bossdb", "saved.bossdb", "--losses", "lost.csv")
        #expect(outcome.status == 3)
        #expect(try lab.contents() == before)
        #expect(
            outcome.text.contains("LOST\n  lab/mouse/em, resolution 0, time 0: brick "), "\(outcome.text)")
        let list = try String(contentsOfFile: lab.folder.file("lost.csv"), encoding: .utf8)
        let rows = list.split(separator: "\r\n").dropFirst().map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
        #expect(rows.count == 1 && rows.first?.first == "brick")
        let numbers = try #require(rows.first).dropFirst(5).prefix(6).compactMap { Int($0) }
        try #require(numbers.count == 6, "\(list)")
        let found = try lab.read(lab.folder.file("saved.bossdb"))
        for (index, voxel) in lab.voxels.enumerated() {
            let (x, y, z) = (index % 64, index / 64 % 64, index / 4096)
            let isLost =
                (numbers[0]..<numbers[1]).contains(x) && (numbers[2]..<numbers[3]).contains(y)
                && (numbers[4]..<numbers[5]).contains(z)
            #expect(found[index] == (isLost ? 0 : voxel), "\(x) \(y) \(z)")
        }
        #expect(try lab.run("check", "saved.bossdb").status == 0)
        let json = try lab.run("salvage", "lab.bossdb", "second.bossdb", "--losses", "lost.json")
        #expect(json.status == 3)
        let parsed = try JSONSerialization.jsonObject(
            with: Data(contentsOf: URL(fileURLWithPath: lab.folder.file("lost.json"))))
        #expect((parsed as? [[String: Any]])?.first?["channel"] as? String == "lab/mouse/em")
    }

    @Test("salvage without a catalog says what is guessed, and the voxels are there")
    func withoutCatalog() throws {
        let lab = try Lab()
        try FileManager.default.removeItem(at: lab.url("catalog.sqlite"))
        let outcome = try lab.run("salvage", "lab.bossdb", "saved.bossdb")
        #expect(
            outcome.status == 3 && outcome.text.contains("GUESSED: ") && !outcome.text.contains("\nLOST\n"))
        #expect(try lab.read(lab.folder.file("saved.bossdb")) == lab.voxels)
    }

    @Test(
        "where only the catalog is left, check and salvage agree: its names come back, and everything else is told"
    )
    func onlyCatalog() throws {
        let lab = try Lab()
        for name in ["wal", "seg", "MANIFEST"] { try FileManager.default.removeItem(at: lab.url(name)) }
        let check = try lab.run("check", "lab.bossdb")
        #expect(check.status == 3 && check.text.contains("bossql salvage lab.bossdb NEWDB"), "\(check.text)")
        let outcome = try lab.run("salvage", "lab.bossdb", "saved.bossdb")
        #expect(outcome.status == 3 && outcome.errors.isEmpty, "\(outcome.errors)")
        #expect(outcome.text.contains("all voxels, snapshots and the history are lost"), "\(outcome.text)")
        #expect(outcome.text.contains("lab/mouse/em  0 cuboids saved"))
        #expect(try lab.run("check", "saved.bossdb").status == 0)
        #expect(try lab.read(lab.folder.file("saved.bossdb")).allSatisfy { $0 == 0 })
        // Nothing at all is no database, and nobody is told to create one.
        try FileManager.default.removeItem(at: lab.url("catalog.sqlite"))
        try FileManager.default.createDirectory(at: lab.url("seg"), withIntermediateDirectories: true)
        let nothing = try lab.run("salvage", "lab.bossdb", "none.bossdb")
        #expect(nothing.status == 1 && nothing.errors.hasPrefix("ERROR 3D000"), "\(nothing.errors)")
        #expect(nothing.errors.contains("HINT: ") && !nothing.errors.contains("create one"))
        #expect(!FileManager.default.fileExists(atPath: lab.folder.file("none.bossdb")))
    }

    @Test("the list of losses is never written into a database, whatever its path looks like")
    func lossesInside() throws {
        let lab = try Lab()
        let before = try lab.contents()
        let files = FileManager.default
        try files.createSymbolicLink(atPath: lab.folder.file("link"), withDestinationPath: "lab.bossdb")
        try files.createSymbolicLink(
            atPath: lab.folder.file("l.csv"), withDestinationPath: "lab.bossdb/l.csv")
        for (losses, state) in [
            ("lab.bossdb/l.csv", "22023"), ("./lab.bossdb/l.csv", "22023"),
            ("lab.bossdb/seg/../l.csv", "22023"),
            ("link/l.csv", "22023"), ("link/../lab.bossdb/l.csv", "22023"), ("saved.bossdb/l.csv", "22023"),
            ("l.csv", "42P07"), (lab.path + "/l.csv", "22023"),
        ] {
            for source in ["lab.bossdb", "./lab.bossdb", "link"] {
                let outcome = try lab.run("salvage", source, "saved.bossdb", "--losses", losses)
                // Of a folder that is not there yet no file can be made, whatever it will be.
                let isMissing = losses.hasPrefix("saved") && outcome.errors.hasPrefix("ERROR 58030")
                #expect(
                    outcome.status == 1 && (outcome.errors.hasPrefix("ERROR \(state)") || isMissing),
                    "\(source) \(losses): \(outcome.errors)")
                #expect(!files.fileExists(atPath: lab.folder.file("saved.bossdb")))
            }
        }
        #expect(try lab.contents() == before)
    }

    @Test("a list of losses that does not fit on its disk goes to standard output, and the exit status tells")
    func lossesOnFullDisk() throws {
        let lab = try Lab()
        guard let disk = try TemporaryDisk(byteCount: 64 << 10) else {
            print("not allowed to mount a file system: not tested")
            return
        }
        defer { disk.unmount() }
        _ = try disk.fill()
        try lab.flip(try lab.segment(), at: Self.insideOfPages)
        let outcome = try lab.run("salvage", "lab.bossdb", "saved.bossdb", "--losses", disk.path + "/l.csv")
        #expect(outcome.status == 1, "\(outcome.text)")
        #expect(
            outcome.errors.contains("the list of losses could not be written")
                && outcome.errors.contains("standard output"), "\(outcome.errors)")
        #expect(outcome.text.contains("\nkind,channel,is_isotropic,level,time,x_from,"), "\(outcome.text)")
        #expect(outcome.text.contains("\nbrick,lab/mouse/em,"))
        #expect(!FileManager.default.fileExists(atPath: disk.path + "/l.csv"))
        #expect(try lab.run("check", "saved.bossdb").status == 0)
    }

    @Test("Ctrl-C ends a salvage or a backup with 130, and leaves nothing, or all of it")
    func interrupted() throws {
        let lab = try Lab()
        for arguments in [
            ["salvage", lab.path, lab.folder.file("new")], ["backup", lab.path, lab.folder.file("new")],
        ] {
            let null = open("/dev/null", O_RDWR | O_CLOEXEC)
            defer { close(null) }
            for delay in [UInt32(4_000), 9_000] {
                let child = try ChildProcess(
                    executable: CommandLineProgram.path, arguments, descriptors: [null, null, null])
                usleep(delay)
                kill(child.identifier, SIGINT)
                let status = try #require(child.wait(seconds: 10))
                // It may have been done before.
                #expect(status == 130 || status == 0, "\(arguments)")
                guard FileManager.default.fileExists(atPath: lab.folder.file("new")) else { continue }
                #expect(try lab.run("check", "new").status == 0, "\(arguments), \(delay)")
                #expect(try lab.read(lab.folder.file("new")) == lab.voxels)
                try FileManager.default.removeItem(atPath: lab.folder.file("new"))
            }
        }
    }
}
