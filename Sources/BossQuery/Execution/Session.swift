public import BossDatabase
import Synchronization

/// A conversation with a database in its query language.
///
///     let session = Session(database: database)
///     let result = try session.query("SELECT CUTOUT FROM lab/mouse1/em X 0:64 Y 0:64 Z 0:16")
///
/// A session runs one statement at a time; further ones wait. Several sessions may share a database.
public final class Session: Sendable {
    /// The database that is asked.
    public let database: Database
    private let state = Mutex(SessionState())
    /// Held while a statement runs.
    private let turn = Mutex(())

    /// A session with default settings.
    public init(database: Database) { self.database = database }

    /// Whether statements are collected into a transaction.
    public var transactionStatus: TransactionStatus { state.withLock { $0.status } }
    /// Whether a transaction is open, failed or not.
    public var isInTransaction: Bool { transactionStatus != .idle }

    /// Whether a transaction is open whose changes would be lost without COMMIT: one that was not begun READ ONLY.
    public var holdsUncommittedWork: Bool { state.withLock { $0.transaction != nil } }

    /// Runs one statement; a `;` at its end is allowed.
    ///
    /// - Parameters:
    ///   - parameters: values of `$1`, `$2`, ...
    ///   - control: cancels the statement and hears of its progress.
    /// - Throws: `DatabaseError` with SQLSTATE, hint and the position in `text`.
    public func query(
        _ text: String, parameters: [Parameter] = [], control: OperationControl = OperationControl()
    ) throws(DatabaseError) -> StatementResult {
        let statements = try parse(text)
        guard statements.count == 1, let statement = statements.first else {
            throw DatabaseError("42601", "one statement was expected, there are \(statements.count)")
        }
        return try run(statement.statement, parameters, control)
    }

    /// Runs every statement of a text in order and stops at the first error.
    ///
    /// - Parameter each: gets each result before the next statement runs.
    public func execute(
        _ text: String, parameters: [Parameter] = [], control: OperationControl = OperationControl(),
        each: (StatementResult) throws -> Void = { _ in }
    ) throws {
        for statement in try parse(text) {
            try each(run(statement.statement, parameters, control))
        }
    }

    /// Reads statements; a text that cannot be read fails an open transaction like any other error.
    private func parse(_ text: String) throws(DatabaseError) -> [ParsedStatement] {
        do throws(DatabaseError) {
            return try Parser.parseScript(text)
        } catch {
            turn.withLock { _ in
                state.withLock { state in
                    if state.status == .active { state.hasFailed = true }
                }
            }
            throw error
        }
    }

    private func run(
        _ statement: Statement, _ parameters: [Parameter], _ control: OperationControl
    ) throws(DatabaseError) -> StatementResult {
        try turn.withLock { (_) throws(DatabaseError) in
            let clock = ContinuousClock()
            let started = clock.now
            let before = state.withLock { $0 }
            try Self.refuseAfterFailure(statement, before)
            var executor = StatementExecutor(
                database: database, state: before, parameters: parameters, control: control)
            do throws(DatabaseError) {
                let value = try executor.execute(statement)
                let after = executor.state
                state.withLock { $0 = after }
                var statistics = ExecutionStatistics()
                statistics.read = executor.statistics
                statistics.milliseconds = started.duration(to: clock.now).milliseconds
                return StatementResult(
                    value: value, warnings: executor.warnings, statistics: statistics,
                    check: executor.checkOutcome)
            } catch {
                // A COMMIT that fails has ended its transaction; any other error leaves it failed.
                var after = executor.state
                if after.status == .active { after.hasFailed = true }
                let kept = after
                state.withLock { $0 = kept }
                throw error
            }
        }
    }

    private static func refuseAfterFailure(_ statement: Statement, _ state: SessionState)
        throws(DatabaseError)
    {
        guard state.status == .failed else { return }
        if case .transaction(.rollback, _) = statement { return }
        throw DatabaseError(
            "25P02", "the transaction has failed, so only ROLLBACK is accepted",
            hint: state.wayBack ?? "ROLLBACK and begin again",
            position: statement.position.source)
    }
}

extension Duration {
    var milliseconds: Double {
        Double(components.seconds) * 1e3 + Double(components.attoseconds) / 1e15
    }
}
