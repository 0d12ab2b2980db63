/// Labels of a region, collected part by part in any order.
struct FoundLabels: Sendable {
    /// Ascending, each ID once, as long as `isCombined`.
    private var parts: [LabelSummary] = []
    private var isCombined = true

    /// Parts beyond which those of the same ID are put together at once.
    private static let looseLimit = 1 << 18

    /// Bytes of memory.
    var byteCount: Int { parts.count * MemoryLayout<LabelSummary>.stride }

    /// The labels, ascending.
    var labels: [LabelSummary] {
        var combined = self
        combined.combine()
        return combined.parts
    }

    mutating func add(_ part: LabelSummary) {
        if let last = parts.last, last.id >= part.id { isCombined = false }
        parts.append(part)
    }

    mutating func merge(_ other: FoundLabels) {
        if parts.isEmpty {
            self = other
        } else if isCombined, other.isCombined, other.parts.count >= parts.count / 16 {
            parts = Self.merged(parts, other.parts)
        } else {
            isCombined = false
            parts += other.parts
            if parts.count > Self.looseLimit { combine() }
        }
    }

    /// Makes what was found in one cuboid what it reads as, each ID in one cuboid.
    mutating func finishCuboid(_ shown: ((UInt64) -> UInt64)?) {
        if let shown {
            for index in parts.indices { parts[index].rename(shown(parts[index].id)) }
            isCombined = false
        }
        guard !isCombined else { return }
        combine()
        for index in parts.indices { parts[index].isInOneCuboid() }
    }

    private mutating func combine() {
        guard !isCombined else { return }
        parts.sort { $0.id < $1.id }
        var kept = 0
        for index in parts.indices.dropFirst() {
            if parts[index].id == parts[kept].id {
                parts[kept].add(parts[index])
            } else {
                kept += 1
                parts[kept] = parts[index]
            }
        }
        parts.removeSubrange(min(kept + 1, parts.count)...)
        isCombined = true
    }

    private static func merged(_ left: [LabelSummary], _ right: [LabelSummary]) -> [LabelSummary] {
        var result: [LabelSummary] = []
        result.reserveCapacity(left.count + right.count)
        var (first, second) = (0, 0)
        while first < left.count, second < right.count {
            if left[first].id < right[second].id {
                result.append(left[first])
                first += 1
            } else if right[second].id < left[first].id {
                result.append(right[second])
                second += 1
            } else {
                var sum = left[first]
                sum.add(right[second])
                result.append(sum)
                first += 1
                second += 1
            }
        }
        result += left[first...]
        result += right[second...]
        return result
    }
}
