import BossGeometry
import BossVoxels
import GRDB

/// What can be read of a damaged catalog, row by row: rows that decode and keep the rules, with their numbers.
package struct CatalogRemains: Sendable {
    /// The tables in the order in which their rows refer to one another.
    static let tables = [
        "collection", "coordinate_frame", "experiment", "channel", "channel_link", "metadata",
    ]

    /// The columns of a table in their order: names in the file may be damaged.
    static func columns(of table: String) -> [String] {
        let text =
            switch table {
            case "collection": "id name description creator is_public created_at"
            case "coordinate_frame":
                "id name description x_start x_stop y_start y_stop z_start z_stop x_voxel_size y_voxel_size "
                    + "z_voxel_size voxel_unit creator created_at"
            case "experiment":
                "id collection_id name description coordinate_frame_id hierarchy_method level_count "
                    + "time_sample_count time_step time_step_unit creator is_public created_at"
            case "channel":
                "id experiment_id name description kind voxel_type base_resolution default_time_sample cuboid_x "
                    + "cuboid_y cuboid_z brick_x brick_y brick_z compression background downsample_status state "
                    + "creator is_public created_at"
            case "channel_link": "channel_id kind position target_id"
            default: "owner_kind owner_id key value updated_at"
            }
        return text.split(separator: " ").map(String.init)
    }

    /// Rows by table: column names and values.
    var rows: [String: [[(column: String, value: DatabaseValue)]]] = [:]
    /// What could not be read, in words.
    package internal(set) var problems: [String] = []
    /// The highest number that a channel ever got, as far as it is known.
    package internal(set) var lastChannelID: UInt32 = 0
    /// The last commit of the engine whose changes are in it.
    package internal(set) var appliedCommit: UInt64 = 0

    /// Remains of nothing.
    package init() {}

    /// Whether there is nothing in it.
    package var isEmpty: Bool { rows.values.allSatisfy(\.isEmpty) }

    /// Numbers of channels that the remains describe.
    package var channelIDs: Set<UInt32> {
        Set((rows["channel"] ?? []).compactMap { Self.number("id", in: $0).flatMap { UInt32(exactly: $0) } })
    }

    private static func number(_ column: String, in row: [(column: String, value: DatabaseValue)]) -> Int64? {
        row.first { $0.column == column }.flatMap { Int64.fromDatabaseValue($0.value) }
    }
}

extension Catalog {
    /// Reads what is left of a damaged catalog, whoever it belongs to. The file may be written to: a change that a
    /// killed writer has left half done is undone first.
    ///
    /// Nothing is thrown: what cannot be read is told in `problems`.
    package static func remains(path: String) -> CatalogRemains {
        var remains = CatalogRemains()
        do {
            let queue = try DatabaseQueue(path: plain(path), configuration: configuration(1))
            queue.writeWithoutTransaction { db in
                var reading = RemainsReading(db: db, file: path, remains: remains)
                for table in CatalogRemains.tables { reading.read(table) }
                reading.readNumbers()
                remains = reading.remains
            }
            try queue.close()
        } catch {
            remains.problems.append(Self.reason(CatalogError(error, file: path)))
        }
        return remains
    }

    static func reason(_ error: CatalogError) -> String {
        switch error {
        case .corrupt(_, let reason): reason
        case .sqlite(let code, let message): "SQLite error \(code), \(message)"
        default: "\(error)"
        }
    }

    /// Makes a new catalog for a database from what is left of another one.
    ///
    /// Rows that would break a rule of the new one are left out.
    ///
    /// - Returns: the catalog, and in words which rows were left out.
    /// - Throws: `.alreadyExists`, `.diskFull`.
    package static func rebuilt(
        path: String, database: String, from remains: CatalogRemains
    ) throws(CatalogError) -> (catalog: Catalog, problems: [String]) {
        let catalog = try Catalog.open(path: path, mode: .readWrite(create: true), database: database)
        var problems: [String] = []
        try catalog.write { session in
            for table in CatalogRemains.tables {
                var count = 0
                for row in remains.rows[table] ?? [] {
                    let columns = row.map(\.column).joined(separator: ", ")
                    let places = row.map { _ in "?" }.joined(separator: ", ")
                    do {
                        try session.db.execute(
                            sql: "INSERT INTO \(table) (\(columns)) VALUES (\(places))",
                            arguments: StatementArguments(row.map(\.value)))
                    } catch let error as DatabaseError where Self.unfit.contains(error.resultCode) {
                        count += 1
                    }
                }
                if count > 0 {
                    problems.append("\(count) rows of \(table) refer to rows that are lost, or stand twice")
                }
            }
            // A key of something that is gone would be damage.
            for owner in ["collection", "experiment", "channel"] {
                try session.db.execute(
                    sql: """
                        DELETE FROM metadata WHERE owner_kind = '\(owner)' AND owner_id NOT IN (SELECT id FROM \(owner))
                        """)
            }
            try AppliedCommit.set(session.db, remains.appliedCommit)
        }
        return (catalog, problems)
    }

    /// What SQLite answers to a row that is none of the table's.
    private static let unfit: [ResultCode] = [
        .SQLITE_CONSTRAINT, .SQLITE_ERROR, .SQLITE_MISMATCH, .SQLITE_RANGE, .SQLITE_TOOBIG,
    ]

