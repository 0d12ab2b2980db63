import BossCatalog
import BossFormats
import BossGeometry
import BossStorage
import BossTestSupport
import BossVoxels
import Synchronization
import Testing

@testable import BossDatabase

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("Imports")
struct ImportTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func npy(_ model: ModelVolume, _ type: VoxelType, _ name: String = "volume.npy") throws -> String
    {
        try NPYWriter.write(try model.volume(type), to: folder.file(name))
        return folder.file(name)
    }

    private func content(_ extent: VoxelExtent, _ type: VoxelType, seed: UInt64) -> ModelVolume {
        var random = SeededGenerator(seed: seed)
        let box = VoxelBox(origin: .zero, extent: extent)
        return VoxelMaker(type: type, background: 0).fill(box, &random)
    }

    @Test("every voxel type, at the start of the channel by default", arguments: VoxelType.allCases)
    func types(type: VoxelType) throws {
        let simulated = try SimulatedDatabase(options: smallOptions(workers: 2))
        let channel = try simulated.database.make(ChannelPlan(voxelType: type))
        let model = content(channel.box(at: .native).extent, type, seed: 0x1)
        let summary = try channel.importVolume(try npy(model, type))
        #expect(
            summary.box == channel.box(at: .native) && summary.timeSampleCount == 1 && summary.commit == 1)
        #expect(summary.byteCount == model.voxels.count * type.byteCount)
        #expect(summary.changedVoxelCount == model.voxels.count { $0 != 0 })
        #expect(try channel.read(CutoutRegion(box: summary.box)).bits == model.voxels)
        // Again: nothing changes, and nothing is written.
        let again = try channel.importVolume(try npy(model, type))
        #expect(again.changedVoxelCount == 0)
        #expect(try simulated.database.view().commit == 1)
    }

    @Test("unsigned voxels are widened, all other types refused with 22V04", arguments: VoxelType.allCases)
    func widening(to type: VoxelType) throws {
        let simulated = try SimulatedDatabase()
        let channel = try simulated.database.make(ChannelPlan(voxelType: type))
        let box = VoxelBox(x: 5..<14, y: 3..<10, z: 2..<7)
        for source in VoxelType.allCases where source != type {
            let model = content(box.extent, source, seed: 0x2)
            let file = try npy(model, source)
            let fits = source.isUnsigned && type.isUnsigned && source.byteCount < type.byteCount
            if fits {
                try channel.importVolume(file)
                #expect(try channel.read(CutoutRegion(box: box)).bits == model.voxels, "\(source) to \(type)")
            } else {
                let before = try channel.read(CutoutRegion(box: box)).bits
                expectRefusal(
                    "22V04", naming: ["volume.npy", source.rawValue, type.rawValue, "lab/exp/data"]
                ) {
                    try channel.importVolume(file)
                }
                #expect(try channel.read(CutoutRegion(box: box)).bits == before)
            }
        }
    }

    @Test("modes and origins, against the array model", arguments: WriteMode.allCases, 0..<3)
    func modes(mode: WriteMode, number: UInt64) throws {
        var random = SeededGenerator(seed: 0x30DE + number)
        let plan = ChannelPlan(kind: .annotation, voxelType: .uint64, background: number)
        let simulated = try SimulatedDatabase()
        let channel = try simulated.database.make(plan)
        let maker = VoxelMaker(type: .uint64, background: number)
        var model = ModelVolume(plan.frame, filledWith: number)
        for _ in 0..<4 {
            let part = maker.fill(
                random.box(in: plan.frame, longest: VoxelExtent(x: 30, y: 20, z: 12)), &random)
            let changed = model.write(part, mode: mode, background: number)
            let file = try npy(part, .uint64)
            if let changed {
                let summary = try channel.importVolume(file, at: part.box.lower, mode: mode)
                #expect(summary.box == part.box && summary.changedVoxelCount == changed)
            } else {
                expectRefusal("23V01", naming: ["lab/exp/data"]) {
                    try channel.importVolume(file, at: part.box.lower, mode: mode)
                }
            }
            #expect(
                try channel.read(CutoutRegion(box: plan.frame)).bits == model.voxels, "seed \(random.seed)")
        }
    }

    @Test("several time samples, from a sample on")
    func timeSamples() throws {
        let simulated = try SimulatedDatabase()
        let channel = try simulated.database.make(ChannelPlan(voxelType: .uint16, times: 4))
        let box = VoxelBox(x: 10..<30, y: 3..<10, z: 4..<11)
        var random = SeededGenerator(seed: 4)
        let maker = VoxelMaker(type: .uint16, background: 0)
        let bits = maker.fill(box, &random).voxels + maker.fill(box, &random).voxels
        let volume = try ModelVolume.volume(.uint16, axes: [.t, .z, .y, .x], shape: [2, 7, 7, 20], bits)
        try NPYWriter.write(volume, to: folder.file("four.npy"))
        let summary = try channel.importVolume(folder.file("four.npy"), at: box.lower, time: 2)
        #expect(summary.timeSampleCount == 2 && summary.box == box)
        #expect(try channel.read(CutoutRegion(box: box, time: 2..<4)).bits == bits)
        #expect(try channel.read(CutoutRegion(box: box, time: 0..<2)).bits.allSatisfy { $0 == 0 })
        expectRefusal("22V01", naming: ["lab/exp/data"]) {
            try channel.importVolume(folder.file("four.npy"), at: box.lower, time: 3)
        }
        expectRefusal("22V01") { try channel.importVolume(folder.file("four.npy"), time: -1) }
    }

    @Test("NIfTI, plain and gzipped")
    func nifti() throws {
        let simulated = try SimulatedDatabase()
        let channel = try simulated.database.make(ChannelPlan(voxelType: .int16))
        let model = content(VoxelExtent(x: 21, y: 13, z: 9), .int16, seed: 5)
        let bytes = VolumeFileBytes.niftiFile(model, code: 4, bits: 16)
        let box = VoxelBox(origin: VoxelPoint(x: 6, y: 5, z: 4), extent: model.box.extent)
        for (name, file) in [("a.nii", bytes), ("b.nii.gz", VolumeFileBytes.gzip(bytes))] {
            try folder.write(file, name)
            try channel.importVolume(folder.file(name), at: box.lower)
            #expect(try channel.read(CutoutRegion(box: box)).bits == model.voxels, "\(name)")
            try channel.erase(CutoutRegion(box: box))
        }
    }

    /// 512 x 512 x 48 voxels of one byte, 96 MiB once widened to 8 bytes: several slabs.
    private static let largeExtent = VoxelExtent(x: 512, y: 512, z: 48)

    private static func largeVoxel(_ y: Int, _ z: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: y / 3 &+ z &* 11) | 1
    }

    private func largeVolume() throws -> AnyVolume {
        var volume = try Volume<UInt8>(extent: Self.largeExtent)
        volume.withUnsafeMutableElements { voxels in
            guard let base = voxels.baseAddress else { return }
            for row in 0..<512 * 48 {
                memset(base + row * 512, Int32(Self.largeVoxel(row % 512, row / 512)), 512)
            }
        }
        return volume.erased
    }

    private func largeChannel() throws -> (SimulatedDatabase, Channel) {
        let simulated = try SimulatedDatabase(options: smallOptions(pool: 1 << 20, workers: 2))
        let channel = try simulated.database.make(
            ChannelPlan(
                kind: .annotation, voxelType: .uint64, frame: VoxelBox(x: 0..<600, y: 0..<600, z: 0..<64),
                cuboid: CuboidGrid.standard.cuboid, brick: CuboidGrid.standard.brick))
        return (simulated, channel)
    }

    @Test("a volume larger than a slab, off the cuboid grid, with a tiny pool")
    func large() throws {
        let (_, channel) = try largeChannel()
        let file = folder.file("large.npy")
        try NPYWriter.write(try largeVolume(), to: file)
        let steps = Mutex<[Int]>([])
        let control = OperationControl { progress in steps.withLock { $0.append(progress.completedByteCount) }
        }
        let origin = VoxelPoint(x: 40, y: 50, z: 5)
        let summary = try channel.importVolume(file, at: origin, control: control)
        #expect(summary.changedVoxelCount == Self.largeExtent.voxelCount)
        let seen = steps.withLock { $0 }
        #expect(seen.count >= 2 && seen == seen.sorted() && seen.last == summary.byteCount)
        // Columns of voxels through the whole volume and past it on both sides.
        let box = VoxelBox(x: 38..<44, y: 0..<600, z: 0..<64)
        let found = try channel.read(CutoutRegion(box: box), as: UInt64.self)
        var wrong = 0
        found.withUnsafeElements { voxels in
            var at = 0
            for z in 0..<64 {
                for y in 0..<600 {
                    let isInside = 5..<53 ~= z && 50..<562 ~= y
                    let expected = isInside ? UInt64(Self.largeVoxel(y - 50, z - 5)) : 0
                    for x in 38..<44 {
                        if voxels[at] != (x >= 40 ? expected : 0) { wrong += 1 }
                        at += 1
                    }
                }
            }
        }
        #expect(wrong == 0)
    }

    @Test("a file that ends early, or is cancelled, leaves nothing visible")
    func endsEarly() throws {
        let (simulated, channel) = try largeChannel()
        let whole = try NPYWriter.encode(try largeVolume())
        let region = CutoutRegion(box: VoxelBox(x: 0..<8, y: 0..<600, z: 0..<64))
        // The length of a plain file shows when it is opened; that of a gzipped one in the last slab.
        try folder.write(Array(whole.dropLast()), "short.npy")
        let packed = VolumeFileBytes.gzip(whole)
        try folder.write(Array(packed.dropLast(4000)), "short.npy.gz")
        for name in ["short.npy", "short.npy.gz"] {
            let seen = Mutex(0)
            let control = OperationControl { _ in seen.withLock { $0 += 1 } }
            expectRefusal("22V09", naming: [name]) {
                try channel.importVolume(folder.file(name), control: control)
            }
            #expect(seen.withLock { $0 > 0 } == name.hasSuffix("gz"))
            #expect(try channel.read(region).bits.allSatisfy { $0 == 0 })
        }
        try folder.write(packed, "whole.npy.gz")
        let cancellation = Cancellation()
        let control = OperationControl(cancellation: cancellation) { _ in cancellation.cancel() }
        expectRefusal("57014") { try channel.importVolume(folder.file("whole.npy.gz"), control: control) }
        #expect(try channel.read(region).bits.allSatisfy { $0 == 0 })
        #expect(try simulated.database.view().commit == 0)
        #expect(!simulated.files.fileNames.contains { $0.hasPrefix("seg/") }, "\(simulated.files.fileNames)")
    }

    @Test("files that are none, and volumes that do not fit")
    func refusals() throws {
        let simulated = try SimulatedDatabase()
        let channel = try simulated.database.make(ChannelPlan())
        expectRefusal("58030", naming: ["none.npy"]) { try channel.importVolume(folder.file("none.npy")) }
        try folder.write(Array("no volume at all".utf8), "text.bin")
        expectRefusal("22V09", naming: ["text.bin"]) { try channel.importVolume(folder.file("text.bin")) }
        try folder.write(Array("no volume at all".utf8), "text.npy")
        expectRefusal("22V09", naming: ["text.npy"]) { try channel.importVolume(folder.file("text.npy")) }
        let extent = channel.box(at: .native).extent
        let fits = try npy(content(extent, .uint8, seed: 6), .uint8)
        for origin in [
            VoxelPoint(x: 6, y: 3, z: 2), VoxelPoint(x: 5, y: 2, z: 2), VoxelPoint(x: 5, y: 3, z: 3),
        ] {
            expectRefusal("22V01", naming: ["lab/exp/data"]) { try channel.importVolume(fits, at: origin) }
        }
        expectRefusal("22V01") {
            try channel.importVolume(fits, at: VoxelPoint(x: Int.max, y: 0, z: Int.min))
        }
        expectRefusal("22V01") { try channel.importVolume(fits, time: 1) }
        #expect(try simulated.database.view().commit == 0)
    }
}
