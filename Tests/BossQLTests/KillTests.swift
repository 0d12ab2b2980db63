import BossDatabase
import BossFormats
import BossGeometry
import BossTestSupport
import BossVoxels
import Foundation
import Glibc
import Testing

/// The program is killed with SIGKILL while it writes, again and again, on one database.
///
/// What it acknowledged must be there afterwards, bit for bit; the one statement that was under way must
/// be there as a whole or not at all. A reader shows what was flushed, and so may miss a commit that the next
/// writer finds whole in the log; what it has shown once never goes away, and what a writer has left out
/// never comes back. `BOSSQL_KILLS` sets the number of kills, `BOSSQL_SEED` the seed.
@Suite("Kill -9")
struct KillTests {
    @Test("no acknowledged write is lost and no other one is torn", .timeLimit(.minutes(10)))
    func kills() throws {
        let environment = ProcessInfo.processInfo.environment
        let kills = environment["BOSSQL_KILLS"].flatMap { Int($0) } ?? 30
        let seed = environment["BOSSQL_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1 << 32)
        var trial = try KillTrial(seed: seed)
        for round in 0..<kills {
            let place = "seed \(seed), kill \(round)"
            let ending = try trial.runUntilKilled()
            #expect(ending.errors.isEmpty, "\(place): \(ending.errors)")
            // A reader looks at what the dead writer left, before any writer repairs it.
            try trial.check(access: .readOnly, place)
            // Most rounds leave the repair to the program.
            if round % 3 == 2 || round == kills - 1 { try trial.check(access: .readWrite, place) }
        }
        print("kill -9: \(kills) kills, \(trial.counts), seed \(seed)")
        #expect(trial.acknowledgedCount > 0, "seed \(seed)")
    }
}

/// One database, the statements sent to it, and what it must hold.
private struct KillTrial {
    private enum Action: Hashable {
        case insert(block: Int, at: Int)
        case importing(volume: Int, at: Int)
        case downsample
        case checkpoint
    }

    /// The places of the database; each is written as a whole.
    private struct Model {
        var blocks = [Place](repeating: Place(content: 0), count: KillContent.blockBoxes.count)
        var volumes = [Place](repeating: Place(content: 0), count: 2)
        /// Level 1 of the volumes, which one statement writes together.
        var coarse = Place(content: [0, 0])

        mutating func apply(_ action: Action) {
            switch action {
            case .insert(let block, let place): blocks[place] = Place(content: block)
            case .importing(let volume, let place): volumes[place] = Place(content: volume)
            case .downsample: coarse = Place(content: volumes.map(\.content), pending: volumePairs)
            case .checkpoint: break
            }
        }

        mutating func attempt(_ action: Action) {
            switch action {
            case .insert(let block, let place): blocks[place].latest.append(block)
            case .importing(let volume, let place): volumes[place].latest.append(volume)
            case .downsample: coarse.latest += [volumes.map(\.content)] + volumePairs
            case .checkpoint: break
            }
        }

        mutating func beginRound() {
            for place in blocks.indices { blocks[place].beginRound() }
            for place in volumes.indices { volumes[place].beginRound() }
            coarse.beginRound()
        }

        /// What DOWNSAMPLE may have read where an earlier write of a volume is still in doubt.
        private var volumePairs: [[Int]] {
            guard volumes.contains(where: { $0.possible.count > 1 }) else { return [] }
            return volumes[0].possible.flatMap { left in volumes[1].possible.map { [left, $0] } }
        }
    }

    /// A place: the number of its content (0 is background), and those of writes that were not acknowledged.
    private struct Place<Content: Equatable> {
        var content: Content
        /// Left in doubt by a writer that the last one has followed, if that one opened the database.
        var pending: [Content] = []
        /// Left in doubt by the last writer.
        var latest: [Content] = []

        var possible: [Content] { [content] + pending + latest }

        /// Takes over what was found there.
        ///
        /// - Parameters:
        ///   - decided: whether a writer has decided on `pending`.
        ///   - decidedLatest: whether one has decided on `latest`, too.
        /// - Returns: whether one of the possible contents is there, and whether it was in doubt.
        mutating func observe(
            decided: Bool, decidedLatest: Bool, _ holds: (Content) throws -> Bool
        ) rethrows -> (isPossible: Bool, wasInDoubt: Bool) {
            guard let index = try possible.firstIndex(where: holds) else { return (false, false) }
            let found = possible[index]
            if index > pending.count || decidedLatest { latest = [] }
            pending = decided || index > pending.count ? [] : Array(pending.dropFirst(index))
            content = found
            return (true, index > 0)
        }

        mutating func beginRound() {
            pending += latest
            latest = []
        }
    }

    private let folder = try? TemporaryDirectory()
    private let path: String
    private var random: SeededGenerator
    private let content: KillContent
    private var model = Model()
    private var hasWritten = false
    private var nextNumber = 1

    private(set) var acknowledgedCount = 0
    private var (presentCount, earlyCount) = (0, 0)
    private var killsDuring: [String: Int] = [:]

