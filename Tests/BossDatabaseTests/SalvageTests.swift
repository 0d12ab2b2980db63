import BossCatalog
import BossGeometry
import BossStorage
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A database on the disk whose voxels are known, and damage to it.
struct KnownDatabase {
    let folder: TemporaryFolder
    let path: String
    let saved: String
    /// The voxels of each channel at the base level.
    private(set) var volumes: [String: ModelVolume] = [:]
    static let frame = VoxelBox(x: 0..<48, y: 0..<32, z: 0..<16)

    /// - Parameters:
    ///   - layers: how often parts are written over, so that deltas stand on full pages.
    ///   - seals: whether the log is sealed into segment files at the end.
    ///   - bulk: writes of at least this many bytes are loads with files of their own.
    init(layers: Int = 2, seals: Bool = true, bulk: Int = 8 << 20) throws {
        folder = try TemporaryFolder()
        path = folder.file("lab.bossdb")
        saved = folder.file("saved.bossdb")
        var options = smallOptions(bulk: bulk)
        options.maintainsInBackground = false
        let database = try Database.open(path, options: options)
        var random = SeededGenerator(seed: 0x5A1F)
        try database.createCollection("lab", description: "a laboratory")
        try database.createFrame("frame", box: Self.frame, voxelSize: PhysicalSize(x: 4, y: 4, z: 40))
        try database.createExperiment("lab/exp", frame: "frame", levelCount: 2, timeSampleCount: 2)
        for (name, kind, type) in [
            ("em", ChannelKind.image, VoxelType.uint8), ("seg", .annotation, .uint64),
        ] {
            let grid = try CuboidGrid(
                cuboid: VoxelExtent(x: 16, y: 16, z: 8), brick: VoxelExtent(x: 8, y: 8, z: 4))
            let channel = try database.createChannel(
                "lab/exp/\(name)", kind: kind, voxelType: type, grid: grid)
            var model = ModelVolume(Self.frame, filledWith: 0)
            for index in model.voxels.indices { model.voxels[index] = UInt64(random.below(250)) + 1 }
            try channel.write(try model.volume(type), at: Self.frame.lower)
            if seals { try database.checkpoint() }
            for _ in 0..<layers {
                let box = VoxelBox(x: 8..<24, y: 8..<16, z: 4..<8)
                var part = ModelVolume(box, filledWith: 0)
                for index in part.voxels.indices { part.voxels[index] = UInt64(random.below(250)) + 1 }
                try channel.write(try part.volume(type), at: box.lower)
                _ = model.write(part, mode: .overwrite, background: 0)
            }
            volumes["lab/exp/\(name)"] = model
        }
        if seals { try database.checkpoint() }
        try database.close()
    }

    /// Files of the database by path, with their bytes.
    func contents() throws -> [String: Data] {
        var found: [String: Data] = [:]
        let base = URL(fileURLWithPath: path)
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
            let url = base.appendingPathComponent(name)
            var isFolder = false
            if let type = try FileManager.default.attributesOfItem(atPath: url.path)[.type]
                as? FileAttributeType
            {
                isFolder = type == .typeDirectory
            }
            if !isFolder { found[name] = Data(try fileBytes(url.path)) }
        }
        return found
    }

    func segments() throws -> [String] {
        try contents().keys.filter { $0.hasPrefix("seg/") || $0.hasPrefix("wal/") }.sorted()
    }

    func flip(_ name: String, at offset: Int) throws {
        let url = URL(fileURLWithPath: path + "/" + name)
        var bytes = try Data(contentsOf: url)
        bytes[bytes.startIndex + offset] ^= 0x10
        try bytes.write(to: url)
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path + "/" + name) }

    /// Salvages, and looks that the source is untouched.
    func salvage(sourceLocation: SourceLocation = #_sourceLocation) throws -> SalvageOutcome {
        let before = try contents()
        let outcome = try Database.salvage(path, to: saved)
        #expect(try contents() == before, "the source was changed", sourceLocation: sourceLocation)
        #expect(outcome.findings.isEmpty, "\(outcome.findings)", sourceLocation: sourceLocation)
        return outcome
    }

    /// Voxels that differ from what was written, by channel.
    func differences(names: [String: String] = [:]) throws -> [String: [VoxelPoint]] {
        let database = try Database.open(saved, options: smallOptions())
        var found: [String: [VoxelPoint]] = [:]
        for (path, model) in volumes {
            let channel = try database.channel(names[path] ?? path)
            let bits = try channel.read(CutoutRegion(box: Self.frame)).bits
            for (index, value) in bits.enumerated() where value != model.voxels[index] {
                let (x, rest) = (index % 48, index / 48)
                found[path, default: []].append(VoxelPoint(x: x, y: rest % 32, z: rest / 32))
            }
        }
        try database.close()
        return found
    }
}

