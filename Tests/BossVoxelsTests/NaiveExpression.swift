import BossGeometry
import BossTestSupport
import BossVoxels

/// An expression evaluated as it is defined, one voxel at a time, with numbers of 128 bits.
struct NaiveExpression {
    enum Value: Equatable {
        case integer(Int128)
        case float(Double)
        case truth(Bool)
    }

    struct NoValue: Error {}

    /// The values of one voxel, by source.
    let voxel: [Value]
    let point: VoxelPoint
    let time: Int

    func value(_ expression: VoxelExpression) throws -> Value {
        switch expression {
        case .voxel(let source, _), .mask(let source): return voxel[source]
        case .coordinate(let axis):
            switch axis {
            case .x: return .integer(Int128(point.x))
            case .y: return .integer(Int128(point.y))
            case .z: return .integer(Int128(point.z))
            case .t: return .integer(Int128(time))
            }
        case .number(.signed(let value)): return .integer(Int128(value))
        case .number(.unsigned(let value)): return .integer(Int128(value))
        case .number(.float(let value)): return .float(value)
        case .truth(let value): return .truth(value)
        case .arithmetic(let operation, let left, let right, _):
            return try fitting(
                arithmetic(operation, value(left), value(right)), expression.type.voxelType)
        case .absolute(let inner, _):
            switch try value(inner) {
            case .float(let value): return .float(value.magnitude)
            case .integer(let value): return try fitting(.integer(abs(value)), expression.type.voxelType)
            case .truth: throw NoValue()
            }
        case .comparison(let order, let left, let right):
            let sign = compare(try value(left), try value(right))
            switch order {
            case .equal: return .truth(sign == 0)
            case .notEqual: return .truth(sign != 0)
            case .less: return .truth(sign == -1)
            case .lessOrEqual: return .truth(sign == -1 || sign == 0)
            case .greater: return .truth(sign == 1)
            case .greaterOrEqual: return .truth(sign == 1 || sign == 0)
            }
        case .and(let left, let right): return .truth(try holds(left) ? try holds(right) : false)
        case .or(let left, let right): return .truth(try holds(left) ? true : try holds(right))
        case .not(let inner): return .truth(try !holds(inner))
        case .choice(let condition, let then, let otherwise):
            return try holds(condition) ? value(then) : value(otherwise)
        case .conversion(let inner, let type, let isSaturating, _):
            return try converted(value(inner), type, isSaturating)
        case .window(let inner, let black, let white):
            let value = double(try value(inner))
            if value.isNaN { return .integer(0) }
            if value <= black { return .integer(0) }
            if value >= white { return .integer(255) }
            return .integer(Int128(((value - black) * (255 / (white - black))).rounded()))
        }
    }

    private func holds(_ expression: VoxelExpression) throws -> Bool {
        try value(expression) == .truth(true)
    }

    private func double(_ value: Value) -> Double {
        switch value {
        case .integer(let value): Double(value)
        case .float(let value): value
        case .truth(let value): value ? 1 : 0
        }
    }

    private func arithmetic(_ operation: VoxelArithmetic, _ left: Value, _ right: Value) throws -> Value {
        if case .integer(let a) = left, case .integer(let b) = right, operation != .divide {
            switch operation {
            case .add: return .integer(a + b)
            case .subtract: return .integer(a - b)
            case .multiply:
                let (product, isOver) = a.multipliedReportingOverflow(by: b)
                if isOver { throw NoValue() }
                return .integer(product)
            case .divideWhole, .divide:
                if b == 0 { throw NoValue() }
                return .integer(a / b)
            case .remainder:
                if b == 0 { throw NoValue() }
                return .integer(a % b)
            case .least: return .integer(min(a, b))
            case .greatest: return .integer(max(a, b))
            }
        }
        let (a, b) = (double(left), double(right))
        switch operation {
        case .add: return .float(a + b)
        case .subtract: return .float(a - b)
        case .multiply: return .float(a * b)
        case .divide, .divideWhole, .remainder:
            if b == 0 { throw NoValue() }
            if operation == .divide { return .float(a / b) }
            if operation == .remainder { return .float(a.truncatingRemainder(dividingBy: b)) }
            return .float((a / b).rounded(.towardZero))
        // NaN is above every number.
        case .least: return .float(a.isNaN ? b : b.isNaN ? a : b < a ? b : a)
        case .greatest: return .float(a.isNaN ? a : b.isNaN ? b : b > a ? b : a)
        }
    }

    private func fitting(_ value: Value, _ type: VoxelType) throws -> Value {
        guard case .integer(let number) = value else { return value }
        guard Self.limits(type).contains(number) else { throw NoValue() }
        return value
    }

    static func limits(_ type: VoxelType) -> ClosedRange<Int128> {
        let width = Int128(type.byteCount * 8)
        return type.isUnsigned ? 0...(1 << width) - 1 : -(1 << (width - 1))...(1 << (width - 1)) - 1
    }

