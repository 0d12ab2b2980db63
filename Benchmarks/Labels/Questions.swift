import BossCatalog
import BossDatabase
import BossGeometry
import BossTestSupport
import BossVoxels
import Foundation

/// Questions about objects through the library, each beside the naive way: reading voxels and looking at every one.
struct Questions {
    let data: LabelData
    let folder: String

    private static let coldCount = 40
    private static let boxCount = 24
    private static let path = "bench/volume/labels"

    func report() throws {
        let path = folder + "/questions"
        let imported = try seconds { try build(path) }
        print(
            "\nquestions about \(data.extent) labels, stored in \(number(Double(StoredFiles.byteCount(path)) / 1_048_576, 2)) MiB, "
                + "written in \(number(imported, 2)) s")
        try reportObjects(path)
        try reportIDs(path)
    }

    private func build(_ path: String) throws {
        let database = try Database.open(path)
        try database.createCollection("bench")
        try database.createFrame(
            "space", box: VoxelBox(origin: .zero, extent: data.extent),
            voxelSize: PhysicalSize(x: 32, y: 32, z: 40))
        try database.createExperiment("bench/volume", frame: "space")
        let channel = try database.createChannel(Self.path, kind: .annotation, voxelType: .uint64)
        for z in stride(from: 0, to: data.extent.z, by: 64) {
            let planes = z..<min(z + 64, data.extent.z)
            var slab = try AnyVolume(
                voxelType: .uint64, axes: [.z, .y, .x], shape: [planes.count, data.extent.y, data.extent.x],
                zeroed: false)
            slab.withUnsafeMutableBytes { $0.copyMemory(from: data.planes(planes)) }
            try channel.write(slab, at: VoxelPoint(x: 0, y: 0, z: z))
        }
        try database.close()
    }

    // MARK: One object

    private func reportObjects(_ path: String) throws {
        let frame = VoxelBox(origin: .zero, extent: data.extent)
        let ids = try chosenIDs(path)
        print(
            "\none object in the whole volume, \(ids.count) IDs at random; cold: opened anew, its files out of the page cache"
        )
        print(
            column("question", 26, isFirst: true)
                + ["p50 ms", "p99 ms", "bricks read", "still cached KiB"].map { column($0, 18) }.joined())
        var answers: [UInt64: VoxelBox] = [:]
        for (name, isBox) in [("BBOX OF ID", true), ("OBJECTS, one id", false)] {
            var (times, bricks, cached) = ([Double](), 0, 0)
            for id in ids {
                cached = max(cached, StoredFiles.drop(path))
                let database = try Database.open(path)
                let channel = try database.channel(Self.path)
                var cost = ReadStatistics()
                var box: VoxelBox?
                times.append(
                    try seconds {
                        box =
                            isBox
                            ? try channel.boundingBoxes(
                                of: [id], in: CutoutRegion(box: frame), statistics: &cost
                            )
                            .first?.box
                            : try channel.objects(
                                ids: IDCondition(ids: [id]), in: CutoutRegion(box: frame), statistics: &cost
                            ).first?.box
                    } * 1e3)
                bricks += cost.brickCount
                if let known = answers[id], known != box { throw WrongResult(what: "box of \(id)") }
                answers[id] = box
                try database.close()
            }
            print(
                column(name + ", cold", 26, isFirst: true)
                    + [
                        number(times.median, 3), number(times.percentile(0.99), 3), "\(bricks)",
                        "\(cached >> 10)",
                    ]
                    .map { column($0, 18) }.joined())
        }
        try reportNaiveBox(path, ids[0], answers[ids[0]])
    }

    /// Objects of any size, as a person clicks on them.
    private func chosenIDs(_ path: String) throws -> [UInt64] {
        let database = try Database.open(path)
        defer { try? database.close() }  // It was read only.
        var cost = ReadStatistics()
        let objects = try database.channel(Self.path).objects(
            in: CutoutRegion(box: VoxelBox(origin: .zero, extent: data.extent)), statistics: &cost)
        print("\(objects.count) objects, of \(objects.reduce(0) { $0 + $1.cuboidCount }) parts in cuboids")
        var random = SeededGenerator(seed: 7)
        return objects.map(\.id).shuffled(using: &random).prefix(Self.coldCount).map { $0 }
    }

