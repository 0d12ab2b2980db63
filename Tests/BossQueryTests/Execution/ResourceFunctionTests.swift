import BossDatabase
import BossGeometry
import BossQuery
import BossVoxels
import Testing

/// LEVELS and METADATA, and functions over more time samples than anything could go through.
@Suite("Table functions of resources")
struct ResourceFunctionTests {
    @Test("LEVELS counts written cuboids, and those that DOWNSAMPLE has to build again")
    func levels() throws {
        let fixture = try ResourceFixture.withChannels()
        try fixture.run("USE lab/mouse")
        let pages = "SELECT res, iso, pages, dirty_pages FROM LEVELS(em) WHERE res < 3 ORDER BY res"
        #expect(try fixture.lines(pages) == ["0 false 0 0", "1 false 0 0", "2 false 0 0"])
        func put(_ region: String, _ shape: [Int]) throws {
            let block = try ResourceFixture.volume(.uint8, shape, filledWith: 3)
            _ = try fixture.tag("INSERT CUTOUT INTO em \(region) VALUES $1", [.volume(block)])
        }
        // Level 0 has 2 x 2 x 2 cuboids of 64 x 64 x 16, levels 1 and 2 have 1 x 1 x 2.
        try put("X 60:70 Y 0 Z 0:17", [17, 1, 10])
        #expect(try fixture.lines(pages) == ["0 false 4 0", "1 false 0 2", "2 false 0 2"])
        try fixture.run("DOWNSAMPLE em")
        #expect(try fixture.lines(pages) == ["0 false 4 0", "1 false 2 0", "2 false 2 0"])
        try put("X 99 Y 79 Z 0", [1, 1, 1])
        #expect(try fixture.lines(pages) == ["0 false 5 0", "1 false 2 1", "2 false 2 1"])
        // Another time sample has cuboids of its own.
        try put("X 0 Y 0 Z 19 T 2", [1, 1, 1])
        #expect(try fixture.lines(pages) == ["0 false 6 0", "1 false 2 2", "2 false 2 2"])
        #expect(
            try fixture.lines("SELECT voxel_x, voxel_z, unit, x1, y1, z1 FROM LEVELS(em) WHERE res = 2")
                == ["16.0 40.0 nm 25 20 20"])
    }

    @Test("METADATA has the keys of a channel, an experiment or a collection")
    func metadata() throws {
        let fixture = try ResourceFixture.withChannels()
        try fixture.run(
            "SET METADATA ON lab/mouse/em 'kV' = 1.8, 'scope' = 'SEM-3'; SET METADATA ON lab 'pi' = 'Ann'; USE lab/mouse"
        )
        #expect(
            try fixture.lines(
                "SELECT key, value, updated_by, updated_at IS NULL FROM METADATA(em) ORDER BY key")
                == ["kV 1.8  false", "scope \"SEM-3\"  false"])
        #expect(try fixture.lines("SELECT value FROM METADATA(lab/mouse) ORDER BY key").isEmpty)
        #expect(fixture.refusal("SELECT * FROM METADATA(em@#1)").hasPrefix("42601"))
        #expect(fixture.refusal("SELECT * FROM METADATA(none)").hasPrefix("42P01"))
    }

    @Test("stop when they are cancelled, also between time samples that hold nothing")
    func cancellation() throws {
        let fixture = try ResourceFixture()
        try fixture.run(
            """
            CREATE FRAME f X 0:100000 Y 0:100000 Z 0:100000 VOXEL 4nm, 4nm, 40nm;
            CREATE COLLECTION c; CREATE EXPERIMENT c/e FRAME f TIME 1000000000;
            CREATE CHANNEL c/e/seg TYPE ANNOTATION DATATYPE UINT64;
            USE c/e;
            """)
        #expect(try fixture.lines("SELECT pages, dirty_pages FROM LEVELS(seg)") == ["NULL NULL"])
        let channel = try fixture.database.channel("c/e/seg")
        let view = try fixture.database.view()
        let cancelled = Cancellation()
        cancelled.cancel()
        let control = OperationControl(cancellation: cancelled)
        let region = CutoutRegion(
            box: VoxelBox(x: 0..<100_000, y: 0..<100_000, z: 0..<100_000), time: 0..<1_000_000_000)
        var cost = ReadStatistics()
        let functions: [(String, () throws(DatabaseError) -> Void)] = [
            (
                "PAGES",
                { () throws(DatabaseError) in
                    _ = try channel.pages(in: region, view: view, control: control, statistics: &cost)
                }
            ),
            (
                "CONTACTS",
                { () throws(DatabaseError) in
                    _ = try channel.contacts(in: region, view: view, control: control, statistics: &cost)
                }
            ),
            (
                "OVERLAP",
                { () throws(DatabaseError) in
                    _ = try channel.overlap(
                        with: channel, in: region, view: view, control: control, statistics: &cost)
                }
            ),
            (
                "STATS BY PAGE",
                { () throws(DatabaseError) in
                    _ = try channel.pageStatistics(
                        in: region, view: view, control: control, statistics: &cost)
                }
            ),
            (
                "DIFF BY ID",
                { () throws(DatabaseError) in
                    _ = try channel.changedValues(region, from: view, to: view, control: control)
                }
            ),
            (
                "DIFF BY PAGE",
                { () throws(DatabaseError) in
                    _ = try channel.differences(region, from: view, to: view, control: control)
                }
            ),
        ]
        for (name, run) in functions {
            do throws(DatabaseError) {
                try run()
                Issue.record("\(name) went through all time samples")
            } catch {
                #expect(error.sqlState == "57014", "\(name)")
            }
        }
    }
}
