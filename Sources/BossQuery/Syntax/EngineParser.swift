import BossDatabase

/// SHOW, upkeep, jobs and versions.
extension Parser {
    mutating func show() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.show)
        let subject = try showSubject()
        var target: ShowTarget?
        var object: Scalar?
        switch subject.value {
        case .create:
            target = ShowTarget(preposition: nil, object: .path(try path()))
        case .history:
            try expect(.of, hint: "for example SHOW HISTORY OF lab/mouse1/em; SHOW COMMITS lists all")
            target = ShowTarget(preposition: .of, object: .path(try path()))
            if token.keyword == .of {
                try expect(.of, .id)
                object = try scalar()
            } else {
                expectations.append(.thing("OF ID"))
            }
        default:
            if let preposition = try acceptChoice(ShowTarget.Preposition.self) {
                target = ShowTarget(preposition: preposition.value, object: try showObject())
            }
        }
        let pattern = accept(.like) ? try text("a pattern") : nil
        try refuseClauseOfSelect(subject.value, target)
        return .show(
            ShowStatement(
                subject: subject, target: target, object: object, pattern: pattern,
                position: span(from: start)))
    }

    /// Refuses WHERE, ORDER BY and LIMIT behind SHOW, and says which SELECT takes them.
    private mutating func refuseClauseOfSelect(
        _ subject: ShowSubject, _ target: ShowTarget?
    ) throws(DatabaseError) {
        guard let clause = token.keyword, [.where, .order, .limit].contains(clause) else { return }
        expectations.append(.end)
        let words = clause == .order ? "ORDER BY" : clause.text
        var error = unexpected()
        if subject == .history, case .path(let path)? = target?.object {
            error.hint = "SELECT takes \(words): SELECT * FROM HISTORY(\(String(path))) \(words) ..."
        } else if let view = subject.systemView {
            error.hint = "SELECT takes \(words): SELECT * FROM sys.\(view) \(words) ..."
        }
        throw error
    }

    private mutating func showSubject() throws(DatabaseError) -> Located<ShowSubject> {
        let start = token.start
        if try accept(.query, .log) { return Located(.queryLog, span(from: start)) }
        return try choice(ShowSubject.self)
    }

    /// A path, or a word and a name. The word alone is a path.
    private mutating func showObject() throws(DatabaseError) -> ShowTarget.Object {
        let position = NodePosition(token.position)
        let next = peek()
        if let keyword = token.keyword, !isGluedToPath {
            switch keyword {
            case .user where next.startsName && next.keyword != .like:
                advance()
                return .user(try name("a user"))
            case .group where next.startsName && next.keyword != .like:
                advance()
                return .group(try name("a group"))
            case .api where next.startsName && next.keyword != .like:
                advance()
                return .apiLimit(try name("the name of an API"))
            case .job where next.startsName && next.keyword != .like:
                advance()
                return .job(try unsigned())
            case .system:
                advance()
                return .system(position)
            case .public:
                advance()
                return .everyone(position)
            default: break
            }
        }
        return .path(try path())
    }

    /// Whether the next word goes on as a path without a blank.
    private var isGluedToPath: Bool {
        guard token.end.offset < lexer.bytes.count else { return false }
        switch UnicodeScalar(lexer.bytes[token.end.offset]) {
        case "-", "/", "@": return true
        default: return false
        }
    }

    mutating func maintenance() throws(DatabaseError) -> Statement {
        let start = token.start
        let statement: MaintenanceStatement
        if accept(.check) {
            statement = try check()
        } else if accept(.compact) {
            statement = .compact(isAtPath ? try path() : nil)
        } else if accept(.checkpoint) {
            statement = .checkpoint
        } else if accept(.backup) {
            try expect(.to)
            let directory = try text("a folder")
            statement = .backup(to: directory, isIncremental: accept(.incremental))
        } else if accept(.warm) {
            let path = try path()
            statement = .warm(path, try region())
        } else {
            try expect(.evict)
            statement = .evict(try path())
        }
        return .maintenance(statement, span(from: start))
    }

    /// What follows CHECK. DATABASE, QUICK and FULL that stand alone are words; quotes make them paths.
    private mutating func check() throws(DatabaseError) -> MaintenanceStatement {
        func isOption(_ keywords: Keyword...) -> Bool {
            keywords.contains { token.keyword == $0 } && !isGluedToPath
        }
        var path: PathSyntax?
        if isOption(.database) {
            advance()
        } else if isAtPath, !isOption(.quick, .full) {
            path = try self.path()
        }
        return .check(path, depth: try acceptChoice(CheckDepth.self))
    }

    mutating func cancel() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.cancel)
        if accept(.query) {
            let number = try unsigned()
            return .maintenance(.cancelQuery(number), span(from: start))
        }
        try expect(.job)
        let job = try unsigned()
        let choice = try acceptChoice(JobStatement.Cancellation.self)?.value
        return .job(.cancel(job, choice), span(from: start))
    }

    mutating func job() throws(DatabaseError) -> Statement {
        let start = token.start
        if accept(.wait) {
            try expect(.for, .job)
            let job = try unsigned()
            let timeout = accept(.timeout) ? try quantity("a time such as 60s") : nil
            return .job(.wait(job: job, timeout: timeout), span(from: start))
        }
        let pauses = accept(.pause)
        if !pauses { try expect(.resume) }
        try expect(.job)
        let job = try unsigned()
        return .job(pauses ? .pause(job) : .resume(job), span(from: start))
    }

    /// What follows CREATE INGEST JOB.
    mutating func createIngestJob(from start: TextMark) throws(DatabaseError) -> Statement {
        try expect(.into)
        _ = try path()
        _ = try region()
        try expect(.task, .size)
        _ = try size(allowsOne: false)
        return unsupported("CREATE INGEST JOB", from: start)
    }

    mutating func joinIngestJob() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.join, .ingest, .job)
        _ = try unsigned()
        return unsupported("JOIN INGEST JOB", from: start)
    }

    mutating func completeTask() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.complete, .task)
        _ = try unsigned()
        try expect(.of, .job)
        _ = try unsigned()
        try expect(.values)
        _ = try parameter()
        return unsupported("COMPLETE TASK", from: start)
    }
}

