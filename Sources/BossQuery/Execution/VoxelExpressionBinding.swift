import BossDatabase
import BossGeometry
import BossVoxels

/// Binds expressions over voxels: names become arrays that are read, every operation gets its types.
struct VoxelExpressionBinder {
    let executor: StatementExecutor
    let sources: VoxelSources
    /// What the expressions read, each once.
    private(set) var reads: [VoxelComputation.Source] = []
    /// The operations that may fail.
    private(set) var sites: [VoxelComputation.Site] = []
    private var arrays: [Int: Int] = [:]

    init(_ executor: StatementExecutor, _ sources: VoxelSources) {
        (self.executor, self.sources) = (executor, sources)
    }

    /// Binds an expression of either kind.
    ///
    /// - Throws: 42703, 42804, 42883, 22023, 0A000 for what only rows have.
    mutating func bind(_ expression: Expression) throws(DatabaseError) -> VoxelExpression {
        if let number = try sources.testedSource(of: expression) { return try test(expression, of: number) }
        switch expression {
        case .literal(let literal, let position): return try constant(literal, position)
        case .parameter(let number, let position):
            return try constant(executor.parameter(number, position), position)
        case .column(let qualifier, let name): return try column(qualifier, name)
        case .unary(.not, let inner, _): return .not(try condition(inner))
        case .unary(.minus, let inner, _): return try negated(inner, expression)
        case .binary(let operation, let left, let right, let position):
            return try binary(operation, left, right, expression, position)
        case .logical(let operation, let parts, _):
            return try joined(parts, operation == .and ? VoxelExpression.and : VoxelExpression.or)
        case .between(let value, let lower, let upper, let isNegated, _):
            let value = try number(value)
            let isInside = VoxelExpression.and(
                .comparison(.greaterOrEqual, value, try number(lower)),
                .comparison(.lessOrEqual, value, try number(upper)))
            return isNegated ? .not(isInside) : isInside
        case .isIn(let value, let set, let isNegated, let position):
            let isMember = try membership(of: value, in: set, position)
            return isNegated ? .not(isMember) : isMember
        case .call(let call): return try self.call(call)
        case .cast(let inner, let type, let isSaturating, _):
            return try cast(inner, type, isSaturating: isSaturating, expression)
        case .choice(let branches, let otherwise, _): return try choice(branches, otherwise)
        case .like, .isNull, .exists, .subquery, .member, .valueAt, .inside:
            throw StatementExecutor.notSupported("this in an expression over voxels", expression.position)
        }
    }

    /// Binds a part that has to be a number.
    mutating func number(_ expression: Expression) throws(DatabaseError) -> VoxelExpression {
        let bound = try bind(expression)
        guard bound.type != .boolean else {
            throw DatabaseError(
                "42804", "a number was expected here, this is a condition",
                hint: "IF(condition, 1, 0) makes a number of it", position: expression.position.source)
        }
        return bound
    }

    /// Binds a part that has to be a condition.
    mutating func condition(_ expression: Expression) throws(DatabaseError) -> VoxelExpression {
        let bound = try bind(expression)
        guard bound.type == .boolean else {
            throw DatabaseError(
                "42804", "a condition was expected here, this is a number",
                hint: "compare it, for example with <> 0", position: expression.position.source)
        }
        return bound
    }

    /// The number of an operation that may fail.
    mutating func site(_ expression: Expression) -> Int {
        var printer = SyntaxPrinter()
        printer.expression(expression)
        sites.append(VoxelComputation.Site(printer.text, expression.position.source))
        return sites.count - 1
    }

    /// What is evaluated, with all that was bound.
    func computation(_ expression: VoxelExpression) -> VoxelComputation {
        VoxelComputation(expression, sources: reads, sites: sites)
    }

    // MARK: - Leaves

    /// A test of one channel's voxels, which is read as a mask: of labels often without touching a voxel.
    private mutating func test(_ condition: Expression, of number: Int) throws(DatabaseError)
        -> VoxelExpression
    {
        let channel = sources.all[number].channel
        reads.append(.init(channel, .mask(try executor.predicate(condition, of: channel))))
        return .mask(source: reads.count - 1)
    }

    private mutating func column(_ qualifier: Identifier?, _ name: Identifier) throws(DatabaseError)
        -> VoxelExpression
    {
        if let axis = VoxelSources.axis(qualifier, name) { return .coordinate(axis) }
        let number = try sources.number(ofColumn: qualifier, name)
        let channel = sources.all[number].channel
        if arrays[number] == nil {
            arrays[number] = reads.count
            reads.append(.init(channel, .stored))
        }
        return .voxel(source: arrays[number] ?? 0, channel.voxelType)
    }

