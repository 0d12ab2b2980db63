import BossDatabase

/// EXPLAIN of a row query: what each source reads and was told, and what SQLite does with the rows.
extension StatementExecutor {
    mutating func planSteps(_ query: RowQuery) throws(DatabaseError) -> [PlanStep] {
        let plan = try plan(query)
        let store = try RowStore(plan.budget, control.cancellation)
        var steps: [PlanStep] = []
        for table in plan.tables {
            let used = plan.query.usedColumns(of: table.number).sorted()
            try store.create(SQLWriter.source(table.number), columns: used)
            let names = used.map { table.columns[$0].name }
            let columns = names.isEmpty ? "no columns" : "columns \(names.joined(separator: ", "))"
            guard case .function(let call, _) = table.source else {
                steps.append(PlanStep(node: "system view", detail: "\(Self.name(of: table)); \(columns)"))
                continue
            }
            if call.function.value == .pages {
                let bound = try bindRows(call.region, of: source(call.path.withoutVersion))
                steps += readSteps(bound, "").prefix(1)
            } else if call.function.value.readsRegion {
                let bound = try bindRows(call.region, of: source(call.path.withoutVersion))
                let isLabelled = [.ids, .objects].contains(call.function.value)
                let read =
                    isLabelled
                    ? labelSteps(
                        bound, plan.query.hints(for: table).ids, asWholes: call.function.value == .objects)
                    : readSteps(bound, "scan bricks")
                steps += read.map(\.withoutMeasurement)
                try addIndexStep(of: call, plan.query.hints(for: table).ids, to: &steps)
            }
            var details = [columns]
            if call.function.value == .sample { details.append("the bricks of all points in Morton order") }
            let hints = plan.query.hints(for: table)
            if hints.ids != .all { details.append("id \(hints.ids)") }
            if let limit = hints.limit { details.append("first \(limit) by id") }
            steps.append(
                PlanStep(node: call.function.value.rawValue, detail: details.joined(separator: "; ")))
        }
        for lookup in plan.lookups {
            steps.append(
                PlanStep(
                    node: "VALUE_AT",
                    detail: "\(lookup.channel.path) RES \(lookup.level), all points at once in Morton order"))
        }
        var writer = SQLWriter()
        writer.write(plan.query)
        let lines = try locating(query.position) { () throws(DatabaseError) in try store.plan(of: writer) }
        for line in lines { steps.append(PlanStep(node: "SQLite", detail: Self.named(line, plan.tables))) }
        var last = PlanStep(node: "rows", detail: String(String(Statement.selectRows(query)).prefix(60)))
        last.isReading = true
        return steps + [last]
    }

    /// Adds the step in which RUNS of few IDs asks the index where they are, in front of the scan.
    private func addIndexStep(
        of call: TableFunctionCall, _ ids: IDCondition, to steps: inout [PlanStep]
    ) throws(DatabaseError) {
        guard call.function.value == .runs else { return }
        let wanted = try ids.intersection(restriction(call))
        guard wanted.members(limit: Channel.fewLabelCount) != nil else { return }
        steps.insert(
            PlanStep(node: "label index", detail: "the box of ID \(wanted)"), at: max(0, steps.count - 1))
    }

    /// A step of SQLite with the names of the statement: `SCAN s0` becomes `SCAN IDS AS a`.
    private static func named(_ line: String, _ tables: [RowTable]) -> String {
        line.split(separator: " ").map { word in
            tables.first { SQLWriter.source($0.number) == word }.map(name) ?? String(word)
        }.joined(separator: " ")
    }

    private static func name(of table: RowTable) -> String {
        switch table.source {
        case .function(let call, let alias):
            call.function.value.rawValue + (alias.map { " AS \($0.text)" } ?? "")
        case .view(let schema, let name, let alias):
            "\(schema.folded).\(name.folded)" + (alias.map { " AS \($0.text)" } ?? "")
        case .layer, .subquery: SQLWriter.source(table.number)
        }
    }
}

extension TableFunction {
    /// Whether it reads the voxels of a region of one state.
    fileprivate var readsRegion: Bool {
        switch self {
        case .ids, .objects, .stats, .histogram, .voxels, .runs, .contacts, .overlap, .pages: true
        case .sample, .diff, .levels, .metadata, .history, .supervoxels: false
        }
    }
}
