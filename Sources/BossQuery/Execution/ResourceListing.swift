import BossCatalog
import BossDatabase
import BossGeometry
import BossVoxels

/// SHOW: what there is, as rows.
extension StatementExecutor {
    /// Lists things of the catalog or of the session.
    ///
    /// - Throws: 42P01, 42601 for a path that is missing or too much, 0A000.
    mutating func show(_ show: ShowStatement) throws(DatabaseError) -> ResultValue {
        let subject = show.subject.value
        if let pattern = show.pattern, Self.unfiltered.contains(subject) {
            throw Self.notSupported("LIKE after SHOW \(subject.rawValue)", pattern.position)
        }
        var rows: RowSet
        switch subject {
        case .collections:
            try refuseTarget(show)
            rows = try collectionRows()
        case .experiments: rows = try experimentRows(try path(of: show))
        case .channels: rows = try channelRows(try path(of: show))
        case .frames:
            try refuseTarget(show)
            rows = try frameRows()
        case .metadata:
            let path = try requiredPath(of: show)
            rows = try metadataRows(resource(path), path.position)
        case .levels: rows = try levelRows(channel(requiredPath(of: show)))
        case .settings:
            try refuseTarget(show)
            rows = settingRows()
        case .keywords:
            try refuseTarget(show)
            rows = keywordRows()
        case .create: rows = try createRows(requiredPath(of: show))
        case .snapshots: rows = try snapshotRows(requiredPath(of: show))
        case .history: rows = try historyRows(show, requiredPath(of: show))
        case .commits:
            try refuseTarget(show)
            rows = try commitRows()
        case .storage:
            try refuseTarget(show)
            rows = try storageRows()
        default: throw Self.notSupported("SHOW \(subject.rawValue)", show.subject.position)
        }
        if let pattern = show.pattern {
            let like = LikePattern(pattern.value)
            rows.rows.removeAll { row in
                if case .text(let name)? = row.first { !like.matches(name) } else { true }
            }
        }
        return .rows(rows)
    }

    /// Listings whose first column is no name.
    private static let unfiltered: Set<ShowSubject> = [.levels, .create, .history, .commits, .storage]

    // MARK: Targets

    private func path(of show: ShowStatement) throws(DatabaseError) -> PathSyntax? {
        guard let target = show.target else { return nil }
        switch (target.preposition, target.object) {
        case (nil, .path(let path)), (.inside, .path(let path)), (.on, .path(let path)),
            (.of, .path(let path)):
            return path
        default:
            throw DatabaseError(
                "42601", "SHOW \(show.subject.value.rawValue) takes IN and a path",
                hint: "for example SHOW \(show.subject.value.rawValue) IN lab/mouse1",
                position: show.position.source)
        }
    }

    /// The path that was written, or the one of `USE`.
    private func requiredPath(of show: ShowStatement) throws(DatabaseError) -> PathSyntax {
        if let path = try path(of: show) { return path }
        let needed = show.subject.value == .metadata ? 1 : show.subject.value == .snapshots ? 2 : 4
        guard state.currentPath.count >= needed else {
            let words = "SHOW \(show.subject.value.rawValue)"
            let example = ["lab", "mouse1", "em"].prefix(needed).joined(separator: "/")
            throw DatabaseError(
                "42601", "\(words) needs IN and a path",
                hint: show.subject.value == .snapshots
                    ? "for example \(words) IN \(example); SELECT * FROM sys.snapshots lists those of all experiments"
                    : "for example \(words) IN \(example)",
                position: show.position.source)
        }
        return PathSyntax(segments: state.currentPath, position: show.subject.position)
    }

    private func refuseTarget(_ show: ShowStatement) throws(DatabaseError) {
        guard show.target != nil else { return }
        throw DatabaseError(
            "42601", "SHOW \(show.subject.value.rawValue) takes no path", hint: "leave the path out",
            position: show.position.source)
    }

    private func tree() throws(DatabaseError) -> CatalogTree {
        try mappingErrors { () throws(CatalogError) in try catalog.tree() }
    }

    // MARK: Rows

    func collectionRows() throws(DatabaseError) -> RowSet {
        let columns = [Column("name", .text), Column("description", .text), Column("experiments", .uint64)]
        return RowSet(
            columns: columns,
            rows: try tree().collections.map {
                [
                    .text($0.record.name), .text($0.record.description),
                    .unsigned(UInt64($0.experiments.count)),
                ]
            })
    }

    func experimentRows(_ path: PathSyntax?) throws(DatabaseError) -> RowSet {
        var wanted: String?
        if let path { wanted = try resource(path, depths: 1...1).segments[0] }
        var rows: [[Value]] = []
        for collection in try tree().collections where wanted == nil || collection.record.name == wanted {
            for experiment in collection.experiments {
                let record = experiment.record
                rows.append([
                    .text(record.name), .text(collection.record.name), .text(record.coordinateFrameName),
                    .integer(Int64(record.levelCount)), .text(record.hierarchyMethod.rawValue.uppercased()),
                    .integer(Int64(record.timeSampleCount)), .unsigned(UInt64(experiment.channels.count)),
                ])
            }
        }
        return RowSet(
            columns: [
                Column("name", .text), Column("collection", .text), Column("frame", .text),
                Column("levels", .int32),
                Column("hierarchy", .text), Column("time_samples", .int64), Column("channels", .uint64),
            ], rows: rows)
    }

