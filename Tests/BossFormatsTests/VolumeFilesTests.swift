import BossFormats
import BossGeometry
import BossVoxels
import FoundationEssentials
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("Volume files")
struct VolumeFilesTests {
    let folder: FormatFolder

    init() throws { folder = try FormatFolder() }

    private func slice(_ value: UInt8, width: Int = 3) throws -> [UInt8] {
        try PNGEncoder.encodeGray8(
            width: width, height: 2, pixels: [UInt8](repeating: value, count: 2 * width))
    }

    @Test("stacks are ordered as people count")
    func order() throws {
        for (name, value) in [
            ("s10.png", 10), ("s9.png", 9), ("s100.png", 100), ("s2.png", 2), ("s011.png", 11),
        ] as [(String, UInt8)] {
            try folder.write(try slice(value), name)
        }
        let reader = try VolumeFiles.open(pattern: folder.path + "/s*.png", format: nil)
        #expect(reader.extent == VoxelExtent(x: 3, y: 2, z: 5) && reader.name == folder.path + "/s*.png")
        let voxels = try readAll(reader)
        #expect(stride(from: 0, to: 30, by: 6).map { voxels[$0] } == [2, 9, 10, 11, 100])
        let some = try readFile(folder.path + "/s?.png")
        #expect(some.count == 12 && some.first == 2 && some.last == 9)
        #expect(try readFile(folder.path + "/s[2-3].png").count == 6)
    }

    @Test("TIFF, NPY and RAW files stack too")
    func otherStacks() throws {
        for index in 0..<3 {
            try folder.write(try fixtureBytes("u2.tif"), "t\(index).tif")
            try folder.write(try fixtureBytes("rank2.npy"), "n\(index).npy")
            try folder.write([UInt8(index), 1, 2, 3, 4, 5], "r\(index).raw")
        }
        let slice = expectedVoxels(.uint16, count: 35)
        #expect(try readFile(folder.path + "/t*.tif") == slice + slice + slice)
        let array = expectedVoxels(.uint16, count: 20)
        #expect(try readFile(folder.path + "/n*.npy") == array + array + array)
        let layout = RawLayout(voxelType: .uint8, extent: VoxelExtent(x: 3, y: 2, z: 1))
        let reader = try VolumeFiles.open(pattern: folder.path + "/r*.raw", format: .raw, raw: layout)
        #expect(try readAll(reader) == [0, 1, 2, 3, 4, 5, 1, 1, 2, 3, 4, 5, 2, 1, 2, 3, 4, 5])
    }

    @Test("a slice of another size, type or format is named")
    func odd() throws {
        for index in 0..<4 { try folder.write(try slice(1), "s\(index).png") }
        let odd = try folder.write(try slice(1, width: 4), "s2.png")
        let pattern = folder.path + "/s*.png"
        #expect(try failure(pattern) == .mismatch(file: odd, expected: "3x2 UINT8", found: "4x2 UINT8"))
        try folder.write(
            try PNGEncoder.encodeGray16(width: 3, height: 2, pixels: [1, 2, 3, 4, 5, 6]), "s2.png")
        #expect(try failure(pattern) == .mismatch(file: odd, expected: "3x2 UINT8", found: "3x2 UINT16"))
        try folder.fixture("rgb.png")
        try folder.write(try fixtureBytes("rgb.png"), "s2.png")
        #expect(try failure(pattern)?.kind == "unsupported")
        try folder.write([], "s2.png")
        #expect(try failure(pattern)?.kind == "corrupt")
    }

    @Test("a file of several slices has no place in a stack")
    func severalSlices() throws {
        for index in 0..<2 { try folder.write(try fixtureBytes("pages.tif"), "p\(index).tif") }
        #expect(try failure(folder.path + "/p*.tif")?.kind == "unsupported")
        for index in 0..<2 { try folder.write(try fixtureBytes("u1.npy"), "p\(index).npy") }
        #expect(try failure(folder.path + "/p*.npy")?.kind == "unsupported")
    }

    @Test("a stack notices when a file changes while it is read")
    func changed() throws {
        for index in 0..<2 { try folder.write(try slice(1), "s\(index).png") }
        let reader = try VolumeFiles.open(pattern: folder.path + "/s*.png", format: nil)
        try folder.write(try slice(1, width: 9), "s1.png")
        #expect(throws: FormatError.self) { try readAll(reader) }
    }