/// Snapshots and branches.
extension Parser {
    /// What follows CREATE SNAPSHOT.
    mutating func createSnapshot(from start: TextMark) throws(DatabaseError) -> Statement {
        let name = try name("the name of a snapshot")
        try expect(
            .of,
            hint: "for example CREATE SNAPSHOT release1 OF lab/mouse1; IF NOT EXISTS is not for snapshots")
        let path = try path()
        let message = accept(.message) ? try text("a message") : nil
        return .version(.createSnapshot(name, path, message: message), span(from: start))
    }

    /// What follows CREATE BRANCH.
    mutating func createBranch(from start: TextMark) throws(DatabaseError) -> Statement {
        let name = try name("the name of a branch")
        try expect(.of)
        let path = try path()
        let version = accept(.from) ? try version() : nil
        return .version(.createBranch(name, path, from: version), span(from: start))
    }

    mutating func restore() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.restore)
        let path = try path()
        let region = try region()
        try expect(.to, hint: "for example RESTORE lab/mouse1/em TO @release1, or TO @'2026-03-01'")
        let version = try version()
        return .version(.restore(path, region, to: version), span(from: start))
    }

    /// MERGE IDS or MERGE BRANCH.
    mutating func merge() throws(DatabaseError) -> Statement {
        let start = token.start
        try expect(.merge)
        guard accept(.branch) else { return try mergeIDs(from: start) }
        let name = try name("the name of a branch")
        try expect(.into)
        let target = try self.name("the name of a branch")
        try expect(.of)
        let path = try path()
        let policy = try accept(.on, .conflict) ? try choice(ConflictPolicy.self) : nil
        return .version(
            .mergeBranch(name, into: target, path, onConflict: policy), span(from: start))
    }
}
