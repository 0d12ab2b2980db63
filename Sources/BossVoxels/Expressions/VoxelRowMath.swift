/// Loops over rows. Every loop does one thing, so that the compiler can make vector instructions of it.
struct VoxelRowMath {
    let count: Int
    /// Bytes that say where failures count.
    let active: UnsafeRawPointer?

    @inline(__always)
    static func map<A, R>(
        _ a: UnsafeRawPointer, _ out: UnsafeMutableRawPointer, _ count: Int, _ body: (A) -> R
    ) {
        let input = a.assumingMemoryBound(to: A.self)
        let output = out.assumingMemoryBound(to: R.self)
        for index in 0..<count { output[index] = body(input[index]) }
    }

    @inline(__always)
    static func map<A, B, R>(
        _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ out: UnsafeMutableRawPointer, _ count: Int,
        _ body: (A, B) -> R
    ) {
        let (left, right) = (a.assumingMemoryBound(to: A.self), b.assumingMemoryBound(to: B.self))
        let output = out.assumingMemoryBound(to: R.self)
        for index in 0..<count { output[index] = body(left[index], right[index]) }
    }

    static func fill<Value>(_ out: UnsafeMutableRawPointer, _ count: Int, _ value: Value) {
        out.assumingMemoryBound(to: Value.self).update(repeating: value, count: count)
    }

    @inline(__always)
    static func choose<Value: FixedWidthInteger>(
        _ condition: UnsafeRawPointer, _ then: UnsafeRawPointer, _ otherwise: UnsafeRawPointer,
        _ out: UnsafeMutableRawPointer, _ count: Int, _ type: Value.Type
    ) {
        let chosen = condition.assumingMemoryBound(to: UInt8.self)
        let (yes, no) = (then.assumingMemoryBound(to: type), otherwise.assumingMemoryBound(to: type))
        let output = out.assumingMemoryBound(to: type)
        for index in 0..<count {
            let mask = 0 &- Value(truncatingIfNeeded: chosen[index])
            output[index] = (yes[index] & mask) | (no[index] & ~mask)
        }
    }

    /// - Returns: whether `body` failed where that counts.
    @inline(__always)
    func checked<A, R>(
        _ a: UnsafeRawPointer, _ out: UnsafeMutableRawPointer, _ body: (A) -> (R, Bool)
    ) -> Bool {
        checked(a, a, out) { (value: A, _: A) in body(value) }
    }

    /// - Returns: whether `body` failed where that counts.
    @inline(__always)
    func checked<A, B, R>(
        _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ out: UnsafeMutableRawPointer,
        _ body: (A, B) -> (R, Bool)
    ) -> Bool {
        let (left, right) = (a.assumingMemoryBound(to: A.self), b.assumingMemoryBound(to: B.self))
        let output = out.assumingMemoryBound(to: R.self)
        var failed: UInt8 = 0
        if let active {
            let wanted = active.assumingMemoryBound(to: UInt8.self)
            for index in 0..<count {
                let (value, isFailure) = body(left[index], right[index])
                output[index] = value
                failed |= (isFailure ? 1 : 0) & wanted[index]
            }
        } else {
            for index in 0..<count {
                let (value, isFailure) = body(left[index], right[index])
                output[index] = value
                failed |= isFailure ? 1 : 0
            }
        }
        return failed != 0
    }

    func integer<Value: FixedWidthInteger>(
        _ operation: VoxelArithmetic, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer,
        _ out: UnsafeMutableRawPointer, isChecked: Bool, _ type: Value.Type
    ) -> Bool {
        switch (operation, isChecked) {
        case (.add, false): Self.map(a, b, out, count) { (left: Value, right: Value) in left &+ right }
        case (.subtract, false): Self.map(a, b, out, count) { (left: Value, right: Value) in left &- right }
        case (.multiply, false): Self.map(a, b, out, count) { (left: Value, right: Value) in left &* right }
        case (.least, _): Self.map(a, b, out, count) { (left: Value, right: Value) in min(left, right) }
        case (.greatest, _): Self.map(a, b, out, count) { (left: Value, right: Value) in max(left, right) }
        case (.add, true):
            return checked(a, b, out) { (left: Value, right: Value) in left.addingReportingOverflow(right) }
        case (.subtract, true):
            return checked(a, b, out) { (left: Value, right: Value) in
                left.subtractingReportingOverflow(right)
            }
        case (.multiply, true):
            return checked(a, b, out) { (left: Value, right: Value) in
                left.multipliedReportingOverflow(by: right)
            }
        case (.remainder, _):
            return checked(a, b, out) { (left: Value, right: Value) in
                // The smallest number by -1 has the remainder 0, though the quotient is too large.
                let (value, isOver) = left.remainderReportingOverflow(dividingBy: right)
                return (isOver ? 0 : value, right == 0)
            }
        case (.divideWhole, _), (.divide, _):
            return checked(a, b, out) { (left: Value, right: Value) in
                left.dividedReportingOverflow(by: right)
            }
        }
        return false
    }

    func float(
        _ operation: VoxelArithmetic, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer,
        _ out: UnsafeMutableRawPointer
    ) -> Bool {
        switch operation {
        case .add: Self.map(a, b, out, count) { (left: Double, right: Double) in left + right }
        case .subtract: Self.map(a, b, out, count) { (left: Double, right: Double) in left - right }
        case .multiply: Self.map(a, b, out, count) { (left: Double, right: Double) in left * right }
        // NaN is greater than every number.
        case .least:
            Self.map(a, b, out, count) { (left: Double, right: Double) in
                right < left || left.isNaN ? right : left
            }
        case .greatest:
            Self.map(a, b, out, count) { (left: Double, right: Double) in
                right > left || right.isNaN ? right : left
            }
        case .divide:
            return checked(a, b, out) { (left: Double, right: Double) in (left / right, right == 0) }
        case .divideWhole:
            return checked(a, b, out) { (left: Double, right: Double) in
                ((left / right).rounded(.towardZero), right == 0)
            }
        case .remainder:
            return checked(a, b, out) { (left: Double, right: Double) in
                (left.truncatingRemainder(dividingBy: right), right == 0)
            }
        }
        return false
    }

    /// Operands of which one is INT64 and may be below zero, the other UINT64: by their exact values.
    func mixed(
        _ operation: VoxelArithmetic, _ leftCarrier: VoxelCarrier, _ a: UnsafeRawPointer,
        _ rightCarrier: VoxelCarrier, _ b: UnsafeRawPointer, _ out: UnsafeMutableRawPointer
    ) -> Bool {
        if leftCarrier == .uint64 {
            return checked(a, b, out) { (left: UInt64, right: Int64) in
                Self.exact(operation, Int128(left), Int128(right))
            }
        }
        return checked(a, b, out) { (left: Int64, right: UInt64) in
            Self.exact(operation, Int128(left), Int128(right))
        }
    }

    private static func exact(
        _ operation: VoxelArithmetic, _ left: Int128, _ right: Int128
    ) -> (UInt64, Bool) {
        if right == 0, operation == .divideWhole || operation == .remainder { return (0, true) }
        let value =
            switch operation {
            case .add: left + right
            case .subtract: left - right
            case .multiply: left * right
            case .divide, .divideWhole: left / right
            case .remainder: left % right
            case .least: min(left, right)
            case .greatest: max(left, right)
            }
        return (UInt64(truncatingIfNeeded: value), value < 0 || value > Int128(UInt64.max))
    }
}
