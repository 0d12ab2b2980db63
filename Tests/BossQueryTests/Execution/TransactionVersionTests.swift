import BossDatabase
import BossQuery
import BossVoxels
import Foundation
import Synchronization
import Testing

/// Versions inside transactions, and of levels; what each state holds is known from the statements before.
@Suite("Versions in transactions")
struct TransactionVersionTests {
    private let fixture: ResourceFixture

    /// Voxels of `lab/mouse/em` are 1 in snapshot s1 and 7 now, those of `lab/rat/em` 2 in s2 and 8 now.
    init() throws {
        fixture = try ResourceFixture.withChannels()
        try fixture.run(
            """
            CREATE EXPERIMENT lab/rat FRAME f LEVELS 5;
            CREATE CHANNEL lab/rat/em TYPE IMAGE DATATYPE UINT8 CUBOID 64,64,16;
            """)
        try insert(1, "lab/mouse/em")
        try insert(2, "lab/rat/em")
        try fixture.run("CREATE SNAPSHOT s1 OF lab/mouse; CREATE SNAPSHOT s2 OF lab/rat")
        try insert(7, "lab/mouse/em")
        try insert(8, "lab/rat/em")
    }

    private func insert(_ value: UInt64, _ path: String, in session: Session? = nil) throws {
        _ = try (session ?? fixture.session).query(
            "INSERT CUTOUT INTO \(path) X 0:2 Y 0:2 Z 0:1 VALUES $1",
            parameters: [.volume(try ResourceFixture.volume(.uint8, [1, 2, 2], filledWith: value))])
    }

    /// The value of the voxels at a path, or the state of the error.
    private func value(_ path: String, in session: Session? = nil) -> String {
        do {
            let statement = "SELECT CUTOUT FROM \(path) X 0:2 Y 0:2 Z 0:1"
            guard case .volume(let result) = try (session ?? fixture.session).query(statement).value else {
                return "no volume"
            }
            return Set(ResourceFixture.bits(result.volume)).map { "\($0)" }.joined(separator: " ")
        } catch {
            return error.sqlState
        }
    }

    private func snapshots(_ path: String) throws -> [String] {
        try fixture.column("name", of: "SHOW SNAPSHOTS IN \(path)")
    }

    // MARK: Names

