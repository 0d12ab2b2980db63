import BossQuery
import BossTestSupport

/// A frame of an isotropic hierarchy with voxels of 4 nm, in plain numbers.
struct NaiveFrame {
    /// Voxels of level 0 along x, y, z: few, but they lie in eight cuboids of 64 x 64 x 16.
    let extent = [49..<81, 58..<71, 9..<21]
    let levelCount = 3
    let timeSampleCount = 2
    /// Of a voxel, in tenths of nanometers.
    let voxelSize = 40

    /// The voxels of a level that hold a voxel of level 0.
    func voxels(_ axis: Int, _ level: Int) -> [Int] {
        (-4..<120).filter { voxel in extent[axis].contains { $0 >> level == voxel } }
    }
}

/// A region clause made at random, and the voxels that it names by the definition of each item: every voxel
/// of the level that is read is asked whether it touches what was written.
struct NaiveRegion {
    enum Policy { case error, clip, fill(UInt64) }

    private(set) var items: [String] = []
    private(set) var parameters: [Parameter] = []
    private(set) var level = 0
    /// The wanted voxels along x, y, z, in and outside the frame.
    private(set) var voxels: [[Int]] = [[], [], []]
    private(set) var singleAxes: Set<Int> = []
    private(set) var times = [0]
    private(set) var hasTimeAxis = false
    private(set) var policy = Policy.error

    private let frame: NaiveFrame
    private var named = 0

    /// - Parameters:
    ///   - isWritten: for writes: level 0, no FILL, and smaller boxes.
    ///   - firstParameter: number of the first parameter that may be used.
    init(_ frame: NaiveFrame, isWritten: Bool, firstParameter: Int, using random: inout SeededGenerator) {
        self.frame = frame
        if !isWritten, Int.random(in: 0..<4, using: &random) == 0 {
            level = Int.random(in: 0..<frame.levelCount, using: &random)
            items.append("RES \(level)")
        }
        named = level
        if Int.random(in: 0..<4, using: &random) == 0 {
            named = Int.random(in: 0..<frame.levelCount, using: &random)
            items.append("COORDS RES \(named)")
        }
        switch Int.random(in: 0..<6, using: &random) {
        case 0: addBox(using: &random)
        case 1: addAround(using: &random)
        default:
            for axis in 0..<3 { addRange(axis, isWritten, firstParameter, using: &random) }
        }
        addTime(using: &random)
        addPolicy(isWritten, using: &random)
        items.shuffle(using: &random)
    }

    var text: String { items.joined(separator: " ") }

    // MARK: Places

    /// The voxels of the level that touch a range of another level: both are ranges of level-0 voxels.
    private func touching(_ range: Range<Int>, _ axis: Int) -> [Int] {
        let base = (range.lowerBound << named)..<(range.upperBound << named)
        return (-200..<400).filter { ($0 << level..<($0 + 1) << level).overlaps(base) }
    }

    private func name(_ axis: Int) -> String { ["X", "Y", "Z"][axis] }

    /// Coordinates of the named level, sometimes beyond the frame.
    private func range(_ axis: Int, using random: inout SeededGenerator) -> Range<Int> {
        let legal = frame.voxels(axis, named)
        let beyond = Int.random(in: 0..<8, using: &random) == 0 ? 6 : 0
        let first = Int.random(in: legal[0] - beyond...legal[legal.count - 1], using: &random)
        let limit = max(first + 1, legal[legal.count - 1] + 1 + beyond)
        return first..<min(limit, first + Int.random(in: 1...26 >> named, using: &random))
    }

    private mutating func addBox(using random: inout SeededGenerator) {
        let ranges = (0..<3).map { range($0, using: &random) }
        func point(_ bounds: [Int]) -> String { "(" + bounds.map(String.init).joined(separator: ", ") + ")" }
        items.append("BOX \(point(ranges.map(\.lowerBound))) TO \(point(ranges.map(\.upperBound)))")
        for axis in 0..<3 { voxels[axis] = touching(ranges[axis], axis) }
    }

