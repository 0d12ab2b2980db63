import BossCodec
import BossGeometry
import BossStorage
import BossVoxels
import CBlosc
import Foundation

/// What summaries and the label index cost a bulk load, in time and in bytes: the same pages are built and written with and
/// without them, by one thread, in turn.
struct IngestCost {
    let data: LabelData
    let folder: String

    private static let rounds = 5
    private static let grid = try? CuboidGrid(
        cuboid: VoxelExtent(x: 512, y: 512, z: 16), brick: VoxelExtent(x: 64, y: 64, z: 16))

    private struct Load {
        var wall = Double.infinity
        var cpu = Double.infinity
        var byteCount = 0
    }

    func report() throws {
        guard let grid = Self.grid else { return }
        print(
            "\nbulk load of \(data.extent) labels through the engine, one thread, best of \(Self.rounds) in turn, durable at the end"
        )
        var loads = [Load(), Load()]
        var factors: [Double] = []
        for round in 0..<Self.rounds {
            var spent = [0.0, 0.0]
            for isLabelled in round % 2 == 0 ? [false, true] : [true, false] {
                let number = isLabelled ? 1 : 0
                let load = try self.load(grid, isLabelled: isLabelled)
                spent[number] = load.cpu
                loads[number].wall = min(loads[number].wall, load.wall)
                loads[number].cpu = min(loads[number].cpu, load.cpu)
                loads[number].byteCount = load.byteCount
            }
            factors.append(spent[1] / spent[0])
        }
        let voxels = Double(data.extent.voxelCount * 8)
        for (name, load) in zip(["without index", "with summaries and index"], loads) {
            print(
                column(name, 28, isFirst: true)
                    + "\(number(load.wall, 3)) s, \(number(load.cpu, 3)) CPU s, \(number(voxels / load.wall / 1e9, 2)) GB/s, "
                    + "\(number(Double(load.byteCount) / 1_048_576, 2)) MiB")
        }
        print(
            "index: \(number((loads[1].wall / loads[0].wall - 1) * 100, 1)) % of the time, "
                + "\(number((factors.median - 1) * 100, 1)) % of the CPU time (median of the rounds), "
                + "\(number((Double(loads[1].byteCount) / Double(loads[0].byteCount) - 1) * 100, 1)) % of the bytes"
        )
        let zstandard = zstandardByteCount(grid.brick)
        print(
            "Blosc Zstandard level 3 without shuffle of the same bricks: \(number(Double(zstandard) / 1_048_576, 2)) MiB; "
                + "voxels and index are \(number(Double(loads[1].byteCount) / Double(zstandard), 3)) of that")
    }

    private func load(_ grid: CuboidGrid, isLabelled: Bool) throws -> Load {
        let path = folder + "/ingest"
        try? FileManager.default.removeItem(atPath: path)  // Of the round before.
        let engine = try StorageEngine.open(
            fileSystem: PosixFileSystem(directory: path, createIfMissing: true),
            mode: .readWrite(create: true), options: StorageOptions())
        let (wall, cpu) = (wallSeconds(), cpuSeconds())
        let bulk = try engine.beginBulk()
        let range = try grid.cuboids(
            touching: VoxelBox(origin: .zero, extent: data.extent))
        let scratch = VoxelStorage(
            byteCount: BrickEncoder.outputBound(grid.brick.voxelCount * 8), zeroed: false)
        for code in range.mortonCodes() {
            try bulk.add(try page(code, grid, isLabelled: isLabelled, scratch), dependsOnBase: false)
        }
        try bulk.commit()
        var load = Load(wall: wallSeconds() - wall, cpu: cpuSeconds() - cpu)
        load.byteCount = StoredFiles.paths(path + "/seg").reduce(0) { sum, file in
            let size = try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int
            return sum + (size ?? 0)
        }
        try engine.close()
        return load
    }

    private func page(
        _ code: MortonCode, _ grid: CuboidGrid, isLabelled: Bool, _ scratch: VoxelStorage
    ) throws -> EncodedPage {
        let brickByteCount = grid.brick.voxelCount * 8
        let key = CuboidKey(
            group: PageGroup(channel: 1, resolution: 0, time: 0), morton: code.rawValue)
        var builder = PageBuilder(
            key: key, kind: .full,
            encoder: BrickEncoder(
                voxelType: .uint64, brickByteCount: brickByteCount, preference: .automatic,
                labelExtent: grid.brick),
            voxelByteCount: 8, brickByteCount: brickByteCount, brickCapacity: grid.brickCount,
            scratch: scratch,
            labels: isLabelled ? LabelScope(grid: grid, backgroundBits: 0, voxelByteCount: 8) : nil)
        let frame = VoxelBox(origin: .zero, extent: data.extent)
        for brick in 0..<grid.brickCount {
            let box = grid.box(ofBrick: brick, in: code.index)
            guard frame.contains(box) else {
                builder.appendConstant(brick: brick, bits: 0)
                continue
            }
            try builder.append(brick: brick) { data.copy(box, to: $0) }
        }
        return builder.finish()
    }

    private func zstandardByteCount(_ brick: VoxelExtent) -> Int {
        let byteCount = brick.voxelCount * 8
        let room = byteCount + Int(BLOSC_MAX_OVERHEAD)
        let (voxels, output) = (
            UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64),
            UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 64)
        )
        defer {
            voxels.deallocate()
            output.deallocate()
        }
        var total = 0
        for z in stride(from: 0, through: data.extent.z - brick.z, by: brick.z) {
            for y in stride(from: 0, through: data.extent.y - brick.y, by: brick.y) {
                for x in stride(from: 0, through: data.extent.x - brick.x, by: brick.x) {
                    data.copy(
                        VoxelBox(x: x..<x + brick.x, y: y..<y + brick.y, z: z..<z + brick.z), to: voxels)
                    total += Int(
                        blosc_compress_ctx(
                            3, 0, 8, byteCount, voxels.baseAddress, output.baseAddress, room, "zstd", 0, 1))
                }
            }
        }
        return total
    }
}
