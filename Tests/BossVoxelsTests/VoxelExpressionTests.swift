import BossGeometry
import BossTestSupport
import BossVoxels
import Testing

@Suite("Expressions over voxels")
struct VoxelExpressionTests {
    /// Arrays of a box as bytes, and as the values they hold.
    private struct Arrays {
        let types: [VoxelType]
        let box: VoxelBox
        var bytes: [[UInt8]] = []
        var values: [[NaiveExpression.Value]] = []

        init(_ types: [VoxelType], _ box: VoxelBox, using random: inout SeededGenerator) {
            (self.types, self.box) = (types, box)
            for type in types {
                var (data, numbers): ([UInt8], [NaiveExpression.Value]) = ([], [])
                for _ in 0..<box.voxelCount {
                    let bits = Self.bits(type, using: &random)
                    withUnsafeBytes(of: bits.littleEndian) { data += $0.prefix(type.byteCount) }
                    numbers.append(Self.value(bits, type))
                }
                bytes.append(data)
                values.append(numbers)
            }
            let mask = (0..<box.voxelCount).map { _ in UInt8.random(in: 0...1, using: &random) }
            bytes.append(mask)
            values.append(mask.map { .truth($0 == 1) })
        }

        private static func bits(_ type: VoxelType, using random: inout SeededGenerator) -> UInt64 {
            switch type {
            case .float32:
                let some: [Float] = [0, -0.0, 1.5, -2.5, .nan, .infinity, 3e38, 7]
                return UInt64((some.randomElement(using: &random) ?? 0).bitPattern)
            case .float64:
                let some: [Double] = [0, -0.0, 0.5, -1.5, .nan, -.infinity, 1e308, 9_223_372_036_854_775_808]
                return (some.randomElement(using: &random) ?? 0).bitPattern
            default: return RandomExpression.bits(using: &random) & (.max >> UInt64(64 - type.byteCount * 8))
            }
        }

        static func value(_ bits: UInt64, _ type: VoxelType) -> NaiveExpression.Value {
            switch type {
            case .uint8, .uint16, .uint32, .uint64: .integer(Int128(bits))
            case .int8: .integer(Int128(Int8(truncatingIfNeeded: bits)))
            case .int16: .integer(Int128(Int16(truncatingIfNeeded: bits)))
            case .int32: .integer(Int128(Int32(truncatingIfNeeded: bits)))
            case .int64: .integer(Int128(Int64(bitPattern: bits)))
            case .float32: .float(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
            case .float64: .float(Double(bitPattern: bits))
            }
        }

        /// Runs a program over all voxels.
        func run(_ program: VoxelProgram) throws(VoxelExpressionFailure) -> [NaiveExpression.Value] {
            let type = program.type.voxelType
            let memory = UnsafeMutableRawPointer.allocate(
                byteCount: box.voxelCount * type.byteCount, alignment: 8)
            let sources = bytes.map { data in
                let copy = UnsafeMutableRawPointer.allocate(byteCount: max(1, data.count), alignment: 8)
                data.withUnsafeBytes {
                    if let base = $0.baseAddress { copy.copyMemory(from: base, byteCount: data.count) }
                }
                return UnsafeRawPointer(copy)
            }
            defer {
                memory.deallocate()
                sources.forEach { $0.deallocate() }
            }
            // In two ranges, as two threads would.
            let half = box.voxelCount / 3
            for range in [0..<half, half..<box.voxelCount] {
                try program.evaluate(
                    sources, in: box, time: 5, range: range, into: memory + range.lowerBound * type.byteCount)
            }
            return (0..<box.voxelCount).map { index in
                var bits: UInt64 = 0
                withUnsafeMutableBytes(of: &bits) {
                    $0.copyMemory(
                        from: UnsafeRawBufferPointer(
                            start: memory + index * type.byteCount, count: type.byteCount))
                }
                if program.type == .boolean { return bits > 1 ? .integer(Int128(bits)) : .truth(bits == 1) }
                return Self.value(bits, type)
            }
        }

        func naive(_ expression: VoxelExpression, at index: Int) throws -> NaiveExpression.Value {
            let (extent, lower) = (box.extent, box.lower)
            return try NaiveExpression(
                voxel: values.map { $0[index] },
                point: VoxelPoint(
                    x: lower.x + index % extent.x, y: lower.y + index / extent.x % extent.y,
                    z: lower.z + index / extent.x / extent.y), time: 5
            ).value(expression)
        }
    }

