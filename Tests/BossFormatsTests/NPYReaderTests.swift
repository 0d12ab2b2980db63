import BossFormats
import BossGeometry
import BossVoxels
import Testing

/// The oracle is numpy, which wrote the files.
@Suite("NPY reader")
struct NPYReaderTests {
    let folder: FormatFolder

    init() throws { folder = try FormatFolder() }

    @Test("reads every dtype that numpy saves", arguments: typeLetters)
    func dtypes(letters: String, voxelType: VoxelType) throws {
        let reader = try VolumeFiles.open(pattern: try folder.fixture("\(letters).npy"), format: nil)
        #expect(reader.voxelType == voxelType)
        #expect(reader.extent == VoxelExtent(x: 5, y: 4, z: 3))
        #expect(reader.axes == [.z, .y, .x])
        #expect(reader.timeSampleCount == 1 && reader.voxelSize == nil && reader.scaling == nil)
        #expect(try readAll(reader) == expectedVoxels(voxelType, count: 60))
    }

    @Test(
        "swaps big-endian voxels",
        arguments: [("u2", VoxelType.uint16), ("u4", .uint32), ("u8", .uint64), ("f4", .float32)])
    func bigEndian(letters: String, voxelType: VoxelType) throws {
        #expect(try readFile(folder.fixture("big_\(letters).npy")) == expectedVoxels(voxelType, count: 60))
    }

    @Test("reads booleans as UINT8 of 0 and 1")
    func booleans() throws {
        let reader = try VolumeFiles.open(pattern: try folder.fixture("b1.npy"), format: nil)
        #expect(reader.voxelType == .uint8)
        #expect(try readAll(reader) == (0..<60).map { $0 % 3 == 0 ? 1 : 0 })
    }

    @Test(
        "reads versions 2 and 3, gzip, several gzip members and padded gzip",
        arguments: [
            "version2.npy", "version3.npy", "u2.npy.gz", "members.npy.gz", "padded.npy.gz",
        ])
    func containers(name: String) throws {
        #expect(try readFile(folder.fixture(name)) == expectedVoxels(.uint16, count: 60))
    }

    @Test("transposes Fortran order")
    func fortran() throws {
        #expect(try readFile(folder.fixture("fortran.npy")) == expectedVoxels(.uint16, count: 60))
        #expect(try readFile(folder.fixture("fortran_big.npy")) == expectedVoxels(.uint32, count: 60))
        let reader = try VolumeFiles.open(pattern: try folder.fixture("fortran4.npy"), format: nil)
        #expect(reader.timeSampleCount == 2)
        #expect(try readAll(reader) == expectedVoxels(.uint8, count: 120))
    }

    @Test("a rank of 2 is one slice, of 4 a series")
    func ranks() throws {
        let slice = try VolumeFiles.open(pattern: try folder.fixture("rank2.npy"), format: nil)
        #expect(slice.extent == VoxelExtent(x: 5, y: 4, z: 1))
        #expect(try readAll(slice) == expectedVoxels(.uint16, count: 20))
        let series = try VolumeFiles.open(pattern: try folder.fixture("rank4.npy"), format: nil)
        #expect(series.extent == VoxelExtent(x: 5, y: 4, z: 3))
        #expect(series.axes == [.t, .z, .y, .x])
        #expect(try readAll(series) == expectedVoxels(.uint16, count: 120))
    }

    @Test("slabs may be asked for in any order, from gzip too", arguments: ["u2.npy", "u2.npy.gz"])
    func anyOrder(name: String) throws {
        let reader = try VolumeFiles.open(pattern: try folder.fixture(name), format: nil)
        let expected = expectedVoxels(.uint16, count: 60)
        for z in [2, 0, 1, 1, 2, 0] {
            var slice = [UInt8](repeating: 0, count: 40)
            try slice.withUnsafeMutableBytes { try reader.read(z: z..<z + 1, time: 0, into: $0) }
            #expect(slice == Array(expected[z * 40..<(z + 1) * 40]), "z \(z)")
        }
    }

    @Test(
        "refuses what has no place here",
        arguments: [
            "rank1.npy", "rank5.npy", "empty.npy", "half.npy", "complex.npy", "structured.npy", "object.npy",
        ])
    func refusals(name: String) throws {
        let path = try folder.fixture(name)
        guard case .unsupported(let file, let what)? = try failure(path) else {
            Issue.record("\(name): \(String(describing: try failure(path)))")
            return
        }
        #expect(file == path && !what.isEmpty)
    }

