import BossDatabase
import BossQuery
import Foundation
import Testing

@Suite("CREATE, ALTER and DROP")
struct ResourceStatementTests {
    // MARK: CREATE

    @Test("every kind answers with its tag and takes every option")
    func create() throws {
        let fixture = try ResourceFixture()
        #expect(try fixture.tag("CREATE COLLECTION lab DESCRIPTION 'It''s ours'") == "CREATE COLLECTION")
        let frame = "CREATE FRAME f X 10:100 Y :80 Z 0:20 VOXEL 4nm, 4nm, 40nm DESCRIPTION 'tilted'"
        #expect(try fixture.tag(frame) == "CREATE FRAME")
        let experiment =
            "CREATE EXPERIMENT lab/m FRAME f LEVELS 4 HIERARCHY ISOTROPIC TIME 7 STEP 2.5ms DESCRIPTION 'd'"
        #expect(try fixture.tag(experiment) == "CREATE EXPERIMENT")
        try fixture.run("CREATE CHANNEL lab/m/a TYPE IMAGE DATATYPE UINT8")
        let channel = """
            CREATE CHANNEL lab/m/b TYPE IMAGE DATATYPE INT16 CUBOID 128,64,8 CODEC LZ4 BASE RES 1 DEFAULT T 2
            BACKGROUND -5 SOURCES (a) RELATED (lab/m/c) DESCRIPTION 'x'
            """
        try fixture.run("CREATE CHANNEL lab/m/c TYPE ANNOTATION DATATYPE UINT32 CODEC NONE")
        #expect(try fixture.tag(channel) == "CREATE CHANNEL")
        let expected = [
            "path": "lab/m/b", "kind": "CHANNEL", "type": "IMAGE", "datatype": "INT16", "description": "x",
            "frame": "f", "x": "5:50", "y": "0:40", "z": "0:10", "voxel_size": "8nm, 8nm, 80nm",
            "base_res": "1",
            "levels": "1 to 4", "hierarchy": "ISOTROPIC", "time_samples": "7", "time_step": "2.5ms",
            "default_time": "2", "cuboid": "128x64x8", "brick": "64x64x8", "codec": "LZ4", "background": "-5",
            "sources": "a", "related": "c", "pages": "0", "stored_bytes": "0", "downsampled": "current",
        ]
        var found = try fixture.description("lab/m/b")
        #expect(found.removeValue(forKey: "created_at")?.hasSuffix("Z") == true)
        #expect(found == expected)
        #expect(try fixture.description("lab")["description"] == "It's ours")
    }

    @Test("IF NOT EXISTS keeps what is there, and without it the name is taken")
    func ifNotExists() throws {
        let fixture = try ResourceFixture.withChannels()
        for statement in [
            "CREATE COLLECTION IF NOT EXISTS lab DESCRIPTION 'new'",
            "CREATE FRAME IF NOT EXISTS f X 0:1 Y 0:1 Z 0:1 VOXEL 1nm, 1nm, 1nm",
            "CREATE EXPERIMENT IF NOT EXISTS lab/mouse FRAME nowhere",
            "CREATE CHANNEL IF NOT EXISTS lab/mouse/em TYPE IMAGE DATATYPE FLOAT32",
        ] {
            #expect(fixture.refusal(statement) == "success", "\(statement)")
        }
        #expect(try fixture.description("lab")["description"] == nil)
        #expect(try fixture.description("lab/mouse/em")["datatype"] == "UINT8")
        #expect(fixture.refusal("CREATE COLLECTION lab") == "42P07 19")
        #expect(fixture.refusal("CREATE FRAME f X 0:1 Y 0:1 Z 0:1 VOXEL 1nm, 1nm, 1nm") == "42P07 14")
        #expect(fixture.refusal("CREATE EXPERIMENT lab/mouse FRAME f") == "42P07 19")
        #expect(fixture.refusal("CREATE CHANNEL lab/mouse/em TYPE IMAGE DATATYPE UINT8") == "42P07 16")
    }

