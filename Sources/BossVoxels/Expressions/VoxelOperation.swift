import BossGeometry

/// One step of a program: what it does to a whole row.
struct VoxelOperation: Sendable {
    enum Kind: Sendable {
        case load(source: Int, VoxelType)
        case loadMask(source: Int)
        case coordinate(Axis)
        case fill(bits: UInt64)
        case fillTruth(Bool)
        /// Both operands have the carrier.
        case arithmetic(VoxelArithmetic, VoxelCarrier, isChecked: Bool)
        /// INT64 and UINT64 to UINT64; the carriers of both.
        case mixed(VoxelArithmetic, VoxelCarrier, VoxelCarrier)
        case absolute(VoxelCarrier)
        case compare(VoxelOrder, VoxelCarrier, VoxelCarrier)
        case and, or, not
        case choose(VoxelCarrier)
        case toFloat(VoxelCarrier)
        case truthToNumber
        /// From a carrier to numbers that the type holds.
        case narrow(VoxelCarrier, VoxelType, isSaturating: Bool)
        case window(black: Double, white: Double)
    }

    let kind: Kind
    /// Registers; what is not needed is 0.
    let first: Int
    let second: Int
    let third: Int
    let output: Int
    /// The register that says where a failure counts; everywhere without one.
    let active: Int?
    let site: Int

    /// Runs it.
    ///
    /// - Returns: whether it failed in a voxel where that counts.
    func run(_ row: VoxelRow) -> Bool {
        let (a, b, out) = (row.registers[first], row.registers[second], row.registers[output])
        let count = row.count
        switch kind {
        case .load(let source, let type):
            VoxelRowLoad.load(row.sources[source] + row.start * type.byteCount, type, count, to: out)
        case .loadMask(let source): out.copyMemory(from: row.sources[source] + row.start, byteCount: count)
        case .coordinate(let axis): VoxelRowLoad.coordinates(axis, row, to: out)
        case .fill(let bits): VoxelRowMath.fill(out, count, bits)
        case .fillTruth(let value): VoxelRowMath.fill(out, count, value ? 1 as UInt8 : 0)
        case .and: VoxelRowMath.map(a, b, out, count) { (left: UInt8, right: UInt8) in left & right }
        case .or: VoxelRowMath.map(a, b, out, count) { (left: UInt8, right: UInt8) in left | right }
        case .not: VoxelRowMath.map(a, out, count) { (value: UInt8) in value ^ 1 }
        case .truthToNumber: VoxelRowMath.map(a, out, count) { (value: UInt8) in Int64(value) }
        case .toFloat(.uint64): VoxelRowMath.map(a, out, count) { (value: UInt64) in Double(value) }
        case .toFloat: VoxelRowMath.map(a, out, count) { (value: Int64) in Double(value) }
        case .choose(let carrier): choose(carrier, a, b, row.registers[third], out, count)
        case .compare(let order, let left, let right):
            VoxelRowComparison.compare(order, left, right, a, b, out, count)
        case .window(let black, let white):
            // Infinite for a window that is hardly there; black times that is NaN, which becomes 0.
            let scale = 255 / (white - black)
            VoxelRowMath.map(a, out, count) { (value: Double) in
                let level = ((max(black, min(white, value)) - black) * scale).rounded()
                return value.isNaN ? 0 : Int64(min(255, max(0, level)))
            }
        case .arithmetic, .mixed, .absolute, .narrow: return runChecked(row)
        }
        return false
    }

    private func choose(
        _ carrier: VoxelCarrier, _ condition: UnsafeRawPointer, _ then: UnsafeRawPointer,
        _ otherwise: UnsafeRawPointer, _ out: UnsafeMutableRawPointer, _ count: Int
    ) {
        if carrier == .truth {
            VoxelRowMath.choose(condition, then, otherwise, out, count, UInt8.self)
        } else {
            VoxelRowMath.choose(condition, then, otherwise, out, count, UInt64.self)
        }
    }

    /// Operations that may fail.
    private func runChecked(_ row: VoxelRow) -> Bool {
        let (a, b, out) = (row.registers[first], row.registers[second], row.registers[output])
        let wanted = active.map { UnsafeRawPointer(row.registers[$0]) }
        let math = VoxelRowMath(count: row.count, active: wanted)
        switch kind {
        case .arithmetic(let operation, .float64, _): return math.float(operation, a, b, out)
        case .arithmetic(let operation, .uint64, let isChecked):
            return math.integer(operation, a, b, out, isChecked: isChecked, UInt64.self)
        case .arithmetic(let operation, _, let isChecked):
            return math.integer(operation, a, b, out, isChecked: isChecked, Int64.self)
        case .mixed(let operation, let left, let right):
            return math.mixed(operation, left, a, right, b, out)
        case .absolute(.float64):
            return math.checked(a, out) { (value: Double) in (abs(value), false) }
        case .absolute:
            return math.checked(a, out) { (value: Int64) in (value < 0 ? 0 &- value : value, value == .min) }
        case .narrow(let carrier, let type, let isSaturating):
            return math.narrow(carrier, type, isSaturating: isSaturating, a, out)
        default: return false
        }
    }

    /// What failed in a row for which `run` was true.
    func failure(in row: VoxelRow) -> VoxelExpressionFailure {
        // Shorter rows give the same up to their end, so the first one that fails ends with the voxel.
        var (low, high) = (1, row.count)
        var part = row
        while low < high {
            part.count = (low + high) / 2
            if run(part) { high = part.count } else { low = part.count + 1 }
        }
        return VoxelExpressionFailure(reason: reason(row, low - 1), site: site, index: row.start + low - 1)
    }

    private func reason(_ row: VoxelRow, _ index: Int) -> VoxelExpressionFailure.Reason {
        let divisor = (row.registers[second] + index * 8).load(as: UInt64.self)
        switch kind {
        case .arithmetic(.divide, _, _), .arithmetic(.divideWhole, _, _), .arithmetic(.remainder, _, _),
            .mixed(.divideWhole, _, _), .mixed(.remainder, _, _):
            // Minus zero is zero too.
            let isFloat = if case .arithmetic(_, .float64, _) = kind { true } else { false }
            return divisor == 0 || isFloat ? .divisionByZero : .outOfRange(resultType)
        default: return .outOfRange(resultType)
        }
    }

    private var resultType: VoxelType {
        switch kind {
        case .narrow(_, let type, _): type
        case .arithmetic(_, .uint64, _), .mixed: .uint64
        default: .int64
        }
    }
}
