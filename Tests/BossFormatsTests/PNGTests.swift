import BossFormats
import BossGeometry
import BossTestSupport
import BossVoxels
import Testing

/// The oracles are Pillow and pypng, which wrote the files.
@Suite("PNG reader and encoder")
struct PNGTests {
    let folder: FormatFolder

    init() throws { folder = try FormatFolder() }

    @Test(
        "grey values come out as stored, with gamma, transparency and interlacing too",
        arguments: [
            ("gray8.png", VoxelType.uint8), ("gray16.png", .uint16), ("gamma16.png", .uint16),
            ("interlaced8.png", .uint8), ("interlaced16.png", .uint16),
        ])
    func values(name: String, voxelType: VoxelType) throws {
        let reader = try VolumeFiles.open(pattern: try folder.fixture(name), format: nil)
        #expect(reader.voxelType == voxelType && reader.extent == VoxelExtent(x: 7, y: 5, z: 1))
        #expect(try readAll(reader) == expectedVoxels(voxelType, count: 35))
        #expect(try readAll(reader) == expectedVoxels(voxelType, count: 35), "a second time")
    }

    @Test(
        "colour, palettes, opacity and 1 bit are refused by name",
        arguments: [
            ("rgb.png", "RGB"), ("rgba.png", "RGBA"), ("palette.png", "palette"),
            ("grayalpha.png", "opacity"),
            ("gray1.png", "1 bits"),
        ])
    func refusals(name: String, word: String) throws {
        guard case .unsupported(_, let what)? = try failure(try folder.fixture(name)) else {
            Issue.record("\(name) was not refused")
            return
        }
        #expect(what.contains(word), "\(what)")
    }

    @Test("a small file that declares a huge image is refused when it is opened")
    func huge() throws {
        var bytes = try fixtureBytes("gray8.png")
        bytes.replaceSubrange(16..<24, with: [0, 0x0F, 0, 0, 0, 0x0F, 0, 0])
        bytes.replaceSubrange(29..<33, with: crc32(Array(bytes[12..<29])))
        let path = try folder.write(bytes, "huge.png")
        #expect(throws: FormatError.self) { try VolumeFiles.open(pattern: path, format: nil) }
        guard case .corrupt(_, let reason)? = try failure(path) else {
            Issue.record("not corrupt")
            return
        }
        #expect(reason.contains("983040x983040"), "\(reason)")
    }

    @Test("images survive encoding and decoding", arguments: [(1, 1), (7, 5), (300, 2), (1, 999)])
    func roundTrip(width: Int, height: Int) throws {
        var random = SeededGenerator(seed: UInt64(width * 1000 + height))
        let gray = (0..<width * height).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let path = try folder.write(
            try PNGEncoder.encodeGray8(width: width, height: height, pixels: gray), "8.png")
        #expect(try readFile(path) == gray)
        let deep = (0..<width * height).map { _ in UInt16(truncatingIfNeeded: random.next()) }
        let file = try folder.write(
            try PNGEncoder.encodeGray16(width: width, height: height, pixels: deep), "16.png")
        #expect(try readFile(file) == deep.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
    }

    @Test("a slice of any orientation is encoded with its outer axis downwards")
    func slices() throws {
        let volume = try Volume<UInt8>(extent: VoxelExtent(x: 3, y: 2, z: 1), elements: [1, 2, 3, 4, 5, 6])
            .erased
        let expected = try PNGEncoder.encodeGray8(width: 3, height: 2, pixels: [1, 2, 3, 4, 5, 6])
        #expect(try PNGEncoder.encode(slice: volume) == expected)
        let plane = try volume.reshaped(axes: [.z, .x], shape: [2, 3])
        #expect(try PNGEncoder.encode(slice: plane) == expected)
        let thin = try volume.reshaped(axes: [.z, .y, .x], shape: [2, 1, 3])
        #expect(try PNGEncoder.encode(slice: thin) == expected)
        let cube = try AnyVolume(voxelType: .uint8, axes: [.z, .y, .x], shape: [2, 2, 2])
        #expect(throws: FormatError.self) { try PNGEncoder.encode(slice: cube) }
        let floats = try AnyVolume(voxelType: .float32, axes: [.y, .x], shape: [2, 2])
        #expect(throws: FormatError.cannotHold(format: "PNG", what: "FLOAT32 voxels")) {
            try PNGEncoder.encode(slice: floats)
        }
    }

    @Test("RGBA images say so in their header; empty and misfitting images are refused")
    func colour() throws {
        let bytes = try PNGEncoder.encodeRGBA8(width: 1, height: 2, pixels: [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(Array(bytes[16..<26]) == [0, 0, 0, 1, 0, 0, 0, 2, 8, 6])
        #expect(throws: FormatError.self) { try PNGEncoder.encodeGray8(width: 0, height: 2, pixels: []) }
        #expect(throws: FormatError.self) {
            try PNGEncoder.encodeGray8(width: -1, height: -2, pixels: [1, 2])
        }
        #expect(throws: FormatError.self) {
            try PNGEncoder.encodeGray8(width: 2, height: 2, pixels: [1, 2, 3])
        }
        #expect(throws: FormatError.self) {
            try PNGEncoder.encodeGray8(width: Int.max, height: 2, pixels: [1])
        }
    }

    /// CRC-32 of PNG chunks, bit by bit.
    private func crc32(_ bytes: [UInt8]) -> [UInt8] {
        var crc = ~UInt32(0)
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return (0..<4).map { UInt8(truncatingIfNeeded: ~crc >> (24 - 8 * $0)) }
    }
}
