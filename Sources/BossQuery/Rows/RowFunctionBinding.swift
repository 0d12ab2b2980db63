import BossDatabase
import BossGeometry

/// Calls of functions and aggregates in a row query.
extension RowBinder {
    /// Functions by name, with how many arguments they take.
    private static let functions: [String: ClosedRange<Int>] = [
        "abs": 1...1, "least": 1...100, "greatest": 1...100, "clamp": 3...3, "div": 2...2, "if": 3...3,
        "coalesce": 1...100, "lower": 1...1, "upper": 1...1, "length": 1...1, "substr": 2...3,
        "distance": 6...6,
    ]

    mutating func call(_ call: FunctionCall) throws(DatabaseError) -> BoundExpression {
        let name = call.name.folded
        if let aggregate = RowAggregate(rawValue: name) { return try self.aggregate(aggregate, call) }
        guard let count = Self.functions[name] else { throw Self.unknownFunction(call.name) }
        guard case .expressions(let arguments, isDistinct: false) = call.arguments else {
            throw DatabaseError(
                "42601", "\(call.name.text) is no aggregate, so it takes neither * nor DISTINCT",
                position: call.position.source)
        }
        guard count.contains(arguments.count) else {
            let words =
                count.count == 1 ? "\(count.lowerBound)" : "\(count.lowerBound) to \(count.upperBound)"
            throw DatabaseError(
                "42883", "\(call.name.text.uppercased()) takes \(words) arguments, not \(arguments.count)",
                position: call.position.source)
        }
        if name == "if" {
            let branch = CaseBranch(condition: arguments[0], result: arguments[1])
            return try choice([branch], arguments[2], call.position)
        }
        var operands: [BoundExpression] = []
        for argument in arguments { operands.append(try bind(argument)) }
        return try function(name, operands, call.position)
    }

    private func function(
        _ name: String, _ operands: [BoundExpression], _ position: NodePosition
    ) throws(DatabaseError) -> BoundExpression {
        func call(_ function: RowFunction, _ operands: [BoundExpression], _ type: ColumnType?)
            -> BoundExpression
        {
            BoundExpression(.call(.function(function, (type ?? .int64).typeName), operands), type, position)
        }
        switch name {
        case "coalesce":
            let (values, type) = try unified(operands)
            return BoundExpression(
                values.count == 1 ? values[0].node : .call(.coalesce, values), type, position)
        case "lower", "upper":
            return call(name == "lower" ? .lower : .upper, try expecting(.text, operands), .text)
        case "length":
            return BoundExpression(.call(.length, try expecting(.text, operands)), .int64, position)
        case "substr":
            let places = try integers(Array(operands.dropFirst()))
            return BoundExpression(
                .call(.substring, [try expecting(.text, operands[0])] + places), .text, position)
        case "div":
            let values = try integers(operands)
            return try arithmetic(.quotient, values[0], values[1], position)
        case "distance":
            let sizes = try voxelSize(position)
            return call(.distance, try expecting(.number, operands) + sizes, .float64)
        default:
            let (values, type) = try unified(try expecting(.number, operands))
            let function: RowFunction =
                name == "abs" ? .absolute : name == "least" ? .least : name == "clamp" ? .clamp : .greatest
            return call(function, values, type)
        }
    }

    private func expecting(
        _ family: ColumnType.Family, _ values: [BoundExpression]
    ) throws(DatabaseError) -> [BoundExpression] {
        for value in values { _ = try expecting(family, value) }
        return values
    }

    private func integers(_ values: [BoundExpression]) throws(DatabaseError) -> [BoundExpression] {
        for value in values {
            guard let type = value.type, !type.isInteger else { continue }
            throw DatabaseError(
                "42804", "an integer was expected here",
                hint: type == .float64 ? "CAST(... AS INT64) rounds to the nearest" : nil,
                position: value.position.source)
        }
        return values
    }

    private static func unknownFunction(_ name: Identifier) -> DatabaseError {
        let known = functions.keys.sorted() + RowAggregate.allCases.map(\.rawValue) + ["value_at"]
        return DatabaseError(
            "42883", "there is no function \(name.text)",
            hint: NearMiss.best(for: name.folded, among: known).map { "did you mean \($0.uppercased())?" }
                ?? "functions are \(known.map { $0.uppercased() }.joined(separator: ", "))",
            position: name.position.source)
    }

    // MARK: Aggregates

