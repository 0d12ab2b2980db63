package import BossGeometry

extension RunArray {
    /// Fills a window with the voxels at a place of the array, other values in the place of its own.
    ///
    /// - Precondition: the box of the window's extent at `origin` lies inside the array.
    /// - Complexity: one call of `replacement` a value.
    package func fill(
        _ window: MutableVoxelWindow, from origin: VoxelPoint, replacing replacement: (UInt64) -> UInt64
    ) {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: valueCount) { values in
            withParts { palette, _, _ in
                for number in palette.indices { values[number] = replacement(palette[number]) }
            }
            fill(window, from: origin, palette: UnsafeBufferPointer(values))
        }
    }

    /// The array with other values in the place of its own; nil where every value stays.
    ///
    /// Runs that become equal are joined and values that become equal are counted once, so that the result is what a scan of
    /// its voxels would find.
    ///
    /// - Returns: the new array, and how many voxels have another value in it.
    /// - Complexity: one call of `replacement` a value, one pass over the runs.
    package func replacingValues(
        _ replacement: (UInt64) -> UInt64
    ) -> (array: RunArray, changedVoxelCount: Int)? {
        withParts { palette, rowStarts, runs in
            let values = palette.map(replacement)
            var isChanged = false
            for number in values.indices where values[number] != palette[number] { isChanged = true }
            guard isChanged else { return nil }
            let ordered = Self.sortedWithoutDuplicates(values)
            let numbers = values.map { UInt32(Self.position(of: $0, in: ordered)) << 16 }
            var joined: [UInt32] = []
            joined.reserveCapacity(runs.count)
            var starts: [UInt32] = []
            starts.reserveCapacity(rowStarts.count)
            var changed = 0
            for row in 0..<rowStarts.count - 1 {
                starts.append(UInt32(joined.count))
                var lower = 0
                var isFirst = true
                for index in Int(rowStarts[row])..<Int(rowStarts[row + 1]) {
                    let (end, number) = (runs[index] & 0xFFFF, Int(runs[index] >> 16))
                    if values[number] != palette[number] { changed += Int(end) - lower }
                    lower = Int(end)
                    if !isFirst, joined[joined.count - 1] & 0xFFFF_0000 == numbers[number] {
                        joined[joined.count - 1] = numbers[number] | end
                    } else {
                        joined.append(numbers[number] | end)
                    }
                    isFirst = false
                }
            }
            starts.append(UInt32(joined.count))
            let array = RunArray(extent: extent, valueCount: ordered.count, runCount: joined.count) {
                (palette, rowStarts, runs) in
                for index in ordered.indices { palette[index] = ordered[index] }
                for index in starts.indices { rowStarts[index] = starts[index] }
                for index in joined.indices { runs[index] = joined[index] }
            }
            return (array, changed)
        }
    }

    private static func sortedWithoutDuplicates(_ values: [UInt64]) -> [UInt64] {
        var ordered: [UInt64] = []
        ordered.reserveCapacity(values.count)
        for value in values.sorted() where ordered.last != value { ordered.append(value) }
        return ordered
    }

    private static func position(of value: UInt64, in ordered: [UInt64]) -> Int {
        var (low, high) = (0, ordered.count)
        while low < high {
            let middle = (low + high) / 2
            if ordered[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
