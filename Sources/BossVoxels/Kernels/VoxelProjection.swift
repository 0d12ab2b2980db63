package import BossGeometry

/// What is kept of the voxels along axes that a projection drops.
package enum VoxelProjectionFunction: Sendable {
    case maximum, minimum, mean, standardDeviation, sum
    /// Voxels that are not background.
    case count

    /// The type of the result.
    package func result(of type: VoxelType) -> VoxelType {
        switch self {
        case .maximum, .minimum: type
        case .mean, .standardDeviation: .float32
        case .sum: !type.isInteger ? .float64 : type.isUnsigned ? .uint64 : .int64
        case .count: .uint32
        }
    }
}

/// A projection under way: an accumulator for every voxel of the result.
///
/// NaN is passed over; where there is nothing else the extremes, the mean and the deviation are NaN. Integers are added
/// exactly. The deviation is that of the population, by Welford's recurrence (Technometrics 4, 1962).
///
/// Several threads may add at once if their parts fall on different accumulators; that is the proof behind
/// `@unchecked Sendable`.
package final class VoxelProjection: @unchecked Sendable {
    let function: VoxelProjectionFunction
    let type: VoxelType
    let backgroundBits: UInt64
    /// The voxels that are folded, all along the axes that are dropped.
    let box: VoxelBox
    /// Steps between accumulators along each axis, 0 along one that is dropped.
    private let stride: VoxelExtent
    package let count: Int
    let values: UnsafeMutableRawPointer
    /// Sums of squared differences from the mean.
    let spreads: UnsafeMutablePointer<Double>?
    /// Numbers that were added; only kept where NaN may be among them.
    let counts: UnsafeMutablePointer<UInt32>?

    /// - Precondition: the box has fewer than 2^32 voxels along the dropped axes.
    package init(
        _ function: VoxelProjectionFunction, of type: VoxelType, background: UInt64, in box: VoxelBox,
        dropping dropped: Set<SpatialAxis>
    ) {
        (self.function, self.type, self.backgroundBits, self.box) = (function, type, background, box)
        func length(_ axis: SpatialAxis) -> Int { dropped.contains(axis) ? 1 : box.extent[axis] }
        stride = VoxelExtent(
            x: dropped.contains(.x) ? 0 : 1, y: dropped.contains(.y) ? 0 : length(.x),
            z: dropped.contains(.z) ? 0 : length(.x) * length(.y))
        count = length(.x) * length(.y) * length(.z)
        values = .allocate(byteCount: max(1, count) * 8, alignment: 64)
        values.initializeMemory(as: UInt8.self, repeating: 0, count: count * 8)
        let count = count
        func array<Value>(_ zero: Value) -> UnsafeMutablePointer<Value> {
            let array = UnsafeMutablePointer<Value>.allocate(capacity: max(1, count))
            array.initialize(repeating: zero, count: count)
            return array
        }
        spreads = function == .standardDeviation ? array(0) : nil
        counts = function == .standardDeviation || (function == .mean && !type.isInteger) ? array(0) : nil
        fillExtremes()
    }

    deinit {
        values.deallocate()
        spreads?.deallocate()
        counts?.deallocate()
    }

    /// Adds voxels.
    ///
    /// - Parameters:
    ///   - part: what is added, inside of `memoryBox`.
    ///   - memory: dense voxels of `memoryBox`, which lies inside the projection's box.
    /// - Returns: false where a sum leaves its type.
    package func add(_ part: VoxelBox, from memory: UnsafeRawPointer, of memoryBox: VoxelBox) -> Bool {
        switch type {
        case .uint8: add(part, memory, memoryBox, UInt8.self)
        case .uint16: add(part, memory, memoryBox, UInt16.self)
        case .uint32: add(part, memory, memoryBox, UInt32.self)
        case .uint64: add(part, memory, memoryBox, UInt64.self)
        case .int8: add(part, memory, memoryBox, Int8.self)
        case .int16: add(part, memory, memoryBox, Int16.self)
        case .int32: add(part, memory, memoryBox, Int32.self)
        case .int64: add(part, memory, memoryBox, Int64.self)
        case .float32: add(part, memory, memoryBox, Float.self)
        case .float64: add(part, memory, memoryBox, Double.self)
        }
    }

    /// Calls `body` for every row of a part: its voxels, its first accumulator, their number.
    @inline(__always)
    private func forEachRow<Element>(
        _ part: VoxelBox, _ memory: UnsafeRawPointer, _ memoryBox: VoxelBox, _: Element.Type,
        _ body: (UnsafePointer<Element>, Int, Int) -> Void
    ) {
        let (extent, rowLength, lower) = (memoryBox.extent, part.extent.x, part.lower)
        let voxels = memory.assumingMemoryBound(to: Element.self) + (lower.x - memoryBox.lower.x)
        for z in part[.z] {
            let plane = (z - memoryBox.lower.z) * extent.y
            let layer = (z - box.lower.z) * stride.z + (lower.x - box.lower.x) * stride.x
            for y in part[.y] {
                let row = plane + (y - memoryBox.lower.y)
                let target = layer + (y - box.lower.y) * stride.y
                body(voxels + row * extent.x, target, rowLength)
            }
        }
    }

    /// Folds rows into accumulators: one a voxel, or one a row.
    @inline(__always)
    private func fold<Element, Accumulator>(
        _ part: VoxelBox, _ memory: UnsafeRawPointer, _ memoryBox: VoxelBox, _ element: Element.Type,
        _: Accumulator.Type, _ body: (Accumulator, Element) -> Accumulator
    ) {
        let accumulators = values.assumingMemoryBound(to: Accumulator.self)
        forEachRow(part, memory, memoryBox, element) { row, target, count in
            if stride.x == 0 {
                var total = accumulators[target]
                for x in 0..<count { total = body(total, row[x]) }
                accumulators[target] = total
            } else {
                let first = accumulators + target
                for x in 0..<count { first[x] = body(first[x], row[x]) }
            }
        }
    }

    private func add<Element: FixedWidthInteger>(
        _ part: VoxelBox, _ memory: UnsafeRawPointer, _ memoryBox: VoxelBox, _ element: Element.Type
    ) -> Bool {
        switch function {
        case .maximum: fold(part, memory, memoryBox, element, Element.self) { max($0, $1) }
        case .minimum: fold(part, memory, memoryBox, element, Element.self) { min($0, $1) }
        case .count:
            let background = Element(truncatingIfNeeded: backgroundBits)
            fold(part, memory, memoryBox, element, UInt32.self) { $0 &+ ($1 == background ? 0 : 1) }
        case .sum, .mean:
            // Fewer than 2^32 numbers of 32 bits stay within 64.
            if Element.bitWidth < 64 {
                fold(part, memory, memoryBox, element, Int64.self) { $0 &+ Int64(truncatingIfNeeded: $1) }
            } else if function == .mean {
                fold(part, memory, memoryBox, element, Double.self) { $0 + Double($1) }
            } else {
                var isOver = false
                fold(part, memory, memoryBox, element, Element.self) { total, value in
                    let (sum, overflow) = total.addingReportingOverflow(value)
                    isOver = isOver || overflow
                    return sum
                }
                return !isOver
            }
        case .standardDeviation: addSpread(part, memory, memoryBox, element) { Double($0) }
        }
        return true
    }

    private func add<Element: BinaryFloatingPoint>(
        _ part: VoxelBox, _ memory: UnsafeRawPointer, _ memoryBox: VoxelBox, _ element: Element.Type
    ) -> Bool {
        switch function {
        case .maximum:
            fold(part, memory, memoryBox, element, Element.self) { $1 > $0 || $0.isNaN ? $1 : $0 }
        case .minimum:
            fold(part, memory, memoryBox, element, Element.self) { $1 < $0 || $0.isNaN ? $1 : $0 }
        case .count:
            let background = Element(type.number(ofBits: backgroundBits))
            fold(part, memory, memoryBox, element, UInt32.self) { $0 &+ ($1 == background ? 0 : 1) }
        case .sum: fold(part, memory, memoryBox, element, Double.self) { $1.isNaN ? $0 : $0 + Double($1) }
        case .mean:
            fold(part, memory, memoryBox, element, Double.self) { $1.isNaN ? $0 : $0 + Double($1) }
            guard let counts else { return true }
            forEachRow(part, memory, memoryBox, element) { row, target, count in
                for x in 0..<count where !row[x].isNaN { counts[target + x * stride.x] &+= 1 }
            }
        case .standardDeviation: addSpread(part, memory, memoryBox, element) { Double($0) }
        }
        return true
    }

    @inline(__always)
    private func addSpread<Element>(
        _ part: VoxelBox, _ memory: UnsafeRawPointer, _ memoryBox: VoxelBox, _ element: Element.Type,
        _ number: (Element) -> Double
    ) {
        guard let counts, let spreads else { return }
        let means = values.assumingMemoryBound(to: Double.self)
        forEachRow(part, memory, memoryBox, element) { row, target, count in
            for x in 0..<count {
                let (value, place) = (number(row[x]), target + x * stride.x)
                if value.isNaN { continue }
                counts[place] &+= 1
                let difference = value - means[place]
                means[place] += difference / Double(counts[place])
                spreads[place] += difference * (value - means[place])
            }
        }
    }

    /// Before the first voxel the extremes are what every voxel exceeds.
    private func fillExtremes() {
        guard function == .maximum || function == .minimum else { return }
        func fill<Element>(_ low: Element, _ high: Element) {
            values.assumingMemoryBound(to: Element.self).update(
                repeating: function == .maximum ? low : high, count: count)
        }
        switch type {
        case .uint8: fill(UInt8.min, .max)
        case .uint16: fill(UInt16.min, .max)
        case .uint32: fill(UInt32.min, .max)
        case .uint64: fill(UInt64.min, .max)
        case .int8: fill(Int8.min, .max)
        case .int16: fill(Int16.min, .max)
        case .int32: fill(Int32.min, .max)
        case .int64: fill(Int64.min, .max)
        case .float32: fill(Float.nan, .nan)
        case .float64: fill(Double.nan, .nan)
        }
    }

    /// Writes the result, dense, of the function's type.
    ///
    /// - Parameter foldedCount: voxels that every accumulator got.
    package func finish(foldedCount: Int, into memory: UnsafeMutableRawPointer) {
        switch function {
        case .maximum, .minimum, .sum, .count:
            memory.copyMemory(from: values, byteCount: count * function.result(of: type).byteCount)
        case .mean:
            let result = memory.assumingMemoryBound(to: Float.self)
            for index in 0..<count {
                let number = counts.map { Double($0[index]) } ?? Double(foldedCount)
                result[index] = Float(number == 0 ? .nan : total(index) / number)
            }
        case .standardDeviation:
            guard let counts, let spreads else { return }
            let result = memory.assumingMemoryBound(to: Float.self)
            for index in 0..<count {
                result[index] = Float(
                    counts[index] == 0 ? .nan : (spreads[index] / Double(counts[index])).squareRoot())
            }
        }
    }

    private func total(_ index: Int) -> Double {
        type.isInteger && type.byteCount < 8
            ? Double((values + index * 8).load(as: Int64.self)) : (values + index * 8).load(as: Double.self)
    }
}
