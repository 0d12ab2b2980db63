import BossDatabase

/// Comparisons with numbers as sets of IDs, which the label index is asked for.
extension IDCondition {
    /// The IDs that compare so with a number in a condition over voxels: with NaN none does but by `<>`.
    init(_ number: ConditionNumber, _ symbol: BinaryOperator) {
        if case .float(let value) = number, value.isNaN {
            self = symbol == .notEqual ? .all : .none
        } else {
            self.init(ordered: number, symbol)
        }
    }

    /// The IDs that compare so with a number in rows, where NaN comes after every number.
    init(ordered number: ConditionNumber, _ symbol: BinaryOperator) {
        if symbol == .equal {
            self.init(number.id.map { [$0...$0] } ?? [])
            return
        }
        // The IDs below the number, and those up to it: both are prefixes of all IDs.
        let below = Self.prefix { ConditionNumber.integer(Int128($0)).ordered(against: number) < 0 }
        let upTo = Self.prefix { ConditionNumber.integer(Int128($0)).ordered(against: number) <= 0 }
        switch symbol {
        case .less: self = below
        case .lessOrEqual: self = upTo
        case .greater: self = upTo.complement
        case .greaterOrEqual: self = below.complement
        default: self = upTo.intersection(below.complement).complement
        }
    }

    /// The IDs from 0 on for which something holds, which does not hold again once it has ended.
    private static func prefix(_ holds: (UInt64) -> Bool) -> IDCondition {
        guard holds(0) else { return .none }
        var last: UInt64 = 0
        for bit in stride(from: 63, through: 0, by: -1) where holds(last | 1 << UInt64(bit)) {
            last |= 1 << UInt64(bit)
        }
        return IDCondition([0...last])
    }
}

extension ConditionNumber {
    /// The ID that it equals, if there is one.
    var id: UInt64? {
        switch self {
        case .integer(let value): UInt64(exactly: value)
        case .float(let value): UInt64(exactly: value)
        }
    }
}

extension BinaryOperator {
    /// The comparison with its sides changed.
    var mirrored: BinaryOperator {
        switch self {
        case .less: .greater
        case .lessOrEqual: .greaterOrEqual
        case .greater: .less
        case .greaterOrEqual: .lessOrEqual
        default: self
        }
    }
}