    private mutating func aggregate(
        _ aggregate: RowAggregate, _ call: FunctionCall
    ) throws(DatabaseError) -> BoundExpression {
        let depth = scopes.count - 1
        if let clause = scopes[depth].clause { throw Self.misplacedAggregate(clause, call.position) }
        guard !scopes[depth].isInAggregate else {
            throw DatabaseError(
                "42803", "an aggregate cannot stand in an aggregate",
                hint: "aggregate the result of a query in FROM", position: call.position.source)
        }
        guard case .expressions(let arguments, let isDistinct) = call.arguments else {
            guard aggregate == .count else {
                throw DatabaseError("42601", "only COUNT takes *", position: call.position.source)
            }
            return BoundExpression(.aggregate(.count, nil, isDistinct: false), .int64, call.position)
        }
        guard arguments.count == 1 else {
            throw DatabaseError(
                "42883", "\(call.name.text.uppercased()) takes one argument, not \(arguments.count)",
                position: call.position.source)
        }
        scopes[depth].isInAggregate = true
        defer { scopes[depth].isInAggregate = false }
        let value = try bind(arguments[0])
        try refuseOuter(value, call.position)
        return try self.aggregate(aggregate, value, isDistinct, call.position)
    }

    /// An aggregate over columns of the query around this one would be one of that query.
    private func refuseOuter(_ value: BoundExpression, _ position: NodePosition) throws(DatabaseError) {
        let own = Set(scopes.last?.sources.map(\.number) ?? [])
        var (hasColumns, hasOwn) = (false, false)
        value.visit { part in
            if case .column(let source, _) = part.node {
                hasColumns = true
                if own.contains(source) { hasOwn = true }
            }
            return true
        }
        if hasColumns, !hasOwn {
            throw StatementExecutor.notSupported("an aggregate over columns of an outer query", position)
        }
    }

    private func aggregate(
        _ aggregate: RowAggregate, _ value: BoundExpression, _ isDistinct: Bool, _ position: NodePosition
    ) throws(DatabaseError) -> BoundExpression {
        func node(_ type: ColumnType?) -> BoundExpression {
            BoundExpression(.aggregate(aggregate, value, isDistinct: isDistinct), type, position)
        }
        switch aggregate {
        case .count: return node(.int64)
        case .min, .max: return node(value.type)
        case .avg:
            _ = try expecting(.number, value)
            return node(.float64)
        case .sum:
            _ = try expecting(.number, value)
            guard value.type != .float64 else { return node(.float64) }
            let type: ColumnType = value.type == .uint32 || value.type == .uint64 ? .uint64 : .int64
            // The exact sum is checked when it is complete.
            return BoundExpression(.call(.function(.convert, type.typeName), [node(type)]), type, position)
        }
    }

    // MARK: Voxels

    /// VALUE_AT.
    mutating func voxel(
        _ path: PathSyntax, _ coordinates: [Expression], _ resolution: Located<Int>?, _ position: NodePosition
    ) throws(DatabaseError) -> BoundExpression {
        let channel = try executor.source(path)
        var region = RegionSyntax(position: path.position)
        if let resolution {
            region.resolution = ResolutionClause(
                choice: .level(resolution.value), isIsotropic: false, position: resolution.position)
        }
        let bound = try executor.bind(region, of: channel)
        let view = try executor.currentView()
        var operands: [BoundExpression] = []
        for coordinate in coordinates { operands.append(try bind(coordinate)) }
        operands = try integers(operands)
        if operands.count == 3 {
            operands.append(
                BoundExpression(.constant(.integer(Int64(channel.defaultTimeSample))), .int64, position))
        }
        let known = lookups.firstIndex { $0.channel.path == channel.path && $0.level == bound.level }
        if known == nil {
            try executor.warnIfStale(bound, view)
            lookups.append(VoxelLookup(bound, view, executor.control, budget))
        }
        return BoundExpression(
            .voxel(lookup: known ?? lookups.count - 1, operands), ColumnType(channel.voxelType), position)
    }

    /// The voxel size in nm of the sources that have voxels, x, y, z.
    ///
    /// - Throws: 22V05 where they differ, 22023 where there is none.
    private func voxelSize(_ position: NodePosition) throws(DatabaseError) -> [BoundExpression] {
        var found: PhysicalSize?
        for call in scopes.reversed().flatMap(\.sources).compactMap(\.call)
        where call.function.value != .history && call.function.value != .metadata {
            let channel = try executor.channel(call.path.withoutVersion)
            var region = RegionSyntax(position: call.region.position)
            region.resolution = call.region.resolution
            var executor = executor
            let level = try executor.bind(region, of: channel).level
            let frame = channel.hierarchy.frame
            let size = channel.hierarchy.voxelSize(at: level).scaled(by: frame.unit.nanometersPerUnit)
            guard found == nil || found == size else {
                throw DatabaseError(
                    "22V05", "the sources have voxels of different sizes, so DISTANCE has no scale",
                    position: position.source)
            }
            found = size
        }
        guard let found else {
            throw DatabaseError(
                "22023", "DISTANCE takes the size of voxels from FROM, where no source has any",
                position: position.source)
        }
        return SpatialAxis.allCases.map { axis in
            BoundExpression(.constant(.float(found[axis])), .float64, position)
        }
    }
}
