import BossFormats
import BossGeometry
import BossVoxels
import Testing

/// The oracles are tifffile and Pillow, which wrote the files.
@Suite("TIFF reader")
struct TIFFReaderTests {
    let folder: FormatFolder

    init() throws { folder = try FormatFolder() }

    @Test("reads every sample format", arguments: typeLetters)
    func formats(letters: String, voxelType: VoxelType) throws {
        let reader = try VolumeFiles.open(pattern: try folder.fixture("\(letters).tif"), format: nil)
        #expect(reader.voxelType == voxelType && reader.extent == VoxelExtent(x: 7, y: 5, z: 1))
        #expect(try readAll(reader) == expectedVoxels(voxelType, count: 35))
    }

    @Test(
        "strips, tiles and compressions give the same values",
        arguments: [
            ("strips.tif", VoxelType.uint16, 35), ("lzw.tif", .uint16, 35), ("deflate.tif", .uint32, 35),
            ("packbits.tif", .uint8, 35), ("zstd.tif", .uint16, 35), ("tiles.tif", .uint8, 740),
            ("tiles_big.tif", .uint16, 306), ("pillow.tif", .uint8, 35),
        ])
    func layouts(name: String, voxelType: VoxelType, count: Int) throws {
        #expect(try readFile(folder.fixture(name)) == expectedVoxels(voxelType, count: count))
    }

    @Test(
        "pages are slices, in any order of reading", arguments: ["pages.tif", "big_pages.tif", "bigtiff.tif"])
    func pages(name: String) throws {
        let reader = try VolumeFiles.open(pattern: try folder.fixture(name), format: nil)
        #expect(reader.extent == VoxelExtent(x: 5, y: 4, z: 3))
        let expected = expectedVoxels(.uint16, count: 60)
        #expect(try readAll(reader) == expected)
        for z in [2, 0, 0, 1, 2] {
            var slice = [UInt8](repeating: 0, count: 40)
            try slice.withUnsafeMutableBytes { try reader.read(z: z..<z + 1, time: 0, into: $0) }
            #expect(slice == Array(expected[z * 40..<(z + 1) * 40]), "z \(z)")
        }
    }

    @Test(
        "white is 0, colour and complex samples are refused by name",
        arguments: [
            ("white.tif", "white is 0"), ("rgb.tif", "3 samples"), ("complex.tif", "64-bit"),
            ("imagej.tif", "ImageJ"),
        ])
    func refusals(name: String, word: String) throws {
        guard case .unsupported(_, let what)? = try failure(try folder.fixture(name)) else {
            Issue.record("\(name) was not refused")
            return
        }
        #expect(what.contains(word), "\(what)")
    }

    @Test("ImageJ stacks whose pages are all there are read")
    func imagej() throws {
        #expect(try readFile(folder.fixture("imagej_pages.tif")) == expectedVoxels(.uint8, count: 70))
    }

    @Test("a page of another size is named")
    func uneven() throws {
        let path = try folder.fixture("uneven.tif")
        #expect(
            try failure(path)
                == .mismatch(file: path, expected: "7x5 UINT8 as on page 1", found: "6x5 UINT8 on page 2"))
    }

    /// ImageWidth (256) and ImageLength (257) of the first page become 2^31 - 1 and more.
    @Test(
        "a small file that declares a huge image is refused when it is opened",
        arguments: [
            "u1.tif", "lzw.tif", "zstd.tif", "tiles.tif", "strips.tif",
        ])
    func huge(name: String) throws {
        for value in [0, 1 << 20, 0x7FFF_FFFF, 0xFFFF_FFFF] as [UInt32] {
            for tags in [[256], [257], [256, 257], [256, 257, 278], [256, 257, 322, 323]] as [[Int]] {
                var bytes = try fixtureBytes(name)
                let directory = Int(bytes[4]) | Int(bytes[5]) << 8
                for entry in 0..<Int(bytes[directory]) {
                    let start = directory + 2 + 12 * entry
                    guard tags.contains(Int(bytes[start]) | Int(bytes[start + 1]) << 8) else { continue }
                    bytes.replaceSubrange(start + 2..<start + 4, with: [4, 0])
                    for byte in 0..<4 {
                        bytes[start + 8 + byte] = UInt8(truncatingIfNeeded: value >> UInt32(8 * byte))
                    }
                }
                let path = try folder.write(bytes, "huge.tif")
                #expect(throws: FormatError.self, "\(tags) = \(value)") {
                    try VolumeFiles.open(pattern: path, format: nil)
                }
            }
        }
    }
}
