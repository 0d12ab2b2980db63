import BossGeometry
import BossVoxels

@testable import BossDatabase

/// The number that a voxel's bits stand for.
func number(_ bits: UInt64, _ type: VoxelType) -> Double {
    switch type {
    case .uint8, .uint16, .uint32, .uint64: Double(bits)
    case .int8, .int16, .int32, .int64: Double(integer(bits, type))
    case .float32: Double(Float(bitPattern: UInt32(bits)))
    case .float64: Double(bitPattern: bits)
    }
}

/// The integer that a voxel's bits stand for.
func integer(_ bits: UInt64, _ type: VoxelType) -> Int128 {
    let width = UInt64(8 * type.byteCount)
    if type.isUnsigned || bits >> (width - 1) == 0 { return Int128(bits) }
    return Int128(bits) - Int128(1) << Int128(width)
}

/// The definitions of `ReductionMethod`, one voxel at a time.
enum NaiveReduction {
    /// A coarser level from the one below it.
    ///
    /// - Parameters:
    ///   - box: the voxels of the coarser level.
    ///   - factors: voxels of the finer level along each axis; those outside it count for nothing.
    static func reduce(
        _ source: ModelVolume, to box: VoxelBox, factors: VoxelExtent, _ method: ReductionMethod,
        _ type: VoxelType
    ) -> ModelVolume {
        var result = ModelVolume(box, filledWith: 0)
        var at = 0
        for z in box.lower.z..<box.upper.z {
            for y in box.lower.y..<box.upper.y {
                for x in box.lower.x..<box.upper.x {
                    let window = VoxelBox(
                        x: x * factors.x..<(x + 1) * factors.x, y: y * factors.y..<(y + 1) * factors.y,
                        z: z * factors.z..<(z + 1) * factors.z)
                    if let part = window.intersection(source.box) {
                        result.voxels[at] = value(source.part(part).voxels, method, type)
                    }
                    at += 1
                }
            }
        }
        return result
    }

    private static func value(_ window: [UInt64], _ method: ReductionMethod, _ type: VoxelType) -> UInt64 {
        switch method {
        case .mean: return mean(window, type)
        case .mode: return mode(window)
        case .stride: return window[0]
        case .minimum: return window.min { number($0, type) < number($1, type) } ?? 0
        case .maximum: return window.max { number($0, type) < number($1, type) } ?? 0
        }
    }

    /// Integers round half to even.
    private static func mean(_ window: [UInt64], _ type: VoxelType) -> UInt64 {
        guard type.isInteger else {
            let mean = window.reduce(0) { $0 + number($1, type) } / Double(window.count)
            return type == .float32 ? UInt64(Float(mean).bitPattern) : mean.bitPattern
        }
        let sum = window.reduce(Int128(0)) { $0 + integer($1, type) }
        let count = Int128(window.count)
        var quotient = sum / count
        if sum % count < 0 { quotient -= 1 }
        let twice = 2 * (sum - quotient * count)
        if twice > count || (twice == count && quotient % 2 != 0) { quotient += 1 }
        return UInt64(truncatingIfNeeded: quotient)
            & (type.byteCount == 8 ? .max : 1 << UInt64(8 * type.byteCount) - 1)
    }

    /// Of equally frequent values the smallest other than 0.
    private static func mode(_ window: [UInt64]) -> UInt64 {
        var counts: [UInt64: Int] = [:]
        for value in window { counts[value, default: 0] += 1 }
        let most = counts.values.max() ?? 0
        let candidates = counts.filter { $0.value == most }.keys.sorted()
        return candidates.first { $0 != 0 } ?? 0
    }

    /// Every stored level above one, made level by level.
    static func levels(
        above base: ModelVolume, _ hierarchy: ResolutionHierarchy, _ method: ReductionMethod,
        _ type: VoxelType
    ) throws -> [ResolutionLevel: ModelVolume] {
        var levels = [try ResolutionLevel(level: hierarchy.baseResolution): base]
        for isIsotropic in [false, true] {
            guard hierarchy.lastLevel > hierarchy.baseResolution else { continue }
            for number in hierarchy.baseResolution + 1...hierarchy.lastLevel {
                let level = try ResolutionLevel(level: number, isIsotropic: isIsotropic)
                guard !isIsotropic || hierarchy.hasIsotropicChain, hierarchy.stored(level) == level,
                    let source = hierarchy.source(of: level), let below = levels[source]
                else { continue }
                let (fine, coarse) = (hierarchy.scale(of: source), hierarchy.scale(of: level))
                let factors = VoxelExtent(x: coarse.x / fine.x, y: coarse.y / fine.y, z: coarse.z / fine.z)
                levels[level] = reduce(below, to: hierarchy.box(at: level), factors: factors, method, type)
            }
        }
        return levels
    }
}
