import CVoxelKernels

/// Count, extremes and sums of voxels, gathered over any number of windows.
///
/// Sums of integers are exact until they are asked for; those of floats are joined pairwise in blocks and
/// with compensation between blocks. NaNs are left out of everything but their own count.
package struct VoxelStatistics: Hashable, Sendable {
    /// The type of the voxels.
    package let voxelType: VoxelType
    /// Voxels without the NaNs.
    package private(set) var count: UInt64 = 0
    /// Voxels equal to zero.
    package private(set) var zeros: UInt64 = 0
    /// NaNs.
    package private(set) var nans: UInt64 = 0

    private var integerMinimum = Int128.max
    private var integerMaximum = Int128.min
    private var integerSum: Int128 = 0
    private var integerSquares: UInt128 = 0
    /// How often `integerSquares` passed 2^128.
    private var squaresCarry: UInt64 = 0

    private var floatMinimum = Double.infinity
    private var floatMaximum = -Double.infinity
    private var floatSum = CompensatedSum()
    private var floatSquares = CompensatedSum()

    /// Statistics of no voxels.
    package init(voxelType: VoxelType) {
        self.voxelType = voxelType
    }

    init(_ result: cvk_statistics, voxelType: VoxelType) {
        self.init(voxelType: voxelType)
        count = result.count
        zeros = result.zeros
        nans = result.nans
        guard voxelType.isInteger else {
            floatMinimum = result.minimum
            floatMaximum = result.maximum
            floatSum = CompensatedSum(sum: result.sum, compensation: result.sum_compensation)
            floatSquares = CompensatedSum(sum: result.squares, compensation: result.squares_compensation)
            return
        }
        integerSum = Int128(truncatingIfNeeded: Self.wide(result.sum_high, result.sum_low))
        integerSquares = Self.wide(result.squares_high, result.squares_low)
        squaresCarry = result.squares_carry
        guard count > 0 else { return }
        integerMinimum = Self.integer(result.minimum_bits, voxelType)
        integerMaximum = Self.integer(result.maximum_bits, voxelType)
    }

    private static func wide(_ high: UInt64, _ low: UInt64) -> UInt128 { UInt128(high) << 64 | UInt128(low) }

    private static func integer(_ bits: UInt64, _ voxelType: VoxelType) -> Int128 {
        voxelType.isUnsigned ? Int128(bits) : Int128(Int64(bitPattern: bits))
    }

    /// Adds the statistics of other voxels.
    ///
    /// - Precondition: both are of the same voxel type.
    package mutating func merge(_ other: VoxelStatistics) {
        precondition(voxelType == other.voxelType, "statistics of one voxel type")
        count += other.count
        zeros += other.zeros
        nans += other.nans
        integerMinimum = min(integerMinimum, other.integerMinimum)
        integerMaximum = max(integerMaximum, other.integerMaximum)
        integerSum += other.integerSum
        let (squares, carry) = integerSquares.addingReportingOverflow(other.integerSquares)
        integerSquares = squares
        squaresCarry += other.squaresCarry + (carry ? 1 : 0)
        floatMinimum = min(floatMinimum, other.floatMinimum)
        floatMaximum = max(floatMaximum, other.floatMaximum)
        floatSum.add(other.floatSum)
        floatSquares.add(other.floatSquares)
    }

    /// The smallest value, nil without voxels.
    package var minimum: Double? {
        guard count > 0 else { return nil }
        return voxelType.isInteger ? Double(integerMinimum) : floatMinimum
    }

    /// The largest value, nil without voxels.
    package var maximum: Double? {
        guard count > 0 else { return nil }
        return voxelType.isInteger ? Double(integerMaximum) : floatMaximum
    }

    /// The smallest and the largest value of integer voxels, exactly; nil without voxels and for floats.
    package var exactExtremes: ClosedRange<Int128>? {
        count > 0 && voxelType.isInteger ? integerMinimum...integerMaximum : nil
    }

    /// The sum; for integers the exact sum rounded once.
    package var sum: Double { voxelType.isInteger ? Double(integerSum) : floatSum.value }

    /// The exact sum of integer voxels; 0 for floats.
    package var exactSum: Int128 { integerSum }

    /// The sum of squares; for integers the exact sum rounded at most twice.
    package var sumOfSquares: Double {
        guard voxelType.isInteger else { return floatSquares.value }
        // 2^128, which is a power of two and so exact.
        return Double(squaresCarry) * 0x1p128 + Double(integerSquares)
    }

    /// The arithmetic mean, nil without voxels.
    package var mean: Double? { count > 0 ? sum / Double(count) : nil }

    /// The population standard deviation (divisor n), nil without voxels.
    package var standardDeviation: Double? {
        guard count > 0 else { return nil }
        let n = Double(count)
        if voxelType.isInteger, squaresCarry == 0 {
            let magnitude = integerSum.magnitude
            let (left, leftOverflow) = UInt128(count).multipliedReportingOverflow(by: integerSquares)
            let (right, rightOverflow) = magnitude.multipliedReportingOverflow(by: magnitude)
            if !leftOverflow, !rightOverflow { return Double(left - right).squareRoot() / n }
        }
        let mean = sum / n
        let variance = sumOfSquares / n - mean * mean
        return variance.isNaN ? variance : max(0, variance).squareRoot()
    }
}

/// A sum of doubles with its running compensation (Neumaier's variant of Kahan summation).
struct CompensatedSum: Hashable, Sendable {
    var sum = 0.0
    var compensation = 0.0

    /// The corrected sum. The compensation of a sum that reached infinity means nothing.
    var value: Double { compensation.isFinite ? sum + compensation : sum }

    mutating func add(_ other: CompensatedSum) {
        cvk_add_compensated(&sum, &compensation, other.sum)
        compensation += other.compensation
    }
}
