import BossDatabase
import BossFormats
import BossGeometry
import BossQuery
import BossTestSupport
import BossVoxels
import Foundation
import Glibc
import Testing

/// The contract of the program as scripts rely on it: exit statuses, streams, formats, locks, damage.
@Suite("Command line")
struct CommandLineTests {
    /// A database with an image and an annotation channel of 64 x 64 x 16 voxels.
    private static func database() throws -> (folder: TemporaryDirectory, path: String) {
        let folder = try TemporaryDirectory()
        let path = folder.file("lab.bossdb")
        let outcome = try CommandLineProgram.run(
            [path],
            input: """
                CREATE COLLECTION lab;
                CREATE FRAME f X 0:64 Y 0:64 Z 0:16 VOXEL 4nm, 4nm, 40nm;
                CREATE EXPERIMENT lab/mouse FRAME f;
                CREATE CHANNEL lab/mouse/em TYPE IMAGE DATATYPE UINT8;
                CREATE CHANNEL lab/mouse/seg TYPE ANNOTATION DATATYPE UINT64;
                """)
        try #require(outcome.status == 0, "\(outcome.errors)")
        return (folder, path)
    }

    /// The number of a voxel, modulo 251: every place has a value that is known.
    private static func writeBlock(_ path: String) throws -> [UInt8] {
        let voxels = (0..<(16 * 64 * 64)).map { UInt8($0 % 251) }
        let volume = try Volume<UInt8>(extent: VoxelExtent(x: 64, y: 64, z: 16), elements: voxels)
        try NPYWriter.write(volume.erased, to: path)
        return voxels
    }

    // MARK: Transactions

    @Test(
        "a transaction that is open at the end is rolled back, with a warning; one that only reads needs none"
    )
    func forgottenCommit() throws {
        let lab = try Self.database()
        let change = "SET METADATA ON lab/mouse 'k' = 1;"
        let warning = "WARNING 01000: the transaction that was still open was rolled back"
        for (arguments, input) in [
            (["-c", "BEGIN; " + change], ""), ([], "BEGIN;\n" + change),
            ([], "BEGIN; " + change + "\n.quit\n"),
        ] {
            let outcome = try CommandLineProgram.run([lab.path] + arguments, input: input)
            #expect(outcome.status == 0 && outcome.errors.hasPrefix(warning), "\(outcome.errors)")
            #expect(outcome.errors.contains("HINT: COMMIT"))
        }
        let failed = try CommandLineProgram.run([lab.path, "-c", "BEGIN; " + change + " SHOW NOTHING;"])
        #expect(failed.status == 1 && failed.errors.contains(warning), "\(failed.errors)")
        for text in ["BEGIN; ROLLBACK;", "BEGIN READ ONLY; SHOW COLLECTIONS;", "SHOW COLLECTIONS;"] {
            #expect(try CommandLineProgram.run([lab.path, "-c", text]).errors.isEmpty, "\(text)")
        }
        let rows = try CommandLineProgram.run(
            [lab.path, "-c", "SHOW METADATA IN lab/mouse", "--format", "csv"])
        #expect(rows.text == "key,value,updated_at\r\n")
    }

