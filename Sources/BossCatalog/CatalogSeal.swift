import GRDB

/// What makes a damaged or swapped catalog noticed: SQLite checks the structure of its pages, not what stands in
/// them.
///
/// One row holds the identifier of the database that the catalog belongs to and a digest of every row of every
/// table, the schema included. Each write renews it in its own transaction; opening checks it, and
/// checks every index against its table.
///
/// The digest is the wrapping sum of one FNV-1a hash a row, so it does not depend on the order of rows, and a
/// changed byte always changes it.
enum CatalogSeal {
    static let table = """
        CREATE TABLE catalog_seal (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            database TEXT NOT NULL,
            digest INTEGER NOT NULL
        ) STRICT;
        """

    /// Renews the seal; inside the transaction that changed something.
    static func renew(_ db: Database, database: String? = nil) throws {
        let owner = try database ?? Self.database(db)
        try db.execute(
            sql: "INSERT OR REPLACE INTO catalog_seal (id, database, digest) VALUES (1, ?, 0)",
            arguments: [owner])
        try db.execute(sql: "UPDATE catalog_seal SET digest = ?", arguments: [try digest(db)])
    }

    /// The database that the catalog belongs to; empty when it was never told.
    static func database(_ db: Database) throws -> String {
        try String.fetchOne(db, sql: "SELECT database FROM catalog_seal") ?? ""
    }

    /// Checks structure, content and owner.
    ///
    /// - Throws: `.corrupt`.
    static func verify(_ db: Database, database expected: String?, file: String) throws {
        let problems = try String.fetchAll(db, sql: "PRAGMA integrity_check(1)")
        guard problems == ["ok"] else {
            throw CatalogError.corrupt(
                file: file, reason: problems.first ?? "the integrity check says nothing")
        }
        try verifyContent(db, file: file)
        let owner = try self.database(db)
        if let expected, !owner.isEmpty, owner != expected {
            throw CatalogError.corrupt(file: file, reason: "it belongs to another database")
        }
    }

    /// Checks every row against the digest.
    ///
    /// - Throws: `.corrupt`.
    static func verifyContent(_ db: Database, file: String) throws {
        guard try storedDigest(db) == digest(db) else {
            throw CatalogError.corrupt(file: file, reason: "its content does not match its checksum")
        }
    }

    /// The digest as of the last renewal: what names a committed state in a redo. Nil without a seal.
    static func storedDigest(_ db: Database) throws -> Int64? {
        try Int64.fetchOne(db, sql: "SELECT digest FROM catalog_seal")
    }

    /// The digest of all rows but the digest itself.
    private static func digest(_ db: Database) throws -> Int64 {
        var tables = try String.fetchAll(
            db, sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'catalog_seal'")
        tables.append("sqlite_master")
        var sum: UInt64 = 0
        for table in tables {
            let columns = table == "sqlite_master" ? "type, name, tbl_name, sql" : "*"
            let rows = try Row.fetchCursor(db, sql: "SELECT \(columns) FROM \"\(table)\"")
            while let row = try rows.next() { sum &+= hash(row, table: table) }
        }
        var owner = FNV1a()
        owner.add(try database(db).utf8)
        return Int64(bitPattern: sum &+ owner.value)
    }

    private static func hash(_ row: Row, table: String) -> UInt64 {
        var hash = FNV1a()
        hash.add(table.utf8)
        for (_, value) in row {
            switch value.storage {
            case .null: hash.add([0])
            case .int64(let integer): hash.add(1, UInt64(bitPattern: integer))
            case .double(let number): hash.add(2, number.bitPattern)
            case .string(let text):
                hash.add(3, UInt64(text.utf8.count))
                hash.add(text.utf8)
            case .blob(let bytes):
                hash.add(4, UInt64(bytes.count))
                hash.add(bytes)
            }
        }
        return hash.value
    }
}
