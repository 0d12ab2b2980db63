import BossCatalog
import BossGeometry
import BossTestSupport
import BossVoxels
import Dispatch
import Synchronization
import Testing

@testable import BossDatabase

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Copies of a database at work; the oracle is what it showed at the commit that the copy names.
@Suite("Backup")
struct BackupTests {
    private let folder: TemporaryFolder
    private let box = VoxelBox(x: 5..<46, y: 3..<36, z: 2..<19)
    private var region: CutoutRegion { CutoutRegion(box: box) }

    init() throws { folder = try TemporaryFolder() }

    private func open(_ name: String) throws -> Database {
        try Database.open(folder.file(name), options: smallOptions())
    }

    private func constant(_ value: UInt64) throws -> AnyVolume {
        try ModelVolume(box, filledWith: value).volume(.uint8)
    }

    @Test("a backup opens by itself, an incremental one brings it up to date, and both restore")
    func backups() throws {
        let database = try open("lab.bossdb")
        let channel = try database.make(ChannelPlan())
        try channel.write(try constant(1), at: box.lower)
        try database.createSnapshot("v1", of: "lab/exp")
        try database.checkpoint()
        let copy = folder.file("copy.bossdb")
        let first = try database.backUp(to: copy)
        #expect(first.commit == (try database.view().commit))
        expectRefusal("42P07") { try database.backUp(to: copy) }
        try channel.write(try constant(2), at: box.lower)
        try database.createCollection("later")
        let second = try database.backUp(to: copy, isIncremental: true)
        #expect(second.keptFileCount > 0)
        try database.close()
        _ = try Database.restoreBackup(copy, to: folder.file("restored.bossdb"))
        expectRefusal("42P07") { try Database.restoreBackup(copy, to: folder.file("restored.bossdb")) }
        expectRefusal("3D000") {
            try Database.restoreBackup(folder.file("none"), to: folder.file("other.bossdb"))
        }
        let restored = try open("restored.bossdb")
        let data = try restored.channel("lab/exp/data")
        #expect(try data.read(region).bits.allSatisfy { $0 == 2 })
        let old = try restored.view(.snapshot("v1"), of: "lab/exp")
        #expect(try data.read(region, view: old).bits.allSatisfy { $0 == 1 })
        #expect(try restored.catalog.tree().collections.map(\.record.name) == ["lab", "later"])
        try data.write(try constant(3), at: box.lower)
        try restored.close()
    }

    /// A catalog waits under the number of the root that it does not belong to.
    @Test("an incremental backup that was cut off is the old one or the new one", arguments: [false, true])
    func cutOff(isWriter: Bool) throws {
        let database = try open("lab.bossdb")
        let channel = try database.make(ChannelPlan())
        try channel.write(try constant(1), at: box.lower)
        let copy = folder.file("copy.bossdb")
        let files = FileManager.default
        try database.backUp(to: copy)
        let root = BackupCatalog(folder: copy).newestRoot
        try files.copyItem(atPath: copy + "/catalog.sqlite", toPath: folder.file("old.sqlite"))
        try files.copyItem(atPath: copy, toPath: folder.file("before.bossdb"))
        try database.createCollection("later")
        try channel.write(try constant(2), at: box.lower)
        try database.backUp(to: copy, isIncremental: true)
        #expect(BackupCatalog(folder: copy).newestRoot > root)
        #expect(BackupCatalog(folder: copy).waiting.isEmpty)

        // Cut off before the engine's root, and behind it.
        let waiting = "catalog.sqlite.next-\(root)"
        let before = folder.file("before.bossdb")
        try files.copyItem(atPath: copy + "/catalog.sqlite", toPath: before + "/" + waiting)
        try files.moveItem(atPath: copy + "/catalog.sqlite", toPath: copy + "/" + waiting)
        try files.copyItem(atPath: folder.file("old.sqlite"), toPath: copy + "/catalog.sqlite")
        for (name, value, names) in [
            ("before.bossdb", UInt8(1), ["lab"]), ("copy.bossdb", 2, ["lab", "later"]),
        ] {
            var options = smallOptions()
            options.access = isWriter ? .readWrite : .readOnly
            let opened = try Database.open(folder.file(name), options: options)
            #expect(try opened.catalog.tree().collections.map(\.record.name) == names)
            #expect(try opened.channel("lab/exp/data").read(region).bits.allSatisfy { $0 == value })
            try opened.close()
            #expect(BackupCatalog(folder: folder.file(name)).waiting.isEmpty == isWriter)
        }
        // A first backup that was cut off behind its root.
        let first = folder.file("first.bossdb")
        try database.backUp(to: first)
        try files.moveItem(atPath: first + "/catalog.sqlite", toPath: first + "/catalog.sqlite.next")
        let opened = try open("first.bossdb")
        #expect(try opened.catalog.tree().collections.map(\.record.name) == ["lab", "later"])
        try opened.close()
        if !isWriter {
            // The next backup makes order, too.
            for name in ["before.bossdb", "copy.bossdb"] {
                try database.backUp(to: folder.file(name), isIncremental: true)
                #expect(BackupCatalog(folder: folder.file(name)).waiting.isEmpty)
                let opened = try open(name)
                #expect(try opened.catalog.tree().collections.map(\.record.name) == ["lab", "later"])
                try opened.close()
            }
        }
        try database.close()
    }

    @Test("a backup beside a writer holds whole transactions only")
    func besideWriter() throws {
        let database = try open("lab.bossdb")
        try database.make(ChannelPlan())
        let isDone = Atomic<Bool>(false)
        let failures = Mutex<[String]>([])
        let writer = DispatchQueue(label: "writer")
        let finished = DispatchSemaphore(value: 0)
        let box = box
        writer.async {
            defer { finished.signal() }
            do {
                var number: UInt64 = 0
                while !isDone.load(ordering: .relaxed) {
                    number += 1
                    // A collection and the voxels carry the same number.
                    let transaction = try database.beginTransaction()
                    try database.createCollection("c\(number)", in: transaction)
                    try database.channel("lab/exp/data").write(
                        try ModelVolume(box, filledWith: number % 250).volume(.uint8), at: box.lower,
                        in: transaction)
                    try transaction.commit()
                    // SQLite's lock has no queue: whoever never rests keeps it.
                    _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(20))
                }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        for number in 0..<6 {
            try database.backUp(to: folder.file("copy\(number).bossdb"))
        }
        isDone.store(true, ordering: .relaxed)
        finished.wait()
        #expect(failures.withLock { $0 }.isEmpty)
        try database.close()
        for number in 0..<6 {
            let copy = try open("copy\(number).bossdb")
            let collections = try copy.catalog.tree().collections.count - 1
            let bits = try copy.channel("lab/exp/data").read(region).bits
            #expect(bits.allSatisfy { $0 == UInt64(collections) % 250 }, "copy \(number)")
            try copy.close()
        }
    }

    @Test("a catalog older than the voxels gives no number of theirs away")
    func olderCatalog() throws {
        let database = try open("lab.bossdb")
        try database.make(ChannelPlan())
        try database.close()
        let catalog = URL(fileURLWithPath: folder.file("lab.bossdb/catalog.sqlite"))
        let before = try Data(contentsOf: catalog)
        let later = try open("lab.bossdb")
        var plan = ChannelPlan()
        plan.name = "second"
        try later.add(plan).write(try constant(7), at: box.lower)
        try later.close()
        try before.write(to: catalog)
        let again = try open("lab.bossdb")
        plan.name = "third"
        #expect(try again.add(plan).read(region).bits.allSatisfy { $0 == 0 })
        try again.close()
    }
}
