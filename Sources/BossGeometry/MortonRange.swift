/// The Morton codes of a block of the cuboid grid: in order, as runs, and by search.
///
/// Everything here compares single axes of codes without taking them apart: the bits of one axis, left
/// where they are and masked, order like the coordinate itself.
///
/// Source of `bigmin` and `litmax`: H. Tropf, H. Herzog, "Multidimensional Range Search in Dynamically
/// Balanced Trees", Angewandte Informatik, 1981.
extension CuboidRange {
    /// Every third bit from bit 0, the bits of x; those of y and z are one and two places further left.
    private static let xBits: UInt64 = 0x1249_2492_4924_9249
    /// The highest bit of a code.
    private static let topBit = 3 * MortonCode.bitsPerAxis - 1

    private static func bits(ofAxis axis: Int) -> UInt64 { xBits << UInt64(axis) }

    /// Whether the cuboid lies in the block.
    public func contains(_ index: CuboidIndex) -> Bool {
        lower.x <= index.x && index.x <= upper.x && lower.y <= index.y && index.y <= upper.y
            && lower.z <= index.z && index.z <= upper.z
    }

    /// Whether the code's cuboid lies in the block.
    public func contains(_ code: MortonCode) -> Bool { contains(code.index) }

    /// The codes of all cuboids of the block, ascending.
    ///
    /// - Precondition: the block has at most 2^32 cuboids; a caller's budget is usually far below.
    /// - Complexity: as `forEachMortonRun`, plus one step a cuboid.
    public func mortonCodes() -> [MortonCode] {
        precondition(count <= 1 << 32, "a list of at most 2^32 codes")
        var codes: [MortonCode] = []
        codes.reserveCapacity(count)
        forEachMortonRun { run in
            for code in run { codes.append(MortonCode(unchecked: code)) }
        }
        return codes
    }

    /// Calls `body` with the block's codes as runs, ascending and as long as possible: a code is missing
    /// between a run and the next.
    ///
    /// Descends from the smallest octant that holds the block into those that it cuts. An octant is
    /// named by its first code and its level alone, so the walk needs neither recursion nor a stack.
    /// - Complexity: O(octants on the block's surface), at most 21 levels deep, without allocation.
    public func forEachMortonRun<Failure: Error>(
        _ body: (ClosedRange<UInt64>) throws(Failure) -> Void
    ) throws(Failure) {
        let low = MortonCode(unchecked: lower).rawValue
        let high = MortonCode(unchecked: upper).rawValue
        // Both corners agree above `level`, so one octant of that level holds the block.
        let rootLevel = (UInt64.bitWidth - (low ^ high).leadingZeroBitCount + 2) / 3
        var level = rootLevel
        var first = (low >> UInt64(3 * level)) << UInt64(3 * level)
        var pending: ClosedRange<UInt64>?
        while true {
            let last = first | ((1 << UInt64(3 * level)) &- 1)
            switch Self.relation(first, last, low, high) {
            case .cut:
                level -= 1
                continue
            case .inside:
                if let run = pending, run.upperBound &+ 1 == first {
                    pending = run.lowerBound...last
                } else {
                    if let run = pending { try body(run) }
                    pending = first...last
                }
            case .outside:
                break
            }
            if level == rootLevel || last >= high { break }
            first = last &+ 1
            // After the eighth child comes the next octant of the parent's level, or above.
            while first >> UInt64(3 * level) & 7 == 0 { level += 1 }
        }
        if let run = pending { try body(run) }
    }

    private enum Relation {
        case outside, cut, inside
    }

    /// How the octant of codes `first...last` lies to the block with corners `low` and `high`.
    private static func relation(
        _ first: UInt64, _ last: UInt64, _ low: UInt64, _ high: UInt64
    ) -> Relation {
        var relation = Relation.inside
        for axis in 0..<3 {
            let mask = bits(ofAxis: axis)
            let (octantLow, octantHigh) = (first & mask, last & mask)
            let (blockLow, blockHigh) = (low & mask, high & mask)
            #if SEEDED_DEFECTS
                if SeededDefect.isOn(.octantOffByOne), octantHigh == blockLow { return .outside }
            #endif
            if octantHigh < blockLow || octantLow > blockHigh { return .outside }
            if octantLow < blockLow || octantHigh > blockHigh { relation = .cut }
        }
        return relation
    }

    /// The smallest code of the block that is not below the given one, which may itself be it.
    ///
    /// - Returns: nil if the whole block lies below the code.
    /// - Complexity: O(1), 63 steps.
    public func bigmin(after code: MortonCode) -> MortonCode? {
        let key = code.rawValue
        var low = MortonCode(unchecked: lower).rawValue
        var high = MortonCode(unchecked: upper).rawValue
        var candidate: MortonCode?
        for position in stride(from: Self.topBit, through: 0, by: -1) {
            switch (Self.bit(key, position), Self.bit(low, position), Self.bit(high, position)) {
            case (false, false, true):
                // The upper half starts above the key; the answer may still be in the lower one.
                candidate = MortonCode(unchecked: Self.startOfUpperHalf(low, position))
                #if SEEDED_DEFECTS
                    if SeededDefect.isOn(.bigminOnePattern), key & 7 == 5 { return candidate }
                #endif
                high = Self.endOfLowerHalf(high, position)
            case (false, true, true): return MortonCode(unchecked: low)
            case (true, false, false): return candidate
            case (true, false, true): low = Self.startOfUpperHalf(low, position)
            default: break
            }
        }
        return code
    }

    /// The largest code of the block that is not above the given one, which may itself be it.
    ///
    /// - Returns: nil if the whole block lies above the code.
    /// - Complexity: O(1), 63 steps.
    public func litmax(before code: MortonCode) -> MortonCode? {
        let key = code.rawValue
        var low = MortonCode(unchecked: lower).rawValue
        var high = MortonCode(unchecked: upper).rawValue
        var candidate: MortonCode?
        for position in stride(from: Self.topBit, through: 0, by: -1) {
            switch (Self.bit(key, position), Self.bit(low, position), Self.bit(high, position)) {
            case (true, false, true):
                // The lower half ends below the key; the answer may still be in the upper one.
                candidate = MortonCode(unchecked: Self.endOfLowerHalf(high, position))
                low = Self.startOfUpperHalf(low, position)
            case (true, false, false): return MortonCode(unchecked: high)
            case (false, true, true): return candidate
            case (false, false, true): high = Self.endOfLowerHalf(high, position)
            default: break
            }
        }
        return code
    }

    private static func bit(_ code: UInt64, _ position: Int) -> Bool { code >> UInt64(position) & 1 == 1 }

    /// The code with this bit set and the lower bits of its axis cleared.
    private static func startOfUpperHalf(_ code: UInt64, _ position: Int) -> UInt64 {
        let bit: UInt64 = 1 << UInt64(position)
        return code & ~(bits(ofAxis: position % 3) & (bit &- 1)) | bit
    }

    /// The code with this bit cleared and the lower bits of its axis set.
    private static func endOfLowerHalf(_ code: UInt64, _ position: Int) -> UInt64 {
        let bit: UInt64 = 1 << UInt64(position)
        return (code | (bits(ofAxis: position % 3) & (bit &- 1))) & ~bit
    }
}
