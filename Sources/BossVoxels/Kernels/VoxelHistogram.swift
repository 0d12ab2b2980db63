import BossGeometry
import CVoxelKernels

/// Counts of voxels in bins of equal width, gathered over any number of windows.
///
/// Bin i holds the values from `edge(i)` up to but not including `edge(i + 1)`; the last bin includes its
/// upper edge too, as in numpy. 64-bit integers are binned by their nearest double.
package struct VoxelHistogram: Hashable, Sendable {
    /// The most bins, 2^20.
    package static let maximumBinCount = 1 << 20

    /// The lower edge of the first bin.
    package let lower: Double
    /// The upper edge of the last bin.
    package let upper: Double
    /// Voxels in each bin.
    package private(set) var counts: [UInt64]
    /// Voxels below the first bin.
    package private(set) var below: UInt64 = 0
    /// Voxels above the last bin.
    package private(set) var above: UInt64 = 0
    /// NaNs, which are in no bin.
    package private(set) var nans: UInt64 = 0
    private let binWidth: Double

    /// A histogram of no voxels; nil unless there are 1 to `maximumBinCount` bins and the range is finite
    /// and wide enough for them.
    package init?(binCount: Int, lower: Double, upper: Double) {
        guard 1...Self.maximumBinCount ~= binCount, lower.isFinite, upper.isFinite, lower < upper else {
            return nil
        }
        binWidth = (upper - lower) / Double(binCount)
        guard binWidth.isFinite, binWidth > 0 else { return nil }
        self.lower = lower
        self.upper = upper
        counts = Array(repeating: 0, count: binCount)
    }

    /// The lower edge of bin `index`, or for the bin count the upper edge of the last.
    package func edge(_ index: Int) -> Double {
        index == counts.count ? upper : lower + Double(index) * binWidth
    }

    /// Adds equal voxels.
    package mutating func add(_ value: Double, voxelCount: UInt64 = 1) {
        if value < lower {
            below += voxelCount
        } else if value > upper {
            above += voxelCount
        } else if value.isNaN {
            nans += voxelCount
        } else {
            counts[bin(of: value)] += voxelCount
        }
    }

    /// The bin of a value inside the range; the division may be off by one bin at an edge.
    private func bin(of value: Double) -> Int {
        let last = counts.count - 1
        let index = min(Int((value - lower) / binWidth), last)
        if value < edge(index) { return max(0, index - 1) }
        return index < last && value >= edge(index + 1) ? index + 1 : index
    }

    /// Adds the counts of a histogram with the same bins.
    ///
    /// - Precondition: the bins are the same.
    package mutating func merge(_ other: VoxelHistogram) {
        precondition(
            lower == other.lower && upper == other.upper && counts.count == other.counts.count,
            "the same bins")
        for index in counts.indices { counts[index] += other.counts[index] }
        below += other.below
        above += other.above
        nans += other.nans
    }

    /// Adds the voxels of a window.
    ///
    /// - Precondition: the type has the window's voxel size.
    package mutating func add(_ window: VoxelWindow, voxelType: VoxelType) {
        precondition(window.voxelByteCount == voxelType.byteCount, "the window holds voxels of the type")
        switch voxelType {
        case .uint8: addBytes(window) { Double($0) }
        case .int8: addBytes(window) { Double(Int8(bitPattern: $0)) }
        case .uint16: addWords(window) { Double($0) }
        case .int16: addWords(window) { Double(Int16(bitPattern: $0)) }
        case .uint32: addVoxels(window) { (voxel: UInt32) in Double(voxel) }
        case .int32: addVoxels(window) { (voxel: Int32) in Double(voxel) }
        case .uint64: addVoxels(window) { (voxel: UInt64) in Double(voxel) }
        case .int64: addVoxels(window) { (voxel: Int64) in Double(voxel) }
        case .float32: addVoxels(window) { (voxel: Float) in Double(voxel) }
        case .float64: addVoxels(window) { (voxel: Double) in voxel }
        }
    }

    /// One-byte voxels are counted by value first.
    private mutating func addBytes(_ window: VoxelWindow, _ number: (UInt8) -> Double) {
        var box = window.box
        var found = [UInt64](repeating: 0, count: 256)
        cvk_count_bytes(&box, &found)
        for value in UInt8.min...UInt8.max where found[Int(value)] > 0 {
            add(number(value), voxelCount: found[Int(value)])
        }
    }

    /// So are two-byte voxels where there are enough of them.
    private mutating func addWords(_ window: VoxelWindow, _ number: (UInt16) -> Double) {
        guard window.extent.voxelCount >= 1 << 16 else {
            addVoxels(window, number)
            return
        }
        var found = [UInt64](repeating: 0, count: 1 << 16)
        found.withUnsafeMutableBufferPointer { found in
            window.forEachVoxel { (voxel: UInt16) in found[Int(voxel)] &+= 1 }
        }
        for value in UInt16.min...UInt16.max where found[Int(value)] > 0 {
            add(number(value), voxelCount: found[Int(value)])
        }
    }

    @inline(__always)
    private mutating func addVoxels<T: BitwiseCopyable>(_ window: VoxelWindow, _ number: (T) -> Double) {
        window.forEachVoxel { (voxel: T) in add(number(voxel)) }
    }
}

extension VoxelScan {
    /// Counts the voxels of a window in a histogram's bins.
    package static func histogram(
        of window: VoxelWindow, voxelType: VoxelType, into histogram: inout VoxelHistogram
    ) {
        histogram.add(window, voxelType: voxelType)
    }
}

extension VoxelWindow {
    /// Calls `body` with every voxel, x fastest.
    @inline(__always)
    func forEachVoxel<T: BitwiseCopyable>(_ body: (T) -> Void) {
        for z in 0..<extent.z {
            for y in 0..<extent.y {
                let row = base + (z &* planeStride &+ y &* rowStride)
                for x in 0..<extent.x {
                    body(row.loadUnaligned(fromByteOffset: x &* MemoryLayout<T>.size, as: T.self))
                }
            }
        }
    }
}
