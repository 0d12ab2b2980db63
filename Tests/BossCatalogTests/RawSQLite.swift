#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// SQLite's C functions, called without the catalog and its library: to look at a file from outside, to damage it,
/// and to lock it as another program would.
final class RawSQLite {
    struct Failure: Error { let message: String }

    private typealias Open =
        @convention(c) (UnsafePointer<CChar>, UnsafeMutablePointer<OpaquePointer?>) -> Int32
    private typealias Close = @convention(c) (OpaquePointer?) -> Int32
    private typealias Prepare =
        @convention(c) (
            OpaquePointer?, UnsafePointer<CChar>, Int32, UnsafeMutablePointer<OpaquePointer?>,
            UnsafeMutablePointer<UnsafePointer<CChar>?>
        ) -> Int32
    private typealias OnStatement = @convention(c) (OpaquePointer?) -> Int32
    private typealias OnColumn = @convention(c) (OpaquePointer?, Int32) -> Int32
    private typealias Integer = @convention(c) (OpaquePointer?, Int32) -> Int64
    private typealias Real = @convention(c) (OpaquePointer?, Int32) -> Double
    private typealias Bytes = @convention(c) (OpaquePointer?, Int32) -> UnsafeRawPointer?
    private typealias Message = @convention(c) (OpaquePointer?) -> UnsafePointer<CChar>

    private let library = dlopen(nil, RTLD_NOW)
    private var connection: OpaquePointer?

    init(_ path: String) throws {
        let open: Open = function("sqlite3_open")
        guard open(path, &connection) == 0 else { throw Failure(message: "cannot open \(path)") }
    }

    deinit {
        let close: Close = function("sqlite3_close_v2")
        _ = close(connection)
    }

    private func function<Function>(_ name: String) -> Function {
        let symbol = dlsym(library, name)
        precondition(symbol != nil, "SQLite has no \(name)")
        return unsafeBitCast(symbol, to: Function.self)
    }

    /// A value as SQLite stores it: two are equal if and only if type and bytes are.
    enum Value: Hashable {
        case null
        case integer(Int64)
        case real(UInt64)
        case text([UInt8])
        case blob([UInt8])

        var string: String {
            if case .text(let bytes) = self { return String(decoding: bytes, as: UTF8.self) }
            return "\(self)"
        }
    }

    /// Runs statements; the rows of all of them.
    @discardableResult
    func rows(_ sql: String) throws -> [[Value]] {
        let prepare: Prepare = function("sqlite3_prepare_v2")
        let step: OnStatement = function("sqlite3_step")
        let finalize: OnStatement = function("sqlite3_finalize")
        let columnCount: OnStatement = function("sqlite3_column_count")
        let message: Message = function("sqlite3_errmsg")
        var rows: [[Value]] = []
        try sql.withCString { text in
            var rest: UnsafePointer<CChar>? = text
            while let start = rest, start.pointee != 0 {
                var statement: OpaquePointer?
                guard prepare(connection, start, -1, &statement, &rest) == 0 else {
                    throw Failure(message: String(cString: message(connection)))
                }
                defer { _ = finalize(statement) }
                guard statement != nil else { continue }
                var code = step(statement)
                while code == 100 {
                    rows.append((0..<columnCount(statement)).map { value(statement, $0) })
                    code = step(statement)
                }
                guard code == 101 else { throw Failure(message: String(cString: message(connection))) }
            }
        }
        return rows
    }

    private func value(_ statement: OpaquePointer?, _ column: Int32) -> Value {
        let type: OnColumn = function("sqlite3_column_type")
        switch type(statement, column) {
        case 1:
            let integer: Integer = function("sqlite3_column_int64")
            return .integer(integer(statement, column))
        case 2:
            let real: Real = function("sqlite3_column_double")
            return .real(real(statement, column).bitPattern)
        case 3: return .text(bytes(statement, column, of: "sqlite3_column_text"))
        case 4: return .blob(bytes(statement, column, of: "sqlite3_column_blob"))
        default: return .null
        }
    }

    private func bytes(_ statement: OpaquePointer?, _ column: Int32, of name: String) -> [UInt8] {
        let content: Bytes = function(name)
        let byteCount: OnColumn = function("sqlite3_column_bytes")
        guard let start = content(statement, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(byteCount(statement, column))))
    }
}

extension RawSQLite {
    /// Names of all tables, SQLite's own sequence of numbers among them.
    func tables() throws -> [String] {
        try rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").map { $0[0].string }
    }

    /// Every row of every table and the schema, by table. With `timeless`, without the times, the digest and the
    /// number of the last commit: what the same operations give at another time.
    func dump(timeless: Bool = false) throws -> [String: [[Value]]] {
        var dump: [String: [[Value]]] = [:]
        for table in try tables() where !timeless || !["catalog_seal", "catalog_commit"].contains(table) {
            let columns = try rows("SELECT name FROM pragma_table_info('\(table)')").map { $0[0].string }
                .filter { !timeless || !$0.hasSuffix("ed_at") }
            let list = columns.joined(separator: ", ")
            let order = (1...columns.count).map(String.init).joined(separator: ", ")
            dump[table] = try rows("SELECT \(list) FROM \(table) ORDER BY \(order)")
        }
        dump["sqlite_master"] = try rows("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2")
        return dump
    }

    /// The digest of the seal, from its definition in the description of the format: the wrapping sum of one
    /// 64-bit FNV-1a hash a row (name of the table, then tag and bytes of each value) and of the owner.
    func digest() throws -> Int64 {
        func little(_ word: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
        var sum: UInt64 = 0
        for table in try tables() + ["sqlite_master"] where table != "catalog_seal" {
            let columns = table == "sqlite_master" ? "type, name, tbl_name, sql" : "*"
            for row in try rows("SELECT \(columns) FROM \(table)") {
                var bytes = Array(table.utf8)
                for value in row {
                    switch value {
                    case .null: bytes += [0]
                    case .integer(let integer): bytes += [1] + little(UInt64(bitPattern: integer))
                    case .real(let bits): bytes += [2] + little(bits)
                    case .text(let text): bytes += [3] + little(UInt64(text.count)) + text
                    case .blob(let blob): bytes += [4] + little(UInt64(blob.count)) + blob
                    }
                }
                sum &+= fnv1a(bytes)
            }
        }
        let owner = try rows("SELECT database FROM catalog_seal").first?[0].string ?? ""
        return Int64(bitPattern: sum &+ fnv1a(Array(owner.utf8)))
    }
}

/// 64-bit FNV-1a, from its definition.
func fnv1a(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
}

/// All rows of a catalog's file.
func dump(_ path: String, timeless: Bool = false) throws -> [String: [[RawSQLite.Value]]] {
    try RawSQLite(path).dump(timeless: timeless)
}
