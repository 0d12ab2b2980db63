import BossStorage
import BossTestSupport
import Testing

/// What a power loss may and may not do.
@Suite("Simulated power loss")
struct SimulatedCrashTests {
    /// The model knows, per byte, which values are legal: the durable one and those of later unsynced writes.
    @Test("after-images of random histories hold only legal bytes", arguments: [DamageMode.sector, .byte])
    func legalBytes(_ mode: DamageMode) throws {
        for seed in UInt64(1)...60 {
            var random = SeededGenerator(seed: seed)
            let files = SimulatedFileSystem(seed: seed)
            let file = try files.open("f", mode: .createNew)
            try files.syncDirectory("")
            var seen: [UInt8] = []
            var durable: [UInt8] = []
            var unsynced: [(offset: Int, bytes: [UInt8])] = []
            for _ in 0..<Int.random(in: 1...25, using: &random) {
                if Int.random(in: 0..<5, using: &random) == 0 {
                    try file.sync()
                    durable = seen
                    unsynced = []
                    continue
                }
                let offset = Int.random(in: 0..<6000, using: &random)
                let value = UInt8.random(in: 1...255, using: &random)
                let bytes = [UInt8](repeating: value, count: Int.random(in: 1..<3000, using: &random))
                try file.write(bytes, at: UInt64(offset))
                if seen.count < offset + bytes.count {
                    seen += [UInt8](repeating: 0, count: offset + bytes.count - seen.count)
                }
                seen.replaceSubrange(offset..<offset + bytes.count, with: bytes)
                unsynced.append((offset, bytes))
            }
            let machine = files.clone()
            for damage in UInt64(0)..<12 {
                let after = machine.clone().crash(damageSeed: damage, mode: mode)
                let found = try #require(after.contents("f"), "seed \(seed), damage \(damage)")
                #expect(
                    found.count >= durable.count && found.count <= seen.count,
                    "seed \(seed), damage \(damage)")
                if damage == 0 { #expect(found == durable, "seed \(seed)") }
                if damage == 1 { #expect(found == seen, "seed \(seed)") }
                let illegal = durable.indices.first { index in
                    found[index] != durable[index]
                        && !unsynced.contains { write in
                            index >= write.offset && index < write.offset + write.bytes.count
                                && write.bytes[index - write.offset] == found[index]
                        }
                }
                #expect(illegal == nil, "seed \(seed), damage \(damage)")
                #expect(after.durableContents("f") == found)
            }
        }
    }

    @Test("what was synced with its entry survives every crash")
    func syncedSurvives() throws {
        let files = SimulatedFileSystem(seed: 5)
        try files.createDirectory("d/e")
        let file = try files.make("d/e/a", "synced", synced: true)
        try files.syncDirectory("d/e")
        try files.make("d/e/b", "noise")
        try file.write("unsynced", at: 600)
        for damage in UInt64(0)..<300 {
            let after = files.clone().crash(damageSeed: damage, mode: damage % 2 == 0 ? .byte : .sector)
            #expect(after.contents("d/e/a")?.starts(with: "synced".utf8) == true, "damage \(damage)")
        }
    }

    @Test("writes tear at multiples of 512 bytes only, in byte mode anywhere")
    func tearing() throws {
        let files = SimulatedFileSystem(seed: 5)
        let file = try files.open("a", mode: .createNew)
        try file.write([UInt8](repeating: 0xAA, count: 5000), at: 0)
        try file.sync()
        try files.syncDirectory("")
        try file.write([UInt8](repeating: 0xBB, count: 4000), at: 300)
        var tornSectors = 0
        var tornBytes = 0
        for damage in UInt64(0)..<300 {
            for mode in [DamageMode.sector, .byte] {
                let bytes = try #require(files.clone().crash(damageSeed: damage, mode: mode).contents("a"))
                #expect(bytes.count == 5000)
                let changes = (301..<4300).filter { bytes[$0] != bytes[$0 - 1] }
                if mode == .sector {
                    #expect(changes.allSatisfy { $0.isMultiple(of: 512) }, "damage \(damage): \(changes)")
                    tornSectors += changes.isEmpty ? 0 : 1
                } else {
                    tornBytes += changes.contains { !$0.isMultiple(of: 512) } ? 1 : 0
                }
            }
        }
        #expect(tornSectors > 20 && tornBytes > 20)
    }

    @Test("a later write may be kept and an earlier one lost, and the other way round")
    func order() throws {
        let files = SimulatedFileSystem(seed: 5)
        let file = try files.make("a", String(repeating: "-", count: 1024), synced: true)
        try files.syncDirectory("")
        try file.write("1", at: 0)
        try file.write("2", at: 512)
        var outcomes = Set<String>()
        for damage in UInt64(0)..<100 {
            let bytes = try #require(files.clone().crash(damageSeed: damage).contents("a"))
            outcomes.insert(String(decoding: [bytes[0], bytes[512]], as: UTF8.self))
        }
        #expect(outcomes == ["--", "1-", "-2", "12"])
    }

    @Test("the length may reach the disk before the bytes, with zeros or garbage behind")
    func lengthWithoutContent() throws {
        let files = SimulatedFileSystem(seed: 5)
        let file = try files.make("a", "head", synced: true)
        try files.syncDirectory("")
        try file.write([UInt8](repeating: 1, count: 1000), at: 4)
        var kinds = Set<String>()
        for damage in UInt64(0)..<400 {
            let bytes = try #require(files.clone().crash(damageSeed: damage).contents("a")).dropFirst(4)
            let kind =
                bytes.isEmpty
                ? "short"
                : bytes.allSatisfy { $0 == 0 } ? "zeros" : bytes.allSatisfy { $0 == 1 } ? "kept" : "mixed"
            kinds.insert(kind)
        }
        #expect(kinds == ["short", "zeros", "kept", "mixed"])
    }

    @Test("an unsynced entry may vanish, with the synced content")
    func unsyncedEntry() throws {
        let files = SimulatedFileSystem(seed: 5)
        try files.make("a", "synced", synced: true)
        var kept = 0
        for damage in UInt64(0)..<100 {
            let after = files.clone().crash(damageSeed: damage)
            if damage == 0 { #expect(after.fileNames.isEmpty) }
            if damage == 1 { #expect(after.fileNames == ["a"]) }
            if let bytes = after.contents("a") {
                kept += 1
                #expect(bytes == Array("synced".utf8))
            }
        }
        #expect(kept > 10 && kept < 90)
    }

    @Test("a crashed rename leaves exactly one of the two names", arguments: ["b", "d/b"])
    func renameIsAtomic(_ newName: String) throws {
        let files = SimulatedFileSystem(seed: 5)
        try files.createDirectory("d")
        try files.make("a", "text", synced: true)
        try files.syncDirectory("")
        try files.renameNoReplace("a", to: newName)
        var outcomes = Set<[String]>()
        for damage in UInt64(0)..<60 {
            let after = files.clone().crash(damageSeed: damage)
            outcomes.insert(after.fileNames)
            #expect(after.fileNames.count == 1)
            #expect(try after.text(after.fileNames.first ?? "") == "text")
        }
        #expect(outcomes == [["a"], [newName]])
        try files.syncDirectory(newName == "b" ? "" : "d")
        for damage in UInt64(0)..<60 {
            #expect(files.clone().crash(damageSeed: damage).fileNames == [newName])
        }
    }

    /// Files are told apart by content: digits were durable at the start and are only renamed; "n" are
    /// made and removed on the way.
    @Test("no history of names loses or doubles a durable file")
    func nameHistories() throws {
        for seed in UInt64(1)...400 {
            var random = SeededGenerator(seed: seed)
            let files = SimulatedFileSystem(seed: seed)
            let directories = ["", "d", "e"]
            for directory in directories { try files.createDirectory(directory) }
            for index in 0..<4 { try files.make("d/\(index)", "\(index)", synced: true) }
            try files.syncDirectory("d")
            for _ in 0..<Int.random(in: 1...25, using: &random) {
                let directory = directories.randomElement(using: &random) ?? ""
                let target =
                    (directory.isEmpty ? "" : directory + "/") + "\(Int.random(in: 0..<4, using: &random))"
                let names = files.fileNames
                switch Int.random(in: 0..<10, using: &random) {
                case 0: try files.syncDirectory(directory)
                case 1:
                    if !names.contains(target) { try files.make(target, "n", synced: true) }
                case 2:
                    if names.contains(target), try files.text(target) == "n" { try files.unlink(target) }
                default:
                    let source = try #require(names.randomElement(using: &random))
                    if !names.contains(target) { try files.renameNoReplace(source, to: target) }
                }
            }
            for damage in UInt64(0)..<12 {
                let after = files.clone().crash(damageSeed: damage)
                let texts = try after.fileNames.map { try after.text($0) }.filter { $0 != "n" }
                #expect(texts.sorted() == ["0", "1", "2", "3"], "seed \(seed), damage \(damage)")
                if damage == 1 { #expect(after.fileNames == files.fileNames, "seed \(seed)") }
            }
            for directory in directories { try files.syncDirectory(directory) }
            #expect(files.clone().crash(damageSeed: 0).fileNames == files.fileNames, "seed \(seed)")
        }
    }

    @Test("an unsynced removal may be undone, a synced one not")
    func removal() throws {
        let files = SimulatedFileSystem(seed: 5)
        try files.make("a", "text", synced: true)
        try files.syncDirectory("")
        try files.unlink("a")
        #expect(try files.clone().crash(damageSeed: 0).text("a") == "text")
        #expect(files.clone().crash(damageSeed: 1).fileNames.isEmpty)
        try files.syncDirectory("")
        #expect(files.clone().crash(damageSeed: 0).fileNames.isEmpty)
        #expect(files.usedByteCount == 0)
    }

    @Test("one seed gives one after-image")
    func deterministic() throws {
        func history() throws -> SimulatedFileSystem {
            let files = SimulatedFileSystem(seed: 9)
            try files.createDirectory("d")
            for index in 0..<20 {
                let file = try files.make("d/\(index)", "\(files.randomUInt64())", synced: index % 3 == 0)
                try file.write([UInt8](repeating: 1, count: 3000), at: 100)
            }
            return files
        }
        for damage in UInt64(0)..<20 {
            let first = try history().crash(damageSeed: damage)
            let second = try history().crash(damageSeed: damage)
            #expect(first.fileNames == second.fileNames)
            #expect(
                first.fileNames.map { first.contents($0) } == second.fileNames.map { second.contents($0) })
            #expect(try first.list("d") == second.list("d"))
            #expect(first.randomUInt64() == second.randomUInt64())
        }
    }

    @Test("after a crash the old handles fail, and the locks are free")
    func deadHandles() throws {
        let files = SimulatedFileSystem(seed: 5)
        let file = try files.make("a", "text", synced: true)
        try files.syncDirectory("")
        let mapping = try file.map(byteCount: 4)
        let lock = try files.lock("LOCK", holder: "old")
        let after = files.crash(damageSeed: 1)
        #expect(files.isDead && !after.isDead)
        #expect(errnoOf { _ = try file.text() } == 5)
        #expect(errnoOf { _ = try mapping.bytes(4) } == 5)
        #expect(errnoOf { _ = try files.list("") } == 5)
        #expect(errnoOf { try file.sync() } == 5)
        let again = try after.lock("LOCK", holder: "new")
        lock.release()
        #expect(throws: StorageError.locked(path: "LOCK", holder: "new")) {
            try after.lock("LOCK", holder: "x")
        }
        withExtendedLifetime(again) {}
        #expect(try after.text("a") == "text")
    }

    @Test("thousands of small histories and crashes take a second")
    func speed() throws {
        let clock = ContinuousClock()
        let rounds = 500
        let time = try clock.measure {
            for round in 0..<rounds {
                let files = SimulatedFileSystem(seed: UInt64(round))
                for name in ["a", "b", "c"] {
                    let file = try files.open(name, mode: .createNew)
                    try file.write([UInt8](repeating: 1, count: 1000), at: 0)
                    try file.sync()
                    try file.write([UInt8](repeating: 2, count: 1000), at: 1000)
                }
                try files.syncDirectory("")
                #expect(files.crash(damageSeed: UInt64(round) + 2).fileNames.count == 3)
            }
        }
        print("simulated crash cycle: \(time / rounds)")
        #expect(time < .seconds(10), "500 cycles took \(time)")
    }
}