    @Test("BEGIN on a database that is only read names the transaction that works there")
    func readOnlyBegin() throws {
        let lab = try Self.database()
        let refused = try CommandLineProgram.run([lab.path, "--read-only", "-c", "BEGIN"])
        #expect(refused.status == 1 && refused.errors.contains("ERROR 25006"))
        #expect(refused.errors.contains("HINT: BEGIN READ ONLY "), "\(refused.errors)")
        #expect(
            try CommandLineProgram.run([lab.path, "--read-only", "-c", "BEGIN READ ONLY; COMMIT"]).status == 0
        )
    }

    @Test("a full disk on which a database does not open is told in the same words each time")
    func fullDisk() throws {
        guard let disk = try TemporaryDisk(byteCount: 1 << 20) else {
            print("not allowed to mount a file system: not tested")
            return
        }
        defer { disk.unmount() }
        // Two pages of the file system are left: for empty files, and not for a catalog.
        try Data(count: 1_040_000).write(to: URL(fileURLWithPath: disk.path + "/filler"))
        for _ in 0..<3 {
            let outcome = try CommandLineProgram.run(["db", "-c", "SHOW COLLECTIONS"], folder: disk.path)
            #expect(outcome.status == 1)
            #expect(outcome.errors.hasPrefix("ERROR 53100: db: the disk is full: "), "\(outcome.errors)")
            #expect(!outcome.errors.contains("db/"), "\(outcome.errors)")
        }
    }

    // MARK: Versions

    @Test("a reader in another process sees a snapshot, and the history, beside the writer")
    func snapshotInAnotherProcess() throws {
        let lab = try Self.database()
        let block = lab.folder.file("block.npy")
        _ = try Self.writeBlock(block)
        let made = try CommandLineProgram.run(
            [lab.path],
            input: """
                USE lab/mouse; INSERT CUTOUT INTO em FROM FILE '\(block)';
                CREATE SNAPSHOT first OF lab/mouse; DELETE CUTOUT FROM em Z 0:8;
                """)
        try #require(made.status == 0, "\(made.errors)")
        // This process writes, and holds the database open while the other one reads.
        let database = try Database.open(lab.path)
        let writer = Session(database: database)
        try writer.execute("USE lab/mouse; CREATE SNAPSHOT second OF lab/mouse; DELETE CUTOUT FROM em Z 8")
        func read(_ statement: String) throws -> CommandOutcome {
            try CommandLineProgram.run([lab.path, "--read-only", "-c", statement, "--format", "csv"])
        }
        // Of 65 536 voxels, numbered modulo 251, every 251st from the first is 0.
        func sum(_ voxels: Range<Int>) -> Double { voxels.reduce(0) { $0 + Double($1 % 251) } }
        for (version, voxels) in [
            ("first", 0..<65_536), ("second", 32_768..<65_536), ("main", 36_864..<65_536),
        ] {
            let outcome = try read("SELECT sum FROM STATS(lab/mouse/em@\(version))")
            #expect(outcome.text == "sum\r\n\(sum(voxels))\r\n", "\(version): \(outcome.errors)")
        }
        #expect(
            try read("SELECT name, commit FROM sys.snapshots").text
                == "name,commit\r\nfirst,1\r\nsecond,2\r\n")
        #expect(try read("SELECT commit FROM HISTORY(lab/mouse/em)").text == "commit\r\n3\r\n2\r\n1\r\n")
        #expect(try read("SELECT SUM FROM STATS(lab/mouse/em@third)").errors.contains("42704"))
        for refused in [
            "CREATE SNAPSHOT third OF lab/mouse", "DROP SNAPSHOT first OF lab/mouse", "COMPACT",
            "RESTORE lab/mouse/em TO @first", "SET history_retention = off", "RESET history_retention",
        ] {
            let outcome = try read(refused)
            #expect(outcome.status == 1 && outcome.errors.contains("25006"), "\(refused): \(outcome.errors)")
        }
        try database.close()
    }

    // MARK: Exit statuses and errors

    @Test("success exits 0 and says nothing on standard error")
    func success() throws {
        let lab = try Self.database()
        let outcome = try CommandLineProgram.run([lab.path, "-c", "SHOW COLLECTIONS", "--format", "csv"])
        #expect(outcome.status == 0)
        #expect(outcome.errors.isEmpty)
        #expect(outcome.text.hasPrefix("name,"))
        #expect(outcome.text.contains("\r\nlab,"))
    }

    @Test("a failed statement exits 1 with SQLSTATE, the statement, a caret below the place, and a hint")
    func statementError() throws {
        let lab = try Self.database()
        let outcome = try CommandLineProgram.run([lab.path, "-c", "SELECT CUTOUT FROM lab/mouse/en Z 0:4;"])
        #expect(outcome.status == 1)
        #expect(outcome.output.isEmpty)
        #expect(
            outcome.errors == """
                ERROR 42P01: there is no channel lab/mouse/en
                  SELECT CUTOUT FROM lab/mouse/en Z 0:4;
                                     ^~~~~~~~~~~~
                HINT: did you mean lab/mouse/em?

                """)
    }

    @Test("an error in a file names the file and the line, and what follows does not run")
    func errorInFile() throws {
        let lab = try Self.database()
        let script = lab.folder.file("script.bql")
        try Data("-- a comment\nSHOW COLLECTIONS;\n\nSELCT 1;\nCREATE COLLECTION never;\n".utf8)
            .write(to: URL(fileURLWithPath: script))
        let outcome = try CommandLineProgram.run([lab.path, "-f", script, "--format", "csv"])
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("ERROR 42601: "))
        #expect(outcome.errors.contains("\n  SELCT 1;\n  ^~~~~\n  in \(script), line 4\n"))
        #expect(outcome.errors.contains("HINT: did you mean SELECT?"))
        let after = try CommandLineProgram.run([lab.path, "-c", "SHOW COLLECTIONS", "--format", "csv"])
        #expect(!after.text.contains("never"))
    }

    @Test(
        "bad usage exits 2", arguments: [["--format", "ascii"], ["a", "b"], ["--no-such-option"], ["-c"]])
    func badUsage(_ arguments: [String]) throws {
        let folder = try TemporaryDirectory()
        let outcome = try CommandLineProgram.run(arguments, folder: folder.path)
        #expect(outcome.status == 2)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains("bossql [DB]"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test("--help and version answer on standard output and exit 0")
    func help() throws {
        let help = try CommandLineProgram.run(["--help"])
        #expect(help.status == 0 && help.text.contains("EXIT STATUS") && help.errors.isEmpty)
        let version = try CommandLineProgram.run(["version"])
        #expect(version.status == 0 && version.text.hasPrefix("bossql "))
    }

    @Test(
        "subcommands that are not built answer 0A000 and exit 1",
        arguments: ["upgrade", "token", "serve"])
    func subcommands(_ word: String) throws {
        let folder = try TemporaryDirectory()
        let outcome = try CommandLineProgram.run([word, "lab.bossdb"], folder: folder.path)
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("0A000"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test("what the grammar has and this version has not answers 0A000 and exits 1")
    func notSupported() throws {
        let lab = try Self.database()
        let outcome = try CommandLineProgram.run([
            lab.path, "-c", "COPY lab/mouse/seg X 0:4 TO lab/mouse/seg AT (8, 0, 0);",
        ])
        #expect(outcome.status == 1)
        #expect(outcome.errors.hasPrefix("ERROR 0A000: "))
    }

    // MARK: Input and output

    @Test("-c, -f and a pipe run the same statements")
    func inputs() throws {
        let lab = try Self.database()
        let asked = "SHOW CHANNELS IN lab/mouse"
        let script = lab.folder.file("script.bql")
        try Data((asked + "\n;").utf8).write(to: URL(fileURLWithPath: script))
        let expected = try CommandLineProgram.run([lab.path, "-c", asked, "--format", "csv"])
        #expect(expected.status == 0 && expected.text.contains("\r\nseg,"))
        #expect(
            try CommandLineProgram.run([lab.path, "-f", script, "--format", "csv"]).text == expected.text)
        #expect(
            try CommandLineProgram.run([lab.path, "-f", "-", "--format", "csv"], input: asked).text
                == expected.text)
        #expect(
            try CommandLineProgram.run([lab.path, "--format", "csv"], input: asked).text == expected.text)
    }

    @Test("one value is written as CSV, JSON, JSON lines and a table")
    func rowFormats() throws {
        let lab = try Self.database()
        func answer(_ format: String) throws -> String {
            let asked = "COUNT VOXELS IN lab/mouse/seg WHERE ID = 0"
            return try CommandLineProgram.run([lab.path, "-c", asked, "--format", format]).text
        }
        #expect(try answer("csv") == "count\r\n65536\r\n")
        #expect(try answer("json") == "[\n{\"count\":\"65536\"}\n]\n")
        #expect(try answer("jsonl") == "{\"count\":\"65536\"}\n")
        #expect(try answer("table").hasSuffix("│ 65536 │\n└───────┘\n(1 row)\n"))
    }

    @Test("a volume goes in from a .npy file and out as one, bit for bit")
    func npy() throws {
        let lab = try Self.database()
        let file = lab.folder.file("block.npy")
        let voxels = try Self.writeBlock(file)
        let insert = "INSERT CUTOUT INTO lab/mouse/em X 0:64 Y 0:64 Z 0:16 FROM FILE '\(file)';"
        let inserted = try CommandLineProgram.run([lab.path, "-c", insert])
        #expect(inserted.status == 0, "\(inserted.errors)")
        let read = try CommandLineProgram.run(
            [lab.path, "-c", "SELECT CUTOUT FROM lab/mouse/em X 3:9 Y 5:7 Z 1:3", "--format", "npy"])
        #expect(read.status == 0)
        #expect(read.output.starts(with: [0x93] + Array("NUMPY".utf8)))
        let header = String(decoding: read.output.dropFirst(10).prefix(118), as: UTF8.self)
        #expect(header.hasPrefix("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2, 6), }"))
        let expected = (1..<3).flatMap { z in
            (5..<7).flatMap { y in (3..<9).map { x in voxels[(z * 64 + y) * 64 + x] } }
        }
        #expect(Array(read.output.dropFirst(128)) == expected)
    }

    @Test("nothing is coloured in a pipe, whatever the terminal's name")
    func noColorsInPipes() throws {
        let lab = try Self.database()
        let outcome = try CommandLineProgram.run(
            [lab.path, "-c", ".bail off", "-c", "SELECT SLICE FROM lab/mouse/em Z 3", "-c", "SELCT"],
            environment: ["TERM": "xterm-256color", "COLORTERM": "truecolor"])
        #expect(!outcome.text.contains("\u{1B}"))
        #expect(!outcome.errors.contains("\u{1B}"))
    }

    @Test("a terminal gets colours, unless NO_COLOR is set")
    func noColor() throws {
        let lab = try Self.database()
        let statements = ["-c", "SELECT SLICE FROM lab/mouse/em Z 3"]
        let terminal = ["TERM": "xterm-256color"]
        #expect(try onTerminal([lab.path] + statements, terminal).contains("\u{1B}[38;5;"))
        let plain = try onTerminal([lab.path] + statements, terminal.merging(["NO_COLOR": "1"]) { $1 })
        #expect(plain.contains("UINT8 (Y,X) = (64,64)"))
        #expect(!plain.contains("\u{1B}["))
    }

    @Test("a reader that leaves early, such as head, is no error")
    func head() throws {
        let lab = try Self.database()
        let many = (0..<3000).map { _ in "SHOW CHANNELS IN lab/mouse;" }.joined(separator: "\n")
        try Data(many.utf8).write(to: URL(fileURLWithPath: lab.folder.file("many.bql")))
        let outcome = try CommandLineProgram.shell(
            #"{ "$BOSSQL" lab.bossdb -f many.bql --format csv; echo "status $?" >&2; } | head -n 1"#,
            folder: lab.folder.path)
        #expect(outcome.text.hasPrefix("name,"))
        #expect(outcome.errors == "status 0\n")
    }

    // MARK: Locks and rights

    @Test("--read-only does not create a database")
    func readOnlyMissing() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("missing.bossdb")
        let outcome = try CommandLineProgram.run([path, "--read-only", "-c", "SHOW COLLECTIONS"])
        #expect(outcome.status == 1)
        #expect(outcome.errors.hasPrefix("ERROR 3D000: there is no database \(path)\n"))
        #expect(access(path, F_OK) != 0)
    }

    @Test("--read-only refuses to write, with 25006")
    func readOnlyWrite() throws {
        let lab = try Self.database()
        let outcome = try CommandLineProgram.run([lab.path, "--read-only", "-c", "CREATE COLLECTION other;"])
        #expect(outcome.status == 1)
        #expect(outcome.errors.hasPrefix("ERROR 25006: "))
    }

    @Test("closed standard streams are nobody else's: no input ends the program, lost output is an error")
    func closedStreams() throws {
        let folder = try TemporaryDirectory()
        let input = try CommandLineProgram.shell(#""$BOSSQL" a.bossdb --format csv <&-"#, folder: folder.path)
        #expect(input.status == 0 && input.errors.isEmpty, "\(input.errors)")
        for streams in [">&-", "<&- >&-"] {
            let lost = try CommandLineProgram.shell(
                #""$BOSSQL" a.bossdb -c 'SHOW COLLECTIONS' --format csv "# + streams, folder: folder.path)
            #expect(lost.status == 1 && lost.errors.contains("ERROR 58030: "), "\(streams): \(lost.errors)")
        }
        let mute = try CommandLineProgram.shell(
            #""$BOSSQL" a.bossdb -c 'CREATE COLLECTION c' -c 'SHOW COLLECTIONS' --format csv 2>&- | cat"#,
            folder: folder.path)
        #expect(mute.status == 0 && mute.text.contains("\r\nc,"))
    }

    @Test("a file that may not grow is an error, not the end of the program")
    func fileSizeLimit() throws {
        let folder = try TemporaryDirectory()
        let program = try Conversation(
            CommandLineProgram.path, [folder.file("a.bossdb"), "--format", "jsonl"],
            errorsPath: folder.file("errors"))
        program.send("CREATE COLLECTION a;\n")
        #expect(program.line(seconds: 20)?.contains("CREATE COLLECTION") == true, "\(program.errors)")
        // The limit comes when the program has started, so that only its writes meet it.
        let limit = try CommandLineProgram.shell(
            "prlimit --pid \(program.child.identifier) --fsize=4096", folder: folder.path)
        #expect(limit.status == 0, "\(limit.errors)")
        program.send("CREATE COLLECTION b;\n")
        #expect(program.quit() == 1, "\(program.errors)")
        #expect(program.errors.hasPrefix("ERROR "), "\(program.errors)")
    }

    @Test("a second writer is refused with the process that holds the database; readers are not")
    func secondWriter() throws {
        let lab = try Self.database()
        let folder = try TemporaryDirectory()
        let writer = try Conversation(
            CommandLineProgram.path, [lab.path, "--format", "jsonl"], errorsPath: folder.file("errors"))
        writer.send("CREATE COLLECTION second;\n")
        #expect(writer.line(seconds: 20)?.contains("CREATE COLLECTION") == true, "\(writer.errors)")

        let refused = try CommandLineProgram.run([lab.path, "-c", "SHOW COLLECTIONS"])
        #expect(refused.status == 3)
        #expect(refused.errors.hasPrefix("ERROR 55006: "))
        #expect(refused.errors.contains(lab.path))
        #expect(refused.errors.contains("process \(writer.child.identifier)"))

        let reader = try CommandLineProgram.run(
            [lab.path, "--read-only", "-c", "SHOW COLLECTIONS", "--format", "csv"])
        #expect(reader.status == 0, "\(reader.errors)")
        #expect(reader.text.contains("\r\nsecond,"))
        #expect(writer.quit() == 0)
        #expect(try CommandLineProgram.run([lab.path, "-c", "SHOW COLLECTIONS"]).status == 0)
    }

    // MARK: Damage

    @Test("a flipped byte in the manifest exits 3 with XX001 and the file's name")
    func damagedManifest() throws {
        let lab = try Self.database()
        let manifest = try #require(try Self.files(in: lab.path).last { $0.contains("MANIFEST") })
        try Self.flipByte(of: manifest, at: try Self.size(manifest) / 2)
        try expectDamage(in: lab.path, named: "MANIFEST")
    }

    /// From the end: in the footer of 4096 bytes. From the start: in the first page, behind a header as long.
    @Test(
        "a flipped byte in a segment file exits 3 with XX001 and the file's name",
        arguments: [-4096 + 50, -4096 + 6, 4096 + 40])
    func damagedSegment(_ offset: Int) throws {
        let lab = try Self.database()
        let file = lab.folder.file("block.npy")
        _ = try Self.writeBlock(file)
        let loaded = try CommandLineProgram.run([lab.path, "-c", "IMPORT INTO lab/mouse/em FROM '\(file)'"])
        #expect(loaded.status == 0, "\(loaded.errors)")
        let segment = try #require(try Self.files(in: lab.path + "/seg").last)
        try Self.flipByte(of: segment, at: offset < 0 ? try Self.size(segment) + offset : offset)
        try expectDamage(in: lab.path, named: String(segment.split(separator: "/").last ?? ""))
    }

    // MARK: Helpers

    private func expectDamage(in path: String, named file: String) throws {
        for mode in [[], ["--read-only"]] {
            let outcome = try CommandLineProgram.run(
                [path] + mode + ["-c", "SELECT CUTOUT FROM lab/mouse/em X 0:64 Y 0:64 Z 0:16"])
            #expect(outcome.status == 3, "\(mode) \(outcome.text)")
            #expect(outcome.errors.hasPrefix("ERROR XX001: "), "\(mode) \(outcome.errors)")
            #expect(outcome.errors.contains(file), "\(outcome.errors)")
        }
    }

    /// Files below a folder, sorted by path.
    private static func files(in folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).map { folder + "/" + $0 }.sorted().filter
        {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder) && !isFolder.boolValue
        }
    }

    private static func size(_ path: String) throws -> Int {
        try Data(contentsOf: URL(fileURLWithPath: path)).count
    }

    private static func flipByte(of path: String, at offset: Int) throws {
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[offset] ^= 0x10
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.seek(toOffset: UInt64(offset))
        try handle.write(contentsOf: bytes[offset..<(offset + 1)])
        try handle.close()
    }

    /// What the program writes to a pseudo terminal of its own.
    private func onTerminal(_ arguments: [String], _ environment: [String: String]) throws -> String {
        let main = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        try #require(main >= 0)
        defer { close(main) }
        // TIOCSPTLCK and TIOCGPTN of Linux, which Swift does not see.
        var (unlocked, number): (Int32, Int32) = (0, 0)
        try #require(ioctl(main, 0x4004_5431, &unlocked) == 0 && ioctl(main, 0x8004_5430, &number) == 0)
        let terminal = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        try #require(terminal >= 0)
        let child = try ChildProcess(
            executable: CommandLineProgram.path, arguments,
            descriptors: [terminal, terminal, terminal], environment: environment)
        close(terminal)
        var written: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        let end = ContinuousClock.now + .seconds(CommandLineProgram.timeLimitSeconds)
        var ready = pollfd(fd: main, events: Int16(POLLIN), revents: 0)
        while ContinuousClock.now < end, poll(&ready, 1, 1000) >= 0 {
            let count = ready.revents == 0 ? 1 : read(main, &chunk, chunk.count)
            // Linux answers EIO when the last one has closed the terminal.
            guard count > 0 else { break }
            if ready.revents != 0 { written += chunk[..<count] }
        }
        #expect(child.wait(seconds: 10) == 0)
        return String(decoding: written, as: UTF8.self)
    }
}
