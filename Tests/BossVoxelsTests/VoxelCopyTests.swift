import BossGeometry
import BossTestSupport
import BossVoxels
import Testing

@Suite("Box copies")
struct VoxelCopyTests {
    /// The oracle is a triple loop over single voxels; the whole destination is compared.
    @Test("copies, prepared copies and fills agree with triple loops", arguments: [1, 2, 4, 8])
    func copies(voxelByteCount: Int) {
        var random = SeededGenerator(seed: 0xC09 + UInt64(voxelByteCount))
        for round in 0..<120 {
            let test = CopyCase.random(voxelByteCount: voxelByteCount, using: &random)
            let expected = test.expected { _, new in new }.array.bytes
            let copied = test.run { source, destination in
                VoxelCopy.copyBox(
                    from: source, sourceExtent: test.source.extent, sourceOrigin: test.sourceOrigin,
                    to: destination, destinationExtent: test.destination.extent,
                    destinationOrigin: test.destinationOrigin, extent: test.extent,
                    voxelByteCount: voxelByteCount)
            }
            #expect(copied.bytes == expected, "round \(round), seed \(random.seed)")

            let guarded = test.run { source, destination in
                var plan = VoxelCopy.Plan(
                    sourceExtent: test.source.extent, sourceOrigin: test.sourceOrigin, to: destination,
                    destinationExtent: test.destination.extent, destinationOrigin: test.destinationOrigin,
                    extent: test.extent, voxelByteCount: voxelByteCount)
                let byteCount = test.source.extent.voxelCount * voxelByteCount
                plan.withContext { VoxelCopy.guardedCopy(source, byteCount, $0) }
            }
            #expect(guarded.bytes == expected, "round \(round), seed \(random.seed)")

            let value = Bool.random(using: &random) ? 0 : random.next()
            let mask = UInt64.max >> UInt64(64 - 8 * voxelByteCount)
            let filled = test.run { _, destination in
                VoxelCopy.fillBox(
                    in: destination, destinationExtent: test.destination.extent,
                    destinationOrigin: test.destinationOrigin, extent: test.extent,
                    voxelByteCount: voxelByteCount, valueBits: value)
            }
            let expectedFill = test.expected { _, _ in value & mask }.array.bytes
            #expect(filled.bytes == expectedFill, "round \(round), seed \(random.seed)")
        }
    }

    /// The oracle asks every voxel; background and floats are bits like any other.
    @Test("merges and conflicts agree with triple loops", arguments: [1, 2, 4, 8])
    func merges(voxelByteCount: Int) {
        var random = SeededGenerator(seed: 0x3E6 + UInt64(voxelByteCount))
        for round in 0..<60 {
            let background: UInt64 = round % 3 == 0 ? 2 : 0
            var test = CopyCase.random(
                voxelByteCount: voxelByteCount, background: background, using: &random)
            if round % 4 == 0 { removeConflicts(&test, background) }
            for mode in MergeMode.allCases {
                let expected = test.expected { old, new in
                    switch mode {
                    case .overwrite: new
                    case .nonzero: new == background ? old : new
                    case .preserve: old == background ? new : old
                    }
                }
                let merged = test.run { source, destination in
                    VoxelCopy.mergeBox(
                        from: source, sourceExtent: test.source.extent, sourceOrigin: test.sourceOrigin,
                        to: destination, destinationExtent: test.destination.extent,
                        destinationOrigin: test.destinationOrigin, extent: test.extent,
                        voxelByteCount: voxelByteCount, mode: mode, backgroundBits: background)
                }
                #expect(merged.bytes == expected.array.bytes, "\(mode), round \(round), seed \(random.seed)")
                #expect(merged.result == expected.changed, "\(mode), round \(round), seed \(random.seed)")
            }
            var isConflicting = false
            _ = test.expected { old, new in
                if old != background, old != new { isConflicting = true }
                return old
            }
            let found = test.run { source, destination in
                VoxelCopy.conflicts(
                    from: source, sourceExtent: test.source.extent, sourceOrigin: test.sourceOrigin,
                    to: destination, destinationExtent: test.destination.extent,
                    destinationOrigin: test.destinationOrigin, extent: test.extent,
                    voxelByteCount: voxelByteCount, backgroundBits: background)
            }
            #expect(found.result == isConflicting, "round \(round), seed \(random.seed)")
            #expect(found.bytes == test.destination.bytes)
        }
    }

    /// Leaves background where the values differ.
    private func removeConflicts(_ test: inout CopyCase, _ background: UInt64) {
        test.destination = test.expected { old, new in old == new ? old : background }.array
    }

    /// 255 changes are the most that a block of one-byte voxels may count.
    @Test("counts more changes than a voxel can hold")
    func manyChanges() {
        for count in [255, 256, 257, 70_000] {
            let source = [UInt8](repeating: 7, count: count)
            var destination = [UInt8](repeating: 0, count: count)
            let extent = VoxelExtent(x: count, y: 1, z: 1)
            let changed = source.withUnsafeBytes { from in
                destination.withUnsafeMutableBytes { to -> Int in
                    guard let from = from.baseAddress, let to = to.baseAddress else { return -1 }
                    return VoxelCopy.overwriteBox(
                        from: from, sourceExtent: extent, sourceOrigin: .zero, to: to,
                        destinationExtent: extent, destinationOrigin: .zero, extent: extent,
                        voxelByteCount: 1)
                }
            }
            #expect(changed == count)
            #expect(destination == source)
        }
    }

    @Test("an empty box copies nothing")
    func empty() {
        var random = SeededGenerator(seed: 0xE)
        let test = CopyCase.random(voxelByteCount: 2, using: &random)
        for extent in [
            VoxelExtent(x: 0, y: 1, z: 1), VoxelExtent(x: 1, y: 0, z: 1), VoxelExtent(x: 1, y: 1, z: 0),
        ] {
            let copied = test.run { source, destination in
                VoxelCopy.copyBox(
                    from: source, sourceExtent: test.source.extent, sourceOrigin: .zero, to: destination,
                    destinationExtent: test.destination.extent, destinationOrigin: .zero, extent: extent,
                    voxelByteCount: 2)
                VoxelCopy.fillBox(
                    in: destination, destinationExtent: test.destination.extent, destinationOrigin: .zero,
                    extent: extent, voxelByteCount: 2, valueBits: 7)
            }
            #expect(copied.bytes == test.destination.bytes)
        }
    }

    #if compiler(>=6.2)
        @Test("a box one voxel past its array ends the process")
        func outside() async {
            await #expect(processExitsWith: .failure) {
                let bytes = [UInt8](repeating: 0, count: 8)
                bytes.withUnsafeBytes { bytes in
                    guard let base = bytes.baseAddress else { return }
                    _ = VoxelWindow(
                        base, arrayExtent: VoxelExtent(x: 2, y: 2, z: 2),
                        origin: VoxelPoint(x: 1, y: 0, z: 0),
                        extent: VoxelExtent(x: 2, y: 1, z: 1), voxelByteCount: 1)
                }
            }
        }
    #endif
}
