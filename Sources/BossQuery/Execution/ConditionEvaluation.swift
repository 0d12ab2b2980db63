import BossDatabase
import BossVoxels

/// A number in a condition. Integers are exact and compare by value, whatever their sign.
enum ConditionNumber: Hashable, Sendable {
    case integer(Int128)
    case float(Double)

    /// The value of a voxel.
    init(bits: UInt64, type: VoxelType) {
        switch type {
        case .float32, .float64: self = .float(type.number(ofBits: bits))
        case .uint8, .uint16, .uint32, .uint64: self = .integer(Int128(bits))
        case .int8: self = .integer(Int128(Int8(truncatingIfNeeded: bits)))
        case .int16: self = .integer(Int128(Int16(truncatingIfNeeded: bits)))
        case .int32: self = .integer(Int128(Int32(truncatingIfNeeded: bits)))
        case .int64: self = .integer(Int128(Int64(bitPattern: bits)))
        }
    }

    /// Less, equal or greater by value, also of an integer that FLOAT64 does not hold; nil when one is NaN.
    func compared(to other: ConditionNumber) -> Int? {
        switch (self, other) {
        case (.integer(let left), .integer(let right)): left < right ? -1 : left == right ? 0 : 1
        case (.integer(let left), .float(let right)): ExactOrder.compare(left, right)
        case (.float(let left), .integer(let right)): ExactOrder.compare(right, left).map { -$0 }
        case (.float(let left), .float(let right)):
            left < right ? -1 : left == right ? 0 : left > right ? 1 : nil
        }
    }

    var double: Double {
        switch self {
        case .integer(let value): Double(value)
        case .float(let value): value
        }
    }
}

/// Conditions over one number, such as `id <> 42` or `VALUE BETWEEN 10 AND 20`: comparisons with constants
/// joined by AND, OR and NOT.
///
/// Conditions are evaluated once a distinct value, never once a voxel.
struct ValueCondition: Sendable {
    private let test: Test
    /// The IDs that fulfil the condition; of numbers below zero and of fractions it says nothing.
    let ids: IDCondition

    /// Whether a value fulfils the condition.
    func matches(_ value: ConditionNumber) -> Bool { test(value) }

    /// Binds a condition.
    ///
    /// - Parameters:
    ///   - names: words that stand for the number, lower case.
    ///   - executor: gives values of parameters.
    /// - Throws: 42703 for another name, 0A000 for what is more than comparing, 42804, 07001.
    init(_ expression: Expression, names: Set<String>, executor: StatementExecutor) throws(DatabaseError) {
        let bound = try Self.bind(expression, names, executor)
        (test, ids) = (bound.test, bound.ids)
    }

    private typealias Test = @Sendable (ConditionNumber) -> Bool

    /// A part of a condition: which numbers fulfil it, and which IDs these are.
    private struct Bound {
        let ids: IDCondition
        let test: Test

        init(_ ids: IDCondition, _ test: @escaping Test) { (self.ids, self.test) = (ids, test) }
    }

    private static func bind(
        _ expression: Expression, _ names: Set<String>, _ executor: StatementExecutor
    ) throws(DatabaseError) -> Bound {
        switch expression {
        case .logical(let logical, let parts, _):
            var bounds: [Bound] = []
            for part in parts { bounds.append(try bind(part, names, executor)) }
            let tests = bounds.map(\.test)
            if logical == .and {
                let ids = bounds.reduce(IDCondition.all) { $0.intersection($1.ids) }
                return Bound(ids) { value in tests.allSatisfy { $0(value) } }
            }
            return Bound(IDCondition(bounds.flatMap(\.ids.ranges))) { value in tests.contains { $0(value) } }
        case .unary(.not, let inner, _):
            let bound = try bind(inner, names, executor)
            let test = bound.test
            return Bound(bound.ids.complement) { !test($0) }
        case .binary(let comparison, let left, let right, let position) where comparison.isComparison:
            return try bindComparison(comparison, left, right, names, executor, position)
        case .between(let value, let lower, let upper, let isNegated, let position):
            try requireName(value, names, position)
            let (low, high) = (try constant(lower, executor), try constant(upper, executor))
            let inside = IDCondition(low, .greaterOrEqual).intersection(IDCondition(high, .lessOrEqual))
            return Bound(isNegated ? inside.complement : inside) { number in
                let isInside = (number.compared(to: low) ?? -1) >= 0 && (number.compared(to: high) ?? 1) <= 0
                return isInside != isNegated
            }
        case .isIn(let value, let set, let isNegated, let position):
            try requireName(value, names, position)
            return membership(of: try constants(set, executor, position), isNegated: isNegated)
        case .literal(.boolean(let value), _): return Bound(value ? .all : .none) { _ in value }
        default: throw StatementExecutor.notSupported("this condition", expression.position)
        }
    }