    /// Seals a catalog that verifies for another database, which takes over its channels and their numbers.
    ///
    /// - Parameter commit: the last commit of the engine whose changes it has from now on.
    package func rebind(to database: String, appliedCommit commit: UInt64) throws(CatalogError) {
        precondition(transaction == nil, "a seal is of the committed state")
        try write { session in
            try AppliedCommit.set(session.db, max(commit, AppliedCommit.get(session.db)))
            try CatalogSeal.renew(session.db, database: database)
        }
    }

    /// The database that the catalog was sealed for; empty when it was never told.
    package var sealedDatabase: String {
        get throws(CatalogError) { try read { try CatalogSeal.database($0.db) } }
    }

    /// Channels in use whose experiment is not there: with numbers and shapes, but without a place.
    package func homelessChannels() throws(CatalogError) -> [ChannelRecord] {
        try read { session in
            try session.all(
                ChannelRecord.selection
                    + " WHERE state = 'active' AND experiment_id NOT IN (SELECT id FROM experiment) ORDER BY id"
            ) { try ChannelRecord(columns: $0, links: ChannelLinks()) }
        }
    }

    /// Makes a channel with a number that its pages have already. A row of this number is replaced.
    ///
    /// - Throws: as `createChannel`.
    package func adoptChannel(
        _ number: UInt32, in collection: String, _ experiment: String, _ new: NewChannel
    ) throws(CatalogError) {
        try ValueRules.checkName(new.name, kind: .channel)
        let grid = try ChannelRules.check(new)
        try write { session in
            let parent = try session.experiment(collection, experiment)
            try session.run("DELETE FROM channel WHERE id = ?", [number])
            try session.requireFreeChannel(new.name, in: parent, collection: collection)
            try ChannelRules.check(
                baseResolution: new.baseResolution, defaultTimeSample: new.defaultTimeSample, in: parent)
            try session.run(
                """
                INSERT INTO channel (id, experiment_id, name, description, kind, voxel_type, base_resolution,
                    default_time_sample, cuboid_x, cuboid_y, cuboid_z, brick_x, brick_y, brick_z, compression,
                    background, downsample_status, state, creator, is_public, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'active', ?, ?, ?)
                """,
                [
                    number, parent.id, new.name, new.description, new.kind.rawValue, new.voxelType.rawValue,
                    new.baseResolution, new.defaultTimeSample, grid.cuboid.x, grid.cuboid.y, grid.cuboid.z,
                    grid.brick.x, grid.brick.y, grid.brick.z, new.compression.rawValue,
                    Int64(bitPattern: new.background), DownsampleStatus.notDownsampled.rawValue,
                    new.creator, new.isPublic, session.now(),
                ])
        }
    }
}

/// Reads the tables of a damaged catalog.
private struct RemainsReading {
    let db: Database
    let file: String
    var remains: CatalogRemains

    /// Rows from both ends: damage in the middle of a table ends a scan.
    mutating func read(_ table: String) {
        let key = ["channel_link": "channel_id, kind, position", "metadata": "owner_kind, owner_id, key"]
        let order = (key[table] ?? "id").split(separator: ",").map { $0 + " DESC" }.joined(separator: ",")
        var seen: Set<[DatabaseValue]> = []
        var rows: [[(column: String, value: DatabaseValue)]] = []
        var refused = 0
        for suffix in [" ORDER BY \(key[table] ?? "id")", " ORDER BY \(order)"] {
            do {
                let cursor = try Row.fetchCursor(db, sql: "SELECT * FROM \(table)\(suffix)")
                while let row = try cursor.next() {
                    let values = Array(row.databaseValues)
                    guard seen.insert(values).inserted else { continue }
                    let names = CatalogRemains.columns(of: table)
                    let named = Row(Dictionary(zip(names, values), uniquingKeysWith: { first, _ in first }))
                    if values.count == names.count, isSound(named, table) {
                        rows.append(zip(names, values).map { (column: $0, value: $1) })
                    } else {
                        refused += 1
                    }
                }
                break
            } catch {
                remains.problems.append("table \(table): \(Catalog.reason(CatalogError(error, file: file)))")
            }
        }
        if refused > 0 { remains.problems.append("table \(table): \(refused) rows make no sense") }
        remains.rows[table] = rows
    }

    private func isSound(_ row: Row, _ table: String) -> Bool {
        let columns = Columns(row: row, file: file)
        do {
            switch table {
            case "collection":
                try ValueRules.checkName(try CollectionRecord(columns: columns).name, kind: .collection)
            case "coordinate_frame":
                try ValueRules.checkName(
                    try CoordinateFrameRecord(columns: columns).name, kind: .coordinateFrame)
            case "experiment":
                try ValueRules.checkName(try columns.text("name"), kind: .experiment)
                _ = try columns.word("hierarchy_method", HierarchyMethod.init(rawValue:))
                _ = try columns.integer("level_count", in: 1...31)
                _ = try columns.integer("time_sample_count", in: 1...Int(UInt32.max))
            case "channel":
                let record = try ChannelRecord(columns: columns, links: ChannelLinks())
                try ValueRules.checkName(record.name, kind: .channel)
            case "channel_link": _ = try columns.channelNumber("target_id")
            default: _ = try MetadataEntry(columns: columns)
            }
            return true
        } catch { return false }
    }

    mutating func readNumbers() {
        let last = try? Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'channel'")
        // A number beyond any sense must not use up all that are left.
        let known = remains.channelIDs.max() ?? 0
        if let last, let number = UInt32(exactly: last), number < known &+ 1 << 20 {
            remains.lastChannelID = number
        }
        remains.lastChannelID = max(remains.lastChannelID, known)
        remains.appliedCommit = (try? AppliedCommit.get(db)) ?? 0
    }
}
