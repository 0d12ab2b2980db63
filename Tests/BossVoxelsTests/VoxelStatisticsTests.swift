import BossGeometry
import BossTestSupport
import BossVoxels
import Testing

@Suite("Voxel statistics")
struct VoxelStatisticsTests {
    /// The oracle sums 128-bit integers in a triple loop.
    @Test("integer sums are exact", arguments: VoxelType.allCases.filter(\.isInteger))
    func integers(voxelType: VoxelType) {
        var random = SeededGenerator(seed: 0x57A7)
        var total = VoxelStatistics(voxelType: voxelType)
        var all: [Int128] = []
        for _ in 0..<20 {
            let extent = VoxelExtent.random(upTo: VoxelExtent(x: 70, y: 5, z: 4), using: &random)
            let array = NaiveArray.random(extent, voxelByteCount: voxelType.byteCount, using: &random)
            let box = extent.randomBox(size: .random(upTo: extent, using: &random), using: &random)
            let found = array.withWindow(box) { VoxelScan.statistics(of: $0, voxelType: voxelType) }
            let values = box.points.map { integer(array[$0], voxelType) }
            check(found, values, "seed \(random.seed)")
            total.merge(found)
            all += values
        }
        check(total, all, "merged, seed \(random.seed)")
    }

    private func check(_ found: VoxelStatistics, _ values: [Int128], _ comment: Comment) {
        #expect(found.count == UInt64(values.count), comment)
        #expect(found.zeros == UInt64(values.count { $0 == 0 }), comment)
        #expect(found.nans == 0, comment)
        #expect(found.exactExtremes?.lowerBound == values.min(), comment)
        #expect(found.exactExtremes?.upperBound == values.max(), comment)
        #expect(found.minimum == values.min().map { Double($0) }, comment)
        #expect(found.exactSum == values.reduce(0, +), comment)
        #expect(found.sum == Double(values.reduce(0, +)), comment)
        let squares = values.reduce(0.0) { $0 + Double($1) * Double($1) }
        #expect(abs(found.sumOfSquares - squares) <= 1e-12 * squares, comment)
        let mean = Double(values.reduce(0, +)) / Double(values.count)
        let variance =
            values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(values.count)
        #expect(
            abs((found.standardDeviation ?? -1) - variance.squareRoot()) <= 1e-6 * variance.squareRoot(),
            comment)
    }

    private func integer(_ bits: UInt64, _ voxelType: VoxelType) -> Int128 {
        guard !voxelType.isUnsigned else { return Int128(bits) }
        let shift = UInt64(64 - 8 * voxelType.byteCount)
        return Int128(Int64(bitPattern: bits << shift) >> Int64(shift))
    }

    @Test("the largest 64-bit values overflow nothing")
    func largest() {
        let values = [UInt64](repeating: .max, count: 1000)
        let found = statistics(values, .uint64)
        #expect(found.exactSum == Int128(UInt64.max) * 1000)
        #expect(abs(found.sumOfSquares / (0x1p128 * 1000) - 1) < 1e-12)
        #expect(found.minimum == 0x1p64)
        #expect(statistics([Int64](repeating: .min, count: 9), .int64).sumOfSquares == 9 * 0x1p126)
        #expect(statistics([UInt8](repeating: 255, count: 200_000), .uint8).exactSum == 51_000_000)
        #expect(statistics([UInt8](repeating: 255, count: 200_000), .uint8).sumOfSquares == 13_005_000_000)
        #expect(statistics([UInt16](repeating: 65535, count: 100_000), .uint16).standardDeviation == 0)
    }

    /// Multiples of a quarter add up exactly, so the naive sum is the true one.
    @Test("floats skip NaNs and count them", arguments: [VoxelType.float32, .float64])
    func floats(voxelType: VoxelType) {
        var random = SeededGenerator(seed: 0xF10A)
        for _ in 0..<30 {
            let count = Int.random(in: 1...2500, using: &random)
            let values = (0..<count).map { _ -> Double in
                let drawn = Int.random(in: -40...40, using: &random)
                return drawn == 40 ? .nan : Double(drawn) / 4
            }
            let found =
                voxelType == .float32
                ? statistics(values.map { Float($0) }, voxelType) : statistics(values, voxelType)
            let numbers = values.filter { !$0.isNaN }
            #expect(found.count == UInt64(numbers.count), "seed \(random.seed)")
            #expect(found.nans == UInt64(count - numbers.count), "seed \(random.seed)")
            #expect(found.zeros == UInt64(numbers.count { $0 == 0 }), "seed \(random.seed)")
            #expect(found.minimum == numbers.min(), "seed \(random.seed)")
            #expect(found.maximum == numbers.max(), "seed \(random.seed)")
            #expect(found.sum == numbers.reduce(0, +), "seed \(random.seed)")
            #expect(found.sumOfSquares == numbers.reduce(0) { $0 + $1 * $1 }, "seed \(random.seed)")
        }
    }

    @Test("sums of floats over many windows keep what plain addition loses")
    func compensation() {
        var total = statistics([1e16], .float64)
        for _ in 0..<1000 { total.merge(statistics([1.0], .float64)) }
        total.merge(statistics([-1e16], .float64))
        #expect(total.sum == 1000)
    }

    @Test("infinities and no voxels at all are no special trouble")
    func edges() {
        let infinite = statistics([Double.infinity, 1, 2], .float64)
        #expect(infinite.sum == .infinity)
        #expect(infinite.maximum == .infinity)
        #expect(infinite.minimum == 1)
        #expect(statistics([Double.infinity, -.infinity], .float64).sum.isNaN)
        let none = VoxelStatistics(voxelType: .float32)
        #expect(none.minimum == nil)
        #expect(none.mean == nil)
        #expect(none.standardDeviation == nil)
        let nothing = statistics([Float.nan], .float32)
        #expect(nothing.maximum == nil)
        #expect(nothing.nans == 1)
    }

    private func statistics<T: BitwiseCopyable>(_ values: [T], _ voxelType: VoxelType) -> VoxelStatistics {
        values.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return VoxelStatistics(voxelType: voxelType) }
            let extent = VoxelExtent(x: values.count, y: 1, z: 1)
            return VoxelScan.statistics(
                of: VoxelWindow(base, extent: extent, voxelByteCount: voxelType.byteCount),
                voxelType: voxelType)
        }
    }
}

