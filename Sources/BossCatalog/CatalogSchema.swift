import GRDB

/// The tables of `catalog.sqlite` and their versions.
///
/// `PRAGMA application_id` is "BOSS", `PRAGMA user_version` is the version of the schema: the number of
/// migrations applied. Both are set in the transaction that makes the tables.
///
/// | version | what it brought |
/// | --- | --- |
/// | 1 | resources, metadata, the seal |
/// | 2 | `catalog_commit`, the last commit of the engine whose changes to the catalog are here |
///
/// - All ids are AUTOINCREMENT: SQLite keeps the highest one ever given in `sqlite_sequence`, so none is
///   used twice. For channels that is a rule of the engine, whose pages are keyed by them.
/// - `channel.experiment_id` has no foreign key, because a dropped channel stays as a row until the engine
///   has removed its pages, possibly longer than its experiment. A trigger guards the channels in use.
/// - Times are microseconds since 1970 UTC; `background` is the bit pattern of a `UInt64`.
enum CatalogSchema {
    /// "BOSS" in ASCII.
    static let applicationID: Int64 = 0x424F_5353
    /// The schema version that this program writes, and the newest that it reads.
    static let currentVersion = 2

    /// What the first look at a file finds.
    enum Finding {
        case empty
        case catalog(version: Int)
        case somethingElse(reason: String)
    }

    /// Reads the application id and the version.
    static func inspect(_ db: Database) throws -> Finding {
        let applicationID = try Int64.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let version = try Int64.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard applicationID == Self.applicationID else {
            let tableCount = try Int64.fetchOne(db, sql: "SELECT COUNT(*) FROM sqlite_master") ?? 0
            if applicationID == 0, version == 0, tableCount == 0 { return .empty }
            return .somethingElse(reason: "an SQLite database of another program")
        }
        guard version >= 1 else { return .somethingElse(reason: "schema version \(version)") }
        return .catalog(version: Int(version))
    }

    /// Brings an empty database (version 0) or an older catalog to a version; inside a transaction, in which the
    /// caller renews the seal too, so that no crash can leave one without the other.
    ///
    /// Steps that were released are never edited. A redo belongs to the state it was recorded on: one that is
    /// outstanding is applied before a catalog is brought to a later version than its own.
    static func migrate(_ db: Database, from oldVersion: Int, to newVersion: Int = currentVersion) throws {
        for version in oldVersion..<newVersion {
            switch version + 1 {
            case 1:
                // Written by GRDB's migrator in files of version 1, kept in this step for their sake.
                try db.execute(sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
                try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('1 resources and metadata')")
                try db.execute(sql: resourceTables)
                try db.execute(sql: channelTables)
                try db.execute(sql: metadataTable)
                try db.execute(sql: CatalogSeal.table)
                try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            default:
                try db.execute(sql: "DROP TABLE grdb_migrations")
                try db.execute(sql: AppliedCommit.table)
                try AppliedCommit.set(db, 0)
            }
        }
        try db.execute(sql: "PRAGMA user_version = \(newVersion)")
    }

    private static let resourceTables = """
        CREATE TABLE collection (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            description TEXT NOT NULL,
            creator TEXT NOT NULL,
            is_public INTEGER NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE coordinate_frame (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            description TEXT NOT NULL,
            x_start INTEGER NOT NULL, x_stop INTEGER NOT NULL CHECK (x_start >= 0 AND x_stop > x_start),
            y_start INTEGER NOT NULL, y_stop INTEGER NOT NULL CHECK (y_start >= 0 AND y_stop > y_start),
            z_start INTEGER NOT NULL, z_stop INTEGER NOT NULL CHECK (z_start >= 0 AND z_stop > z_start),
            x_voxel_size REAL NOT NULL CHECK (x_voxel_size > 0),
            y_voxel_size REAL NOT NULL CHECK (y_voxel_size > 0),
            z_voxel_size REAL NOT NULL CHECK (z_voxel_size > 0),
            voxel_unit TEXT NOT NULL,
            creator TEXT NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE experiment (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            collection_id INTEGER NOT NULL REFERENCES collection (id),
            name TEXT NOT NULL,
            description TEXT NOT NULL,
            coordinate_frame_id INTEGER NOT NULL REFERENCES coordinate_frame (id),
            hierarchy_method TEXT NOT NULL,
            level_count INTEGER NOT NULL CHECK (level_count BETWEEN 1 AND 31),
            time_sample_count INTEGER NOT NULL CHECK (time_sample_count >= 1),
            time_step REAL,
            time_step_unit TEXT,
            creator TEXT NOT NULL,
            is_public INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            UNIQUE (collection_id, name)
        ) STRICT;
        CREATE INDEX experiment_by_frame ON experiment (coordinate_frame_id);
        """

    private static let channelTables = """
        CREATE TABLE channel (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            experiment_id INTEGER NOT NULL,
            name TEXT NOT NULL,
            description TEXT NOT NULL,
            kind TEXT NOT NULL,
            voxel_type TEXT NOT NULL,
            base_resolution INTEGER NOT NULL,
            default_time_sample INTEGER NOT NULL,
            cuboid_x INTEGER NOT NULL, cuboid_y INTEGER NOT NULL, cuboid_z INTEGER NOT NULL,
            brick_x INTEGER NOT NULL, brick_y INTEGER NOT NULL, brick_z INTEGER NOT NULL,
            compression TEXT NOT NULL,
            background INTEGER NOT NULL,
            downsample_status TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('active', 'dropped')),
            creator TEXT NOT NULL,
            is_public INTEGER NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX channel_by_name ON channel (experiment_id, name) WHERE state = 'active';
        CREATE INDEX channel_dropped ON channel (id) WHERE state = 'dropped';
        CREATE TRIGGER experiment_without_channels BEFORE DELETE ON experiment
        WHEN EXISTS (SELECT 1 FROM channel WHERE experiment_id = old.id AND state = 'active')
        BEGIN SELECT RAISE(ABORT, 'experiment has channels'); END;
        CREATE TABLE channel_link (
            channel_id INTEGER NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
            kind TEXT NOT NULL CHECK (kind IN ('source', 'related')),
            position INTEGER NOT NULL,
            target_id INTEGER NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
            PRIMARY KEY (channel_id, kind, position),
            UNIQUE (channel_id, target_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX channel_link_by_target ON channel_link (target_id);
        """

    private static let metadataTable = """
        CREATE TABLE metadata (
            owner_kind TEXT NOT NULL CHECK (owner_kind IN ('collection', 'experiment', 'channel')),
            owner_id INTEGER NOT NULL,
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            updated_at INTEGER NOT NULL,
            PRIMARY KEY (owner_kind, owner_id, key)
        ) STRICT, WITHOUT ROWID;
        """
}