    private func constant(_ literal: Literal, _ position: NodePosition) throws(DatabaseError)
        -> VoxelExpression
    {
        switch literal {
        case .boolean(let value): return .truth(value)
        case .unsigned(let value):
            return .number(Int64(exactly: value).map { .signed($0) } ?? .unsigned(value))
        case .signed(let value): return .number(.signed(value))
        case .float(let value): return .number(.float(value))
        case .null, .text, .bytes, .quantity: throw StatementExecutor.mismatch("a number", position)
        }
    }

    private func constant(_ parameter: Parameter, _ position: NodePosition) throws(DatabaseError)
        -> VoxelExpression
    {
        switch parameter {
        case .boolean(let value): return .truth(value)
        case .integer(let value): return .number(.signed(value))
        case .unsigned(let value):
            return .number(Int64(exactly: value).map { .signed($0) } ?? .unsigned(value))
        case .float(let value): return .number(.float(value))
        case .null, .text, .list, .volume: throw StatementExecutor.mismatch("a number", position)
        }
    }

    // MARK: - Operators

    private mutating func negated(
        _ inner: Expression, _ expression: Expression
    ) throws(DatabaseError) -> VoxelExpression {
        switch inner {
        case .literal(.unsigned(let value), _) where value <= 1 << 63:
            return .number(.signed(Int64(truncatingIfNeeded: 0 &- value)))
        case .literal(.float(let value), _): return .number(.float(-value))
        default: break
        }
        let value = try number(inner)
        let site = site(expression)
        if !value.type.voxelType.isInteger {
            return .arithmetic(.multiply, value, .number(.float(-1)), site: site)
        }
        return .arithmetic(.subtract, .number(.signed(0)), value, site: site)
    }

    private mutating func binary(
        _ operation: BinaryOperator, _ left: Expression, _ right: Expression, _ expression: Expression,
        _ position: NodePosition
    ) throws(DatabaseError) -> VoxelExpression {
        if let order = VoxelOrder(operation) {
            return .comparison(order, try number(left), try number(right))
        }
        guard let arithmetic = VoxelArithmetic(operation) else {
            throw DatabaseError(
                "42804", "\(operation.rawValue) joins text, voxels are numbers", position: position.source)
        }
        return .arithmetic(arithmetic, try number(left), try number(right), site: site(expression))
    }

    private mutating func joined(
        _ parts: [Expression], _ join: (VoxelExpression, VoxelExpression) -> VoxelExpression
    ) throws(DatabaseError) -> VoxelExpression {
        var result: VoxelExpression?
        for part in parts {
            let bound = try condition(part)
            result = result.map { join($0, bound) } ?? bound
        }
        return result ?? .truth(true)
    }

    /// Members that are compared one by one; of a voxel itself there may be any number.
    private static let memberLimit = 64

    private mutating func membership(
        of value: Expression, in set: InSet, _ position: NodePosition
    ) throws(DatabaseError) -> VoxelExpression {
        let value = try number(value)
        var members: [VoxelExpression] = []
        switch set {
        case .list(let expressions):
            for expression in expressions { members.append(try number(expression)) }
        case .parameter(let number, let position):
            guard case .list(let values) = try executor.parameter(number, position) else {
                throw StatementExecutor.mismatch("a list", position)
            }
            for value in values { members.append(try constant(value, position)) }
        case .subquery: throw StatementExecutor.notSupported("a subquery", position)
        }
        guard members.count <= Self.memberLimit else {
            throw StatementExecutor.notSupported(
                "a list of \(members.count) beside more than VALUE or ID", position,
                hint: "\(Self.memberLimit) are compared here, and any number in ID IN (...)")
        }
        var result = VoxelExpression.truth(false)
        for member in members {
            let isEqual = VoxelExpression.comparison(.equal, value, member)
            result = if case .truth(false) = result { isEqual } else { .or(result, isEqual) }
        }
        return result
    }
}

extension VoxelOrder {
    fileprivate init?(_ operation: BinaryOperator) {
        switch operation {
        case .equal: self = .equal
        case .notEqual: self = .notEqual
        case .less: self = .less
        case .lessOrEqual: self = .lessOrEqual
        case .greater: self = .greater
        case .greaterOrEqual: self = .greaterOrEqual
        case .add, .subtract, .multiply, .divide, .remainder, .concatenate: return nil
        }
    }
}

extension VoxelArithmetic {
    fileprivate init?(_ operation: BinaryOperator) {
        switch operation {
        case .add: self = .add
        case .subtract: self = .subtract
        case .multiply: self = .multiply
        case .divide: self = .divide
        case .remainder: self = .remainder
        default: return nil
        }
    }
}
