import BossCatalog
import BossDatabase
import BossGeometry

/// Snapshots, and what comes back from them.
extension StatementExecutor {
    /// Runs a statement about versions.
    ///
    /// - Throws: 42P01, 42704, 42710 for a name that is taken, 22V07, 25006, 0A000 for branches.
    mutating func run(_ statement: VersionStatement, _ position: NodePosition) throws(DatabaseError)
        -> ResultValue
    {
        switch statement {
        case .createSnapshot(let name, let path, let message):
            try refuseInTransaction("CREATE SNAPSHOT", position)
            return try createSnapshot(name, path, message?.value ?? "")
        case .dropSnapshot(let name, let path):
            try refuseInTransaction("DROP SNAPSHOT", position)
            return try dropSnapshot(name, path)
        case .restore(let path, let region, let version):
            try refuseInTransaction("RESTORE", position)
            return try restore(path, region, to: version, position)
        case .createBranch: throw Self.notSupported("CREATE BRANCH", position)
        case .useBranch: throw Self.notSupported("USE BRANCH", position)
        case .mergeBranch: throw Self.notSupported("MERGE BRANCH", position)
        }
    }

    // MARK: Snapshots

    private func createSnapshot(
        _ name: Located<String>, _ path: PathSyntax, _ message: String
    ) throws(DatabaseError) -> ResultValue {
        let experiment = try self.experiment(path.withoutVersion)
        var version = DatabaseVersion.newest
        if let written = path.version, let view = try view(written, of: experiment) {
            version = .commit(view.commit)
        }
        let snapshot = try locating(name.position) { () throws(DatabaseError) in
            try database.createSnapshot(name.value, of: experiment, message: message, at: version)
        }
        return .rows(
            RowSet(
                columns: [Column("name", .text), Column("commit", .uint64)],
                rows: [[.text(snapshot.name), .unsigned(snapshot.commit)]]))
    }

    private func dropSnapshot(_ name: Located<String>, _ path: PathSyntax) throws(DatabaseError)
        -> ResultValue
    {
        let experiment = try self.experiment(path)
        do throws(DatabaseError) {
            try database.dropSnapshot(name.value, of: experiment)
        } catch {
            guard error.sqlState == "42704" else { throw error.at(name.position) }
            let names = try versions().snapshots(of: experiment).map(\.name)
            throw DatabaseError(
                "42704", "\(experiment) has no snapshot \(name.value)",
                hint: NearMiss.best(for: name.value, among: names).map { "did you mean \($0)?" }
                    ?? "SHOW SNAPSHOTS IN \(experiment) lists them", position: name.position.source,
                cause: error.cause)
        }
        return .tag("DROP SNAPSHOT", count: nil)
    }

    /// The path of an experiment, `collection/experiment`.
    func experiment(_ path: PathSyntax) throws(DatabaseError) -> String {
        guard path.segments.count <= 2 else {
            throw DatabaseError(
                "42P01",
                "snapshots are of experiments, \(path.segments.joined(separator: "/")) names a channel",
                hint: "write \(path.segments.dropLast().joined(separator: "/"))",
                position: path.position.source)
        }
        do throws(DatabaseError) {
            // After `USE lab/mouse` a single name may also be an experiment beside it, as in other statements.
            return try resource(path, depths: 2...2).segments.joined(separator: "/")
        } catch {
            guard error.sqlState == "42P01", path.segments.count == 1,
                try exists(.collection(path.segments[0]), path.position)
            else { throw error }
            var explained = error
            explained.hint =
                "\(path.segments[0]) is a collection, snapshots are of experiments: "
                + "SHOW EXPERIMENTS IN \(path.segments[0]) lists them"
            throw explained
        }
    }

    /// `SHOW SNAPSHOTS IN path`, oldest commit first.
    func snapshotRows(_ path: PathSyntax) throws(DatabaseError) -> RowSet {
        let snapshots = try versions().snapshots(of: experiment(path))
        return RowSet(columns: Self.snapshotColumns, rows: snapshots.map(Self.row))
    }

    /// `sys.snapshots`: those of all experiments.
    func allSnapshotRows() throws(DatabaseError) -> RowSet {
        var rows: [[Value]] = []
        let versions = try versions()
        for experiment in try experimentPaths() {
            rows += try versions.snapshots(of: experiment).map { [.text(experiment)] + Self.row($0) }
        }
        return RowSet(columns: [Column("experiment", .text)] + Self.snapshotColumns, rows: rows)
    }

    private static let snapshotColumns = [
        Column("name", .text), Column("commit", .uint64), Column("created_at", .timestamp),
        Column("message", .text),
    ]

    private static func row(_ snapshot: Snapshot) -> [Value] {
        [
            .text(snapshot.name), .unsigned(snapshot.commit),
            .timestamp(microseconds: snapshot.createdAtMicroseconds),
            .text(snapshot.message),
        ]
    }

    // MARK: Restoring

    /// Writes old voxels as a new commit; without a region those of the whole channel, all time samples.
    private mutating func restore(
        _ path: PathSyntax, _ region: RegionSyntax, to version: VersionReference, _ position: NodePosition
    ) throws(DatabaseError) -> ResultValue {
        let channel = try channel(path)
        let experiment = channel.path.split(separator: "/").dropLast().joined(separator: "/")
        let old = try view(version, of: experiment)
        let wanted = try restoredRegion(region, channel)
        guard let old else { return .tag("RESTORE", count: 0) }
        let summary = try locating(position) { () throws(DatabaseError) in
            try channel.restore(wanted, to: old, control: control)
        }
        return .tag("RESTORE", count: UInt64(summary.changedVoxelCount))
    }

    private mutating func restoredRegion(
        _ region: RegionSyntax, _ channel: Channel
    ) throws(DatabaseError) -> CutoutRegion {
        guard !region.isEmpty else {
            let level = try mappingErrors { () throws(GeometryError) in
                try channel.hierarchy.level(channel.hierarchy.baseResolution)
            }
            return CutoutRegion(box: channel.box(at: level), level: level, time: 0..<channel.timeSampleCount)
        }
        try refuseFill(region)
        let bound = try bind(region, of: channel, forWriting: true)
        try refuseCoarserLevel(bound, region)
        return bound.cutout(bound.requested)
    }
}
