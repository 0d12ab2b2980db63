import BossDatabase
import BossQuery
import Foundation

/// A database in a temporary folder, with a session; the folder goes away with it.
final class ResourceFixture {
    let folder: String
    let database: Database
    let session: Session

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "bossql-\(UUID().uuidString)").path
        database = try Database.open(folder)
        session = Session(database: database)
    }

    /// With a frame `f` of 100 x 80 x 20 voxels, `lab/mouse`, an image `em` and an annotation `seg`.
    static func withChannels() throws -> ResourceFixture {
        let fixture = try ResourceFixture()
        try fixture.run(
            """
            CREATE FRAME f X 0:100 Y 0:80 Z 0:20 VOXEL 4nm, 4nm, 40nm;
            CREATE COLLECTION lab;
            CREATE EXPERIMENT lab/mouse FRAME f LEVELS 5 TIME 3 STEP 5ms;
            CREATE CHANNEL lab/mouse/em TYPE IMAGE DATATYPE UINT8 CUBOID 64,64,16;
            CREATE CHANNEL lab/mouse/seg TYPE ANNOTATION DATATYPE UINT64 CUBOID 64,64,16 SOURCES (em);
            """)
        return fixture
    }

    deinit {
        try? database.close()  // the folder is removed anyway
        try? FileManager.default.removeItem(atPath: folder)
    }

    func run(_ script: String, parameters: [Parameter] = []) throws {
        try session.execute(script, parameters: parameters)
    }

    func tag(_ statement: String, _ parameters: [Parameter] = []) throws -> String {
        guard case .tag(let word, let count) = try session.query(statement, parameters: parameters).value
        else {
            return "no tag"
        }
        return count.map { "\(word) \($0)" } ?? word
    }

    func rows(_ statement: String) throws -> RowSet {
        guard case .rows(let rows) = try session.query(statement).value else { return RowSet(columns: []) }
        return rows
    }

    /// The values of a column as text.
    func column(_ name: String, of statement: String) throws -> [String] {
        let rows = try rows(statement)
        guard let index = rows.columns.firstIndex(where: { $0.name == name }) else {
            return ["no column \(name)"]
        }
        return rows.rows.map { Self.text($0[index]) }
    }

    /// Property to value.
    func description(_ path: String) throws -> [String: String] {
        let rows = try rows("DESCRIBE \(path)").rows
        return Dictionary(uniqueKeysWithValues: rows.map { (Self.text($0[0]), Self.text($0[1])) })
    }

    /// SQLSTATE and column of the error, `success` if there is none.
    func refusal(_ statement: String, _ parameters: [Parameter] = []) -> String {
        do {
            _ = try session.query(statement, parameters: parameters)
            return "success"
        } catch {
            return "\(error.sqlState) \(error.position?.column ?? 0)"
        }
    }

    func hint(_ statement: String) -> String? {
        do {
            _ = try session.query(statement)
            return nil
        } catch {
            return error.hint
        }
    }

    static func text(_ value: Value) -> String {
        switch value {
        case .null: "NULL"
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .unsigned(let value): "\(value)"
        case .float(let value): "\(value)"
        case .text(let value): value
        case .bytes(let value): "\(value)"
        case .timestamp(let value): "\(value)"
        }
    }
}
