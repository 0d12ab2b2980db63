import BossGeometry
import BossTestSupport
import BossVoxels

@testable import BossDatabase

/// The oracle: a box of voxels as plain numbers (their bits), x fastest, changed by loops over voxels.
struct ModelVolume: Equatable {
    let box: VoxelBox
    var voxels: [UInt64]

    init(_ box: VoxelBox, filledWith bits: UInt64) {
        self.box = box
        voxels = Array(repeating: bits, count: box.voxelCount)
    }

    /// The voxels of a volume that starts at the box's lower corner.
    init(_ volume: AnyVolume, in box: VoxelBox) {
        self.init(box, filledWith: 0)
        precondition(volume.voxelCount == voxels.count, "the volume fills the box")
        voxels = volume.bits
    }

    func index(_ x: Int, _ y: Int, _ z: Int) -> Int {
        let extent = box.extent
        return ((z - box.lower.z) * extent.y + y - box.lower.y) * extent.x + x - box.lower.x
    }

    subscript(x: Int, y: Int, z: Int) -> UInt64 {
        get { voxels[index(x, y, z)] }
        set { voxels[index(x, y, z)] = newValue }
    }

    /// The voxels of a box inside this one.
    func part(_ part: VoxelBox) -> ModelVolume {
        var result = ModelVolume(part, filledWith: 0)
        forEachRow(of: part) { from, to, count in
            for offset in 0..<count { result.voxels[to + offset] = voxels[from + offset] }
        }
        return result
    }

    /// Takes over the voxels of a part of another volume of the same box.
    mutating func copy(_ part: VoxelBox, from other: ModelVolume) {
        var rows: [(Int, Int)] = []
        forEachRow(of: part) { from, _, count in rows.append((from, count)) }
        for (start, count) in rows {
            for offset in start..<start + count { voxels[offset] = other.voxels[offset] }
        }
    }

    /// Calls `body` with the offset of each row here, its offset in the part, and its length.
    func forEachRow(of part: VoxelBox, _ body: (Int, Int, Int) -> Void) {
        var to = 0
        for z in part.lower.z..<part.upper.z {
            for y in part.lower.y..<part.upper.y {
                body(index(part.lower.x, y, z), to, part.extent.x)
                to += part.extent.x
            }
        }
    }

    /// What a write is to do, voxel by voxel.
    ///
    /// - Returns: how many voxels changed; nil, and nothing is changed, when STRICT refuses.
    mutating func write(_ new: ModelVolume, mode: WriteMode, background: UInt64) -> Int? {
        var updated = voxels
        var (changed, isRefused) = (0, false)
        forEachRow(of: new.box) { at, from, count in
            for offset in 0..<count {
                let (old, value) = (voxels[at + offset], new.voxels[from + offset])
                switch mode {
                case .overwrite: updated[at + offset] = value
                case .nonzero: if value != background { updated[at + offset] = value }
                case .preserve: if old == background { updated[at + offset] = value }
                case .strict:
                    if old != background, old != value { isRefused = true }
                    updated[at + offset] = value
                }
                if updated[at + offset] != old { changed += 1 }
            }
        }
        if isRefused { return nil }
        voxels = updated
        return changed
    }

    /// A volume of the voxels.
    func volume(_ type: VoxelType) throws -> AnyVolume {
        try ModelVolume.volume(
            type, axes: [.z, .y, .x], shape: [box.extent.z, box.extent.y, box.extent.x], voxels)
    }

    static func volume(_ type: VoxelType, axes: [Axis], shape: [Int], _ bits: [UInt64]) throws -> AnyVolume {
        var volume = try AnyVolume(voxelType: type, axes: axes, shape: shape)
        volume.withUnsafeMutableBytes { bytes in
            func store<Word: FixedWidthInteger>(_ words: UnsafeMutableBufferPointer<Word>) {
                for index in bits.indices { words[index] = Word(truncatingIfNeeded: bits[index]) }
            }
            switch type.byteCount {
            case 1: store(bytes.bindMemory(to: UInt8.self))
            case 2: store(bytes.bindMemory(to: UInt16.self))
            case 4: store(bytes.bindMemory(to: UInt32.self))
            default: store(bytes.bindMemory(to: UInt64.self))
            }
        }
        return volume
    }

    /// Where two volumes of the same box differ first, in words.
    func firstDifference(from other: ModelVolume) -> String? {
        guard let at = voxels.indices.first(where: { voxels[$0] != other.voxels[$0] }) else { return nil }
        let extent = box.extent
        let (x, y, z) = (at % extent.x, at / extent.x % extent.y, at / (extent.x * extent.y))
        let place = VoxelPoint(x: box.lower.x + x, y: box.lower.y + y, z: box.lower.z + z)
        let count = voxels.indices.count { voxels[$0] != other.voxels[$0] }
        return
            "\(place): expected \(voxels[at]), found \(other.voxels[at]); \(count) of \(voxels.count) differ"
    }
}

extension AnyVolume {
    /// The bits of every voxel, in order.
    var bits: [UInt64] {
        withUnsafeBytes { bytes in
            func load<Word: FixedWidthInteger>(_ words: UnsafeBufferPointer<Word>) -> [UInt64] {
                [UInt64](unsafeUninitializedCapacity: words.count) { buffer, count in
                    for index in 0..<words.count { buffer[index] = UInt64(truncatingIfNeeded: words[index]) }
                    count = words.count
                }
            }
            switch voxelType.byteCount {
            case 1: return load(bytes.bindMemory(to: UInt8.self))
            case 2: return load(bytes.bindMemory(to: UInt16.self))
            case 4: return load(bytes.bindMemory(to: UInt32.self))
            default: return load(bytes.bindMemory(to: UInt64.self))
            }
        }
    }
}

/// Voxel contents as they occur: constant, a few labels in stretches, noise, mostly background.
struct VoxelMaker {
    let type: VoxelType
    let background: UInt64

    private var mask: UInt64 { type.byteCount == 8 ? .max : 1 << UInt64(8 * type.byteCount) - 1 }

    /// One of a few values, the background and 0 among them.
    func value(_ random: inout SeededGenerator) -> UInt64 {
        switch random.below(6) {
        case 0: background
        case 1: 0
        case 2: mask
        default: (UInt64(random.below(5)) &* 0x0123_4567_89AB_CDEF &+ 3) & mask
        }
    }

    func fill(_ box: VoxelBox, _ random: inout SeededGenerator) -> ModelVolume {
        var model = ModelVolume(box, filledWith: value(&random))
        switch random.below(4) {
        case 0: break
        case 1: for index in model.voxels.indices { model.voxels[index] = random.next() & mask }
        case 2:
            model = ModelVolume(box, filledWith: background)
            for _ in 0...model.voxels.count / 10 {
                model.voxels[random.below(model.voxels.count)] = value(&random)
            }
        default:
            var current = value(&random)
            for index in model.voxels.indices {
                if random.chance(15) { current = value(&random) }
                model.voxels[index] = current
            }
        }
        return model
    }
}