    private func channelRows(_ path: PathSyntax?) throws(DatabaseError) -> RowSet {
        var wanted = state.currentPath
        if let path { wanted = try resource(path, depths: 1...2).segments }
        return try channelRows(in: wanted)
    }

    /// The channels whose path begins with these names.
    func channelRows(in wanted: [String]) throws(DatabaseError) -> RowSet {
        var rows: [[Value]] = []
        for collection in try tree().collections {
            for experiment in collection.experiments {
                let path = [collection.record.name, experiment.record.name]
                guard path.starts(with: wanted) else { continue }
                rows += experiment.channels.map { Self.row(of: $0, in: path.joined(separator: "/")) }
            }
        }
        return RowSet(
            columns: [
                Column("name", .text), Column("experiment", .text), Column("type", .text),
                Column("datatype", .text),
                Column("base_res", .int32), Column("cuboid", .text), Column("codec", .text),
                Column("downsampled", .text),
            ], rows: rows)
    }

    private static func row(of channel: ChannelRecord, in experiment: String) -> [Value] {
        [
            .text(channel.name), .text(experiment), .text(channel.kind.rawValue.uppercased()),
            .text(channel.voxelType.rawValue), .integer(Int64(channel.baseResolution)),
            .text(channel.grid.cuboid.description), .text(channel.compression.word),
            .text(channel.downsampleStatus.rawValue),
        ]
    }

    func frameRows() throws(DatabaseError) -> RowSet {
        let frames = try mappingErrors { () throws(CatalogError) in try catalog.coordinateFrames() }
        var columns = [Column("name", .text)]
        columns += ["x0", "x1", "y0", "y1", "z0", "z1"].map { Column($0, .int64) }
        columns += ["voxel_x", "voxel_y", "voxel_z"].map { Column($0, .float64) } + [Column("unit", .text)]
        let rows = frames.map { record -> [Value] in
            let (box, size) = (record.frame.box, record.frame.voxelSize)
            var row = [Value.text(record.name)]
            for axis in SpatialAxis.allCases {
                row += [.integer(Int64(box.lower[axis])), .integer(Int64(box.upper[axis]))]
            }
            row += [.float(size.x), .float(size.y), .float(size.z)]
            return row + [.text(record.frame.unit.measurementUnit.rawValue)]
        }
        return RowSet(columns: columns, rows: rows)
    }

    /// SHOW LEVELS; x1, y1 and z1 are one past the last voxel of the level.
    private func levelRows(_ channel: Channel) throws(DatabaseError) -> RowSet {
        let view = try currentView()
        let unit = channel.hierarchy.frame.unit.measurementUnit.rawValue
        var rows: [[Value]] = []
        for level in channel.storedLevels {
            let size = channel.hierarchy.voxelSize(at: level)
            let end = channel.box(at: level).upper
            let pages = try channel.pageCount(at: level, view: view)
            rows.append([
                .integer(Int64(level.level)), .float(size.x), .float(size.y), .float(size.z), .text(unit),
                .integer(Int64(end.x)), .integer(Int64(end.y)), .integer(Int64(end.z)),
                .boolean(level.isIsotropic),
                pages.map { .unsigned($0.pageCount) } ?? .null,
            ])
        }
        var columns = [Column("res", .int32)]
        columns += ["voxel_x", "voxel_y", "voxel_z"].map { Column($0, .float64) } + [Column("unit", .text)]
        columns += ["x1", "y1", "z1"].map { Column($0, .int64) }
        return RowSet(columns: columns + [Column("iso", .boolean), Column("pages", .uint64)], rows: rows)
    }

    func settingRows() -> RowSet {
        RowSet(
            columns: ["name", "value", "default", "description"].map { Column($0, .text) },
            rows: SettingName.allCases.map { name in
                [name.rawValue, text(of: name), Settings().text(of: name), name.summary]
                    .map { .text($0) }
            })
    }

    private func text(of name: SettingName) -> String {
        name == .historyRetention
            ? HistoryRetention.text(database.historyRetentionMicroseconds) : state.settings.text(of: name)
    }

    func keywordRows() -> RowSet {
        let reserved = Set(Keywords.reserved)
        return RowSet(
            columns: [Column("keyword", .text), Column("kind", .text)],
            rows: Keywords.all.map { [.text($0), .text(reserved.contains($0) ? "reserved" : "contextual")] })
    }
}

extension Settings {
    /// A setting's value as it is written after SET.
    func text(of name: SettingName) -> String {
        switch name {
        case .maxResultBytes: String(maxResultBytes)
        case .staleLevels: staleLevels.rawValue
        case .historyRetention: HistoryRetention.text(HistoryRetention.standard)
        }
    }
}

extension ChannelCompression {
    /// The word after CODEC.
    var word: String { self == .automatic ? CodecName.blosc.rawValue : rawValue }
}
