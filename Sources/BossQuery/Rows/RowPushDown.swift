import BossDatabase

/// What a table function hears of the query around it.
extension BoundQuery {
    /// The columns of a source that the statement reads.
    func usedColumns(of source: Int) -> Set<Int> {
        var used: Set<Int> = []
        visit { part in
            if case .column(source, let index) = part.node { used.insert(index) }
            return true
        }
        return used
    }

    /// The hints for a source of this query or of one in it.
    func hints(for table: RowTable) -> RowHints {
        let used = usedColumns(of: table.number)
        var hints = RowHints(columns: Set(used.map { table.columns[$0].name }))
        guard let id = table.columns.firstIndex(where: { $0.name == "id" && $0.type == .uint64 }),
            let query = allQueries.first(where: { $0.sources.contains { $0.number == table.number } })
        else { return hints }
        let reference = BoundExpression.Node.column(source: table.number, index: id)
        let conditions = query.conditions(on: table.number)
        let same = conditions.columns(equalTo: reference)
        let limits = conditions.map { IDLimit($0, same) }
        hints.ids = limits.reduce(.all) { $0.intersection($1.ids) }
        if limits.allSatisfy(\.isExact) { hints.limit = query.limit(ascending: reference) }
        return hints
    }

    /// The conditions that every row of a source fulfils which gets into the result.
    ///
    /// A comparison that a missing row of LEFT JOIN would have to fulfil is never true, so WHERE counts for all
    /// sources; ON of LEFT JOIN counts only for the source that may be missing.
    private func conditions(on number: Int) -> [BoundExpression] {
        var found = condition?.conjuncts ?? []
        for source in sources where source.join == .inner || source.number == number {
            found += source.condition?.conjuncts ?? []
        }
        return found
    }

    /// How many rows with the smallest IDs are enough, if that can be said.
    private func limit(ascending id: BoundExpression.Node) -> Int? {
        guard let limit, sources.count == 1, !isGrouped, !isDistinct else { return nil }
        if let key = keys.first {
            guard keys.count == 1, key.expression.node == id, !key.isDescending else { return nil }
        }
        let (sum, overflow) = limit.addingReportingOverflow(offset)
        return overflow ? nil : sum
    }
}

extension [BoundExpression] {
    /// The ID columns that equal a column wherever all of these conditions hold, the column itself too.
    fileprivate func columns(equalTo id: BoundExpression.Node) -> Set<BoundExpression.Node> {
        var same: Set<BoundExpression.Node> = [id]
        var count = 0
        while count < same.count {
            count = same.count
            for condition in self {
                guard case .call(.compare(.equal), let operands) = condition.node,
                    operands.allSatisfy({ $0.type == .uint64 && $0.isColumn }),
                    operands.contains(where: { same.contains($0.node) })
                else { continue }
                same.formUnion(operands.map(\.node))
            }
        }
        return same
    }
}

extension BoundExpression {
    fileprivate var isColumn: Bool { if case .column = node { true } else { false } }
}

/// The IDs for which a condition may be true.
private struct IDLimit {
    var ids = IDCondition.all
    /// Whether the condition is true for exactly these.
    var isExact = false

    init(_ ids: IDCondition, isExact: Bool) { (self.ids, self.isExact) = (ids, isExact) }

    init(_ condition: BoundExpression, _ id: Set<BoundExpression.Node>) {
        switch condition.node {
        case .call(.and, let parts):
            let limits = parts.map { IDLimit($0, id) }
            self.init(limits.reduce(.all) { $0.intersection($1.ids) }, isExact: limits.allSatisfy(\.isExact))
        case .call(.or, let parts):
            let limits = parts.map { IDLimit($0, id) }
            self.init(limits.reduce(.none) { $0.union($1.ids) }, isExact: limits.allSatisfy(\.isExact))
        case .call(.not, let parts):
            let limit = IDLimit(parts[0], id)
            self.init(limit.isExact ? limit.ids.complement : .all, isExact: limit.isExact)
        case .isInList(let operand, let values) where id.contains(operand.node) && !values.contains(.null):
            let members = values.compactMap(\.number).map { IDCondition(ordered: $0, .equal) }
            self.init(members.reduce(into: []) { $0 += $1.ranges }, isExact: true)
        case .call(.compare(let symbol), let operands), .call(.compareByValue(let symbol), let operands):
            self.init(symbol, operands, id)
        default: self.init(.all, isExact: false)
        }
    }

    private init(_ ranges: [ClosedRange<UInt64>], isExact: Bool) {
        self.init(IDCondition(ranges), isExact: isExact)
    }

    private init(_ symbol: BinaryOperator, _ operands: [BoundExpression], _ id: Set<BoundExpression.Node>) {
        self.init(.all, isExact: false)
        if id.contains(operands[0].node), case .constant(let value) = operands[1].node,
            let number = value.number
        {
            self.init(IDCondition(ordered: number, symbol), isExact: true)
        } else if id.contains(operands[1].node), case .constant(let value) = operands[0].node,
            let number = value.number
        {
            self.init(IDCondition(ordered: number, symbol.mirrored), isExact: true)
        }
    }
}

extension Value {
    /// The number that it is; nil for other values.
    fileprivate var number: ConditionNumber? {
        switch self {
        case .integer(let value): .integer(Int128(value))
        case .unsigned(let value): .integer(Int128(value))
        case .float(let value): .float(value)
        default: nil
        }
    }
}
