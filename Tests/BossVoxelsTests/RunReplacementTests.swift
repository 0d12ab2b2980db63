import BossGeometry
import BossTestSupport
import Testing

@testable import BossVoxels

/// Other values in the place of labels; the oracle is a loop over voxels.
@Suite("Replacing labels")
struct RunReplacementTests {
    private static let seed: UInt64 = 0x2E91

    private func window<R>(_ voxels: [UInt64], _ extent: VoxelExtent, _ body: (VoxelWindow) throws -> R)
        rethrows -> R
    {
        try voxels.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { preconditionFailure("there are voxels") }
            return try body(VoxelWindow(base, extent: extent, voxelByteCount: 8))
        }
    }

    private func parts(_ array: RunArray) -> ([UInt64], [UInt32], [UInt32]) {
        array.withParts { (Array($0), Array($1), Array($2)) }
    }

    @Test("gives the runs that a scan of the replaced voxels finds, or nil where nothing changes")
    func runs() throws {
        var random = SeededGenerator(seed: Self.seed)
        for round in 0..<200 {
            let extent = VoxelExtent(
                x: 1 + Int(random.next() % 40), y: 1 + Int(random.next() % 6), z: 1 + Int(random.next() % 4))
            let values = 1 + random.next() % 9
            var current: UInt64 = 0
            let voxels = (0..<extent.voxelCount).map { _ -> UInt64 in
                if random.next() % 3 == 0 { current = random.next() % values &- 3 }
                return current
            }
            let targets = (0..<values).map { _ in random.next() % values &- 3 }
            let isMapped = random.next() % values
            func replacement(_ value: UInt64) -> UInt64 {
                let number = value &+ 3
                return number < isMapped ? targets[Int(number)] : value
            }
            let replaced = voxels.map(replacement)
            let changed = zip(voxels, replaced).count { $0 != $1 }
            let array = try #require(window(voxels, extent) { RunArray($0, runLimit: 1 << 12) })
            let wanted = try #require(window(replaced, extent) { RunArray($0, runLimit: 1 << 12) })
            let found = array.replacingValues(replacement)
            #expect((found == nil) == (changed == 0), "round \(round), seed \(Self.seed)")
            guard let found else { continue }
            #expect(found.changedVoxelCount == changed, "round \(round), seed \(Self.seed)")
            #expect(parts(found.array) == parts(wanted), "round \(round), seed \(Self.seed)")
        }
    }

    @Test("in memory changes a window and nothing beside it, for both widths and any alignment")
    func memory() throws {
        var random = SeededGenerator(seed: Self.seed)
        for round in 0..<200 {
            let array = VoxelExtent(x: 9, y: 5, z: 4)
            let origin = VoxelPoint(
                x: Int(random.next() % 5), y: Int(random.next() % 3), z: Int(random.next() % 2))
            let extent = VoxelExtent(x: 1 + Int(random.next() % 4), y: 2, z: 2)
            let voxels = (0..<array.voxelCount).map { _ in random.next() % 4 }
            func replacement(_ value: UInt64) -> UInt64 { [5, 1, 9, 2][Int(value)] }
            func inside(_ index: Int) -> Bool {
                let (x, y, z) = (index % 9, index / 9 % 5, index / 45)
                return origin.x..<origin.x + extent.x ~= x && origin.y..<origin.y + extent.y ~= y
                    && origin.z..<origin.z + extent.z ~= z
            }
            let wanted = voxels.enumerated().map { inside($0) ? replacement($1) : $1 }
            for width in [4, 8] {
                var bytes = [UInt8](repeating: 0, count: array.voxelCount * width + 1)
                let start = round % 2
                let changed = bytes.withUnsafeMutableBytes { buffer -> Int in
                    guard let base = buffer.baseAddress else { return 0 }
                    for (index, value) in voxels.enumerated() { buffer[start + index * width] = UInt8(value) }
                    return MutableVoxelWindow(
                        base + start, arrayExtent: array, origin: origin, extent: extent,
                        voxelByteCount: width
                    ).replaceLabels(replacement)
                }
                let found = voxels.indices.map { UInt64(bytes[start + $0 * width]) }
                #expect(found == wanted, "round \(round), seed \(Self.seed)")
                #expect(
                    changed == zip(voxels, wanted).count { $0 != $1 }, "round \(round), seed \(Self.seed)")
            }
        }
    }
}
