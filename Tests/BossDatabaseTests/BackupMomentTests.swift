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

/// A backup holds both stores as they were at one moment, whoever makes it and whoever writes meanwhile.
@Suite("Moments of backups")
struct BackupMomentTests {
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
            pause(milliseconds: pauseMilliseconds)
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
        for number in 0..<8 {
            try Database.backUp(folder.file("lab.bossdb"), to: folder.file("copy\(number)"))
            try Database.backUp(folder.file("lab.bossdb"), to: folder.file("copy"), isIncremental: number > 0)
            try expectWhole("copy\(number)")
        }
        _ = try Database.restoreBackup(folder.file("copy"), to: folder.file("restored"))
        try expectWhole("restored")
    }

    /// What names has to wait when the backup begins, and a transaction is committed before or after it.
    @Test("no transaction comes between the two halves of a backup")
    func noneBetween() throws {
        let database = try open("lab.bossdb")
        try database.make(ChannelPlan()).write(try constant(0), at: box.lower)
        var options = smallOptions()
        options.access = .readOnly
        let reader = try Database.open(folder.file("lab.bossdb"), options: options)
        let other = try Catalog.open(path: folder.file("lab.bossdb/catalog.sqlite"), mode: .readOnly)
        for round in 1...4 {
            let failures = Mutex<[String]>([])
            let (isHeld, release) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            let finished = DispatchSemaphore(value: 0)
            DispatchQueue(label: "holder").async {
                defer { finished.signal() }
                #expect(throws: Never.self) {
                    try other.backup(to: folder.file("held\(round)")) { _ in
                        isHeld.signal()
                        release.wait()
                    }
                }
            }
            isHeld.wait()
            DispatchQueue(label: "writer").async {
                defer { finished.signal() }
                do {
                    // Waits for the one above, and keeps whoever begins to read waiting.
                    try database.createCollection("n\(round)")
                    let transaction = try database.beginTransaction()
                    try database.createCollection("c\(round)", in: transaction)
                    try database.channel("lab/exp/data").write(
                        try constant(UInt64(round)), at: box.lower, in: transaction)
                    try transaction.commit()
                } catch { failures.withLock { $0.append("\(error)") } }
            }
            pause(milliseconds: 50)
            DispatchQueue(label: "backup").async {
                defer { finished.signal() }
                do { try reader.backUp(to: folder.file("copy\(round)")) } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
            pause(milliseconds: 400)
            release.signal()
            for _ in 0..<3 { finished.wait() }
            #expect(failures.withLock { $0 }.isEmpty, "\(failures.withLock { $0 })")
            let copy = try open("copy\(round)")
            let names = try copy.catalog.tree().collections.map(\.record.name)
            let count = names.count { $0.hasPrefix("c") }
            let bits = try copy.channel("lab/exp/data").read(region).bits
            #expect(bits.allSatisfy { $0 == UInt64(count) }, "round \(round): \(names)")
            try copy.close()
        }
        other.close()
        try reader.close()
        try database.close()
    }

    private func pause(milliseconds: Int) {
        _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(milliseconds))
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
        try database.backUp(to: folder.file("copy"))
        try database.backUp(to: folder.file("copy"), isIncremental: true)
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
        for number in 0..<8 {
            let name = "restored\(number)"
            let error = failure { try Database.restoreBackup(folder.file("copy"), to: folder.file(name)) }
            if let error {
                #expect(error.sqlState == "55006", "\(error)")
            } else {
                try expectWhole(name)
            }
            let findings = try Database.check(folder.file("copy")).findings
            #expect(findings.isEmpty, "\(findings)")
        }
        isDone.store(true, ordering: .relaxed)
        for _ in 0..<2 { finished.wait() }
        #expect(failures.withLock { $0 }.isEmpty)
        try database.close()
        try expectWhole("copy")
    }
}
