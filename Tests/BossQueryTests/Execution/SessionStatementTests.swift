import BossDatabase
import BossGeometry
import BossQuery
import BossVoxels
import Testing

@Suite("Settings and transactions")
struct SessionStatementTests {
    // MARK: Settings

    @Test("max_result_bytes takes numbers and byte quantities")
    func resultBytes() throws {
        let fixture = try ResourceFixture()
        func value() throws -> String {
            try fixture.column("value", of: "SHOW SETTINGS LIKE 'max_result_bytes'")[0]
        }
        #expect(try value() == "2147483648")
        for (written, kept) in [
            ("1", "1"), ("1GiB", "1073741824"), ("1.5KB", "1500"), ("1TiB", "1099511627776"),
        ] {
            #expect(try fixture.tag("SET MAX_result_bytes = \(written)") == "SET")
            #expect(try value() == kept)
        }
        #expect(try fixture.tag("SET max_result_bytes = $1", [.integer(77)]) == "SET")
        #expect(try value() == "77")
        #expect(try fixture.tag("RESET max_result_bytes") == "RESET")
        #expect(try value() == "2147483648")
    }

    @Test("stale_levels takes a word or a text")
    func staleLevels() throws {
        let fixture = try ResourceFixture()
        #expect(try fixture.tag("SET stale_levels = WARN") == "SET")
        #expect(try fixture.tag("SET stale_levels = 'warn'") == "SET")
        #expect(try fixture.tag("SET stale_levels = $1", [.text("warn")]) == "SET")
        #expect(try fixture.tag("RESET stale_levels") == "RESET")
    }

    @Test("settings belong to the session")
    func sessions() throws {
        let fixture = try ResourceFixture()
        try fixture.run("SET max_result_bytes = 5")
        let other = Session(database: fixture.database)
        guard case .rows(let rows) = try other.query("SHOW SETTINGS").value else { return }
        #expect(rows.columns.map(\.name) == ["name", "value", "default", "description"])
        #expect(rows.rows.map { ResourceFixture.text($0[1]) } == ["2147483648", "warn", "1d"])
    }

    @Test(
        "values that are not allowed are refused where they stand",
        arguments: [
            ("SET max_result_bytes = 0", "22023 24"), ("SET max_result_bytes = -1", "22023 24"),
            ("SET max_result_bytes = 1.5", "22023 24"), ("SET max_result_bytes = 1099511627777", "22023 24"),
            ("SET max_result_bytes = 18446744073709551615", "22023 24"),
            ("SET max_result_bytes = 4nm", "42804 24"),
            ("SET max_result_bytes = 'a'", "42804 24"), ("SET max_result_bytes = lots", "42804 24"),
            ("SET max_result_bytes = $1", "07001 24"), ("SET stale_levels = compute", "0A000 20"),
            ("SET stale_levels = 'compute'", "0A000 20"), ("SET stale_levels = never", "22023 20"),
            ("SET stale_levels = 1", "42804 20"), ("SET stale_level = warn", "42704 5"),
            ("RESET nothing", "42704 7"),
            ("ALTER SYSTEM SET max_result_bytes = 1", "0A000 1"),
        ])
    func refusedSettings(_ statement: String, _ expected: String) throws {
        #expect(try ResourceFixture().refusal(statement) == expected)
    }

    @Test("a misspelt setting comes with the right one")
    func nearMiss() throws {
        #expect(try ResourceFixture().hint("SET stale_level = warn") == "did you mean stale_levels?")
    }

    // MARK: Transactions

    private func insert(_ fixture: ResourceFixture, _ value: UInt8, in session: Session? = nil) throws {
        var volume = try AnyVolume(voxelType: .uint8, axes: [.z, .y, .x], shape: [1, 2, 2])
        volume.withUnsafeMutableBytes { bytes in
            for index in bytes.indices { bytes[index] = value }
        }
        _ = try (session ?? fixture.session).query(
            "INSERT CUTOUT INTO lab/mouse/em X 0:2 Y 0:2 Z 0:1 VALUES $1", parameters: [.volume(volume)])
    }

