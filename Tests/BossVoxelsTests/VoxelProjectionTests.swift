import BossGeometry
import BossTestSupport
import BossVoxels
import Testing

@Suite("Projections of voxels")
struct VoxelProjectionTests {
    private static let functions: [VoxelProjectionFunction] = [
        .maximum, .minimum, .mean, .standardDeviation, .sum, .count,
    ]

    /// The numbers of a column by definition; nil for a sum that does not fit.
    private static func naive(
        _ column: [Double], _ integers: [Int128], _ function: VoxelProjectionFunction, _ type: VoxelType
    ) -> Double? {
        let numbers = column.filter { !$0.isNaN }
        switch function {
        case .maximum: return numbers.max() ?? .nan
        case .minimum: return numbers.min() ?? .nan
        case .count: return Double(column.count { $0 != 0 })
        case .sum:
            if !type.isInteger { return numbers.reduce(0, +) }
            let sum = integers.reduce(0, +)
            let isFitting = type.isUnsigned ? sum < 1 << 64 : sum < 1 << 63 && sum >= -(1 << 63)
            return isFitting ? Double(sum) : nil
        case .mean: return numbers.isEmpty ? .nan : numbers.reduce(0, +) / Double(numbers.count)
        case .standardDeviation:
            if numbers.isEmpty { return .nan }
            let mean = numbers.reduce(0, +) / Double(numbers.count)
            return (numbers.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(numbers.count))
                .squareRoot()
        }
    }

    private static func bits(_ type: VoxelType, using random: inout SeededGenerator) -> UInt64 {
        switch type {
        case .float32:
            UInt64(([0, 1.5, -2, .nan, 7] as [Float]).randomElement(using: &random)?.bitPattern ?? 0)
        case .float64: ([0, 0.5, -1.5, .nan, 1e9] as [Double]).randomElement(using: &random)?.bitPattern ?? 0
        default:
            (Bool.random(using: &random)
                ? random.next() >> UInt64(Int.random(in: 0...60, using: &random)) : 0)
                & (.max >> UInt64(64 - type.byteCount * 8))
        }
    }

    @Test("are what their definition says for every column", arguments: VoxelType.allCases)
    func random(type: VoxelType) throws {
        var random = SeededGenerator(seed: 0x9406 &+ UInt64(type.byteCount))
        var overflowed = 0
        for round in 0..<60 {
            let box = VoxelBox(
                origin: VoxelPoint(x: 5, y: 9, z: 2),
                extent: VoxelExtent(
                    x: Int.random(in: 1...9, using: &random), y: Int.random(in: 1...7, using: &random),
                    z: Int.random(in: 1...6, using: &random)))
            let function = Self.functions[round % 6]
            let dropped = Set(SpatialAxis.allCases.filter { _ in Bool.random(using: &random) })
            let values = (0..<box.voxelCount).map { _ in Self.bits(type, using: &random) }
            let projection = VoxelProjection(function, of: type, background: 0, in: box, dropping: dropped)
            let memory = UnsafeMutableRawPointer.allocate(byteCount: box.voxelCount * 8, alignment: 8)
            defer { memory.deallocate() }
            for (index, value) in values.enumerated() {
                withUnsafeBytes(of: value.littleEndian) {
                    (memory + index * type.byteCount).copyMemory(
                        from: $0.baseAddress ?? UnsafeRawPointer(memory), byteCount: type.byteCount)
                }
            }
            // In two parts, as it is added part by part.
            let middle = Int.random(in: box.lower.z...box.upper.z, using: &random)
            var isWhole = true
            for z in [box.lower.z..<middle, middle..<box.upper.z] where !z.isEmpty {
                let part = VoxelBox(x: box[.x], y: box[.y], z: z)
                isWhole = projection.add(part, from: memory, of: box) && isWhole
            }
            let columns = Self.columns(box, dropped, values, type)
            let expected = columns.map { Self.naive($0.map(\.0), $0.map(\.1), function, type) }
            guard expected.allSatisfy({ $0 != nil }) else {
                overflowed += 1
                // A partial sum may leave INT64 only if signs differ; a final one always shows.
                #expect(!isWhole, "\(type) round \(round)")
                continue
            }
            guard isWhole else {
                #expect(type == .int64, "\(type) round \(round)")
                continue
            }
            let result = function.result(of: type)
            projection.finish(foldedCount: box.voxelCount / projection.count, into: memory)
            let found = (0..<projection.count).map { index -> Double in
                let place = memory + index * result.byteCount
                let bits =
                    switch result.byteCount {
                    case 1: UInt64(place.load(as: UInt8.self))
                    case 2: UInt64(place.load(as: UInt16.self))
                    case 4: UInt64(place.load(as: UInt32.self))
                    default: place.load(as: UInt64.self)
                    }
                return result.number(ofBits: bits)
            }
            for (found, expected) in zip(found, expected) {
                let expected = expected ?? 0
                let isClose =
                    found == expected || found.isNaN && expected.isNaN
                    || abs(found - expected) <= 1e-5
                        * max(abs(expected), function == .standardDeviation ? 1 : 0)
                #expect(isClose, "\(type) \(function) round \(round): \(found), not \(expected)")
            }
            #expect(found.count == expected.count)
        }
        if type == .uint64 { #expect(overflowed > 0) }
    }

    /// Values by the voxel of the result that they become, in C order.
    private static func columns(
        _ box: VoxelBox, _ dropped: Set<SpatialAxis>, _ values: [UInt64], _ type: VoxelType
    ) -> [[(Double, Int128)]] {
        var columns: [[Int]: [(Double, Int128)]] = [:]
        var index = 0
        for z in box[.z] {
            for y in box[.y] {
                for x in box[.x] {
                    let key = [
                        dropped.contains(.z) ? 0 : z, dropped.contains(.y) ? 0 : y,
                        dropped.contains(.x) ? 0 : x,
                    ]
                    let bits = values[index]
                    let integer =
                        switch type {
                        case .int8: Int128(Int8(truncatingIfNeeded: bits))
                        case .int16: Int128(Int16(truncatingIfNeeded: bits))
                        case .int32: Int128(Int32(truncatingIfNeeded: bits))
                        case .int64: Int128(Int64(bitPattern: bits))
                        default: Int128(bits)
                        }
                    columns[key, default: []].append((type.number(ofBits: bits), integer))
                    index += 1
                }
            }
        }
        return columns.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    }
}