/// What was known before the damage is the oracle.
@Suite("Salvage of a database")
struct SalvageDatabaseTests {
    @Test(
        "takes over everything of a sound database, with its names, under a new identifier",
        arguments: [true, false])
    func sound(seals: Bool) throws {
        let known = try KnownDatabase(seals: seals)
        let outcome = try known.salvage()
        #expect(outcome.isComplete && outcome.notes.isEmpty, "\(outcome)")
        #expect(outcome.catalog == .carriedOver)
        #expect(outcome.channels.map(\.path) == ["lab/exp/em", "lab/exp/seg"])
        #expect(outcome.channels.allSatisfy { $0.guesses.isEmpty && $0.cuboidCount == 12 })
        #expect(try known.differences().isEmpty)
        // Written to again, with numbers that go on.
        let database = try Database.open(known.saved, options: smallOptions())
        #expect(try database.catalog.tree().collections.map(\.record.description) == ["a laboratory"])
        let third = try database.createChannel("lab/exp/third", kind: .image, voxelType: .uint8)
        #expect(third.record.channel.id == 3)
        try database.close()
        #expect(try Database.check(known.saved).findings.isEmpty)
        #expect(try Database.check(known.path).findings.isEmpty)
        // Either catalog belongs to its own database only.
        let foreign = try Data(contentsOf: URL(fileURLWithPath: known.path + "/catalog.sqlite"))
        try foreign.write(to: URL(fileURLWithPath: known.saved + "/catalog.sqlite"))
        expectRefusal("XX001", naming: ["another database"]) { try Database.open(known.saved) }
    }

    @Test(
        "what is wrong afterwards lies in a loss that names channel, level, time and voxels, and nothing else is lost"
    )
    func damagedPages() throws {
        var random = SeededGenerator(seed: 0xF11)
        var (lost, exact) = (0, 0)
        for round in 0..<12 {
            let known = try KnownDatabase()
            for _ in 0..<4 {
                let name = try known.segments()[random.below(try known.segments().count)]
                let count = try known.contents()[name]?.count ?? 1
                try known.flip(name, at: random.below(count))
            }
            let outcome = try known.salvage()
            let place = "round \(round), seed \(random.seed)"
            let wrong = try known.differences()
            for (path, points) in wrong {
                let losses = outcome.losses.filter {
                    $0.channel == path && $0.level == .native && $0.time == 0
                }
                for point in points {
                    let isNamed = losses.contains { $0.box?.contains(point) ?? false }
                    let isInStretch = losses.contains { loss in
                        if case .stretch = loss.extent { true } else { false }
                    }
                    #expect(isNamed || isInStretch || !outcome.remarks.isEmpty, "\(path) \(point), \(place)")
                    lost += 1
                    if isNamed { exact += 1 }
                }
                // A brick that is named is lost: nothing sound was given up.
                for loss in losses {
                    guard case .brick = loss.extent, let box = loss.box else { continue }
                    #expect(points.contains(where: box.contains), "\(loss), \(place)")
                }
            }
            #expect(wrong.isEmpty || !outcome.isComplete, "\(place)")
        }
        print("voxels lost: \(lost), of these named exactly: \(exact)")
        #expect(exact > 0)
    }

    @Test("a segment file that is missing is lost as a stretch of cuboids of its channel")
    func missingSegment() throws {
        let known = try KnownDatabase(layers: 0)
        let name = try #require(try known.segments().first)
        try known.remove(name)
        let outcome = try known.salvage()
        #expect(!outcome.isComplete)
        let wrong = try known.differences()
        #expect(wrong.count == 1)
        let channel = try #require(wrong.keys.first)
        let loss = try #require(outcome.losses.first { $0.channel == channel })
        #expect(loss.file == name)
        guard case .stretch(let count, let last) = loss.extent else {
            Issue.record("\(loss)")
            return
        }
        // A note of the commit is lost with the 12 cuboids.
        #expect(count >= 12 && count <= 14)
        #expect(loss.cuboid == CuboidIndex(x: 0, y: 0, z: 0) && (last?.x ?? 0) >= 2)
    }