@Suite("Voxel histogram")
struct VoxelHistogramTests {
    /// The oracle compares every value with every edge.
    @Test("bins agree with comparing edges", arguments: VoxelType.allCases)
    func bins(voxelType: VoxelType) throws {
        var random = SeededGenerator(seed: 0x4157)
        for (lower, upper, bins) in [(0.0, 256.0, 256), (-3.5, 2.5, 7), (0, 0.3, 3), (-1e3, 70_000, 11)] {
            var histogram = try #require(VoxelHistogram(binCount: bins, lower: lower, upper: upper))
            var counts = [UInt64](repeating: 0, count: bins)
            var (below, above, nans) = (UInt64(0), UInt64(0), UInt64(0))
            let extent = VoxelExtent(x: 50, y: 5, z: 4)
            let array = NaiveArray.random(extent, voxelByteCount: voxelType.byteCount, using: &random)
            let box = extent.randomBox(size: .random(upTo: extent, using: &random), using: &random)
            for point in box.points {
                let value = number(array[point], voxelType)
                if value.isNaN {
                    nans += 1
                } else if value < lower {
                    below += 1
                } else if value > upper {
                    above += 1
                } else {
                    let bin = (0..<bins).last { histogram.edge($0) <= value } ?? 0
                    counts[bin] += 1
                }
            }
            array.withWindow(box) { VoxelScan.histogram(of: $0, voxelType: voxelType, into: &histogram) }
            #expect(histogram.counts == counts, "seed \(random.seed)")
            #expect([histogram.below, histogram.above, histogram.nans] == [below, above, nans])
        }
    }

    private func number(_ bits: UInt64, _ voxelType: VoxelType) -> Double {
        switch voxelType {
        case .uint8, .uint16, .uint32, .uint64: Double(bits)
        case .int8: Double(Int8(truncatingIfNeeded: bits))
        case .int16: Double(Int16(truncatingIfNeeded: bits))
        case .int32: Double(Int32(truncatingIfNeeded: bits))
        case .int64: Double(Int64(bitPattern: bits))
        case .float32: Double(Float(bitPattern: UInt32(bits)))
        case .float64: Double(bitPattern: bits)
        }
    }

    @Test("many 16-bit voxels take the counting path")
    func manyWords() throws {
        let values = (0..<70_000).map { UInt16($0 % 1000) }
        var histogram = try #require(VoxelHistogram(binCount: 10, lower: 0, upper: 1000))
        values.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            let window = VoxelWindow(base, extent: VoxelExtent(x: 700, y: 100, z: 1), voxelByteCount: 2)
            histogram.add(window, voxelType: .uint16)
        }
        #expect(histogram.counts == Array(repeating: 7000, count: 10))
        let once = histogram
        histogram.merge(once)
        #expect(histogram.counts == Array(repeating: 14_000, count: 10))
    }

    @Test("the last bin includes its upper edge")
    func lastEdge() throws {
        var histogram = try #require(VoxelHistogram(binCount: 4, lower: 0, upper: 1))
        for value in [0, 0.25, 0.5, 0.75, 1, 1.0000001, -0.0] { histogram.add(value) }
        #expect(histogram.counts == [2, 1, 1, 2])
        #expect(histogram.above == 1)
        #expect(histogram.edge(4) == 1)
    }

    @Test("refuses bins that cannot be")
    func refusals() {
        #expect(VoxelHistogram(binCount: 0, lower: 0, upper: 1) == nil)
        #expect(VoxelHistogram(binCount: VoxelHistogram.maximumBinCount + 1, lower: 0, upper: 1) == nil)
        #expect(VoxelHistogram(binCount: 2, lower: 1, upper: 1) == nil)
        #expect(VoxelHistogram(binCount: 2, lower: .nan, upper: 1) == nil)
        #expect(VoxelHistogram(binCount: 2, lower: -.infinity, upper: 1) == nil)
        #expect(VoxelHistogram(binCount: 2, lower: -1e308, upper: 1e308) == nil)
        #expect(VoxelHistogram(binCount: 1000, lower: 0, upper: .leastNonzeroMagnitude) == nil)
    }
}
