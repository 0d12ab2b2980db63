import BossCodec
import BossGeometry
import BossStorage
import BossTestSupport
import BossVoxels
import Foundation

/// Lookups in label indexes of more and more entries, written directly: pages with a summary of many labels and hardly a voxel.
struct EntryScale {
    let folder: String

    private static let labelsOfPage = 1000
    private static let lookupCount = 400

    func report(largest: Int) throws {
        print(
            "\nlookups of one ID among index entries, \(Self.labelsOfPage) labels a page, about 10 pages an ID; cold: opened anew, "
                + "out of the page cache")
        print(
            column("entries", 12, isFirst: true)
                + [
                    "written s", "files MiB", "cold p50 ms", "warm p50 us", "warm p99 us", "entries found",
                    "anonymous MiB", "of caches MiB", "peak MiB",
                ].map { column($0, 15) }.joined())
        var count = min(100_000, largest)
        while true {
            try measure(count)
            guard count < largest else { return }
            count = min(count * 10, largest)
        }
    }

    private func measure(_ count: Int) throws {
        let path = folder + "/entries"
        try? FileManager.default.removeItem(atPath: path)  // Of the size before.
        let pageCount = count / Self.labelsOfPage
        let built = try seconds { try build(path, pageCount) }
        let byteCount = StoredFiles.byteCount(path)
        let options = StorageOptions()
        var (cold, warm, found) = ([Double](), [Double](), 0)
        var random = SeededGenerator(seed: 3)
        for _ in 0..<10 {
            _ = StoredFiles.drop(path)
            let engine = try open(path, create: false)
            let id = Self.id(
                Int(random.next() % UInt64(pageCount)), Int(random.next() % UInt64(Self.labelsOfPage)))
            cold.append(try seconds { _ = try lookUp(id, engine) } * 1e3)
            try engine.close()
        }
        let engine = try open(path, create: false)
        for number in 0..<Self.lookupCount {
            let page = Int(random.next() % UInt64(pageCount))
            let id = Self.id(page, Int(random.next() % UInt64(Self.labelsOfPage)))
            var pages: [UInt64] = []
            let taken = try seconds { pages = try lookUp(id, engine) }
            guard pages.contains(UInt64(page)) else { throw WrongResult(what: "pages of \(id)") }
            // The first lookups bring roots and leaves into the caches.
            if number >= Self.lookupCount / 4 {
                warm.append(taken * 1e6)
                found += pages.count
            }
        }
        let anonymous = Memory.anonymousByteCount
        try engine.close()
        let caches = options.summaryCacheByteCount * 3 / 2 + options.directoryCacheByteCount
        print(
            column("\(count)", 12, isFirst: true)
                + [
                    number(built, 1), number(Double(byteCount) / 1_048_576, 1), number(cold.median, 3),
                    number(warm.median, 1), number(warm.percentile(0.99), 1),
                    number(Double(found) / Double(warm.count), 1), number(Double(anonymous) / 1_048_576, 1),
                    number(Double(caches) / 1_048_576, 1),
                    number(Double(Memory.peakByteCount) / 1_048_576, 1),
                ].map { column($0, 15) }.joined())
    }

    private func open(_ path: String, create: Bool) throws -> StorageEngine {
        try StorageEngine.open(
            fileSystem: PosixFileSystem(directory: path, createIfMissing: create),
            mode: .readWrite(create: create), options: StorageOptions())
    }

    private static let group = PageGroup(channel: 1, resolution: 0, time: 0)
    private static let cuboid = VoxelExtent(x: 64, y: 64, z: 32)

    /// Cuboids that have an ID.
    private func lookUp(_ id: UInt64, _ engine: StorageEngine) throws -> [UInt64] {
        let answer = try engine.find(
            LabelRanges(ids: [id]), Self.group, in: try engine.view(), cuboid: Self.cuboid)
        guard answer.unknown.isEmpty else { throw WrongResult(what: "a page without labels") }
        return answer.labels.map(\.morton)
    }

    /// A label of a page; ten pages in a row share it, and labels of neighbours lie far apart.
    private static func id(_ page: Int, _ number: Int) -> UInt64 {
        var random = SeededGenerator(seed: UInt64(page / 10 * labelsOfPage + number))
        return random.next() | 1
    }

    private func build(_ path: String, _ pageCount: Int) throws {
        let engine = try open(path, create: true)
        let bulk = try engine.beginBulk()
        let (brick, brickByteCount) = (VoxelExtent(x: 64, y: 64, z: 16), 64 * 64 * 16 * 8)
        let encoder = BrickEncoder(
            voxelType: .uint64, brickByteCount: brickByteCount, preference: .automatic, labelExtent: brick)
        let scratch = VoxelStorage(byteCount: BrickEncoder.outputBound(brickByteCount), zeroed: false)
        let place = VoxelBox(x: 3..<30, y: 5..<40, z: 1..<15)
        var (ids, block) = ([UInt64](), -1)
        for page in 0..<pageCount {
            if page / 10 != block {
                block = page / 10
                ids = (0..<Self.labelsOfPage).map { Self.id(page, $0) }.sorted()
            }
            var builder = PageBuilder(
                key: CuboidKey(group: Self.group, morton: UInt64(page)), kind: .full, encoder: encoder,
                voxelByteCount: 8, brickByteCount: brickByteCount, brickCapacity: 2, scratch: scratch)
            // Two values, or the page would be a constant.
            builder.appendConstant(brick: 0, bits: 1)
            builder.appendConstant(brick: 1, bits: 2)
            let labels = ids.map { PageLabel.filling(place, with: $0) }
            try bulk.add(builder.finish(labels: labels), dependsOnBase: false)
        }
        try bulk.commit()
        try engine.close()
    }
}