    @Test("a byte too few or too many is refused")
    func lengths() throws {
        let bytes = try fixtureBytes("u2.npy")
        let short = try folder.write(Array(bytes.dropLast()), "short.npy")
        #expect(try failure(short) == .truncated(file: short, expected: 248, found: 247))
        let long = try folder.write(bytes + [0], "long.npy")
        #expect(try failure(long) == .corrupt(file: long, reason: "1 bytes follow the last voxel"))
    }

    /// Headers as they never should be; the voxels would be 60 bytes.
    @Test(
        "absurd headers are refused",
        arguments: [
            "{'descr': '|u1', 'fortran_order': False, 'shape': (9223372036854775807, 4, 5), }",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (9223372036854775808, 4, 5), }",
            "{'descr': '<u8', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4294967296), }",
            "{'descr': '<u8', 'fortran_order': False, 'shape': (1048576, 1048576, 1048576), }",
            "{'descr': '<u8', 'fortran_order': True, 'shape': (1024, 1024, 1024), }",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (-3, 4, 5), }",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (3.0, 4, 5), }",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4, 5",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4, 5)",
            "{'descr': '|u1', 'fortran_order': False, 'shape': [3, 4, 5]}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (3, (4, 5))}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': 60}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (60)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (, )}",
            "{'descr': '|u1', 'fortran_order': False}",
            "{'descr': '|u1', 'fortran_order': 0, 'shape': (3, 4, 5)}",
            "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (3, 4, 5)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4, 5), 'more': 1}",
            "{'descr': {'descr': '|u1'}, 'fortran_order': False, 'shape': (3, 4, 5)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4, 5)} 1",
            "{'descr': '|u1, 'fortran_order': False, 'shape': (3, 4, 5)}",
            "{'descr': '\\x7cu1', 'fortran_order': False, 'shape': (3, 4, 5)}",
            "{'descr': '|u2', 'fortran_order': False, 'shape': (3, 2, 5)}",
            "{'descr': '', 'fortran_order': False, 'shape': (3, 4, 5)}",
            "{'descr': '|O', 'fortran_order': False, 'shape': (3, 4, 5)}",
            "{", "", "}", "[]", "{{{{{{{{{{{{{{{{{{{{{{{{", "\u{0}\u{0}\u{0}",
        ])
    func absurd(header: String) throws {
        let path = try folder.write(npy(header: header, voxels: 60), "absurd.npy")
        #expect(try failure(path) != nil, "\(header)")
        let zipped = try folder.write(
            npy(header: String(repeating: header, count: 40), voxels: 0), "absurd.npy")
        #expect(try failure(zipped) != nil, "\(header)")
    }

    @Test("headers that Python would read alike are read")
    func variants() throws {
        for header in [
            "{\"shape\":(3,4,5),\"fortran_order\":False,\"descr\":\"<u1\"}\n",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (3L, 4L, 5L,), }",
        ] {
            let path = try folder.write(npy(header: header, voxels: 60), "variant.npy")
            #expect(try readFile(path) == [UInt8](repeating: 7, count: 60), "\(header)")
        }
    }

    @Test("a header of 4 GiB, an unknown version and a foreign magic are refused")
    func starts() throws {
        let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
        for start in [
            magic + [2, 0, 255, 255, 255, 255], magic + [4, 0, 16, 0], magic + [1, 1, 16, 0], magic,
            [0x93, 1],
        ] {
            let path = try folder.write(start + [UInt8](repeating: 32, count: 40), "start.npy")
            #expect(try failure(path) != nil, "\(start)")
        }
    }

    @Test("a small gzip file cannot declare a huge array")
    func gzipRatio() throws {
        // 60 voxels deflated, but under a header that the reader sees as 2^45 bytes: stored blocks by hand.
        let content = npy(
            header: "{'descr': '|u1', 'fortran_order': False, 'shape': (32768, 32768, 32768), }", voxels: 0)
        let count = UInt16(content.count)
        var gzip: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 1]
        gzip += [UInt8(count & 255), UInt8(count >> 8), UInt8(~count & 255), UInt8(~count >> 8)] + content
        let path = try folder.write(gzip, "huge.npy.gz")
        #expect(try failure(path)?.kind == "corrupt")
    }

    private func npy(header: String, voxels: Int) -> [UInt8] {
        let text = Array(header.utf8)
        let length = UInt16(text.count)
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + text
            + [UInt8](repeating: 7, count: voxels)
    }
}
