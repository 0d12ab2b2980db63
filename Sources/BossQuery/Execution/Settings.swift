import BossDatabase

/// Settings of a session, changed with SET.
struct Settings: Hashable, Sendable {
    /// The largest result of one statement, in bytes.
    var maxResultBytes = 2 << 30
    /// What a read of a level older than the base level does.
    var staleLevels = StaleLevels.warn

    enum StaleLevels: String, CaseIterable, Sendable {
        /// Stored voxels with warning 01V01; a level that was never built is an error.
        case warn
        /// Compute the voxels from the base level.
        case compute
    }
}

/// The settings by name.
public enum SettingName: String, CaseIterable, Sendable {
    case maxResultBytes = "max_result_bytes"
    case staleLevels = "stale_levels"
    /// Kept in the database, for all sessions.
    case historyRetention = "history_retention"

    /// What it does, one line.
    public var summary: String {
        switch self {
        case .maxResultBytes: "largest result of one statement, in bytes"
        case .staleLevels: "reading a level older than the base level: warn; compute is not supported yet"
        case .historyRetention: "how long older versions are kept, for the whole database: '7d', '24h', off"
        }
    }
}
