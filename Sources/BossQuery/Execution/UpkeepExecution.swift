import BossDatabase

/// COMPACT, CHECK, BACKUP and CHECKPOINT.
extension StatementExecutor {
    /// Runs a statement of upkeep.
    ///
    /// - Throws: 42P01, 25006, 53100, 57014, 0A000.
    mutating func run(_ statement: MaintenanceStatement, _ position: NodePosition) throws(DatabaseError)
        -> ResultValue
    {
        switch statement {
        case .checkpoint:
            try database.checkpoint()
            return .tag("CHECKPOINT", count: nil)
        case .compact(let path): return try compact(path, position)
        case .check(let path, let depth): return try check(path, depth?.value ?? .full, position)
        case .backup(let folder, let isIncremental):
            return try backUp(to: folder, isIncremental: isIncremental, position)
        case .warm: throw Self.notSupported("WARM", position)
        case .evict: throw Self.notSupported("EVICT", position)
        case .cancelQuery: throw Self.notSupported("CANCEL QUERY", position)
        }
    }

    /// Rewrites the segment files of the database, or of the channels that a path names.
    private func compact(_ path: PathSyntax?, _ position: NodePosition) throws(DatabaseError) -> ResultValue {
        try refuseInTransaction("COMPACT", position)
        let channels = try path.map { (path) throws(DatabaseError) in try self.channels(in: resource(path)) }
        try locating(position) { () throws(DatabaseError) in
            guard let channels else { return try database.compact(control: titled("compact")) }
            for channel in channels {
                try database.compact(channel, control: titled("compact \(channel.path)"))
            }
        }
        return .tag("COMPACT", count: nil)
    }

    /// The statement's control, with a title that says what is being done.
    private func titled(_ title: String) -> OperationControl {
        guard let show = control.progress else { return control }
        return OperationControl(cancellation: control.cancellation) { progress in
            show(
                Progress(
                    title: title, completedByteCount: progress.completedByteCount,
                    totalByteCount: progress.totalByteCount))
        }
    }

    /// Looks for damage; no rows when there is none.
    private mutating func check(
        _ path: PathSyntax?, _ depth: CheckDepth, _ position: NodePosition
    ) throws(DatabaseError) -> ResultValue {
        try refuseInTransaction("CHECK", position)
        let channels = try path.map { (path) throws(DatabaseError) in try self.channels(in: resource(path)) }
        let isFull = depth == .full
        let findings = try locating(position) { () throws(DatabaseError) in
            guard let channels else { return try database.check(isFull: isFull, control: titled("check")) }
            var findings: [DatabaseFinding] = []
            for channel in channels {
                // What belongs to no channel is found each time.
                let found = try database.check(
                    channel, isFull: isFull, control: titled("check \(channel.path)"))
                findings += found.filter { !findings.contains($0) }
            }
            return findings
        }
        let severities = Set(findings.map(\.severity))
        checkOutcome =
            findings.isEmpty
            ? .clean
            : severities.contains(.error)
                ? .damaged : severities.contains(.unchecked) ? .incomplete : .sound
        let rows: [[Value]] = findings.map {
            [
                .text($0.severity.rawValue), .text($0.object), .text($0.problem),
                .text($0.remedy),
            ]
        }
        return .rows(RowSet(columns: Self.findingColumns, rows: rows))
    }

    /// The columns of what CHECK finds.
    static let findingColumns = ["severity", "object", "problem", "remedy"].map { Column($0, .text) }

    /// Copies the database into a folder.
    private func backUp(
        to folder: Located<String>, isIncremental: Bool, _ position: NodePosition
    ) throws(DatabaseError) -> ResultValue {
        try refuseInTransaction("BACKUP", position)
        let report = try locating(folder.position) { () throws(DatabaseError) in
            try database.backUp(to: folder.value, isIncremental: isIncremental, control: titled("backup"))
        }
        let cells: [(Column, Value)] = [
            (Column("commit", .uint64), .unsigned(report.commit)),
            (Column("copied_files", .uint64), .unsigned(UInt64(report.copiedFileCount))),
            (Column("kept_files", .uint64), .unsigned(UInt64(report.keptFileCount))),
            (Column("copied_bytes", .uint64), .unsigned(report.copiedByteCount)),
            (Column("bytes", .uint64), .unsigned(report.byteCount)),
        ]
        return .rows(RowSet(columns: cells.map(\.0), rows: [cells.map(\.1)]))
    }
}

/// Where the bytes are.
extension StatementExecutor {
    /// `SHOW STORAGE` and `sys.storage`: one row.
    func storageRows() throws(DatabaseError) -> RowSet {
        let storage = database.storageStatistics
        let head = try head()
        func count(_ name: String, _ value: Int) -> (Column, Value) { bytes(name, UInt64(clamping: value)) }
        func bytes(_ name: String, _ value: UInt64) -> (Column, Value) {
            (Column(name, .uint64), .unsigned(value))
        }
        let cells: [(Column, Value)] = [
            bytes("bytes", storage.byteCount), bytes("live_bytes", storage.liveByteCount),
            bytes("dead_bytes", storage.deadByteCount), bytes("history_bytes", storage.historyByteCount),
            bytes("in_flight_bytes", storage.inFlightByteCount),
            bytes("reader_bytes", storage.readerByteCount), bytes("bound_bytes", storage.byteCountBound),
            count("segment_files", storage.segmentCount), count("level_zero_files", storage.levelZeroCount),
            bytes("oldest_commit", head.oldestReadableCommit), bytes("newest_commit", head.commit),
            count("stalls", storage.stallCount),
            (Column("stall_ms", .float64), .float(Double(storage.stallMicroseconds) / 1000)),
            (Column("last_failure", .text), storage.lastFailure.map { .text($0) } ?? .null),
        ]
        return RowSet(columns: cells.map(\.0), rows: [cells.map(\.1)])
    }
}
