import GRDB

/// The row that says which commits of the engine the catalog has: those up to this number. It is sealed like
/// every other row. Files of version 1 have none, which reads as 0.
enum AppliedCommit {
    /// The number is the bit pattern of a `UInt64`.
    static let table = """
        CREATE TABLE catalog_commit (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            applied_commit INTEGER NOT NULL
        ) STRICT;
        """

    static func get(_ db: Database) throws -> UInt64 {
        let tableCount = try Int64.fetchOne(
            db, sql: "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'catalog_commit'")
        guard tableCount == 1 else { return 0 }
        let bits = try Int64.fetchOne(db, sql: "SELECT applied_commit FROM catalog_commit")
        return UInt64(bitPattern: bits ?? 0)
    }

    static func set(_ db: Database, _ commit: UInt64) throws {
        #if SEEDED_DEFECTS
            if SeededDefect.isOn(.forgetAppliedCommit) { return }
        #endif
        try db.execute(
            sql: "INSERT OR REPLACE INTO catalog_commit (id, applied_commit) VALUES (1, ?)",
            arguments: [Int64(bitPattern: commit)])
    }
}
