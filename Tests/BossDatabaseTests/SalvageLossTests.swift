import BossCatalog
import BossGeometry
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What stands where something was lost, and what the list of losses covers.
extension SalvageTests {
    /// A database with channels of several levels and time samples, each written in one load.
    private struct Levels {
        let folder: TemporaryFolder
        let path: String
        static let frame = VoxelBox(x: 0..<64, y: 16..<64, z: 0..<32)
        /// The file of the coarser levels.
        private(set) var pyramid = ""

        init() throws {
            folder = try TemporaryFolder()
            path = folder.file("lab.bossdb")
            var options = smallOptions(bulk: 1 << 10)
            options.maintainsInBackground = false
            let database = try Database.open(path, options: options)
            try database.createCollection("lab")
            try database.createFrame("frame", box: Self.frame, voxelSize: PhysicalSize(x: 4, y: 4, z: 8))
            try database.createExperiment("lab/exp", frame: "frame", levelCount: 4, timeSampleCount: 3)
            let grid = try CuboidGrid(
                cuboid: VoxelExtent(x: 16, y: 16, z: 8), brick: VoxelExtent(x: 8, y: 8, z: 4))
            let channel = try database.createChannel(
                "lab/exp/em", kind: .image, voxelType: .uint8, grid: grid)
            var model = ModelVolume(Self.frame, filledWith: 0)
            var random = SeededGenerator(seed: 0x1E7)
            for index in model.voxels.indices { model.voxels[index] = UInt64(random.below(250)) + 1 }
            for time in 0..<3 {
                try channel.write(try model.volume(.uint8), at: Self.frame.lower, time: time)
            }
            let before = try files()
            _ = try channel.downsample()
            pyramid = try #require(try files().subtracting(before).first)
            try database.close()
        }

        private func files() throws -> Set<String> {
            Set(
                try FileManager.default.subpathsOfDirectory(atPath: path).filter {
                    $0.hasPrefix("seg/") && $0.hasSuffix(".seg")
                })
        }

        /// The voxels of every level at a time sample; nil for a level that has none.
        func voxels(_ path: String, _ level: ResolutionLevel, time: Int) throws -> [UInt64] {
            let database = try Database.open(path, options: smallOptions())
            defer { try? database.close() }
            let channel = try database.channel("lab/exp/em")
            let box = channel.hierarchy.box(at: level)
            return try channel.read(CutoutRegion(box: box, level: level, time: time..<time + 1)).bits
        }
    }

    @Test("of a load over several levels and time samples every one that is lost is listed, with its voxels")
    func lostPyramid() throws {
        let lab = try Levels()
        let saved = lab.folder.file("saved.bossdb")
        var levels: [ResolutionLevel] = []
        var before: [String: [UInt64]] = [:]
        let database = try Database.open(lab.path, options: smallOptions())
        levels = try database.channel("lab/exp/em").storedLevels
        let hierarchy = try database.channel("lab/exp/em").hierarchy
        try database.close()
        #expect(levels.count == 6, "\(levels)")
        for level in levels {
            for time in 0..<3 { before["\(level) \(time)"] = try lab.voxels(lab.path, level, time: time) }
        }
        try FileManager.default.removeItem(atPath: lab.path + "/" + lab.pyramid)
        let outcome = try Database.salvage(lab.path, to: saved)
        #expect(!outcome.isComplete && outcome.losses.allSatisfy { $0.file == lab.pyramid })
        var wrong = 0
        for level in levels {
            let box = hierarchy.box(at: level)
            for time in 0..<3 {
                let found = try lab.voxels(saved, level, time: time)
                if found == before["\(level) \(time)"] { continue }
                wrong += 1
                let rows = outcome.losses.filter {
                    $0.level == level && $0.time <= time && time <= $0.lastTime
                }
                let covered = rows.compactMap(\.box).reduce(rows.first?.box) { $0?.union($1) }
                #expect(covered == box, "level \(level) time \(time): \(rows)")
                for row in rows {
                    guard case .stretch(let count, let last) = row.extent else { continue }
                    // The frame's last cuboid, not the last one that there can be.
                    #expect(count > 0 && (last?.x ?? .max) < 4 && (last?.z ?? .max) < 4, "\(row)")
                }
            }
        }
        #expect(wrong >= 5)
        #expect(!outcome.losses.contains { $0.level == .native }, "\(outcome.losses)")
    }

    @Test("a lost brick shows the channel's background, as the list says", arguments: [false, true])
    func lostBrickOfBackground(isBulk: Bool) throws {
        let folder = try TemporaryFolder()
        let path = folder.file("lab.bossdb")
        var options = smallOptions(bulk: isBulk ? 1 << 10 : 8 << 20)
        options.maintainsInBackground = false
        let frame = VoxelBox(x: 0..<32, y: 0..<16, z: 0..<8)
        let database = try Database.open(path, options: options)
        try database.createCollection("lab")
        try database.createFrame("frame", box: frame, voxelSize: PhysicalSize(x: 4, y: 4, z: 40))
        try database.createExperiment("lab/exp", frame: "frame")
        let channel = try database.createChannel(
            "lab/exp/em", kind: .image, voxelType: .uint16,
            grid: try CuboidGrid(
                cuboid: VoxelExtent(x: 16, y: 16, z: 8), brick: VoxelExtent(x: 8, y: 8, z: 4)), background: 9)
        var model = ModelVolume(frame, filledWith: 0)
        var random = SeededGenerator(seed: 0xB6)
        for index in model.voxels.indices { model.voxels[index] = UInt64(random.below(60_000)) + 100 }
        try channel.write(try model.volume(.uint16), at: frame.lower)
        try database.checkpoint()
        try database.close()
        let name = try #require(
            try FileManager.default.subpathsOfDirectory(atPath: path).first {
                $0.hasPrefix(isBulk ? "seg/" : "wal/") && $0.hasSuffix(".seg")
            })
        let url = URL(fileURLWithPath: path + "/" + name)
        var bytes = try Data(contentsOf: url)
        // Behind the header and the directory of the first page.
        bytes[4096 + 96 + 16 * 8 + 300] ^= 1
        try bytes.write(to: url)
        let outcome = try Database.salvage(path, to: folder.file("saved.bossdb"))
        let loss = try #require(outcome.losses.first)
        #expect(outcome.losses.count == 1 && loss.shownCommit == nil, "\(outcome.losses)")
        let box = try #require(loss.box)
        let saved = try Database.open(folder.file("saved.bossdb"), options: smallOptions())
        let found = try saved.channel("lab/exp/em").read(CutoutRegion(box: frame)).bits
        try saved.close()
        for (index, value) in found.enumerated() {
            let point = VoxelPoint(x: index % 32, y: index / 32 % 16, z: index / 512)
            let expected = box.contains(point) ? 9 : model.voxels[index]
            #expect(value == expected, "\(point), seed \(random.seed)")
        }
    }
}
