import GRDB
import Synchronization

/// What a `CatalogTransaction` and the `Catalog` bound to it share.
///
///     reading --first write--> writing --commit, rollback--> ended
///                                 |
///                                 +--SQLite rolled everything back--> failed --rollback--> ended
///
/// While reading, there is no connection, no lock, and everything is answered by the parent, or by what was pinned for
/// the transaction. The first write opens
/// a connection, takes SQLite's write lock (RESERVED), beside which others go on reading, and keeps it to the end:
/// with `cache_spill` off, no page is written to the file before the commit.
///
/// In memory there is no second connection to the same data: the connection is one to a copy, the lock is the
/// parent's, and the commit runs the redo in the parent.
final class TransactionCore: Sendable {
    private enum Phase {
        case reading
        case writing
        case failed(CatalogError)
        case ended
    }

    private struct Savepoint {
        var number: UInt64
        var mark: RedoLog.Mark
        var name: String { "savepoint_\(number)" }
    }

    private struct State {
        var phase = Phase.reading
        var queue: DatabaseQueue?
        var savepoints: [Savepoint] = []
        var redo = RedoLog()
        var base: Int64 = 0
    }

    let parent: Catalog
    private let pin: CatalogPin?
    /// One operation at a time: unlike other locks, this one is held while SQLite works. Taken before `state`.
    private let turn = Mutex<Void>(())
    private let state = Mutex(State())

    init(parent: Catalog, pin: CatalogPin?) {
        self.parent = parent
        self.pin = pin
    }

    // MARK: Operations

    var isReading: Bool {
        get throws(CatalogError) {
            switch state.withLock({ $0.phase }) {
            case .reading: return true
            case .writing: return false
            case .failed(let error): throw error
            case .ended: throw .closed
            }
        }
    }

    /// What answers while reading.
    var committed: Catalog {
        get throws(CatalogError) {
            guard let pin else { return parent }
            // A pinned state outlives the handle, a transaction does not.
            _ = try parent.openConnection()
            return pin.catalog
        }
    }

    func record(_ sql: String, _ arguments: [DatabaseValue]) {
        state.withLock { $0.redo.append(sql, arguments) }
    }

    func read<Value>(_ body: (CatalogSession) throws -> Value) throws(CatalogError) -> Value {
        if try isReading { return try committed.read(body) }
        return try inTurn { () throws(CatalogError) in
            if try isReading { return try committed.read(body) }
            return try onConnection { db in try body(CatalogSession(db: db, file: parent.path)) }
        }
    }

    /// Runs an operation, which changes all it wants or nothing.
    func write<Value>(_ body: (CatalogSession) throws -> Value) throws(CatalogError) -> Value {
        guard !parent.isReadOnly else { throw .readOnly }
        return try inTurn { () throws(CatalogError) in
            let isFirst = try isReading
            return try onConnection { db in
                if isFirst { try begin(db) }
                return try operation(db, body)
            }
        }
    }

    private func operation<Value>(_ db: Database, _ body: (CatalogSession) throws -> Value) throws -> Value {
        let mark = state.withLock { $0.redo.mark }
        do {
            try db.execute(sql: "SAVEPOINT operation")
            let value = try body(CatalogSession(db: db, file: parent.path, recorder: self))
            try db.execute(sql: "RELEASE operation")
            return value
        } catch {
            state.withLock { $0.redo.rollBack(to: mark) }
            try undo(db, to: "operation", because: error)
            throw error
        }
    }

    /// After some errors, such as a full disk, SQLite has rolled back everything: then nothing can go on.
    private func undo(_ db: Database, to savepoint: String, because error: any Error) throws {
        do {
            try db.execute(sql: "ROLLBACK TO \(savepoint)")
            try db.execute(sql: "RELEASE \(savepoint)")
        } catch _ {
            let cause = CatalogError(error, file: parent.path)
            state.withLock { $0.phase = .failed(cause) }
            throw cause
        }
    }

    // MARK: The connection

    private func inTurn<Value>(_ body: () throws(CatalogError) -> Value) throws(CatalogError) -> Value {
        // The lock hands out values that may cross threads only; this one stays on its thread.
        var result: Result<Value, CatalogError>?
        turn.withLock { _ in
            do throws(CatalogError) {
                result = .success(try body())
            } catch {
                result = .failure(error)
            }
        }
        guard let result else { throw .closed }
        return try result.get()
    }

    private func onConnection<Value>(_ body: (Database) throws -> Value) throws(CatalogError) -> Value {
        let queue: DatabaseQueue
        if let open = state.withLock({ $0.queue }) {
            queue = open
        } else {
            queue = try parent.makeTransactionConnection()
            state.withLock { $0.queue = queue }
        }
        do {
            return try queue.writeWithoutTransaction(body)
        } catch {
            throw CatalogError(error, file: parent.path)
        }
    }

