import BossDatabase

/// Arithmetic of row expressions: integers are exact and checked, decimals are FLOAT64.
extension ConditionNumber {
    /// The result of an operator, in the type of the expression.
    ///
    /// - Parameter target: INT64, UINT64 or FLOAT64.
    /// - Throws: 22012 for a division by zero, 22003 where the result does not fit.
    static func result(
        of function: RowFunction, _ left: ConditionNumber, _ right: ConditionNumber, _ target: TypeName
    ) throws(DatabaseError) -> ConditionNumber {
        switch function {
        case .ratio, .quotient, .remainder:
            if right.double == 0 { throw DatabaseError("22012", "division by zero") }
        default: break
        }
        if function == .ratio { return .float(left.double / right.double) }
        guard case .integer(let first) = left, case .integer(let second) = right else {
            return .float(float(function, left.double, right.double))
        }
        return try .integer(integer(function, first, second)).converted(to: target)
    }

    private static func float(_ function: RowFunction, _ left: Double, _ right: Double) -> Double {
        switch function {
        case .add: left + right
        case .subtract: left - right
        case .multiply: left * right
        case .remainder: left.truncatingRemainder(dividingBy: right)
        case .quotient: (left / right).rounded(.towardZero)
        default: left
        }
    }

    private static func integer(
        _ function: RowFunction, _ left: Int128, _ right: Int128
    ) throws(DatabaseError) -> Int128 {
        let (value, overflow) =
            switch function {
            case .add: left.addingReportingOverflow(right)
            case .subtract: left.subtractingReportingOverflow(right)
            case .multiply: left.multipliedReportingOverflow(by: right)
            case .remainder: left.remainderReportingOverflow(dividingBy: right)
            case .quotient: left.dividedReportingOverflow(by: right)
            default: (left, false)
            }
        if overflow { throw DatabaseError("22003", "the result is out of range") }
        return value
    }

    /// The number in another type; decimals are rounded to the nearest integer, ties to the even one.
    ///
    /// - Throws: 22003 where the type does not hold it.
    func converted(to type: TypeName) throws(DatabaseError) -> ConditionNumber {
        guard let range = type.integerRange else { return try float(type) }
        if let value = rounded, range.contains(value) { return .integer(value) }
        throw DatabaseError(
            "22003", "\(self) does not fit \(type.rawValue)",
            hint: "it holds \(range.lowerBound) to \(range.upperBound)")
    }

    private func float(_ type: TypeName) throws(DatabaseError) -> ConditionNumber {
        guard type == .float32 else { return .float(double) }
        let narrow = Float(double)
        guard narrow.isFinite || !double.isFinite else {
            throw DatabaseError("22003", "\(self) does not fit FLOAT32")
        }
        return .float(Double(narrow))
    }

    /// The nearest number that a type holds.
    ///
    /// - Throws: 22003 for what is no number.
    func saturated(to type: TypeName) throws(DatabaseError) -> ConditionNumber {
        guard let range = type.integerRange else {
            guard type == .float32, double.isFinite else { return .float(double) }
            let limit = Double(Float.greatestFiniteMagnitude)
            return .float(Double(Float(Swift.min(Swift.max(double, -limit), limit))))
        }
        if case .float(let value) = self {
            if value >= Double(range.upperBound) { return .integer(range.upperBound) }
            if value <= Double(range.lowerBound) { return .integer(range.lowerBound) }
        }
        guard let value = rounded else { throw DatabaseError("22003", "NaN is no integer") }
        return .integer(Swift.min(Swift.max(value, range.lowerBound), range.upperBound))
    }

    /// The nearest integer; nil for NaN and what is far too large.
    private var rounded: Int128? {
        switch self {
        case .integer(let value): value
        case .float(let value): Int128(exactly: value.rounded(.toNearestOrEven))
        }
    }

    /// Below zero, zero or above; NaN equals itself and comes after every number.
    func ordered(against other: ConditionNumber) -> Int {
        if let order = compared(to: other) { return order }
        let (first, second) = (double.isNaN, other.double.isNaN)
        return first == second ? 0 : first ? 1 : -1
    }

    var negated: ConditionNumber {
        switch self {
        case .integer(let value): .integer(-value)
        case .float(let value): .float(-value)
        }
    }
}

extension ConditionNumber: CustomStringConvertible {
    var description: String {
        switch self {
        case .integer(let value): "\(value)"
        case .float(let value): "\(value)"
        }
    }
}
