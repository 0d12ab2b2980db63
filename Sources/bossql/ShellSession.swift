import BossDatabase
import BossQuery
import BossVoxels
import Glibc

/// The open database and the session in which the shell's statements run.
final class ShellSession {
    /// The folder of the database.
    let path: String
    private let database: Database
    private let session: Session

    /// Opens a database, and creates one that does not exist.
    ///
    /// `lab` also finds `lab.bossdb`.
    ///
    /// - Throws: 3D000 for a missing database that is to be read only, 55006 when another process
    ///   writes it, XX001 when it is damaged.
    init(path: String, isReadOnly: Bool) throws(DatabaseError) {
        var path = FileCompletion.expandingHome(path)
        if !FileCompletion.exists(path), FileCompletion.exists(path + ".bossdb") { path += ".bossdb" }
        if isReadOnly, !FileCompletion.exists(path) {
            throw DatabaseError(
                "3D000", "there is no database \(path)", hint: "without --read-only it would be created")
        }
        self.path = path
        var options = DatabaseOptions()
        options.access = isReadOnly ? .readOnly : .readWrite
        do {
            database = try Database.open(path, options: options)
        } catch {
            throw Self.naming(path, error)
        }
        session = Session(database: database)
    }

    /// The engine names files relative to the database, the catalog with its folder; someone who opens several
    /// databases wants to know which one, in the same words each time.
    static func naming(_ path: String, _ error: DatabaseError) -> DatabaseError {
        let message = error.message.replacing(path + "/", with: "")
        if error.message.hasPrefix(path + "/") || names(path, message) { return error }
        return DatabaseError(error.sqlState, "\(path): \(message)", hint: error.hint, cause: error.cause)
    }

    /// Whether a path stands in a message by itself: `db` does not in `tmp.9db7`.
    private static func names(_ path: String, _ message: String) -> Bool {
        func isPart(_ character: Character?) -> Bool {
            character.map { $0.isLetter || $0.isNumber || "_-./".contains($0) } ?? false
        }
        return message.ranges(of: path).contains { range in
            !isPart(message[..<range.lowerBound].last) && !isPart(message[range.upperBound...].first)
        }
    }

    /// Closes the database; the session must not be used again.
    func close() throws(DatabaseError) {
        try database.close()
    }

    /// Whether BEGIN was run and neither COMMIT nor ROLLBACK.
    var isInTransaction: Bool { session.isInTransaction }

    /// Whether closing would undo what an open transaction has done.
    var holdsUncommittedWork: Bool { session.holdsUncommittedWork }

    /// Runs one statement.
    func run(
        _ statement: String, parameters: [Parameter] = [], control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> StatementResult {
        try session.query(statement, parameters: parameters, control: control)
    }

    /// Rows of a statement of the shell's own.
    func rows(_ statement: String) throws(DatabaseError) -> RowSet {
        if case .rows(let rows) = try run(statement).value { return rows }
        return RowSet(columns: [])
    }

    /// The names below a path of 0, 1 or 2 names: collections, experiments or channels; none below what is not there,
    /// since a statement that fails would fail an open transaction.
    func children(of path: [String]) throws(DatabaseError) -> [String] {
        if let name = path.last, try !children(of: path.dropLast()).contains(name) { return [] }
        let written = ResourcePath.written(path)
        let rows: RowSet
        switch path.count {
        case 0: rows = try self.rows("SHOW COLLECTIONS;")
        case 1: rows = try self.rows("SHOW EXPERIMENTS IN \(written);")
        case 2: rows = try self.rows("SHOW CHANNELS IN \(written);")
        default: return []
        }
        let index = rows.columns.firstIndex { $0.name == "name" } ?? 0
        return rows.rows.compactMap { row in
            if row.indices.contains(index), case .text(let name) = row[index] { name } else { nil }
        }
    }
}

extension ShellSession {
    /// The names of snapshots: those of the experiment of a whole path, else all.
    func snapshots(of path: [String]) throws(DatabaseError) -> [String] {
        let rows = try self.rows("SELECT experiment, name FROM sys.snapshots ORDER BY name;").rows
        let experiment = path.count == 3 ? path.dropLast().joined(separator: "/") : nil
        let names: [String] = rows.compactMap { row in
            guard case .text(let owner) = row[0], case .text(let name) = row[1] else { return nil }
            return experiment == nil || owner == experiment ? name : nil
        }
        return Array(Set(names)).sorted()
    }
}

extension Parameter {
    /// The value that `.param set` wrote.
    init(_ literal: ParameterLiteral) throws(DatabaseError) {
        switch literal {
        case .null: self = .null
        case .integer(let number): self = .integer(number)
        case .unsigned(let number): self = .unsigned(number)
        case .float(let number): self = .float(number)
        case .text(let text): self = .text(text)
        case .boolean(let flag): self = .boolean(flag)
        case .list(let items):
            var list: [Parameter] = []
            for item in items { list.append(try Parameter(item)) }
            self = .list(list)
        case .file(let path): self = .volume(try VolumeFileAccess.load(FileCompletion.expandingHome(path)))
        }
    }
}

/// What the language says of itself.
enum Vocabulary {
    /// Every keyword, upper case.
    static let keywords = Keywords.all
    static let settings = SettingName.allCases.map(\.rawValue)

    /// Whether typed text is a finished statement, by the rules of the real lexer.
    static func isComplete(_ text: String) -> Bool { StatementScanner.isComplete(text) }
}
