import BossDatabase

/// The first word of a statement decides what it is.
extension Parser {
    /// A statement inside another, one level deeper.
    mutating func nestedStatement() throws(DatabaseError) -> Statement {
        try descend()
        let statement = try statement()
        ascend()
        return statement
    }

    mutating func statement() throws(DatabaseError) -> Statement {
        guard let keyword = token.keyword, keyword.startsStatement else {
            expectations.append(.thing("a statement"))
            var error = unexpected()
            if error.hint == nil, case .word(let word, _) = token.kind {
                let starts = Keyword.allCases.filter(\.startsStatement).map(\.text)
                error.hint =
                    OtherDialects.hint(forStatement: word)
                    ?? NearMiss.best(for: word.uppercased(), among: starts).map { "did you mean \($0)?" }
            }
            throw error
        }
        switch keyword {
        case .select: return try query()
        case .find: return try find()
        case .bbox: return try boundingBox()
        case .count: return try countVoxels()
        case .stats: return try statisticsOf()
        case .histogram: return try histogramOf()
        case .show: return try show()
        case .insert: return try insert()
        case .delete: return try delete()
        case .update: return try update()
        case .copy: return try copy()
        case .import: return try importFiles()
        case .export: return try exportFiles()
        case .downsample: return try downsample()
        case .reserve: return try reserve()
        case .merge: return try merge()
        case .split: return try split()
        case .cleave: return try cleave()
        case .relabel: return try relabel()
        case .bake: return try bake()
        case .put: return try putMesh()
        case .create: return try create()
        case .alter: return try alter()
        case .drop: return try drop()
        default: return try sessionStatement(keyword)
        }
    }

    private mutating func sessionStatement(_ keyword: Keyword) throws(DatabaseError) -> Statement {
        switch keyword {
        case .describe: return try describe()
        case .unset: return try unsetMetadata()
        case .set: return try set()
        case .reset: return try reset()
        case .use: return try use()
        case .begin, .commit, .rollback, .savepoint, .release: return try transaction()
        case .prepare: return try prepare()
        case .execute: return try execute()
        case .deallocate: return try deallocate()
        case .explain: return try explain()
        case .check, .compact, .checkpoint, .backup, .warm, .evict: return try maintenance()
        case .cancel: return try cancel()
        case .wait, .pause, .resume: return try job()
        case .join: return try joinIngestJob()
        case .complete: return try completeTask()
        case .restore: return try restore()
        case .add: return try addUser()
        case .remove: return try removeUser()
        case .grant: return try grant()
        case .revoke: return try revoke()
        default: throw unexpected("a statement")
        }
    }
}

extension Keyword {
    /// Whether a statement can start with the word.
    var startsStatement: Bool { Self.statementWords.contains(self) }

    private static let statementWords: Set<Keyword> = [
        .select, .find, .bbox, .count, .stats, .histogram, .show, .insert, .delete, .update, .copy, .import,
        .export, .downsample, .reserve, .merge, .split, .cleave, .relabel, .bake, .put, .create, .alter,
        .drop,
        .describe, .unset, .set, .reset, .use, .begin, .commit, .rollback, .savepoint, .prepare, .execute,
        .deallocate, .explain, .check, .compact, .checkpoint, .backup, .warm, .evict, .cancel, .wait, .pause,
        .resume, .join, .complete, .restore, .add, .release, .remove, .grant, .revoke,
    ]
}