    /// Less, equal or greater; nil with NaN. Rounding keeps order, so only equal floats need a second look.
    private func compare(_ left: Value, _ right: Value) -> Int? {
        if case .integer(let a) = left, case .integer(let b) = right { return a < b ? -1 : a == b ? 0 : 1 }
        let (a, b) = (double(left), double(right))
        if a.isNaN || b.isNaN { return nil }
        if a != b { return a < b ? -1 : 1 }
        if a.isInfinite { return 0 }
        func whole(_ value: Value) -> Int128 {
            if case .integer(let number) = value { return number }
            return Int128(double(value))
        }
        // Both floats, or the float is the integer's rounded value, which is whole if it was rounded.
        if case .float = left, case .float = right { return 0 }
        return whole(left) < whole(right) ? -1 : whole(left) == whole(right) ? 0 : 1
    }

    private func converted(_ value: Value, _ type: VoxelType, _ isSaturating: Bool) throws -> Value {
        if type == .float64 { return .float(double(value)) }
        if type == .float32 {
            if case .integer(let number) = value { return .float(Double(Float(number))) }
            let number = double(value)
            let narrow = Float(number)
            if narrow.isInfinite, number.isFinite {
                if !isSaturating { throw NoValue() }
                return .float(Double(Float.greatestFiniteMagnitude) * (number < 0 ? -1 : 1))
            }
            return .float(Double(narrow))
        }
        let limits = Self.limits(type)
        let number: Int128
        switch value {
        case .integer(let whole): number = whole
        case .truth(let truth): number = truth ? 1 : 0
        case .float(let float):
            let whole = float.rounded(.toNearestOrEven)
            if whole.isNaN {
                if isSaturating { return .integer(0) }
                throw NoValue()
            }
            number = Int128(exactly: whole) ?? (whole < 0 ? .min : .max)
        }
        if limits.contains(number) { return .integer(number) }
        if !isSaturating { throw NoValue() }
        return .integer(number < 0 ? limits.lowerBound : limits.upperBound)
    }
}

/// Random expressions whose parts have the types that they have to have.
struct RandomExpression {
    var random: SeededGenerator
    let types: [VoxelType]
    /// The source after the voxels is a mask.
    var maskSource: Int { types.count }

    mutating func condition(_ depth: Int) -> VoxelExpression {
        switch depth == 0 ? 0 : Int.random(in: 0..<8, using: &random) {
        case 0:
            return Bool.random(using: &random) ? .mask(source: maskSource) : .truth(.random(using: &random))
        case 1: return .and(condition(depth - 1), condition(depth - 1))
        case 2: return .or(condition(depth - 1), condition(depth - 1))
        case 3: return .not(condition(depth - 1))
        case 4:
            return .choice(condition(depth - 1), then: condition(depth - 1), otherwise: condition(depth - 1))
        default:
            let orders: [VoxelOrder] = [.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual]
            return .comparison(
                orders.randomElement(using: &random) ?? .equal, number(depth - 1), number(depth - 1))
        }
    }

    mutating func number(_ depth: Int) -> VoxelExpression {
        switch depth == 0 ? Int.random(in: 0..<5, using: &random) : Int.random(in: 0..<14, using: &random) {
        case 0...2:
            let source = Int.random(in: 0..<types.count, using: &random)
            return .voxel(source: source, types[source])
        case 3: return .coordinate(Axis.allCases.randomElement(using: &random) ?? .x)
        case 4: return .number(constant())
        case 5...8:
            let operations: [VoxelArithmetic] = [
                .add, .subtract, .multiply, .divide, .divideWhole, .remainder,
            ]
            return .arithmetic(
                operations.randomElement(using: &random) ?? .add, number(depth - 1), number(depth - 1),
                site: 7)
        case 9: return .absolute(number(depth - 1), site: 7)
        case 10:
            let type = type()
            return .arithmetic(
                Bool.random(using: &random) ? .least : .greatest, number(of: type, depth - 1),
                number(of: type, depth - 1), site: 7)
        case 11:
            let type = type()
            return .choice(
                condition(depth - 1), then: number(of: type, depth - 1),
                otherwise: number(of: type, depth - 1))
        case 12: return number(of: type(), depth)
        default: return .window(number(depth - 1), black: -3.5, white: 200)
        }
    }

    private mutating func number(of type: VoxelType, _ depth: Int) -> VoxelExpression {
        let inner = Bool.random(using: &random) ? number(max(0, depth - 1)) : condition(max(0, depth - 1))
        return .conversion(inner, to: type, isSaturating: Int.random(in: 0..<4, using: &random) > 0, site: 7)
    }

    private mutating func type() -> VoxelType { VoxelType.allCases.randomElement(using: &random) ?? .uint8 }

    private mutating func constant() -> VoxelNumber {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: .unsigned(Self.bits(using: &random))
        case 1:
            .float([0, -0.5, 2.5, 1e300, 3, 9_007_199_254_740_992][Int.random(in: 0..<6, using: &random)])
        default: .signed(Int64(bitPattern: Self.bits(using: &random)))
        }
    }

    /// Numbers at and beside the borders of types, small ones, any.
    static func bits(using random: inout SeededGenerator) -> UInt64 {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return UInt64.random(in: 0...3, using: &random)
        case 1: return 0 &- UInt64.random(in: 0...3, using: &random)
        case 2:
            let power = [7, 8, 15, 16, 31, 32, 53, 63].randomElement(using: &random) ?? 8
            return (1 << UInt64(power)) &+ UInt64.random(in: 0...2, using: &random) &- 1
        default: return random.next()
        }
    }
}
