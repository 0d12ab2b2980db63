/// IDs that are asked for: ranges that ascend and do not meet.
package struct LabelRanges: Hashable, Sendable {
    /// Ascending, disjoint.
    package let ranges: [ClosedRange<UInt64>]

    /// The union of ranges in any order.
    package init(_ ranges: [ClosedRange<UInt64>]) {
        var merged: [ClosedRange<UInt64>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound == 0 || range.lowerBound - 1 <= last.upperBound {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged
    }

    /// Single IDs.
    package init(ids: some Sequence<UInt64>) { self.init(ids.map { $0...$0 }) }

    /// Every ID.
    package static let all = LabelRanges([0...UInt64.max])

    /// Whether no ID is asked for.
    package var isEmpty: Bool { ranges.isEmpty }

    /// The first range that does not end before an ID.
    func index(reaching id: UInt64) -> Int {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < id { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Whether an ID is asked for.
    package func contains(_ id: UInt64) -> Bool {
        let index = index(reaching: id)
        return index < ranges.count && ranges[index].contains(id)
    }
}

extension PageSummary {
    /// Calls `body` with the labels that are asked for, ascending.
    func forEach<Failure: Error>(
        in wanted: LabelRanges, _ body: (PageLabel) throws(Failure) -> Void
    ) throws(Failure) {
        for range in wanted.ranges {
            var position = labels.firstIndex(notBelow: range.lowerBound)
            while position < labels.count, labels[position].id <= range.upperBound {
                try body(labels[position])
                position += 1
            }
        }
    }
}
