import BossDatabase
import Glibc

/// What the subcommands share: progress on a terminal, Ctrl-C, and errors in the form of the shell.
struct CommandRun {
    /// The exit status after Ctrl-C, as shells have it.
    static let interrupted: Int32 = 130
    /// The exit status when a database is damaged or locked.
    static let damaged: Int32 = 3

    let output = Output.standardOutput()

    /// Runs work with a progress bar on standard error that Ctrl-C ends.
    func controlled<R>(_ work: (OperationControl) throws(DatabaseError) -> R) throws(DatabaseError) -> R {
        let display = ProgressDisplay(columns: TerminalCapabilities.current().columns)
        let cancellation = Cancellation()
        var progress: (@Sendable (Progress) -> Void)?
        if let display { progress = { display.show($0) } }
        defer { display?.finish() }
        let control = OperationControl(cancellation: cancellation, progress: progress)
        return try Interruption.shared.cancelling(cancellation) {
            Result { () throws(DatabaseError) in try work(control) }
        }.get()
    }

    /// Writes to standard output. What cannot be written ends the command in `status`.
    func write(_ text: String) { try? output.write(text) }

    /// Runs a command, and reports its error.
    ///
    /// - Parameters:
    ///   - path: the folder that errors are about, unless they name another one.
    ///   - target: another folder that errors may be about.
    ///   - left: what is left after Ctrl-C, in words.
    ///   - body: returns the exit status.
    static func status(
        of path: String, to target: String? = nil, left: String = "nothing of it is left",
        _ body: (CommandRun) throws -> Int32
    ) -> Int32 {
        let run = CommandRun()
        do {
            let status = try body(run)
            try? run.output.flush()
            // Also of what was written earlier.
            if let failure = run.output.failure { throw failure }
            return status
        } catch {
            // What was written before the error stands before it.
            try? run.output.flush()
            switch error {
            case let error as DatabaseError where error.sqlState == "57014":
                return refuse(DatabaseError("57014", "cancelled; \(left)"))
            case let error as DatabaseError where error.sqlState == "XX001":
                let isOfTarget = target.map { error.message.hasPrefix($0 + "/") } ?? false
                return refuse(isOfTarget ? error : ShellSession.naming(path, error))
            case let error as DatabaseError: return refuse(error)
            case ShellError.brokenPipe: return 0
            case let error as ShellError: return refuse(error.databaseError)
            default: return refuse(DatabaseError("XX000", "\(error)", cause: error))
            }
        }
    }

    /// Writes an error to standard error; returns its exit status.
    static func refuse(_ error: DatabaseError) -> Int32 {
        let usesColor = isatty(STDERR_FILENO) == 1 && TerminalCapabilities.current().colors != .none
        complain(ErrorReport.text(error, statement: nil, usesColor: usesColor))
        return error.sqlState == "57014" ? interrupted : Shell.status(for: error)
    }

    /// Writes to standard output at once; returns the exit status.
    static func say(_ text: String) -> Int32 {
        let output = Output.standardOutput()
        do throws(ShellError) {
            try output.write(text)
            try output.flush()
            return 0
        } catch .brokenPipe {
            // A reader that went away has seen enough.
            return 0
        } catch {
            return refuse(error.databaseError)
        }
    }

    /// Writes to standard error at once.
    static func complain(_ text: String) {
        let output = Output.standardError()
        // There is nowhere else to say it.
        try? output.write(text)
        try? output.flush()
    }

    /// The folder of an existing database: `lab` also finds `lab.bossdb`, `~` is the home folder.
    static func found(_ path: String) -> String {
        let path = FileCompletion.expandingHome(Self.plain(path))
        if !FileCompletion.exists(path), FileCompletion.exists(path + ".bossdb") { return path + ".bossdb" }
        return path
    }

    /// The folder of a new database.
    static func new(_ path: String) -> String { FileCompletion.expandingHome(plain(path)) }

    /// Without slashes at the end, which completion leaves.
    private static func plain(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }

    /// `1 file`, `2 files`.
    static func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
        "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
    }
}
