import BossGeometry
import BossStorage
import BossTestSupport
import BossVoxels
import Foundation
import Testing

@testable import BossDatabase

/// Merged IDs in backups, behind compaction, and in what salvage makes of a damaged database.
@Suite("Merged IDs survive")
struct MappingSurvivalTests {
    private let box = KnownDatabase.frame

    /// Merges odd IDs of the known labels into 1, in two steps, and even ones into 2.
    private func merge(_ known: KnownDatabase, seals: Bool) throws {
        var options = smallOptions()
        options.maintainsInBackground = false
        let database = try Database.open(known.path, options: options)
        let labels = try database.channel("lab/exp/seg")
        try labels.mergeIDs((1...60).map { 2 * $0 + 1 }, into: 1)
        if seals { try database.checkpoint() }
        try labels.mergeIDs((61...125).map { 2 * $0 + 1 }, into: 1)
        try labels.mergeIDs((2...125).map { 2 * $0 }, into: 2)
        if seals { try database.checkpoint() }
        try database.close()
    }

    private func shown(_ path: String) throws -> [UInt64] {
        let database = try Database.open(path, options: smallOptions())
        defer { try? database.close() }
        return try database.channel("lab/exp/seg").read(CutoutRegion(box: box)).bits
    }

    private func expected(_ known: KnownDatabase) -> [UInt64] {
        (known.volumes["lab/exp/seg"]?.voxels ?? []).map { $0 % 2 == 1 ? 1 : 2 }
    }

    @Test("salvage of a sound database, and a check of it finds nothing", arguments: [false, true])
    func sound(seals: Bool) throws {
        let known = try KnownDatabase(seals: seals)
        try merge(known, seals: seals)
        #expect(try shown(known.path) == expected(known))
        #expect(try Database.check(known.path).findings.isEmpty)
        let outcome = try known.salvage()
        #expect(outcome.isComplete, "\(outcome.remarks) \(outcome.losses)")
        #expect(try shown(known.saved) == expected(known))
        #expect(outcome.channels.allSatisfy { $0.cuboidCount == 12 })
        let again = try Database.open(known.saved, options: smallOptions())
        #expect(try again.channel("lab/exp/seg").mergeIDs([2], into: 1) == 1)
        try again.close()
        #expect(try shown(known.saved).allSatisfy { $0 == 1 })
    }

    @Test("salvage of damaged pages says whose IDs are lost, and takes the others over")
    func damaged() throws {
        let known = try KnownDatabase()
        try merge(known, seals: true)
        // Pages of pairs begin with their mark; a byte of some pairs is changed in every file.
        var count = 0
        for (name, bytes) in try known.contents() where name.hasPrefix("seg/") || name.hasPrefix("wal/") {
            var from = bytes.startIndex
            while let place = bytes.range(of: Data("BQMP".utf8), in: from..<bytes.endIndex) {
                count += 1
                if count % 5 == 0 { try known.flip(name, at: place.lowerBound - bytes.startIndex + 17) }
                from = place.upperBound
            }
        }
        #expect(count > 100)
        let damage = try Database.check(known.path).findings
        #expect(
            damage.contains { $0.isError && $0.object.hasPrefix("merged IDs of lab/exp/seg") },
            "\(damage.prefix(3))")
        let outcome = try known.salvage()
        #expect(
            outcome.remarks.contains { $0.hasPrefix("merged IDs of lab/exp/seg are lost") },
            "\(outcome.remarks)")
        #expect(outcome.losses.isEmpty)
        let stored = known.volumes["lab/exp/seg"]?.voxels ?? []
        let found = try shown(known.saved)
        var (merged, alone) = (0, 0)
        for (id, root, value) in zip(zip(stored, expected(known)), found).map({ ($0.0, $0.1, $1) }) {
            #expect(value == root || value == id)
            if value == root { merged += 1 } else { alone += 1 }
        }
        #expect(merged > alone && alone > 0, "\(merged) \(alone)")
    }

    @Test("a backup and compaction without history")
    func backup() throws {
        let known = try KnownDatabase()
        try merge(known, seals: true)
        let database = try Database.open(known.path, options: smallOptions())
        try database.setHistoryRetention(microseconds: 0)
        try database.compact()
        _ = try database.backUp(to: known.folder.file("backup"))
        let labels = try database.channel("lab/exp/seg")
        try labels.bakeMapping()
        try database.compact()
        #expect(try database.check(isFull: true).isEmpty)
        try database.close()
        #expect(try shown(known.path) == expected(known))
        _ = try Database.restoreBackup(known.folder.file("backup"), to: known.folder.file("restored.bossdb"))
        #expect(try shown(known.folder.file("restored.bossdb")) == expected(known))
    }
}
