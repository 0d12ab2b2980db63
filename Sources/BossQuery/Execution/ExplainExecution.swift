import BossDatabase
import BossGeometry
import BossMeshes
import BossVoxels

/// One step of a plan.
struct PlanStep {
    let node: String
    var detail: String
    var pageCount: UInt64?
    var byteCount: UInt64?
    /// Whether ANALYZE shows here what the statement did.
    var isReading = false

    /// The step in a plan of which another step is measured.
    var withoutMeasurement: PlanStep {
        var step = self
        step.isReading = false
        return step
    }
}

/// EXPLAIN, EXPLAIN ANALYZE and DESCRIBE of a statement.
extension StatementExecutor {
    /// Runs EXPLAIN: the steps of a statement; with ANALYZE what they really did.
    mutating func explain(_ explain: ExplainStatement) throws(DatabaseError) -> ResultValue {
        if let format = explain.format, !format.isWord("TEXT") {
            throw Self.notSupported("EXPLAIN (FORMAT \(format.text.uppercased()))", format.position)
        }
        let steps = try steps(of: explain.statement)
        var columns = [
            Column("step", .int32), Column("node", .text), Column("detail", .text),
            Column("est_pages", .uint64),
            Column("est_bytes", .uint64),
        ]
        func number(_ value: UInt64?) -> Value { value.map { .unsigned($0) } ?? .null }
        var rows = steps.enumerated().map { index, step -> [Value] in
            [
                .integer(Int64(index + 1)), .text(step.node), .text(step.detail), number(step.pageCount),
                number(step.byteCount),
            ]
        }
        guard explain.isAnalyzed else { return .rows(RowSet(columns: columns, rows: rows)) }
        columns += [
            "pages_read", "bricks", "bricks_decoded", "cache_hits", "bytes_read", "bytes_decoded",
            "summaries",
            "index_entries", "rows",
        ].map {
            Column($0, .uint64)
        }
        columns.append(Column("ms", .float64))
        // What binding read and warned of is counted when the statement runs.
        (statistics, warnings) = (ReadStatistics(), [])
        let clock = ContinuousClock()
        let started = clock.now
        let value = try execute(explain.statement)
        let elapsed = started.duration(to: clock.now).milliseconds
        for (index, step) in steps.enumerated() {
            rows[index] += step.isReading ? measured(value, elapsed) : Array(repeating: .null, count: 10)
        }
        return .rows(RowSet(columns: columns, rows: rows))
    }

    private func measured(_ value: ResultValue, _ milliseconds: Double) -> [Value] {
        let rowCount: Int =
            switch value {
            case .rows(let rows): rows.rows.count
            case .volume, .encoded, .tag: 1
            }
        return [
            statistics.pageCount, statistics.brickCount, statistics.decodedBrickCount,
            statistics.cachedBrickCount,
            statistics.readByteCount, statistics.decodedByteCount, statistics.summaryCount,
            statistics.indexEntryCount, rowCount,
        ].map { .unsigned(UInt64($0)) } + [.float((milliseconds * 1000).rounded() / 1000)]
    }

    private mutating func steps(of statement: Statement) throws(DatabaseError) -> [PlanStep] {
        switch statement {
        case .execute(let node):
            return try withPrepared(node) { (executor, statement) throws(DatabaseError) in
                try executor.steps(of: statement)
            }
        case .selectVolume(let query) where query.artifact.value == .mesh: return try meshSteps(query)
        case .selectVolume(let query):
            return try steps(of: query)
        case .updateCutout(let update): return try changeSteps(update.path, update.region)
        case .deleteCutout(let delete) where delete.condition != nil:
            return try changeSteps(delete.path, delete.region)
        case .label(.split(_, let path, let region, _, _), _):
            return try changeSteps(path, region)
        case .label(.reserve(_, let path), _):
            return try reservationSteps(path)
        case .findIDs(let query):
            return try labelSteps(
                query.path, query.region, where: query.condition, "distinct IDs",
                "SELECT id FROM IDS(…) ORDER BY id")
        case .boundingBox(let query): return try boundingBoxSteps(query)
        case .countVoxels(let query): return try countSteps(query)
        case .statisticsOf(let call), .histogramOf(let call):
            return try scanSteps(
                call.path, call.region, call.function.value.rawValue, "folded brick by brick")
        case .selectRows(let query): return try planSteps(query)
        default:
            var step = PlanStep(node: "execute", detail: String(String(statement).prefix(60)))
            step.isReading = true
            return [step]
        }
    }

