import Foundation
import Glibc
import Testing

/// Exit statuses and words of checks that find damage, or cannot look, and of output that cannot be written.
@Suite("Checks and their exit status")
struct CheckStatusTests {
    private let folder: TemporaryDirectory

    /// `lab.bossdb` with an image in segment files, and readable by everybody.
    init() throws {
        folder = try TemporaryDirectory()
        let outcome = try CommandLineProgram.run(
            ["lab.bossdb"],
            input: """
                CREATE COLLECTION lab;
                CREATE FRAME f X 0:64 Y 0:64 Z 0:16 VOXEL 4nm, 4nm, 40nm;
                CREATE EXPERIMENT lab/mouse FRAME f;
                CREATE CHANNEL lab/mouse/em TYPE IMAGE DATATYPE UINT8 CUBOID 32,32,16;
                INSERT CUTOUT INTO lab/mouse/em X 0:64 Y 0:64 Z 0:16 VALUES $1;
                CHECKPOINT;
                """.replacingOccurrences(of: "VALUES $1", with: "FROM FILE 'block.npy'"),
            folder: try Self.block(in: folder).path)
        try #require(outcome.status == 0, "\(outcome.errors)")
    }

    /// An array of noise as numpy writes it.
    private static func block(in folder: TemporaryDirectory) throws -> TemporaryDirectory {
        let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (16, 64, 64), }"
        let padded = header + String(repeating: " ", count: 117 - header.utf8.count) + "\n"
        var bytes = Data([0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(padded.utf8))
        bytes.append(
            contentsOf: (0..<(16 * 64 * 64)).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) })
        try bytes.write(to: URL(fileURLWithPath: folder.file("block.npy")))
        return folder
    }

    private func path(_ name: String) -> String { folder.file("lab.bossdb/" + name) }

    private func segment() throws -> String {
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder.file("lab.bossdb"))
        return try #require(
            names.filter { $0.hasSuffix(".seg") }.max {
                let lengths = [$0, $1].map {
                    (try? Data(contentsOf: URL(fileURLWithPath: path($0))).count) ?? 0
                }
                return lengths[0] < lengths[1]
            })
    }

    private func shell(_ line: String) throws -> CommandOutcome {
        try CommandLineProgram.shell(line, folder: folder.path)
    }

    @Test("CHECK that finds damage gives status 3 to a script, and lets it go on")
    func statement() throws {
        #expect(try shell("$BOSSQL lab.bossdb --read-only -c CHECK").status == 0)
        let name = try segment()
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path(name)))
        bytes[4096 + 96 + 16 + 300] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path(name)))
        for depth in ["CHECK", "CHECK lab/mouse/em FULL"] {
            let outcome = try shell(
                "$BOSSQL lab.bossdb --read-only --format csv -c '\(depth); SHOW COLLECTIONS;'")
            #expect(outcome.status == 3 && outcome.errors.isEmpty, "\(outcome.text) \(outcome.errors)")
            #expect(
                outcome.text.contains("\r\nerror,") && outcome.text.contains("\r\nlab,"), "\(outcome.text)")
        }
        #expect(try shell("$BOSSQL lab.bossdb --read-only -c 'CHECK QUICK'").status == 0)
    }

    @Test("output that cannot be written gives status 1 and a message")
    func fullOutput() throws {
        for line in [
            "check lab.bossdb", "check lab.bossdb --format csv", "check --help", "version", "help", "--help",
            "help check", "backup lab.bossdb copy", "restore lab.bossdb back", "salvage lab.bossdb saved",
            "lab.bossdb -c 'SHOW COLLECTIONS'",
            "lab.bossdb -c 'SELECT CUTOUT FROM lab/mouse/em' --format npy",
            "lab.bossdb -c '.tree'",
        ] {
            let outcome = try shell("$BOSSQL \(line) >/dev/full")
            #expect(outcome.status == 1, "\(line): \(outcome.errors)")
            #expect(
                outcome.errors.contains("ERROR 58030: standard output: no space left"),
                "\(line): \(outcome.errors)")
        }
        // A reader that has seen enough is no error.
        #expect(try shell("$BOSSQL check lab.bossdb | true").status == 0)
    }

    @Test("files that may not be read are no damage: status 1, the system's words, a hint on permissions")
    func permissions() throws {
        // The superuser may read everything.
        let user = getuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups " : ""
        chmod(folder.path, 0o755)
        let segment = try segment()
        let itsFolder = String(segment.prefix { $0 != "/" })
        for name in [segment, itsFolder, "MANIFEST", "catalog.sqlite", ""] {
            chmod(path(name), 0)
            defer { chmod(path(name), 0o755) }
            for depth in ["--full", "--quick"] {
                let outcome = try shell("\(user)$BOSSQL check \(depth) lab.bossdb")
                let said = "\(name) \(depth): \(outcome.text) \(outcome.errors)"
                #expect(
                    outcome.status == 1 && !said.contains("DAMAGED") && !said.contains("salvage"), "\(said)")
                #expect(
                    said.lowercased().contains("permission denied") && said.contains("permissions"), "\(said)"
                )
            }
        }
        let locked = try shell("\(user)$BOSSQL lab.bossdb -c 'SHOW COLLECTIONS'")
        #expect(getuid() != 0 || locked.status == 1, "\(locked.errors)")
        #expect(
            getuid() != 0 || locked.errors.contains("LOCK cannot be opened: permission denied"),
            "\(locked.errors)")
    }

    @Test("a path that is too long is refused with a hint, and nothing is left")
    func longPath() throws {
        let name = String(repeating: "n", count: 240)
        try FileManager.default.createDirectory(
            atPath: folder.file("\(name)/\(name)"), withIntermediateDirectories: true)
        let outcome = try shell("$BOSSQL \(name)/\(name)/lab.bossdb -c 'SHOW COLLECTIONS'")
        #expect(outcome.status == 1 && outcome.errors.contains("ERROR 54000"), "\(outcome.errors)")
        #expect(outcome.errors.contains("HINT: "))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("\(name)/\(name)")).isEmpty)
    }
}
