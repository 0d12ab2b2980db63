package import BossGeometry

/// An expression compiled to operations over rows of voxels: no voxel is interpreted by itself.
///
/// Rows of 2048 voxels go through one operation after the other, in registers that stay in the cache. Division by zero and
/// numbers out of range count only where the value is wanted: not in a branch of CASE that is not taken, nor behind an AND
/// that is false already.
package struct VoxelProgram: Sendable {
    package let type: VoxelExpressionType
    /// How many operations a row goes through.
    package var operationCount: Int { operations.count }
    /// Constants are written to their registers once.
    private let constants: [VoxelOperation]
    private let operations: [VoxelOperation]
    private let registerCount: Int
    private let result: VoxelOperand

    /// Voxels of a row.
    static let rowLength = 2048

    /// Compiles an expression; parts without voxels are evaluated now.
    package init(_ expression: VoxelExpression) {
        var compiler = VoxelCompiler()
        result = compiler.compile(expression, where: nil)
        type = expression.type
        constants = compiler.constants
        operations = compiler.operations
        registerCount = compiler.registerCount
    }

    /// Evaluates it in voxels of a box.
    ///
    /// - Parameters:
    ///   - sources: dense arrays of the box, by number.
    ///   - box: for coordinates.
    ///   - range: which voxels, counted in C order.
    ///   - memory: gets the voxels of the range, of the program's type.
    /// - Throws: of the failing voxels in the first row that has one, the first.
    package func evaluate(
        _ sources: [UnsafeRawPointer], in box: VoxelBox, time: Int, range: Range<Int>,
        into memory: UnsafeMutableRawPointer
    ) throws(VoxelExpressionFailure) {
        let registers = VoxelRegisters(count: registerCount)
        for constant in constants {
            _ = constant.run(VoxelRow(registers, sources, box, time, start: 0, count: Self.rowLength))
        }
        let width = type.voxelType.byteCount
        for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.rowLength) {
            let count = min(Self.rowLength, range.upperBound - start)
            let row = VoxelRow(registers, sources, box, time, start: start, count: count)
            for operation in operations where operation.run(row) { throw operation.failure(in: row) }
            VoxelRowStore.store(
                registers[result.register], as: result.carrier, type.voxelType, count,
                to: memory + (start - range.lowerBound) * width)
        }
    }

    /// The value of an expression without voxels; nil where it has none.
    static func constant(_ expression: VoxelExpression) -> VoxelExpression? {
        var compiler = VoxelCompiler()
        compiler.isFolding = false
        let operand = compiler.compile(expression, where: nil)
        let registers = VoxelRegisters(count: compiler.registerCount)
        let row = VoxelRow(registers, [], VoxelBox(x: 0..<1, y: 0..<1, z: 0..<1), 0, start: 0, count: 1)
        for operation in compiler.constants + compiler.operations where operation.run(row) { return nil }
        let register = registers[operand.register]
        return switch operand.carrier {
        case .truth: .truth(register.load(as: UInt8.self) == 1)
        case .int64: .number(.signed(register.load(as: Int64.self)))
        case .uint64: .number(.unsigned(register.load(as: UInt64.self)))
        case .float64: .number(.float(register.load(as: Double.self)))
        }
    }
}

/// How a row is held while it is computed: eight bytes a voxel, of conditions one.
enum VoxelCarrier: Hashable, Sendable {
    case int64, uint64, float64, truth

    init(_ type: VoxelType) {
        self = !type.isInteger ? .float64 : type == .uint64 ? .uint64 : .int64
    }
}

/// A register and what is known of its content.
struct VoxelOperand: Sendable {
    let register: Int
    let carrier: VoxelCarrier
    /// Bounds of integers.
    let range: ValueRange?
}

/// Memory for rows.
final class VoxelRegisters {
    private let memory: UnsafeMutableRawPointer
    private static let byteCount = VoxelProgram.rowLength * 8

    init(count: Int) {
        memory = .allocate(byteCount: max(1, count) * Self.byteCount, alignment: 64)
    }

    deinit { memory.deallocate() }

    subscript(register: Int) -> UnsafeMutableRawPointer { memory + register * Self.byteCount }
}

/// Voxels that follow each other in a box, and the registers they are computed in.
struct VoxelRow {
    let registers: VoxelRegisters
    let sources: [UnsafeRawPointer]
    let box: VoxelBox
    let time: Int
    /// The first voxel, counted in the box.
    let start: Int
    var count: Int

    init(
        _ registers: VoxelRegisters, _ sources: [UnsafeRawPointer], _ box: VoxelBox, _ time: Int, start: Int,
        count: Int
    ) {
        (self.registers, self.sources, self.box, self.time) = (registers, sources, box, time)
        (self.start, self.count) = (start, count)
    }
}
