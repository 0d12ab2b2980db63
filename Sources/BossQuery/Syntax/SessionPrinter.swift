/// The session, upkeep, jobs and versions.
extension SyntaxPrinter {
    mutating func transaction(_ node: TransactionStatement) {
        switch node {
        case .begin(let isReadOnly):
            word("BEGIN")
            word(if: isReadOnly, "READ", "ONLY")
        case .commit(let message):
            word("COMMIT")
            self.message(message)
        case .rollback(let savepoint):
            word("ROLLBACK")
            if let savepoint { word("TO", Self.spelling(of: savepoint)) }
        case .savepoint(let name): word("SAVEPOINT", Self.spelling(of: name))
        case .release(let name): word("RELEASE", Self.spelling(of: name))
        }
    }

    private mutating func message(_ message: Located<String>?) {
        guard let message else { return }
        word("MESSAGE")
        text(message)
    }

    mutating func setting(_ node: SettingStatement) {
        switch node.action {
        case .reset: word("RESET", Self.spelling(of: node.name))
        case .set(let value):
            word("SET", Self.spelling(of: node.name), "=")
            settingValue(value)
        case .setForAll(let value):
            word("ALTER", "SYSTEM", "SET", Self.spelling(of: node.name), "=")
            settingValue(value)
        }
    }

    private mutating func settingValue(_ value: SettingValue) {
        switch value {
        case .scalar(let scalar): self.scalar(scalar)
        case .word(let word): identifier(word)
        }
    }

    mutating func execute(_ node: ExecuteStatement) {
        word("EXECUTE")
        identifier(node.name)
        guard !node.arguments.isEmpty else { return }
        brackets {
            $0.list(node.arguments) { printer, argument in
                switch argument {
                case .scalar(let scalar): printer.scalar(scalar)
                case .list(let scalars): printer.brackets { $0.list(scalars) { $0.scalar($1) } }
                }
            }
        }
    }

    mutating func maintenance(_ node: MaintenanceStatement) {
        switch node {
        case .check(let path, let depth):
            word("CHECK")
            if let path { self.path(path) }
            if let depth { word(depth.value.rawValue) }
        case .compact(let path):
            word("COMPACT")
            if let path { self.path(path) }
        case .checkpoint: word("CHECKPOINT")
        case .backup(let directory, let isIncremental):
            word("BACKUP", "TO")
            text(directory)
            word(if: isIncremental, "INCREMENTAL")
        case .warm(let path, let region):
            word("WARM")
            self.path(path)
            self.region(region)
        case .evict(let path):
            word("EVICT")
            self.path(path)
        case .cancelQuery(let number): word("CANCEL", "QUERY", String(number.value))
        }
    }

    mutating func job(_ node: JobStatement) {
        switch node {
        case .wait(let job, let timeout):
            word("WAIT", "FOR", "JOB", String(job.value))
            if let timeout { word("TIMEOUT", Self.spelling(of: timeout.value)) }
        case .pause(let job): word("PAUSE", "JOB", String(job.value))
        case .resume(let job): word("RESUME", "JOB", String(job.value))
        case .cancel(let job, let choice):
            word("CANCEL", "JOB", String(job.value))
            if let choice { word(choice.rawValue) }
        }
    }

    mutating func version(_ node: VersionStatement) {
        switch node {
        case .createSnapshot(let name, let path, let message):
            keyedName("CREATE SNAPSHOT", name)
            of(path)
            self.message(message)
        case .dropSnapshot(let name, let path):
            keyedName("DROP SNAPSHOT", name)
            of(path)
        case .restore(let path, let region, let version):
            word("RESTORE")
            self.path(path)
            self.region(region)
            word("TO", "@" + Self.spelling(of: version))
        case .createBranch(let name, let path, let version):
            keyedName("CREATE BRANCH", name)
            of(path)
            if let version { word("FROM", "@" + Self.spelling(of: version)) }
        case .useBranch(let name, let path):
            keyedName("USE BRANCH", name)
            of(path)
        case .mergeBranch(let name, let target, let path, let policy):
            keyedName("MERGE BRANCH", name)
            keyedName("INTO", target)
            of(path)
            if let policy { word("ON", "CONFLICT", policy.value.rawValue) }
        }
    }

    private mutating func of(_ path: PathSyntax) {
        word("OF")
        self.path(path)
    }
}
