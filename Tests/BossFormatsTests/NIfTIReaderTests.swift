import BossFormats
import BossGeometry
import BossVoxels
import Testing

/// The oracle is nibabel, which wrote the files.
@Suite("NIfTI reader")
struct NIfTIReaderTests {
    let folder: FormatFolder

    init() throws { folder = try FormatFolder() }

    @Test("reads every datatype that nibabel saves", arguments: typeLetters)
    func datatypes(letters: String, voxelType: VoxelType) throws {
        let reader = try VolumeFiles.open(pattern: try folder.fixture("\(letters).nii"), format: nil)
        #expect(reader.voxelType == voxelType)
        #expect(reader.extent == VoxelExtent(x: 5, y: 4, z: 3))
        #expect(reader.axes == [.z, .y, .x] && reader.scaling == nil && reader.voxelSize == nil)
        #expect(try readAll(reader) == expectedVoxels(voxelType, count: 60))
    }

    @Test("big-endian files give the same voxels, pixdim in millimetres becomes nanometres")
    func bigEndian() throws {
        let reader = try VolumeFiles.open(pattern: try folder.fixture("big.nii"), format: nil)
        // nibabel names zooms in x, y, z order.
        #expect(reader.voxelSize == NanometerSize(x: 500_000, y: 250_000, z: 2_000_000))
        #expect(try readAll(reader) == expectedVoxels(.uint16, count: 60))
    }

    @Test("gzip, time samples, micrometres and scaling")
    func series() throws {
        let reader = try VolumeFiles.open(pattern: try folder.fixture("micron.nii.gz"), format: nil)
        #expect(reader.timeSampleCount == 2 && reader.axes == [.t, .z, .y, .x])
        #expect(reader.voxelSize == NanometerSize(x: 4000, y: 8000, z: 50_000))
        #expect(reader.scaling == IntensityScaling(slope: 0.5, intercept: -3))
        #expect(try readAll(reader) == expectedVoxels(.int16, count: 120))
    }

    @Test("NIfTI-2, pairs and ANALYZE are refused by name")
    func refusals() throws {
        for (name, word) in [("nifti2.nii", "NIfTI-2"), ("pair.hdr", ".hdr and .img")] {
            guard case .unsupported(_, let what)? = try failure(try folder.fixture(name)) else {
                Issue.record("\(name) was not refused")
                continue
            }
            #expect(what.contains(word), "\(what)")
        }
        var analyze = try fixtureBytes("u1.nii")
        for index in 344..<348 { analyze[index] = 0 }
        #expect(try failure(folder.write(analyze, "a.hdr"))?.description.contains("ANALYZE") == true)
        #expect(try failure(folder.write([1, 2, 3], "a.img"))?.kind == "unsupported")
    }

    /// Offsets and little-endian bytes put into a good file.
    @Test(
        "absurd header fields are refused",
        arguments: [
            (40, [0, 0]), (40, [8, 0]), (40, [255, 255]), (42, [0, 0]), (42, [255, 255]), (44, [0, 128]),
            (42, [255, 127]), (48, [2, 0, 0, 0, 5, 0]), (70, [0, 0]), (70, [128, 0]), (70, [32, 0]),
            (72, [16, 0]),
            (108, [0, 0, 0, 0]), (108, [0, 0, 192, 127]), (108, [0, 0, 128, 127]), (108, [0, 0, 128, 255]),
            (108, [0, 0, 176, 195]), (108, [255, 255, 127, 127]), (108, [0, 64, 176, 67]),
            (344, [110, 43, 50, 0]),
            (0, [93, 1, 0, 0]),
        ] as [(Int, [UInt8])])
    func absurd(offset: Int, bytes: [UInt8]) throws {
        var file = try fixtureBytes("u1.nii")
        // Rank 5 makes dim[5] count.
        if offset == 48 { file[40] = 5 }
        file.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        #expect(try failure(folder.write(file, "absurd.nii"), .nifti) != nil, "byte \(offset) \(bytes)")
    }

    @Test("a rank of 7 whose last lengths are 1 is a volume")
    func trailingAxes() throws {
        var file = try fixtureBytes("u1.nii")
        file[40] = 7
        for index in 4...7 { file[40 + 2 * index] = 1 }
        #expect(try readFile(folder.write(file, "seven.nii")) == expectedVoxels(.uint8, count: 60))
    }

    @Test("a voxel size that is unknown, negative or not a number is left out")
    func voxelSizes() throws {
        for bytes in [[0, 0, 0, 0], [0, 0, 192, 127], [0, 0, 128, 191]] as [[UInt8]] {
            var file = try fixtureBytes("u1.nii")
            file[123] = 2
            file.replaceSubrange(80..<84, with: bytes)
            let reader = try VolumeFiles.open(pattern: try folder.write(file, "size.nii"), format: nil)
            #expect(reader.voxelSize == nil)
        }
    }
}
