import BossFormats
import BossTestSupport
import BossVoxels
import Testing

/// Files cut at every length and changed at every byte. No outcome but an error or voxels of the right
/// number is allowed; a trap or a hang would end the run.
@Suite("Damaged volume files")
struct FormatDamageTests {
    let folder: FormatFolder

    init() throws { folder = try FormatFolder() }

    private static let strict = [
        "u2.npy", "u2.npy.gz", "members.npy.gz", "fortran.npy", "u1.nii", "micron.nii.gz", "gray8.png",
        "gray16.png",
        "interlaced16.png", "pillow.tif", "lzw.tif", "tiles.tif", "pages.tif", "bigtiff.tif",
    ]

    /// A TIFF may end in bytes that nothing points at; then the voxels have to be right.
    @Test("every truncation is an error", arguments: strict)
    func truncation(name: String) throws {
        let bytes = try fixtureBytes(name)
        let whole = try readFile(folder.fixture(name))
        var undetected = 0
        for count in 0..<bytes.count {
            let path = try folder.write(Array(bytes[..<count]), name)
            if try failure(path) != nil { continue }
            undetected += 1
            #expect(name.hasSuffix(".tif"), "\(name) cut to \(count) of \(bytes.count)")
            #expect(try readFile(path) == whole, "\(name) cut to \(count) of \(bytes.count)")
        }
        #expect(undetected <= 3, "\(name)")
    }

    @Test("members of gzip may be cut only between them")
    func memberBoundary() throws {
        let bytes = try fixtureBytes("members.npy.gz")
        #expect(try failure(folder.write(bytes + [1], "x.npy.gz"))?.kind == "corrupt")
        #expect(try failure(folder.write(bytes + bytes, "x.npy.gz"))?.kind == "corrupt")
        #expect(try readFile(folder.write(bytes + [0, 0], "x.npy.gz")) == expectedVoxels(.uint16, count: 60))
    }

    @Test(
        "every changed byte is an error or leaves voxels",
        arguments: strict + ["big_pages.tif", "zstd.tif", "deflate.tif", "packbits.tif", "imagej_pages.tif"])
    func corruption(name: String) throws {
        let bytes = try fixtureBytes(name)
        let whole = try readFile(folder.fixture(name))
        var (refused, changed) = (0, 0)
        for index in bytes.indices {
            for mask in [index % 2 == 0 ? 0x01 : 0x80, 0xFF] as [UInt8] {
                var damaged = bytes
                damaged[index] ^= mask
                let path = try folder.write(damaged, name)
                do {
                    let reader = try VolumeFiles.open(pattern: path, format: nil)
                    let voxels = try readAll(reader)
                    #expect(voxels.count <= 1 << 20, "\(name) byte \(index)")
                    if voxels != whole { changed += 1 }
                } catch is FormatError {
                    refused += 1
                }
            }
        }
        #expect(refused > 0, "\(name)")
        // Checksums see every change of the voxels.
        if name.hasSuffix(".gz") || name.hasSuffix(".png") { #expect(changed == 0, "\(name)") }
    }

    @Test("random bytes behind each signature are refused", arguments: VolumeFormat.allCases)
    func noise(format: VolumeFormat) throws {
        var random = SeededGenerator(seed: 0xF0_4A7)
        let starts: [VolumeFormat: [UInt8]] = [
            .npy: [0x93] + Array("NUMPY".utf8) + [1, 0], .nifti: [92, 1, 0, 0], .tiff: [0x49, 0x49, 42, 0],
            .png: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A],
        ]
        guard let start = starts[format] else { return }
        for round in 0..<200 {
            let count = Int(random.next() % 600)
            let path = try folder.write(
                start + (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }, "noise")
            #expect(try failure(path, format) != nil, "round \(round), seed \(random.seed)")
        }
    }
}
