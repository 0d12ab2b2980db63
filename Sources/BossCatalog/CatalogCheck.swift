import GRDB

extension Catalog {
    /// Looks for damage and broken rules in the whole committed catalog: SQLite's structure, references, the seal,
    /// and every row. Reads every page, on one snapshot.
    ///
    /// - Returns: the problems in words, at most some hundreds; empty if there is none.
    /// - Throws: only what keeps from looking: `.locked`, `.closed`, `.needsRecovery`.
    package func check() throws(CatalogError) -> [String] {
        if let transaction { return try transaction.parent.check() }
        do throws(CatalogError) {
            return try read { session in
                var check = CatalogCheck(session: session)
                try check.run()
                return check.problems
            }
        } catch .corrupt(_, let reason) {
            // Not even a transaction begins, or what is outstanding does not fit.
            return ["file: \(reason)"]
        }
    }
}

/// One look at everything.
private struct CatalogCheck {
    /// Problems told of one table or one test.
    static let limit = 100

    let session: CatalogSession
    private(set) var problems: [String] = []

    init(session: CatalogSession) { self.session = session }

    mutating func run() throws {
        try attempt("structure") { check in
            let lines = try check.session.all("PRAGMA integrity_check(\(Self.limit))") {
                try $0.text("integrity_check")
            }
            if lines != ["ok"] { check.problems += lines }
        }
        try attempt("seal") { try CatalogSeal.verifyContent($0.session.db, file: $0.session.file) }
        try checkReferences()
        try checkRows()
        try attempt("last commit") { _ = try AppliedCommit.get($0.session.db) }
    }

    private mutating func checkReferences() throws {
        try find("PRAGMA foreign_key_check") { "a row of \(try $0.text("table")) refers to nothing" }
        try find(
            """
            SELECT id FROM channel
            WHERE state = 'active' AND experiment_id NOT IN (SELECT id FROM experiment) ORDER BY id
            """
        ) { "channel #\(try $0.integer("id")) belongs to no experiment" }
        for table in ["collection", "experiment", "channel"] {
            try find(
                """
                SELECT owner_id, key FROM metadata
                WHERE owner_kind = '\(table)' AND owner_id NOT IN (SELECT id FROM \(table))
                """
            ) {
                "metadata key \(try $0.text("key")) is of \(table) #\(try $0.integer("owner_id")), which is not there"
            }
        }
        for table in ["collection", "coordinate_frame", "experiment", "channel"] {
            try find(
                """
                SELECT MAX(id) AS last FROM \(table)
                HAVING last > (SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = '\(table)')
                """
            ) { "the numbers of \(table) up to #\(try $0.integer("last")) may be given again" }
        }
    }

    private mutating func checkRows() throws {
        try decode("collection", CollectionRecord.selection) { _ = try CollectionRecord(columns: $0) }
        try decode("coordinate frame", CoordinateFrameRecord.selection) {
            _ = try CoordinateFrameRecord(columns: $0)
        }
        try decode("experiment", ExperimentRecord.selection) { _ = try ExperimentRecord(columns: $0) }
        try decode("channel", ChannelRecord.selection) {
            _ = try ChannelRecord(columns: $0, links: ChannelLinks())
        }
        try decode("link", "SELECT channel_id, kind, position, target_id FROM channel_link") { columns in
            _ = try columns.channelNumber("channel_id")
            _ = try columns.channelNumber("target_id")
            _ = try columns.integer("position", in: 0...Int(UInt32.max))
            _ = try columns.word("kind") { ["source", "related"].contains($0) ? $0 : nil }
        }
        try decode("metadata", "SELECT owner_id, key, value, updated_at FROM metadata") { columns in
            _ = try columns.integer("owner_id")
            _ = try MetadataEntry(columns: columns)
        }
    }

    /// Every row of a query is a problem.
    private mutating func find(_ sql: String, _ describe: (Columns) throws -> String) throws {
        try attempt("references") { check in
            check.problems += try check.session.all(sql, [], describe).prefix(Self.limit)
        }
    }

    /// Every row of a query shall decode.
    private mutating func decode(_ what: String, _ sql: String, _ decode: (Columns) throws -> Void) throws {
        try attempt(what) { check in
            let rows = try Row.fetchCursor(try check.session.db.cachedStatement(sql: sql))
            let (old, file) = (check.problems.count, check.session.file)
            while check.problems.count < old + Self.limit, let row = try rows.next() {
                try check.attempt(what) { _ in try decode(Columns(row: row, file: file)) }
            }
        }
    }

    /// Turns damage into words and lets other errors through.
    private mutating func attempt(_ what: String, _ body: (inout CatalogCheck) throws -> Void) throws {
        do {
            try body(&self)
        } catch {
            switch CatalogError(error, file: session.file) {
            case .corrupt(_, let reason): problems.append("\(what): \(reason)")
            case .sqlite(let code, let message): problems.append("\(what): SQLite error \(code), \(message)")
            case let other: throw other
            }
        }
    }
}
