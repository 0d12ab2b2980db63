import BossStorage

/// A set of IDs as ranges: what a condition such as `id IN (7, 9) OR id >= 100` leaves.
///
/// Ranges are closed, ascending, and never touch: `1...3` and `4...9` are one range.
public struct IDCondition: Hashable, Sendable {
    /// Disjoint and ascending; empty when no ID fulfils the condition.
    public let ranges: [ClosedRange<UInt64>]

    /// Every ID.
    public static let all = IDCondition([0...UInt64.max])
    /// No ID.
    public static let none = IDCondition([])

    /// The union of some ranges, in any order.
    public init(_ ranges: [ClosedRange<UInt64>]) {
        var merged: [ClosedRange<UInt64>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            // An end of 2^64 - 1 has no successor, and holds everything that may follow.
            if let last = merged.last, last.upperBound == .max || range.lowerBound <= last.upperBound + 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged
    }

    /// These IDs.
    public init(ids: some Sequence<UInt64>) { self.init(ids.map { $0...$0 }) }

    /// The same for the engine.
    var labelRanges: LabelRanges { LabelRanges(ranges) }

    /// Whether an ID is meant.
    ///
    /// - Complexity: logarithmic in the number of ranges.
    public func contains(_ id: UInt64) -> Bool {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < id { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].lowerBound <= id
    }

    /// IDs in one of two sets.
    public func union(_ other: IDCondition) -> IDCondition { IDCondition(ranges + other.ranges) }

    /// IDs in both of two sets.
    public func intersection(_ other: IDCondition) -> IDCondition {
        var (left, right) = (0, 0)
        var common: [ClosedRange<UInt64>] = []
        while left < ranges.count, right < other.ranges.count {
            let (first, second) = (ranges[left], other.ranges[right])
            let lower = max(first.lowerBound, second.lowerBound)
            let upper = min(first.upperBound, second.upperBound)
            if lower <= upper { common.append(lower...upper) }
            if first.upperBound < second.upperBound { left += 1 } else { right += 1 }
        }
        return IDCondition(common)
    }

    /// All other IDs.
    public var complement: IDCondition {
        var gaps: [ClosedRange<UInt64>] = []
        var next: UInt64 = 0
        for range in ranges {
            if range.lowerBound > next { gaps.append(next...range.lowerBound - 1) }
            guard range.upperBound < .max else { return IDCondition(gaps) }
            next = range.upperBound + 1
        }
        return IDCondition(gaps + [next...UInt64.max])
    }

    /// The only IDs that fulfil the condition, ascending, if they are at most `limit`.
    public func members(limit: Int) -> [UInt64]? {
        var count = 0
        for range in ranges {
            let size = range.upperBound - range.lowerBound
            guard size < UInt64(limit), count + Int(size) < limit else { return nil }
            count += Int(size) + 1
        }
        return ranges.flatMap { Array($0) }
    }
}

extension IDCondition: CustomStringConvertible {
    /// `7, 9, 100 to 200`, with the first few ranges only.
    public var description: String {
        guard !ranges.isEmpty else { return "none" }
        let shown = ranges.prefix(6).map { range in
            range.lowerBound == range.upperBound
                ? "\(range.lowerBound)"
                : "\(range.lowerBound) to \(range.upperBound)"
        }
        let rest = ranges.count - shown.count
        return shown.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }
}
