import BossDatabase
import BossVoxels

/// Functions, CAST and CASE in expressions over voxels.
extension VoxelExpressionBinder {
    /// Functions by name, with how many arguments they take.
    private static let functions: [String: ClosedRange<Int>] = [
        "abs": 1...1, "least": 1...100, "greatest": 1...100, "clamp": 3...3, "div": 2...2, "if": 3...3,
        "window": 3...3,
    ]

    mutating func call(_ call: FunctionCall) throws(DatabaseError) -> VoxelExpression {
        let arguments = try Self.arguments(call)
        switch call.name.folded {
        case "if":
            return try choice([CaseBranch(condition: arguments[0], result: arguments[1])], arguments[2])
        case "abs":
            let value = try number(arguments[0])
            return .absolute(value, site: site(.call(call)))
        case "div":
            let values = (try integer(arguments[0]), try integer(arguments[1]))
            return .arithmetic(.divideWhole, values.0, values.1, site: site(.call(call)))
        case "window": return try window(arguments)
        case "clamp":
            let values = try unified(arguments)
            return extreme(.least, [extreme(.greatest, Array(values[0...1])), values[2]])
        case "least": return extreme(.least, try unified(arguments))
        default: return extreme(.greatest, try unified(arguments))
        }
    }

    private static func arguments(_ call: FunctionCall) throws(DatabaseError) -> [Expression] {
        guard let count = functions[call.name.folded] else {
            let known = functions.keys.sorted() + ["cast"]
            throw DatabaseError(
                "42883", "there is no function \(call.name.text) of voxels",
                hint: NearMiss.best(for: call.name.folded, among: known).map {
                    "did you mean \($0.uppercased())?"
                }
                    ?? "functions are \(known.map { $0.uppercased() }.joined(separator: ", "))",
                position: call.name.position.source)
        }
        let name = call.name.text.uppercased()
        guard case .expressions(let arguments, isDistinct: false) = call.arguments else {
            throw DatabaseError(
                "42601", "\(name) is no aggregate, so it takes neither * nor DISTINCT",
                position: call.position.source)
        }
        guard count.contains(arguments.count) else {
            let words =
                count.count == 1 ? "\(count.lowerBound)" : "\(count.lowerBound) to \(count.upperBound)"
            throw DatabaseError(
                "42883", "\(name) takes \(words) arguments, not \(arguments.count)",
                position: call.position.source)
        }
        return arguments
    }

    private func extreme(_ operation: VoxelArithmetic, _ values: [VoxelExpression]) -> VoxelExpression {
        values.dropFirst().reduce(values[0]) { .arithmetic(operation, $0, $1, site: 0) }
    }

    private mutating func integer(_ expression: Expression) throws(DatabaseError) -> VoxelExpression {
        let value = try number(expression)
        guard value.type.voxelType.isInteger else {
            throw DatabaseError(
                "42804", "an integer was expected here", hint: "CAST(... AS INT64) rounds to the nearest",
                position: expression.position.source)
        }
        return value
    }

    private mutating func window(_ arguments: [Expression]) throws(DatabaseError) -> VoxelExpression {
        let value = try number(arguments[0])
        let black = try ValueCondition.constant(arguments[1], executor).double
        let white = try ValueCondition.constant(arguments[2], executor).double
        guard black < white, (white - black).isFinite else {
            throw DatabaseError(
                "22V02", "WINDOW \(black), \(white) is empty",
                hint: "black comes first: WINDOW(VALUE, 50, 200)", position: arguments[1].position.source)
        }
        return .window(value, black: black, white: white)
    }

    // MARK: - Types

    /// CAST and CLAMP to a type.
    mutating func cast(
        _ inner: Expression, _ type: Located<TypeName>, isSaturating: Bool, _ expression: Expression
    ) throws(DatabaseError) -> VoxelExpression {
        let value = try bind(inner)
        if type.value == .boolean {
            return value.type == .boolean ? value : .comparison(.notEqual, value, .number(.signed(0)))
        }
        guard let voxelType = VoxelType(rawValue: type.value.rawValue) else {
            throw DatabaseError(
                "42804", "voxels cannot be \(type.value.rawValue)",
                hint: "types of voxels are \(VoxelType.allCases.map(\.rawValue).joined(separator: ", "))",
                position: type.position.source)
        }
        return .conversion(value, to: voxelType, isSaturating: isSaturating, site: site(expression))
    }