    /// Long lists of IDs cost no more than short ones.
    private static func membership(of members: [ConditionNumber], isNegated: Bool) -> Bound {
        let listed = IDCondition(ids: members.compactMap(\.id))
        let ids = isNegated ? listed.complement : listed
        let integers = Set(members.filter { if case .integer = $0 { true } else { false } })
        guard integers.count == members.count || members.allSatisfy(integers.contains) else {
            return Bound(ids) { number in members.contains { number.compared(to: $0) == 0 } != isNegated }
        }
        return Bound(ids) { number in
            if case .integer = number { return integers.contains(number) != isNegated }
            return members.contains { number.compared(to: $0) == 0 } != isNegated
        }
    }

    private static func bindComparison(
        _ comparison: BinaryOperator, _ left: Expression, _ right: Expression, _ names: Set<String>,
        _ executor: StatementExecutor, _ position: NodePosition
    ) throws(DatabaseError) -> Bound {
        let isSwapped = !isName(left)
        try requireName(isSwapped ? right : left, names, position)
        let bound = try constant(isSwapped ? left : right, executor)
        let symbol = isSwapped ? comparison.mirrored : comparison
        return Bound(IDCondition(bound, symbol)) { number in
            guard let order = number.compared(to: bound) else { return symbol == .notEqual }
            switch symbol {
            case .equal: return order == 0
            case .notEqual: return order != 0
            case .less: return order < 0
            case .lessOrEqual: return order <= 0
            case .greater: return order > 0
            default: return order >= 0
            }
        }
    }

    private static func isName(_ expression: Expression) -> Bool {
        if case .column = expression { return true }
        return false
    }

    private static func requireName(
        _ expression: Expression, _ names: Set<String>, _ position: NodePosition
    ) throws(DatabaseError) {
        guard case .column(let qualifier, let name) = expression, qualifier == nil else {
            throw StatementExecutor.notSupported("this condition", position)
        }
        guard names.contains(name.folded) else {
            throw DatabaseError(
                "42703", "there is no column \(name.text) here",
                hint: "known here: \(names.sorted().joined(separator: ", "))", position: name.position.source)
        }
    }

    /// The value of a literal or a parameter.
    ///
    /// - Throws: 42804, 07001, 0A000 for an expression.
    static func constant(
        _ expression: Expression, _ executor: StatementExecutor
    ) throws(DatabaseError) -> ConditionNumber {
        switch expression {
        case .literal(.unsigned(let value), _): return .integer(Int128(value))
        case .literal(.signed(let value), _): return .integer(Int128(value))
        case .literal(.float(let value), _): return .float(value)
        case .unary(.minus, let inner, _):
            switch try constant(inner, executor) {
            case .integer(let value): return .integer(-value)
            case .float(let value): return .float(-value)
            }
        case .parameter(let number, let position):
            return try constant(executor.parameter(number, position), position)
        case .column, .binary, .call, .cast, .choice:
            throw StatementExecutor.notSupported("an expression in this condition", expression.position)
        default: throw StatementExecutor.mismatch("a number", expression.position)
        }
    }

    private static func constant(_ parameter: Parameter, _ position: NodePosition) throws(DatabaseError)
        -> ConditionNumber
    {
        switch parameter {
        case .integer(let value): return .integer(Int128(value))
        case .unsigned(let value): return .integer(Int128(value))
        case .float(let value): return .float(value)
        default: throw StatementExecutor.mismatch("a number", position)
        }
    }

    private static func constants(
        _ set: InSet, _ executor: StatementExecutor, _ position: NodePosition
    ) throws(DatabaseError) -> [ConditionNumber] {
        var members: [ConditionNumber] = []
        switch set {
        case .list(let expressions):
            for expression in expressions { members.append(try constant(expression, executor)) }
        case .parameter(let number, let position):
            guard case .list(let values) = try executor.parameter(number, position) else {
                throw StatementExecutor.mismatch("a list", position)
            }
            for value in values { members.append(try constant(value, position)) }
        case .subquery: throw StatementExecutor.notSupported("a subquery", position)
        }
        return members
    }
}
