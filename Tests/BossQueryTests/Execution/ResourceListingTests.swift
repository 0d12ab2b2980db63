import BossDatabase
import BossGeometry
import BossQuery
import BossVoxels
import Testing

@Suite("SHOW and DESCRIBE")
struct ResourceListingTests {
    @Test("lists collections, experiments, channels and frames")
    func lists() throws {
        let fixture = try ResourceFixture.withChannels()
        try fixture.run("CREATE COLLECTION attic DESCRIPTION 'old'; CREATE EXPERIMENT attic/rat FRAME f")
        func cells(_ statement: String) throws -> [[String]] {
            try fixture.rows(statement).rows.map { $0.map(ResourceFixture.text) }
        }
        #expect(try cells("SHOW COLLECTIONS") == [["attic", "old", "1"], ["lab", "", "1"]])
        #expect(
            try cells("SHOW EXPERIMENTS") == [
                ["rat", "attic", "f", "1", "ANISOTROPIC", "1", "0"],
                ["mouse", "lab", "f", "5", "ANISOTROPIC", "3", "2"],
            ])
        #expect(try cells("SHOW EXPERIMENTS IN lab").map { $0[0] } == ["mouse"])
        #expect(
            try cells("SHOW CHANNELS IN lab/mouse") == [
                ["em", "lab/mouse", "IMAGE", "UINT8", "0", "64x64x16", "BLOSC", "NOT_DOWNSAMPLED"],
                ["seg", "lab/mouse", "ANNOTATION", "UINT64", "0", "64x64x16", "BLOSC", "NOT_DOWNSAMPLED"],
            ])
        #expect(try cells("SHOW CHANNELS IN attic").isEmpty)
        #expect(try cells("SHOW CHANNELS").count == 2)
        #expect(
            try cells("SHOW FRAMES") == [["f", "0", "100", "0", "80", "0", "20", "4.0", "4.0", "40.0", "nm"]])
        for statement in ["SHOW COLLECTIONS", "SHOW EXPERIMENTS", "SHOW CHANNELS", "SHOW FRAMES"] {
            #expect(try fixture.rows(statement).columns.first?.name == "name")
        }
    }

    @Test("with USE, a single name is the deepest thing that has it")
    func deepest() throws {
        let fixture = try ResourceFixture.withChannels()
        try fixture.run("CREATE COLLECTION em; CREATE EXPERIMENT lab/em FRAME f")
        #expect(try fixture.description("em")["kind"] == "COLLECTION")
        try fixture.run("USE lab")
        #expect(try fixture.description("em")["path"] == "lab/em")
        try fixture.run("USE lab/mouse")
        #expect(try fixture.description("em")["path"] == "lab/mouse/em")
        #expect(try fixture.description("mouse")["path"] == "lab/mouse")
        #expect(try fixture.description("lab")["kind"] == "COLLECTION")
        #expect(try fixture.description("lab/mouse/em")["kind"] == "CHANNEL")
        #expect(fixture.refusal("DESCRIBE nothing") == "42P01 10")
        #expect(try fixture.column("name", of: "SHOW CHANNELS") == ["em", "seg"])
    }

    @Test("LEVELS has both chains with their sizes and pages")
    func levels() throws {
        let fixture = try ResourceFixture.withChannels()
        _ = try fixture.session.query(
            "INSERT CUTOUT INTO lab/mouse/em X 0:70 Y 0:64 Z 0:16 VALUES $1",
            parameters: [.volume(volume(70, 64, 16))])
        func cells() throws -> [[String]] {
            try fixture.rows("SHOW LEVELS IN lab/mouse/em").rows.map { $0.map(ResourceFixture.text) }
        }
        // 40 nm along z are nearest to 32 nm, level 3; so only level 4 of the isotropic chain differs.
        let expected = [
            ["0", "4.0", "4.0", "40.0", "nm", "100", "80", "20", "false", "2"],
            ["1", "8.0", "8.0", "40.0", "nm", "50", "40", "20", "false", "0"],
            ["2", "16.0", "16.0", "40.0", "nm", "25", "20", "20", "false", "0"],
            ["3", "32.0", "32.0", "40.0", "nm", "13", "10", "20", "false", "0"],
            ["4", "64.0", "64.0", "40.0", "nm", "7", "5", "20", "false", "0"],
            ["4", "64.0", "64.0", "80.0", "nm", "7", "5", "10", "true", "0"],
        ]
        #expect(try cells() == expected)
        #expect(try fixture.description("lab/mouse/em")["downsampled"] == "not built: 1, 2, 3, 4, 4 ISO")
        try fixture.run("DOWNSAMPLE lab/mouse/em")
        #expect(try cells().map { $0[9] } == ["2", "1", "1", "1", "1", "1"])
        let built = try fixture.description("lab/mouse/em")
        #expect(built["downsampled"] == "current" && built["pages"] == "7")
        #expect(built["stored_bytes"].flatMap { Int($0) } ?? 0 > 0)
        _ = try fixture.session.query(
            "INSERT CUTOUT INTO lab/mouse/em X 0:2 Y 0:2 Z 0:2 VALUES $1",
            parameters: [.volume(volume(2, 2, 2))])
        #expect(try fixture.description("lab/mouse/em")["downsampled"]?.hasPrefix("stale: 1") == true)
    }

    private func volume(_ x: Int, _ y: Int, _ z: Int) throws -> AnyVolume {
        var volume = try AnyVolume(voxelType: .uint8, axes: [.z, .y, .x], shape: [z, y, x])
        volume.withUnsafeMutableBytes { bytes in
            for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index &* 31 | 1) }
        }
        return volume
    }

    @Test("LIKE filters the first column, in either case")
    func like() throws {
        let fixture = try ResourceFixture()
        try fixture.run("CREATE COLLECTION Alpha; CREATE COLLECTION beta; CREATE COLLECTION b_ta")
        func found(_ pattern: String) throws -> [String] {
            try fixture.column("name", of: "SHOW COLLECTIONS LIKE '\(pattern)'")
        }
        #expect(try found("alpha") == ["Alpha"])
        #expect(try found("%A") == ["Alpha", "b_ta", "beta"])
        #expect(try found("B_ta") == ["b_ta", "beta"])
        #expect(try found("%e%t%") == ["beta"])
        #expect(try found("%_____") == ["Alpha"])
        #expect(try found("").isEmpty)
        #expect(try fixture.column("keyword", of: "SHOW KEYWORDS LIKE 'cut%'") == ["CUTOUT"])
        #expect(try fixture.column("name", of: "SHOW SETTINGS LIKE 'STALE%'") == ["stale_levels"])
    }

    @Test("KEYWORDS tells reserved words from others")
    func keywords() throws {
        let fixture = try ResourceFixture()
        let kinds = Dictionary(
            uniqueKeysWithValues: zip(
                try fixture.column("keyword", of: "SHOW KEYWORDS"),
                try fixture.column("kind", of: "SHOW KEYWORDS")))
        #expect(kinds["SELECT"] == "reserved" && kinds["CUTOUT"] == "contextual")
        #expect(kinds.count == Keywords.all.count)
    }

    @Test(
        "what cannot be listed is refused",
        arguments: [
            ("SHOW COLLECTIONS IN lab", "42601 1"), ("SHOW METADATA", "42601 1"), ("SHOW LEVELS", "42601 1"),
            ("SHOW LEVELS IN lab", "42P01 16"), ("SHOW LEVELS IN lab/mouse/em LIKE 'x'", "0A000 34"),
            ("SHOW JOBS", "0A000 6"), ("SHOW QUERY LOG", "0A000 6"),
            ("SHOW CHANNELS FOR USER ann", "42601 1"),
            ("SHOW EXPERIMENTS IN lab/mouse", "42P01 21"), ("SHOW CHANNELS IN lab/mouse/em", "42P01 18"),
            ("SHOW CHANNELS IN lob", "42P01 18"), ("DESCRIBE lab/mouse/em@release1", "42601 23"),
        ])
    func refusals(_ statement: String, _ expected: String) throws {
        let fixture = try ResourceFixture.withChannels()
        #expect(fixture.refusal(statement) == expected)
    }

    // MARK: SHOW CREATE

    @Test("SHOW CREATE gives frames, collection, experiments and channels")
    func showCreate() throws {
        let fixture = try ResourceFixture.withChannels()
        #expect(
            try fixture.column("statement", of: "SHOW CREATE lab") == [
                "CREATE FRAME IF NOT EXISTS f X 0:100 Y 0:80 Z 0:20 VOXEL 4nm, 4nm, 40nm;",
                "CREATE COLLECTION lab;",
                "CREATE EXPERIMENT lab/mouse FRAME f LEVELS 5 HIERARCHY ANISOTROPIC TIME 3 STEP 5ms;",
                "CREATE CHANNEL lab/mouse/em TYPE IMAGE DATATYPE UINT8 CUBOID 64, 64, 16 CODEC BLOSC;",
                "CREATE CHANNEL lab/mouse/seg TYPE ANNOTATION DATATYPE UINT64 CUBOID 64, 64, 16 CODEC BLOSC SOURCES (em);",
            ])
        let channel = try fixture.column("statement", of: "SHOW CREATE lab/mouse/em")
        #expect(channel.count == 4)
        #expect(channel[1] == "CREATE COLLECTION IF NOT EXISTS lab;")
        #expect(channel[3].hasPrefix("CREATE CHANNEL lab/mouse/em"))
    }

    @Test("what SHOW CREATE gives makes the same again in another database")
    func replay() throws {
        let first = try ResourceFixture()
        try first.run(
            """
            CREATE COLLECTION lab DESCRIPTION 'It''s; -- odd
            text';
            CREATE FRAME f X 3:100 Y 0:80 Z 0:20 VOXEL 0.1um, 1e-3um, 0.30000000000000004um DESCRIPTION 'd';
            CREATE FRAME "select" X 0:1099511627776 Y 0:8 Z 0:8 VOXEL 1mm, 1mm, 1mm;
            CREATE EXPERIMENT lab/-m FRAME f LEVELS 3 HIERARCHY ISOTROPIC TIME 5 STEP 0.1s;
            CREATE EXPERIMENT lab/n FRAME "select" TIME 1 STEP 3us DESCRIPTION 'e';
            CREATE CHANNEL lab/-m/z TYPE IMAGE DATATYPE FLOAT32 BACKGROUND -0.1 CODEC NONE;
            CREATE CHANNEL lab/-m/a TYPE IMAGE DATATYPE FLOAT64 BACKGROUND 1e300 SOURCES (z) CODEC LZ4;
            CREATE CHANNEL lab/-m/b TYPE IMAGE DATATYPE INT8 BACKGROUND -128 RELATED (a) BASE RES 1 DEFAULT T 4;
            CREATE CHANNEL lab/-m/select TYPE ANNOTATION DATATYPE UINT64 BACKGROUND 18446744073709551615;
            """)
        try first.run("ALTER CHANNEL lab/-m/a SET RELATED (b, select)")
        let statements = try first.column("statement", of: "SHOW CREATE lab")
        let second = try ResourceFixture()
        for statement in statements { #expect(second.refusal(statement) == "success", "\(statement)") }
        #expect(try second.column("statement", of: "SHOW CREATE lab") == statements)
        for path in ["lab", "lab/-m", "lab/n", "lab/-m/z", "lab/-m/a", "lab/-m/b", "lab/-m/select"] {
            var (left, right) = (try first.description(path), try second.description(path))
            left["created_at"] = nil
            right["created_at"] = nil
            #expect(left == right, "\(path)")
        }
    }
}