    /// CASE, and IF as one. Without ELSE voxels that no branch takes become 0.
    mutating func choice(
        _ branches: [CaseBranch], _ otherwise: Expression?
    ) throws(DatabaseError) -> VoxelExpression {
        var conditions: [VoxelExpression] = []
        for branch in branches { conditions.append(try condition(branch.condition)) }
        let results = try unified(branches.map(\.result) + (otherwise.map { [$0] } ?? []))
        let type = results[0].type
        var result = otherwise == nil ? Self.nothing(of: type) : results[results.count - 1]
        for (condition, value) in zip(conditions, results).reversed() {
            result = .choice(condition, then: value, otherwise: result)
        }
        return result
    }

    /// 0, or a condition that does not hold.
    static func nothing(of type: VoxelExpressionType) -> VoxelExpression {
        switch type {
        case .boolean: .truth(false)
        case .number(let type):
            .conversion(.number(.signed(0)), to: type, isSaturating: true, site: 0)
        }
    }

    /// Values in the one type that holds them all. Constants take the type of what stands beside them if it holds them.
    ///
    /// - Throws: 42804 where there is none, such as for IDs and signed numbers, or numbers and conditions.
    private mutating func unified(_ expressions: [Expression]) throws(DatabaseError) -> [VoxelExpression] {
        var values: [VoxelExpression] = []
        for expression in expressions { values.append(try bind(expression)) }
        if values.allSatisfy({ $0.type == .boolean }) { return values }
        let pairs = Array(zip(values, expressions))
        var common: VoxelType?
        let constants = pairs.filter { $0.0.isPlainConstant }
        // Those that only UINT64 holds before others that it holds too.
        for (value, expression) in pairs.filter({ !$0.0.isPlainConstant })
            + constants.filter({ $0.0.type == .number(.uint64) })
            + constants.filter({ $0.0.type != .number(.uint64) })
        {
            guard case .number(let type) = value.type else {
                throw DatabaseError(
                    "42804", "a condition beside numbers", hint: "IF(condition, 1, 0) makes a number of it",
                    position: expression.position.source)
            }
            guard let sofar = common else {
                common = type
                continue
            }
            if value.isPlainConstant, value.fits(sofar) { continue }
            guard let both = sofar.common(with: type) else {
                throw DatabaseError(
                    "42804", "\(type.rawValue) and \(sofar.rawValue) have no common type",
                    hint: "CAST one of them", position: expression.position.source)
            }
            common = both
        }
        guard let common else { return values }
        var converted: [VoxelExpression] = []
        for (value, expression) in pairs {
            converted.append(
                value.type == .number(common)
                    ? value
                    : .conversion(value, to: common, isSaturating: false, site: site(expression)))
        }
        return converted
    }
}

extension VoxelExpression {
    /// Whether it is a number as the statement gives it.
    fileprivate var isPlainConstant: Bool {
        if case .number = self { return true }
        return false
    }

    /// Whether a type holds a constant; of fractions FLOAT32 holds the nearest.
    fileprivate func fits(_ type: VoxelType) -> Bool {
        guard case .number(let number) = self else { return false }
        switch number {
        case .float: return !type.isInteger
        case .signed(let value):
            return !type.isInteger || type.holds(Int128(value))
        case .unsigned(let value): return !type.isInteger || type.holds(Int128(value))
        }
    }
}

extension VoxelType {
    fileprivate func holds(_ value: Int128) -> Bool {
        let width = Int128(byteCount * 8)
        return isUnsigned
            ? (0..<1 << width).contains(value) : (-(1 << (width - 1))..<1 << (width - 1)).contains(value)
    }

    /// The narrowest type that holds the values of both; nil for UINT64 and a signed one. Integers beside floats are
    /// rounded where they have more than 53 bits.
    fileprivate func common(with other: VoxelType) -> VoxelType? {
        if self == other { return self }
        switch (isInteger, other.isInteger) {
        case (false, false): return .float64
        case (false, true): return other.common(with: self)
        case (true, false): return byteCount <= 2 && other == .float32 ? .float32 : .float64
        case (true, true): break
        }
        if isUnsigned == other.isUnsigned { return byteCount > other.byteCount ? self : other }
        let (unsigned, signed) = isUnsigned ? (self, other) : (other, self)
        if signed.byteCount > unsigned.byteCount { return signed }
        switch unsigned {
        case .uint8: return .int16
        case .uint16: return .int32
        case .uint32: return .int64
        default: return nil
        }
    }
}
