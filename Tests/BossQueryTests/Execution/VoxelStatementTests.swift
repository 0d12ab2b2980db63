import BossDatabase
import BossGeometry
import BossQuery
import BossTestSupport
import BossVoxels
import Testing

/// Warnings, large IDs, NaN, and transactions of several sessions. Values by hand.
@Suite("Voxel statements")
struct VoxelStatementTests {
    // MARK: Warnings

    @Test("every statement that reads a stale level warns once")
    func staleLevels() throws {
        let fixture = try HostileStatementTests.prepared()
        let statements = [
            "SELECT CUTOUT FROM seg RES 1 X 31 Y 0 Z 0", "SELECT SLICE FROM seg RES 1 Z 0",
            "SELECT IMAGE FROM seg RES 1 Z 0",
            "FIND IDS IN seg RES 1", "COUNT VOXELS IN seg RES 1 WHERE ID = 3",
            "COUNT VOXELS IN seg RES 1 BY ID",
            "STATS OF seg RES 1", "HISTOGRAM OF seg RES 1 BINS 2", "BBOX OF ID 3 IN seg RES 1",
            "SELECT id FROM IDS(seg RES 1)", "FIND ID AT (31, 0, 0) IN seg RES 1",
            "EXPLAIN ANALYZE SELECT CUTOUT FROM seg RES 1",
        ]
        for statement in statements { #expect(fixture.refusal(statement).hasPrefix("22V06"), "\(statement)") }
        try fixture.run("DOWNSAMPLE seg")
        for statement in statements { #expect(try fixture.warnings(statement).isEmpty, "\(statement)") }
        try fixture.run("DELETE CUTOUT FROM seg X 62 Y 0 Z 0")
        for statement in statements { #expect(try fixture.warnings(statement) == ["01V01"], "\(statement)") }
        #expect(try fixture.warnings("SELECT CUTOUT FROM seg X 62 Y 0 Z 0").isEmpty)
        try fixture.run("DOWNSAMPLE seg")
        for statement in statements { #expect(try fixture.warnings(statement).isEmpty, "\(statement)") }
    }

    @Test("a box of an object at a level that was never built is an error, not an unknown object")
    func objectAtMissingLevel() throws {
        let fixture = try HostileStatementTests.prepared()
        #expect(fixture.refusal("SELECT CUTOUT FROM seg RES 1 OF ID 3").hasPrefix("22V06"))
        #expect(fixture.refusal("FIND IDS IN seg RES 1 OF ID 3").hasPrefix("22V06"))
        #expect(fixture.refusal("COUNT VOXELS IN seg RES 1 OF ID 3").hasPrefix("22V06"))
    }

    @Test("CLIP warns in reading and writing, and not where nothing is clipped")
    func clipping() throws {
        let fixture = try HostileStatementTests.prepared()
        for statement in [
            "SELECT CUTOUT FROM em X 90:110 OUTSIDE CLIP", "FIND IDS IN seg Y -5:3 OUTSIDE CLIP",
            "STATS OF em Z 19:21 OUTSIDE CLIP", "DELETE CUTOUT FROM em X 90:110 OUTSIDE CLIP",
            "COUNT VOXELS IN em X 90:110 OUTSIDE CLIP",
        ] {
            #expect(try fixture.warnings(statement) == ["01V02"], "\(statement)")
            #expect(
                try fixture.warnings(statement.replacing(#/X 90:110|Y -5:3|Z 19:21/#, with: "X 0:9")).isEmpty)
        }
    }

    // MARK: Large IDs

    @Test("IDs of 2^63 and above are exact in every statement")
    func largeIDs() throws {
        let fixture = try ResourceFixture.withChannels()
        try fixture.run("USE lab/mouse")
        let ids: [UInt64] = [
            1, 9_007_199_254_740_993, 1 << 63 - 1, 1 << 63, 1 << 63 + 1, .max - 1, .max, .max,
        ]
        let row = try ResourceFixture.volume(.uint64, [1, 1, 8], ids)
        #expect(
            try fixture.tag("INSERT CUTOUT INTO seg X 60:68 Y 0 Z 0 VALUES $1", [.volume(row)]) == "INSERT 8")
        let distinct = Set(ids).sorted().map { "\($0)" }
        #expect(try fixture.lines("FIND IDS IN seg") == distinct)
        #expect(try fixture.lines("SELECT id FROM IDS(seg) ORDER BY id DESC") == distinct.reversed())
        #expect(
            try fixture.lines("BBOX OF ID 18446744073709551615 IN seg") == [
                "18446744073709551615 66 68 0 1 0 1 0 1"
            ])
        #expect(try fixture.lines("COUNT VOXELS IN seg WHERE ID > 9223372036854775807") == ["5"])
        #expect(try fixture.lines("COUNT VOXELS IN seg WHERE ID > -1") == ["160000"])
        #expect(try fixture.lines("COUNT VOXELS IN seg WHERE ID = 9007199254740992") == ["0"])
        #expect(
            try fixture.lines(
                "FIND IDS IN seg WHERE id BETWEEN $1 AND $2", [.unsigned(.max - 1), .unsigned(.max)]
            ).count == 2)
        #expect(try fixture.lines("FIND IDS IN seg WHERE id = $1", [.integer(-1)]).isEmpty)
        #expect(
            try fixture.lines("FIND IDS IN seg WHERE id IN $1", [.list([.unsigned(.max), .integer(1)])]).count
                == 2)
        #expect(try fixture.lines("FIND ID AT (67, 0, 0) IN seg") == ["18446744073709551615"])
        #expect(try fixture.volume("SELECT CUTOUT FROM seg OF ID 18446744073709551615").origin == [0, 0, 66])
        #expect(
            ResourceFixture.bits(try fixture.volume("SELECT CUTOUT FROM seg X 60:68 Y 0 Z 0").volume) == ids)
    }

    // MARK: Regions

    @Test("who has written OUTSIDE CLIP is not told to write it")
    func clippedToNothing() throws {
        let fixture = try ResourceFixture.withChannels()
        for words in ["SELECT CUTOUT FROM", "DELETE CUTOUT FROM", "STATS OF"] {
            let statement = "\(words) lab/mouse/em X 9000:9001"
            #expect(fixture.hint(statement)?.hasPrefix("use OUTSIDE CLIP") == true, "\(words)")
            #expect(
                fixture.hint(statement + " OUTSIDE CLIP") == "see DESCRIBE lab/mouse/em", "\(words)")
        }
    }

