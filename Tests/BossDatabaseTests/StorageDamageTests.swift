import BossGeometry
import Foundation
import Testing

@testable import BossDatabase

/// Damage that background work meets, as the storage statistics tell it.
@Suite("Damage in the storage statistics")
struct StorageDamageTests {
    @Test(
        "damage that the scrub in the background finds is told with channel and file, and gone with the channel"
    )
    func scrubbed() throws {
        let known = try KnownDatabase(layers: 0)
        let path = try damagedFile(known)
        let database = try Database.open(known.path, options: smallOptions())
        let end = ContinuousClock.now + .seconds(60)
        while database.storageStatistics.lastFailure == nil, ContinuousClock.now < end {
            Thread.sleep(forTimeInterval: 0.05)
        }
        let told = try #require(database.storageStatistics.lastFailure)
        #expect(told.contains(path) && told.contains("lab/exp/"), "\(told)")
        for name in ["seg", "em"] { try database.dropChannel("lab/exp/\(name)") }
        while database.storageStatistics.lastFailure != nil, ContinuousClock.now < end {
            Thread.sleep(forTimeInterval: 0.05)
        }
        #expect(database.storageStatistics.lastFailure == nil)
        try database.close()
    }

    /// Flips a byte that a full check finds in the bricks of a segment file; returns its path.
    private func damagedFile(_ known: KnownDatabase) throws -> String {
        let path = try #require(try known.segments().first)
        for offset in stride(from: 4096 + 400, to: 4096 + 2000, by: 100) {
            try known.flip(path, at: offset)
            let findings = try Database.check(known.path).findings
            if findings.contains(where: { $0.file == path && $0.object.contains("lab/exp/") }) { return path }
            try known.flip(path, at: offset)
        }
        return try #require(nil, "no byte of \(path) counts")
    }
}
