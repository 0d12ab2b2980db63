import BossGeometry
import BossQuery
import BossVoxels
import Testing

@testable import bossql

@Suite("Volume preview")
struct PreviewTests {
    private static let terminal = TerminalCapabilities(
        isTerminal: true, columns: 100, rows: 40, colors: .trueColor, isUTF8: true)

    private func result<T: VoxelElement>(
        _ voxels: [T], shape: [Int], axes: [Axis] = [.z, .y, .x], isAnnotation: Bool = false
    ) throws -> VolumeResult {
        let volume = try voxels.withUnsafeBytes { bytes in
            try AnyVolume(
                voxelType: T.voxelType, axes: Array(axes.suffix(shape.count)), shape: shape, copying: bytes)
        }
        return VolumeResult(
            volume: volume, origin: shape.map { _ in 0 }, resolution: 0, isAnnotation: isAnnotation)
    }

    @Test("summarises a volume in one line")
    func summary() throws {
        let volume = try AnyVolume(voxelType: .uint8, axes: [.z, .y, .x], shape: [16, 512, 512])
        #expect(
            VolumeSummary.line(volume, milliseconds: 12.3) == "UINT8 (Z,Y,X) = (16,512,512)  4.0 MiB  12.3 ms"
        )
    }

    @Test("shows a small slice voxel by voxel, stretched from its darkest to its brightest")
    func stretch() throws {
        let result = try result([UInt8](arrayLiteral: 9, 9, 9, 9, 10, 20, 15, 10), shape: [2, 2, 2])
        let raster = try #require(PreviewRaster(result, maximumWidth: 64, maximumHeight: 64))
        #expect(raster.width == 2 && raster.height == 2)
        #expect(raster.pixels == .grey([0, 255, 128, 0]), "slice 1 is the middle of two")
        let first = try #require(PreviewRaster(result, slice: 0, maximumWidth: 64, maximumHeight: 64))
        #expect(first.pixels == .grey([128, 128, 128, 128]), "one value is a middle grey")
        #expect(PreviewRaster(result, slice: 2, maximumWidth: 64, maximumHeight: 64) == nil)
        #expect(PreviewRaster(result, slice: -1, maximumWidth: 64, maximumHeight: 64) == nil)
    }

    @Test("fits and keeps the slice's proportions")
    func proportions() throws {
        let wide = try result([UInt8](repeating: 1, count: 1024 * 256), shape: [256, 1024], axes: [.y, .x])
        let raster = try #require(PreviewRaster(wide, maximumWidth: 64, maximumHeight: 64))
        #expect(raster.width == 64 && raster.height == 16)
        let tall = try result([UInt8](repeating: 1, count: 1000), shape: [1000, 1], axes: [.y, .x])
        let line = try #require(PreviewRaster(tall, maximumWidth: 64, maximumHeight: 64))
        #expect(line.width == 1 && line.height == 64)
    }

    @Test("has nothing to show for a line of voxels or none at all")
    func nothing() throws {
        #expect(
            PreviewRaster(try result([UInt8(1), 2], shape: [2]), maximumWidth: 64, maximumHeight: 64) == nil)
        #expect(
            PreviewRaster(try result([UInt8](), shape: [0, 2, 2]), maximumWidth: 64, maximumHeight: 64) == nil
        )
    }

    @Test("reads every voxel type and takes NaN for black", arguments: VoxelType.allCases)
    func types(_ type: VoxelType) throws {
        let volume = try AnyVolume(voxelType: type, axes: [.y, .x], shape: [3, 5])
        let result = VolumeResult(volume: volume, origin: [0, 0], resolution: 0, isAnnotation: false)
        let raster = try #require(PreviewRaster(result, maximumWidth: 64, maximumHeight: 64))
        #expect(raster.pixels == .grey([UInt8](repeating: 0, count: 15)))
        #expect(VoxelReader.range(of: volume)?.least == (type.isInteger ? "0" : "0.0"))
    }

    @Test("leaves NaN and infinities out of the stretch")
    func notANumber() throws {
        let result = try result([Float.nan, 1, 3, .infinity], shape: [2, 2])
        let raster = try #require(PreviewRaster(result, maximumWidth: 64, maximumHeight: 64))
        #expect(raster.pixels == .grey([0, 0, 255, 255]))
        #expect(VoxelReader.range(of: result.volume)?.least == "1.0")
    }

    @Test("draws two pixels a cell and names each colour once")
    func halfBlocks() throws {
        let result = try result([UInt64](arrayLiteral: 5, 5, 0, 7), shape: [2, 2], isAnnotation: true)
        let raster = try #require(PreviewRaster(result, maximumWidth: 64, maximumHeight: 64))
        let renderer = PreviewRenderer(capabilities: Self.terminal) { id in
            ScreenColor(red: UInt8(id), green: 0, blue: 0)
        }
        #expect(
            renderer.render(raster)
                == "\u{1B}[38;2;5;0;0;48;2;0;0;0m\u{2580}\u{1B}[48;2;7;0;0m\u{2580}\u{1B}[0m\n")
    }

    @Test("draws plain text without colours")
    func ramp() throws {
        let result = try result([UInt8](arrayLiteral: 0, 255, 128, 0, 255, 128), shape: [2, 3])
        let raster = try #require(PreviewRaster(result, maximumWidth: 64, maximumHeight: 64))
        let renderer = PreviewRenderer(capabilities: .plain) { _ in ScreenColor(red: 0, green: 0, blue: 0) }
        #expect(renderer.render(raster) == " @=\n")
    }

    @Test("finds the nearest of 256 colours")
    func palette() {
        #expect(PreviewRenderer.paletteIndex(ScreenColor(red: 255, green: 0, blue: 0)) == 196)
        #expect(PreviewRenderer.paletteIndex(ScreenColor(red: 0, green: 0, blue: 0)) == 16)
        #expect(PreviewRenderer.paletteIndex(ScreenColor(red: 128, green: 128, blue: 128)) == 244)
        #expect(PreviewRenderer.paletteIndex(ScreenColor(red: 255, green: 255, blue: 255)) == 231)
    }
}
