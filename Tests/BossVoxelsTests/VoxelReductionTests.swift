import BossGeometry
import BossTestSupport
import BossVoxels
import Testing

@Suite("Voxel reduction")
struct VoxelReductionTests {
    private static let shapes = [
        VoxelExtent(x: 2, y: 2, z: 1), VoxelExtent(x: 2, y: 2, z: 2), VoxelExtent(x: 1, y: 1, z: 2),
        VoxelExtent(x: 2, y: 1, z: 1),
    ]

    /// The oracle gathers every window voxel by voxel and follows the definition of the method.
    @Test("agrees with gathering every window", arguments: VoxelType.allCases)
    func windows(voxelType: VoxelType) {
        var random = SeededGenerator(seed: 0x2ED0 + UInt64(voxelType.byteCount))
        for round in 0..<120 {
            let factors = Self.shapes[round % Self.shapes.count]
            let method = ReductionMethod.allCases[round / 4 % 5]
            let phase = VoxelPoint(
                x: Int.random(in: 0..<factors.x, using: &random),
                y: Int.random(in: 0..<factors.y, using: &random),
                z: Int.random(in: 0..<factors.z, using: &random))
            let limit = VoxelExtent(x: round % 10 == 0 ? 80 : 9, y: 5, z: 4)
            let extent = VoxelExtent.random(upTo: limit, using: &random)
            let source = NaiveArray(extent, voxelByteCount: voxelType.byteCount) {
                draw(voxelType, &random)
            }
            let found = reduce(source, phase, factors, method, voxelType)
            let expected = naive(source, phase, factors, method, voxelType)
            #expect(
                found == expected, "\(method) \(extent) by \(factors) phase \(phase), seed \(random.seed)")
        }
    }

    /// Few values, so that ties are common, and the type's extremes.
    private func draw(_ voxelType: VoxelType, _ random: inout SeededGenerator) -> UInt64 {
        let drawn = Int.random(in: 0..<12, using: &random)
        switch voxelType {
        case .float32, .float64:
            let values = [0, 0, 0, 1.5, 1.5, -2.25, -2.25, 3, 3, 1e30, -.infinity, .nan]
            return voxelType == .float32
                ? UInt64(Float(values[drawn]).bitPattern) : values[drawn].bitPattern
        default:
            let largest = UInt64.max >> (voxelType.isUnsigned ? 0 : UInt64(65 - 8 * voxelType.byteCount))
            let values = [0, 0, 0, 0, 1, 1, 2, 2, UInt64.max, largest, ~largest, random.next()]
            return values[drawn]
        }
    }

    private func reduce(
        _ source: NaiveArray, _ phase: VoxelPoint, _ factors: VoxelExtent, _ method: ReductionMethod,
        _ voxelType: VoxelType
    ) -> [UInt64] {
        let extent = VoxelReduction.destinationExtent(of: source.extent, phase: phase, factors: factors)
        // Written into a larger array, of which nothing else may change.
        let room = VoxelExtent(x: extent.x + 2, y: extent.y + 1, z: extent.z + 1)
        var result = NaiveArray(room, voxelByteCount: voxelType.byteCount) { 0x5A5A_5A5A_5A5A_5A5A }
        var bytes = result.bytes
        let origin = VoxelPoint(x: 1, y: 1, z: 0)
        source.withWindow(VoxelBox(origin: .zero, extent: source.extent)) { window in
            bytes.withUnsafeMutableBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                VoxelReduction.reduce(
                    from: window, phase: phase,
                    to: MutableVoxelWindow(
                        base, arrayExtent: room, origin: origin, extent: extent,
                        voxelByteCount: voxelType.byteCount), factors: factors, method: method,
                    voxelType: voxelType)
            }
        }
        let untouched = result.values[0]
        result.bytes = bytes
        let box = VoxelBox(origin: origin, extent: extent)
        let outside = VoxelBox(origin: .zero, extent: room).points.filter { !box.contains($0) }
        #expect(outside.allSatisfy { result[$0] == untouched })
        return box.points.map { canonical(result[$0], voxelType) }
    }

    private func naive(
        _ source: NaiveArray, _ phase: VoxelPoint, _ factors: VoxelExtent, _ method: ReductionMethod,
        _ voxelType: VoxelType
    ) -> [UInt64] {
        let extent = VoxelExtent(
            x: (source.extent.x + phase.x + factors.x - 1) / factors.x,
            y: (source.extent.y + phase.y + factors.y - 1) / factors.y,
            z: (source.extent.z + phase.z + factors.z - 1) / factors.z)
        return VoxelBox(origin: .zero, extent: extent).points.map { target in
            func range(_ axis: SpatialAxis) -> Range<Int> {
                let low = target[axis] * factors[axis] - phase[axis]
                return max(0, low)..<min(source.extent[axis], low + factors[axis])
            }
            let window = VoxelBox(x: range(.x), y: range(.y), z: range(.z)).points.map { source[$0] }
            let bits =
                voxelType.isInteger
                ? integers(window, method, voxelType) : floats(window, method, voxelType)
            return canonical(bits, voxelType)
        }
    }

    private func integers(_ window: [UInt64], _ method: ReductionMethod, _ voxelType: VoxelType) -> UInt64 {
        let values = window.map { bits -> Int128 in
            guard !voxelType.isUnsigned else { return Int128(bits) }
            let shift = UInt64(64 - 8 * voxelType.byteCount)
            return Int128(Int64(bitPattern: bits << shift) >> Int64(shift))
        }
        let sum = values.reduce(0, +)
        let count = Int128(values.count)
        let result: Int128? =
            switch method {
            case .mean: roundedHalfToEven(sum, count)
            case .mode: mode(values)
            case .minimum: values.min()
            case .maximum: values.max()
            case .stride: values.first
            }
        return UInt64(truncatingIfNeeded: result ?? 0) & (UInt64.max >> UInt64(64 - 8 * voxelType.byteCount))
    }

    private func roundedHalfToEven(_ sum: Int128, _ count: Int128) -> Int128 {
        var quotient = sum / count
        if quotient * count > sum { quotient -= 1 }
        let twice = 2 * (sum - quotient * count)
        if twice > count || (twice == count && quotient % 2 != 0) { quotient += 1 }
        return quotient
    }

    private func mode<T: Hashable & Comparable & AdditiveArithmetic>(_ values: [T]) -> T? {
        let counts = values.reduce(into: [T: Int]()) { $0[$1, default: 0] += 1 }
        let most = counts.values.max()
        let candidates = counts.filter { $0.value == most }.keys
        return candidates.filter { $0 != .zero }.min() ?? candidates.first
    }

    private func floats(_ window: [UInt64], _ method: ReductionMethod, _ voxelType: VoxelType) -> UInt64 {
        let values = window.map {
            voxelType == .float32 ? Double(Float(bitPattern: UInt32($0))) : Double(bitPattern: $0)
        }
        let hasNaN = values.contains { $0.isNaN }
        // A NaN as a label is a value like any other; stand in a number that sorts last.
        let labels = values.map { $0.isNaN ? Double.greatestFiniteMagnitude : $0 }
        let result: Double? =
            switch method {
            case .mean: values.reduce(0, +) / Double(values.count)
            case .mode: mode(labels).map { $0 == .greatestFiniteMagnitude ? .nan : $0 }
            case .minimum: hasNaN ? .nan : values.min()
            case .maximum: hasNaN ? .nan : values.max()
            case .stride: values.first
            }
        let value = result ?? 0
        return voxelType == .float32 ? UInt64(Float(value).bitPattern) : value.bitPattern
    }

    /// One NaN for all.
    private func canonical(_ bits: UInt64, _ voxelType: VoxelType) -> UInt64 {
        switch voxelType {
        case .float32: Float(bitPattern: UInt32(bits)).isNaN ? UInt64(Float.nan.bitPattern) : bits
        case .float64: Double(bitPattern: bits).isNaN ? Double.nan.bitPattern : bits
        default: bits
        }
    }

    @Test("means round half to even, also of negative voxels")
    func halves() {
        #expect(reduceRow([0, 1, 1, 2, 2, 3], UInt8.self, .mean) == [0, 2, 2])
        #expect(reduceRow([-1, 0, -2, -1, -3, -2], Int8.self, .mean) == [0, -2, -2])
        #expect(reduceRow([255, 255, 254, 255], UInt8.self, .mean) == [255, 254])
        #expect(reduceRow([UInt64.max, UInt64.max], UInt64.self, .mean) == [UInt64.max])
        #expect(reduceRow([7, 9], UInt16.self, .mean, phase: 1) == [7, 9])
    }

    @Test("background loses ties, and a lone label survives against as much background")
    func modes() {
        #expect(reduceRow([0, 5, 9, 4, 0, 0], UInt64.self, .mode) == [5, 4, 0])
        #expect(reduceRow([0, -5, 3, -3], Int16.self, .mode) == [-5, -3])
        #expect(reduceRow([0, 1.5, -0.0, 0], Float.self, .mode) == [1.5, 0])
    }

    private func reduceRow<T: VoxelElement>(
        _ row: [T], _ type: T.Type, _ method: ReductionMethod, phase: Int = 0
    ) -> [T] {
        let extent = VoxelExtent(x: row.count, y: 1, z: 1)
        let factors = VoxelExtent(x: 2, y: 2, z: 1)
        let phase = VoxelPoint(x: phase, y: 0, z: 0)
        let target = VoxelReduction.destinationExtent(of: extent, phase: phase, factors: factors)
        var result = [T](repeating: T(), count: target.voxelCount)
        row.withUnsafeBytes { row in
            result.withUnsafeMutableBytes { result in
                guard let from = row.baseAddress, let to = result.baseAddress else { return }
                VoxelReduction.reduce(
                    from: from, sourceExtent: extent, sourcePhase: phase, to: to, destinationExtent: target,
                    factors: factors, method: method, voxelType: T.voxelType)
            }
        }
        return result
    }
}
