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

    /// The highest number that a channel ever got, 0 without any.
    package var lastChannelID: UInt32 {
        get throws(CatalogError) {
            let last = try read { session in
                try session.first(
                    "SELECT seq FROM sqlite_sequence WHERE name = 'channel'", [], { try $0.integer("seq") })
            }
            return UInt32(clamping: last ?? 0)
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
