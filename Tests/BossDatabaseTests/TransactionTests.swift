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

/// Voxels and catalog in one transaction; the oracle is what was written by hand.
@Suite("Transactions")
struct TransactionTests {
    private let folder: TemporaryFolder
    private let path: String
    private let box = VoxelBox(x: 5..<46, y: 3..<36, z: 2..<19)
    private var region: CutoutRegion { CutoutRegion(box: box) }

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("lab.bossdb")
    }

    private func constant(_ value: UInt64, _ type: VoxelType = .uint8) throws -> AnyVolume {
        try ModelVolume(box, filledWith: value).volume(type)
    }

    private func open(readOnly: Bool = false) throws -> Database {
        var options = smallOptions()
        if readOnly { options.access = .readOnly }
        return try Database.open(path, options: options)
    }

    /// Begins what all tests here commit: a new channel with voxels, other voxels, metadata.
    private func change(_ database: Database) throws -> Transaction {
        let transaction = try database.beginTransaction()
        let mask = try database.createChannel(
            "lab/exp/mask", kind: .annotation, voxelType: .uint64, grid: try ChannelPlan().grid,
            in: transaction)
        try mask.write(try constant(7, .uint64), at: box.lower, in: transaction)
        try database.channel("lab/exp/data").write(try constant(2), at: box.lower, in: transaction)
        try transaction.catalog.setMetadata(
            on: .channel(collection: "lab", experiment: "exp", channel: "data"),
            [MetadataAssignment(key: "stage", value: "\"second\"")])
        return transaction
    }

    private func stage(_ catalog: Catalog) throws -> String? {
        try catalog.metadata(on: .channel(collection: "lab", experiment: "exp", channel: "data"))
            .first { $0.key == "stage" }?.value
    }

    private func expectChanged(_ database: Database) throws {
        #expect(
            try database.channel("lab/exp/mask").read(region).bits.allSatisfy { $0 == 7 })
        #expect(try database.channel("lab/exp/data").read(region).bits.allSatisfy { $0 == 2 })
        #expect(try stage(database.catalog) == "\"second\"")
    }

    private func expectUnchanged(_ database: Database) throws {
        expectRefusal("42P01") { try database.channel("lab/exp/mask") }
        #expect(try database.channel("lab/exp/data").read(region).bits.allSatisfy { $0 == 1 })
        #expect(try stage(database.catalog) == nil)
    }

    private func prepared() throws -> Database {
        let database = try open()
        let channel = try database.make(ChannelPlan())
        try channel.write(try constant(1), at: box.lower)
        return database
    }

    @Test("catalog and voxels become visible together, and only then")
    func together() throws {
        let database = try prepared()
        let transaction = try change(database)
        try expectUnchanged(database)
        #expect(try database.channel("lab/exp/mask", in: transaction).voxelType == .uint64)
        try transaction.commit(message: "both")
        try expectChanged(database)
        let entry = try #require(try database.history(limit: 1).first)
        #expect(entry.message == "both" && entry.channels.count == 2)
        try database.close()
        let again = try open()
        try expectChanged(again)
        try again.close()
    }

    @Test("a rollback leaves neither, and a number that was given away may come again")
    func rollback() throws {
        let database = try prepared()
        try change(database).rollback()
        try expectUnchanged(database)
        try change(database).commit()
        try expectChanged(database)
        try database.close()
    }

    @Test("a crash before the catalog has followed is repaired at open, for readers in memory")
    func crashBetweenStores() throws {
        let database = try prepared()
        let transaction = try change(database)
        let before = try Data(contentsOf: URL(fileURLWithPath: path + "/catalog.sqlite"))
        try transaction.commit()
        try database.close()
        // What a crash between the two commits leaves: the engine has it, the catalog file is the old one.
        try before.write(to: URL(fileURLWithPath: path + "/catalog.sqlite"))
        let reader = try open(readOnly: true)
        try expectChanged(reader)
        try reader.close()
        #expect(try Data(contentsOf: URL(fileURLWithPath: path + "/catalog.sqlite")) == before)
        for _ in 0..<2 {
            let writer = try open()
            try expectChanged(writer)
            try writer.close()
        }
    }

    @Test("savepoints bring voxels and catalog back")
    func savepoints() throws {
        let database = try prepared()
        let transaction = try database.beginTransaction()
        let data = try database.channel("lab/exp/data")
        try data.write(try constant(3), at: box.lower, in: transaction)
        try transaction.savepoint("a")
        try data.write(try constant(4), at: box.lower, in: transaction)
        try database.createCollection("other", in: transaction)
        try transaction.savepoint("b")
        try data.erase(region, in: transaction)
        expectRefusal("3B001") { try transaction.rollback(toSavepoint: "c") }
        try transaction.rollback(toSavepoint: "b")
        #expect(try data.read(region, view: transaction.view).bits.allSatisfy { $0 == 4 })
        try transaction.rollback(toSavepoint: "a")
        expectRefusal("3B001") { try transaction.rollback(toSavepoint: "b") }
        #expect(try data.read(region, view: transaction.view).bits.allSatisfy { $0 == 3 })
        try transaction.releaseSavepoint("a")
        expectRefusal("3B001") { try transaction.rollback(toSavepoint: "a") }
        try transaction.commit()
        #expect(try data.read(region).bits.allSatisfy { $0 == 3 })
        #expect(try database.catalog.tree().collections.map(\.record.name) == ["lab"])
        try database.close()
    }

    @Test("40001 takes the changes of the catalog along")
    func conflict() throws {
        let database = try prepared()
        let data = try database.channel("lab/exp/data")
        let part = VoxelBox(x: 6..<9, y: 4..<7, z: 3..<5)
        let transaction = try database.beginTransaction()
        try database.createCollection("other", in: transaction)
        try data.write(try ModelVolume(part, filledWith: 9).volume(.uint8), at: part.lower, in: transaction)
        try data.write(try constant(5), at: box.lower)
        expectRefusal("40001") { try transaction.commit() }
        #expect(try database.catalog.tree().collections.map(\.record.name) == ["lab"])
        #expect(try data.read(region).bits.allSatisfy { $0 == 5 })
        // The catalog is free again.
        try database.createCollection("later")
        try database.close()
    }

    @Test("dropping a channel inside a transaction hides it at the commit")
    func drop() throws {
        let database = try prepared()
        let transaction = try database.beginTransaction()
        try database.dropChannel("lab/exp/data", in: transaction)
        #expect(try database.channel("lab/exp/data").read(region).bits.allSatisfy { $0 == 1 })
        expectRefusal("42P01") { try database.channel("lab/exp/data", in: transaction) }
        try transaction.commit()
        expectRefusal("42P01") { try database.channel("lab/exp/data") }
        try database.close()
    }
}