    // MARK: Numbers of FLOAT32

    @Test("NaN is in no bin and no sum, and fulfils no comparison but <>")
    func nans() throws {
        let fixture = try ResourceFixture.withChannels()
        try fixture.run(
            "CREATE CHANNEL lab/mouse/deep TYPE IMAGE DATATYPE FLOAT32 CUBOID 64,64,16; USE lab/mouse")
        let numbers: [Float] = [1, .nan, -2, .infinity, .nan, 0, -0.0, -.infinity]
        let row = try ResourceFixture.volume(.float32, [1, 1, 8], numbers.map { UInt64($0.bitPattern) })
        #expect(
            try fixture.tag("INSERT CUTOUT INTO deep X 0:8 Y 0 Z 0 VALUES $1", [.volume(row)]).hasPrefix(
                "INSERT"))
        let region = "X 0:8 Y 0 Z 0"
        #expect(
            try fixture.lines("SELECT count, nans, zeros, min, max FROM STATS(deep \(region))") == [
                "6 2 2 -inf inf"
            ])
        #expect(
            try fixture.lines("SELECT count FROM HISTOGRAM(deep \(region) BINS 2 RANGE -2, 2)") == ["1", "3"])
        for (condition, count) in [
            ("VALUE > 0", 2), ("VALUE >= 0", 4), ("VALUE = 0", 2), ("VALUE <> 0", 6), ("VALUE < 0", 2),
            ("VALUE BETWEEN -2 AND 1", 4), ("VALUE NOT BETWEEN -2 AND 1", 4), ("VALUE IN (1, -2)", 2),
            ("NOT VALUE > 0", 6), ("VALUE = $1", 0), ("VALUE <> $1", 8), ("VALUE < $2", 5), ("VALUE = $2", 1),
        ] {
            let statement = "COUNT VOXELS IN deep \(region) WHERE \(condition)"
            #expect(
                try fixture.lines(statement, [.float(.nan), .float(.infinity)]) == ["\(count)"],
                "\(statement)")
        }
        let read = try fixture.volume("SELECT CUTOUT FROM deep \(region)").volume
        #expect(ResourceFixture.bits(read) == numbers.map { UInt64($0.bitPattern) })
    }

    // MARK: Files

    @Test("INSERT of a file of a narrower type widens it, inside a transaction as outside")
    func widening() throws {
        let fixture = try HostileStatementTests.prepared()
        let file = fixture.folder + "/narrow.npy"
        try fixture.run("SELECT CUTOUT FROM em X 62:66 Y 0:2 Z 0 INTO FILE '\(file)'")
        let statement = "INSERT CUTOUT INTO seg X 0:4 Y 0:2 Z 0 FROM FILE '\(file)'"
        #expect(try fixture.tag(statement) == "INSERT 8")
        try fixture.run("DELETE CUTOUT FROM seg X 0:4; BEGIN")
        #expect(try fixture.tag(statement) == "INSERT 8")
    }

    // MARK: Transactions

    /// Two sessions count in one voxel; each reads, adds one and commits, again after 40001.
    @Test("transactions that meet lose no update")
    func counting() async throws {
        let fixture = try ResourceFixture.withChannels()
        let database = fixture.database
        let rounds = 15
        let conflicts = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    let session = Session(database: database)
                    try session.execute("USE lab/mouse")
                    var (done, conflicts) = (0, 0)
                    while done < rounds {
                        try session.execute("BEGIN")
                        guard
                            case .volume(let old) = try session.query("SELECT CUTOUT FROM em X 5 Y 5 Z 5")
                                .value
                        else { break }
                        let next = try ResourceFixture.volume(
                            .uint8, [1, 1, 1], [ResourceFixture.bits(old.volume)[0] + 1])
                        try session.execute(
                            "INSERT CUTOUT INTO em X 5 Y 5 Z 5 VALUES $1", parameters: [.volume(next)])
                        do {
                            try session.execute("COMMIT")
                            done += 1
                        } catch let error as DatabaseError {
                            #expect(error.sqlState == "40001")
                            conflicts += 1
                        }
                    }
                    return conflicts
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(try fixture.lines("FIND IDS IN lab/mouse/seg").isEmpty)
        let total = ResourceFixture.bits(
            try fixture.volume("SELECT CUTOUT FROM lab/mouse/em X 5 Y 5 Z 5").volume)
        #expect(total == [UInt64(2 * rounds)], "\(conflicts) conflicts")
    }

    @Test("what a transaction wrote is in every kind of its reads, and gone after ROLLBACK")
    func ownWrites() throws {
        let fixture = try HostileStatementTests.prepared()
        let before = try fixture.fingerprint()
        let statements = [
            "FIND IDS IN seg", "COUNT VOXELS IN seg WHERE ID = 8", "BBOX OF ID 8 IN seg",
            "FIND ID AT (40, 40, 10) IN seg",
            "SELECT id, voxels FROM IDS(seg)", "SELECT sum FROM STATS(seg)",
            "SELECT id, count FROM STATS(em WITHIN seg)",
        ]
        let old = try statements.map { try fixture.lines($0) }
        let block = try ResourceFixture.volume(.uint64, [2, 2, 2], filledWith: 8)
        try fixture.run("BEGIN")
        try fixture.run(
            "INSERT CUTOUT INTO seg X 40:42 Y 40:42 Z 10:12 VALUES $1", parameters: [.volume(block)])
        let own = try statements.map { try fixture.lines($0) }
        #expect(
            own == [
                ["3", "8"], ["8"], ["8 40 42 40 42 10 12 0 1"], ["8"], ["3 8", "8 8"], ["88.0"],
                ["3 8", "8 8"],
            ])
        try fixture.run("ROLLBACK")
        #expect(try statements.map { try fixture.lines($0) } == old)
        #expect(try fixture.fingerprint() == before)
    }
}
