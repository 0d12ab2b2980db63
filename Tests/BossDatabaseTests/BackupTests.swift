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

    /// Collections and voxels carry the same number.
    private func expectWhole(_ name: String) throws {
        let copy = try open(name)
        let collections = try copy.catalog.tree().collections.count - 1
        let bits = try copy.channel("lab/exp/data").read(region).bits
        #expect(bits.allSatisfy { $0 == UInt64(collections) % 250 }, "\(name): \(collections) collections")
        try copy.close()
        #expect(try Database.check(folder.file(name)).findings.isEmpty)
    }

    /// Commits transactions of a collection and voxels until it is told to stop.
    private func commit(_ database: Database, pauseMilliseconds: Int, until isDone: borrowing Atomic<Bool>)
        throws
    {
        var number: UInt64 = 0
        while !isDone.load(ordering: .relaxed) {
            number += 1
            let transaction = try database.beginTransaction()
            try database.createCollection("c\(number)", in: transaction)
            try database.channel("lab/exp/data").write(
                try constant(number % 250), at: box.lower, in: transaction)
            try transaction.commit()
            if number % 20 == 0 { try database.checkpoint() }
            _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(pauseMilliseconds))
        }
    }

    @Test("a backup by a reader beside a writer that never rests holds whole transactions only")
    func byReader() throws {
        let database = try open("lab.bossdb")
        try database.make(ChannelPlan()).write(try constant(0), at: box.lower)
        let isDone = Atomic<Bool>(false)
        let failures = Mutex<[String]>([])
        let finished = DispatchSemaphore(value: 0)
        DispatchQueue(label: "writer").async {
            defer { finished.signal() }
            do { try commit(database, pauseMilliseconds: 0, until: isDone) } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        defer {
            isDone.store(true, ordering: .relaxed)
            finished.wait()
            #expect(failures.withLock { $0 }.isEmpty)
            #expect(throws: Never.self) { try database.close() }
        }
        for number in 0..<25 {
            try Database.backUp(folder.file("lab.bossdb"), to: folder.file("copy\(number)"))
            try Database.backUp(folder.file("lab.bossdb"), to: folder.file("copy"), isIncremental: number > 0)
            try expectWhole("copy\(number)")
        }
        _ = try Database.restoreBackup(folder.file("copy"), to: folder.file("restored"))
        try expectWhole("restored")
    }

    @Test(
        "a backup does not wait for a transaction that has changed names, and has what was committed before it"
    )
    func besideOpenTransaction() throws {
        let database = try open("lab.bossdb")
        try database.make(ChannelPlan()).write(try constant(1), at: box.lower)
        let transaction = try database.beginTransaction()
        try database.createCollection("pending", in: transaction)
        try database.channel("lab/exp/data").write(try constant(2), at: box.lower, in: transaction)
        let start = ContinuousClock.now
        try database.backUp(to: folder.file("copy"))
        try database.backUp(to: folder.file("copy"), isIncremental: true)
        #expect(ContinuousClock.now - start < .seconds(4))
        try transaction.commit()
        try database.close()
        let copy = try open("copy")
        #expect(try copy.catalog.tree().collections.map(\.record.name) == ["lab"])
        #expect(try copy.channel("lab/exp/data").read(region).bits.allSatisfy { $0 == 1 })
        try copy.close()
    }

    @Test("a backup that is brought up to date meanwhile is read, checked and restored as it was or as it is")
    func whileUpdated() throws {
        let database = try open("lab.bossdb")
        try database.make(ChannelPlan()).write(try constant(0), at: box.lower)
        try database.backUp(to: folder.file("copy"))
        let isDone = Atomic<Bool>(false)
        let failures = Mutex<[String]>([])
        let finished = DispatchSemaphore(value: 0)
        for isWriter in [true, false] {
            DispatchQueue(label: "work").async {
                defer { finished.signal() }
                do {
                    if isWriter { return try commit(database, pauseMilliseconds: 2, until: isDone) }
                    while !isDone.load(ordering: .relaxed) {
                        try database.backUp(to: folder.file("copy"), isIncremental: true)
                    }
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
        }
        for number in 0..<25 {
            let name = "restored\(number)"
            let error = failure { try Database.restoreBackup(folder.file("copy"), to: folder.file(name)) }
            if let error {
                #expect(error.sqlState == "55006", "\(error)")
            } else {
                try expectWhole(name)
            }
            #expect(try Database.check(folder.file("copy")).findings.isEmpty)
        }
        isDone.store(true, ordering: .relaxed)
        for _ in 0..<2 { finished.wait() }
        #expect(failures.withLock { $0 }.isEmpty)
        try database.close()
        try expectWhole("copy")
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