    private func begin(_ db: Database) throws {
        try parent.lockForTransaction(db)
        do {
            let digest = try CatalogSeal.storedDigest(db)
            if let pin, pin.digest != digest { throw CatalogError.changedMeanwhile(file: parent.path) }
            for savepoint in state.withLock({ $0.savepoints }) {
                try db.execute(sql: "SAVEPOINT \(savepoint.name)")
            }
            state.withLock { state in
                state.base = digest ?? 0
                state.phase = .writing
            }
        } catch {
            // The first error is the one to report.
            try? db.rollback()
            parent.unlockAfterTransaction()
            throw error
        }
    }

    // MARK: Savepoints

    func savepoint() throws(CatalogError) -> UInt64 {
        try inTurn { () throws(CatalogError) in
            let isReading = try isReading
            let savepoint = state.withLock { state in
                Savepoint(number: CatalogSavepoint.nextNumber(), mark: state.redo.mark)
            }
            if !isReading {
                try onConnection { try $0.execute(sql: "SAVEPOINT \(savepoint.name)") }
            }
            state.withLock { $0.savepoints.append(savepoint) }
            return savepoint.number
        }
    }

    func rollBack(to number: UInt64) throws(CatalogError) {
        try inTurn { () throws(CatalogError) in
            let isReading = try isReading
            let (index, savepoint) = try find(number)
            if !isReading { try control("ROLLBACK TO \(savepoint.name)") }
            state.withLock { state in
                state.savepoints.removeSubrange((index + 1)...)
                state.redo.rollBack(to: savepoint.mark)
            }
        }
    }

    func release(_ number: UInt64) throws(CatalogError) {
        try inTurn { () throws(CatalogError) in
            let isReading = try isReading
            let (index, savepoint) = try find(number)
            if !isReading { try control("RELEASE \(savepoint.name)") }
            state.withLock { $0.savepoints.removeSubrange(index...) }
        }
    }

    private func find(_ number: UInt64) throws(CatalogError) -> (Int, Savepoint) {
        let savepoints = state.withLock { $0.savepoints }
        guard let index = savepoints.firstIndex(where: { $0.number == number }) else {
            throw .invalidValue(
                field: "savepoint", value: "\(number)", allowed: "one of this transaction that is still there"
            )
        }
        return (index, savepoints[index])
    }

    /// A statement after whose failure nobody knows what is left of the transaction.
    private func control(_ sql: String) throws(CatalogError) {
        do {
            try onConnection { try $0.execute(sql: sql) }
        } catch {
            state.withLock { $0.phase = .failed(error) }
            throw error
        }
    }

    // MARK: The end

    var redo: [UInt8] {
        get throws(CatalogError) {
            try inTurn { () throws(CatalogError) in
                _ = try isReading
                return state.withLock { $0.redo.encoded(base: $0.base) }
            }
        }
    }

    func commit(engineCommit: UInt64) throws(CatalogError) {
        try inTurn { () throws(CatalogError) in
            _ = try isReading
            let redo = state.withLock { $0.redo.encoded(base: $0.base) }
            defer { end() }
            guard !redo.isEmpty else { return }
            try onConnection { db in
                let applied = try AppliedCommit.get(db)
                guard applied < engineCommit else {
                    throw CatalogError.corrupt(
                        file: parent.path,
                        reason: "it has commit \(applied) of the engine, which makes \(engineCommit) now")
                }
            }
            // From here on nobody gets the write lock without looking whether this redo is outstanding.
            parent.expect(redo, engineCommit: engineCommit)
            do throws(CatalogError) {
                if parent.isInMemory {
                    try parent.replayExpected()
                } else {
                    try onConnection { db in
                        try AppliedCommit.set(db, engineCommit)
                        try CatalogSeal.renew(db)
                        try db.commit()
                    }
                }
            } catch {
                parent.deferRedo(redo, engineCommit: engineCommit)
                throw error
            }
            parent.fulfil(engineCommit)
        }
    }

    func rollBack() {
        // Nothing in here throws.
        try? inTurn { () throws(CatalogError) in end() }
    }

    /// Undoes what was not committed and gives the lock and the connection up.
    private func end() {
        let (queue, held) = state.withLock { state in
            defer {
                state.queue = nil
                state.phase = .ended
                state.savepoints = []
                state.redo = RedoLog()
            }
            let held: Bool
            switch state.phase {
            case .writing, .failed: held = true
            case .reading, .ended: held = false
            }
            return (state.queue, held)
        }
        if let queue {
            do {
                try queue.writeWithoutTransaction { try $0.rollback() }
                parent.keepConnection(queue)
            } catch {
                // Closing the connection, which happens here, rolls back too.
            }
        }
        if held { parent.unlockAfterTransaction() }
    }
}
