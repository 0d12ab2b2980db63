import BossDatabase
import BossGeometry
import BossQuery
import BossVoxels
import Foundation
import Testing

/// Statements that must be refused: with the right SQLSTATE, a place inside the text, and without changing
/// anything. Those whose message matters too are in Tests/QueryCases.
@Suite("Hostile statements")
struct HostileStatementTests {
    /// Runs statements that must fail, and compares the database before and after.
    private func expectRefusals(_ statements: [(String, String)], _ parameters: [Parameter] = []) throws {
        let fixture = try Self.prepared()
        let before = try fixture.fingerprint()
        for (statement, state) in statements {
            let shown = String(statement.prefix(120))
            do {
                _ = try fixture.session.query(statement, parameters: parameters)
                Issue.record("\(shown) was accepted, \(state) expected")
            } catch {
                #expect(error.sqlState == state, "\(shown): \(error)")
                Self.expectInside(error, statement)
            }
        }
        #expect(try fixture.fingerprint() == before)
        #expect(try fixture.lines("FIND IDS IN seg") == ["3"])
    }

    static func expectInside(_ error: DatabaseError, _ statement: String) {
        guard let position = error.position else {
            Issue.record("no place: \(error) of \(statement.prefix(120))")
            return
        }
        let lines = statement.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(position.utf8Offset <= statement.utf8.count, "\(statement.prefix(120))")
        #expect(1...lines.count ~= position.line, "\(statement.prefix(120))")
        let length = lines.indices.contains(position.line - 1) ? lines[position.line - 1].count : 0
        #expect(1...length + 1 ~= position.column, "\(statement.prefix(120))")
        #expect(position.length >= 1)
    }

    /// `lab/mouse` of 100 x 80 x 20 voxels with `em` and `seg`, each with a few voxels of value 3.
    static func prepared() throws -> ResourceFixture {
        let fixture = try ResourceFixture.withChannels()
        let (image, labels) = (
            try ResourceFixture.volume(.uint8, [1, 2, 4], filledWith: 3),
            try ResourceFixture.volume(.uint64, [1, 2, 4], filledWith: 3)
        )
        try fixture.run("USE lab/mouse")
        try fixture.run("INSERT CUTOUT INTO em X 62:66 Y 0:2 Z 0 VALUES $1", parameters: [.volume(image)])
        try fixture.run("INSERT CUTOUT INTO seg X 62:66 Y 0:2 Z 0 VALUES $1", parameters: [.volume(labels)])
        return fixture
    }

    // MARK: Numbers

    private static let extremes = [
        "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616",
        "-9223372036854775808", "-9223372036854775809", "549755813889", "-549755813889",
    ]

    @Test("coordinates at the ends of all integers are out of range on every axis and in every item")
    func coordinates() throws {
        var statements: [(String, String)] = []
        for number in Self.extremes {
            for axis in ["X", "Y", "Z", "T"] {
                statements.append(("SELECT CUTOUT FROM em \(axis) \(number)", "22003"))
                statements.append(("DELETE CUTOUT FROM em \(axis) 0:\(number) OUTSIDE CLIP", "22003"))
                statements.append(("FIND IDS IN seg \(axis) \(number):1 OUTSIDE CLIP", "22003"))
            }
            statements.append(("SELECT CUTOUT FROM em BOX (0, 0, 0) TO (1, \(number), 1)", "22003"))
            statements.append(("SELECT CUTOUT FROM em AROUND (0, \(number), 0) SIZE 4 OUTSIDE FILL", "22003"))
            statements.append(("FIND ID AT (\(number), 0, 0) IN seg", "22003"))
            statements.append(("IMPORT INTO em FROM 'x.npy' AT (0, 0, \(number))", "22003"))
        }
        try expectRefusals(statements)
    }

    @Test("so are those of parameters")
    func coordinateParameters() throws {
        let values: [Parameter] = [
            .integer(.max), .integer(.min), .unsigned(.max), .unsigned(1 << 63), .integer(1 << 40),
            .integer(-(1 << 40)),
        ]
        for value in values {
            try expectRefusals(
                [
                    ("SELECT CUTOUT FROM em X $1", "22003"),
                    ("SELECT CUTOUT FROM em Z 0:$1 OUTSIDE FILL", "22003"),
                    ("SELECT CUTOUT FROM em T $1", "22003"), ("SELECT CUTOUT FROM em T 0:$1", "22003"),
                    ("SELECT CUTOUT FROM em AROUND ($1, 0, 0) SIZE 1", "22003"),
                    ("COUNT VOXELS IN em BOX ($1, 0, 0) TO ($1, 1, 1)", "22003"),
                ], [value])
        }
    }