    private func first(_ session: Session) throws -> UInt8 {
        guard
            case .volume(let result) = try session.query("SELECT CUTOUT FROM lab/mouse/em X 0:1 Y 0:1 Z 0:1")
                .value
        else { return 255 }
        return result.volume.withUnsafeBytes { $0[0] }
    }

    @Test("COMMIT publishes what was written, ROLLBACK forgets it")
    func commit() throws {
        let fixture = try ResourceFixture.withChannels()
        let other = Session(database: fixture.database)
        #expect(try fixture.tag("BEGIN") == "BEGIN")
        #expect(fixture.session.transactionStatus == .active)
        try insert(fixture, 7)
        #expect(try first(fixture.session) == 7)
        #expect(try first(other) == 0)
        #expect(try fixture.tag("COMMIT") == "COMMIT")
        #expect(try first(other) == 7)
        try fixture.run("BEGIN")
        try insert(fixture, 9)
        #expect(try fixture.tag("ROLLBACK") == "ROLLBACK")
        #expect(try first(fixture.session) == 7)
        #expect(fixture.session.transactionStatus == .idle)
    }

    @Test("a read-only transaction keeps reading what was there when it began, and writes nothing")
    func readOnly() throws {
        let fixture = try ResourceFixture.withChannels()
        let other = Session(database: fixture.database)
        try fixture.run("BEGIN READ ONLY")
        try insert(fixture, 3, in: other)
        #expect(try first(fixture.session) == 0)
        let error = #expect(throws: DatabaseError.self) { try insert(fixture, 4) }
        #expect(error?.sqlState == "25006")
        try fixture.run("ROLLBACK")
        #expect(try first(fixture.session) == 3)
        try fixture.run("BEGIN READ ONLY; COMMIT")
    }

    @Test("after an error only ROLLBACK is accepted")
    func failure() throws {
        let fixture = try ResourceFixture.withChannels()
        try fixture.run("BEGIN")
        #expect(fixture.refusal("BEGIN") == "25001 1")
        #expect(fixture.session.transactionStatus == .failed)
        #expect(fixture.refusal("SHOW COLLECTIONS") == "25P02 1")
        #expect(fixture.refusal("COMMIT") == "25P02 1")
        #expect(fixture.refusal("ROLLBACK") == "success")
        #expect(fixture.refusal("SHOW COLLECTIONS") == "success")
    }

    @Test("what is not there is refused")
    func refusals() throws {
        let fixture = try ResourceFixture.withChannels()
        #expect(fixture.refusal("COMMIT") == "25P01 1")
        #expect(fixture.refusal("ROLLBACK") == "25P01 1")
        for statement in ["COMMIT MESSAGE 'a'", "SAVEPOINT a", "ROLLBACK TO a", "RELEASE a"] {
            #expect(fixture.refusal(statement) == "25P01 1")
        }
        for (statement, expected) in [
            ("ROLLBACK TO a", "3B001 13"), ("ROLLBACK TO SAVEPOINT a", "3B001 23"), ("RELEASE a", "3B001 9"),
        ] {
            for begin in ["BEGIN", "BEGIN READ ONLY"] {
                try fixture.run(begin)
                #expect(fixture.refusal(statement) == expected)
                #expect(fixture.session.transactionStatus == .failed)
                try fixture.run("ROLLBACK")
            }
        }
    }

    @Test("a COMMIT that meets another writer's changes fails with 40001 and ends the transaction")
    func conflict() throws {
        let fixture = try ResourceFixture.withChannels()
        let other = Session(database: fixture.database)
        try fixture.run("BEGIN")
        try insert(fixture, 1)
        try insert(fixture, 2, in: other)
        #expect(fixture.refusal("COMMIT") == "40001 1")
        #expect(fixture.session.transactionStatus == .idle)
        #expect(try first(other) == 2)
    }

    @Test("a read-only database begins only read-only transactions")
    func readOnlyDatabase() throws {
        let fixture = try ResourceFixture.withChannels()
        var options = DatabaseOptions()
        options.access = .readOnly
        let reader = Session(database: try Database.open(fixture.folder, options: options))
        let error = #expect(throws: DatabaseError.self) { try reader.query("BEGIN") }
        #expect(error?.sqlState == "25006")
        try reader.execute("BEGIN READ ONLY; SHOW COLLECTIONS; COMMIT")
        try reader.database.close()
    }
}
