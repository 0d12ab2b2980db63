import BossDatabase

/// Whether a session is in a transaction.
public enum TransactionStatus: Hashable, Sendable {
    /// Every statement is its own transaction.
    case idle
    /// Between BEGIN and COMMIT.
    case active
    /// After an error inside a transaction: only ROLLBACK is accepted.
    case failed
}

/// A place in a transaction to which it may go back.
struct SessionMark: Sendable {
    /// The savepoint; nil for BEGIN.
    let name: String?
    /// `USE` at that time, for when what it names now goes away.
    let path: [String]
}

/// What a session keeps between statements.
struct SessionState: Sendable {
    /// `USE coll/exp`: leading segments that later paths leave out.
    var currentPath: [String] = []
    var settings = Settings()
    var transaction: Transaction?
    var hasFailed = false
    /// BEGIN and the savepoints since, oldest first; empty outside a transaction.
    var marks: [SessionMark] = []
    /// What PREPARE has named, by folded name.
    var prepared: [String: PrepareStatement] = [:]
    /// In BEGIN READ ONLY, what was committed when it began.
    var readOnly: PinnedState?

    /// How a failed transaction goes on, if it has a savepoint.
    var wayBack: String? {
        marks.last?.name.map {
            "ROLLBACK TO \(SyntaxPrinter.identifier(named: $0)) goes on from the savepoint"
        }
    }

    var status: TransactionStatus {
        if hasFailed { return .failed }
        return transaction == nil && readOnly == nil ? .idle : .active
    }
}
