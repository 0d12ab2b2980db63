/// Transactions.
package enum TransactionStatement: Hashable, Sendable {
    case begin(isReadOnly: Bool)
    case commit(message: Located<String>?)
    case rollback(to: Identifier?)
    case savepoint(Identifier)
    case release(Identifier)
}

/// `SET name = value`, `RESET name`, `ALTER SYSTEM SET name = value`.
package struct SettingStatement: Hashable, Sendable {
    package enum Action: Hashable, Sendable {
        case set(SettingValue)
        case reset
        case setForAll(SettingValue)
    }

    package var name: Identifier
    package var action: Action
    package var position: NodePosition
}

/// What a setting is set to.
package enum SettingValue: Hashable, Sendable {
    case scalar(Scalar)
    /// A bare word such as `on` or `compute`.
    case word(Identifier)

    package var position: NodePosition {
        switch self {
        case .scalar(let scalar): scalar.position
        case .word(let word): word.position
        }
    }
}

/// `PREPARE name AS statement`.
package struct PrepareStatement: Hashable, Sendable {
    package var name: Identifier
    package var statement: Statement
    /// The highest `$n` in the statement.
    package var parameterCount: Int
    package var position: NodePosition
}

/// `EXECUTE name (argument, ...)`.
package struct ExecuteStatement: Hashable, Sendable {
    package enum Argument: Hashable, Sendable {
        case scalar(Scalar)
        /// `(1, 2, 3)`.
        case list([Scalar])
    }

    package var name: Identifier
    package var arguments: [Argument]
    package var position: NodePosition
}

/// Upkeep of the database.
package enum MaintenanceStatement: Hashable, Sendable {
    /// nil for the whole database.
    case check(PathSyntax?, depth: Located<CheckDepth>?)
    case compact(PathSyntax?)
    case checkpoint
    case backup(to: Located<String>, isIncremental: Bool)
    case warm(PathSyntax, RegionSyntax)
    case evict(PathSyntax)
    case cancelQuery(Located<UInt64>)
}

/// How much CHECK reads.
package enum CheckDepth: String, CaseIterable, Hashable, Sendable {
    /// What describes the voxels: the catalog, files and their indexes.
    case quick = "QUICK"
    /// Every stored byte.
    case full = "FULL"
}

/// Steering of background jobs.
package enum JobStatement: Hashable, Sendable {
    package enum Cancellation: String, CaseIterable, Hashable, Sendable {
        case keep = "KEEP"
        case rollback = "ROLLBACK"
    }

    case wait(job: Located<UInt64>, timeout: Located<Quantity>?)
    case pause(Located<UInt64>)
    case resume(Located<UInt64>)
    case cancel(Located<UInt64>, Cancellation?)
}

/// Named versions.
package enum VersionStatement: Hashable, Sendable {
    /// `CREATE SNAPSHOT name OF path [MESSAGE 'text']`.
    case createSnapshot(Located<String>, PathSyntax, message: Located<String>?)
    /// `DROP SNAPSHOT name OF path`.
    case dropSnapshot(Located<String>, PathSyntax)
    /// `RESTORE path [region] TO version`.
    case restore(PathSyntax, RegionSyntax, to: VersionReference)
    /// `CREATE BRANCH name OF path [FROM version]`.
    case createBranch(Located<String>, PathSyntax, from: VersionReference?)
    /// `USE BRANCH name OF path`.
    case useBranch(Located<String>, PathSyntax)
    /// `MERGE BRANCH a INTO b OF path [ON CONFLICT c]`.
    case mergeBranch(Located<String>, into: Located<String>, PathSyntax, onConflict: Located<ConflictPolicy>?)
}

/// What a merge of branches does where both changed a voxel.
package enum ConflictPolicy: String, CaseIterable, Hashable, Sendable {
    case abort = "ABORT"
    case ours = "OURS"
    case theirs = "THEIRS"
}

/// `EXPLAIN [ANALYZE] [(FORMAT name)] statement`.
package struct ExplainStatement: Hashable, Sendable {
    package var isAnalyzed: Bool
    package var format: Identifier?
    package var statement: Statement
    package var position: NodePosition
}