    @Test(
        "of a load whose file is missing or cut every lost cuboid is named, and no other one",
        arguments: [true, false])
    func missingLoad(isCut: Bool) throws {
        let known = try KnownDatabase(layers: 0, bulk: 1 << 10)
        let name = try #require(try known.contents().keys.sorted().first { $0.hasPrefix("seg/") })
        if isCut {
            let url = URL(fileURLWithPath: known.path + "/" + name)
            let bytes = try Data(contentsOf: url)
            try bytes.prefix(bytes.count / 3).write(to: url)
        } else {
            try known.remove(name)
        }
        let outcome = try known.salvage()
        let wrong = try known.differences()
        let (channel, points) = try #require(wrong.first)
        #expect(wrong.count == 1 && outcome.losses.allSatisfy { $0.channel == channel && $0.file == name })
        let boxes = outcome.losses.compactMap(\.box)
        #expect(boxes.count == outcome.losses.count, "\(outcome.losses)")
        #expect(Set(points).count == boxes.reduce(0) { $0 + $1.voxelCount })
        #expect(points.allSatisfy { point in boxes.contains { $0.contains(point) } })
        if !isCut { #expect(boxes.count == 12) }
    }

    // MARK: The catalog

    @Test("a flipped byte in a name is taken over and told, everything else is as before")
    func damagedName() throws {
        let known = try KnownDatabase()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: known.path + "/catalog.sqlite"))
        let place = try #require(bytes.firstRange(of: Data("laboratory".utf8))?.lowerBound)
        try known.flip("catalog.sqlite", at: place)
        expectRefusal("XX001") { try Database.open(known.path) }
        let report = try Database.check(known.path)
        #expect(report.errorCount > 0 && report.findings.contains { $0.file == "catalog.sqlite" })
        let outcome = try known.salvage()
        #expect(outcome.catalog == .partly && outcome.losses.isEmpty && !outcome.remarks.isEmpty)
        #expect(outcome.channels.allSatisfy { $0.guesses.isEmpty })
        #expect(try known.differences().isEmpty)
        #expect(try Database.check(known.saved).findings.isEmpty)
    }

    @Test(
        "without a catalog channels get back their names from the history, types and shapes from their cuboids"
    )
    func missingCatalog() throws {
        let known = try KnownDatabase()
        try known.remove("catalog.sqlite")
        let outcome = try known.salvage()
        #expect(outcome.catalog == .madeAnew && outcome.losses.isEmpty && !outcome.isComplete)
        #expect(outcome.channels.count == 2 && outcome.channels.allSatisfy { !$0.guesses.isEmpty })
        #expect(Set(outcome.channels.map(\.number)) == [1, 2])
        let names = Dictionary(
            uniqueKeysWithValues: outcome.channels.map { channel in
                (channel.number == 1 ? "lab/exp/em" : "lab/exp/seg", channel.path)
            })
        #expect(names["lab/exp/em"]?.hasPrefix("lab/exp") == true, "\(names)")
        #expect(try known.differences(names: names).isEmpty)
        let database = try Database.open(known.saved, options: smallOptions())
        let seg = try database.channel(names["lab/exp/seg"] ?? "")
        #expect(seg.isAnnotation && seg.voxelType == .uint64)
        #expect(seg.record.channel.grid.cuboid == VoxelExtent(x: 16, y: 16, z: 8))
        try database.close()
    }

    @Test("any damage to the catalog leaves the voxels, under some name", arguments: 0..<6)
    func damagedCatalog(_ part: Int) throws {
        var random = SeededGenerator(seed: 0xCA7 &+ UInt64(part))
        let known = try KnownDatabase(layers: 0)
        let url = URL(fileURLWithPath: known.path + "/catalog.sqlite")
        var bytes = try Data(contentsOf: url)
        switch part {
        case 0: bytes = bytes.prefix(bytes.count / 2)
        case 1: bytes = bytes.prefix(100)
        case 2: bytes = Data()
        case 3:
            // Every page but the first.
            for index in stride(from: 4096, to: bytes.count, by: 64) { bytes[index] = 0xA5 }
        default:
            for _ in 0..<200 { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
        }
        try bytes.write(to: url)
        let outcome = try known.salvage()
        #expect(!outcome.isComplete && outcome.losses.isEmpty)
        var names: [String: String] = [:]
        for (number, path) in [(UInt32(1), "lab/exp/em"), (2, "lab/exp/seg")] {
            names[path] = try #require(outcome.channels.first { $0.number == number }).path
        }
        #expect(try known.differences(names: names).isEmpty, "part \(part): \(outcome)")
    }

    @Test("a dropped channel does not come back when the catalog says that it was dropped")
    func droppedChannel() throws {
        let known = try KnownDatabase(layers: 0)
        var options = smallOptions()
        options.maintainsInBackground = false
        let database = try Database.open(known.path, options: options)
        try database.dropChannel("lab/exp/seg")
        try database.close()
        for name in try known.contents().keys where name.hasPrefix("MANIFEST/") { try known.remove(name) }
        let outcome = try known.salvage()
        #expect(outcome.channels.map(\.path) == ["lab/exp/em"])
        #expect(outcome.notes.contains { $0.contains("channel 2 was dropped") }, "\(outcome.notes)")
    }

    // MARK: Refusals

    @Test(
        "refuses what is no database, a target in the way, folders inside one another, and a source with a writer"
    )
    func refusals() throws {
        let known = try KnownDatabase(layers: 0)
        let folder = known.folder
        expectRefusal("3D000") { try Database.salvage(folder.file("none"), to: known.saved) }
        let file = try folder.write([1], "file")
        expectRefusal("3D000", naming: ["is a file"]) { try Database.salvage(file, to: known.saved) }
        expectRefusal("3D000", naming: ["no database"]) {
            try Database.salvage(folder.path, to: "/tmp/never")
        }
        expectRefusal("42P07") { try Database.salvage(known.path, to: file) }
        expectRefusal("22023", naming: ["inside"]) {
            try Database.salvage(known.path, to: known.path + "/saved.bossdb")
        }
        expectRefusal("22023") { try Database.salvage(known.path, to: known.path) }
        expectRefusal("3D000", naming: ["no folder"]) {
            try Database.salvage(known.path, to: folder.file("no/such/folder"))
        }
        let other = folder.file("other.bossdb")
        try Database.open(other).close()
        expectRefusal("42P07", naming: ["holds a database already"]) {
            try Database.salvage(known.path, to: other)
        }
        let writer = try Database.open(known.path, options: smallOptions())
        expectRefusal("55006") { try Database.salvage(known.path, to: known.saved) }
        try writer.close()
        #expect(!FileManager.default.fileExists(atPath: known.saved))
    }

    @Test(
        "what a salvage or a restoration that was cut off has left does not open, and is cleaned by the next one"
    )
    func cutOff() throws {
        let known = try KnownDatabase(layers: 0)
        // As after a kill while segment files were copied.
        for folder in ["MANIFEST", "wal", "seg/0a"] {
            try FileManager.default.createDirectory(
                atPath: known.saved + "/" + folder, withIntermediateDirectories: true)
        }
        let copied = known.saved + "/seg/0a/" + String(repeating: "0a", count: 16) + ".seg"
        try Data([1, 2]).write(to: URL(fileURLWithPath: copied))
        try Data().write(to: URL(fileURLWithPath: known.saved + "/catalog.sqlite.next"))
        expectRefusal("3D000", naming: ["cut off"]) { try Database.open(known.saved) }
        #expect(try Database.check(known.saved).errorCount == 1)
        try Database.restoreBackup(known.path, to: known.saved)
        #expect(try known.differences().isEmpty)
        #expect(!FileManager.default.fileExists(atPath: copied))
    }

    @Test("a cancelled salvage or restoration leaves nothing")
    func cancelled() throws {
        let known = try KnownDatabase(layers: 0)
        for isEmptyFolder in [false, true] {
            if isEmptyFolder {
                try FileManager.default.createDirectory(
                    atPath: known.saved, withIntermediateDirectories: true)
            }
            let cancellation = Cancellation()
            let control = OperationControl(
                cancellation: cancellation, progress: { _ in cancellation.cancel() })
            expectRefusal("57014") { try Database.salvage(known.path, to: known.saved, control: control) }
            let second = Cancellation()
            let restoring = OperationControl(cancellation: second, progress: { _ in second.cancel() })
            expectRefusal("57014") {
                try Database.restoreBackup(known.path, to: known.saved, control: restoring)
            }
            let names = try? FileManager.default.contentsOfDirectory(atPath: known.saved)
            #expect(names == (isEmptyFolder ? [] : nil))
        }
    }

    @Test(
        "a check finds damage in a database that does not open, by file and byte, and names voxels of a channel"
    )
    func check() throws {
        let known = try KnownDatabase(layers: 0)
        let sound = try Database.check(known.path)
        #expect(sound.findings.isEmpty && sound.channelCount == 2 && sound.segmentCount > 0)
        #expect(sound.verifiedByteCount > 0)
        let quick = try Database.check(known.path, isFull: false)
        #expect(quick.findings.isEmpty && quick.verifiedByteCount == 0)
        let name = try #require(try known.segments().first)
        // The first page lies behind the header of the file.
        try known.flip(name, at: 4096 + 96 + 16 * 8 + 200)
        let report = try Database.check(known.path)
        let finding = try #require(report.findings.first)
        #expect(finding.isError && finding.file == name && finding.offset != nil, "\(finding)")
        #expect(finding.object.hasPrefix("lab/exp/"), "\(finding)")
        #expect(finding.object.contains(" X 0:16 Y 0:16 Z 0:8, resolution 0, time 0"), "\(finding)")
        #expect(!finding.remedy.isEmpty)
        for file in try known.contents().keys where file.hasPrefix("MANIFEST/") { try known.remove(file) }
        expectRefusal("XX001") {
            var options = smallOptions()
            options.access = .readOnly
            return try Database.open(known.path, options: options)
        }
        let closed = try Database.check(known.path)
        #expect(closed.errorCount > 0 && closed.commit == nil, "\(closed)")
    }
}
