import BossGeometry
import BossTestSupport
import BossVoxels
import Testing

@Suite("Scans of voxel values")
struct VoxelScanTests {
    /// The oracle asks every voxel.
    @Test("constants, counts and bounding boxes agree with triple loops", arguments: [1, 2, 4, 8])
    func values(voxelByteCount: Int) {
        var random = SeededGenerator(seed: 0x5CA + UInt64(voxelByteCount))
        for round in 0..<100 {
            let extent = VoxelExtent.random(upTo: VoxelExtent(x: 40, y: 6, z: 5), using: &random)
            var array = NaiveArray.random(extent, voxelByteCount: voxelByteCount, using: &random)
            if round % 3 == 0 { array.values = array.values.map { _ in array.values[0] } }
            let box = extent.randomBox(size: .random(upTo: extent, using: &random), using: &random)
            let inside = box.points
            let values = inside.map { array[$0] }
            let same = values.allSatisfy { $0 == values[0] }
            #expect(array.withWindow(box) { VoxelScan.isConstant($0) } == (same ? values[0] : nil))
            let origin = VoxelPoint(x: -7, y: 100, z: 3)
            for value in Set([0, 1, 3, values[values.count - 1]]) {
                let hits = inside.filter { array[$0] == value }
                #expect(
                    array.withWindow(box) { VoxelScan.count(of: value, in: $0) } == hits.count,
                    "round \(round), seed \(random.seed)")
                let expected = hits.reduce(VoxelBox?.none) { bounds, point in
                    let voxel = VoxelBox(
                        origin: VoxelPoint(
                            x: point.x - box.lower.x + origin.x, y: point.y - box.lower.y + origin.y,
                            z: point.z - box.lower.z + origin.z), extent: VoxelExtent(x: 1, y: 1, z: 1))
                    return bounds?.union(voxel) ?? voxel
                }
                let found = array.withWindow(box) {
                    VoxelScan.boundingBox(ofValue: value, in: $0, origin: origin)
                }
                #expect(found == expected, "round \(round), seed \(random.seed)")
            }
        }
    }

    @Test("a single different voxel anywhere breaks a constant", arguments: [1, 2, 4, 8])
    func nearlyConstant(voxelByteCount: Int) {
        let count = 1200
        for length in [1, 2, 7, 8, 9, 63, 64, 65, count] {
            for odd in Set([0, length / 2, length - 1]) {
                var bytes = [UInt8](repeating: 9, count: length * voxelByteCount)
                let value = bytes.withUnsafeBytes { VoxelScan.isConstant($0, voxelByteCount: voxelByteCount) }
                #expect(value == 0x0909_0909_0909_0909 >> UInt64(64 - 8 * voxelByteCount))
                bytes[odd * voxelByteCount + voxelByteCount - 1] = 8
                let broken = bytes.withUnsafeBytes {
                    VoxelScan.isConstant($0, voxelByteCount: voxelByteCount)
                }
                #expect((broken == nil) == (length > 1), "length \(length), voxel \(odd)")
            }
        }
        #expect([UInt8]().withUnsafeBytes { VoxelScan.isConstant($0, voxelByteCount: voxelByteCount) } == nil)
    }

    /// The oracle is a dictionary of voxels.
    @Test("label tables agree with a dictionary", arguments: [1, 2, 4, 8], [false, true])
    func labels(voxelByteCount: Int, tracksBoxes: Bool) {
        var random = SeededGenerator(seed: 0x1AB + UInt64(voxelByteCount))
        var table = LabelTable(tracksBoxes: tracksBoxes)
        for round in 0..<12 {
            table.removeAll()
            let skipped: UInt64? = round % 2 == 0 ? 0 : nil
            var counts: [UInt64: Int] = [:]
            var boxes: [UInt64: VoxelBox] = [:]
            for _ in 0..<4 {
                let extent = VoxelExtent.random(upTo: VoxelExtent(x: 60, y: 8, z: 6), using: &random)
                let many = round % 3 == 0
                let array = NaiveArray(extent, voxelByteCount: voxelByteCount) {
                    many ? random.next() % 5000 : random.next() % 16 / 5
                }
                let box = extent.randomBox(size: .random(upTo: extent, using: &random), using: &random)
                for point in box.points where array[point] != skipped {
                    counts[array[point], default: 0] += 1
                    let voxel = VoxelBox(origin: point, extent: VoxelExtent(x: 1, y: 1, z: 1))
                    boxes[array[point]] = boxes[array[point]]?.union(voxel) ?? voxel
                }
                array.withWindow(box) {
                    VoxelScan.uniqueValues(in: $0, origin: box.lower, skipping: skipped, into: &table)
                }
            }
            let expected = counts.keys.sorted().map { id in
                (id, counts[id] ?? 0, tracksBoxes ? boxes[id] : nil)
            }
            let found = table.sortedEntries
            #expect(table.count == expected.count)
            #expect(table.sortedIDs == expected.map(\.0))
            #expect(found.map(\.voxelCount) == expected.map(\.1), "round \(round), seed \(random.seed)")
            #expect(found.map(\.box) == expected.map(\.2), "round \(round), seed \(random.seed)")
        }
    }

    @Test("label tables take known counts, merge, answer by id and can be emptied")
    func labelTable() {
        let unit = VoxelBox(x: 0..<1, y: 0..<1, z: 0..<1)
        var table = LabelTable(tracksBoxes: true)
        #expect(table.isEmpty)
        table.add(UInt64.max, voxelCount: 3, box: unit)
        table.add(0, voxelCount: 1, box: unit)
        table.add(7, voxelCount: 0, box: nil)
        var other = LabelTable(tracksBoxes: true)
        other.add(UInt64.max, voxelCount: 4, box: VoxelBox(x: 5..<6, y: -2..<0, z: 1..<9))
        for id in 1...1000 { other.add(UInt64(id) << 40, voxelCount: id, box: unit) }
        table.merge(other)
        #expect(table.count == 1002)
        #expect(table[UInt64.max]?.voxelCount == 7)
        #expect(table[UInt64.max]?.box == VoxelBox(x: 0..<6, y: -2..<1, z: 0..<9))
        #expect(table[500 << 40]?.voxelCount == 500)
        #expect(table[7] == nil)
        #expect(!table.contains(7))
        #expect(table.contains(0))
        table.removeAll()
        #expect(table.isEmpty)
        #expect(table.sortedEntries.isEmpty)
        #expect(table[0] == nil)
    }
}
