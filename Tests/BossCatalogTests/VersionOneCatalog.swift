/// A catalog as version 1 of the schema made it, table by table: files of that version must open for ever.
enum VersionOneCatalog {
    /// Makes the file, with some rows and a seal that is computed from its definition.
    static func make(_ path: String) throws {
        let raw = try RawSQLite(path)
        try raw.rows("BEGIN")
        try raw.rows("CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
        try raw.rows(tables)
        try raw.rows("PRAGMA application_id = 1112494931; PRAGMA user_version = 1")
        try raw.rows("INSERT INTO grdb_migrations VALUES ('1 resources and metadata')")
        try raw.rows(content)
        try raw.rows("INSERT INTO catalog_seal VALUES (1, 'owner', 0)")
        try raw.rows("UPDATE catalog_seal SET digest = \(raw.digest())")
        try raw.rows("COMMIT")
    }

    /// Collection `lab`, frame `frame`, experiment `mouse`, channels `em` (3) and a dropped one (4), numbers given
    /// up to 9.
    private static let content = """
        INSERT INTO collection VALUES (2, 'lab', 'a lab', 'ann', 1, 1700000000000000);
        INSERT INTO coordinate_frame VALUES
            (1, 'frame', '', 0, 4096, 0, 4096, 0, 512, 4.0, 4.0, 40.0, 'nanometers', 'ann', 5);
        INSERT INTO experiment VALUES (7, 2, 'mouse', '', 1, 'anisotropic', 3, 5, 12.5, 'milliseconds', '', 0, 6);
        INSERT INTO channel VALUES (3, 7, 'em', '', 'image', 'UINT8', 0, 0, 512, 512, 16, 64, 64, 16, 'AUTO', 0,
            'NOT_DOWNSAMPLED', 'active', '', 0, 7);
        INSERT INTO channel VALUES (4, 7, 'em', '', 'image', 'UINT8', 0, 0, 512, 512, 16, 64, 64, 16, 'AUTO', 0,
            'NOT_DOWNSAMPLED', 'dropped', '', 0, 7);
        UPDATE sqlite_sequence SET seq = 9 WHERE name = 'channel';
        INSERT INTO metadata VALUES ('channel', 3, 'k', '"v"', 8);
        """

    private static let tables = """
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
        CREATE TABLE metadata (
            owner_kind TEXT NOT NULL CHECK (owner_kind IN ('collection', 'experiment', 'channel')),
            owner_id INTEGER NOT NULL,
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            updated_at INTEGER NOT NULL,
            PRIMARY KEY (owner_kind, owner_id, key)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE catalog_seal (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            database TEXT NOT NULL,
            digest INTEGER NOT NULL
        ) STRICT;
        """
}