    private mutating func meshSteps(_ query: VolumeQuery) throws(DatabaseError) -> [PlanStep] {
        let mesh = try bindMesh(query)
        let encoding = PlanStep(node: "encode \(mesh.format.rawValue)", detail: mesh.format.mediaType)
        guard try storedMesh(mesh) == nil else {
            let step = PlanStep(
                node: "read stored mesh", detail: "ID \(mesh.id), not older than its labels", isReading: true)
            return [step, encoding]
        }
        return readSteps(try bind(mesh.region, of: mesh.channel), "scan bricks") + [
            PlanStep(
                node: "surface nets", detail: "runs of ID \(mesh.id) along x, a layer of cuboids at a time"),
            encoding,
        ]
    }

    private mutating func scanSteps(
        _ path: PathSyntax, _ region: RegionSyntax, _ node: String, _ detail: String
    ) throws(DatabaseError) -> [PlanStep] {
        let bound = try bindRows(region, of: source(path))
        return readSteps(bound, "scan bricks") + [PlanStep(node: node, detail: detail)]
    }

    func readSteps(_ bound: BoundRegion, _ verb: String) -> [PlanStep] {
        let box = bound.inside ?? bound.requested
        let cuboidCount = box.isEmpty ? 0 : bound.channel.cuboidCount(of: box)
        let pages = UInt64(clamping: cuboidCount) &* UInt64(bound.time.count)
        let bytes =
            UInt64(clamping: box.voxelCount) &* UInt64(bound.time.count * bound.channel.voxelType.byteCount)
        let grid = bound.channel.grid
        return [
            PlanStep(
                node: "locate pages",
                detail: "\(bound.channel.path) RES \(bound.level) \(box), cuboids of \(grid.cuboid)",
                pageCount: pages),
            PlanStep(node: verb, detail: "bricks of \(grid.brick)", byteCount: bytes, isReading: true),
        ]
    }

    /// Runs DESCRIBE of a statement: what it would return, without running it.
    mutating func describe(_ statement: Statement, _ position: NodePosition) throws(DatabaseError)
        -> ResultValue
    {
        if case .execute(let node) = statement {
            return try withPrepared(node) { (executor, statement) throws(DatabaseError) in
                try executor.describe(statement, position)
            }
        }
        guard case .selectVolume(let query) = statement else {
            throw Self.notSupported("DESCRIBE of this statement", position)
        }
        if query.artifact.value == .mesh { return try describeMesh(query) }
        let volume = try bind(query)
        let axes = volume.axes(of: query.artifact.value)
        let shape = axes.map(volume.length)
        let bytes = UInt64(clamping: volume.voxelCount) &* UInt64(volume.voxelType.byteCount)
        return .rows(
            RowSet(
                columns: [
                    Column("dtype", .text), Column("axes", .text), Column("shape", .text),
                    Column("bytes", .uint64),
                ],
                rows: [
                    [
                        .text(volume.voxelType.rawValue),
                        .text(axes.map(\.rawValue).joined(separator: ",")),
                        .text(shape.map(String.init).joined(separator: ",")), .unsigned(bytes),
                    ]
                ]))
    }

    /// The source is `stored` for a mesh that was put in, and `labels` for one that would be made.
    private mutating func describeMesh(_ query: VolumeQuery) throws(DatabaseError) -> ResultValue {
        let mesh = try bindMesh(query)
        let isStored = try storedMesh(mesh) != nil
        let box = isStored ? nil : try bind(mesh.region, of: mesh.channel).requested
        return .rows(
            RowSet(
                columns: [
                    Column("format", .text), Column("media_type", .text), Column("source", .text),
                    Column("res", .int32), Column("box", .text),
                ],
                rows: [
                    [
                        .text(mesh.format.rawValue), .text(mesh.format.mediaType),
                        .text(isStored ? "stored" : "labels"),
                        isStored ? .null : .integer(Int64(mesh.level.level)),
                        box.map { .text("\($0)") } ?? .null,
                    ]
                ]))
    }
}
