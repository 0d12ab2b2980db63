import GRDB

/// What SQLite says of a connection.
package struct CatalogSettings: Hashable, Sendable {
    /// `wal` in a writer's file, `delete` in a file at rest, `memory` in memory.
    package let journalMode: String
    /// 2 is FULL: a transaction is on the disk when it returns.
    package let synchronous: Int64
    /// Whether foreign keys are enforced.
    package let foreignKeys: Bool
    /// How long to wait for another process.
    package let busyTimeoutMilliseconds: Int64
}

extension Catalog {
    /// The settings as SQLite reads them back.
    package func settings() throws(CatalogError) -> CatalogSettings {
        let settings = try read { session in
            CatalogSettings(
                journalMode: try session.first("PRAGMA journal_mode") { try $0.text("journal_mode") } ?? "",
                synchronous: try session.first("PRAGMA synchronous") { try $0.integer("synchronous") } ?? -1,
                foreignKeys: try session.first("PRAGMA foreign_keys") { try $0.flag("foreign_keys") }
                    ?? false,
                busyTimeoutMilliseconds: try session.first("PRAGMA busy_timeout") {
                    try $0.integer("timeout")
                } ?? -1)
        }
        return settings
    }

    /// Looks for damage and broken rules in the whole file; empty if there is none. Reads every page.
    package func check() throws(CatalogError) -> [String] {
        var problems = try read { session in
            try session.all("PRAGMA integrity_check(100)") { try $0.text("integrity_check") }
        }
        if problems == ["ok"] { problems = [] }
        problems += try read { session in
            try session.all("PRAGMA foreign_key_check") { "row of \(try $0.text("table")) refers to nothing" }
        }
        problems += try read { session in
            try session.all(
                """
                SELECT id FROM channel
                WHERE state = 'active' AND experiment_id NOT IN (SELECT id FROM experiment) ORDER BY id
                """
            ) { "channel #\(try $0.channelNumber("id")) belongs to no experiment" }
        }
        return problems
    }

    /// Writes a copy as of now to a new file, which is complete without any other file. Others may read
    /// and write meanwhile.
    ///
    /// - Throws: `.alreadyExists` if the file exists.
    package func backup(to copyPath: String) throws(CatalogError) {
        let plainPath = copyPath.hasPrefix("/") ? copyPath : "./" + copyPath
        let queue = try openConnection()
        do {
            try queue.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [plainPath]) }
        } catch let error as DatabaseError
            where error.message?.hasSuffix("output file already exists") == true
        {
            throw .alreadyExists(kind: .catalogFile, path: copyPath)
        } catch {
            throw CatalogError(error, file: copyPath)
        }
    }

    /// Makes the numbers of future channels exceed a given one. For a catalog restored from a backup that is
    /// older than the engine's pages: numbers found there must not be given again.
    package func reserveChannelIDs(upTo channelID: UInt32) throws(CatalogError) {
        try write { session in
            let last = try session.first(
                "SELECT seq FROM sqlite_sequence WHERE name = 'channel'", [], { try $0.integer("seq") })
            if let last {
                guard last < Int64(channelID) else { return }
                try session.run("UPDATE sqlite_sequence SET seq = ? WHERE name = 'channel'", [channelID])
            } else {
                try session.run("INSERT INTO sqlite_sequence (name, seq) VALUES ('channel', ?)", [channelID])
            }
        }
    }
}
