import BossDatabase
import BossQuery
import BossVoxels
import Foundation
import Testing

/// Files that cannot be read or written, given to the statements that take files.
@Suite("Hostile files")
struct HostileFileTests {
    private let fixture: ResourceFixture
    private let before: [String]

    init() throws {
        fixture = try HostileStatementTests.prepared()
        before = try fixture.fingerprint()
    }

    private func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        let path = fixture.folder + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// Both statements that read files refuse this one, and nothing has changed.
    private func expectRefusal(_ path: String, _ states: Set<String>) throws {
        for statement in [
            "INSERT CUTOUT INTO em X 0:4 Y 0:2 Z 0:1 FROM FILE '\(path)'", "IMPORT INTO em FROM '\(path)'",
            "BEGIN; INSERT CUTOUT INTO em X 0:4 Y 0:2 Z 0:1 FROM FILE '\(path)'",
        ] {
            let session = Session(database: fixture.database)
            try session.execute("USE lab/mouse")
            do {
                try session.execute(statement)
                Issue.record("\(statement) was accepted")
            } catch let error as DatabaseError {
                #expect(states.contains(error.sqlState), "\(statement): \(error)")
                #expect(
                    error.message.contains((path as NSString).lastPathComponent), "\(statement): \(error)")
                HostileStatementTests.expectInside(error, statement)
            }
        }
        #expect(try fixture.fingerprint() == before)
    }

    private func npy(_ descriptor: String, _ shape: String, byteCount: Int) -> [UInt8] {
        CaseFiles.npyHeader(descriptor: descriptor, shape: shape) + Array(repeating: 1, count: byteCount)
    }

    @Test("an NPY file cut at every length of its header and voxels")
    func truncated() throws {
        let whole = npy("|u1", "1, 2, 4", byteCount: 8)
        for count in [0, 1, 5, 6, 7, 8, 9, 10, 11, 60, 127, 128, 129, 135] {
            try expectRefusal(try file("cut\(count).npy", Array(whole.prefix(count))), ["22V09"])
        }
        try expectRefusal(try file("long.npy", whole + [0]), ["22V09"])
    }

    @Test("NPY headers that declare more than there can be")
    func hugeShapes() throws {
        for (number, shape) in [
            "1152921504606846976, 1152921504606846976, 1152921504606846976", "1, 1, 1152921504606846976",
            "9223372036854775807, 9223372036854775807", "18446744073709551616, 1, 1", "1099511627776, 1, 1",
            "-1, 2, 4",
            "0, 2, 4", "1, 2, 4, 5, 6, 7", "", "1e3, 2, 4", "1, 2,", "4294967296, 4294967296, 1",
        ].enumerated() {
            let path = try file("huge\(number).npy", npy("|u1", shape, byteCount: 8))
            try expectRefusal(path, ["22V09", "54000", "22V03", "22V01"])
        }
    }

    @Test("NPY types that no channel has, and headers that are no dictionaries")
    func strangeHeaders() throws {
        for (number, type) in ["<c8", "|O", "|S5", "<M8", "<f2", ">x4", "u1", "", "<u16"].enumerated() {
            let path = try file("type\(number).npy", npy(type, "1, 2, 4", byteCount: 8))
            try expectRefusal(path, ["22V09", "22V04"])
        }
        let magic: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
        for (number, text) in [
            "", "{", "{}", "[1]", "{'descr': '|u1'}", String(repeating: "{", count: 60_000),
        ].enumerated() {
            let count = text.utf8.count
            let bytes = magic + [UInt8(count & 0xFF), UInt8(count >> 8)] + Array(text.utf8)
            try expectRefusal(try file("header\(number).npy", bytes), ["22V09"])
        }
    }

    @Test("gzip and NIfTI files that end early or are something else")
    func compressed() throws {
        let gzip: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
        for (number, bytes) in [
            [], [0x1F], [0x1F, 0x8B], gzip, gzip + [0x03], gzip + Array(repeating: 0xFF, count: 64),
            Array(repeating: 0, count: 400),
        ].enumerated() {
            try expectRefusal(try file("v\(number).nii.gz", bytes), ["22V09"])
            try expectRefusal(try file("w\(number).nii", bytes), ["22V09"])
        }
    }

    @Test("a NIfTI header with absurd lengths")
    func nifti() throws {
        var header = [UInt8](repeating: 0, count: 352 + 8)
        func set(_ value: Int16, at offset: Int) {
            header[offset] = UInt8(truncatingIfNeeded: value)
            header[offset + 1] = UInt8(truncatingIfNeeded: value >> 8)
        }
        (header[0], header[1]) = (0x5C, 0x01)
        header.replaceSubrange(344..<348, with: Array("n+1\0".utf8))
        for (rank, lengths) in [
            (3, [32767, 32767, 32767]), (7, [1, 1, 1, 1, 32767, 32767, 32767]), (3, [-1, 2, 4]),
            (9, [4, 2, 1]), (0, []),
        ]
            as [(Int16, [Int16])]
        {
            set(rank, at: 40)
            for place in 0..<7 { set(place < lengths.count ? lengths[place] : 1, at: 42 + 2 * place) }
            set(2, at: 70)
            set(8, at: 72)
            header.replaceSubrange(108..<112, with: [0, 0, 0xB0, 0x43])
            try expectRefusal(
                try file("n\(rank)\(lengths.count).nii", header), ["22V09", "54000", "22V01", "22V03"])
        }
    }

    @Test("PNG and TIFF files that end early")
    func pictures() throws {
        let path = fixture.folder + "/whole.png"
        try fixture.run("SELECT IMAGE FROM em Z 0 INTO FILE '\(path)'")
        let whole = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        for count in [8, 20, 33, 40, whole.count - 13] {
            try expectRefusal(try file("p\(count).png", Array(whole.prefix(count))), ["22V09", "22V03"])
        }
        for (number, bytes) in [
            Array("II*\0".utf8), Array("II*\0".utf8) + [8, 0, 0, 0],
            Array("MM\0*".utf8) + [0xFF, 0xFF, 0xFF, 0xFF],
            Array("II*\0".utf8) + [8, 0, 0, 0, 0xFF, 0xFF] + Array(repeating: 0xFF, count: 100),
        ].enumerated() {
            try expectRefusal(try file("t\(number).tif", bytes), ["22V09"])
        }
    }

    @Test("files that are not there, that are folders, and paths that cannot be")
    func missing() throws {
        try expectRefusal(fixture.folder + "/none.npy", ["58030"])
        try expectRefusal(fixture.folder + "/none/none.npy", ["58030"])
        try FileManager.default.createDirectory(
            atPath: fixture.folder + "/folder.npy", withIntermediateDirectories: true)
        try expectRefusal(fixture.folder + "/folder.npy", ["58030"])
        try expectRefusal(fixture.folder + "/*.nothing", ["58030"])
        try expectRefusal(fixture.folder + "/" + String(repeating: "x", count: 5000), ["58030"])
    }

    @Test("a file that may not be read", .enabled(if: geteuid() != 0, "root reads everything"))
    func unreadable() throws {
        let path = try file("secret.npy", npy("|u1", "1, 2, 4", byteCount: 8))
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
        try expectRefusal(path, ["58030"])
    }

    @Test("results are not written to missing folders, over folders, or to names that cannot be")
    func unwritable() throws {
        for target in ["/none/a.npy", "/none/a.raw", "", "/" + String(repeating: "x", count: 300) + ".npy"] {
            let path = fixture.folder + target
            for statement in [
                "SELECT CUTOUT FROM em INTO FILE '\(path)'",
                "SELECT SLICE FROM em Z 0 FORMAT RAW INTO FILE '\(path)'",
                "SELECT IMAGE FROM em Z 0 INTO FILE '\(path)'",
            ] {
                #expect(fixture.refusal(statement).hasPrefix("58030"), "\(statement)")
            }
        }
        #expect(fixture.refusal("SELECT CUTOUT FROM em INTO FILE ''").hasPrefix("58030"))
        #expect(try fixture.fingerprint() == before)
    }

    @Test("a stack whose files differ is refused")
    func mixedStack() throws {
        for (number, shape) in ["2, 4", "2, 5", "2, 4"].enumerated() {
            let count = shape.hasSuffix("4") ? 8 : 10
            _ = try file("stack\(number).npy", npy("|u1", shape, byteCount: count))
        }
        for statement in ["IMPORT INTO em FROM '\(fixture.folder)/stack*.npy'"] {
            #expect(fixture.refusal(statement).hasPrefix("22V09"), "\(statement)")
        }
        #expect(try fixture.fingerprint() == before)
    }
}
