import BossGeometry

/// Rows from and to memory.
enum VoxelRowLoad {
    /// Widens voxels to their carrier.
    static func load(
        _ source: UnsafeRawPointer, _ type: VoxelType, _ count: Int, to out: UnsafeMutableRawPointer
    ) {
        switch type {
        case .uint8: VoxelRowMath.map(source, out, count) { (value: UInt8) in Int64(value) }
        case .uint16: VoxelRowMath.map(source, out, count) { (value: UInt16) in Int64(value) }
        case .uint32: VoxelRowMath.map(source, out, count) { (value: UInt32) in Int64(value) }
        case .int8: VoxelRowMath.map(source, out, count) { (value: Int8) in Int64(value) }
        case .int16: VoxelRowMath.map(source, out, count) { (value: Int16) in Int64(value) }
        case .int32: VoxelRowMath.map(source, out, count) { (value: Int32) in Int64(value) }
        case .float32: VoxelRowMath.map(source, out, count) { (value: Float) in Double(value) }
        case .uint64, .int64, .float64: out.copyMemory(from: source, byteCount: count * 8)
        }
    }

    /// Coordinates of the voxels of a row.
    static func coordinates(_ axis: Axis, _ row: VoxelRow, to out: UnsafeMutableRawPointer) {
        let output = out.assumingMemoryBound(to: Int64.self)
        let (extent, lower) = (row.box.extent, row.box.lower)
        var (x, y) = (row.start % extent.x, row.start / extent.x % extent.y)
        var z = row.start / extent.x / extent.y
        var done = 0
        while done < row.count {
            let part = min(row.count - done, extent.x - x)
            switch axis {
            case .x: for index in 0..<part { output[done + index] = Int64(lower.x + x + index) }
            case .y: (output + done).update(repeating: Int64(lower.y + y), count: part)
            case .z: (output + done).update(repeating: Int64(lower.z + z), count: part)
            case .t: (output + done).update(repeating: Int64(row.time), count: part)
            }
            done += part
            x = 0
            y += 1
            if y == extent.y { (y, z) = (0, z + 1) }
        }
    }
}

/// Rows of results to memory.
enum VoxelRowStore {
    /// Narrows what a carrier holds, which the type holds too.
    static func store(
        _ register: UnsafeRawPointer, as carrier: VoxelCarrier, _ type: VoxelType, _ count: Int,
        to memory: UnsafeMutableRawPointer
    ) {
        if carrier == .truth { return memory.copyMemory(from: register, byteCount: count) }
        switch type {
        case .uint8, .int8:
            VoxelRowMath.map(register, memory, count) { (value: UInt64) in UInt8(truncatingIfNeeded: value) }
        case .uint16, .int16:
            VoxelRowMath.map(register, memory, count) { (value: UInt64) in UInt16(truncatingIfNeeded: value) }
        case .uint32, .int32:
            VoxelRowMath.map(register, memory, count) { (value: UInt64) in UInt32(truncatingIfNeeded: value) }
        case .float32: VoxelRowMath.map(register, memory, count) { (value: Double) in Float(value) }
        case .uint64, .int64, .float64: memory.copyMemory(from: register, byteCount: count * 8)
        }
    }
}

extension VoxelRowMath {
    /// Numbers of a carrier as numbers of a type, or the nearest ones of it.
    ///
    /// Fractions are rounded, halves to even. NaN is 0 where it saturates.
    func narrow(
        _ carrier: VoxelCarrier, _ type: VoxelType, isSaturating: Bool, _ a: UnsafeRawPointer,
        _ out: UnsafeMutableRawPointer
    ) -> Bool {
        if type == .float32 { return narrowToFloat(carrier, isSaturating: isSaturating, a, out) }
        switch (carrier, VoxelCarrier(type)) {
        case (.float64, .uint64): return round(UInt64.self, type, isSaturating, a, out)
        case (.float64, _): return round(Int64.self, type, isSaturating, a, out)
        case (.uint64, .uint64): return clamp(UInt64.self, UInt64.self, type, isSaturating, a, out)
        case (.uint64, _): return clamp(UInt64.self, Int64.self, type, isSaturating, a, out)
        case (_, .uint64): return clamp(Int64.self, UInt64.self, type, isSaturating, a, out)
        default: return clamp(Int64.self, Int64.self, type, isSaturating, a, out)
        }
    }

    @inline(__always)
    private func clamp<Source: FixedWidthInteger, Target: FixedWidthInteger>(
        _: Source.Type, _: Target.Type, _ type: VoxelType, _ isSaturating: Bool, _ a: UnsafeRawPointer,
        _ out: UnsafeMutableRawPointer
    ) -> Bool {
        let (low, high): (Target, Target) = Self.bounds(type)
        return checked(a, out) { (value: Source) in
            let nearest = max(low, min(high, Target(clamping: value)))
            return (nearest, !isSaturating && nearest != value)
        }
    }

    @inline(__always)
    private func round<Target: FixedWidthInteger>(
        _: Target.Type, _ type: VoxelType, _ isSaturating: Bool, _ a: UnsafeRawPointer,
        _ out: UnsafeMutableRawPointer
    ) -> Bool {
        let (low, high): (Target, Target) = Self.bounds(type)
        if type.byteCount <= 4 {
            return roundNarrow(Int64(low), Int64(high), isSaturating, a, out)
        }
        // The first number above the type is a power of two, which FLOAT64 holds exactly.
        let (lowest, above) = (Double(low), Double(high / 2 + 1) * 2)
        return checked(a, out) { (value: Double) in
            let whole = value.rounded(.toNearestOrEven)
            if whole >= lowest && whole < above { return (Target(whole), false) }
            return (whole.isNaN ? 0 : whole < lowest ? low : high, !isSaturating)
        }
    }

    /// Rounds by adding a number so large that fractions have no place beside it, which vector instructions can do.
    private func roundNarrow(
        _ low: Int64, _ high: Int64, _ isSaturating: Bool, _ a: UnsafeRawPointer,
        _ out: UnsafeMutableRawPointer
    ) -> Bool {
        let (large, limit) = (0x1.8p52, 0x1p40)
        let offset = Int64(bitPattern: large.bitPattern)
        return checked(a, out) { (value: Double) in
            let number = value.isNaN ? 0 : max(-limit, min(limit, value))
            let whole = Int64(bitPattern: (number + large).bitPattern) &- offset
            let nearest = max(low, min(high, whole))
            return (nearest, !isSaturating && (nearest != whole || value.isNaN))
        }
    }

    private func narrowToFloat(
        _ carrier: VoxelCarrier, isSaturating: Bool, _ a: UnsafeRawPointer, _ out: UnsafeMutableRawPointer
    ) -> Bool {
        switch carrier {
        // Rounded once, not to FLOAT64 first.
        case .uint64: Self.map(a, out, count) { (value: UInt64) in Double(Float(value)) }
        case .int64, .truth: Self.map(a, out, count) { (value: Int64) in Double(Float(value)) }
        case .float64:
            return checked(a, out) { (value: Double) in
                let narrow = Float(value)
                guard narrow.isInfinite, value.isFinite else { return (Double(narrow), false) }
                let largest = Double(Float.greatestFiniteMagnitude)
                return (value < 0 ? -largest : largest, !isSaturating)
            }
        }
        return false
    }

    private static func bounds<Target: FixedWidthInteger>(_ type: VoxelType) -> (Target, Target) {
        let range = ValueRange(of: type) ?? .int64
        return (Target(truncatingIfNeeded: range.lower), Target(truncatingIfNeeded: range.upper))
    }
}