    @Test("nothing matches, no file, a directory, a path through a file, a pipe")
    func unreadable() throws {
        let file = try folder.fixture("u1.npy")
        let pattern = folder.path + "/none*.png"
        #expect(try failure(pattern) == .notFound(file: pattern))
        #expect(try failure(folder.path + "/none.png") == .notFound(file: folder.path + "/none.png"))
        #expect(try failure("") == .notFound(file: ""))
        #expect(try failure(file + "\0.png")?.kind == "notFound")
        #expect(try failure(folder.path) == .unreadable(file: folder.path, errno: EISDIR))
        #expect(try failure(file + "/x.npy") == .unreadable(file: file + "/x.npy", errno: ENOTDIR))
        let pipe = folder.path + "/pipe.npy"
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(try failure(pipe)?.kind == "unsupported")
        #expect(try failure("/dev/null")?.kind == "unsupported")
    }

    @Test("a name with the characters of a pattern is found as it stands")
    func literal() throws {
        let path = try folder.write(try fixtureBytes("u1.npy"), "a[1]*.npy")
        #expect(try readFile(path) == expectedVoxels(.uint8, count: 60))
    }

    @Test("the content tells the format, then the name")
    func detection() throws {
        for (fixture, format) in [
            ("u1.npy", VolumeFormat.npy), ("u2.npy.gz", .npy), ("u1.nii", .nifti), ("micron.nii.gz", .nifti),
            ("big.nii", .nifti), ("gray8.png", .png), ("u1.tif", .tiff), ("bigtiff.tif", .tiff),
            ("big_pages.tif", .tiff),
        ] {
            #expect(
                try VolumeFormat.detect(path: folder.write(try fixtureBytes(fixture), "x.bin")) == format,
                "\(fixture)")
        }
        for (name, format) in [
            ("x.npy", VolumeFormat.npy), ("x.NPY.GZ", .npy), ("x.nii", .nifti), ("x.nii.gz", .nifti),
            ("x.img", .nifti),
            ("x.png", .png), ("x.tif", .tiff), ("x.TIFF", .tiff),
        ] {
            #expect(try VolumeFormat.detect(path: folder.write([1, 2, 3, 4, 5], name)) == format, "\(name)")
        }
        let unknown = try folder.write([1, 2, 3], "x.raw")
        #expect(try failure(unknown) == .unknownFormat(file: unknown))
    }

    @Test("RAW needs its layout and exactly its bytes")
    func raw() throws {
        let path = try folder.write([0, 1, 2, 3, 4, 5, 6, 7], "x.raw")
        func layout(_ x: Int, _ z: Int, t: Int = 1, big: Bool = false) -> RawLayout {
            RawLayout(
                voxelType: .uint16, extent: VoxelExtent(x: x, y: 1, z: z), timeSampleCount: t,
                isBigEndian: big)
        }
        let reader = try VolumeFiles.open(pattern: path, format: .raw, raw: layout(2, 2))
        #expect(try readAll(reader) == [0, 1, 2, 3, 4, 5, 6, 7])
        let big = try VolumeFiles.open(pattern: path, format: .raw, raw: layout(2, 1, t: 2, big: true))
        #expect(try readAll(big) == [1, 0, 3, 2, 5, 4, 7, 6])
        #expect(try failure(path, .raw)?.kind == "unsupported")
        #expect(try failure(path, .raw, raw: layout(3, 1))?.kind == "corrupt")
        #expect(try failure(path, .raw, raw: layout(5, 1)) == .truncated(file: path, expected: 10, found: 8))
        #expect(try failure(path, .raw, raw: layout(Int.max, Int.max))?.kind == "tooLarge")
        #expect(try failure(path, .raw, raw: layout(1 << 30, 1 << 30))?.kind == "tooLarge")
        #expect(try failure(path, .raw, raw: layout(0, 1))?.kind == "unsupported")
        #expect(try failure(path, .raw, raw: layout(2, 2, t: -1))?.kind == "corrupt")
    }

    @Test("RAW voxels that look like gzip are voxels; only a name in .gz says otherwise")
    func rawGzip() throws {
        let layout = RawLayout(voxelType: .uint8, extent: VoxelExtent(x: 4, y: 1, z: 1))
        let path = try folder.write([0x1F, 0x8B, 8, 0], "x.raw")
        let reader = try VolumeFiles.open(pattern: path, format: .raw, raw: layout)
        #expect(try readAll(reader) == [0x1F, 0x8B, 8, 0])
        let array = RawLayout(voxelType: .uint8, extent: VoxelExtent(x: 248, y: 1, z: 1))
        let zipped = try folder.write(try fixtureBytes("u2.npy.gz"), "x.raw.gz")
        let inflated = try VolumeFiles.open(pattern: zipped, format: .raw, raw: array)
        #expect(try readAll(inflated) == fixtureBytes("u2.npy"))
    }

    @Test("errors name the file and both facts")
    func texts() {
        let error = FormatError.truncated(file: "a.npy", expected: 10, found: 8)
        #expect(error.description == "a.npy is cut short: expected 10 bytes, found 8")
        #expect(
            FormatError.unreadable(file: "d", errno: EISDIR).description == "cannot read d: Is a directory")
    }
}