    private func reportNaiveBox(_ path: String, _ id: UInt64, _ expected: VoxelBox?) throws {
        let database = try Database.open(path)
        let channel = try database.channel(Self.path)
        let extent = data.extent
        let depth = 16
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: extent.x * extent.y * depth * 8, alignment: 4096)
        defer { memory.deallocate() }
        var box: VoxelBox?
        let taken = try seconds {
            for z in stride(from: 0, to: extent.z, by: depth) {
                let planes = z..<min(z + depth, extent.z)
                let slab = VoxelBox(x: 0..<extent.x, y: 0..<extent.y, z: planes)
                let part = UnsafeMutableRawBufferPointer(rebasing: memory[..<(slab.voxelCount * 8)])
                _ = try channel.read(CutoutRegion(box: slab), into: part)
                let labels = UnsafeBufferPointer(part.bindMemory(to: UInt64.self))
                if let found = Naive.box(of: id, in: labels, slab) { box = box?.union(found) ?? found }
            }
        }
        guard box == expected else { throw WrongResult(what: "box of \(id) by its voxels") }
        print(
            column("naive: read and scan all", 26, isFirst: true) + column(number(taken * 1e3, 1), 18)
                + column("", 18) + column("all", 18) + "   (one ID, warm, the same box)")
        try database.close()
    }

    // MARK: IDs of a box

    private func reportIDs(_ path: String) throws {
        let database = try Database.open(path)
        let channel = try database.channel(Self.path)
        let size = VoxelExtent(
            x: min(512, data.extent.x), y: min(512, data.extent.y), z: min(16, data.extent.z))
        print(
            "\ndistinct IDs of \(size), warm, \(Self.boxCount) boxes; naive: cutout into memory that is used again, then a hash table"
        )
        print(
            column("boxes", 16, isFirst: true)
                + [
                    "FIND IDS p50 us", "naive p50 us", "of it cutout us", "faster", "summaries", "bricks",
                ].map { column($0, 17) }.joined())
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size.voxelCount * 8, alignment: 4096)
        defer { memory.deallocate() }
        var random = SeededGenerator(seed: 11)
        for isAligned in [true, false] {
            let boxes = (0..<Self.boxCount).map { _ in box(size, isAligned, &random) }
            var (index, naive, cutout, cost) = ([Double](), [Double](), [Double](), ReadStatistics())
            for round in 0..<3 {
                for box in boxes {
                    let region = CutoutRegion(box: box)
                    var found: [LabelSummary] = []
                    cost = ReadStatistics()
                    let asked = try seconds { found = try channel.labels(in: region, statistics: &cost) }
                    var (ids, read) = ([UInt64](), 0.0)
                    let scanned = try seconds {
                        read = try seconds { _ = try channel.read(region, into: memory) }
                        ids = Naive.distinct(UnsafeBufferPointer(memory.bindMemory(to: UInt64.self)))
                    }
                    guard found.map(\.id) == ids.filter({ $0 != 0 }).sorted() else {
                        throw WrongResult(what: "IDs of \(box)")
                    }
                    // The first round warms up.
                    guard round > 0 else { continue }
                    index.append(asked * 1e6)
                    naive.append(scanned * 1e6)
                    cutout.append(read * 1e6)
                }
            }
            print(
                column(isAligned ? "on the grid" : "off the grid", 16, isFirst: true)
                    + [
                        number(index.median, 1), number(naive.median, 1), number(cutout.median, 1),
                        number(naive.median / index.median, 1), "\(cost.summaryCount)", "\(cost.brickCount)",
                    ].map { column($0, 17) }.joined())
        }
        try database.close()
    }

    private func box(_ size: VoxelExtent, _ isAligned: Bool, _ random: inout SeededGenerator) -> VoxelBox {
        func start(_ length: Int, _ all: Int, _ grid: Int) -> Int {
            let room = all - length
            guard room > 0 else { return 0 }
            let place = Int(random.next() % UInt64(room + 1))
            if isAligned { return place / grid * grid }
            return place % grid == 0 ? max(0, place - 1) : place
        }
        return VoxelBox(
            origin: VoxelPoint(
                x: start(size.x, data.extent.x, 512), y: start(size.y, data.extent.y, 512),
                z: start(size.z, data.extent.z, 16)), extent: size)
    }
}

/// What one would write without an index.
enum Naive {
    /// The box around a label.
    static func box(of id: UInt64, in labels: UnsafeBufferPointer<UInt64>, _ slab: VoxelBox) -> VoxelBox? {
        let extent = slab.extent
        var (low, high) = (SIMD3(repeating: Int.max), SIMD3(repeating: -1))
        for z in 0..<extent.z {
            for y in 0..<extent.y {
                let row = (z * extent.y + y) * extent.x
                for x in 0..<extent.x where labels[row + x] == id {
                    low = pointwiseMin(low, SIMD3(x, y, z))
                    high = pointwiseMax(high, SIMD3(x, y, z))
                }
            }
        }
        guard high.x >= 0 else { return nil }
        let origin = slab.lower
        return VoxelBox(
            x: origin.x + low.x..<origin.x + high.x + 1, y: origin.y + low.y..<origin.y + high.y + 1,
            z: origin.z + low.z..<origin.z + high.z + 1)
    }

    /// The distinct labels: an open hash table, which is asked only where a voxel differs from the one before.
    static func distinct(_ labels: UnsafeBufferPointer<UInt64>) -> [UInt64] {
        var slots = [UInt64](repeating: 0, count: 1 << 12)
        var (count, hasZero, last) = (0, false, UInt64.max)
        for label in labels where label != last {
            last = label
            guard label != 0 else {
                hasZero = true
                continue
            }
            if count * 2 >= slots.count { slots = grown(slots) }
            if insert(label, &slots) { count += 1 }
        }
        return slots.filter { $0 != 0 } + (hasZero ? [0] : [])
    }

    private static func insert(_ label: UInt64, _ slots: inout [UInt64]) -> Bool {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: (label &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
        while slots[slot] != 0 {
            if slots[slot] == label { return false }
            slot = (slot + 1) & mask
        }
        slots[slot] = label
        return true
    }

    private static func grown(_ slots: [UInt64]) -> [UInt64] {
        var larger = [UInt64](repeating: 0, count: slots.count * 2)
        for label in slots where label != 0 { _ = insert(label, &larger) }
        return larger
    }
}