    @Test("are in every voxel what their definition says, or fail where it has no value", arguments: 1...4)
    func random(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var (computed, failed) = (0, 0)
        for round in 0..<400 {
            let types = (0..<2).map { _ in VoxelType.allCases.randomElement(using: &random) ?? .uint8 }
            let box = VoxelBox(
                origin: VoxelPoint(x: 3, y: 1000, z: 7),
                extent: round % 20 == 0 ? VoxelExtent(x: 30, y: 41, z: 5) : VoxelExtent(x: 5, y: 3, z: 2))
            let arrays = Arrays(types, box, using: &random)
            var maker = RandomExpression(random: random, types: types)
            let expression = round % 3 == 0 ? maker.condition(4) : maker.number(4)
            random = maker.random
            let program = VoxelProgram(expression)
            do throws(VoxelExpressionFailure) {
                let found = try arrays.run(program)
                computed += 1
                for index in 0..<box.voxelCount {
                    let expected = Result { try arrays.naive(expression, at: index) }
                    let isEqual =
                        if case .success(let expected) = expected { Self.equal(found[index], expected) } else
                        { false }
                    if !isEqual {
                        Issue.record(
                            "seed \(seed) round \(round): \(found[index]), not \(expected), \(expression)")
                        return
                    }
                }
            } catch {
                failed += 1
                let hasValue = (try? arrays.naive(expression, at: error.index)) != nil
                #expect(!hasValue, "seed \(seed) round \(round): \(error), \(expression)")
            }
        }
        // Else the rounds would say little.
        #expect(computed > 100 && failed > 20, "seed \(seed): \(computed) computed, \(failed) failed")
    }

    private static func equal(_ left: NaiveExpression.Value, _ right: NaiveExpression.Value) -> Bool {
        if case .float(let left) = left, case .float(let right) = right {
            return left == right || left.isNaN && right.isNaN
        }
        return left == right
    }

    @Test("say which operation fails, why, and in which voxel first")
    func failures() throws {
        var random = SeededGenerator(seed: 1)
        var arrays = Arrays([.uint8, .int64], VoxelBox(x: 0..<100, y: 0..<60, z: 0..<1), using: &random)
        arrays.bytes[0] = [UInt8](repeating: 1, count: 6000)
        arrays.bytes[0][4321] = 0
        arrays.bytes[1] = [UInt8](repeating: 0, count: 48000)
        arrays.bytes[1].replaceSubrange(8 * 5000..<8 * 5001, with: [0, 0, 0, 0, 0, 0, 0, 0x80])
        let (byte, wide) = (
            VoxelExpression.voxel(source: 0, .uint8), VoxelExpression.voxel(source: 1, .int64)
        )
        for (expression, expected) in [
            (
                .arithmetic(.remainder, wide, byte, site: 3),
                VoxelExpressionFailure(reason: .divisionByZero, site: 3, index: 4321)
            ),
            (
                .arithmetic(.subtract, wide, byte, site: 4),
                VoxelExpressionFailure(reason: .outOfRange(.int64), site: 4, index: 5000)
            ),
            (
                .absolute(wide, site: 2),
                VoxelExpressionFailure(reason: .outOfRange(.int64), site: 2, index: 5000)
            ),
            (
                .arithmetic(.divide, wide, byte, site: 1),
                VoxelExpressionFailure(reason: .divisionByZero, site: 1, index: 4321)
            ),
            (
                .conversion(wide, to: .uint16, isSaturating: false, site: 9),
                VoxelExpressionFailure(reason: .outOfRange(.uint16), site: 9, index: 5000)
            ),
        ] as [(VoxelExpression, VoxelExpressionFailure)] {
            #expect(throws: expected) { try arrays.run(VoxelProgram(expression)) }
        }
        let guarded = VoxelExpression.choice(
            .comparison(.equal, byte, .number(.signed(0))), then: .number(.signed(-1)),
            otherwise: .arithmetic(.remainder, byte, byte, site: 0))
        #expect(try arrays.run(VoxelProgram(guarded))[4321] == .integer(-1))
    }

    @Test("without voxels are evaluated while compiling, and small numbers need no checks")
    func folding() {
        let number = VoxelExpression.arithmetic(
            .multiply, .number(.signed(6)),
            .arithmetic(.add, .number(.signed(3)), .number(.signed(4)), site: 0),
            site: 0)
        #expect(VoxelProgram(number).operationCount == 0)
        let masked = VoxelExpression.choice(.mask(source: 0), then: number, otherwise: number)
        #expect(VoxelProgram(masked).operationCount == 2)
    }
}
