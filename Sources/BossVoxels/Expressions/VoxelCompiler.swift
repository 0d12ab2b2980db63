import BossGeometry

/// Makes operations of an expression.
///
/// A register is used again as soon as nothing needs its row any more, so an expression needs as many as it is deep.
struct VoxelCompiler {
    private(set) var constants: [VoxelOperation] = []
    private(set) var operations: [VoxelOperation] = []
    private(set) var registerCount = 0
    private var free: [Int] = []
    /// Constants keep their registers.
    private var isConstantRegister: Set<Int> = []
    /// Whether parts without voxels are evaluated while compiling.
    var isFolding = true

    /// Compiles a part.
    ///
    /// - Parameter active: the register that says where its value is wanted.
    mutating func compile(_ expression: VoxelExpression, where active: Int?) -> VoxelOperand {
        if isFolding, expression.isConstant, let constant = VoxelProgram.constant(expression) {
            return leaf(constant)
        }
        switch expression {
        case .voxel, .mask, .coordinate, .number, .truth: return leaf(expression)
        case .arithmetic(let operation, let left, let right, let site):
            return arithmetic(operation, left, right, site, active)
        case .absolute(let inner, let site): return absolute(compile(inner, where: active), site, active)
        case .comparison(let order, let left, let right):
            let (left, right) = matched(compile(left, where: active), compile(right, where: active))
            return emit(.compare(order, left.carrier, right.carrier), [left, right], .truth)
        case .not(let inner): return emit(.not, [compile(inner, where: active)], .truth)
        case .and(let left, let right): return connective(left, right, isAnd: true, active)
        case .or(let left, let right): return connective(left, right, isAnd: false, active)
        case .choice(let condition, let then, let otherwise):
            return choice(condition, then, otherwise, active)
        case .conversion(let inner, let type, let isSaturating, let site):
            return conversion(compile(inner, where: active), type, isSaturating, site, active)
        case .window(let inner, let black, let white):
            let value = float(compile(inner, where: active))
            return emit(
                .window(black: black, white: white), [value], .int64, range: ValueRange(of: .uint8))
        }
    }

    private mutating func leaf(_ expression: VoxelExpression) -> VoxelOperand {
        switch expression {
        case .voxel(let source, let type):
            return emit(
                .load(source: source, type), [], VoxelCarrier(type), range: ValueRange(of: type))
        case .mask(let source): return emit(.loadMask(source: source), [], .truth)
        case .coordinate(let axis):
            let limit = Int128(VoxelPoint.coordinateLimit)
            return emit(.coordinate(axis), [], .int64, range: ValueRange(-limit, limit))
        case .number(.signed(let value)):
            return constant(
                .fill(bits: UInt64(bitPattern: value)), .int64, ValueRange(Int128(value), Int128(value)))
        case .number(.unsigned(let value)):
            return constant(.fill(bits: value), .uint64, ValueRange(Int128(value), Int128(value)))
        case .number(.float(let value)): return constant(.fill(bits: value.bitPattern), .float64, nil)
        case .truth(let value): return constant(.fillTruth(value), .truth, nil)
        default: preconditionFailure("no leaf")
        }
    }

    // MARK: - Numbers

    private mutating func arithmetic(
        _ operation: VoxelArithmetic, _ left: VoxelExpression, _ right: VoxelExpression, _ site: Int,
        _ active: Int?
    ) -> VoxelOperand {
        var (first, second) = (compile(left, where: active), compile(right, where: active))
        if operation == .divide || first.carrier == .float64 || second.carrier == .float64 {
            (first, second) = (float(first), float(second))
            return emit(
                .arithmetic(operation, .float64, isChecked: true), [first, second], .float64,
                active: active, site: site)
        }
        let isUnsigned = first.carrier == .uint64 || second.carrier == .uint64
        let limits = isUnsigned ? ValueRange.uint64 : .int64
        let exact = combinedRange(operation, first, second)
        let range = exact.clamped(to: limits)
        (first, second) = matched(first, second)
        guard first.carrier == second.carrier else {
            return emit(
                .mixed(operation, first.carrier, second.carrier), [first, second], .uint64, range: range,
                active: active, site: site)
        }
        return emit(
            .arithmetic(operation, first.carrier, isChecked: !exact.isInside(limits)), [first, second],
            first.carrier, range: range, active: active, site: site)
    }

    private func combinedRange(
        _ operation: VoxelArithmetic, _ first: VoxelOperand, _ second: VoxelOperand
    ) -> ValueRange {
        (first.range ?? .int64).combined(operation, second.range ?? .int64)
    }

    /// Operands for one loop: INT64 that is never below zero has the bits of UINT64, and an exact integer beside a float
    /// becomes one.
    private mutating func matched(
        _ left: VoxelOperand, _ right: VoxelOperand
    ) -> (VoxelOperand, VoxelOperand) {
        switch (left.carrier, right.carrier) {
        case (.int64, .uint64): return (unsigned(left), right)
        case (.uint64, .int64): return (left, unsigned(right))
        case (.float64, .int64), (.float64, .uint64):
            return (left, right.range?.isExactInFloat == true ? float(right) : right)
        case (.int64, .float64), (.uint64, .float64):
            return (left.range?.isExactInFloat == true ? float(left) : left, right)
        default: return (left, right)
        }
    }

    private func unsigned(_ operand: VoxelOperand) -> VoxelOperand {
        guard let range = operand.range, range.lower >= 0 else { return operand }
        return VoxelOperand(register: operand.register, carrier: .uint64, range: range)
    }

