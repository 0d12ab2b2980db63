import BossGeometry
import BossVoxels
import Testing

@Suite("Volumes")
struct VolumeTests {
    @Test("a volume starts as background and keeps what is written, in C-order")
    func elements() throws {
        var volume = try Volume<UInt16>(extent: VoxelExtent(x: 3, y: 2, z: 2))
        #expect(volume.elements == Array(repeating: 0, count: 12))
        volume[x: 1, y: 0, z: 1] = 7
        #expect(volume.elements[7] == 7)
        #expect(volume[x: 1, y: 0, z: 1] == 7)
        let same = try Volume<UInt16>(extent: volume.extent, elements: volume.elements)
        #expect(same == volume)
    }

    @Test("copies share memory until one is written")
    func copyOnWrite() throws {
        var first = try Volume<UInt8>(extent: VoxelExtent(x: 2, y: 1, z: 1))
        let second = first
        first[x: 0, y: 0, z: 0] = 9
        #expect(second.elements == [0, 0])
        #expect(first.elements == [9, 0])
    }

    @Test("recycled memory starts as background again")
    func recycled() throws {
        for round in 0..<4 {
            var volume = try Volume<UInt32>(extent: VoxelExtent(x: 50, y: 50, z: 1))
            #expect(volume.elements.allSatisfy { $0 == 0 }, "round \(round)")
            volume.withUnsafeMutableElements { $0.update(repeating: 5) }
        }
    }

    @Test("refuses shapes and bytes that do not fit")
    func refusals() throws {
        #expect(throws: VoxelError.self) {
            try AnyVolume(voxelType: .uint8, axes: [.z, .x], shape: [1, 2, 3])
        }
        #expect(throws: VoxelError.self) { try AnyVolume(voxelType: .uint8, axes: [.x, .x], shape: [1, 2]) }
        #expect(throws: VoxelError.self) { try AnyVolume(voxelType: .uint8, axes: [.x], shape: [-1]) }
        #expect(throws: VoxelError.tooLarge(shape: [Int.max, 2], voxelType: .uint64)) {
            try AnyVolume(voxelType: .uint64, axes: [.y, .x], shape: [Int.max, 2])
        }
        #expect(throws: VoxelError.byteCountMismatch(expected: 4, found: 3)) {
            try Volume<UInt8>(extent: VoxelExtent(x: 4, y: 1, z: 1), elements: [1, 2, 3])
        }
        let volume = try AnyVolume(voxelType: .uint8, axes: [.z, .y, .x], shape: [1, 2, 3])
        #expect(throws: VoxelError.typeMismatch(expected: .int8, found: .uint8)) { try Volume<Int8>(volume) }
        #expect(throws: VoxelError.self) { try volume.reshaped(axes: [.y, .x], shape: [3, 3]) }
        #expect(try volume.reshaped(axes: [.y, .x], shape: [2, 3]).shape == [2, 3])
    }
}