    @Test("lengths and times that are absurd")
    func quantities() throws {
        try expectRefusals([
            ("SELECT CUTOUT FROM em X 0nm:999999999999m", "22003"),
            ("SELECT CUTOUT FROM em X 1e300nm", "22003"),
            ("SELECT CUTOUT FROM em X 1e308m:1nm", "22003"), ("SELECT CUTOUT FROM em X -1e300m:1nm", "22003"),
            ("SELECT CUTOUT FROM em X 1e999nm", "22003"), ("SELECT CUTOUT FROM em T 1e300s", "22003"),
            ("SELECT CUTOUT FROM em T 0s:1e308s", "22003"), ("SELECT CUTOUT FROM em RES AT 0nm", "22V06"),
            ("SELECT CUTOUT FROM em RES AT 1e-300nm", "22V06"), ("SELECT CUTOUT FROM em RES AT 4s", "22023"),
            ("SELECT CUTOUT FROM em RES AT 4KB", "22023"), ("SELECT CUTOUT FROM em X 0KB:4KB", "22023"),
            ("SELECT CUTOUT FROM em T 0KB:4KB", "22023"), ("SELECT CUTOUT FROM em X 1.5:2", "42601"),
        ])
    }

    @Test("ranges, sizes, levels and pads that cannot be")
    func shapes() throws {
        try expectRefusals([
            ("SELECT CUTOUT FROM em X 5:5", "22V02"), ("SELECT CUTOUT FROM em X 6:5", "22V02"),
            ("SELECT CUTOUT FROM em X 5:-5", "22V02"), ("SELECT CUTOUT FROM em X :-5 OUTSIDE FILL", "22V02"),
            ("SELECT CUTOUT FROM em X 100: OUTSIDE FILL", "22V02"), ("DELETE CUTOUT FROM em Z 7:3", "22V02"),
            ("INSERT CUTOUT INTO em Z 7:3 VALUES $1", "22V02"), ("COUNT VOXELS IN em T 2:1", "22V02"),
            ("SELECT CUTOUT FROM em BOX (5, 5, 5) TO (5, 6, 6)", "22V02"),
            ("SELECT CUTOUT FROM em BOX (5, 5, 5) TO (4, 6, 6)", "22V02"),
            ("SELECT CUTOUT FROM em AROUND (5, 5, 5) SIZE 0", "22023"),
            ("SELECT CUTOUT FROM em AROUND (5, 5, 5) SIZE 1, 0, 1", "22023"),
            ("SELECT CUTOUT FROM em AROUND (5, 5, 5) SIZE -1", "42601"),
            ("SELECT CUTOUT FROM em AROUND (5, 5, 5) SIZE 2147483648", "22003"),
            ("SELECT CUTOUT FROM em AROUND (5, 5, 5) SIZE 2147483647 OUTSIDE FILL", "54V01"),
            ("SELECT CUTOUT FROM em RES 99", "22V06"), ("SELECT CUTOUT FROM em RES 5", "22V06"),
            ("SELECT CUTOUT FROM em RES 99999999999", "22003"), ("SELECT CUTOUT FROM em RES -1", "42601"),
            ("SELECT CUTOUT FROM em COORDS RES 31", "22V06"), ("DOWNSAMPLE em RES 3 TO 99", "22V06"),
            ("DOWNSAMPLE em RES 2 TO 2", "22V06"), ("DOWNSAMPLE em RES 4 TO 1", "22V06"),
            ("SELECT CUTOUT FROM seg OF ID 3 PAD 1048577", "22023"),
            ("SELECT CUTOUT FROM seg OF ID 3 PAD 99999999999", "22003"),
            ("SELECT CUTOUT FROM seg OF ID 3 PAD -1", "42601"), ("SELECT CUTOUT FROM seg OF ID -3", "22003"),
            ("SELECT CUTOUT FROM seg OF ID 0", "02V01"),
            ("SELECT CUTOUT FROM seg OF ID 18446744073709551615", "02V01"),
            ("SELECT CUTOUT FROM em X -549755813888:549755813888 OUTSIDE FILL", "54V01"),
        ])
    }

