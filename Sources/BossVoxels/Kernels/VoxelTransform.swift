package import BossGeometry
import CVoxelKernels

/// Voxels that become others by a function of their value.
///
/// The function is called for runs of equal voxels, and not again for a value that was met shortly before: labels and
/// images of few values cost no more than reading and writing them.
package enum VoxelTransform {
    /// Writes what the voxels of a window become to another one of the same extent, with voxels of the same size or of
    /// one byte.
    ///
    /// - Parameter function: takes and gives bits in the low bytes.
    package static func apply(
        _ function: (UInt64) -> UInt64, to source: VoxelWindow, into target: MutableVoxelWindow
    ) {
        precondition(source.extent == target.extent, "windows of one extent")
        _ = transform(source.box, source.voxelByteCount, target.box, target.voxelByteCount, function)
    }

    /// Replaces the voxels of a window by what they become.
    ///
    /// - Returns: how many have another value now.
    package static func replace(in window: MutableVoxelWindow, by function: (UInt64) -> UInt64) -> Int {
        transform(window.box, window.voxelByteCount, window.box, window.voxelByteCount, function)
    }

    private static func transform(
        _ source: cvk_box, _ sourceByteCount: Int, _ target: cvk_box, _ targetByteCount: Int,
        _ function: (UInt64) -> UInt64
    ) -> Int {
        switch (sourceByteCount, targetByteCount) {
        case (1, 1): return transform(source, target, UInt8.self, UInt8.self, function)
        case (2, 1): return transform(source, target, UInt16.self, UInt8.self, function)
        case (4, 1): return transform(source, target, UInt32.self, UInt8.self, function)
        case (8, 1): return transform(source, target, UInt64.self, UInt8.self, function)
        case (2, 2): return transform(source, target, UInt16.self, UInt16.self, function)
        case (4, 4): return transform(source, target, UInt32.self, UInt32.self, function)
        case (8, 8): return transform(source, target, UInt64.self, UInt64.self, function)
        default: preconditionFailure("results have the size of their voxels, or one byte")
        }
    }

    private static func transform<Source: FixedWidthInteger, Target: FixedWidthInteger>(
        _ source: cvk_box, _ target: cvk_box, _: Source.Type, _: Target.Type, _ function: (UInt64) -> UInt64
    ) -> Int {
        guard source.x > 0, source.y > 0, source.z > 0 else { return 0 }
        let (first, start): (UnsafeMutableRawPointer, UnsafeMutableRawPointer) = (source.base, target.base)
        let value = first.loadUnaligned(as: Source.self)
        return withMemory(of: UInt64(truncatingIfNeeded: value), function) { memory in
            var changed = 0
            var last = value
            var result = Target(truncatingIfNeeded: memory.value(UInt64(truncatingIfNeeded: last), function))
            for z in 0..<source.z {
                for y in 0..<source.y {
                    let from = first + (z &* source.plane_stride &+ y &* source.row_stride)
                    let to = start + (z &* target.plane_stride &+ y &* target.row_stride)
                    for x in 0..<source.x {
                        let voxel = from.loadUnaligned(
                            fromByteOffset: x &* MemoryLayout<Source>.size, as: Source.self)
                        if voxel != last {
                            last = voxel
                            result = Target(
                                truncatingIfNeeded: memory.value(UInt64(truncatingIfNeeded: voxel), function))
                        }
                        to.storeBytes(
                            of: result, toByteOffset: x &* MemoryLayout<Target>.size, as: Target.self)
                        changed &+= Source(truncatingIfNeeded: result) == voxel ? 0 : 1
                    }
                }
            }
            return changed
        }
    }

    /// Values and what became of them, each at the one place that its bits name.
    private struct Memory {
        static let slotCount = 1 << 10
        /// Pairs of a value and its result.
        let slots: UnsafeMutablePointer<(value: UInt64, result: UInt64)>

        func value(_ bits: UInt64, _ function: (UInt64) -> UInt64) -> UInt64 {
            let mixed = bits ^ bits >> 10 ^ bits >> 20 ^ bits >> 40
            let slot = slots + Int(truncatingIfNeeded: mixed & UInt64(Self.slotCount - 1))
            if slot.pointee.value != bits { slot.pointee = (bits, function(bits)) }
            return slot.pointee.result
        }
    }

    /// Every place holds the first voxel's value to begin with, so that none is empty.
    private static func withMemory(
        of bits: UInt64, _ function: (UInt64) -> UInt64, _ body: (Memory) -> Int
    ) -> Int {
        withUnsafeTemporaryAllocation(
            of: (value: UInt64, result: UInt64).self, capacity: Memory.slotCount
        ) { slots in
            guard let base = slots.baseAddress else { return 0 }
            slots.initialize(repeating: (bits, function(bits)))
            return body(Memory(slots: base))
        }
    }
}

extension RunArray {
    /// Fills a window like `fill`, with what the values become: the function is called once a value of the palette.
    package func fill(
        _ window: MutableVoxelWindow, from origin: VoxelPoint, by function: (UInt64) -> UInt64
    ) {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: valueCount) { mapped in
            withParts { palette, _, _ in
                for (place, value) in palette.enumerated() {
                    mapped.initializeElement(at: place, to: function(value))
                }
            }
            fill(window, from: origin, palette: UnsafeBufferPointer(mapped))
        }
    }

    /// Whether a value fulfils a condition.
    package func containsValue(where condition: (UInt64) -> Bool) -> Bool {
        withParts { palette, _, _ in palette.contains(where: condition) }
    }

    /// The largest value.
    package var largestValue: UInt64 { withParts { palette, _, _ in palette[palette.count - 1] } }
}