    var counts: String {
        let places = killsDuring.sorted { $0.key < $1.key }.map { "\($0.value) in \($0.key)" }
        return "\(acknowledgedCount) acknowledged, \(earlyCount) kills before the first, "
            + "\(places.joined(separator: ", ")); \(presentCount) were there without acknowledgement"
    }

    init(seed: UInt64) throws {
        random = SeededGenerator(seed: seed)
        content = KillContent(using: &random)
        path = try #require(folder).file("kill.bossdb")
        let made = try CommandLineProgram.run(
            [path],
            input: """
                CREATE COLLECTION kill;
                CREATE FRAME f X 0:192 Y 0:192 Z 0:96 VOXEL 4nm, 4nm, 40nm;
                CREATE EXPERIMENT kill/nine FRAME f LEVELS 2;
                CREATE CHANNEL kill/nine/blocks TYPE IMAGE DATATYPE UINT8 CUBOID 64,64,16;
                CREATE CHANNEL kill/nine/volumes TYPE IMAGE DATATYPE UINT8 CUBOID 64,64,16;
                """)
        try #require(made.status == 0, "\(made.errors)")
    }

    // MARK: Running

    /// Starts the program on a list of statements and kills it at a random moment.
    mutating func runUntilKilled() throws -> (status: Int32?, errors: String) {
        let actions = (0..<Int.random(in: 8...20, using: &random)).map { _ in randomAction() }
        let script = try actions.map { try statement($0) }.joined(separator: "\n") + "\n"
        let process = try Conversation([path, "--format", "jsonl"])
        process.send(script)

        // Sometimes during the start, sometimes in a long statement, mostly anywhere.
        let moment = Int.random(in: 0..<10, using: &random)
        let long = actions.indices.filter { if case .insert = actions[$0] { false } else { true } }
        let target: Int
        let delay: ClosedRange<UInt32>
        if moment < 2 {
            (target, delay) = (0, 0...60_000)
        } else if moment < 6, let index = long.randomElement(using: &random) {
            (target, delay) = (index, 0...20_000)
        } else {
            (target, delay) = (Int.random(in: actions.indices, using: &random), 0...5_000)
        }
        var acknowledged = 0
        while acknowledged < target, process.line(seconds: 20) != nil { acknowledged += 1 }
        usleep(UInt32.random(in: delay, using: &random))
        kill(process.child.identifier, SIGKILL)
        let status = process.child.wait(seconds: 10)
        // What the program had said before it died was said.
        while acknowledged < actions.count, process.line(seconds: 5) != nil { acknowledged += 1 }

        model.beginRound()
        // Whoever writes has decided before on what earlier ones left in doubt.
        hasWritten = acknowledged > 0
        actions.prefix(acknowledged).forEach { model.apply($0) }
        acknowledgedCount += acknowledged
        let inFlight = acknowledged < actions.count ? actions[acknowledged] : nil
        if let inFlight { model.attempt(inFlight) }
        if acknowledged == 0 { earlyCount += 1 }
        let name = inFlight.map { String("\($0)".prefix { $0 != "(" }) } ?? "nothing"
        killsDuring[name, default: 0] += 1
        try #require(folder).removeFiles(endingWith: ".npy")
        return (status, process.errors)
    }

    private mutating func randomAction() -> Action {
        nextNumber += 1
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return .checkpoint
        case 1: return .downsample
        case 2, 3: return .importing(volume: nextNumber, at: Int.random(in: 0..<2, using: &random))
        default:
            return .insert(
                block: nextNumber, at: Int.random(in: 0..<KillContent.blockBoxes.count, using: &random))
        }
    }

    /// Every statement is acknowledged by one line.
    private func statement(_ action: Action) throws -> String {
        switch action {
        case .checkpoint: return "CHECKPOINT;"
        case .downsample: return "DOWNSAMPLE kill/nine/volumes;"
        case .insert(let block, let place):
            let box = KillContent.blockBoxes[place]
            let file = try save(content.block(block), extent: box.extent, name: "block\(block).npy")
            let region =
                "X \(box.lower.x):\(box.upper.x) Y \(box.lower.y):\(box.upper.y) Z \(box.lower.z):\(box.upper.z)"
            return "INSERT CUTOUT INTO kill/nine/blocks \(region) FROM FILE '\(file)';"
        case .importing(let volume, let place):
            let box = KillContent.volumeBoxes[place]
            let file = try save(content.volume(volume), extent: box.extent, name: "volume\(volume).npy")
            let corner = "(\(box.lower.x), \(box.lower.y), \(box.lower.z))"
            return "IMPORT INTO kill/nine/volumes FROM '\(file)' FORMAT NPY AT \(corner);"
        }
    }

    private func save(_ voxels: [UInt8], extent: VoxelExtent, name: String) throws -> String {
        let file = try #require(folder).file(name)
        try NPYWriter.write(try Volume<UInt8>(extent: extent, elements: voxels).erased, to: file)
        return file
    }

    // MARK: Checking