    @Test("snapshots follow their experiment when a transaction changes its name")
    func renamed() throws {
        try fixture.run("BEGIN; ALTER EXPERIMENT lab/mouse RENAME TO t")
        try fixture.run("ALTER EXPERIMENT lab/rat RENAME TO mouse")
        #expect(try snapshots("lab/mouse") == ["s2"])
        #expect(try snapshots("lab/t") == ["s1"])
        #expect(value("lab/mouse/em@s2") == "2")
        #expect(value("lab/t/em@s1") == "1")
        #expect(try fixture.lines("SELECT changed FROM DIFF(lab/t/em FROM s1 TO main BY PAGE)") == ["4"])
        #expect(try fixture.column("commit", of: "SHOW HISTORY OF lab/mouse@s2") == ["2"])
        #expect(
            try fixture.lines("SELECT experiment, name FROM sys.snapshots ORDER BY name")
                == ["lab/t s1", "lab/mouse s2"])
        #expect(value("lab/mouse/em@s1") == "42704")
        try fixture.run("ROLLBACK")
        #expect(try snapshots("lab/mouse") == ["s1"])
        #expect(value("lab/mouse/em@s1") == "1")
    }

    @Test("snapshots follow a collection that a transaction renames")
    func renamedCollection() throws {
        try fixture.run("BEGIN; ALTER COLLECTION lab RENAME TO lob")
        #expect(try snapshots("lob/mouse") == ["s1"])
        #expect(value("lob/mouse/em@s1") == "1")
        try fixture.run("COMMIT")
        #expect(value("lob/mouse/em@s1") == "1")
    }

    @Test("an experiment that takes the name of a dropped one has none of its snapshots")
    func madeAgain() throws {
        try fixture.run(
            """
            BEGIN; DROP EXPERIMENT lab/mouse CASCADE; CREATE EXPERIMENT lab/mouse FRAME f;
            CREATE CHANNEL lab/mouse/em TYPE IMAGE DATATYPE UINT8 CUBOID 64,64,16;
            """)
        #expect(try snapshots("lab/mouse") == [])
        #expect(try fixture.lines("SELECT experiment, name FROM sys.snapshots") == ["lab/rat s2"])
        #expect(value("lab/mouse/em") == "0")
        #expect(value("lab/mouse/em@s1") == "42704")
        try fixture.run("ROLLBACK")
        #expect(value("lab/mouse/em@s1") == "1")
    }

    // MARK: Names of the beginning

    private static let beginnings = ["BEGIN", "BEGIN READ ONLY", "another handle"]

    /// Runs a test with a session in a transaction that has not looked at anything yet.
    private func inTransaction(_ begin: String, _ test: (Session) throws -> Void) throws {
        var options = DatabaseOptions()
        options.access = .readOnly
        let isOther = begin == "another handle"
        let handle = isOther ? try Database.open(fixture.folder, options: options) : fixture.database
        let session = Session(database: handle)
        _ = try session.query(isOther ? "BEGIN READ ONLY" : begin)
        try test(session)
        _ = try session.query("ROLLBACK")
        #expect(value("lab/mouse/em", in: session) == value("lab/mouse/em"))
        if isOther { try handle.close() }
    }

    private func column(_ name: String, _ statement: String, in session: Session) throws -> [String] {
        guard case .rows(let rows) = try session.query(statement).value else { return ["no rows"] }
        guard let index = rows.columns.firstIndex(where: { $0.name == name }) else { return ["no column"] }
        return rows.rows.map { ResourceFixture.text($0[index]) }
    }

    @Test(
        "a channel that is dropped and made again stays what it was at the beginning", arguments: beginnings)
    func droppedMeanwhile(_ begin: String) throws {
        let path = "lab/rat/em"
        try inTransaction(begin) { session in
            try fixture.run("DROP CHANNEL \(path); CREATE CHANNEL \(path) TYPE IMAGE DATATYPE UINT8")
            #expect(value(path, in: session) == "8")
            #expect(value("\(path)@#2", in: session) == "2")
            try insert(77, path)
            #expect(value(path, in: session) == "8")
            #expect(try column("cuboid", "SHOW CHANNELS IN lab/rat", in: session) == ["64x64x16"])
            try fixture.run("DROP EXPERIMENT lab/rat CASCADE")
            #expect(value(path, in: session) == "8")
            #expect(value("\(path)@s2", in: session) == "2")
            #expect(try column("name", "SHOW EXPERIMENTS", in: session).sorted() == ["mouse", "rat"])
        }
        #expect(value(path) == "42P01")
    }

    @Test(
        "names that others give to other channels, or take away, stay what they were", arguments: beginnings)
    func renamedMeanwhile(_ begin: String) throws {
        try inTransaction(begin) { session in
            try fixture.run(
                """
                CREATE CHANNEL lab/rat/new TYPE IMAGE DATATYPE UINT8;
                ALTER CHANNEL lab/rat/em RENAME TO old; ALTER CHANNEL lab/rat/new RENAME TO em;
                ALTER EXPERIMENT lab/mouse RENAME TO t; ALTER EXPERIMENT lab/rat RENAME TO mouse;
                SET METADATA ON lab/t 'k' = 1;
                """)
            #expect(value("lab/rat/em", in: session) == "8")
            #expect(value("lab/mouse/em", in: session) == "7")
            #expect(value("lab/mouse/em@s1", in: session) == "1")
            #expect(try column("key", "SHOW METADATA IN lab/mouse", in: session) == [])
            // The session has failed after this.
            #expect(value("lab/t/em", in: session) == "42P01")
        }
        #expect(value("lab/mouse/em") == "0")
    }

    @Test("what is written to a channel that others dropped and made again is refused, and reaches neither")
    func writtenMeanwhile() throws {
        let (path, other) = ("lab/rat/em", Session(database: fixture.database))
        _ = try other.query("BEGIN")
        try fixture.run("DROP CHANNEL \(path); CREATE CHANNEL \(path) TYPE IMAGE DATATYPE UINT8")
        try insert(9, path, in: other)
        #expect(value(path, in: other) == "9")
        let error = #expect(throws: DatabaseError.self) { try other.query("COMMIT") }
        #expect(error?.sqlState == "42P01" && error?.message.contains(path) == true)
        #expect(value(path) == "0")
    }

    @Test("a transaction that changes names is refused once others have changed any, and can be run again")
    func changedByOthers() throws {
        let other = Session(database: fixture.database)
        _ = try other.query("BEGIN")
        _ = try other.query("SAVEPOINT a")
        try fixture.run("CREATE COLLECTION x")
        #expect(try column("name", "SHOW COLLECTIONS", in: other) == ["lab"])
        for _ in 0..<2 {
            let error = #expect(throws: DatabaseError.self) { try other.query("CREATE COLLECTION y") }
            #expect(error?.sqlState == "40001" && error?.hint?.contains("again") == true)
            _ = try other.query("ROLLBACK TO a")
        }
        // It keeps nobody from changing names.
        try fixture.run("CREATE COLLECTION z")
        _ = try other.query("ROLLBACK")
        for statement in ["BEGIN", "CREATE COLLECTION y", "COMMIT"] { _ = try other.query(statement) }
        #expect(try fixture.column("name", of: "SHOW COLLECTIONS") == ["lab", "x", "y", "z"])
    }

    @Test("voxels and names are of the same moment, while others commit both", .timeLimit(.minutes(1)))
    func sameMoment() throws {
        let database = fixture.database
        let path = "lab/rat/em"
        let isDone = Atomic<Bool>(false)
        let failures = Mutex<[String]>([])
        @Sendable func insert(_ value: UInt64, _ session: Session) throws {
            _ = try session.query(
                "INSERT CUTOUT INTO \(path) X 0:2 Y 0:2 Z 0:1 VALUES $1",
                parameters: [.volume(try ResourceFixture.volume(.uint8, [1, 2, 2], filledWith: value))])
        }
        let thread = DispatchQueue(label: "writer")
        thread.async {
            do {
                let session = Session(database: database)
                for round in 0..<60 {
                    _ = try session.query("BEGIN")
                    _ = try session.query("DROP CHANNEL \(path)")
                    _ = try session.query("CREATE CHANNEL \(path) TYPE IMAGE DATATYPE UINT8")
                    try insert(UInt64(1 + round), session)
                    _ = try session.query("SET METADATA ON lab/rat 'round' = \(1 + round)")
                    _ = try session.query("COMMIT")
                }
            } catch { failures.withLock { $0.append("\(error)") } }
            isDone.store(true, ordering: .releasing)
        }
        var options = DatabaseOptions()
        options.access = .readOnly
        let handle = try Database.open(fixture.folder, options: options)
        let (own, other) = (Session(database: database), Session(database: handle))
        while !isDone.load(ordering: .acquiring) {
            for (session, begin) in [(own, "BEGIN"), (own, "BEGIN READ ONLY"), (other, "BEGIN READ ONLY")] {
                _ = try session.query(begin)
                let round = try column("value", "SHOW METADATA IN lab/rat", in: session).first ?? "8"
                #expect(value(path, in: session) == round, "\(begin)")
                _ = try session.query("ROLLBACK")
            }
        }
        thread.sync {}
        #expect(failures.withLock { $0 } == [])
        try handle.close()
    }

    // MARK: One state

    @Test(
        "a transaction finds the versions of its beginning, whatever others do",
        arguments: beginnings)
    func oneState(_ begin: String) throws {
        var options = DatabaseOptions()
        options.access = .readOnly
        let isOther = begin == "another handle"
        let handle = isOther ? try Database.open(fixture.folder, options: options) : fixture.database
        let reader = Session(database: handle)
        let path = "lab/mouse/em"
        _ = try reader.query(isOther ? "BEGIN READ ONLY" : begin)
        #expect(value("\(path)@s1", in: reader) == "1")
        try insert(9, path)
        try insert(10, path)
        try fixture.run("CREATE SNAPSHOT s3 OF lab/mouse; DROP SNAPSHOT s1 OF lab/mouse")
        try fixture.run("SET history_retention = off; COMPACT")
        for (version, expected) in [
            ("", "7"), ("@main", "7"), ("@'2099-01-01'", "7"), ("@s1", "1"), ("@#1", "1"), ("@#3", "7"),
        ] {
            #expect(value(path + version, in: reader) == expected, "\(begin), \(version)")
        }
        guard case .rows(let rows) = try reader.query("SHOW SNAPSHOTS IN lab/mouse").value else { return }
        #expect(rows.rows.map { ResourceFixture.text($0[0]) } == ["s1"])
        guard
            case .rows(let storage) = try reader.query(
                "SELECT oldest_commit, newest_commit FROM sys.storage"
            ).value
        else { return }
        #expect(storage.rows.map { $0.map(ResourceFixture.text) } == [["0", "4"]])
        // A session that asks for what came later has failed, so this comes last.
        #expect(value("\(path)@#5", in: reader) == "22V07")
        _ = try reader.query("ROLLBACK")
        #expect(value(path, in: reader) == "10")
        #expect(value("\(path)@s3", in: reader) == "10")
        #expect(value("\(path)@s1", in: reader) == "42704")
        #expect(value("\(path)@#1", in: reader) == "22V07")
        if isOther { try handle.close() }
    }

    // MARK: Levels

    @Test("a level that was not built yet is refused in a version as it was then")
    func levels() throws {
        let path = "lab/mouse/em"
        try fixture.run("CREATE SNAPSHOT b0 OF lab/mouse; DOWNSAMPLE \(path)")
        try fixture.run("CREATE SNAPSHOT b1 OF lab/mouse")
        try insert(40, path)
        try fixture.run("CREATE SNAPSHOT b2 OF lab/mouse; DOWNSAMPLE \(path)")
        for statement in [
            "STATS OF \(path)@b0 RES 1", "SELECT CUTOUT FROM \(path)@b0 RES 1",
            "SELECT * FROM DIFF(\(path) FROM b0 TO b1 RES 1 BY PAGE)",
            "SELECT * FROM DIFF(\(path) FROM b1 TO @b0 RES 1 BY PAGE)",
        ] {
            let error = #expect(throws: DatabaseError.self) { try fixture.session.query(statement) }
            #expect(error?.sqlState == "22V06" && error?.position != nil)
            #expect(error?.message.hasSuffix("was not built yet in @b0") == true, "\(statement)")
            #expect(error?.hint?.contains("DOWNSAMPLE \(path)") == false)
        }
        #expect(try fixture.lines("SELECT max FROM STATS(\(path)@b1 RES 1)") == ["7.0"])
        #expect(try fixture.warnings("STATS OF \(path)@b1 RES 1") == [])
        let stale = try fixture.session.query("STATS OF \(path)@b2 RES 1").warnings
        #expect(stale.map(\.sqlState) == ["01V01"])
        #expect(stale.allSatisfy { !$0.message.contains("DOWNSAMPLE") })
        #expect(try fixture.warnings("STATS OF \(path)@main RES 1") == [])
        #expect(try fixture.lines("SELECT max FROM STATS(\(path) RES 1)") == ["40.0"])
        // Before the first commit there was nothing, and every level shows that.
        #expect(try fixture.lines("SELECT max FROM STATS(\(path)@#0 RES 1)") == ["0.0"])
        #expect(try fixture.warnings("STATS OF \(path)@#0 RES 1") == [])
    }
}
