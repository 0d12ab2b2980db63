/// Comparisons of rows by value, whatever carries them.
enum VoxelRowComparison {
    static func compare(
        _ order: VoxelOrder, _ left: VoxelCarrier, _ right: VoxelCarrier, _ a: UnsafeRawPointer,
        _ b: UnsafeRawPointer, _ out: UnsafeMutableRawPointer, _ count: Int
    ) {
        switch (left, right) {
        case (.float64, .float64): numbers(order, a, b, out, count, Double.self)
        case (.uint64, .uint64): numbers(order, a, b, out, count, UInt64.self)
        case (.uint64, .float64): exact(order, a, b, out, count, UInt64.self)
        case (_, .float64): exact(order, a, b, out, count, Int64.self)
        case (.float64, _): compare(order.mirrored, right, left, b, a, out, count)
        case (.uint64, _): integers(order, a, b, out, count, UInt64.self, Int64.self)
        case (_, .uint64): integers(order, a, b, out, count, Int64.self, UInt64.self)
        default: numbers(order, a, b, out, count, Int64.self)
        }
    }

    @inline(__always)
    private static func numbers<Value: Comparable>(
        _ order: VoxelOrder, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ out: UnsafeMutableRawPointer,
        _ count: Int, _: Value.Type
    ) {
        @inline(__always)
        func loop(_ holds: (Value, Value) -> Bool) {
            VoxelRowMath.map(a, b, out, count) { (left: Value, right: Value) in
                holds(left, right) ? 1 as UInt8 : 0
            }
        }
        switch order {
        case .equal: loop { $0 == $1 }
        case .notEqual: loop { $0 != $1 }
        case .less: loop { $0 < $1 }
        case .lessOrEqual: loop { $0 <= $1 }
        case .greater: loop { $0 > $1 }
        case .greaterOrEqual: loop { $0 >= $1 }
        }
    }

    @inline(__always)
    private static func integers<Left: BinaryInteger, Right: BinaryInteger>(
        _ order: VoxelOrder, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ out: UnsafeMutableRawPointer,
        _ count: Int, _: Left.Type, _: Right.Type
    ) {
        VoxelRowMath.map(a, b, out, count) { (left: Left, right: Right) in
            order.holds(left < right ? -1 : left == right ? 0 : 1) ? 1 as UInt8 : 0
        }
    }

    @inline(__always)
    private static func exact<Left: BinaryInteger>(
        _ order: VoxelOrder, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ out: UnsafeMutableRawPointer,
        _ count: Int, _: Left.Type
    ) {
        VoxelRowMath.map(a, b, out, count) { (left: Left, right: Double) in
            order.holds(ExactOrder.compare(Int128(left), right)) ? 1 as UInt8 : 0
        }
    }
}

extension VoxelOrder {
    /// The same comparison with its sides exchanged.
    var mirrored: VoxelOrder {
        switch self {
        case .equal, .notEqual: self
        case .less: .greater
        case .lessOrEqual: .greaterOrEqual
        case .greater: .less
        case .greaterOrEqual: .lessOrEqual
        }
    }

    /// Whether it holds for less, equal or greater, or for nil: one is NaN.
    @inline(__always)
    fileprivate func holds(_ sign: Int?) -> Bool {
        guard let sign else { return self == .notEqual }
        return switch self {
        case .equal: sign == 0
        case .notEqual: sign != 0
        case .less: sign < 0
        case .lessOrEqual: sign <= 0
        case .greater: sign > 0
        case .greaterOrEqual: sign >= 0
        }
    }
}

/// Order of integers that FLOAT64 may not hold and numbers that have a fraction.
package enum ExactOrder {
    /// Less, equal or greater by value; nil for NaN.
    package static func compare(_ integer: Int128, _ float: Double) -> Int? {
        if float.isNaN { return nil }
        let whole = float.rounded(.down)
        guard let number = Int128(exactly: whole) else { return float < 0 ? 1 : -1 }
        if integer != number { return integer < number ? -1 : 1 }
        return float > whole ? -1 : 0
    }
}