    private mutating func addAround(using random: inout SeededGenerator) {
        let isCube = Bool.random(using: &random)
        let cube = Int.random(in: 1...9, using: &random)
        var (center, sizes): ([Int], [Int]) = ([], [])
        for axis in 0..<3 {
            let range = range(axis, using: &random)
            sizes.append(isCube ? cube : range.count)
            center.append(range.lowerBound + sizes[axis] / 2)
            let first = center[axis] - sizes[axis] / 2
            voxels[axis] = touching(first..<first + sizes[axis], axis)
        }
        let size = isCube ? "\(cube)" : sizes.map(String.init).joined(separator: ", ")
        items.append("AROUND (\(center[0]), \(center[1]), \(center[2])) SIZE \(size)")
    }

    private mutating func addRange(
        _ axis: Int, _ isWritten: Bool, _ firstParameter: Int, using random: inout SeededGenerator
    ) {
        let range = range(axis, using: &random)
        let all = frame.voxels(axis, level)
        switch Int.random(in: isWritten ? 3..<10 : 0..<10, using: &random) {
        case 0: voxels[axis] = all
        case 1:
            items.append("\(name(axis)) *")
            voxels[axis] = all
        case 2:
            items.append("\(name(axis)) \(range.lowerBound):")
            voxels[axis] = touching(range.lowerBound..<500, axis).filter { $0 <= all[all.count - 1] }
        case 3:
            let first = range.lowerBound
            items.append("\(name(axis)) \(first)")
            voxels[axis] = touching(first..<first + 1, axis)
            if voxels[axis].count == 1 { singleAxes.insert(axis) }
        case 4, 5: addLengths(axis, range, using: &random)
        case 6:
            let number = firstParameter + parameters.count
            items.append("\(name(axis)) $\(number):$\(number + 1)")
            parameters += [.integer(Int64(range.lowerBound)), .integer(Int64(range.upperBound))]
            voxels[axis] = touching(range, axis)
        default:
            items.append("\(name(axis)) \(range.lowerBound):\(range.upperBound)")
            voxels[axis] = touching(range, axis)
        }
    }

    /// A range in nanometers: the voxels of the named level that have a part in it.
    private mutating func addLengths(_ axis: Int, _ range: Range<Int>, using random: inout SeededGenerator) {
        let size = frame.voxelSize << named
        let low = range.lowerBound * size + Int.random(in: 0..<size, using: &random)
        let high = max(low + 1, range.upperBound * size - Int.random(in: 0..<size, using: &random))
        func text(_ tenths: Int) -> String {
            "\(tenths < 0 ? "-" : "")\(tenths.magnitude / 10).\(tenths.magnitude % 10)nm"
        }
        items.append("\(name(axis)) \(text(low)):\(text(high))")
        let touched = (-200..<400).filter { ($0 * size..<($0 + 1) * size).overlaps(low..<high) }
        voxels[axis] = touching(touched[0]..<touched[touched.count - 1] + 1, axis)
    }

    private mutating func addTime(using random: inout SeededGenerator) {
        switch Int.random(in: 0..<8, using: &random) {
        case 0:
            let sample = Int.random(in: 0..<frame.timeSampleCount, using: &random)
            items.append("T \(sample)")
            times = [sample]
        case 1:
            items.append(Bool.random(using: &random) ? "T *" : "T 0:\(frame.timeSampleCount)")
            (times, hasTimeAxis) = (Array(0..<frame.timeSampleCount), true)
        default: break
        }
    }

    private mutating func addPolicy(_ isWritten: Bool, using random: inout SeededGenerator) {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: items.append("OUTSIDE ERROR")
        case 1, 2:
            items.append("OUTSIDE CLIP")
            policy = .clip
        case 3 where !isWritten:
            items.append("OUTSIDE FILL 3")
            policy = .fill(3)
        case 4 where !isWritten:
            items.append("OUTSIDE FILL")
            policy = .fill(0)
        default: break
        }
    }

    // MARK: What it means

    /// The wanted voxels that exist, along each axis.
    var existing: [[Int]] {
        (0..<3).map { axis in
            let all = Set(frame.voxels(axis, level))
            return voxels[axis].filter(all.contains)
        }
    }

    /// What a result holds along each axis; nil for 22V01.
    var result: [[Int]]? {
        let isInside = zip(existing, voxels).allSatisfy { $0 == $1 }
        switch policy {
        case .error: return isInside ? voxels : nil
        case .clip: return existing.allSatisfy { !$0.isEmpty } ? existing : nil
        case .fill: return voxels
        }
    }
}