    @Test("USE fills in leading segments, also for new names and links")
    func use() throws {
        let fixture = try ResourceFixture.withChannels()
        try fixture.run(
            """
            USE lab; CREATE EXPERIMENT rat FRAME f; USE lab/rat;
            CREATE CHANNEL a TYPE IMAGE DATATYPE UINT8; CREATE CHANNEL b TYPE IMAGE DATATYPE UINT8 SOURCES (a);
            """)
        #expect(try fixture.column("name", of: "SHOW CHANNELS") == ["a", "b"])
        #expect(try fixture.description("b")["sources"] == "a")
        #expect(
            fixture.refusal("CREATE CHANNEL lab/mouse/z TYPE IMAGE DATATYPE UINT8 SOURCES (lab/rat/a)")
                == "22023 63")
    }

    @Test("voxel sizes keep a common unit, and become nanometers exactly when units differ")
    func voxelSizes() throws {
        let fixture = try ResourceFixture()
        let sizes = [
            ("a", "4nm, 4nm, 40nm", "4nm, 4nm, 40nm"), ("b", "0.7mm, 0.7mm, 1mm", "0.7mm, 0.7mm, 1mm"),
            ("c", "0.0011mm, 1.1um, 40nm", "1100nm, 1100nm, 40nm"),
            ("d", "0.5um, 1e-3mm, 2e-5cm", "500nm, 1000nm, 200nm"),
            ("e", "1.1m, 2m, 3m", "110cm, 200cm, 300cm"), ("g", "0.0007m, 1nm, 1nm", "700000nm, 1nm, 1nm"),
        ]
        try fixture.run("CREATE COLLECTION c")
        for (name, written, kept) in sizes {
            try fixture.run(
                "CREATE FRAME \(name) X 0:9 Y 0:9 Z 0:9 VOXEL \(written); CREATE EXPERIMENT c/\(name) FRAME \(name)"
            )
            #expect(try fixture.description("c/\(name)")["voxel_size"] == kept)
        }
    }

    @Test("bounds of frames may be lengths, rounded so that the voxels cover them")
    func physicalBounds() throws {
        let fixture = try ResourceFixture()
        try fixture.run(
            "CREATE FRAME f X 0nm:2um Y 9nm:17nm Z $1:$2 VOXEL 4nm, 4nm, 40nm",
            parameters: [.integer(3), .integer(8)])
        let row = try fixture.rows("SHOW FRAMES").rows[0].map(ResourceFixture.text)
        #expect(row == ["f", "0", "500", "2", "5", "3", "8", "4.0", "4.0", "40.0", "nm"])
    }

    @Test(
        "frames that make no sense are refused at the axis",
        arguments: [
            ("X * Y 0:8 Z 0:8 VOXEL 1nm, 1nm, 1nm", "22023 16"),
            ("X 0:8 Y 5: Z 0:8 VOXEL 1nm, 1nm, 1nm", "22023 22"),
            ("X 8 Y 0:8 Z 0:8 VOXEL 1nm, 1nm, 1nm", "22023 16"),
            ("X 8:8 Y 0:8 Z 0:8 VOXEL 1nm, 1nm, 1nm", "22V02 16"),
            ("X 0:8 Y 0:8 Z 9:8 VOXEL 1nm, 1nm, 1nm", "22V02 28"),
            ("X -1:8 Y 0:8 Z 0:8 VOXEL 1nm, 1nm, 1nm", "22023 16"),
            ("X 0:8 Y 0:8um Z 0:8 VOXEL 1nm, 1nm, 1nm", "42V03 22"),
            ("X 0:8 Y 0:8 Z 0s:8s VOXEL 1nm, 1nm, 1nm", "42804 30"),
            ("X 0:8 Y 0:8 Z 0:2000000000000 VOXEL 1nm, 1nm, 1nm", "22023 28"),
            ("X 0:8 Y 0:8 Z 0:8 VOXEL 1nm, 0nm, 1nm", "22023 45"),
            ("X 0:8 Y 0:8 Z 0:8 VOXEL 1nm, 1nm, 1s", "42804 50"),
            ("X 0:$1 Y 0:8 Z 0:8 VOXEL 1nm, 1nm, 1nm", "07001 20"),
        ])
    func badFrames(_ frame: String, _ expected: String) throws {
        let fixture = try ResourceFixture()
        #expect(fixture.refusal("CREATE FRAME f " + frame) == expected)
    }

    @Test(
        "values that are not allowed are refused at their option",
        arguments: [
            ("CREATE COLLECTION \"a b\"", "42602 19"), ("CREATE EXPERIMENT nowhere/e FRAME f", "42P01 19"),
            ("CREATE EXPERIMENT lab/e FRAME g", "42P01 31"),
            ("CREATE EXPERIMENT lab/e FRAME f LEVELS 0", "22023 40"),
            ("CREATE EXPERIMENT lab/e FRAME f LEVELS 32", "22023 40"),
            ("CREATE EXPERIMENT lab/e FRAME f TIME 0", "22023 38"),
            ("CREATE EXPERIMENT lab/e FRAME f TIME 2 STEP 5nm", "42804 45"),
            ("CREATE CHANNEL lab/mice/a TYPE IMAGE DATATYPE UINT8", "42P01 16"),
            ("CREATE CHANNEL lab/mouse/a TYPE IMAGE DATATYPE TEXT", "22023 48"),
            ("CREATE CHANNEL lab/mouse/a TYPE ANNOTATION DATATYPE UINT8", "22023 53"),
            ("CREATE CHANNEL lab/mouse/a TYPE IMAGE DATATYPE UINT8 CUBOID 0,1,1", "22023 61"),
            ("CREATE CHANNEL lab/mouse/a TYPE IMAGE DATATYPE UINT8 BASE RES 5", "22023 63"),
            ("CREATE CHANNEL lab/mouse/a TYPE IMAGE DATATYPE UINT8 DEFAULT T 3", "22023 64"),
            ("CREATE CHANNEL lab/mouse/a TYPE IMAGE DATATYPE UINT8 BACKGROUND 256", "22003 65"),
            ("CREATE CHANNEL lab/mouse/a TYPE IMAGE DATATYPE UINT8 SOURCES (em, none)", "42P01 67"),
            ("CREATE CHANNEL lab/mouse/a TYPE IMAGE DATATYPE UINT8 SOURCES (em, em)", "22023 63"),
            ("CREATE CHANNEL lab/mouse/a TYPE IMAGE DATATYPE UINT8 RELATED (a)", "22023 63"),
            ("CREATE CHANNEL lab/mouse/a TYPE IMAGE DATATYPE UINT8 CODEC LABEL", "0A000 60"),
            ("CREATE CHANNEL lab/mouse/a TYPE IMAGE DATATYPE UINT8 LEVEL WRITES", "0A000 54"),
            ("CREATE CHANNEL lab/mouse/a TYPE IMAGE DATATYPE UINT8 AUTO DOWNSAMPLE", "0A000 54"),
            ("CREATE POINTS lab/mouse/p (a UINT64)", "0A000 1"),
            ("CREATE ROI lab/mouse/r AS BOX (0,0,0) TO (1,1,1)", "0A000 1"),
            ("DROP POINTS lab/mouse/p", "0A000 1"),
            ("ALTER ROI lab/mouse/p RENAME TO q", "0A000 1"),
        ])
    func refusedValues(_ statement: String, _ expected: String) throws {
        let fixture = try ResourceFixture.withChannels()
        #expect(fixture.refusal(statement) == expected)
    }

    @Test("levels beyond 30 are refused at BASE RES and at LEVELS")
    func deepHierarchies() throws {
        let fixture = try ResourceFixture.withChannels()
        try fixture.run("CREATE EXPERIMENT lab/deep FRAME f LEVELS 30")
        let channel = "CREATE CHANNEL lab/deep/a TYPE IMAGE DATATYPE UINT8 BASE RES "
        #expect(fixture.refusal(channel + "2") == "22023 62")
        #expect(fixture.refusal(channel + "1") == "success")
        #expect(try fixture.description("lab/deep/a")["levels"] == "1 to 30")
        #expect(fixture.refusal("ALTER EXPERIMENT lab/deep SET LEVELS 31") == "22023 38")
    }

    @Test("unknown names come with near matches")
    func nearMatches() throws {
        let fixture = try ResourceFixture.withChannels()
        #expect(fixture.hint("CREATE EXPERIMENT lab/e FRAME ff") == "SHOW FRAMES lists them")
        try fixture.run("CREATE FRAME frame1 X 0:1 Y 0:1 Z 0:1 VOXEL 1nm, 1nm, 1nm")
        #expect(fixture.hint("CREATE EXPERIMENT lab/e FRAME frame2") == "did you mean frame1?")
        #expect(
            fixture.hint("CREATE CHANNEL lab/moose/e TYPE IMAGE DATATYPE UINT8") == "did you mean lab/mouse?")
        #expect(fixture.hint("DROP CHANNEL lab/mouse/sec") == "did you mean lab/mouse/seg?")
        #expect(fixture.hint("SHOW EXPERIMENTS IN labb") == "did you mean lab?")
        #expect(fixture.hint("DESCRIBE lab/mouse/en") == "did you mean lab/mouse/em?")
    }

    // MARK: ALTER

    @Test("ALTER changes options")
    func alter() throws {
        let fixture = try ResourceFixture.withChannels()
        #expect(try fixture.tag("ALTER COLLECTION lab SET DESCRIPTION 'a'") == "ALTER COLLECTION")
        #expect(try fixture.tag("ALTER FRAME f SET DESCRIPTION 'b'") == "ALTER FRAME")
        #expect(
            try fixture.tag("ALTER EXPERIMENT lab/mouse SET LEVELS 6, TIME 9, DESCRIPTION 'c'")
                == "ALTER EXPERIMENT")
        #expect(
            try fixture.tag("ALTER CHANNEL lab/mouse/em SET BASE RES 1, DEFAULT T 8, RELATED (seg)")
                == "ALTER CHANNEL")
        #expect(try fixture.description("lab")["description"] == "a")
        let experiment = try fixture.description("lab/mouse")
        #expect(
            experiment["levels"] == "6" && experiment["time_samples"] == "9"
                && experiment["time_step"] == "5ms")
        let channel = try fixture.description("lab/mouse/em")
        #expect(channel["base_res"] == "1" && channel["default_time"] == "8" && channel["related"] == "seg")
    }

    @Test(
        "ALTER refuses what is fixed and what belongs to another kind",
        arguments: [
            ("ALTER CHANNEL lab/mouse/em SET DATATYPE UINT16", "55V02 41"),
            ("ALTER CHANNEL lab/mouse/em SET TYPE IMAGE", "55V02 37"),
            ("ALTER CHANNEL lab/mouse/em SET CUBOID 64,64,64", "55V02 39"),
            ("ALTER CHANNEL lab/mouse/em SET CODEC LZ4", "55V02 38"),
            ("ALTER CHANNEL lab/mouse/em SET BACKGROUND 1", "55V02 43"),
            ("ALTER EXPERIMENT lab/mouse SET FRAME f", "55V02 38"),
            ("ALTER EXPERIMENT lab/mouse SET HIERARCHY ISOTROPIC", "55V02 42"),
            ("ALTER EXPERIMENT lab/mouse SET LEVELS 4", "55V02 39"),
            ("ALTER EXPERIMENT lab/mouse SET TIME 2", "55V02 37"),
            ("ALTER COLLECTION lab SET LEVELS 4", "42601 33"),
            ("ALTER CHANNEL lab/mouse/em SET LEVEL WRITES", "0A000 32"),
            ("ALTER CHANNEL lab/mouse/em SET DEFAULT T -1", "22023 42"),
            ("ALTER CHANNEL lab/mouse/nix SET DESCRIPTION ''", "42P01 15"),
            ("ALTER FRAME g SET DESCRIPTION ''", "42P01 13"),
            ("ALTER COLLECTION lob RENAME TO x", "42P01 18"),
            ("ALTER CHANNEL lab/mouse/em RENAME TO seg", "42P07 38"),
            ("ALTER CHANNEL lab/mouse/em RENAME TO \"a/b\"", "42602 38"),
            ("ALTER COLLECTION lab/mouse RENAME TO x", "42P01 18"),
        ])
    func refusedChanges(_ statement: String, _ expected: String) throws {
        let fixture = try ResourceFixture.withChannels()
        #expect(fixture.refusal(statement) == expected)
    }

    @Test("a rename keeps everything in it, and a USE path follows")
    func rename() throws {
        let fixture = try ResourceFixture.withChannels()
        try fixture.run(
            """
            SET METADATA ON lab/mouse/em 'a' = 1; USE lab/mouse;
            ALTER CHANNEL em RENAME TO raw; ALTER EXPERIMENT mouse RENAME TO rat; ALTER COLLECTION lab RENAME TO attic;
            ALTER FRAME f RENAME TO box;
            """)
        #expect(try fixture.column("name", of: "SHOW CHANNELS") == ["raw", "seg"])
        #expect(try fixture.column("experiment", of: "SHOW CHANNELS IN attic") == ["attic/rat", "attic/rat"])
        #expect(try fixture.column("key", of: "SHOW METADATA IN raw") == ["a"])
        #expect(try fixture.description("seg")["sources"] == "raw")
        #expect(try fixture.description("rat")["frame"] == "box")
    }

    // MARK: DROP

    @Test("DROP needs CASCADE for what still holds something")
    func drop() throws {
        let fixture = try ResourceFixture.withChannels()
        #expect(fixture.refusal("DROP COLLECTION lab") == "2BP01 17")
        #expect(fixture.refusal("DROP EXPERIMENT lab/mouse") == "2BP01 17")
        #expect(fixture.refusal("DROP FRAME f CASCADE") == "23503 12")
        #expect(fixture.refusal("DROP CHANNEL lab/mouse/em") == "23503 14")
        #expect(try fixture.tag("DROP CHANNEL lab/mouse/em CASCADE") == "DROP CHANNEL")
        #expect(try fixture.column("name", of: "SHOW CHANNELS") == ["seg"])
        #expect(try fixture.description("lab/mouse/seg")["sources"] == nil)
        #expect(try fixture.tag("DROP COLLECTION lab CASCADE") == "DROP COLLECTION")
        #expect(try fixture.tag("DROP FRAME f") == "DROP FRAME")
        #expect(try fixture.rows("SHOW COLLECTIONS").rows.isEmpty)
        #expect(try fixture.rows("SHOW FRAMES").rows.isEmpty)
    }

    @Test("DROP of something absent is an error, with IF EXISTS it is not")
    func dropAbsent() throws {
        let fixture = try ResourceFixture.withChannels()
        for (kind, path) in [
            ("COLLECTION", "no"), ("FRAME", "no"), ("EXPERIMENT", "no/no"), ("CHANNEL", "lab/mouse/no"),
        ] {
            #expect(fixture.refusal("DROP \(kind) \(path)") == "42P01 \(kind.count + 7)")
            #expect(try fixture.tag("DROP \(kind) IF EXISTS \(path)") == "DROP \(kind)")
        }
        #expect(try fixture.tag("DROP CHANNEL IF EXISTS lab/mouse/seg") == "DROP CHANNEL")
    }

    @Test("what a transaction changes is undone by ROLLBACK, kept by COMMIT, and refused where it only reads")
    func transaction() throws {
        for statement in [
            "CREATE COLLECTION x", "ALTER COLLECTION lab SET DESCRIPTION 'x'", "DROP COLLECTION lab CASCADE",
            "CREATE FRAME g X 0:4 Y 0:4 Z 0:4 VOXEL 1nm, 1nm, 1nm", "ALTER CHANNEL lab/mouse/em RENAME TO e",
            "CREATE EXPERIMENT lab/fly FRAME f", "DROP CHANNEL lab/mouse/seg", "SET METADATA ON lab 'a' = 2",
            "UNSET METADATA ON lab 'a'",
        ] {
            let fixture = try ResourceFixture.withChannels()
            try fixture.run("SET METADATA ON lab 'a' = 1")
            func state() throws -> [[String]] {
                let other = Session(database: fixture.database)
                return try [
                    "SHOW COLLECTIONS", "SHOW EXPERIMENTS", "SHOW CHANNELS", "SHOW FRAMES",
                ].map { try Self.lines($0, other) } + [(try? Self.lines("SHOW METADATA IN lab", other)) ?? []]
            }
            let before = try state()
            try fixture.run("BEGIN READ ONLY")
            #expect(fixture.refusal(statement) == "25006 1", "\(statement)")
            try fixture.run("ROLLBACK; BEGIN")
            #expect(fixture.refusal(statement) == "success", "\(statement)")
            #expect(try state() == before, "\(statement)")
            try fixture.run("ROLLBACK")
            #expect(try state() == before, "\(statement)")
            try fixture.run("BEGIN; \(statement); COMMIT")
            #expect(try state() != before, "\(statement)")
        }
    }

    private static func lines(_ statement: String, _ session: Session) throws -> [String] {
        guard case .rows(let rows) = try session.query(statement).value else { return [] }
        return rows.rows.map { row in
            row.filter { if case .timestamp = $0 { false } else { true } }.map(ResourceFixture.text)
                .joined(separator: " ")
        }
    }

    @Test("a read-only database refuses every change with 25006")
    func readOnly() throws {
        let fixture = try ResourceFixture.withChannels()
        var options = DatabaseOptions()
        options.access = .readOnly
        let reader = Session(database: try Database.open(fixture.folder, options: options))
        for statement in [
            "CREATE COLLECTION x", "CREATE COLLECTION IF NOT EXISTS lab",
            "ALTER COLLECTION lab SET DESCRIPTION 'x'",
            "CREATE CHANNEL lab/mouse/x TYPE IMAGE DATATYPE UINT8", "ALTER CHANNEL lab/mouse/em RENAME TO x",
            "DROP COLLECTION lab CASCADE", "DROP FRAME IF EXISTS no", "SET METADATA ON lab 'a' = 1",
        ] {
            let error = #expect(throws: DatabaseError.self, "\(statement)") { try reader.query(statement) }
            #expect(error?.sqlState == "25006" && error?.position != nil, "\(statement)")
        }
        try reader.database.close()
    }
}
