import BossFormats
import BossGeometry
import BossVoxels
import FoundationEssentials
import Testing

/// The oracle is numpy.save, whose files the fixtures are.
@Suite("NPY writer")
struct NPYWriterTests {
    private func volume(_ voxelType: VoxelType, axes: [Axis], shape: [Int]) throws -> AnyVolume {
        try expectedVoxels(voxelType, count: shape.reduce(1, *)).withUnsafeBytes {
            try AnyVolume(voxelType: voxelType, axes: axes, shape: shape, copying: $0)
        }
    }

    @Test("writes the bytes of numpy.save", arguments: typeLetters)
    func bytes(letters: String, voxelType: VoxelType) throws {
        let volume = try volume(voxelType, axes: [.z, .y, .x], shape: [3, 4, 5])
        #expect(try NPYWriter.encode(volume) == fixtureBytes("\(letters).npy"))
    }

    @Test("writes ranks 1, 2 and 4 as numpy does")
    func ranks() throws {
        #expect(try NPYWriter.encode(volume(.uint8, axes: [.x], shape: [60])) == fixtureBytes("rank1.npy"))
        #expect(
            try NPYWriter.encode(volume(.uint16, axes: [.y, .x], shape: [4, 5])) == fixtureBytes("rank2.npy"))
        let series = try volume(.uint16, axes: [.t, .z, .y, .x], shape: [2, 3, 4, 5])
        #expect(try NPYWriter.encode(series) == fixtureBytes("rank4.npy"))
        #expect(
            try NPYWriter.encode(volume(.uint8, axes: [.z, .y, .x], shape: [0, 4, 5]))
                == fixtureBytes("empty.npy"))
    }

    @Test("files are written whole, over old ones; a folder that is missing is named")
    func files() throws {
        let folder = try FormatFolder()
        let volume = try volume(.int16, axes: [.z, .y, .x], shape: [3, 4, 5])
        let path = try folder.write([UInt8](repeating: 1, count: 10_000), "out.npy")
        try NPYWriter.write(volume, to: path)
        #expect(Array(try Data(contentsOf: URL(fileURLWithPath: path))) == (try fixtureBytes("i2.npy")))
        #expect(try readFile(path) == expectedVoxels(.int16, count: 60))
        let lost = folder.path + "/none/out.npy"
        #expect(throws: FormatError.unwritable(file: lost, errno: 2)) {
            try NPYWriter.write(volume, to: lost)
        }
        #expect(throws: FormatError.unwritable(file: "/dev/full", errno: 28)) {
            try NPYWriter.write(volume, to: "/dev/full")
        }
    }
}