    private mutating func float(_ operand: VoxelOperand) -> VoxelOperand {
        operand.carrier == .float64 ? operand : emit(.toFloat(operand.carrier), [operand], .float64)
    }

    private mutating func absolute(_ operand: VoxelOperand, _ site: Int, _ active: Int?) -> VoxelOperand {
        if let range = operand.range, range.lower >= 0 { return operand }
        return emit(
            .absolute(operand.carrier), [operand], operand.carrier,
            range: operand.range?.absolute.clamped(to: .int64), active: active, site: site)
    }

    private mutating func conversion(
        _ operand: VoxelOperand, _ type: VoxelType, _ isSaturating: Bool, _ site: Int, _ active: Int?
    ) -> VoxelOperand {
        var operand = operand
        if operand.carrier == .truth {
            operand = emit(.truthToNumber, [operand], .int64, range: ValueRange(0, 1))
        }
        if type == .float64 { return float(operand) }
        let target = VoxelCarrier(type)
        if let range = operand.range, let limits = ValueRange(of: type), range.isInside(limits) {
            return VoxelOperand(register: operand.register, carrier: target, range: range)
        }
        let range = ValueRange(of: type).map { operand.range?.clamped(to: $0) ?? $0 }
        return emit(
            .narrow(operand.carrier, type, isSaturating: isSaturating), [operand], target, range: range,
            active: active, site: site)
    }

    // MARK: - Conditions

    private mutating func connective(
        _ left: VoxelExpression, _ right: VoxelExpression, isAnd: Bool, _ active: Int?
    ) -> VoxelOperand {
        let first = compile(left, where: active)
        guard right.mayFail else {
            return emit(isAnd ? .and : .or, [first, compile(right, where: active)], .truth)
        }
        let wanted = isAnd ? first : emit(.not, [first], .truth, keeping: true)
        let both = narrowed(active, to: wanted.register)
        let second = compile(right, where: both)
        if both != wanted.register { release(both) }
        if !isAnd { release(wanted.register) }
        return emit(isAnd ? .and : .or, [first, second], .truth)
    }

    private mutating func choice(
        _ condition: VoxelExpression, _ then: VoxelExpression, _ otherwise: VoxelExpression, _ active: Int?
    ) -> VoxelOperand {
        let chosen = compile(condition, where: active)
        let yes = branch(then, where: chosen, active)
        let opposite = otherwise.mayFail ? emit(.not, [chosen], .truth, keeping: true) : chosen
        let no = branch(otherwise, where: opposite, active)
        if otherwise.mayFail { release(opposite.register) }
        let range = yes.range.flatMap { yes in no.range.map { yes.union($0) } }
        return emit(.choose(yes.carrier), [chosen, yes, no], yes.carrier, range: range)
    }

    private mutating func branch(
        _ expression: VoxelExpression, where condition: VoxelOperand, _ active: Int?
    ) -> VoxelOperand {
        guard expression.mayFail else { return compile(expression, where: active) }
        let both = narrowed(active, to: condition.register)
        let value = compile(expression, where: both)
        if both != condition.register { release(both) }
        return value
    }

    /// The register of where both hold.
    private mutating func narrowed(_ active: Int?, to register: Int) -> Int {
        guard let active else { return register }
        let output = take()
        operations.append(
            VoxelOperation(
                kind: .and, first: active, second: register, third: 0, output: output, active: nil, site: 0))
        return output
    }

    // MARK: - Registers

    private mutating func emit(
        _ kind: VoxelOperation.Kind, _ inputs: [VoxelOperand], _ carrier: VoxelCarrier,
        range: ValueRange? = nil, active: Int? = nil, site: Int = 0, keeping isKept: Bool = false
    ) -> VoxelOperand {
        let output = take()
        func register(_ number: Int) -> Int {
            inputs.indices.contains(number) ? inputs[number].register : output
        }
        operations.append(
            VoxelOperation(
                kind: kind, first: register(0), second: register(1), third: register(2), output: output,
                active: active, site: site))
        if !isKept { for input in inputs { release(input.register) } }
        return VoxelOperand(register: output, carrier: carrier, range: range)
    }

    private mutating func constant(
        _ kind: VoxelOperation.Kind, _ carrier: VoxelCarrier, _ range: ValueRange?
    ) -> VoxelOperand {
        // Never one that was used before: constants are written once, before all rows.
        let output = registerCount
        registerCount += 1
        isConstantRegister.insert(output)
        constants.append(
            VoxelOperation(
                kind: kind, first: output, second: output, third: output, output: output, active: nil, site: 0
            ))
        return VoxelOperand(register: output, carrier: carrier, range: range)
    }

    private mutating func take() -> Int {
        if let register = free.popLast() { return register }
        registerCount += 1
        return registerCount - 1
    }

    private mutating func release(_ register: Int) {
        if !isConstantRegister.contains(register) { free.append(register) }
    }
}

extension VoxelExpression {
    /// Whether it may have no value in some voxel.
    fileprivate var mayFail: Bool {
        switch self {
        case .voxel, .mask, .coordinate, .number, .truth: false
        case .arithmetic(.least, let left, let right, _), .arithmetic(.greatest, let left, let right, _),
            .comparison(_, let left, let right), .and(let left, let right), .or(let left, let right):
            left.mayFail || right.mayFail
        case .arithmetic, .absolute, .conversion: !isConstant || VoxelProgram.constant(self) == nil
        case .not(let inner), .window(let inner, _, _): inner.mayFail
        case .choice(let condition, let then, let otherwise):
            condition.mayFail || then.mayFail || otherwise.mayFail
        }
    }
}
