import BossDatabase
import BossQuery
import BossVoxels
import Foundation
import Synchronization
import Testing

/// Sessions of one process: one holds the names in a transaction, one waits for it, the others go on.
@Suite("Sessions beside one that waits")
struct WaitingSessionTests {
    @Test("nobody else waits for a session that waits for the transaction of another one")
    func others() throws {
        let fixture = try ResourceFixture.withChannels()
        // Nothing of the channels is in memory yet.
        try fixture.run("SET METADATA ON lab/mouse 'before' = 1")
        let holder = Session(database: fixture.database)
        try holder.execute("BEGIN; SET METADATA ON lab/mouse 'k' = 1")
        let outcome = Mutex<String?>(nil)
        let ended = DispatchSemaphore(value: 0)
        let waiter = Session(database: fixture.database)
        Thread.detachNewThread {
            do throws(DatabaseError) {
                _ = try waiter.query("SET METADATA ON lab/mouse 'k' = 2")
                outcome.withLock { $0 = "done" }
            } catch {
                outcome.withLock { $0 = error.sqlState }
            }
            ended.signal()
        }
        Thread.sleep(forTimeInterval: 0.1)
        let volume = try ResourceFixture.volume(.uint8, [1, 2, 2], filledWith: 3)
        _ = try fixture.session.query(
            "INSERT CUTOUT INTO lab/mouse/em X 0:2 Y 0:2 Z 0:1 VALUES $1", parameters: [.volume(volume)])
        for statement in [
            "SELECT CUTOUT FROM lab/mouse/seg X 0:2 Y 0:2 Z 0:1", "SELECT CUTOUT FROM lab/mouse/em@#0",
            "DELETE CUTOUT FROM lab/mouse/em X 0:1", "DESCRIBE lab/mouse/em", "SHOW METADATA IN lab/mouse",
            "SHOW SNAPSHOTS IN lab/mouse", "SHOW HISTORY OF lab/mouse/em", "SHOW COLLECTIONS",
            "CREATE SNAPSHOT s OF lab/mouse", "DROP SNAPSHOT s OF lab/mouse", "SHOW STORAGE", "CHECK",
            "COMPACT",
        ] {
            _ = try Session(database: fixture.database).query(statement)
            #expect(outcome.withLock { $0 } == nil, "\(statement)")
        }
        try holder.execute("ROLLBACK")
        ended.wait()
        #expect(outcome.withLock { $0 } == "done")
        #expect(try fixture.column("value", of: "SHOW METADATA IN lab/mouse") == ["1", "2"])
    }
}
