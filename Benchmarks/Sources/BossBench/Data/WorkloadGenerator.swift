import BossQL
import Foundation

/// Makes seeded workloads for a volume: the same kinds, names and sizes as the comparison's, cut to the volume.
struct WorkloadGenerator {
    let volume: String
    let extent: VoxelExtent
    let voxelType: VoxelType
    let seed: UInt64
    /// Operations of a kind are divided by this.
    var thinning = 1
    private var random: SeededGenerator

    init(volume: String, extent: VoxelExtent, voxelType: VoxelType, seed: UInt64, thinning: Int = 1) {
        (self.volume, self.extent, self.voxelType) = (volume, extent, voxelType)
        (self.seed, self.thinning) = (seed, thinning)
        random = SeededGenerator(seed: seed ^ UInt64(voxelType.byteCount))
    }

    private var isLabels: Bool { voxelType.byteCount == 8 }

    /// Writes all workload files of the volume into a folder, `<volume>_<name>.jsonl`.
    ///
    /// - Parameter data: the volume, to pick IDs that exist.
    mutating func write(to folder: String, data: RawVolume) throws {
        for (name, size, count) in [
            ("c64", VoxelExtent(x: 64, y: 64, z: 64), isLabels ? 100 : 200),
            ("c128", VoxelExtent(x: 128, y: 128, z: 128), 60),
            ("slab", VoxelExtent(x: 512, y: 512, z: 16), 40),
        ] {
            let size = clipped(size)
            try put(folder, name + "_al", cutouts(count) { $0.box(of: size, grid: size) })
            try put(folder, name + "_un", cutouts(count) { $0.box(of: size, grid: nil) })
        }
        for (name, size) in [
            ("xy512", VoxelExtent(x: 512, y: 512, z: 1)), ("xz512", VoxelExtent(x: 512, y: 1, z: 512)),
            ("yz512", VoxelExtent(x: 1, y: 512, z: 512)),
        ] {
            let size = clipped(size)
            try put(folder, name, cutouts(60) { $0.box(of: size, grid: nil) })
        }
        try put(folder, "write", writes())
        let whole = [0, extent.x, 0, extent.y, 0, extent.z]
        let part = [0, extent.x, 0, extent.y, 0, min(extent.z, 128)]
        let dtype = voxelType.numpyName
        try put(folder, "ingest", [Operation(op: "ingest", box: isLabels ? part : whole, dtype: dtype)])
        try put(
            folder, "scan",
            [Operation(op: "scan", box: whole, dtype: dtype, step: [extent.x, extent.y, min(64, extent.z)])])
        try put(
            folder, "down",
            [
                Operation(
                    op: "downsample", box: part, dtype: dtype, factor: [2, 2, 1],
                    method: isLabels ? "mode" : "mean")
            ])
        if isLabels { try writeLabelQueries(folder, data) }
    }

    private mutating func writeLabelQueries(_ folder: String, _ data: RawVolume) throws {
        for (name, size, count) in [
            ("unique128", VoxelExtent(x: 128, y: 128, z: 128), 40),
            ("unique_slab", VoxelExtent(x: 512, y: 512, z: 16), 30),
        ] {
            let size = clipped(size)
            try put(folder, name, cutouts(count, op: "unique") { $0.box(of: size, grid: nil) })
        }
        let labels = data.bytes.bindMemory(to: UInt64.self)
        var ids = Set<UInt64>()
        for _ in 0..<1000 where ids.count < 20 {
            let id = labels[Int.random(in: labels.indices, using: &random)]
            if id != 0 { ids.insert(id) }
        }
        try put(folder, "bbox", ids.sorted().map { Operation(op: "bbox", id: $0) })
    }

    private func put(_ folder: String, _ name: String, _ operations: [Operation]) throws {
        let header = Workload.Header(
            name: name, volume: volume, dtype: voxelType.numpyName, shape: [extent.x, extent.y, extent.z],
            seed: seed,
            count: operations.count)
        try Workload(header: header, operations: operations).write(to: "\(folder)/\(volume)_\(name).jsonl")
    }

    private mutating func cutouts(
        _ count: Int, op: String = "cutout", _ box: (inout WorkloadGenerator) -> [Int]
    ) -> [Operation] {
        (0..<max(4, count / thinning)).map { _ in
            Operation(op: op, box: box(&self), dtype: voxelType.numpyName)
        }
    }

    private mutating func writes() -> [Operation] {
        (0..<max(4, 60 / thinning)).map { number in
            let size = VoxelExtent(
                x: Int.random(in: 8...64, using: &random), y: Int.random(in: 8...64, using: &random),
                z: Int.random(in: 1...12, using: &random))
            let fill =
                isLabels
                ? Operation.Fill(a: 0, b: 0, c: 0, d: 77 << 32 + UInt64(number))
                : Operation.Fill(a: 3, b: 5, c: 7, d: UInt64(number))
            return Operation(
                op: "write", box: box(of: clipped(size), grid: nil), dtype: voxelType.numpyName, fill: fill)
        }
    }

    private func clipped(_ size: VoxelExtent) -> VoxelExtent {
        VoxelExtent(x: min(size.x, extent.x), y: min(size.y, extent.y), z: min(size.z, extent.z))
    }

    /// A random box: on a grid, or off every multiple of 16 where there is room.
    private mutating func box(of size: VoxelExtent, grid: VoxelExtent?) -> [Int] {
        [SpatialAxis.x, .y, .z].flatMap { axis -> [Int] in
            let room = extent[axis] - size[axis]
            var origin: Int
            if let grid {
                origin = Int.random(in: 0...room / grid[axis], using: &random) * grid[axis]
            } else {
                origin = Int.random(in: 0...room, using: &random)
                for _ in 0..<20 where room > 0 && origin % 16 == 0 {
                    origin = Int.random(in: 0...room, using: &random)
                }
            }
            return [origin, origin + size[axis]]
        }
    }
}