    /// Reads everything and compares it with the model, in which what is in doubt has several contents.
    mutating func check(access: DatabaseOptions.Access, _ place: String) throws {
        var options = DatabaseOptions()
        options.access = access
        let database = try Database.open(path, options: options)
        defer { try? database.close() }  // nothing was written
        let isWriter = access == .readWrite
        let decided = hasWritten || isWriter
        let blocks = try database.channel("kill/nine/blocks")
        for (index, box) in KillContent.blockBoxes.enumerated() {
            var block = model.blocks[index]
            let found = try block.observe(decided: decided, decidedLatest: isWriter) {
                try holds(blocks, box, level: 0, $0 == 0 ? nil : content.block($0))
            }
            note(found, "\(place), opened \(access): block \(index), \(model.blocks[index])")
            model.blocks[index] = block
        }
        let volumes = try database.channel("kill/nine/volumes")
        for (index, box) in KillContent.volumeBoxes.enumerated() {
            var volume = model.volumes[index]
            let found = try volume.observe(decided: decided, decidedLatest: isWriter) {
                try holds(volumes, box, level: 0, $0 == 0 ? nil : content.volume($0))
            }
            note(found, "\(place), opened \(access): volume \(index), \(model.volumes[index])")
            model.volumes[index] = volume
        }
        var coarse = model.coarse
        let found = try coarse.observe(decided: decided, decidedLatest: isWriter) { numbers in
            try zip(numbers, KillContent.coarseBoxes).allSatisfy { number, box in
                try holds(volumes, box, level: 1, number == 0 ? nil : content.coarseVolume(number))
            }
        }
        note(found, "\(place), opened \(access): level 1, \(model.coarse)")
        model.coarse = coarse
    }

    private mutating func note(_ found: (isPossible: Bool, wasInDoubt: Bool), _ place: String) {
        #expect(found.isPossible, "\(place) holds something else")
        if found.wasInDoubt { presentCount += 1 }
    }

    private func holds(_ channel: Channel, _ box: VoxelBox, level: Int, _ expected: [UInt8]?) throws -> Bool {
        let region = CutoutRegion(box: box, level: try ResolutionLevel(level: level))
        return try channel.read(region).withUnsafeBytes { found in
            let expected = expected ?? [UInt8](repeating: 0, count: box.voxelCount)
            return expected.withUnsafeBytes { wanted in
                guard let left = wanted.baseAddress, let right = found.baseAddress else { return false }
                return wanted.count == found.count && memcmp(left, right, found.count) == 0
            }
        }
    }
}

/// Numbered contents, each a piece of one long random text that starts elsewhere.
private struct KillContent {
    /// Not aligned to bricks of 64 x 64 x 16, so that most writes touch several cuboids.
    static let blockBoxes: [VoxelBox] = (0..<4).flatMap { z in
        (0..<4).flatMap { y in
            (0..<4).map { x in
                VoxelBox(
                    origin: VoxelPoint(x: 5 + 43 * x, y: 3 + 45 * y, z: 1 + 22 * z),
                    extent: VoxelExtent(x: 40, y: 40, z: 20))
            }
        }
    }
    static let volumeBoxes = [
        VoxelBox(x: 0..<128, y: 0..<128, z: 0..<32), VoxelBox(x: 64..<192, y: 32..<160, z: 48..<80),
    ]
    /// The same in level 1, half as wide and as high.
    static let coarseBoxes = [
        VoxelBox(x: 0..<64, y: 0..<64, z: 0..<32), VoxelBox(x: 32..<96, y: 16..<80, z: 48..<80),
    ]
    private static let shifts = 1 << 16

    private let noise: [UInt8]

    init(using random: inout SeededGenerator) {
        let wordCount = (Self.shifts + 64 * 64 * 32) / 8
        noise = (0..<wordCount).flatMap { _ in
            let word = random.next()
            return (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
        }
    }

    private func piece(_ number: Int, count: Int) -> [UInt8] {
        let start = number &* 977 % Self.shifts
        return Array(noise[start..<(start + count)])
    }

    /// 40 x 40 x 20 voxels.
    func block(_ number: Int) -> [UInt8] { piece(number, count: 40 * 40 * 20) }

    /// 64 x 64 x 32 voxels: what the mean of 2 x 2 x 1 voxels makes of `volume`.
    func coarseVolume(_ number: Int) -> [UInt8] { piece(number, count: 64 * 64 * 32) }

    /// 128 x 128 x 32 voxels, every voxel of `coarseVolume` four times.
    func volume(_ number: Int) -> [UInt8] {
        let coarse = coarseVolume(number)
        return [UInt8](unsafeUninitializedCapacity: coarse.count * 4) { voxels, count in
            for row in 0..<(64 * 32) {
                for x in 0..<64 {
                    let voxel = coarse[row * 64 + x]
                    for index in [row * 256 + 2 * x, row * 256 + 128 + 2 * x] {
                        voxels[index] = voxel
                        voxels[index + 1] = voxel
                    }
                }
            }
            count = coarse.count * 4
        }
    }
}

extension TemporaryDirectory {
    /// Removes files by their ending.
    func removeFiles(endingWith ending: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: path) where name.hasSuffix(ending) {
            try FileManager.default.removeItem(atPath: file(name))
        }
    }
}
