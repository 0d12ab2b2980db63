import BossCatalog
import BossFormats
import BossGeometry
import BossStorage
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase

/// The power fails within every operation that changes the disk, in turn. What was acknowledged is there
/// afterwards; what was not is there as a whole or not at all.
@Suite("Crashes")
struct CrashTests {
    @Test("at every operation of delta writes that fold into full pages")
    func deltas() throws {
        var random = SeededGenerator(seed: 0xDE17A)
        var steps: [CrashStep] = []
        for _ in 0..<12 {
            steps.append(
                .write("labels", CrashScenario.labels(&random, VoxelExtent(x: 5, y: 4, z: 3)), .overwrite))
        }
        steps.insert(.checkpoint, at: 7)
        let count = try CrashScenario(steps: steps, seed: random.seed).crashEverywhere()
        #expect(count >= 100)
    }

    @Test("at every operation of transactions over two channels")
    func transactions() throws {
        var random = SeededGenerator(seed: 0x7A45)
        var steps: [CrashStep] = []
        for _ in 0..<6 {
            var writes: [(String, ModelVolume)] = []
            for _ in 0..<3 {
                writes.append(("labels", CrashScenario.labels(&random, VoxelExtent(x: 20, y: 12, z: 6))))
                writes.append(("image", CrashScenario.image(&random, VoxelExtent(x: 20, y: 12, z: 6))))
            }
            steps.append(.transaction(writes))
        }
        let count = try CrashScenario(steps: steps, seed: random.seed).crashEverywhere()
        #expect(count >= 100)
    }

    @Test("at every operation of bulk loads between small writes")
    func bulk() throws {
        var random = SeededGenerator(seed: 0xB01C)
        var steps: [CrashStep] = []
        for number in 0..<3 {
            steps.append(
                .write("labels", CrashScenario.labels(&random, VoxelExtent(x: 3, y: 3, z: 3)), .preserve))
            steps.append(.write("labels", CrashScenario.labels(&random), number == 1 ? .nonzero : .overwrite))
        }
        let count = try CrashScenario(steps: steps, seed: random.seed, bulkByteCount: 8 << 10)
            .crashEverywhere()
        #expect(count >= 100)
    }

    @Test("at every operation of writing, downsampling, erasing and downsampling again")
    func levels() throws {
        var random = SeededGenerator(seed: 0x1E7E1)
        let steps: [CrashStep] = [
            .write("image", CrashScenario.image(&random), .overwrite), .downsample("image"),
            .erase("image", VoxelBox(x: 5..<20, y: 3..<18, z: 2..<9)),
            .write("image", CrashScenario.image(&random, VoxelExtent(x: 9, y: 9, z: 5)), .overwrite),
            .downsample("image"), .erase("image", CrashScenario.frame),
        ]
        let count = try CrashScenario(steps: steps, seed: random.seed).crashEverywhere()
        #expect(count >= 100)
    }

    @Test("at every operation of writing labels in every mode, erasing, building levels and compaction")
    func labels() throws {
        var random = SeededGenerator(seed: 0x1ABE1)
        let steps: [CrashStep] = [
            .write("labels", CrashScenario.labels(&random), .overwrite), .checkpoint,
            .write("labels", CrashScenario.labels(&random, VoxelExtent(x: 9, y: 7, z: 5)), .nonzero),
            .erase("labels", VoxelBox(x: 5..<20, y: 3..<18, z: 2..<9)), .downsample("labels"), .checkpoint,
            .write("labels", CrashScenario.labels(&random, VoxelExtent(x: 12, y: 9, z: 7)), .preserve),
            .compact,
            .write("labels", CrashScenario.labels(&random, VoxelExtent(x: 4, y: 4, z: 4)), .overwrite),
            .downsample("labels"), .compact,
        ]
        let count = try CrashScenario(steps: steps, seed: random.seed).crashEverywhere()
        #expect(count >= 100)
    }

    @Test("at every operation of imports")
    func imports() throws {
        let folder = try TemporaryFolder()
        var random = SeededGenerator(seed: 0x1390)
        var steps: [CrashStep] = []
        for number in 0..<3 {
            let content = CrashScenario.image(&random)
            let file = folder.file("\(number).npy")
            try NPYWriter.write(try content.volume(.uint8), to: file)
            steps.append(.importFile("image", file, content))
            steps.append(
                .write("image", CrashScenario.image(&random, VoxelExtent(x: 4, y: 4, z: 4)), .overwrite))
        }
        let count = try CrashScenario(steps: steps, seed: random.seed).crashEverywhere()
        #expect(count >= 100)
    }

    @Test("at every operation of random work", arguments: 0..<4)
    func random(number: UInt64) throws {
        var random = SeededGenerator(seed: 0x4A2D + number)
        var steps: [CrashStep] = []
        for _ in 0..<9 {
            let extent = VoxelExtent(x: 1 + random.below(25), y: 1 + random.below(17), z: 1 + random.below(9))
            switch random.below(8) {
            case 0: steps.append(.checkpoint)
            case 1: steps.append(.downsample("image"))
            case 2: steps.append(.erase("labels", random.box(in: CrashScenario.frame, longest: extent)))
            case 3:
                let writes = [
                    ("labels", CrashScenario.labels(&random, extent)),
                    ("image", CrashScenario.image(&random)),
                ]
                steps.append(.transaction(writes))
            case 4: steps.append(.write("image", CrashScenario.image(&random, extent), .nonzero))
            default: steps.append(.write("labels", CrashScenario.labels(&random, extent), .overwrite))
            }
        }
        let count = try CrashScenario(steps: steps, seed: random.seed, bulkByteCount: 6 << 10)
            .crashEverywhere()
        #expect(count >= 100)
    }
}