    @Test("a pad of a million voxels stops at the border of the frame")
    func largePad() throws {
        let fixture = try Self.prepared()
        #expect(
            try fixture.volume("SELECT CUTOUT FROM seg OF ID 3 PAD 1048576").volume.shape == [20, 80, 100])
    }

    @Test("LIMIT, OFFSET, BINS, RANGE and WINDOW")
    func options() throws {
        try expectRefusals(
            [
                ("FIND IDS IN seg LIMIT $1", "22023"), ("SELECT id FROM IDS(seg) LIMIT $1", "22023"),
                ("SELECT id FROM IDS(seg) LIMIT 1 OFFSET $1", "22023"), ("FIND IDS IN seg LIMIT -1", "42601"),
                ("HISTOGRAM OF em BINS $1", "22023"), ("HISTOGRAM OF em BINS 0", "22023"),
                ("HISTOGRAM OF em BINS 1000000000", "22023"), ("HISTOGRAM OF em BINS 1048577", "22023"),
                ("HISTOGRAM OF em RANGE 5, 5", "22V02"), ("HISTOGRAM OF em RANGE 6, 5", "22V02"),
                ("HISTOGRAM OF em RANGE -1.7e308, 1.7e308", "22V02"),
                ("HISTOGRAM OF em RANGE $2, 5", "22023"),
                ("HISTOGRAM OF em RANGE 0, $3", "22023"), ("HISTOGRAM OF em RANGE 0, $4", "42804"),
                ("SELECT IMAGE FROM em Z 0 FORMAT PNG (WINDOW 5, 5)", "22V02"),
                ("SELECT IMAGE FROM em Z 0 FORMAT PNG (WINDOW 6, 5)", "22V02"),
                ("SELECT IMAGE FROM em Z 0 FORMAT PNG (WINDOW $2, 5)", "22023"),
                ("SELECT IMAGE FROM em Z 0 FORMAT PNG (WINDOW 0, $3)", "22023"),
                ("SELECT CUTOUT FROM em X 0:1 OUTSIDE FILL $2", "42804"),
                ("SET max_result_bytes = $2", "22023"), ("SET max_result_bytes = $3", "22023"),
            ], [.integer(-1), .float(.nan), .float(.infinity), .text("ten")])
    }

    // MARK: Parameters and names

    @Test("parameters of the wrong type, and missing ones")
    func parameters() throws {
        let volume = try ResourceFixture.volume(.uint8, [1, 1, 1], [1])
        let wrong: [Parameter] = [
            .null, .boolean(true), .text("1"), .float(1), .list([.integer(1)]), .volume(volume),
        ]
        for value in wrong {
            try expectRefusals(
                [
                    ("SELECT CUTOUT FROM em X $1:5", "42804"), ("SELECT CUTOUT FROM em T $1", "42804"),
                    ("BBOX OF ID $1 IN seg", "42804"), ("SELECT CUTOUT FROM seg OF ID $1", "42804"),
                    ("FIND IDS IN seg LIMIT $1", "42804"), ("FIND ID AT (0, $1, 0) IN seg", "42804"),
                    ("HISTOGRAM OF em BINS $1", "42804"), ("SELECT CUTOUT FROM em X $2", "07001"),
                    ("INSERT CUTOUT INTO em VALUES $2", "07001"),
                    ("FIND IDS IN seg WHERE id IN $999", "07001"),
                ], [value])
        }
        try expectRefusals(
            [("FIND IDS IN seg WHERE id = $1", "42804"), ("INSERT CUTOUT INTO em VALUES $1", "42804")],
            [.null])
        try expectRefusals([("FIND IDS IN seg WHERE id IN $1", "42804")], [.list([.integer(1), .null])])
    }

    @Test("arrays of another shape, rank or type")
    func arrays() throws {
        let region = "INSERT CUTOUT INTO em X 0:4 Y 0:2 Z 0:3 VALUES $1"
        for shape in [
            [3, 2, 3], [3, 2, 5], [2, 3, 4], [4, 2, 3], [24], [6, 4], [3, 2, 4, 1], [2, 3, 2, 4], [0, 2, 4],
            [1, 1, 1],
        ] {
            let volume = try ResourceFixture.volume(.uint8, shape, filledWith: 1)
            try expectRefusals([(region, "22V03")], [.volume(volume)])
        }
        for type in VoxelType.allCases where type != .uint8 {
            let volume = try ResourceFixture.volume(type, [3, 2, 4], filledWith: 1)
            try expectRefusals([(region, "22V04")], [.volume(volume)])
        }
    }

    @Test("unknown names come with near matches")
    func names() throws {
        let fixture = try Self.prepared()
        let before = try fixture.fingerprint()
        for (statement, hint) in [
            ("SELECT CUTOUT FROM emm", "did you mean lab/mouse/em?"),
            ("DELETE CUTOUT FROM sge", "did you mean lab/mouse/seg?"),
            ("INSERT CUTOUT INTO labb/mouse/em VALUES $1", "did you mean lab/mouse/em?"),
            ("DOWNSAMPLE xeg", "did you mean lab/mouse/seg?"),
            ("STATS OF em WITHIN seq", "did you mean lab/mouse/seg?"),
            ("FIND IDS IN seg WHERE idd = 3", "known here: id"),
            ("SELECT voxel FROM IDS(seg)", "did you mean voxels?"),
            ("SELECT id FROM IDSS(seg)", "did you mean IDS?"),
            ("SELECT nothing FROM IDS(seg)", "the columns are id, voxels, pages"),
            ("IMPORT INTO em2 FROM 'a.npy'", "did you mean lab/mouse/em?"),
        ] {
            #expect(fixture.hint(statement) == hint, "\(statement)")
        }
        #expect(try fixture.fingerprint() == before)
    }
}
